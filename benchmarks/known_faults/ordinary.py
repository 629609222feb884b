"""Faults of a set as a data centre sends it: what goes wrong between a robot's recorder and the LeRobot folder.

Each is put into the columns of one take, or into the files of a set that is written already (`fps`, `frame_index`,
`timestamp`). `KINDS` is the one list of what the judge is tried with, with its own files beside a set and without.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from shiliu.replay.formats.lerobot import layout
from shiliu.replay.recording.recording import SimEpisode
from shiliu.scenarios.sheet.errors import EpisodeError

from .fault import Fault, FaultMark, Work
from .placing import at_rest
from .record import _changed, _keep

PAST_ROWS, PAST = 12, 0.3  # rows, and rad past the range
FROZEN_ROWS = 25  # of the state, 0.8 s at 30 Hz
HELD = 3  # rows that each command stands
TIMES = 255.0  # a hand's byte read as a percent of percent
STATE = "observation.state"
BUSY = 0.2  # rad, that some joint moves meanwhile
WRONG_FPS = 1.5


def _joints(work: Work) -> list[int]:
    names = work.context.scene.schema.observations[STATE].names
    return [names.index(name) for name in work.context.scene.robot.arm_names]


def _rows(work: Work, episode: SimEpisode, length: int, least: float = BUSY) -> int:
    """A row from which on some arm joint moves by so much [rad] within so many rows."""
    q = episode.states[STATE][: episode.n_steps, _joints(work)]
    first = np.arange(30, episode.n_steps - length - 30)
    busy = first[np.abs(q[first + length] - q[first]).max(axis=1) > least]
    if not len(busy):
        raise EpisodeError(f"no joint moves by {least:g} rad within {length} rows.")
    return int(work.rng.choice(busy))


def elbow_past(work: Work, size: float) -> FaultMark:
    """The command of an elbow that rests stands past its range for twelve rows; nobody performed it."""
    episode, elbow = _changed(work), work.places.bends
    limit, dt = work.context.limits[elbow], episode.control_timestep
    first = round(at_rest(work, [elbow], (PAST_ROWS + 2) * dt) / dt)
    bound = limit.upper + PAST if work.rng.random() < 0.5 else limit.lower - PAST
    episode.actions[first : first + PAST_ROWS, work.column(elbow)] = bound
    _keep(work, episode)
    return FaultMark(first * dt, (first + PAST_ROWS) * dt, (elbow,))


def hands_255(work: Work, size: float) -> FaultMark:
    """The hands' commands stand 255 times too large."""
    episode = _changed(work)
    columns = [work.column(name) for name in work.context.scene.robot.hand_names]
    episode.actions[:, columns] *= TIMES
    _keep(work, episode)
    return FaultMark(0.0, episode.duration_s, tuple(work.context.scene.robot.hand_names))


def hand_dead(work: Work, size: float) -> FaultMark:
    """The hands' commands stand as in the first row throughout: the glove was never plugged in."""
    episode = _changed(work)
    for name in work.context.scene.robot.hand_names:
        episode.actions[:, work.column(name)] = episode.actions[0, work.column(name)]
        state = episode.states[STATE]
        column = work.context.scene.schema.observations[STATE].names.index(name)
        state[:, column] = state[0, column]
    _keep(work, episode)
    return FaultMark(0.0, episode.duration_s, tuple(work.context.scene.robot.hand_names))


def state_frozen(work: Work, size: float) -> FaultMark:
    """The state vector as a whole repeats one row for 25 rows while the robot moves."""
    episode = _changed(work)
    first, dt = _rows(work, episode, FROZEN_ROWS), episode.control_timestep
    state = episode.states[STATE]
    state[first : first + FROZEN_ROWS] = state[first]
    _keep(work, episode)
    return FaultMark(first * dt, (first + FROZEN_ROWS) * dt)


