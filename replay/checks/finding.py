"""What a check returns: numbers and codes, never words.

A `Finding` is one answer to one question about a recording; the sentences that people read are made from it by the
report,
out of a catalogue keyed by `code`. The other classes here carry what the report shows beside the findings: curves,
pictures,
facts and tables.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from ...scenarios.reading.judge_stages import STAGES
from ..signals.signal import run_around

LEVELS = ("PASS", "WARN", "FAIL", "NOT_CHECKED", "NOT_APPLICABLE", "INFO")
RANK = {"PASS": 0, "INFO": 0, "NOT_APPLICABLE": 0, "NOT_CHECKED": 1, "WARN": 2, "FAIL": 3}  # of levels, the worse the higher
ASKED = ("legs",)  # stages that a verdict has only where somebody asks
SIGNIFICANT = 6  # figures kept in a line of verdicts.jsonl; no limit here is known to more than four


def tidy(value: Any) -> Any:
    """The value as plain JSON: NumPy scalars and arrays become Python ones, floats keep six significant figures.

    Infinite and undefined floats become None, because JSON has no word for them.
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            return None
        rounded = float(f"{number:.{SIGNIFICANT}g}")
        return 0.0 if rounded == 0.0 else rounded  # no minus zero
    if isinstance(value, np.ndarray):
        return tidy(value.tolist())
    if isinstance(value, dict):
        return {str(key): tidy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tidy(item) for item in value]
    return value


@dataclass
class Finding:
    """One answer of one check.

    `margin` is the distance to `limit` towards the inside, negative when violated; `excess` the violation as a share
    of the
    code's scale (0 inside the limit). `t0`, `t1` are episode seconds. `because_of` is the index, in the verdict's
    list, of the
    finding that this one follows from. `reason` is a word of the catalogue for NOT_CHECKED and NOT_APPLICABLE.
    """

    code: str
    level: str
    stage: str
    signal: str | None = None
    subject: tuple[str, ...] = ()
    t0: float | None = None
    t1: float | None = None
    value: float | None = None
    limit: float | None = None
    margin: float | None = None
    excess: float | None = None
    unit: str | None = None
    share: float | None = None
    limit_source: str | None = None
    limit_grade: str | None = None
    skill: str | None = None
    because_of: int | None = None
    reason: str | None = None
    fix: dict | None = None
    details: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"{self.code}: {self.level!r} is no level. Known: {', '.join(LEVELS)}.")
        if self.stage not in STAGES:
            raise ValueError(f"{self.code}: {self.stage!r} is no stage. Known: {', '.join(STAGES)}.")
        if isinstance(self.subject, str):
            self.subject = (self.subject,)
        self.subject = tuple(self.subject)

    @property
    def failed(self) -> bool:
        return self.level == "FAIL"

    @property
    def checked(self) -> bool:
        """Whether the question was answered at all."""
        return self.level in ("PASS", "WARN", "FAIL")

    @property
    def at(self) -> float | None:
        """[s] the moment to look at: when a step that was missed should have come (`details["due"]`), else when it begins."""
        due = self.details.get("due")
        return self.t0 if due is None else float(due)

    def with_(self, **changes: Any) -> Finding:
        """A copy with some fields changed."""
        return replace(self, **changes) if changes else copy(self)

    def to_dict(self, message: str | None = None) -> dict[str, Any]:
        """The finding as plain JSON types, in the order of its fields, `message` before `fix`."""
        line: dict[str, Any] = {}
        for item in fields(self):
            if item.name == "fix":
                line["message"] = message
            line[item.name] = tidy(getattr(self, item.name))
        return line


def badness(level: str, excess: float | None, margin: float | None, limit: float | None) -> tuple[float, float, float]:
    """What the worse of two findings has more of: the higher level, then the larger excess, then the smaller margin."""
    closeness = margin / abs(limit) if margin is not None and limit else (margin or 0.0)
    return RANK[level], excess or 0.0, -closeness


def lasted(t: np.ndarray, over: np.ndarray, row: int, step: float = 0.0) -> dict[str, float]:
    """When it was that something was beyond its bound: `t0`, `t1` and `share` of a finding.

    Args:
        t: (T,) s; over: (T,) where it was; row: where it was most.
        step: for how long a row holds [s].
    """
    first, last = run_around(over, row)
    return {"t0": float(t[first]), "t1": float(t[last] + step * bool(over[first])), "share": float(over.mean())}


def worst_of(findings: list[Finding]) -> list[Finding]:
    """The worst of several findings of one code, see `badness`; the others that are not PASS stand in its `details["others"]`."""
    if not findings:
        return []
    worst = max(findings, key=lambda found: badness(found.level, found.excess, found.margin, found.limit))
    worst.details["others"] = [
        {"subject": list(other.subject), **{key: getattr(other, key) for key in ("level", "value", "limit", "excess", "t0", "t1")}}
        for other in findings
        if other is not worst and other.level in ("WARN", "FAIL")
    ]
    return [worst]


@dataclass
class Plot:
    """One diagram. `traces`: {name, t (n,) s, y (n,)}; `limits`: {name, value}; `marks`: {t0, t1, code}."""

    title_key: str
    subject: str
    unit: str
    traces: list[dict]
    limits: list[dict] = field(default_factory=list)
    marks: list[dict] = field(default_factory=list)


@dataclass
class Picture:
    """One rendered frame at episode second `t`, as PNG."""

    t: float
    caption_key: str
    png: bytes


@dataclass
class Fact:
    """Something measured that is no finding; `key` is a word of the catalogue, `values` what its sentence needs."""

    key: str
    values: dict


@dataclass
class Table:
    """A small table; title and columns are words of the catalogue."""

    title_key: str
    columns: list[str]
    rows: list[list]


@dataclass
class VerdictEvidence:
    """What the report shows beside the findings. Never part of `verdicts.jsonl`."""

    duration_s: float
    wall_start_ns: int | None = None
    segments: list[dict] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    own: dict[str, Plot] = field(default_factory=dict)  # by code, where they were asked for
