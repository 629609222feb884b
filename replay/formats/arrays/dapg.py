"""DAPG demonstrations: a pickled list of dicts of arrays, one dict an episode, read without running what it names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ....scenarios.sheet.errors import EpisodeError, shown
from ...recording.recording import Recording, Unreadable
from ..lerobot.layout import content_sha256
from ..reader_errors import refuse_empty
from .array_episode import MAX_CHANNELS, ArrayEpisode, mendable, numbers, one_by_one, recording_of
from .pickle_arrays import loads

MAX_FILE_BYTES = 1 << 30


def read(
    path: Path, source: str, mapping: str | Path | None = None, fps: float | None = None
) -> Iterator[Recording | Unreadable]:
    """The episodes of a file, in its order.

    Args:
        path: a pickle of a list of dicts (or of one dict) with arrays.
        source: what `Recording.source` says before `#k`.
        mapping: name or file of the mapping; None chooses by the arrays.
        fps: rows a second, as these files hold no times.

    Raises:
        EpisodeError: the file is no such list, or names anything but arrays of NumPy; or no episode is readable.
    """
    with mendable(path, "DAPG file"):
        refuse_empty(path)
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"it is larger than {MAX_FILE_BYTES >> 20} MiB")
        content = loads(path.read_bytes())
    demos = content if isinstance(content, list) else [content]
    if not demos or not all(isinstance(demo, dict) for demo in demos):
        raise EpisodeError("holds no list of demonstrations (dicts of arrays), as DAPG writes it.", file=path)

    def make(k: int, name: str, here: str) -> Recording:
        with mendable(path, f"demonstration {k}"):
            episode = _episode(demos[k], name, here, path)
        return recording_of(episode, mapping, fps)

    names = ((k, f"{shown(path.stem)}_{k:02d}", f"{source}#{k}") for k in range(len(demos)))
    yield from one_by_one((name, here, partial(make, k, name, here)) for k, name, here in names)


def _episode(demo: dict[Any, Any], name: str, source: str, path: Path) -> ArrayEpisode:
    episode = ArrayEpisode(name, source, sha256="", format="dapg", container="DAPG file", file=path, arrays={})
    _gather(demo, "", episode)
    episode.sha256 = content_sha256(episode.arrays)
    return episode


def _gather(table: dict[Any, Any], prefix: str, into: ArrayEpisode) -> None:
    """All arrays and lists of texts below a dict, by their path."""
    for key, value in table.items():
        if len(into.arrays) + len(into.left) > MAX_CHANNELS:
            raise ValueError(f"it holds more than {MAX_CHANNELS} entries")
        where = f"{prefix}{key}"
        if isinstance(value, dict):
            _gather(value, f"{where}/", into)
        elif isinstance(value, np.ndarray) and numbers(value):
            into.arrays[where] = value
        elif isinstance(value, list | tuple) and value and all(isinstance(text, str) for text in value):
            into.labels[where] = tuple(value)
        elif isinstance(value, int | float):
            into.arrays[where] = np.array(float(value))
        else:
            into.left.append(f"{where}: {type(value).__name__}, no array of numbers")
