"""Clean takes that faults are put into: of our own sets, and of real sets as their mapping names them.

A column has a *group*, by which operations choose: `command`, `measured`, `velocity`, `effort`, `gripper`, `pose`, `time`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import yaml
from shiliu.replay.formats import read
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.sheet.errors import EpisodeError

from .limits import PEAKS

TIME = "timestamp"
OWN_GROUPS = {
    "action": "command",
    "observation.state": "measured",
    "observation.velocity": "velocity",
    "observation.effort": "effort",
    "observation.touch": "effort",
    "observation.wrench": "effort",
    "observation.hand_pose": "pose",
    "observation.environment_state": "pose",
    "observation.base": "measured",
}
HANDS = ("hand", "claw", "gripper", "hand_flag", "finger_position")  # quantities of a mapping


@dataclass(frozen=True)
class SourceColumn:
    """One column that faults are put into.

    Attributes:
        feature, index: where it stands; name: what it is called there; group: what it is.
        joint: what its mapping calls it, the same in a command and in its measurement.
        unit: a key of `PEAKS`; low, high: ends of its range.
    """

    feature: str
    index: int
    name: str
    group: str
    joint: str
    unit: str
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class SourceTake:
    """A clean take: `tables` (T, k) by feature as stored, `timestamp` (T, 1) among them; `episode` where it is one of ours."""

    index: int
    task: str
    tables: dict[str, np.ndarray]
    episode: SimEpisode | None = None

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.tables[TIME])


@dataclass(frozen=True, eq=False)
class SourceSet:
    """A set of clean takes.

    Attributes:
        name: its folder's.
        root: where it lies.
        info: its `info.json`.
        takes: of all that are here.
        columns: those that faults are put into.
    """

    name: str
    root: Path
    info: dict[str, Any]
    takes: tuple[SourceTake, ...]
    columns: tuple[SourceColumn, ...] = field(repr=False)

    @property
    def fps(self) -> float:
        """Rows a second as announced."""
        return float(self.info["fps"])

    @property
    def own(self) -> bool:
        """Whether it is a set of our own simulation."""
        return (self.root / "shiliu").is_dir()

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Names of each feature's columns, those that have any."""
        return {name: names for name in self.info["features"] if (names := _names(self.info["features"][name]))}


def read_source(root: Path) -> SourceSet:
    """A set with its takes in memory.

    Raises:
        EpisodeError: a take of ours cannot be read, or no mapping of ours names its columns.
    """
    info = json.loads((root / "meta" / "info.json").read_text(encoding="utf-8"))
    if (root / "shiliu").is_dir():
        takes = tuple(_own_takes(root))
        return SourceSet(root.name, root, info, takes, tuple(_own_columns(info)))
    takes = tuple(_real_takes(root, info))
    return SourceSet(root.name, root, info, takes, tuple(_mapped(info, takes)))


def _own_takes(root: Path) -> Iterator[SourceTake]:
    for k, taken in enumerate(read(root)):
        if not isinstance(taken, Recording) or taken.episode is None:
            raise EpisodeError("this take of a set of ours cannot be read.", file=root, field=str(k))
        episode = taken.episode
        n = episode.n_steps
        times = (np.arange(n) * episode.control_timestep).astype(np.float32)[:, None]
        tables = {"action": episode.actions, **{name: v[:n] for name, v in episode.states.items()}, TIME: times}
        yield SourceTake(k, episode.task.get("en", ""), tables, episode)


def _own_columns(info: Mapping[str, Any]) -> Iterator[SourceColumn]:
    for feature, group in OWN_GROUPS.items():
        one = info["features"].get(feature)
        if one is None:
            continue
        units = str(one["unit"]).split()
        for i, name in enumerate(one["names"]):
            unit = units[i] if len(units) > 1 else units[0]
            of = group
            if unit in ("%", "1") and group in ("command", "measured"):
                of = "gripper"
            if group == "measured" and unit.endswith("/s"):
                of = "velocity"
            if group == "pose" and unit == "1" and not re.search(r"\.q[wxyz]$", name):
                continue  # a counter or a lamp is no pose
            if unit in PEAKS:
                yield SourceColumn(feature, i, name, of, name, unit, float(one["low"][i]), float(one["high"][i]))
    yield _clock()


