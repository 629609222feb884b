"""A take as columns on common rows: for each channel its command, its measurement, its speed and its effort, where they are recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ...scenarios.link.traffic import FEATURE
from ..recording.normalised import WAYS as NORMALISED_WAYS
from ..recording.normalised import normalised
from ..recording.quantities import EFFORTS, POSITIONS, SPEEDS
from ..recording.recording import Recording, Stream
from ..signals.channels import LOAD_SCALE, SCALE, ends_of, turns_beside, without_seam, wrapped_beside
from ..signals.clock import origin_ns, seconds, topic
from ..signals.pairing import Both, even_grid
from ..signals.signal import on_grid, strictly_rising
from ..signals.statistics import distinct, median, median_size
from .coarse_values import rounding_of
from .commanded_hands import commanded_hands

KINDS = ("command", "measured", "velocity", "effort")
WAYS = {"%": 100.0, "1": 1.0}  # units that say how far a hand goes
SURELY = 0.02  # m that a hand is measured to go which is commanded nowhere: less may be play, or what it holds
HAND = re.compile(r"grip|claw|hand|finger|thumb|jaw")  # names of a stream of joints that are none: they stop at what they hold
SOME = 50  # rows that mostly tell that a command is no switch
SLOWEST = 0.42  # s that a value of the slowest sender stands for
SWITCHED, BEFORE = 3, 0.1  # values of a command that is a switch; share of its way that what it moves has gone before the first change
STOPS = 0.2  # rad from its stop, within which a joint comes that is sent past it
WITHIN_A_ROW = 0.2  # of its way, that a joint goes from one row to the next at the most
MOST_ROWS = 36_000  # an hour at 10 Hz; longer takes are looked at in every second, third, ... row


@dataclass(frozen=True, eq=False)
class RecordedChannel:
    """One joint or finger of a take on the table's rows.

    Attributes:
        name: as the streams spell it.
        columns: kind -> (n,) values; angles in rad, others as a share of `way`; speeds in the same per second; effort as stored.
        streams: kind -> name of the stream that holds the column; topics: the same by the device's channel.
        unit: `rad`, or `1` for a share of the way.
        way: what the stored values were divided by, in the stream's own unit (1 rad for angles).
        stored: that unit, of a place or turn of a hand that is compared as if it was an angle (`commanded_hands`).
        ends: whether its unit says where its way ends. A length or a tick is counted from anywhere.
    """

    name: str
    columns: Mapping[str, np.ndarray]
    streams: Mapping[str, str]
    topics: Mapping[str, str]
    unit: str
    way: float = 1.0
    stored: str = ""
    ends: bool = True

    @cached_property
    def _known(self) -> tuple[dict[str, float], dict[str, int], dict[str, float]]:
        """What many checks ask of a column, by its kind, found when the first one does."""
        return {}, {}, {}

    def goes(self, kind: str) -> float:
        """From the least to the largest value of a column."""
        known = self._known[0]
        if kind not in known:
            x = self.columns[kind]
            known[kind] = float(x.max() - x.min())
        return known[kind]

    def held(self, kind: str) -> int:
        """See `held_for`."""
        known = self._known[1]
        if kind not in known:
            known[kind] = held_for(self.columns[kind])
        return known[kind]

    def rounding(self, kind: str) -> float:
        """See `rounding_of`."""
        known = self._known[2]
        if kind not in known:
            known[kind] = rounding_of(self.columns[kind])
        return known[kind]

    @property
    def has_both(self) -> bool:
        """Whether it was commanded and measured."""
        return {"command", "measured"} <= set(self.columns)

    def but(self, **columns: np.ndarray) -> RecordedChannel:
        """The same with other columns in place of some of its own."""
        return replace(self, columns={**self.columns, **columns})

    @cached_property
    def is_of_two_places(self) -> bool:
        """Whether it is commanded by two or three values, whenever it moves: a switch may be written from a ramp, earlier or later."""
        command = self.columns.get("command")
        if command is None or len(set(command[:: 1 + len(command) // SOME].tolist())) > SWITCHED:
            return False
        if not 2 <= len(distinct(command)) <= SWITCHED:
            return False
        return 2 * len(np.flatnonzero(np.diff(command))) <= len(command)

    @cached_property
    def is_switch(self) -> bool:
        """Whether it is commanded by two or three values (open, closed) and moves only once they change: its command is no place that a
        servo is to be at, and may count in something else than its measurement."""
        if not self.is_of_two_places:
            return False
        command = self.columns["command"]
        changes, measured = np.flatnonzero(np.diff(command)), self.columns.get("measured", command)
        return float(np.ptp(measured[: changes[0] + 1])) <= BEFORE * float(np.ptp(measured))


def held_for(x: np.ndarray) -> int:
    """Rows that a value of a column (n,) usually stands while it changes: more than one on a grid that is finer than its sender."""
    new = np.flatnonzero(np.diff(x))
    return max(1, round(median(np.diff(new)))) if len(new) > 2 else 1


@dataclass(frozen=True, eq=False)
class Group:
    """The channels of one command stream and one measured stream, on the rows of the measured one.

    Attributes:
        t: (n,) s from the recording's origin, rising.
        dt: usual time between rows [s].
        same_rows: whether all of it stood on the same rows, so that no value was interpolated.
        hands: whether its channels are hands, which stop at what they hold.
        own_scales: whether each column was normalised by statistics of its own, so that command and measurement are of no one size.
    """

    t: np.ndarray
    dt: float
    channels: tuple[RecordedChannel, ...]
    same_rows: bool = True
    hands: bool = False
    own_scales: bool = False

    @property
    def n(self) -> int:
        return len(self.t)

    @cached_property
    def both(self) -> tuple[RecordedChannel, ...]:
        """The channels that were commanded and measured."""
        return tuple(c for c in self.channels if c.has_both)

    def but(self, columns: Mapping[str, Mapping[str, np.ndarray]]) -> Group:
        """The same with other columns, channel -> kind -> (n,), in place of some of its own."""
        return replace(self, channels=tuple(c.but(**columns.get(c.name, {})) for c in self.channels))

    @cached_property
    def held_commands(self) -> int:
        """Rows that each command stands for at the least, as those of a slow sender do: which of them had a new one is not recorded. One
        where commands stand for longer than any sender is slow."""
        rows = min((c.held("command") for c in self.channels if "command" in c.columns and c.goes("command") > 0.0), default=1)
        return rows if rows * self.dt <= SLOWEST else 1

    @cached_property
    def rises(self) -> dict[str, np.ndarray]:
        """Channel -> (n,) what its measured column rises by in a second about each row."""
        of = [c for c in self.channels if "measured" in c.columns]
        every = np.gradient(np.stack([c.columns["measured"] for c in of]), self.dt, axis=1) if of else np.zeros((0, self.n))
        return {c.name: rise for c, rise in zip(of, every)}


@dataclass(frozen=True)
class RecordedColumns:
    """Groups of a take, and the columns that stand in none: nothing recorded says what they should be."""

    groups: tuple[Group, ...]
    alone: tuple[str, ...] = ()
    compared: tuple[str, ...] = field(default=())

    @property
    def stored(self) -> dict[str, tuple[str, float]]:
        """Of columns that are compared as if they were angles, by name, the unit that they are stored in, and what one radian is in it."""
        return {c.name: (c.stored, c.way) for group in self.groups for c in group.channels if c.stored}


def table_of(recording: Recording, ranges: Mapping[str, tuple[float, float]] | None = None) -> RecordedColumns:
    """The columns of a recording that can be compared with one another.

    Args:
        ranges: joint -> (lowest, highest) angle [rad] that it can take; a command past it is carried out as far as it goes.
    """
    recording = without_late_commands(recording)
    groups: list[Group] = []
    used: set[tuple[str, str]] = set()
    origin = origin_ns(recording)
    for command, measured in _position_pairs(recording):
        group = _group(recording, command, measured, origin, ranges or {})
        if group is not None:
            groups += _parted(group)
            used |= {(stream, channel.name) for channel in group.channels for kind, stream in channel.streams.items() if kind != "effort"}
    for hand in commanded_hands(recording):
        group = _group(recording, hand.command, hand.measured, origin, {})
        if group is not None:
            counted = dict(zip(hand.measured.names, zip(hand.ways, hand.units)))
            channels = (replace(c, way=counted[c.name][0], stored=counted[c.name][1]) for c in group.channels)
            groups.append(replace(group, channels=tuple(channels)))
            used |= {(stream, name) for stream in (hand.command.name, hand.measured.name) for name in counted}
    alone: list[str] = []
    compared: list[str] = []
    for stream in recording.streams.values():
        if stream.role in ("image", "event") or not stream.n:
            continue
        of = topic(stream)
        for name in stream.names:
            (compared if (stream.name, name) in used else alone).append(f"{of}/{name}")
    return RecordedColumns(tuple(groups), tuple(alone), tuple(compared))


def without_late_commands(recording: Recording) -> Recording:
    """A recording over a link (`observation.link`) without its commands: what a row commands has not reached the robot in that row, and
    what acted changes within it. The exact replay of an own episode compares them all the same (`reproduces`)."""
    if not any(stream.name == FEATURE for stream in recording.streams.values()):
        return recording
    return replace(recording, streams={key: one for key, one in recording.streams.items() if one.role != "command"})


def as_both(group: Group) -> Both | None:
    """Commands and measurements of a group on an even grid, no finer than `Both` needs; None where nothing is both, or too short. Whole
    turns between the two are a fault of their own, and none of a scale."""
    channels = group.both
    if not channels or group.t[-1] - group.t[0] < 1.0:
        return None
    grid = even_grid(group.t[0], group.t[-1])
    sent, measured_at = ([c.columns[kind] for c in channels] for kind in ("command", "measured"))
    if channels[0].unit == "rad" and not group.own_scales:
        sent = [c - 2.0 * np.pi * wrapped_beside(c, q) for c, q in zip(sent, measured_at)]
    command, measured = (on_grid(grid, group.t, np.column_stack(each)) for each in (sent, measured_at))
    return Both(grid, command, measured, tuple(c.name for c in channels))


def _parted(group: Group) -> Iterator[Group]:
    """Joints and hands apart, where one stream counts both in shares of their ways."""
    if group.hands or group.channels[0].unit == "rad":
        yield group
        return
    for hands in (False, True):
        channels = tuple(c for c in group.channels if bool(HAND.search(c.name)) == hands)
        if channels:
            yield replace(group, channels=channels, hands=hands)


def _position_pairs(recording: Recording) -> Iterator[tuple[Stream | None, Stream | None]]:
    """Command and measurement of the same elements in the same unit; either may be None."""
    seen: set[str] = set()
    for quantity in POSITIONS:
        commands = [s for s in recording.select("command", quantity) if s.n > 7]
        states = [s for s in recording.select("measured", quantity) if s.n > 7]
        for state in states:
            fits = [c for c in commands if set(c.names) & set(state.names) and _comparable(c, state)]
            command = fits[0] if fits else None
            if state.name not in seen:
                seen.add(state.name)
                yield command, state


def _comparable(one: Stream, other: Stream) -> bool:
    return one.unit == other.unit or (one.unit in SCALE and other.unit in SCALE)


def _group(
    recording: Recording, command: Stream | None, measured: Stream | None, origin: int, ranges: Mapping[str, tuple[float, float]]
) -> Group | None:
    base = measured if measured is not None else command
    assert base is not None
    t, rows = strictly_rising(seconds(base, origin), np.arange(base.n))
    step = -(-len(t) // MOST_ROWS)
    t, rows = t[::step], rows[::step]
    if len(t) < 8:
        return None
    dt = float(np.median(np.diff(t)))
    names = [n for n in base.names if command is None or n in command.names]
    beside = {
        "command": command,
        "measured": measured,
        "velocity": _beside(recording, SPEEDS, names, base),
        "effort": _beside(recording, EFFORTS, names, base),
    }
    channels, same, every = [], True, len(t) == base.n
    as_base = {kind: of is not None and of.n == base.n and np.array_equal(of.time_ns, base.time_ns) for kind, of in beside.items()}
    normal = normalised(recording, command, measured) if command is not None and measured is not None else None
    of_shares = normal is not None and base.quantity != "joint_position"  # whatever its unit is called
    way = NORMALISED_WAYS[normal] if normal is not None and of_shares else _way(base, command)
    if way is None:
        return None
    for name in names:
        columns, streams, topics = {}, {}, {}
        for kind, stream in beside.items():
            if stream is None or name not in stream.names:
                continue
            x = stream.column(name)
            if as_base[kind]:
                x = np.ascontiguousarray(x) if every else x[rows]
            else:
                x, same = _on(t, *strictly_rising(seconds(stream, origin), x)), False
            if not np.isfinite(x).all():
                continue
            columns[kind], streams[kind], topics[kind] = x, stream.name, topic(stream)
        if not set(columns) & {"command", "measured"}:
            continue
        unit = _to_common(columns, beside, base, way, of_shares)
        if unit == "rad":
            _over_the_seam(columns)
        elif base.quantity == "joint_position" and not HAND.search(name):
            _over_the_ends(columns)
        if unit == "rad" and name in ranges and {"command", "measured"} <= set(columns):
            went = columns["measured"]  # a joint that went further than it can has another range
            low, high = min(ranges[name][0], float(went.min())), max(ranges[name][1], float(went.max()))
            carried_out = np.clip(columns["command"], low, high)
            if not turns_beside(columns["command"], went).any() and _at_its_stop(columns["command"], carried_out, went):
                columns["command"] = carried_out
        channels.append(RecordedChannel(name, columns, streams, topics, unit, way, ends=base.unit in WAYS or ".." in base.unit))
    hands = base.quantity != "joint_position" and bool(channels) and channels[0].unit != "rad"
    return Group(t, dt, tuple(channels), same, hands, normal is not None) if channels else None


def _at_its_stop(command: np.ndarray, carried_out: np.ndarray, went: np.ndarray) -> bool:
    """Whether a joint is mostly near its stop while it is commanded past it, so that it may have been sent there: else the command is none
    that it had, and is looked at as it is written."""
    past = command != carried_out
    return not past.any() or median_size((went - carried_out)[past]) < STOPS


def _over_the_seam(columns: dict[str, np.ndarray]) -> None:
    """Positions that are all written within one turn, and pass its seam, go on over it, in place; one that alone does so is another's."""
    going = {kind: without_seam(columns[kind]) for kind in ("command", "measured") if kind in columns}
    if any(x is None for x in going.values()):
        return
    columns |= {kind: x for kind, x in going.items() if x is not None}
    if len(going) == 2:
        columns["measured"] = columns["measured"] + 2.0 * np.pi * np.round(
            float(np.median(columns["command"] - columns["measured"])) / (2.0 * np.pi)
        )


