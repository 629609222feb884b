"""Something recorded that contradicts what else is recorded: columns, rows, size, and what explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .case import Case
from .hypotheses import HYPOTHESES, Explanation

JOIN = 12  # rows: disagreements nearer than this are one (a kernel's length at 30 Hz)
DENSE = 0.3  # of a span: where so much of it is wrong in one column, all of it is one fault
CLEAR = 1.25  # times its limit, from where on a difference that may be a push is named
BETTER, NOTHING = 0.5, 1e-3  # of what one reason leaves, that a better one leaves; of the squared difference, that tells nothing
LEAP = 0.04  # rad: a smaller step between two rows is none that is looked at

# what a difference may be of, and by what: each has words in conf/text
COLUMNS = ("command", "measured", "velocity", "effort", "pose", "base", "wrench", "touch", "rows")
FAMILY_OF = {one.name: one.family for one in HYPOTHESES} | {
    "cut": "time", "padded": "time", "padded_begin": "time", "blocked": "body", "uncommanded": "body", "own_base": "values",
    "own_point": "values", "computed": "values",
}  # fmt: skip
REASONS = (*FAMILY_OF, None)
ORDINARY = ("held_value", "held", "straight", "clipped", "quantised", "repeated", "burst")  # what a command may well be
BY_ROWS = {one.name for one in HYPOTHESES if one.by_rows}

# what the limit of a difference comes from, by the word of its bound; each has words in conf/text. Without one it is the floor of a servo's
# columns, which stands in conf/check
SOURCES = {
    "chain": "the arm's chain: what poses and angles of the take are rounded to and scatter by",
    "law": "measured: what the law of the servo leaves in 25 clean takes of seven scenarios",
    "own_law": "measured: what the law of the servos leaves in this take",
    "state": "rounding of float32",
    "base": "measured: four clean takes that drive 3 m leave 0.002 m and rad of place, 0.006 m/s of speed",
    "hand_law": "the law of the hand in this take, and what its drive can do by it",
    "hand_set": "what the drive of the hand does in the other takes of the set",
    "encoder": "rounding of float32 beside the steps of the encoder",
    "hand_speed": "measured: hands that strike something leave 0.21 of their way a second in 24 clean takes of six scenarios",
    "carried": "the way of the hand that carries it",
    "back": "where the thing is before and after",
    "before": "where the thing is in the row before",
    "room": "rooms, and how fast things are thrown in them",
    "weight": "robot model",
    "sign": "definition",
}
BOUND_OF = {"pose": "chain", "effort": "law", "base": "base", "wrench": "weight", "touch": "sign"}  # kinds with one bound


@dataclass(frozen=True)
class Difference:
    """Something recorded that contradicts what else is recorded.

    Attributes:
        channels: names; kind: of the column, a word of `COLUMNS`; `rows` for all of them.
        first, last: rows; t0, t1: [s].
        size: largest difference, in `unit`.
        name: of the hypothesis that explains it; None where none explains enough.
        explained: share of the squared difference that it explains; undone: share of the disagreement that is gone when the column is
            put right; numbers: what the hypothesis fitted.
        certain: whether a body that moves cannot have done it; stream: the device's channel that holds the column.
        limit: from where on a difference of this column counts, in `unit`; rows: of the take.
        weight: how much disagreement it explains, in squared thresholds; cases: what the hypotheses were held against, a column each.
        bound: a word of `SOURCES`, where the limit is another one than that of its kind.
    """

    channels: tuple[str, ...]
    kind: str
    first: int
    last: int
    t0: float
    t1: float
    size: float
    unit: str
    name: str | None
    certain: bool
    explained: float = 1.0
    undone: float = 1.0
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    stream: str = ""
    limit: float = 1.0
    rows: int = 1
    weight: float = 0.0
    cases: tuple[Case, ...] = field(default=(), repr=False, compare=False)
    bound: str = ""

    def explains_better(self, than: Difference) -> bool:
        """Whether it has a reason that leaves less than half of what the other one's leaves, or next to nothing; one that gives each row by
        itself leaves nothing of anything."""
        if self.name is None or self.name in BY_ROWS:
            return False
        return 1.0 - self.explained < max(BETTER * (1.0 - (than.explained if than.name else 0.0)), NOTHING)

    @property
    def of_all_columns(self) -> bool:
        """Whether its rows are wrong as such, so that no column is asked in them. Another zero in a part is one joint's alone."""
        return self.kind == "rows" and self.name != "offset"

    def shares_columns(self, other: Difference) -> bool:
        """Whether it is of some of the channels of another one, or of all."""
        return self.of_all_columns or bool(set(self.channels) & set(other.channels))

    def meets(self, other: Difference) -> bool:
        """Whether it is of some of the channels of another one, within `JOIN` rows of it."""
        return self.shares_columns(other) and self.is_near(other)

    def is_near(self, other: Difference) -> bool:
        """Whether two are within `JOIN` rows of each other."""
        return self.first <= other.last + JOIN and other.first <= self.last + JOIN

    @classmethod
    def over(
        cls, t: np.ndarray, channels: tuple[str, ...], kind: str, rows: tuple[int, int] | None, size: float, unit: str,
        name: str | Explanation | None, *, certain: bool, **more: Any,
    ) -> Difference:  # fmt: skip
        """One in rows first..last of a take (all where None) with times t (n,) [s]; `name`: or the explanation with its numbers."""
        first, last = (0, len(t) - 1) if rows is None else rows
        if not isinstance(name, str):
            known = {"explained": 0.0} if name is None else {"explained": name.explained, "numbers": dict(name.numbers)}
            more, name = known | more, None if name is None else name.name
        return cls(channels, kind, first, last, float(t[first]), float(t[last]), size, unit, name, certain, rows=len(t), **more)

    @property
    def family(self) -> str | None:
        """Of the hypothesis."""
        return FAMILY_OF.get(self.name or "")

    @property
    def source(self) -> str | None:
        """What its limit comes from; None for the floor of a servo's columns."""
        return SOURCES.get(self.bound or BOUND_OF.get(self.kind, ""))

    def __post_init__(self) -> None:
        if self.name not in REASONS or self.kind not in COLUMNS or self.bound not in ("", *SOURCES):
            words = (COLUMNS, map(str, REASONS), SOURCES)
            raise ValueError(f"{self.kind}, {self.name}, {self.bound}: words of a difference are {'; '.join(map(', '.join, words))}.")
