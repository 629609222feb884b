"""A mapping says what each channel of a source is: `conf/mapping/<name>.yaml`, as plain dataclasses.

Every channel of a recording is either mapped to streams or named as unused with a reason. A mapping never says how to
convert: it says what the stored values are (unit, order, clock), and the readers keep them as they are.
"""

from __future__ import annotations

import math
import re
from collections import abc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from ..signals.signal import runs
from .column_endings import columns_called

_CALLED = re.compile(r"^(?P<channel>.+?)\[(?P<names>[^\]\d:][^\]]*)\]$")  # columns by what they are called
_SLICE = re.compile(r"^(?P<channel>.+?)(?:\[(?P<one>\d{1,6})\]|\[(?P<first>\d{1,6}):(?P<end>\d{0,6})\])?$")
ANY = "any"  # stands in a shape for an axis of any length
PRESENT = "present"  # stands for a whole shape: the channel is there, whatever its shape


@dataclass(frozen=True)
class StreamRule:
    """One stream out of a message, or out of the arrays of an episode.

    Attributes:
        fields: dotted paths of numbers or arrays, or channels of an array format (`action[0:7]`); their values are laid
            side by side.
        names: element names; with `suffixes`, of the parts that have several values each. In array formats they may be
            left out for the names that stand in the container (`spelled_in`).
        role, quantity, unit, declared, frame, note: as in `Stream`.
        name: last part of the stream's name, or None where the stream carries the topic's own.
        each: dotted path of an array of messages on which `fields` are read.
        suffixes: names of the values of one element (of `each`, or of an array's second axis).
        spelled_in: dotted path of the names that the sender writes (in array formats the channel or list that is named
            in the container, with the same slices), or None.
        spellings: other lists that `spelled_in` may hold, in the order of `names`.
        else_names: of messages: names of other models of the robot, chosen by how many values the first message holds; beside
            `by_name`: other lists, of which the first is taken that the container names in full.
        placeholder: columns that are filled, but mean nothing: dicts of `publisher`, `names`, `note`; in array formats
            without publisher, and with the `value` that stands in every row, where it is one.
        optional: the stream is left out where the message type lacks the field, or its array is always empty.
        by_name: of array formats: of the field, the columns that the container calls by one of `names`, wherever they
            stand; all of them must be there.
        numbered: in array formats, the names where nothing gives any: this word, and with several elements its number behind.
        per: in array formats, the list of names in the container of the things that the fields hold side by side, each with
            the columns `suffixes`: each thing becomes a stream of its own. Where there is no such list, `numbered` names them.
    """

    fields: tuple[str, ...]
    names: tuple[str, ...]
    role: str
    quantity: str
    unit: str
    name: str | None = None
    declared: str | None = None
    frame: str | None = None
    note: str | None = None
    each: str | None = None
    suffixes: tuple[str, ...] = ()
    spelled_in: str | None = None
    spellings: tuple[tuple[str, ...], ...] = ()
    placeholder: tuple[dict[str, Any], ...] = ()
    optional: bool = False
    by_name: bool = False
    numbered: str | None = None
    per: str | None = None
    else_names: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns in the mapping's order."""
        return self.named(self.names)

    def named(self, names: Iterable[str]) -> tuple[str, ...]:
        """Column names of elements with these names: each once, or once for every suffix."""
        return tuple(f"{name}.{suffix}" for name in names for suffix in self.suffixes) or tuple(names)


@dataclass(frozen=True)
class Columns:
    """Columns `first` to `end` (exclusive) of a channel; `end` None for all."""

    channel: str
    first: int = 0
    end: int | None = None

    @staticmethod
    @lru_cache(maxsize=1024)
    def parse(text: str) -> Columns:
        """Read `channel`, `channel[3]`, `channel[0:7]` or `channel[7:]`, to its last column.

        Raises:
            ValueError: the slice is empty.
        """
        match = _SLICE.match(text)
        if match is None:
            raise ValueError(f"{text!r} names no channel")
        if match["one"] is not None:
            return Columns(match["channel"], int(match["one"]), int(match["one"]) + 1)
        if match["first"] is None:
            return Columns(text)
        if not match["end"]:
            return Columns(match["channel"], int(match["first"]))
        first, end = int(match["first"]), int(match["end"])
        if first >= end:
            raise ValueError(f"{text!r} holds no column")
        return Columns(match["channel"], first, end)

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

    channels: abc.Mapping[str, tuple[int | str, ...] | None]
    streams: tuple[StreamRule, ...]
    robot_type: str | None = None
    episodes: str | None = None
    time: TimeRule | None = None
    fps: float | str | None = None
    metadata: abc.Mapping[str, str] = field(default_factory=dict)
    column_names: abc.Mapping[str, Sequence[str]] = field(default_factory=dict)
    else_columns: abc.Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    name_lists: abc.Mapping[str, str] = field(default_factory=dict)
    task: str | None = None

    def fits(
        self,
        shapes: abc.Mapping[str, Sequence[int]],
        robot_type: str | None,
        labels: abc.Mapping[str, Sequence[str]] | None = None,
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
    unused: abc.Mapping[str, str], channel: str, width: int, names: Sequence[str] = ()
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


@dataclass(frozen=True)
class TopicRule:
    """What one channel holds, and which clocks it has.

    Attributes:
        type: the message type that the rule is for (`sensor_msgs/msg/JointState`).
        clock: the clock to judge by.
        streams: what to take out of a message.
        capture: dotted path of the sender's stamp, or None.
        device: dotted path of a further clock, or None.
        device_ns: nanoseconds in one tick of `device` where it is an integer; None for a ROS time.
    """

    type: str
    clock: str
    streams: tuple[StreamRule, ...]
    capture: str | None = None
    device: str | None = None
    device_ns: int | None = None


@dataclass(frozen=True)
class Mapping:
    """A checked mapping file.

    Attributes:
        name: its file stem, which verdicts show.
        title, format, robot, kind: what it is for.
        recognise: topics of which at least one must be there for the mapping to be chosen; of array formats, the
            channels that must all be there.
        topics: rule by topic.
        unused: reason by topic pattern; of array formats, by channel pattern with a slice (`action[13:22]`).
        arrays: the rule of array formats, which have no topics.
        pictures: camera by topic of compressed pictures; an import decodes them.
        words: what the file says in a person's words (notes, reasons), by the English sentence: each by language.
    """

    name: str
    title: str
    format: str
    robot: str
    kind: str
    recognise: tuple[str, ...]
    topics: dict[str, TopicRule]
    unused: dict[str, str] = field(default_factory=dict)
    arrays: ArrayRule | None = None
    pictures: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)

    def note_words(self, lines: Iterable[str]) -> dict[str, dict[str, str]]:
        """The words of those sentences alone with which one of these lines ends: what a recording keeps of them."""
        lines = tuple(lines)
        return {en: words for en, words in self.words.items() if any(line.endswith(en) for line in lines)}

    def reason_unused(self, topic: str) -> str | None:
        """Why the mapping leaves a topic out of the streams, or None where it does not know the topic."""
        if topic in self.pictures:
            return f"pictures of the camera {self.pictures[topic]}, which an import takes along"
        return next((reason for pattern, reason in self.unused.items() if fnmatchcase(topic, pattern)), None)
