"""One episode as a container holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...recording.declared import Declared
from ...recording.recording import PictureFile


@dataclass
class ArrayEpisode:
    """One episode as a container holds it.

    Attributes:
        name, source, sha256: as in `Recording`.
        format: the mapping's word for the container; container: a reader's words for it.
        file: for errors.
        arrays: by channel, the first axis being the samples; numbers and truth values only.
        labels: lists of names that the container holds, by channel or by their own name.
        robot_type: the robot that the container names, or None.
        fps: rows a second that the container declares, or None.
        time: field of the row times in seconds that the format itself defines, or None.
        left: channels that were not read, each with the reason.
        metadata, notes, pictures, declared: as in `Recording`.
        ranges: by channel, (width, 2) lowest and highest value that the container declares for each column.
        units: by channel, one unit a column, as the container announces them.
        pattern: of the names of its episodes, where it is one of several in a file.
        texts: what the container says of it in long texts, such as the model that it carries; families of files are read by them.
    """

    name: str
    source: str
    sha256: str
    format: str
    container: str
    file: Path
    arrays: dict[str, np.ndarray]
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    robot_type: str | None = None
    fps: float | None = None
    time: str | None = None
    left: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    pictures: dict[str, PictureFile] = field(default_factory=dict)
    declared: Declared | None = None
    ranges: dict[str, np.ndarray] = field(default_factory=dict)
    units: dict[str, list[str]] = field(default_factory=dict)
    pattern: str | None = None

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every channel, samples first; single numbers are left out."""
        return {name: array.shape for name, array in self.arrays.items() if array.ndim}