def from_the_other_end(x: np.ndarray) -> np.ndarray | None:
    """(n,) a share of a way that goes on from its other end whenever it is past one, going on past it; None for any other column."""
    leaps = np.abs(np.diff(x))
    leaps = leaps[leaps > 0.5]
    wraps = len(leaps) > 0 and np.abs(leaps - 1.0).max() < WITHIN_A_ROW and float(np.ptp(x)) < 1.0 + WITHIN_A_ROW
    return np.unwrap(x, period=1.0) if wraps else None


def _over_the_ends(columns: dict[str, np.ndarray]) -> None:
    """Command and measurement of an endless joint, counted in shares of its way, go on past its ends, in place, where both are written
    so; one that alone does so is wrong (`wrapped_ways`)."""
    both = [from_the_other_end(columns[kind]) if kind in columns else None for kind in ("command", "measured")]
    if both[0] is not None and both[1] is not None:
        columns |= {"command": both[0], "measured": both[1] + np.round(float(np.median(both[0] - both[1])))}


def _beside(recording: Recording, quantities: Sequence[str], names: Sequence[str], base: Stream) -> Stream | None:
    """The measured stream of these quantities with most of the names."""
    streams = [s for q in quantities for s in recording.select("measured", q) if s.n > 7 and set(names) & set(s.names)]
    return max(streams, key=lambda s: len(set(names) & set(s.names)), default=None)


