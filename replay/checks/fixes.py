"""Fixes that several checks share, and the arithmetic of all: what would make a failure pass, as data.

A fix has a `kind` (a word of `fixes` in `conf/text`) and the numbers that its sentence tells; one that is None is left out.
A fix of one check alone stands beside that check.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from .finding import Finding

Known = Mapping[str, Any]  # what the model adds to a finding; see `replay/judge/explanation/fix_geometry.py`
Fix = dict[str, Any]

RUN_IN = 0.15  # s, on either side of what is too fast: a rate changes over a few samples, not within one


def floor(share: float) -> float:
    """A share to two figures, downwards: what is reported is enough."""
    return max(math.floor(share * 100.0 + 1e-9) / 100.0, 0.01)


def about(finding: Finding) -> str | None:
    """The first thing that a finding names."""
    return finding.subject[0] if finding.subject else None


def ratio(finding: Finding) -> float:
    """Limit over value, at most 1."""
    if not finding.value or finding.limit is None:
        return 1.0
    return min(abs(finding.limit / finding.value), 1.0)


def beyond(finding: Finding) -> float | None:
    """By how much the value is above its limit."""
    return finding.value - finding.limit if finding.value is not None and finding.limit is not None else None


def plain(kind: str, key: str = "channel", *fields: str) -> Callable[[Finding, Known], Fix]:
    """A fix that names what a finding is about under a key, and fields of the finding as they are."""

    def fix(finding: Finding, known: Known) -> Fix:
        return {"kind": kind, key: about(finding), **{name: getattr(finding, name) for name in fields}}

    return fix


rerecord = plain("rerecord", "channel", "t0", "t1")  # the recording chain has lost something that nobody can bring back
rewrite = plain("rewrite", "channel", "t0", "t1")  # what a set says wrongly


def clip(finding: Finding, known: Known) -> Fix:
    """Back into the range."""
    reach = beyond(finding)
    return {
        "kind": "clip",
        "joint": about(finding),
        "lower": finding.details.get("lower"),
        "upper": finding.details.get("upper"),
        "by": None if reach is None else abs(reach),
        "t0": finding.t0,
        "t1": finding.t1,
        "unit": finding.unit or "rad",
    }


def slow(finding: Finding, known: Known) -> Fix:
    """Slower around the violation by what it exceeds the limit; what lags behind a servo grows with speed, too."""
    t0 = finding.t0 or 0.0
    t1 = finding.t1 if finding.t1 is not None else t0
    return {
        "kind": "slow",
        "t0": round(max(t0 - RUN_IN, 0.0), 2),
        "t1": round(t1 + RUN_IN, 2),
        "factor": floor(ratio(finding)),
    }


def away(finding: Finding, known: Known) -> Fix:
    """Out of each other the shortest way; without the posture, by the depth alone."""
    depth = finding.details.get("deepest", finding.value) if finding.unit == "m" else None
    subject = [*finding.subject, None, None]
    return {
        "kind": "away" if known.get("side") else "apart",
        "move": known.get("move", subject[0]),
        "from": known.get("from", subject[1]),
        "by": known.get("by", depth),
        "side": known.get("side"),
        "direction": known.get("direction"),
        "t0": finding.t0,
        "t1": finding.t1,
    }


def hold(finding: Finding, known: Known) -> Fix:
    """A firmer grip for the time in which the thing was lost."""
    return {"kind": "hold", "thing": about(finding), "t0": finding.t0, "t1": finding.t1, "fall": finding.value}
