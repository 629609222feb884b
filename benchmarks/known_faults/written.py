"""Faults of a written set: what a faulty writer, a converter or an editor makes of its tables.

The demonstration is written as LeRobot v3.0, the files are changed with `pyarrow`, and the set is read again, so that the
judge sees what anybody would give it. A faulty writer knows of no fault: digests are made anew (`_renewed`), so that the columns
themselves must show it. What is changed afterwards keeps the digests of what was written.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot import layout
from shiliu.replay.formats.lerobot.tables import write_tasks
from shiliu.replay.formats.lerobot.write import DatasetWriter
from shiliu.replay.recording.recording import Recording
from shiliu.scenarios.sheet.errors import EpisodeError

from .cameras import CAMERA, SIZE, drawn
from .fault import FaultMark, Work

TIMES, ROWS, SHARE, VIDEO, STATS = 0.1, 10, 0.2, 1.0, 0.1  # s, rows, of the rate, s, of a span: scales of the codes
OTHER_TASK_OF, OTHER_TASK = "laundry_folding", "Fold the towel in half."
ANY_TASK = "Pour a cup of water, hand it to the person by its handle, and set the meal tray."
DATA = layout.numbered(layout.DATA_PATH, 0)
EPISODES = layout.numbered(layout.EPISODES_PATH, 0)
SIDE = "shiliu/episodes/episode_000000"

Table = dict[str, np.ndarray]


def steps_back(work: Work, size: float) -> FaultMark:
    """From one row on, `timestamp` is set back by a frame and `size` x 0.1 s."""
    return _times(work, lambda t, row, fps: np.where(np.arange(len(t)) < row, t, t - 1.0 / fps - TIMES * size))


def jumped(work: Work, size: float) -> FaultMark:
    """From one row on, `timestamp` is `size` x 0.1 s too late."""
    return _times(work, lambda t, row, fps: np.where(np.arange(len(t)) < row, t, t + TIMES * size))


def stretched(work: Work, size: float) -> FaultMark:
    """`timestamp` runs too slowly, so that the last row is `size` x 0.1 s late."""
    mark = _times(work, lambda t, row, fps: t * (1.0 + TIMES * size / t[-1]))
    return FaultMark(0.0, mark.t1, mark.subject)


def not_numbers(work: Work, size: float) -> FaultMark:
    """`timestamp` is no number in a few rows."""
    mark = _times(work, lambda t, row, fps: np.where(np.abs(np.arange(len(t)) - row - 3) <= 3, np.nan, t))
    assert mark.t0 is not None
    return FaultMark(mark.t0, mark.t0 + 6.0 / _fps(work), mark.subject)


def other_rate(work: Work, size: float) -> FaultMark:
    """`info.json` announces a rate that is higher by `size` x 20 %."""

    def change(root: Path) -> None:
        path = root / layout.INFO
        info = json.loads(path.read_text(encoding="utf-8"))
        info["fps"] = max(info["fps"] + 1, round(info["fps"] * (1.0 + SHARE * size)))
        path.write_text(json.dumps(info), encoding="utf-8")

    _written(work, change)
    return FaultMark(subject=("fps",))


def rows_lost(work: Work, size: float) -> FaultMark:
    """So many tens of rows (`size` x 10) are lost by the writer: `frame_index` has a gap."""
    n, row = max(1, round(ROWS * size)), _row(work)

    def change(root: Path) -> None:
        table = pq.read_table(root / DATA)
        keep = np.ones(table.num_rows, bool)
        keep[row : row + n] = False
        _put(root / DATA, table.filter(pa.array(keep)))
        _renewed(root)

    _written(work, change)
    return FaultMark(row / _fps(work), row / _fps(work), ("frame_index",))


def index_off(work: Work, size: float) -> FaultMark:
    """From one row on, `index` is `size` x 10 too high."""
    row = _row(work)

    def change(root: Path) -> None:
        _column(root, "index", lambda v: np.where(np.arange(len(v)) < row, v, v + max(1, round(ROWS * size))))
        _renewed(root)

    _written(work, change)
    return FaultMark(row / _fps(work), row / _fps(work), ("index",))


def length_off(work: Work, size: float) -> FaultMark:
    """The table of episodes counts `size` x 10 rows more than there are."""
    _written(work, lambda root: _column_changed(root, "length", lambda n: n + max(1, round(ROWS * size))))
    return FaultMark(subject=("length",))


def stats_off(work: Work, size: float) -> FaultMark:
    """The largest value of one column of the commands is given too high, by `size` x 10 % of its span."""

    def change(root: Path) -> None:
        column = int(np.ptp(work.clean.actions, axis=0).argmax())
        span = float(np.ptp(work.clean.actions[:, column]))

        def higher(value: list[float]) -> list[float]:
            return [one + STATS * size * span * (i == column) for i, one in enumerate(value)]

        _column_changed(root, "stats/action/max", higher)

    _written(work, change)
    return FaultMark(subject=("action",))


def video_range(work: Work, size: float) -> FaultMark:
    """The table of episodes has the video begin and end `size` x 1 s too late."""

    def change(root: Path) -> None:
        for end in ("from", "to"):
            _column_changed(root, f"videos/{CAMERA}/{end}_timestamp", lambda t: t + VIDEO * size)

    _written(work, change, pictures=True)
    return FaultMark(subject=(CAMERA,))


def edited(work: Work, size: float) -> FaultMark:
    """One recorded state is changed by hand after it was written: its digest is that of another column."""

    def change(root: Path) -> None:
        row = _row(work)
        _column(root, "observation.state", lambda v: np.where(np.arange(len(v))[:, None] == row, v + 0.01, v))

    _written(work, change)
    return FaultMark(subject=("observation.state",))


def times_edited(work: Work, size: float) -> FaultMark:
    """From one row on, `timestamp` is set back by five frames after it was written."""
    row = _row(work)

    def change(root: Path) -> None:
        _column(root, "timestamp", lambda t: np.where(np.arange(len(t)) < row, t, t - 5.0 / _fps(work)))

    _written(work, change)
    return FaultMark(subject=("timestamp",))


def other_task(work: Work, size: float) -> FaultMark:
    """The table of tasks has a sentence of another scenario, as when two sessions were labelled the wrong way round."""
    other = OTHER_TASK if work.clean.scenario != OTHER_TASK_OF else ANY_TASK

    def change(root: Path) -> None:
        write_tasks(root, [other])
        table = pq.read_table(root / EPISODES)
        column = table.schema.get_field_index("tasks")
        listed = pa.array([[other]] * len(table), table.schema.field("tasks").type)
        pq.write_table(table.set_column(column, table.schema.field("tasks"), listed), root / EPISODES)

    _written(work, change)
    return FaultMark(subject=("tasks",))


# --------------------------------------------------------------------------------------------------- how it is done


def _fps(work: Work) -> int:
    return round(1.0 / work.context.scene.control_timestep)


def _row(work: Work) -> int:
    """A row in the middle third."""
    n = work.clean.n_steps
    return int(work.rng.integers(n // 3, 2 * n // 3))


def _times(work: Work, change: Callable[[np.ndarray, int, int], np.ndarray]) -> FaultMark:
    """`timestamp` changed by a faulty writer, from a row on."""
    row, fps = _row(work), _fps(work)

    def put(root: Path) -> None:
        _column(root, "timestamp", lambda t: change(t.astype(np.float64), row, fps))
        _renewed(root)

    _written(work, put)
    return FaultMark(row / fps, (work.clean.n_steps - 1) / fps, ("timestamp",))


def _written(work: Work, change: Callable[[Path], None], pictures: bool = False) -> None:
    """The demonstration as a set with something done to it, read again; its folder goes when the work does."""
    folder = tempfile.TemporaryDirectory()
    root = Path(folder.name) / "set"
    episode = work.clean
    known = work.context.scene.schema.lerobot_features()
    features: dict[str, Any] = {name: known[name] for name in (*episode.states, "action") if name in known}
    images = {}
    if pictures:
        features[CAMERA] = {"dtype": "video", "shape": [*SIZE, 3]}
        images[CAMERA] = iter(drawn(work))
    with DatasetWriter(root, features, _fps(work)) as writer:
        writer.add(episode, episode.states, images)
    change(root)
    (taken,) = read(root)
    if not isinstance(taken, Recording):
        raise EpisodeError(f"the broken set cannot be read: {taken.error.message}")
    work.recording = taken
    work.kept.append(folder)


def _put(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, compression="zstd", write_page_checksum=True, row_group_size=max(table.num_rows, 1))


def _array(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) or (n, k) values of a column."""
    flat = column.combine_chunks()
    if pa.types.is_fixed_size_list(flat.type):
        return flat.flatten().to_numpy(zero_copy_only=False).reshape(len(flat), -1)
    return flat.to_numpy(zero_copy_only=False)