def _on(t: np.ndarray, times: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(n,) by the line through the samples; held at both ends."""
    return np.interp(t, times, x) if len(times) else np.full(len(t), np.nan)


def _way(base: Stream, command: Stream | None) -> float | None:
    """What stands for the whole way of a hand's fingers, in the stream's unit: what the unit says (100 %, `0..255`, a share of one),
    else the furthest that any of them is commanded, or, in metres, measured. None where that tells nothing: of hands at rest what moves is
    noise."""
    if base.unit in SCALE:
        return 1.0
    if base.unit in WAYS:
        return WAYS[base.unit]
    if ".." in base.unit and (ends := ends_of(base.unit)) is not None:
        return ends[1] - ends[0]
    if command is None:
        return None
    finite = np.isfinite(command.values).all(axis=0)
    reach = float(np.ptp(command.values[:, finite], axis=0).max(initial=0.0))
    if not reach and base.unit == "m":
        went = base.values[:, np.isfinite(base.values).all(axis=0)]
        reach = float(np.ptp(went, axis=0).max(initial=0.0))
        return reach if reach > SURELY else None
    return reach or None


def _to_common(columns: dict[str, np.ndarray], beside: Mapping[str, Stream | None], base: Stream, way: float, of_shares: bool) -> str:
    """Angles to rad, anything else to a share of its way, and loads to N, Nm or A, in place; the unit."""
    loads = beside["effort"]
    if "effort" in columns and loads is not None and LOAD_SCALE.get(loads.unit, 1.0) != 1.0:
        columns["effort"] = columns["effort"] * LOAD_SCALE[loads.unit]
    for kind in ("command", "measured", "velocity"):
        stream = beside[kind]
        if kind in columns and stream is not None:
            scale = 1.0 if of_shares else SCALE.get(stream.unit.removesuffix("/s"), 1.0)
            scaled = columns[kind] if scale == 1.0 else columns[kind] * scale
            columns[kind] = scaled if way == 1.0 else scaled / way
    return "rad" if base.unit in SCALE and not of_shares else "1"
