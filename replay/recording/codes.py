"""The codes that a label may give as the reason of a failure: the judge's own, by the names of their blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ...scenarios.sheet.own_files import read_own

BOUNDS = Path(__file__).resolve().parents[2] / "conf" / "check" / "arm_manipulation.yaml"


@cache
def blocks() -> tuple[str, ...]:
    """Codes of the judge in the order of its file of bounds, `scenario` among them for all that scenarios forbid."""
    return tuple(_codes(read_own(BOUNDS), ""))


@cache
def codes() -> tuple[str, ...]:
    """Codes of the judge in that order; what a scenario forbids is named there, not here."""
    return tuple(code for code in blocks() if code != "scenario")


def _codes(block: Mapping[str, Any], code: str) -> Iterator[str]:
    if "stage" in block:
        yield code
        return
    for key, child in block.items():
        yield from _codes(child, f"{code}.{key}" if code else key)
