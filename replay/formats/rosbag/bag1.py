"""ROS 1 bags (rosbag v2.0): message by message through the bag's own definitions, into streams as a mapping says.

Messages are read one at a time and only their mapped numbers are kept, so that memory follows the values and not the
file. A bag comes from outside: whatever is wrong with it ends in one `EpisodeError`, and what it claims about sizes is
not trusted.
"""

from __future__ import annotations

import bz2
from collections.abc import Callable
from pathlib import Path

from rosbags.interfaces import Connection
from rosbags.rosbag1 import Reader

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import Recording
from ..file_state import sha256_of
from ..mapping import Mapping
from ..mappings import load
from ..topics import TopicBuffers, choose, mapped, recording_of
from .cut_off import refuse_cut_off
from .definitions import definitions, mendable
from .take_labels import with_labels

# unpacked, which takes twice as much for a while; the recorder writes chunks of 768 KiB, or of one message, at most a picture
MAX_CHUNK_BYTES = 128 << 20


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
    with mendable(path):
        if path.stat().st_size == 0:
            raise EpisodeError("the file is empty. Copy it again from the recorder, or leave it out.", file=path)
        refuse_cut_off(path)
        sha256 = sha256_of(path)
        reader = Reader(path)
        reader.open()
    try:
        with mendable(path):
            _bound_chunks(reader)
            connections = [c for c in reader.connections if c.msgcount]
            silent = [c for c in reader.connections if not c.msgcount]
        return _read_open(path, source, sha256, reader, connections, silent, chosen)
    finally:
        reader.close()


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


def _read_open(
    path: Path,
    source: str,
    sha256: str,
    reader: Reader,
    connections: list[Connection],
    silent: list[Connection],
    chosen: Mapping | None,
) -> Recording:
    mapping = chosen or choose(path, connections, ("rosbag1",), "bag")
    known = mapped(path, mapping, connections, "bag")
    senders = ((c.topic, _publisher(c)) for c in known)
    topics = TopicBuffers(path, mapping, senders, "Cut the bag with `rosbag filter`.")
    with mendable(path):
        stores = {c.id: definitions(c.msgdef.data, c.msgtype) for c in known}
    with mendable(path):
        for connection, time_ns, raw in reader.messages(known):
            message = stores[connection.id].deserialize_ros1(raw, connection.msgtype)
            topics.add(connection.topic, _publisher(connection), message, time_ns)

    metadata = {
        "container": "rosbag v2.0",
        "robot": mapping.robot,
        "start_ns": reader.start_time,
        "duration_s": reader.duration * 1e-9,
        "messages": sum(c.msgcount for c in connections),
    }
    recording = recording_of(path, source, sha256, mapping, topics.by_topic, connections, silent, metadata)
    with_labels(recording, path, {c.topic for c in connections}, reader.duration * 1e-9)
    if mapping.pictures:
        from . import bag_pictures as rosbag1_pictures

        with mendable(path):
            recording.pictures.update(rosbag1_pictures.found(path, reader, connections, mapping))
    return recording


def _publisher(connection: Connection) -> str:
    return getattr(connection.ext, "callerid", None) or f"connection {connection.id}"