def _clock() -> SourceColumn:
    return SourceColumn(TIME, 0, TIME, "time", TIME, "s", 0.0, 1e3)


def _real_takes(root: Path, info: Mapping[str, Any]) -> Iterator[SourceTake]:
    wanted = [name for name, one in info["features"].items() if one["dtype"] not in ("video", "image", "string")]
    sentences = _sentences(root)
    k = 0
    for path in sorted((root / "data").rglob("*.parquet")):
        table = pq.read_table(path)
        if "episode_index" not in table.column_names:
            raise EpisodeError("its rows say of no episode; such a set is not written anew.", file=path)
        of = table.column("episode_index").to_numpy()
        for number in np.unique(of):
            part = table.filter(of == number)
            tables = {}
            for name in (*wanted, TIME):
                if name in part.column_names:
                    values = np.array(part.column(name).to_pylist())
                    if name == TIME or values.dtype.kind == "f":
                        dtype = part.schema.field(name).type
                        narrow = "double" not in str(dtype)
                        values = values.astype(np.float32 if narrow else np.float64)
                    tables[name] = values.reshape(len(values), -1)
            yield SourceTake(k, sentences.get(int(number), ""), tables)
            k += 1


def _sentences(root: Path) -> dict[int, str]:
    """Task sentence by episode, of `meta/episodes.jsonl` or of the tables in `meta/episodes`."""
    path = root / "meta" / "episodes.jsonl"
    if path.is_file():
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    else:
        lines = [
            row
            for file in sorted((root / "meta" / "episodes").rglob("*.parquet"))
            for row in pq.read_table(file, columns=["episode_index", "tasks"]).to_pylist()
        ]
    return {int(line["episode_index"]): str((line.get("tasks") or [""])[0]) for line in lines}


def _mapped(info: Mapping[str, Any], takes: tuple[SourceTake, ...]) -> Iterator[SourceColumn]:
    """Columns as the mapping of `conf/mapping` (ours, or the working folder's) says that knows this robot."""
    mapping = _mapping_of(info)
    for stream in mapping["streams"]:
        if stream["role"] not in ("command", "measured"):
            continue
        names = mapping["names"].get(stream["names"]) if isinstance(stream["names"], str) else stream["names"]
        places = [place for text in stream.get("fields", [stream.get("field")]) for place in _places(text, info)]
        for (feature, index), joint in zip(places, names):
            hand = stream["quantity"] in HANDS or "gripper" in joint
            unit = str(stream["unit"])
            if unit not in PEAKS or feature not in takes[0].tables:
                continue
            values = np.concatenate([take.tables[feature][:, index] for take in takes])
            own = _names(info["features"][feature])
            yield SourceColumn(
                feature, index, own[index] if own else joint, "gripper" if hand else stream["role"], joint, unit,
                float(values.min()), float(values.max()),
            )  # fmt: skip
    yield _clock()


def _mapping_of(info: Mapping[str, Any]) -> dict[str, Any]:
    for path in sorted(path for conf in (CONF, Path("conf")) for path in (conf / "mapping").glob("*_lerobot.yaml")):
        mapping = yaml.safe_load(path.read_text(encoding="utf-8"))
        if mapping.get("recognise", {}).get("robot_type") == info.get("robot_type"):
            return dict(mapping)
    raise EpisodeError("no mapping of ours names this robot.", field="robot_type")


def _places(text: str, info: Mapping[str, Any]) -> list[tuple[str, int]]:
    """`action[0:14]` -> its columns."""
    found = re.fullmatch(r"([\w.]+)(?:\[(\d+):(\d+)\])?", text)
    if found is None:
        return []
    feature = found[1]
    width = info["features"].get(feature, {}).get("shape", [0])[0]
    return [(feature, i) for i in range(int(found[2] or 0), int(found[3] or width))]


def _names(feature: Mapping[str, Any]) -> tuple[str, ...]:
    names = feature.get("names")
    while isinstance(names, list) and len(names) == 1 and isinstance(names[0], list):
        names = names[0]
    if isinstance(names, Mapping):
        names = next((one for one in names.values() if isinstance(one, list)), None)
    return tuple(map(str, names)) if isinstance(names, list) else ()
