"""MCAP files in: our own, given back equal in every bit, and ROS recordings of others through a mapping.

Of others, messages in CDR with a `ros2msg` definition are read, and ROS 1 messages with a `ros1msg` one; mappings for
ROS 1 bags (`format: rosbag1`) serve too, because the robot's topics and types are the same in either container.
Messages are taken in the order of the file, or of their log times where the motion is the shorter one so (`_in_log_order`); sizes of its
records are bounded and checksums compared.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from mcap.records import Attachment, Channel, Chunk, McapRecord, Message, Metadata, Schema, Statistics
from mcap.stream_reader import StreamReader, breakup_chunk

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import KINDS, Recording, Stream
from .. import episode_archive as packed
from .. import lossless_json as tagged
from ..file_state import sha256_of
from ..mappings import load
from ..reader_errors import mending, refuse_empty, refuse_layout, refuse_stand_in
from ..rosbag.parts import announced, refuse_part
from ..topics import TopicReading
from . import write as layout

FORMATS = ("mcap", "rosbag1")  # their mappings come into question
ENCODINGS = (("cdr", "ros2msg"), ("ros1", "ros1msg"))  # of messages and their definitions
MAX_CHUNK_BYTES = 256 << 20  # unpacked; recorders write chunks of a few MiB
MAX_RECORD_BYTES = 1 << 30
MAGIC = b"\x89MCAP0\r\n"  # at both ends of a whole file
mendable = partial(
    mending, broken="not a readable MCAP file", fix="Try `mcap doctor`, or copy it again from the recorder."
)


def read(path: Path, source: str, mapping: str | Path | None = None) -> Recording:
    """Read one MCAP file.

    A file of `mcap_write` comes back equal in every field but `source`; its `sha256` is that of the file that the
    recording was first read from. Where its numbers were changed since, the notes say so and `sha256` is this file's.

    Args:
        path: the file.
        source: what `Recording.source` says.
        mapping: name or file of the mapping for a recording of others; None chooses by topics and types. Our own files
            need none.

    Raises:
        EpisodeError: not a whole MCAP file or one part of several, nothing in it that a mapping knows, or messages that are not as it says.
    """
    chosen = None if mapping is None else load(mapping)
    with mendable(path):
        refuse_empty(path)
        file = _File(path)
    if file.about is not None:
        return _own(file, source)
    refuse_part(path)
    every = [*file.channels.values()]
    sending = [c for c in every if c.msgcount]
    if not any(c.readable for c in sending):
        _refuse_encodings(path, sending)  # no mapping would help
    sha256 = sha256_of(path)

    def read_in(order: Callable[[Path, Container[int]], Iterable[Message]]) -> Recording:
        held = TopicReading(path, "file", every, chosen, FORMATS, lambda channel: channel.sender, "Cut the file.")
        _refuse_encodings(path, held.known)
        known = {c.id: c for c in held.known}
        with mendable(path):
            for message in order(path, known):
                sent = known[message.channel_id]
                held.add(sent, sent.decode(message.data), _signed(message.log_time))
        more = announced(path, held.mapping, every, file.is_whole)
        return held.recording(source, sha256, "MCAP", file.start_ns, (file.end_ns - file.start_ns) * 1e-9, more)

    as_written = read_in(_in_file_order)
    if not {file.channels[key].topic for key in file.disordered} & {s.meta["topic"] for s in as_written.streams.values()}:
        return as_written
    by_time = read_in(_in_log_order)
    if _way(by_time) >= _way(as_written):
        return as_written  # a clock that was set back, and no order of writing
    by_time.notes.append("the messages do not stand in the file in the order of their log times; they are read in that order")
    return by_time


def _in_file_order(path: Path, known: Container[int]) -> Iterator[Message]:
    return (record for record in records(path) if isinstance(record, Message) and record.channel_id in known)


def _in_log_order(path: Path, known: Container[int]) -> list[Message]:
    """The messages by their log times: a recorder may write them, or chunks of them, in any order, and readers go by an index of times."""
    return sorted(_in_file_order(path, known), key=lambda message: message.log_time)


def _way(recording: Recording) -> float:
    """How far all columns go from sample to sample, each in times of all that it goes: far, where samples stand in no order of time."""
    way = 0.0
    for stream in recording.streams.values():
        x = stream.values[np.isfinite(stream.values).all(axis=1)] if stream.names else stream.values
        if len(x) and x.shape[1]:
            way += float((np.abs(np.diff(x, axis=0)).sum(axis=0) / np.maximum(np.ptp(x, axis=0), 1e-12)).sum())
    return way


def _refuse_encodings(path: Path, channels: Sequence[_Channel]) -> None:
    """See that the messages of all these channels can be decoded.

    Raises:
        EpisodeError: those of one cannot, with what can be read.
    """
    if (odd := next((c for c in channels if not c.readable), None)) is not None:
        known = " and ".join(map(" with ".join, ENCODINGS))
        raise EpisodeError(
            f"{odd.topic} is encoded as {' with '.join(odd.encoding)}. Of MCAP files, {known} are read. "
            "Record with `ros2 bag record -s mcap`, or save the values as .npz or .hdf5; "
            "`shiliu list formats` lists what is read.",
            file=path,
        )


def _signed(time: int) -> int:
    if time >= 1 << 63:
        raise ValueError(f"time {time} ns is out of range")
    return time


@dataclass
class _Channel:
    """One channel of the file; `msgtype` and `msgcount` are what `topics` asks for."""

    channel: Channel
    schema: Schema | None
    msgcount: int = 0

    @property
    def id(self) -> int:
        return self.channel.id

    @property
    def topic(self) -> str:
        return self.channel.topic

    @property
    def sender(self) -> str:
        return self.channel.metadata.get("callerid") or f"channel {self.id}"

    @property
    def msgtype(self) -> str:
        name = self.schema.name if self.schema is not None else self.channel.message_encoding
        package, _, kind = name.partition("/")
        return f"{package}/msg/{kind}" if kind and "/" not in kind else name

    @property
    def encoding(self) -> tuple[str, str]:
        """How the messages and their definition are written, such as cdr and ros2msg."""
        return self.channel.message_encoding or "nothing", "nothing" if self.schema is None else self.schema.encoding or "nothing"

    @property
    def readable(self) -> bool:
        return self.encoding in ENCODINGS

    @cached_property
    def decode(self) -> Callable[[bytes], Any]:
        """What makes a message of its bytes, which are `readable`."""
        # not with mcap_ros2's decoder: it refuses types with a small first letter, as the maker spells all of them
        encoding, schema = self.channel.message_encoding, self.schema
        assert schema is not None
        from ..rosbag.bag1 import definitions

        store = definitions(schema.data.decode(), self.msgtype)
        read_one = store.deserialize_cdr if encoding == "cdr" else store.deserialize_ros1
        return lambda raw: read_one(raw, self.msgtype)


class _File:
    """What a file holds, from one pass over it; `disordered`: channels whose messages do not stand in the order of their log times."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.channels: dict[int, _Channel] = {}
        self.about: dict[str, str] | None = None
        self.episode: bytes | None = None
        self.start_ns = self.end_ns = 0
        self.counted: dict[int, int] | None = None
        self.disordered: set[int] = set()
        latest: dict[int, int] = {}
        schemas: dict[int, Schema] = {}
        seen = False
        for record in records(path):
            if isinstance(record, Message):
                self.channels[record.channel_id].msgcount += 1
                time = record.log_time
                if time < latest.get(record.channel_id, time):
                    self.disordered.add(record.channel_id)
                latest[record.channel_id] = time
                self.start_ns = min(self.start_ns, time) if seen else time
                self.end_ns, seen = max(self.end_ns, time), True
            else:
                self._note(record, schemas)

    def _note(self, record: McapRecord, schemas: dict[int, Schema]) -> None:
        if isinstance(record, Schema):
            schemas[record.id] = record
        elif isinstance(record, Channel):
            self.channels.setdefault(record.id, _Channel(record, schemas.get(record.schema_id)))
        elif isinstance(record, Metadata) and record.name == layout.METADATA:
            self.about = record.metadata
        elif isinstance(record, Attachment) and record.name == layout.EPISODE:
            self.episode = record.data
        elif isinstance(record, Statistics):
            self.counted = dict(record.channel_message_counts)

    @property
    def is_whole(self) -> bool:
        """Whether its own summary counts as many messages of each channel as it holds: who wrote it wrote it to its end."""
        here = {key: channel.msgcount for key, channel in self.channels.items() if channel.msgcount}
        return self.counted is not None and {key: n for key, n in self.counted.items() if n} == here


