"""What containers of topics have in common: a mapping is chosen by the topics, and the topics become a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from ...scenarios.sheet.errors import EpisodeError, shown
from ..recording.recording import NOTE_WORDS, SILENT, Recording
from .mapping import Mapping, TopicRule
from .mappings import of_format, unreadable
from .rosbag.topic import TopicBuffer

MAX_VALUE_BYTES = 2 << 30  # of one container's streams; three hours of the robot's sensors at 500 Hz take a third of it


class NoTopics(EpisodeError):
    """No mapping knows any topic of a container; for a ROS 1 bag one can be proposed."""


class Channel(Protocol):
    """A topic as one sender wrote it: `msgtype` as `sensor_msgs/msg/JointState`, `msgcount` messages."""

    @property
    def topic(self) -> str: ...
    @property
    def msgtype(self) -> str: ...
    @property
    def msgcount(self) -> int: ...


AnyChannel = TypeVar("AnyChannel", bound=Channel)


def choose(path: Path, channels: Sequence[Channel], formats: Sequence[str], what: str) -> Mapping:
    """The mapping that knows most of the messages; one for a robot before one for a person's motion alone.

    Args:
        formats: mappings for these containers come into question; `what`: the container, in words.

    Raises:
        EpisodeError: no mapping knows any of it; it says what is there and what would be known.
    """
    mappings = [mapping for name in formats for mapping in of_format(name)]

    def known(mapping: Mapping) -> int:
        return sum(c.msgcount for c in channels if rule_of(mapping, c) is not None)

    fitting = [m for m in mappings if any(c.topic in m.recognise and rule_of(m, c) for c in channels)]
    if not fitting:
        raise NoTopics(_nothing_known(mappings, channels, what), file=path)
    return max(fitting, key=lambda m: (m.kind != "human", known(m)))


def rule_of(mapping: Mapping, channel: Channel) -> TopicRule | None:
    """What a mapping says of a channel, or None where it does not know it with this type."""
    rule = mapping.topics.get(channel.topic)
    return rule if rule is not None and _capital(rule.type) == _capital(channel.msgtype) else None


def _capital(type_: str) -> str:
    """A type with a capital, which ROS 2 demands: the maker's `sensorsData` is called `SensorsData` there."""
    package, slash, name = type_.rpartition("/")
    return f"{package}{slash}{name[:1].upper()}{name[1:]}"


def mapped(path: Path, mapping: Mapping, channels: Sequence[AnyChannel], what: str) -> list[AnyChannel]:
    """The channels that a mapping knows.

    Raises:
        EpisodeError: it knows none.
    """
    found = [c for c in channels if rule_of(mapping, c) is not None]
    if not channels:
        raise EpisodeError(_nothing_known([mapping], channels, what), file=path)
    if not found:
        raise EpisodeError(
            f"mapping {mapping.name} knows no topic of this {what}, which holds {_listed(channels) or 'no messages'}. "
            "Leave mapping= out to have one chosen, or name the topics in the mapping.",
            file=path,
        )
    return found


