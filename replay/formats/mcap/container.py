"""The records of an MCAP file in the order in which they lie there, with sizes bounded and checksums compared.

The library's own reader sorts by `log_time` and unpacks a chunk to whatever size the chunk claims; a recording is
evidence in the order of its file, and a file comes from outside.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from mcap.records import Chunk, McapRecord
from mcap.stream_reader import StreamReader, breakup_chunk

from ....scenarios.sheet.errors import EpisodeError
from ..reader_errors import mending

MAX_CHUNK_BYTES = 256 << 20  # unpacked; recorders write chunks of a few MiB
MAX_RECORD_BYTES = 1 << 30
MAGIC = b"\x89MCAP0\r\n"  # at both ends of a whole file


def records(path: Path) -> Iterator[McapRecord]:
    """Every record, chunks opened.

    Raises:
        EpisodeError: no MCAP file, or one that was cut off. Other damage raises what the libraries raise; see `mendable`.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
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


mendable = partial(
    mending, broken="not a readable MCAP file", fix="Try `mcap doctor`, or copy it again from the recorder."
)
