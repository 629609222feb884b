"""A judgement as bytes and back, to the last bit of each number; compressed JSON, which any tool reads and which runs nothing.

What is drawn (curves, pictures) is kept apart: few judgements need it, and it is the larger part.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import zstandard

from ...scenarios.sheet.errors import shown
from ..checks.cut_takes import TakeEnds
from ..checks.empty_grips import GripUse
from ..checks.finding import Fact, Finding, Picture, Plot, Table, VerdictEvidence
from ..checks.hand_bases import HandBase
from ..checks.hands_among import HandShown
from ..checks.matching_takes import MovingJoints
from ..checks.other_columns import ColumnRows
from ..checks.releases import GripOpening
from ..checks.takes import Content, Lag
from ..checks.unwritten_columns import Written
from ..checks.usual_postures import Posture
from ..checks.usual_things import ThingShown
from ..formats import lossless_json
from ..judge.alone import Alone
from ..judge.rate_comparison import RateFacts
from ..judge.set_comparison import TakeFacts
from ..judge.verdict import StageResult, Verdict
from ..residual.table import Group, RecordedChannel

RECORDS: dict[str, type] = {
    one.__name__: one
    for one in (
        Alone, Verdict, StageResult, Finding, TakeFacts, Content, GripOpening, GripUse, HandBase, ColumnRows, MovingJoints, RateFacts,
        Posture, Written, ThingShown, TakeEnds, HandShown, Group, RecordedChannel, Plot,
        Picture, Fact, Table,
    )
} | {"Evidence": VerdictEvidence}
NAMES = {one: name for name, one in RECORDS.items()}  # as which a record is kept
RECORD, BYTES, LAG, SET = "~record", "~bytes", "~lag", "~set"
LEVEL = 3  # of compression


class Torn(ValueError):
    """Bytes that are no judgement: half written, or changed."""


def packed(value: Any) -> bytes:
    """A record as bytes, the same for equal records.

    Raises:
        EpisodeError: it holds what JSON cannot say.
    """
    text = lossless_json.dumps(_plain(value), "judgement")
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True).compress(
        text.encode("utf-8", "surrogatepass")  # JSON of others may hold half a character
    )


def unpacked(data: bytes) -> Any:
    """What was packed.

    Raises:
        Torn: the bytes are not whole.
    """
    try:
        return _built(lossless_json.loads(zstandard.ZstdDecompressor().decompress(data)))
    except (zstandard.ZstdError, ValueError, TypeError, KeyError) as error:
        raise Torn(str(error)) from None


def _plain(value: Any) -> Any:
    if isinstance(value, Lag):
        return {LAG: list(value)}
    if is_dataclass(value) and not isinstance(value, type):
        if type(value) not in NAMES:
            raise TypeError(f"{type(value).__name__}: no record of a judgement; name it in RECORDS, or it cannot be read again.")
        return {RECORD: NAMES[type(value)], **{one.name: _plain(getattr(value, one.name)) for one in fields(value)}}
    if isinstance(value, bytes):
        return {BYTES: value.hex()}
    if isinstance(value, Path):
        return shown(value.name)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return {SET: sorted(_plain(item) for item in value)}
    return value


def _built(value: Any) -> Any:
    if isinstance(value, dict):
        if LAG in value:
            return Lag(*value[LAG])
        if BYTES in value:
            return bytes.fromhex(value[BYTES])
        if SET in value:
            return frozenset(value[SET])
        built = {key: _built(item) for key, item in value.items() if key != RECORD}
        return RECORDS[value[RECORD]](**built) if RECORD in value else built
    if isinstance(value, tuple):
        return tuple(_built(item) for item in value)
    if isinstance(value, list):
        return [_built(item) for item in value]
    return value
