"""Faults of devices: what clocks, links, encoders and mappings do to the record of a real robot."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from shiliu.replay.recording.recording import Stream
from shiliu.replay.signals.channels import SCALE, pair
from shiliu.replay.signals.clock import origin_ns, seconds, topic
from shiliu.scenarios.robots.robot_folder import SIDES
from shiliu.scenarios.sheet.errors import EpisodeError

from .fault import FaultMark, Work

GAP = 0.5  # s, bound and scale of clock.gap
JITTER = 0.1  # s, of clock.jitter
FREEZE = 0.8  # s, of stream.frozen
LAG, AHEAD = 0.6, 0.06  # s, of stream.lag: bound and scale, and how far a state may be ahead
BACK = 0.01  # s, scale of clock.backwards
FACTOR = 0.6  # bound of stream.scaled
ZERO = 0.12  # rad, bound and scale of calibration.offset
SKEW = 1.0  # s, of clock.skew
LENGTH = 0.05  # of value.quaternion


def _both(work: Work) -> tuple[Stream, Stream]:
    command, state = pair(work.record)
    if command is None or state is None:
        raise EpisodeError("this recording has no command, or no measured state, of the same joints.")
    return command, state


def _with(work: Work, stream: Stream, **changes: Any) -> None:
    work.record.streams[stream.name] = dataclasses.replace(stream, **changes)


def _kept(work: Work, stream: Stream, keep: np.ndarray) -> None:
    """Every stream of the same message loses the same samples."""
    for one in list(work.record.streams.values()):
        if topic(one) == topic(stream):
            _with(work, one, values=one.values[keep], meta=one.meta_of(keep), **{
                clock: None if getattr(one, clock) is None else getattr(one, clock)[keep]
                for clock in ("capture_ns", "receive_ns", "device_ns")
            })  # fmt: skip


def _timed(work: Work, stream: Stream, change: np.ndarray, clocks: tuple[str, ...] = ("capture_ns",)) -> None:
    """Every stream of the same message gets other times."""
    for one in list(work.record.streams.values()):
        if topic(one) == topic(stream):
            _with(work, one, **{c: getattr(one, c) + change for c in clocks if getattr(one, c) is not None})


def _one(work: Work) -> Stream:
    return _both(work)[int(work.rng.integers(2))]


def _times(work: Work, stream: Stream) -> np.ndarray:
    return seconds(stream, origin_ns(work.record))


def _busy(work: Work, stream: Stream, length: float, least: float) -> float:
    """A time from which on some joint of a stream moves by at least so much [rad] within a length of time [s]."""
    t = _times(work, stream)
    names = [n for n in stream.names if n in work.context.scene.robot.joint_names]
    x = stream.values[:, [stream.names.index(n) for n in names]] * SCALE[stream.unit]
    starts = np.arange(t[0] + 1.0, t[-1] - length - 1.0, 0.05)
    at = np.stack([np.interp(starts, t, x[:, j]) for j in range(x.shape[1])])
    after = np.stack([np.interp(starts + length, t, x[:, j]) for j in range(x.shape[1])])
    busy = starts[np.abs(after - at).max(axis=0) > least]
    if not len(busy):
        raise EpisodeError(f"{stream.name} moves nowhere by {least:g} rad within {length:g} s.")
    return float(work.rng.choice(busy))


def lost_numbers(work: Work, size: float) -> FaultMark:
    """A few samples of one joint are not numbers."""
    stream = _one(work)
    first = int(work.rng.integers(50, stream.n - 50))
    last = first + int(work.rng.integers(1, 20))
    column = int(work.rng.integers(len(stream.names)))
    values = stream.values.copy()
    values[first:last, column] = work.rng.choice([np.nan, np.inf, -np.inf])
    _with(work, stream, values=values)
    t = _times(work, stream)
    return FaultMark(float(t[first]), float(t[last - 1]), (stream.name, stream.names[column]))


def no_reading(work: Work, size: float) -> FaultMark:
    """An encoder without a reading writes 999."""
    stream = _both(work)[1]
    first = int(work.rng.integers(50, stream.n - 50))
    last = first + int(work.rng.integers(1, 20))
    column = stream.names.index(str(work.rng.choice(work.context.scene.robot.arm_names)))
    values = stream.values.copy()
    values[first:last, column] = work.rng.choice([999.0, -999.0, 32767.0])
    _with(work, stream, values=values)
    t = _times(work, stream)
    return FaultMark(float(t[first]), float(t[last - 1]), (stream.name, stream.names[column]))


def degrees(work: Work, size: float) -> FaultMark:
    """Commands in degrees are read as radians."""
    stream = _both(work)[0]
    _with(work, stream, unit="rad")
    t = _times(work, stream)
    return FaultMark(float(t[0]), float(t[-1]), (topic(stream),))


def radians(work: Work, size: float) -> FaultMark:
    """Commands in radians are read as degrees."""
    stream = _both(work)[0]
    _with(work, stream, values=np.radians(stream.values))
    t = _times(work, stream)
    return FaultMark(float(t[0]), float(t[-1]), (topic(stream),))


def backwards(work: Work, size: float) -> FaultMark:
    """One clock steps back by `size` x 10 ms, and goes on from there."""
    stream = _one(work)
    row = int(work.rng.integers(stream.n // 4, 3 * stream.n // 4))
    change = np.zeros(stream.n, np.int64)
    change[row:] = -(stream.time_ns[row] - stream.time_ns[row - 1]) - round(size * BACK * 1e9)
    t = _times(work, stream)
    _timed(work, stream, change)
    return FaultMark(float(t[row - 1]), float(t[row - 1]), (topic(stream),))


def silence(work: Work, size: float) -> FaultMark:
    """Messages of one topic are lost for (1 + size) x 0.5 s while the arms move."""
    stream, length = _one(work), (1.0 + size) * GAP
    begin = _busy(work, stream, length, 0.1)
    t = _times(work, stream)
    first = int(np.searchsorted(t, begin))
    last = int(np.searchsorted(t, t[first] + length))  # the sample that ends the silence
    keep = np.ones(stream.n, bool)
    keep[first + 1 : last] = False
    _kept(work, stream, keep)
    return FaultMark(float(t[first]), float(t[last]), (topic(stream),))


def stutter(work: Work, size: float) -> FaultMark:
    """A link loses messages all the time: after every 12 that arrive it is silent, (1 + size) x 0.1 s longer than usual."""
    stream = _one(work)
    step = float(np.median(np.diff(stream.time_ns))) * 1e-9
    lost = int(np.ceil((1.0 + size) * JITTER / step))
    keep = np.arange(stream.n) % (12 + lost) < 12
    t = _times(work, stream)
    _kept(work, stream, keep)
    return FaultMark(float(t[0]), float(t[-1]), (topic(stream),))


def frozen_encoder(work: Work, size: float) -> FaultMark:
    """One measured joint repeats its last value for (1 + size) x 0.8 s while it moves."""
    return _frozen(work, (1.0 + size) * FREEZE, whole=False)


def frozen_state(work: Work, size: float) -> FaultMark:
    """The whole measured state repeats its last sample for (1 + size) x 0.8 s while the robot moves."""
    return _frozen(work, (1.0 + size) * FREEZE, whole=True)


def _frozen(work: Work, length: float, whole: bool) -> FaultMark:
    command, state = _both(work)
    begin = _busy(work, state, length, 0.2)
    t, x = _times(work, state), state.values
    first, last = (int(np.searchsorted(t, s)) for s in (begin, begin + length))
    shared = [n for n in state.names if n in command.names]
    name = max(shared, key=lambda n: abs(float(state.column(n)[last] - state.column(n)[first])))  # it moves furthest
    columns = slice(None) if whole else [state.names.index(name)]
    values = x.copy()
    values[first : last + 1, columns] = x[first, columns]
    _with(work, state, values=values)
    return FaultMark(float(t[first]), float(t[last]), tuple(shared) if whole else (name,))


def frozen_command(work: Work, size: float) -> FaultMark:
    """The recorder repeats one command for (1 + size) x 0.8 s while the robot moves on."""
    command, length = _both(work)[0], (1.0 + size) * FREEZE
    begin = _busy(work, command, length, 0.3)
    t = _times(work, command)
    first, last = (int(np.searchsorted(t, s)) for s in (begin, begin + length))
    values = command.values.copy()
    values[first : last + 1] = values[first]
    _with(work, command, values=values)
    return FaultMark(float(t[first]), float(t[last]), command.names)


def short_stream(work: Work, size: float) -> FaultMark:
    """One topic holds only the first or the last 15 % of the recording."""
    stream = _one(work)
    n = int(0.15 * stream.n)
    keep = np.zeros(stream.n, bool)
    t = _times(work, stream)
    ends = work.rng.random() < 0.5
    keep[:n] = ends
    keep[-n:] = not ends
    _kept(work, stream, keep)
    return (
        FaultMark(float(t[n]), float(t[-1]), (topic(stream),))
        if ends
        else FaultMark(float(t[0]), float(t[-n]), (topic(stream),))
    )


def late_stream(work: Work, size: float) -> FaultMark:
    """One topic begins 1 + `size` seconds after all others: reported, never a reason to refuse."""
    stream = _one(work)
    t = _times(work, stream)
    first = min(float(_times(work, s).min()) for s in _both(work))
    keep = t > first + 1.0 + size
    _kept(work, stream, keep)
    return FaultMark(first, float(t[keep][0]), (topic(stream),))


def lagging(work: Work, size: float) -> FaultMark:
    """The measured state comes (1 + size) x 0.6 s after its command."""
    return _late(work, (1.0 + size) * LAG)


def ahead(work: Work, size: float) -> FaultMark:
    """The measured state is 60 ms + `size` x 0.6 s ahead of its command: two clocks."""
    return _late(work, -AHEAD - size * LAG)


def _late(work: Work, want: float) -> FaultMark:
    command, state = _both(work)
    now = float(work.record.metadata["device"]["lag_s"])
    _timed(work, state, np.full(state.n, round((want - now) * 1e9), np.int64), ("capture_ns", "receive_ns"))
    return FaultMark(subject=(topic(state), topic(command)))


def unknown_joint(work: Work, size: float) -> FaultMark:
    """A column of the commands has a name that no actuator has."""
    command = _both(work)[0]
    column = int(work.rng.integers(len(command.names)))
    names = list(command.names)
    names[column] = f"unknown_{column + 1}_joint"
    _with(work, command, names=tuple(names))
    return FaultMark(subject=(names[column],))


def swapped(work: Work, size: float) -> FaultMark:
    """Two measured joints are exchanged, one of which moves by a tenth of a radian more than the other."""
    state = _both(work)[1]
    arms = list(work.context.scene.robot.arm_names)
    moves = {name: float(np.ptp(state.column(name))) for name in arms}
    mover = max(arms, key=lambda name: moves[name] * work.rng.uniform(0.5, 1.0))
    others = [name for name in arms if name != mover and abs(moves[name] - moves[mover]) > 0.1]
    other = str(work.rng.choice(others))
    i, j = state.names.index(mover), state.names.index(other)
    values = state.values.copy()
    values[:, [i, j]] = state.values[:, [j, i]]
    _with(work, state, values=values)
    t = _times(work, state)
    return FaultMark(float(t[0]), float(t[-1]), (mover, other))


def scaled(work: Work, size: float) -> FaultMark:
    """A measured joint tells 1.6 + `size` times its angle."""
    state = _both(work)[1]
    arms = list(work.context.scene.robot.arm_names)
    name = max(arms, key=lambda n: float(np.ptp(state.column(n))) * work.rng.uniform(0.5, 1.0))
    values = state.values.copy()
    values[:, state.names.index(name)] *= 1.0 + FACTOR + size
    _with(work, state, values=values)
    return FaultMark(subject=(name,))


def other_zero(work: Work, size: float) -> FaultMark:
    """The zero of a joint of the arm that works is (1 + size) x 0.12 rad off."""
    state = _both(work)[1]
    arms = list(work.context.scene.robot.arm_names)
    busiest = max(arms, key=lambda n: float(np.ptp(state.column(n))))
    robot = work.context.scene.robot
    name = str(work.rng.choice(next(robot.arm_of(side) for side in SIDES if busiest in robot.arm_of(side))))
    values = state.values.copy()
    values[:, state.names.index(name)] += float(work.rng.choice([-1.0, 1.0])) * (1.0 + size) * ZERO
    _with(work, state, values=values)
    return FaultMark(subject=(name,))


def other_clock(work: Work, size: float) -> FaultMark:
    """One sender's clock is 1 + `size` seconds behind the recorder's."""
    stream = _one(work)
    _timed(work, stream, np.full(stream.n, -round((1.0 + size) * SKEW * 1e9), np.int64))
    return FaultMark(subject=(topic(stream),))


def hands_reversed(work: Work, size: float) -> FaultMark:
    """The hands' state calls open what their command calls closed."""
    states = work.record.select("measured", "claw")
    if not states:
        raise EpisodeError("this recording has no measured hands.")
    _with(work, states[0], values=100.0 - states[0].values)
    return FaultMark(subject=(topic(states[0]), *states[0].names))


def no_rotation(work: Work, size: float) -> FaultMark:
    """For a while the inertial unit's quaternion is (1 + size) x 0.05 too short."""
    streams = [s for s in work.record.select("measured", "imu") if len(s.names) == 4]
    if not streams:
        raise EpisodeError("this recording has no attitude.")
    stream = streams[0]
    t = _times(work, stream)
    length = float(work.rng.uniform(0.05, 2.0))
    begin = float(work.rng.uniform(t[0] + 1.0, t[-1] - length - 1.0))
    here = (t >= begin) & (t <= begin + length)
    values = stream.values.copy()
    values[here] *= 1.0 - (1.0 + size) * LENGTH
    _with(work, stream, values=values)
    return FaultMark(float(t[here][0]), float(t[here][-1]), (stream.name,))
