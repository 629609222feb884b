"""How many pictures an MP4 holds, how long it is and how large they are, by its header alone: no picture is decoded, no program is
started.

Boxes as ISO/IEC 14496-12 describes them: `moov` / `trak` / `mdia` with `hdlr` `vide`, `mdhd` (time scale), `stts` (durations), `stsd`
(the size of a picture).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

MAX_HEADER = 64 << 20  # bytes of `moov`; an hour at 30 Hz has two megabytes
_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def header_of(path: Path) -> tuple[int, float, tuple[int, int] | None] | None:
    """Pictures, seconds, and height and width (None where it has none) of the first video track; None where the file is no MP4, or its
    header says neither of the first two."""
    try:
        with path.open("rb") as file:
            moov = _moov(file)
        return None if moov is None else _of_moov(moov)
    except (OSError, struct.error, ValueError, ZeroDivisionError, OverflowError):
        return None


def _moov(file) -> bytes | None:  # type: ignore[no-untyped-def]
    """The content of the box `moov`, which stands before or after the pictures."""
    for _ in range(1000):
        head = file.read(8)
        if len(head) < 8:
            return None
        size, kind = struct.unpack(">I4s", head)
        taken = 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            taken = 16
        if kind == b"moov":
            return file.read(size - taken) if taken <= size <= MAX_HEADER else None
        if size < taken:  # 0: to the end of the file
            return None
        file.seek(size - taken, 1)
    return None


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        if size < 8:
            return
        yield kind, content[at + 8 : at + size]
        at += size


def _of_moov(content: bytes) -> tuple[int, float, tuple[int, int] | None] | None:
    for kind, track in _boxes(content):
        if kind == b"trak":
            boxes = dict(_flat(track))
            if boxes.get(b"hdlr", b"")[8:12] == b"vide" and {b"mdhd", b"stts"} <= set(boxes):
                return *_of_track(boxes[b"mdhd"], boxes[b"stts"]), _size(boxes.get(b"stsd", b""))
    return None


def _flat(content: bytes, depth: int = 0) -> Iterator[tuple[bytes, bytes]]:
    for kind, inner in _boxes(content):
        if kind in _CONTAINERS and depth < 6:
            yield from _flat(inner, depth + 1)
        else:
            yield kind, inner


def _size(stsd: bytes) -> tuple[int, int] | None:
    """Height and width that the first sample entry of a track has."""
    width, height = struct.unpack_from(">HH", stsd, 40) if len(stsd) >= 44 else (0, 0)
    return (height, width) if height and width else None


def _of_track(mdhd: bytes, stts: bytes) -> tuple[int, float]:
    (scale,) = struct.unpack_from(">I", mdhd, 20 if mdhd[0] == 1 else 12)
    (entries,) = struct.unpack_from(">I", stts, 4)
    pictures = ticks = 0
    for count, delta in struct.iter_unpack(">II", stts[8 : 8 + 8 * entries]):
        pictures, ticks = pictures + count, ticks + count * delta
    return pictures, ticks / scale