class TopicReading(Generic[AnyChannel]):
    """A container of topics while it is read: what it holds, the mapping, and the buffers that its messages fill.

    Args:
        what: the container, in words; every: all its channels.
        chosen: the mapping; None chooses one for these `formats`.
        sender: who writes a channel; cut: what to do with a container of too many values.

    Attributes:
        channels: those that hold messages; silent: those that hold none; known: those that the mapping knows.
        topics: buffer by topic.

    Raises:
        EpisodeError: no mapping knows any of it.
    """

    def __init__(
        self,
        path: Path,
        what: str,
        every: Iterable[AnyChannel],
        chosen: Mapping | None,
        formats: Sequence[str],
        sender: Callable[[AnyChannel], str],
        cut: str,
    ) -> None:
        self._path, self._sender, self._cut, self._taken = path, sender, cut, 0
        every = list(every)
        self.channels = [c for c in every if c.msgcount]
        self.silent = [c for c in every if not c.msgcount]
        self.mapping = chosen or choose(path, self.channels, formats, what)
        self.known = mapped(path, self.mapping, self.channels, what)
        self.topics: dict[str, TopicBuffer] = {}
        for c in self.known:
            buffer = self.topics.setdefault(c.topic, TopicBuffer(path, c.topic, self.mapping.topics[c.topic]))
            buffer.publishers.append(sender(c))

    def add(self, channel: AnyChannel, message: Any, time_ns: int) -> None:
        """Take in one message of a channel that is known.

        Raises:
            EpisodeError: it is not as the mapping says, or all together are more than `MAX_VALUE_BYTES`.
        """
        buffer = self.topics[channel.topic]
        self._taken += buffer.add(message, time_ns, buffer.publishers.index(self._sender(channel)))
        if self._taken > MAX_VALUE_BYTES:
            raise EpisodeError(f"more than {MAX_VALUE_BYTES >> 30} GiB of values. {self._cut}", file=self._path)

    def recording(
        self, source: str, sha256: str, container: str, start_ns: int, duration_s: float, more: dict[str, Any] | None = None
    ) -> Recording:
        """The recording that the filled buffers are; `more`: what the container says beside."""
        mapping = self.mapping
        metadata: dict[str, Any] = {
            "container": container,
            "robot": mapping.robot,
            "start_ns": start_ns,
            "duration_s": duration_s,
            "messages": sum(c.msgcount for c in self.channels),
            **(more or {}),
        }
        notes = [f"read with mapping {mapping.name}; values, element order and clocks are as stored"]
        streams = {s.name: s for topic in self.topics.values() for s in topic.streams(notes)}
        kind = mapping.kind
        if kind == "robot" and not any(s.role == "command" for s in streams.values()):
            measured = any(s.role == "measured" for s in streams.values())
            kind = "state_only" if measured else "human"
            notes.append("no command was recorded" if measured else "no joint was recorded, only a person's motion")
        unmapped = tuple(_unmapped(mapping, self.channels, self.silent))
        roles = {s.role for s in streams.values()}
        sought = {"command", "measured"} - roles
        lost = {c.topic for c in self.silent if (rule := rule_of(mapping, c)) and {s.role for s in rule.streams} & sought}
        if lost:
            metadata[SILENT] = sorted(lost)
        if words := mapping.note_words([*notes, *unmapped]):
            metadata[NOTE_WORDS] = words
        return Recording(
            name=shown(self._path.stem),
            source=source,
            sha256=sha256,
            kind=kind,
            streams=streams,
            metadata=metadata,
            mapping=mapping.name,
            unmapped=unmapped,
            notes=notes,
        )


def _short(type_: str) -> str:
    """`sensor_msgs/msg/JointState`, as the library says, the way ROS 1 spells it."""
    return type_.replace("/msg/", "/")


def _listed(channels: Sequence[Channel]) -> str:
    counts: dict[tuple[str, str], int] = {}
    for c in channels:
        key = (c.topic, _short(c.msgtype))
        counts[key] = counts.get(key, 0) + c.msgcount
    listed = [f"{topic} ({type_}, {n} messages)" for (topic, type_), n in list(counts.items())[:12]]
    return ", ".join(listed) + (f" and {len(counts) - 12} more" if len(counts) > 12 else "")


def _nothing_known(mappings: list[Mapping], channels: Sequence[Channel], what: str) -> str:
    if not channels:
        return f"the {what} holds no messages. Record it again, and look at the topics meanwhile (`rostopic hz`)."
    wrong = [
        f" {c.topic} is a {_short(c.msgtype)} here, where mapping {m.name} knows a {_short(m.topics[c.topic].type)}."
        for m in mappings
        for c in channels
        if c.topic in m.recognise and rule_of(m, c) is None
    ]
    wanted = ", ".join(sorted({topic for m in mappings for topic in m.recognise}))
    return (
        f"no arm topic that a mapping knows. The {what} holds {_listed(channels)}.{''.join(dict.fromkeys(wrong))} "
        f"Record one of {wanted}, or write a mapping, like the package's kuavo_rosbag.yaml. "
        f"Put it into conf/mapping/ of the working folder, or name it by mapping=FILE.yaml.{unreadable()}"
    )


def _unmapped(mapping: Mapping, channels: Sequence[Channel], silent: Sequence[Channel]) -> Iterator[str]:
    for c in channels:
        if rule_of(mapping, c) is not None:
            continue
        type_ = _short(c.msgtype)
        if c.topic in mapping.topics:
            reason = f"a {_short(mapping.topics[c.topic].type)} was expected"
        else:
            reason = mapping.reason_unused(c.topic) or f"unknown to mapping {mapping.name}"
        yield f"{c.topic} ({type_}, {c.msgcount} messages): {reason}"
    for c in silent:
        yield f"{c.topic} ({_short(c.msgtype)}, 0 messages): announced, but nothing was recorded"