def commands_held(work: Work, size: float) -> FaultMark:
    """Every command stands for three rows: the recorder asked more often than it was answered."""
    episode = _changed(work)
    episode.actions[:] = episode.actions[(np.arange(episode.n_steps) // HELD) * HELD]
    _keep(work, episode)
    return FaultMark(0.0, episode.duration_s)


def commands_early(work: Work, size: float) -> FaultMark:
    """Commands stand two to five rows before those that they were given in."""
    episode = _changed(work)
    by = int(work.rng.integers(2, 6))
    episode.actions[:] = np.concatenate([episode.actions[by:], np.repeat(episode.actions[-1:], by, axis=0)])
    _keep(work, episode)
    return FaultMark(0.0, episode.duration_s)


def commands_late(work: Work, size: float) -> FaultMark:
    """Commands stand two to five rows after those that they were given in."""
    episode = _changed(work)
    by = int(work.rng.integers(2, 6))
    episode.actions[:] = np.concatenate([np.repeat(episode.actions[:1], by, axis=0), episode.actions[:-by]])
    _keep(work, episode)
    return FaultMark(0.0, episode.duration_s)


def _busiest(work: Work, episode: SimEpisode) -> list[int]:
    """Columns of the state of the arm's joints, the one that moves furthest first."""
    return sorted(_joints(work), key=lambda j: -float(np.ptp(episode.states[STATE][:, j])))


def _named(work: Work, *columns: int) -> tuple[str, ...]:
    return tuple(work.context.scene.schema.observations[STATE].names[j] for j in columns)


def joints_swapped(work: Work, size: float) -> FaultMark:
    """Two columns of the state are exchanged, of the two joints that move furthest."""
    episode = _changed(work)
    a, b = _busiest(work, episode)[:2]
    state = episode.states[STATE]
    state[:, [a, b]] = state[:, [b, a]]
    _keep(work, episode)
    return FaultMark(subject=_named(work, a, b))


def joint_reversed(work: Work, size: float) -> FaultMark:
    """The state of the joint that moves furthest has the other sign."""
    episode = _changed(work)
    column = _busiest(work, episode)[0]
    episode.states[STATE][:, column] *= -1.0
    _keep(work, episode)
    return FaultMark(subject=_named(work, column))


def zero_off(work: Work, size: float) -> FaultMark:
    """The state of the joint that moves furthest is 0.3 rad off throughout."""
    episode = _changed(work)
    column = _busiest(work, episode)[0]
    episode.states[STATE][:, column] += 0.3
    _keep(work, episode)
    return FaultMark(subject=_named(work, column))


def no_reading(work: Work, size: float) -> FaultMark:
    """The state of one joint is 999 for some rows."""
    episode = _changed(work)
    first = int(work.rng.integers(30, episode.n_steps - 60))
    last = first + int(work.rng.integers(1, 12))
    column = int(work.rng.choice(_joints(work)))
    episode.states[STATE][first:last, column] = 999.0
    _keep(work, episode)
    dt = episode.control_timestep
    return FaultMark(first * dt, (last - 1) * dt, _named(work, column))


def untouched(work: Work, size: float) -> FaultMark:
    """Nothing is changed: what is wrong is the set, which has this take twice, or its files."""
    _keep(work, _changed(work))
    return FaultMark()


# ---------------------------------------------------------------------------------------------------- files of a set
def _column(
    root: Path, name: str, change: Callable[[np.ndarray], np.ndarray], takes: Collection[int] | None = None
) -> None:
    """Change one column of the frames where the set lies, take by take; of all takes, or of those with these indices."""
    for path in sorted((root / "data").rglob("*.parquet")):
        table = pq.read_table(path)
        values, of = table.column(name).to_numpy().copy(), table.column("episode_index").to_numpy()
        for take in np.unique(of):
            if takes is None or int(take) in takes:
                values[of == take] = change(values[of == take])
        at = table.schema.get_field_index(name)
        changed = table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))
        pq.write_table(changed, path, compression="zstd", row_group_size=len(table), write_page_checksum=True)


def wrong_fps(root: Path, takes: Collection[int] | None = None) -> None:
    """`info.json` tells half as many frames a second again, of all takes."""
    path = root / layout.INFO
    info = json.loads(path.read_text(encoding="utf-8"))
    info["fps"] = round(WRONG_FPS * info["fps"])
    path.write_text(json.dumps(info, ensure_ascii=False), encoding="utf-8")


def frame_gap(root: Path, takes: Collection[int] | None = None) -> None:
    """`frame_index` leaves out five numbers in the middle."""

    def change(k: np.ndarray) -> np.ndarray:
        k[len(k) // 2 :] += 5
        return k

    _column(root, "frame_index", change, takes)


def time_back(root: Path, takes: Collection[int] | None = None) -> None:
    """`timestamp` steps back by half a second in the middle, and goes on from there."""

    def change(t: np.ndarray) -> np.ndarray:
        t[len(t) // 2 :] -= 0.5
        return t

    _column(root, "timestamp", change, takes)


# what is done to the files of a set, by the kind's name
FILES: dict[str, Callable[[Path, Collection[int] | None], None]] = {
    "fps of the set wrong": wrong_fps,
    "gap in frame_index": frame_gap,
    "timestamp steps back": time_back,
}
TWICE = "take twice in the set"

IN_COLUMNS: tuple[Fault, ...] = (
    Fault("elbow past its range", ("joint.position", "column.differs"), "record", elbow_past),
    # that a command is 255 times its measurement says more than that it is past its range
    Fault("hands 255 times too large", ("value.range", "column.differs"), "record", hands_255),
    # of our own sets the replay is what does not come out; a hand that is measured to close all the same says so of its command
    Fault("hand never closes", ("hand.idle", "reproduces", "column.differs"), "record", hand_dead, whole=True),
    Fault("state stands for 25 rows", ("stream.frozen", "column.differs"), "record", state_frozen),
    Fault("every command three times", ("stream.repeated", "column.differs"), "record", commands_held),
    # as above; both are right
    Fault("action runs early", ("take.lag", "stream.lag", "column.differs", "reproduces"), "record", commands_early),
    Fault("action runs late", ("take.lag", "stream.lag", "column.differs", "reproduces"), "record", commands_late),
    Fault("state columns exchanged", ("stream.swapped",), "record", joints_swapped, whole=True),
    Fault("state column reversed", ("stream.scaled",), "record", joint_reversed, whole=True),
    Fault("state column off zero", ("calibration.offset", "column.differs"), "record", zero_off, whole=True),
    Fault("state column without reading", ("value.sentinel",), "record", no_reading),
    Fault(TWICE, ("take.duplicate",), "record", untouched, whole=True),
    Fault("fps of the set wrong", ("set.fps",), "record", untouched),
    # of a set of ours the cause is that it was changed after it was written, as its digest tells
    Fault("gap in frame_index", ("set.counter", "set.digest"), "record", untouched),
    Fault("timestamp steps back", ("set.timestamp", "clock.backwards", "set.digest"), "record", untouched),
)
# faults of motion and of the record that a centre sees as well; performed again where a person did them
ALSO = (
    "degrees for radians",
    "commands not numbers",
    "joint past its limit",
    "too fast a reach",
    "command jumps",
    "arm against the legs",
)
KINDS = (*(fault.name for fault in IN_COLUMNS), *ALSO)
