"""An invented six-axis arm with a gripper: its motion, and the same takes as files of any container that is read through a mapping."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from scipy.signal import lfilter

JOINTS = ("pan", "lift", "elbow", "wrist_1", "wrist_2", "wrist_3")
MIDDLE = np.array([0.1, -1.2, 1.3, -1.1, -1.5, 0.2])
WAY = np.array([1.1, 0.6, 0.7, 0.8, 0.7, 1.3])
SERVO = 0.06  # s, of each of its two first orders


@dataclass(frozen=True)
class Column:
    """What one stream is: the words of a mapping for it, and whether it is written in the row of another one's field."""

    role: str
    quantity: str
    unit: str
    names: tuple[str, ...]
    field: str = ""  # of the container; columns of one field lie side by side


COLUMNS = {
    "command": Column("command", "joint_position", "rad", JOINTS, "action"),
    "grip": Column("command", "gripper", "1", ("gripper",), "action"),
    "measured": Column("measured", "joint_position", "rad", JOINTS, "observation.state"),
    "opening": Column("measured", "gripper", "1", ("gripper",), "observation.state"),
}
SPEED = {"speed": Column("measured", "joint_velocity", "rad/s", JOINTS, "observation.velocity")}


@dataclass
class Take:
    """Rows of one take: its times (n,) s, and each column (n, k) by its name in `COLUMNS`."""

    t: np.ndarray
    data: dict[str, np.ndarray]
    task: str = "Put the block into the box."
    extra: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.t)

    def rows(self, at: np.ndarray | slice, renumbered: bool = True) -> Take:
        """These rows alone, numbered and timed anew."""
        t = self.t[: len(self.t[at])] if renumbered else self.t[at]
        return replace(self, t=t, data={name: values[at].copy() for name, values in self.data.items()})

    def changed(self, name: str, change: Callable[[np.ndarray], np.ndarray | None]) -> Take:
        """A copy with one column changed, in place or by what `change` returns."""
        values = self.data[name].copy()
        new = change(values)
        return replace(self, data=self.data | {name: values if new is None else np.asarray(new)})


@cache
def moving(seed: int = 0, seconds: float = 9.0, rate: float = 30.0, pace: float = 1.0) -> Take:
    """A person's hand leads the arm between places, rests, takes and lets go; the joints follow as a servo does."""
    rng = np.random.default_rng(seed)
    fine = 600
    n = round(seconds * fine) + 1
    places, grips, marks = [MIDDLE + WAY * rng.uniform(-0.5, 0.5, 6)], [0.0], [0.0]
    while marks[-1] < seconds:
        rest, way = rng.uniform(0.3, 0.5), rng.uniform(1.3, 1.9) / pace
        places += [places[-1], MIDDLE + WAY * rng.uniform(-0.5, 0.5, 6)]
        grips += [grips[-1], 1.0 - grips[-1]]
        marks += [marks[-1] + rest, marks[-1] + rest + way]
    t = np.arange(n) / fine
    command, grip = np.empty((n, 6)), np.empty((n, 1))
    for a, b, p, q, g, h in zip(marks, marks[1:], places, places[1:], grips, grips[1:]):
        rows = (t >= a) & (t <= b)
        x = (t[rows] - a) / (b - a)
        command[rows] = p + np.multiply.outer(x**3 * (10 - 15 * x + 6 * x * x), q - p)
        y = np.clip((x - 0.55) / 0.35, 0.0, 1.0)
        grip[rows, 0] = g + (h - g) * y**3 * (10 - 15 * y + 6 * y * y)
    for j in range(6):  # a hand is never quite still
        for hertz in (0.7, 1.9, 3.1):
            command[:, j] += 0.003 / hertz * np.sin(2 * np.pi * hertz * t + rng.uniform(0, 6.3))
    measured, opening = _served(command, fine), _served(grip, fine)
    speed = np.gradient(measured, 1 / fine, axis=0)
    at = np.round(np.arange(round(seconds * rate)) / rate * fine).astype(int)
    def noise(size: float, like: np.ndarray) -> np.ndarray:
        return rng.normal(0.0, size, like.shape)

    data = {
        "command": command[at],
        "grip": grip[at],
        "measured": measured[at] + noise(2e-4, measured[at]),
        "opening": np.clip(opening[at] + noise(5e-4, opening[at]), 0.0, 1.0),
        "speed": speed[at] + noise(2e-3, speed[at]),
    }
    for values in data.values():  # all who ask for it look at the same
        values.setflags(write=False)
    return Take(np.arange(len(at)) / rate, data)


def _served(x: np.ndarray, rate: float) -> np.ndarray:
    """(n, k) what two first orders behind one another make of x."""
    pole = np.exp(-1.0 / (SERVO * rate))
    for _ in range(2):
        later, _ = lfilter([1.0 - pole], [1.0, -pole], x[1:], axis=0, zi=pole * x[:1])
        x = np.concatenate([x[:1], later])
    return x


def takes(count: int = 2, **kwargs: float) -> list[Take]:
    return [moving(seed, seconds=9.0 + 0.7 * seed, **kwargs) for seed in range(count)]


def fields_of(columns: Mapping[str, Column]) -> dict[str, list[str]]:
    """Field of the container -> its columns, in their order."""
    found: dict[str, list[str]] = {}
    for name, column in columns.items():
        found.setdefault(column.field, []).append(name)
    return found


def arrays_of(take: Take, columns: Mapping[str, Column], dtype: str = "float32") -> dict[str, np.ndarray]:
    return {
        name: np.concatenate([take.data[one].reshape(take.n, -1) for one in parts], axis=1).astype(dtype)
        for name, parts in fields_of(columns).items()
    }