def _own(file: _File, source: str) -> Recording:
    """A recording that `mcap_write` stored."""
    assert file.about is not None
    path = file.path
    refuse_layout(file.about.get("layout"), layout.LAYOUT, path, layout.METADATA)
    with mendable(path):
        about = tagged.loads(file.about["json"])
        messages: dict[str, list[bytes]] = {c.topic: [] for c in file.channels.values()}
        for record in records(path):
            if isinstance(record, Message):
                messages[file.channels[record.channel_id].topic].append(record.data)
        streams = {
            header["key"]: _stream(path, header, messages.get(header["name"], [])) for header in about["streams"]
        }
        if (about["episode"] is None) != (file.episode is None):
            raise EpisodeError("its simulation episode is missing. Copy the file again.", file=path)
        if about["kind"] not in KINDS or not all(isinstance(note, str) for note in (about["name"], *about["notes"])):
            raise ValueError("kind, name or notes are no texts that a recording has")
        recording = Recording(
            **{key: about[key] for key in layout.OF_RECORDING} | {"source": source},
            streams=streams,
            episode=None if file.episode is None else packed.unpack(file.episode),
        )
    if layout.numbers_sha256(streams) != about["numbers_sha256"]:
        recording.sha256 = sha256_of(path)
        recording.notes.append("its numbers were changed after they were written: their hash differs")
    return recording