def _column(root: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """A column of the frames changed, its type kept."""
    table = pq.read_table(root / DATA)
    i = table.column_names.index(name)
    before = _array(table.column(i))
    after = np.ascontiguousarray(change(before).astype(before.dtype))
    flat = pa.array(after.reshape(-1))
    kept = flat if after.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, after.shape[1])
    _put(root / DATA, table.set_column(i, pa.field(name, kept.type), kept))


def _column_changed(root: Path, name: str, change: Callable[[Any], Any]) -> None:
    """A column of the table of episodes changed."""
    table = pq.read_table(root / EPISODES)
    i = table.column_names.index(name)
    values = [change(value) for value in table.column(i).to_pylist()]
    pq.write_table(
        table.set_column(i, table.schema.field(i), pa.array(values, table.schema.field(i).type)), root / EPISODES
    )


def _renewed(root: Path) -> None:
    """Digests as a writer makes them of what it has just written."""
    table = pq.read_table(root / DATA)
    columns: Table = {}
    for name in table.column_names:
        values = _array(table.column(name))
        columns[name] = values.reshape(len(values), -1)
    path = root / f"{SIDE}.json"
    side = json.loads(path.read_text(encoding="utf-8"))
    side[layout.DIGESTS] = {name: layout.content_sha256({name: columns[name]}) for name in sorted(columns)}
    content = json.dumps(side, ensure_ascii=False, indent=1).encode()
    path.write_bytes(content)
    config = (root / f"shiliu/configs/{side['config']}.json").read_bytes()
    own = {name: values for name, values in columns.items() if name not in layout.DEFAULT_FEATURES}
    _column_changed(root, "shiliu/frames_sha256", lambda was: layout.content_sha256(own))
    side_sha = hashlib.sha256(content + (root / f"{SIDE}.npz").read_bytes() + config).hexdigest()
    _column_changed(root, "shiliu/side_sha256", lambda was: side_sha)