def mapping(path: Path, form: str, columns: Mapping[str, Column], **more: object) -> Path:
    """The mapping of an array format, in which each field's columns lie side by side."""
    streams, channels = [], {}
    for name, parts in fields_of(columns).items():
        at = 0
        for one in parts:
            c = columns[one]
            width = len(c.names)
            where = f"{name}[{at}:{at + width}]" if width > 1 else f"{name}[{at}]"
            streams.append({"name": one, "field": where, "role": c.role, "quantity": c.quantity, "unit": c.unit, "names": list(c.names)})
            at += width
        if at == 1:
            streams[-1]["field"] = name
        channels[name] = at
    rule = {"title": "an invented arm", "format": form, "robot": "invented_arm", "kind": "robot", "recognise": {"channels": channels}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(rule | {"streams": streams} | more, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def _statistics(values: np.ndarray) -> dict[str, list[float]]:
    v = np.asarray(values, np.float64).reshape(len(values), -1)
    return {"min": v.min(0).tolist(), "max": v.max(0).tolist(), "mean": v.mean(0).tolist(), "std": v.std(0).tolist(), "count": [len(v)]}


def _table(columns: Mapping[str, np.ndarray]) -> pa.Table:
    made = {}
    for name, v in columns.items():
        v = np.asarray(v)
        made[name] = pa.FixedSizeListArray.from_arrays(pa.array(v.reshape(-1)), v.shape[1]) if v.ndim == 2 else pa.array(v)
    return pa.table(made)


def rows_of(take: Take, k: int, start: int, columns: Mapping[str, Column], task: int, dtype: str) -> dict[str, np.ndarray]:
    """The columns of an episode in a LeRobot table."""
    n = take.n
    return arrays_of(take, columns, dtype) | take.extra | {
        "timestamp": take.t.astype(np.float32), "frame_index": np.arange(n), "episode_index": np.full(n, k),
        "index": start + np.arange(n), "task_index": np.full(n, task),
    }  # fmt: skip


def lerobot(
    root: Path, made: Sequence[Take], columns: Mapping[str, Column] = COLUMNS, *, fps: object = 30, version: str = "v3.0",
    dtype: str = "float32", per_file: int = 100, mutate: Callable[[int, dict[str, np.ndarray]], None] | None = None,
    meta: Callable[[int, dict], None] | None = None, features: Mapping[str, object] | None = None,
) -> Path:  # fmt: skip
    """A set in LeRobot's layout.

    Args:
        mutate: is given each episode's table and changes it in place; `meta` the same for its line of the table of episodes.
        features: laid over those that stand in `info.json`.
    """
    three = version == "v3.0"
    folder = root / "data/chunk-000"
    folder.mkdir(parents=True)
    (root / "meta/episodes/chunk-000").mkdir(parents=True)
    tasks = list(dict.fromkeys(take.task for take in made))
    lines, tables, start = [], [], 0
    for k, take in enumerate(made):
        rows = rows_of(take, k, start, columns, tasks.index(take.task), dtype)
        if mutate is not None:
            mutate(k, rows)
        n = len(rows["frame_index"])
        line = {"episode_index": k, "tasks": [take.task], "length": n}
        stats = {name: _statistics(v) for name, v in rows.items()} if n else {}
        line |= {"stats": stats} if not three else {
            "data/chunk_index": 0, "data/file_index": k // per_file, "dataset_from_index": start, "dataset_to_index": start + n,
            "meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0,
        } | {f"stats/{name}/{kind}": v for name, each in stats.items() for kind, v in each.items()}  # fmt: skip
        if meta is not None:
            meta(k, line)
        lines.append(line)
        tables.append(_table(rows))
        start += n
    if three:
        for file in range(-(-len(made) // per_file)):
            pq.write_table(pa.concat_tables(tables[file * per_file : (file + 1) * per_file]), folder / f"file-{file:03d}.parquet")
        pq.write_table(pa.Table.from_pylist(lines), root / "meta/episodes/chunk-000/file-000.parquet")
        pq.write_table(pa.table({"task_index": list(range(len(tasks))), "__index_level_0__": tasks}), root / "meta/tasks.parquet")
        where = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
    else:
        for k, table in enumerate(tables):
            pq.write_table(table, folder / f"episode_{k:06d}.parquet")
        listed = {
            "episodes.jsonl": [{key: v for key, v in line.items() if key != "stats"} for line in lines],
            "episodes_stats.jsonl": [{"episode_index": line["episode_index"], "stats": line["stats"]} for line in lines],
            "tasks.jsonl": [{"task_index": i, "task": task} for i, task in enumerate(tasks)],
        }
        for name, what in listed.items():
            (root / "meta" / name).write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in what), encoding="utf-8")
        where = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    names = {name: [n for one in parts for n in columns[one].names] for name, parts in fields_of(columns).items()}
    described = {name: {"dtype": dtype, "shape": [len(each)], "names": each} for name, each in names.items()}
    described |= {
        name: {"dtype": "float32" if name == "timestamp" else "int64", "shape": [1], "names": None}
        for name in ("timestamp", "frame_index", "episode_index", "index", "task_index")
    }  # fmt: skip
    whole = {
        "codebase_version": version, "robot_type": "invented_arm", "total_episodes": len(made), "total_frames": start,
        "total_tasks": len(tasks), "chunks_size": 1000, "fps": fps, "splits": {"train": f"0:{len(made)}"}, "data_path": where,
        "features": described | dict(features or {}),
    }  # fmt: skip
    (root / "meta/info.json").write_text(json.dumps(whole, indent=1), encoding="utf-8")
    return root
