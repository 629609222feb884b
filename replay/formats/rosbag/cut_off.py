"""Whether a ROS 1 bag was cut off, and at which byte: its records walked one by one, without their content.

The layout is that of the format's page (wiki.ros.org/Bags/Format/2.0): a first line, then records of a header and data, each with its
length before it. The first record says where the index begins; 0 is a recording that nobody closed.
"""

from __future__ import annotations

import re
from pathlib import Path
from struct import unpack

from ....scenarios.sheet.errors import EpisodeError

FIRST = b"#ROSBAG V2.0\n"
LONGEST_HEADER = 1 << 20
CHUNK = 5  # `op` of records
FIX = "`rosbag reindex` saves what is whole; or copy it again from the recorder."
NOTHING = "no messages before it are whole. Copy it again from the recorder."


def refuse_cut_off(path: Path) -> None:
    """Raises: EpisodeError where the file ends within a record, or was never closed, with the byte and what is whole before it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(len(FIRST)) != FIRST:
            return  # whatever else it is, the reader says it
        at, chunks, index = len(FIRST), 0, None
        while at < size:
            file.seek(at)
            head = file.read(4)
            length = unpack("<I", head)[0] if len(head) == 4 else None
            if length is not None and length > LONGEST_HEADER:
                return  # damaged, not cut
            header = file.read(length or 0)
            rest = file.read(4)
            if length is None or len(header) < length or len(rest) < 4:
                raise _cut(path, size, at, None, chunks)
            end = at + 8 + length + unpack("<I", rest)[0]
            if end > size:
                raise _cut(path, size, at, end, chunks)
            if index is None:
                found = re.search(rb"index_pos=(.{8})", header, re.DOTALL)
                index = unpack("<Q", found[1])[0] if found else -1
            chunks += f"op={chr(CHUNK)}".encode() in header
            at = end
    if index == 0:
        raise EpisodeError(
            f"was never closed: its {size} bytes are whole, {chunks} chunks of messages, but it has no index. {FIX}", file=path
        )
    if index is not None and index > size:
        raise EpisodeError(
            f"is cut off at byte {size}: its index begins at byte {index}, which is missing; {_whole(chunks)}", file=path
        )


def _cut(path: Path, size: int, at: int, end: int | None, chunks: int) -> EpisodeError:
    wants = "has no length any more" if end is None else f"reaches to byte {end}"
    return EpisodeError(
        f"is cut off at byte {size}: the record that begins at byte {at} {wants}; {_whole(chunks)}", file=path
    )


def _whole(chunks: int) -> str:
    return f"{chunks} chunks of messages before it are whole. {FIX}" if chunks else NOTHING
