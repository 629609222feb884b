"""ROS 2 bags in SQLite (`*.db3`), through a mapping; the same topics and rules as a ROS 1 bag.

From ROS 2 Iron on a bag carries the definitions of its messages; of an older one only messages that ROS itself defines
can be read. Messages come in the order of their receive times. The file is opened as one that nobody changes, so that no
journal is left beside it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_typestore

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import Recording
from ..file_state import sha256_of
from ..mappings import load
from ..reader_errors import mending
from ..topics import TopicReading
from .bag1 import definitions
from .parts import announced, refuse_part

ZSTD = b"\x28\xb5\x2f\xfd"  # the first bytes of what is packed so
MAX_MESSAGE_BYTES = 256 << 20  # unpacked
FORMATS = ("mcap", "rosbag1")  # their mappings come into question: the robot's topics and types are the same


def read(path: Path, source: str, mapping: str | Path | None = None) -> Recording:
    """Read one bag.

    Args:
        path: its `.db3` file.
        source: what `Recording.source` says.
        mapping: name or file of the mapping; None chooses by topics and types.

    Raises:
        EpisodeError: not a whole bag or one part of several, nothing in it that a mapping knows, no definition of a
            message, or messages that are not as the mapping says.
    """
    chosen = None if mapping is None else load(mapping)
    refuse_part(path)
    with _mendable(path), Reader(path) as reader:
        held = TopicReading(path, "bag", reader.connections, chosen, FORMATS, _sender, "Cut the bag.")
        stores = {c.id: _store(path, c) for c in held.known}
        for c, time, raw in reader.messages(held.known):
            held.add(c, stores[c.id].deserialize_cdr(_unpacked(raw), c.msgtype), time)
        duration_s = (reader.duration - 1) * 1e-9  # the library counts the last nanosecond, too
        more = announced(path, held.mapping, reader.connections)
        return held.recording(source, sha256_of(path), "ROS 2 bag (SQLite)", reader.start_time, duration_s, more)


def _unpacked(raw: bytes) -> bytes:
    """A message as it was sent; `ros2 bag record --compression-mode message` packs each by itself, and none begins like that otherwise."""
    if bytes(raw[:4]) != ZSTD:
        return raw
    import zstandard

    with zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        data = stream.read(MAX_MESSAGE_BYTES + 1)
    if len(data) > MAX_MESSAGE_BYTES:
        raise ValueError(f"a message unpacks to more than {MAX_MESSAGE_BYTES >> 20} MiB")
    return data


def _sender(connection: Connection) -> str:
    return f"connection {connection.id}"  # a ROS 2 bag does not say who sent


def _store(path: Path, connection: Connection) -> Any:
    """A type store for one connection."""
    if connection.msgdef.format == MessageDefinitionFormat.MSG:
        return definitions(connection.msgdef.data, connection.msgtype)
    standard = get_typestore(Stores.ROS2_HUMBLE)
    if connection.msgtype in standard.types:
        return standard
    raise EpisodeError(
        f"the bag carries no definition of {connection.msgtype}, which is none of ROS's own. Record with ROS 2 Iron or "
        "later, or convert it where the robot's messages are installed: ros2 bag convert, to MCAP.",
        file=path,
        field=connection.topic,
    )


_mendable = partial(mending, broken="not a readable ROS 2 bag", fix="Copy it again from the recorder.")