def _stream(path: Path, header: dict[str, Any], messages: list[bytes]) -> Stream:
    names = tuple(header["names"])
    row = layout.row_type(len(names))
    if len(messages) != header["n"] or any(len(message) != row.itemsize for message in messages):
        raise EpisodeError(
            f"{len(messages)} messages for {header['n']} samples of {len(names)} values. Copy the file again.",
            file=path,
            field=header["name"],
        )
    rows = np.frombuffer(b"".join(messages), row)
    values = rows["values"].astype(np.float64) if names else np.empty((len(rows), 0))
    values.flags.writeable = False  # evidence: whoever converts does so in a copy
    clocks: dict[str, Any] = {
        label: rows["clocks"][:, column].astype(np.int64)
        for column, label in enumerate(layout.CLOCKS)
        if label in header["clocks"]
    }
    return Stream(
        **{key: header[key] for key in ("name", "role", "quantity", "unit", "clock", "declared_unit", "meta")},
        names=names,
        values=values,
        **clocks,
    )


def records(path: Path) -> Iterator[McapRecord]:
    """Every record, chunks opened.

    Raises:
        EpisodeError: no MCAP file, or one that was cut off. Other damage raises what the libraries raise; see `mendable`.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            refuse_stand_in(path)
            raise EpisodeError("not an MCAP file: its first bytes are others.", file=path)
        limit = min(MAX_RECORD_BYTES, file.seek(-len(MAGIC), 2))
        if file.read() != MAGIC:
            raise EpisodeError(
                "the file ends in the middle. A recording that was cut off is mended with `mcap recover`; otherwise "
                "copy it again from the recorder.",
                file=path,
            )
        file.seek(0)
        for record in StreamReader(file, emit_chunks=True, validate_crcs=True, record_size_limit=limit).records:
            if isinstance(record, Chunk):
                yield from breakup_chunk(_unpacked(record))
            else:
                yield record


def _unpacked(chunk: Chunk) -> Chunk:
    if chunk.uncompressed_size > MAX_CHUNK_BYTES:
        raise ValueError(f"a chunk claims {chunk.uncompressed_size >> 20} MiB, more than {MAX_CHUNK_BYTES >> 20} MiB")
    size = chunk.uncompressed_size
    if chunk.compression == "zstd":
        import zstandard

        with zstandard.ZstdDecompressor().stream_reader(chunk.data) as stream:
            data = stream.read(size + 1)
    elif chunk.compression == "lz4":
        from lz4.frame import LZ4FrameDecompressor

        data = LZ4FrameDecompressor().decompress(chunk.data, size + 1)
    elif chunk.compression:
        raise ValueError(f"a chunk is packed with {chunk.compression!r}, which is not known")
    else:
        data = chunk.data
    if len(data) != size:
        raise ValueError(f"a chunk unpacks to {len(data)} bytes, {size} are claimed")
    if chunk.uncompressed_crc and zlib.crc32(data) != chunk.uncompressed_crc:
        raise ValueError("a chunk's checksum differs")
    return Chunk("", data, chunk.message_end_time, chunk.message_start_time, 0, size)
