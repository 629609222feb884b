"""The part of a mapping for formats with episodes as arrays, one row a sample: LeRobot, NumPy, HDF5, DAPG.

A field names a channel and, where it holds several things, a slice of its columns: `action[0:7]`, `states[0]`. An array
with more than two axes is laid out row by row first: of (T, 21, 3), `joints[0:3]` is x, y, z of the first joint.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from ..signals.signal import runs
from .column_endings import columns_called

if TYPE_CHECKING:
    from .stream_rule import StreamRule

_CALLED = re.compile(r"^(?P<channel>.+?)\[(?P<names>[^\]\d:][^\]]*)\]$")  # columns by what they are called
_SLICE = re.compile(r"^(?P<channel>.+?)(?:\[(?P<one>\d{1,6})\]|\[(?P<first>\d{1,6}):(?P<end>\d{0,6})\])?$")
ANY = "any"  # stands in a shape for an axis of any length
PRESENT = "present"  # stands for a whole shape: the channel is there, whatever its shape


@dataclass(frozen=True)
class Columns:
    """Columns `first` to `end` (exclusive) of a channel; `end` None for all."""

    channel: str
    first: int = 0
    end: int | None = None

    @classmethod
    def parse(cls, text: str) -> Columns:
        """Read `channel`, `channel[3]`, `channel[0:7]` or `channel[7:]`, to its last column.

        Raises:
            ValueError: the slice is empty.
        """
        match = _SLICE.match(text)
        if match is None:
            raise ValueError(f"{text!r} names no channel")
        if match["one"] is not None:
            return cls(match["channel"], int(match["one"]), int(match["one"]) + 1)
        if match["first"] is None:
            return cls(text)
        if not match["end"]:
            return cls(match["channel"], int(match["first"]))
        first, end = int(match["first"]), int(match["end"])
        if first >= end:
            raise ValueError(f"{text!r} holds no column")
        return cls(match["channel"], first, end)

    def span(self, width: int) -> tuple[int, int]:
        """First and last (exclusive) column in a channel of this width."""
        return self.first, width if self.end is None else self.end

    def __str__(self) -> str:
        if self.end is None:
            return f"{self.channel}[{self.first}:]" if self.first else self.channel
        return (
            f"{self.channel}[{self.first}]"
            if self.end == self.first + 1
            else f"{self.channel}[{self.first}:{self.end}]"
        )


@dataclass(frozen=True)
class TimeRule:
    """Where the time of a row stands: its field, the nanoseconds in its unit, and which clock that is."""

    field: str
    unit_ns: int
    clock: str


@dataclass(frozen=True)
class ArrayRule:
    """What the arrays of an episode hold.

    Attributes:
        channels: channels that must all be there for the mapping to be chosen, with their shape after the first axis:
            numbers, or `any`; () where each row is one number; None for any shape.
        name_lists: list of names, which the container must have -> columns, of which there must be as many as names; of a channel
            with several axes, the first.
        streams: what to take out of the arrays.
        robot_type: what a LeRobot set must name as its robot, or None.
        task: the task that a file must name, where it names one.
        episodes: pattern of the groups or name prefixes that hold one episode each (`demo*`), or None.
        time: the time of a row, or None, where rows stand at k / fps.
        fps: rows a second, where the container does not tell; or the field that tells it.
        metadata: note by field, for arrays that are no rows (a start state); they go into `Recording.metadata`.
        column_names: names that the container must call columns of a channel by, for the mapping to be chosen.
        else_columns: other lists, of which it may use one in place of that one; then it names nothing else of them.
    """

    channels: Mapping[str, tuple[int | str, ...] | None]
    streams: tuple[StreamRule, ...]
    robot_type: str | None = None
    episodes: str | None = None
    time: TimeRule | None = None
    fps: float | str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    column_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    else_columns: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    name_lists: Mapping[str, str] = field(default_factory=dict)
    task: str | None = None

    def fits(
        self,
        shapes: Mapping[str, Sequence[int]],
        robot_type: str | None,
        labels: Mapping[str, Sequence[str]] | None = None,
        task: str | None = None,
    ) -> bool:
        """Whether all channels are there with these shapes (first axis included), for this robot.

        Args:
            labels: the lists of names that the container holds; task: what it says was done, in its own word.
        """
        if self.robot_type is not None and self.robot_type != robot_type:
            return False
        if None not in (self.task, task) and self.task != task:
            return False
        for label, text in self.name_lists.items():
            columns, names = Columns.parse(text), (labels or {}).get(label)
            if names is None or columns.channel not in shapes:
                return False
            axes = shapes[columns.channel][1:]
            first, end = columns.span(axes[0] if len(axes) > 1 and text == columns.channel else math.prod(axes))
            if len(names) != end - first:
                return False
        called = {channel: tuple(columns_called((labels or {}).get(channel, ()), "joint_position")) for channel in self.column_names}
        if not all(self._named(channel, called[channel]) for channel in self.column_names):
            return False
        return all(name in shapes and _same(shape, shapes[name][1:]) for name, shape in self.channels.items())

    def _named(self, channel: str, called: Sequence[str]) -> bool:
        """Whether the columns of a channel are called as they must be: a robot without one of its arms, never with half of one."""
        if set(self.column_names[channel]) <= set(called):
            return True
        others = self.else_columns.get(channel, ())
        known = set(called) & set(self.column_names[channel]).union(*others)
        return any(known == set(names) for names in others)

    @property
    def detail(self) -> int:
        """How much the rule asks for: of several that fit, the one that asks for most is chosen."""
        return len(self.channels) + (self.robot_type is not None) + len(self.name_lists) + len(self.column_names)


def _same(wanted: Sequence[int | str] | None, found: Sequence[int]) -> bool:
    if wanted is None:
        return True
    if not wanted:
        return math.prod(found) == 1
    return len(wanted) == len(found) and all(w in (ANY, n) for w, n in zip(wanted, found))


def reason_unused(
    unused: Mapping[str, str], channel: str, width: int, names: Sequence[str] = ()
) -> list[tuple[int, int, str]]:
    """What a mapping names as unused of a channel: (first column, last column exclusive, reason).

    Args:
        names: of its columns, where the container has any: `action[answer.*]` is those that are called so.
    """
    found = []
    for pattern, reason in unused.items():
        called = _CALLED.match(pattern)
        if called is not None:
            if fnmatchcase(channel, called["channel"]):
                there = np.array([fnmatchcase(name, called["names"]) for name in names[:width]], bool)
                found += [(first, last + 1, reason) for first, last in runs(there)]
            continue
        columns = Columns.parse(pattern)
        if fnmatchcase(channel, columns.channel):
            found.append((*columns.span(width), reason))
    return found
