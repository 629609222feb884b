"""ROS 1 bags (rosbag v2.0): message by message through the bag's own definitions, into streams as a mapping says.

Messages are read one at a time and only their mapped numbers are kept, so that memory follows the values and not the
file. A bag comes from outside: whatever is wrong with it ends in one `EpisodeError`, and what it claims about sizes is
not trusted.
"""

from __future__ import annotations

import bz2
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from rosbags.interfaces import Connection, Nodetype
from rosbags.rosbag1 import Reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from ...scenarios.errors import EpisodeError
from ..mapping import Mapping, TopicRule, load, packaged
from ..recording import Recording
from .rosbag1_topic import TopicBuffer

# unpacked, which takes twice as much for a while; the recorder writes chunks of 768 KiB, or of one message, at most a picture
MAX_CHUNK_BYTES = 128 << 20
MAX_VALUE_BYTES = 2 << 30  # of one bag's streams; three hours of the robot's sensors at 500 Hz take a third of it


def read(path: Path, source: str, mapping: str | Path | None = None) -> Recording:
    """Read one bag.

    Args:
        path: the bag.
        source: what `Recording.source` says.
        mapping: name or file of the mapping; None chooses by the topics and types that the bag holds.

    Raises:
        EpisodeError: not a whole bag, nothing in it that a mapping knows, or messages that are not as the mapping says.
    """
    chosen = None if mapping is None else load(mapping)
    with _mendable(path):
        if path.stat().st_size == 0:
            raise EpisodeError("the file is empty. Copy it again from the recorder, or leave it out.", file=path)
        sha256 = _sha256(path)
        reader = Reader(path)
        reader.open()
    try:
        with _mendable(path):
            _bound_chunks(reader)
            connections = [c for c in reader.connections if c.msgcount]
            silent = [c for c in reader.connections if not c.msgcount]
        return _read_open(path, source, sha256, reader, connections, silent, chosen)
    finally:
        reader.close()


@contextmanager
def _mendable(path: Path) -> Iterator[None]:
    """Turn whatever the bag library raises over a broken file into one `EpisodeError`."""
    try:
        yield
    except EpisodeError:
        raise
    except PermissionError:
        raise EpisodeError("the file may not be read. Give yourself read permission.", file=path) from None
    except Exception as error:  # struct.error, AssertionError, KeyError, ...: the library trusts a file's numbers
        raise EpisodeError(
            f"not a readable ROS 1 bag ({_cause(error)}). A recording that was cut off is mended with "
            "`rosbag reindex`; otherwise copy it again from the recorder.",
            file=path,
        ) from None


