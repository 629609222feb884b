"""What is kept of a take comes back as the records that it was."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_type_hints

import zstandard
from shiliu.replay.checks.cut_takes import TakeEnds
from shiliu.replay.checks.takes import Lag
from shiliu.replay.formats import lossless_json
from shiliu.replay.judge.set_comparison import TakeFacts
from shiliu.replay.line.kept import RECORD, RECORDS, packed, unpacked


def records_in(hint: Any) -> set[type]:
    """Dataclasses and named tuples in a type."""
    found = {one for arg in get_args(hint) for one in records_in(arg)}
    if isinstance(hint, type) and (dataclasses.is_dataclass(hint) or hasattr(hint, "_fields")):
        found.add(hint)
    return found


def test_each_record_in_the_facts_of_a_take_is_kept_as_such():
    known, asked = {*RECORDS.values(), Lag}, [TakeFacts]
    seen: set[type] = set()
    while asked:
        one = asked.pop()
        seen.add(one)
        if dataclasses.is_dataclass(one):
            inner = {each for hint in get_type_hints(one).values() for each in records_in(hint)}
            asked += [each for each in inner if each not in seen and each not in asked]
    assert TakeEnds in seen and seen <= known, sorted(one.__name__ for one in seen - known)


def test_the_ends_of_a_take_come_back_equal():
    ends = TakeEnds((0.1, 0.2), (0.0, 0.01), (1.0, 2.0), (0.01, 0.0), 0.0, 5.0, 1 / 30, (1, 1), (0, 1))
    back = unpacked(packed({"ends": ends}))["ends"]
    assert back == ends and back.runs(True) == 1 and back.runs(False) == 0


def test_what_an_earlier_version_kept_of_a_take_is_read():
    plain = {RECORD: "TakeFacts", "key": None, "source": "set#1", "wording": ("Heat it.", None)}
    kept = zstandard.ZstdCompressor().compress(lossless_json.dumps(plain, "judgement").encode())
    back = unpacked(kept)
    assert back == TakeFacts("set#1", wording=("Heat it.", None)) and back.text == "Heat it."
