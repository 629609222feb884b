"""Repaired copies as LeRobot datasets: made beside the reports' folder, and put into it when all are whole."""

from __future__ import annotations

import json
import shutil
import uuid
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...scenarios.scene.scene import Scene
from ...version import __version__
from ..formats.lerobot.write import DatasetWriter
from ..formats.partial import beside
from ..importing.frames import Frames, beside_frames, frames_of
from ..recording.recording import Recording
from . import FOLDER

MARK = "shiliu.repaired"  # per frame: whether its command is another one than was recorded


class Repaired:
    """The datasets of a run, one a scenario or mapping; `drop` it in the end, so that nothing half-written is left.

    Args:
        out: the reports' folder; the datasets will be `out/repaired/<name>`.
        command: the command line, for their provenance.
    """

    def __init__(self, out: Path, command: str = "") -> None:
        self.out, self.command = out, command
        self.folder = beside(out)
        self._writers: dict[str, DatasetWriter] = {}
        self._keys: dict[str, str] = {}
        self._names: Counter[str] = Counter()
        self._closed = False

    def drop(self) -> None:
        """Throw away what was not put in place."""
        if not self._closed:
            for writer in self._writers.values():
                writer.abort()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def count(self) -> int:
        return sum(writer.n_episodes for writer in self._writers.values())

    def add(self, copy: Recording, scene: Scene, original: Recording) -> str:
        """Write one copy; returns where it will be, as a source that a report can name.

        Raises:
            EpisodeError: it has nothing that can be written.
        """
        if copy.episode is not None:
            features = scene.schema.lerobot_features() | {MARK: _mark()}
            name, writer = self._writer(scene.name, features, round(1.0 / scene.control_timestep), scene.robot.name)
            theirs = original.episode.actions if original.episode is not None else copy.episode.actions
            marks = changed(theirs, copy.episode.actions)[:, None].astype(np.int64)
            k = writer.add(copy.episode, {**copy.episode.states, MARK: marks})
            return f"{FOLDER}/{name}#{k}"
        frames = frames_of_copy(copy)
        robot = str(copy.metadata.get("robot") or "unknown")
        name, writer = self._writer(copy.mapping or robot, frames.features, frames.fps, robot, simulation=False)
        return f"{FOLDER}/{name}#{put(writer, copy, frames)}"

    def _writer(
        self, base: str, features: Mapping[str, Any], fps: int, robot: str, simulation: bool = True
    ) -> tuple[str, DatasetWriter]:
        key = json.dumps([base, fps, robot, dict(features)], sort_keys=True, default=str)
        if key not in self._keys:
            self._names[base] += 1
            name = base if self._names[base] == 1 else f"{base}_{self._names[base]}"
            self.folder.mkdir(parents=True, exist_ok=True)
            self._keys[key] = name
            self._writers[name] = _new(self.folder / name, features, fps, robot, self.command, simulation)
        name = self._keys[key]
        return name, self._writers[name]

    def close(self) -> Path | None:
        """Finish the datasets; returns the folder that holds them, to be moved into place, or None where there is none."""
        if not self._writers:
            return None
        for writer in self._writers.values():
            writer.close()
        self._closed = True
        return self.folder


def _new(
    folder: Path, features: Mapping[str, Any], fps: int, robot: str, command: str, simulation: bool
) -> DatasetWriter:
    made = {"command": command or "shiliu replay repair=true", "version": __version__, "repaired": True}
    return DatasetWriter(folder, features, fps, robot, made, simulation=simulation)


def _mark() -> dict[str, Any]:
    return {"dtype": "int64", "shape": [1], "names": ["repaired"], "unit": "1", "role": "event", "quantity": "flag"}


def changed(recorded: np.ndarray, repaired: np.ndarray) -> np.ndarray:
    """(n,) which rows of a repaired command are none of the recorded ones in their order.

    Args:
        recorded: (m, k); repaired: (n, k), n >= m, float32.
    """
    out = np.ones(len(repaired), bool)
    rows: dict[bytes, list[int]] = {}
    for i, row in enumerate(recorded):
        rows.setdefault(row.tobytes(), []).append(i)
    at = -1
    for i, row in enumerate(np.ascontiguousarray(repaired, recorded.dtype)):
        same = rows.get(row.tobytes(), [])
        later = bisect_right(same, at)
        if later < len(same):
            out[i], at = False, same[later]
    return out


def frames_of_copy(copy: Recording) -> Frames:
    """A repaired real command on one clock, at the usual rate of its messages."""
    from ..signals.channels import pair

    command, _ = pair(copy)
    assert command is not None
    usual = float(np.median(np.diff(command.time_ns))) * 1e-9 if command.n > 1 else 0.0
    return frames_of(copy, max(1, round(1.0 / usual)) if usual > 0.0 else None)


def put(writer: DatasetWriter, copy: Recording, frames: Frames) -> int:
    """Append a copy of a real recording."""
    about, side, task = beside_frames(copy, frames, [_grid(frames)], repaired=copy.metadata.get("repaired"))
    return writer.add_imported(frames.columns, task, about, side, times_ns=frames.times_ns)


def _grid(frames: Frames) -> str:
    methods = sorted({str(stream["method"]) for stream in frames.provenance["streams"].values()})
    return f"its frames stand on a grid of {frames.fps} Hz (by {', '.join(methods)})"


def as_written(copy: Recording, folder: Path) -> Recording:
    """A real recording's copy as somebody reads it back from its dataset: what is judged is what is written.

    Args:
        folder: an existing folder for a throw-away dataset.
    """
    from ..formats import read

    frames = frames_of_copy(copy)
    path = folder / uuid.uuid4().hex
    with _new(path, frames.features, frames.fps, "unknown", "", simulation=False) as writer:
        put(writer, copy, frames)
    try:
        item = next(iter(read(path)))
    finally:
        shutil.rmtree(path, ignore_errors=True)
    if not isinstance(item, Recording):
        raise item.error
    return item