def _cause(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text[:160] if text else type(error).__name__


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _bound_chunks(reader: Reader) -> None:
    """Make the reader unpack no more than `MAX_CHUNK_BYTES` of a chunk, whatever the chunk holds."""

    def bounded(unpack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        def run(data: bytes) -> bytes:
            if data[:3] == b"BZh" and unpack is bz2.decompress:
                out = bz2.BZ2Decompressor().decompress(data, MAX_CHUNK_BYTES + 1)
            elif data[:4] == b"\x04\x22\x4d\x18":  # the magic number of an LZ4 frame
                from lz4.frame import LZ4FrameDecompressor

                out = LZ4FrameDecompressor().decompress(data, MAX_CHUNK_BYTES + 1)
            else:
                out = unpack(data)
            if len(out) > MAX_CHUNK_BYTES:
                raise ValueError(f"a chunk unpacks to more than {MAX_CHUNK_BYTES >> 20} MiB")
            return out

        return run

    for position, chunk in reader.chunks.items():
        if chunk.datasize > MAX_CHUNK_BYTES:
            raise ValueError(f"a chunk holds {chunk.datasize >> 20} MiB, more than {MAX_CHUNK_BYTES >> 20} MiB")
        reader.chunks[position] = chunk._replace(decompressor=bounded(chunk.decompressor))


def _choose(path: Path, connections: list[Connection]) -> Mapping:
    """The mapping that knows most of the bag's messages; one for a robot before one for a person's motion alone."""
    mappings = list(packaged("rosbag1"))

    def known(mapping: Mapping) -> int:
        return sum(c.msgcount for c in connections if _rule(mapping, c) is not None)

    fitting = [m for m in mappings if any(c.topic in m.recognise and _rule(m, c) for c in connections)]
    if not fitting:
        raise EpisodeError(_nothing_known(mappings, connections), file=path)
    return max(fitting, key=lambda m: (m.kind != "human", known(m)))


def _rule(mapping: Mapping, connection: Connection) -> TopicRule | None:
    rule = mapping.topics.get(connection.topic)
    return rule if rule is not None and rule.type == connection.msgtype else None


def _ros1(type_: str) -> str:
    """`sensor_msgs/msg/JointState`, as the library says, the way ROS 1 spells it."""
    return type_.replace("/msg/", "/")


def _listed(connections: list[Connection]) -> str:
    counts: dict[tuple[str, str], int] = {}
    for c in connections:
        key = (c.topic, _ros1(c.msgtype))
        counts[key] = counts.get(key, 0) + c.msgcount
    shown = [f"{topic} ({type_}, {n} messages)" for (topic, type_), n in list(counts.items())[:12]]
    return ", ".join(shown) + (f" and {len(counts) - 12} more" if len(counts) > 12 else "")


def _nothing_known(mappings: list[Mapping], connections: list[Connection]) -> str:
    if not connections:
        return "the bag holds no messages. Record it again, and look at the topics meanwhile (`rostopic hz`)."
    wrong = [
        f" {c.topic} is a {_ros1(c.msgtype)} here, where mapping {m.name} knows a {_ros1(m.topics[c.topic].type)}."
        for m in mappings
        for c in connections
        if c.topic in m.recognise and _rule(m, c) is None
    ]
    wanted = ", ".join(sorted({topic for m in mappings for topic in m.recognise}))
    return (
        f"no arm topic that a mapping knows. The bag holds {_listed(connections)}.{''.join(dict.fromkeys(wrong))} "
        f"Record one of {wanted}, or say what the topics are in a mapping of your own: "
        "mapping=FILE.yaml, like conf/mapping/kuavo_rosbag.yaml."
    )


def _read_open(
    path: Path,
    source: str,
    sha256: str,
    reader: Reader,
    connections: list[Connection],
    silent: list[Connection],
    chosen: Mapping | None,
) -> Recording:
    mapping = chosen or _choose(path, connections)
    mapped = [c for c in connections if _rule(mapping, c) is not None]
    if not mapped:
        raise EpisodeError(
            f"mapping {mapping.name} knows no topic of this bag, which holds {_listed(connections) or 'no messages'}. "
            "Leave mapping= out to have one chosen, or name the topics in the mapping.",
            file=path,
        )
    topics: dict[str, TopicBuffer] = {}
    for c in mapped:
        rule = mapping.topics[c.topic]
        topics.setdefault(c.topic, TopicBuffer(path, c.topic, rule)).publishers.append(_publisher(c))

    with _mendable(path):
        stores = {c.id: _definitions(c.msgdef.data, c.msgtype) for c in mapped}
    sender = {c.id: topics[c.topic].publishers.index(_publisher(c)) for c in mapped}
    used = 0
    messages = reader.messages(mapped)
    while True:
        with _mendable(path):
            item = next(messages, None)
            if item is None:
                break
            connection, time_ns, raw = item
            message = stores[connection.id].deserialize_ros1(raw, connection.msgtype)
            used += topics[connection.topic].add(message, time_ns, sender[connection.id])
        if used > MAX_VALUE_BYTES:
            limit = f"{MAX_VALUE_BYTES >> 30} GiB"
            raise EpisodeError(f"more than {limit} of values. Cut the bag with `rosbag filter`.", file=path)

    notes = [f"read with mapping {mapping.name}; values, element order and clocks are as stored"]
    streams = {s.name: s for topic in topics.values() for s in topic.streams(notes)}
    unmapped = tuple(_unmapped(mapping, connections, silent))
    kind = mapping.kind
    if kind == "robot" and not any(s.role == "command" for s in streams.values()):
        measured = any(s.role == "measured" for s in streams.values())
        kind = "state_only" if measured else "human"
        notes.append("no command was recorded" if measured else "no joint was recorded, only a person's motion")
    return Recording(
        name=path.stem,
        source=source,
        sha256=sha256,
        kind=kind,
        streams=streams,
        metadata={
            "container": "rosbag v2.0",
            "robot": mapping.robot,
            "start_ns": reader.start_time,
            "duration_s": reader.duration * 1e-9,
            "messages": sum(c.msgcount for c in connections),
        },
        mapping=mapping.name,
        unmapped=unmapped,
        notes=notes,
    )


def _publisher(connection: Connection) -> str:
    return getattr(connection.ext, "callerid", None) or f"connection {connection.id}"


@lru_cache(
    maxsize=64
)  # a folder's bags carry the same definitions, and parsing one takes as long as a thousand messages
def _definitions(text: str, msgtype: str) -> Any:
    """A type store with the definitions that the bag itself carries for one connection."""
    definitions = get_types_from_msg(text, msgtype)
    _refuse_endless(definitions, msgtype)
    store = get_typestore(Stores.EMPTY)
    store.register(definitions)
    return store


def _refuse_endless(definitions: Any, msgtype: str) -> int:
    """The fewest bytes that a message of this type can take.

    An array of messages that take none would let eight bytes of a file claim four thousand million elements.
    """
    if msgtype not in definitions:
        return 8  # ROS's own time and duration

    def least(node: tuple[Any, Any]) -> int:
        kind, inner = node
        if kind is Nodetype.NAME:
            return _refuse_endless(definitions, inner)
        if kind is Nodetype.BASE:
            return 1
        element, length = inner
        smallest = least(element)
        if smallest == 0:
            raise ValueError(f"{msgtype} is defined as an array of nothing")
        return 4 if kind is Nodetype.SEQUENCE else smallest * length

    return sum(least(node) for _, node in definitions[msgtype][1])


def _unmapped(mapping: Mapping, connections: list[Connection], silent: list[Connection]) -> Iterator[str]:
    for c in connections:
        if _rule(mapping, c) is not None:
            continue
        type_ = _ros1(c.msgtype)
        if c.topic in mapping.topics:
            reason = f"a {_ros1(mapping.topics[c.topic].type)} was expected"
        else:
            reason = mapping.reason_unused(c.topic) or f"unknown to mapping {mapping.name}"
        yield f"{c.topic} ({type_}, {c.msgcount} messages): {reason}"
    for c in silent:
        yield f"{c.topic} ({_ros1(c.msgtype)}, 0 messages): announced, but nothing was recorded"
