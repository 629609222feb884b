"""The rows of one column that disagree, which hypotheses are held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..signals.statistics import distinct

BESIDE, NEARLY_ALL = 5, 0.75  # rows before and after a stretch in which a column stands; share of their steps in which it goes
SAME = 2e-4  # by which a factor may be off
# values that a column on a grid has, and as a share of its rows; of a step, by which they may be off; of the rows, that are within a step
LEVELS, FEW, STEPS, NO_FURTHER = 3, 0.1, 1e-4, 0.9


@dataclass(frozen=True)
class Case:
    """The rows of one column that disagree: what is recorded, and what would agree.

    Attributes:
        x, truth: (n,) the whole column, recorded and as it would agree; they differ within first..last alone.
        first, last: rows, last included.
        others: name -> (n,) what the same column of the other channels would be.
        partner: (n,) what the command is for a measurement and the other way round; None where there is none.
        dt: [s]; noise: of the truth, in the column's unit.
        way: from one end to the other, of a column that counts shares of it (1, or 100 %); zero for others. Its other end may have been
            taken for its beginning.
        angle: whether it counts radians. Then it may be off by turns.
    """

    x: np.ndarray
    truth: np.ndarray
    first: int
    last: int
    dt: float
    noise: float
    others: Mapping[str, np.ndarray] = field(default_factory=dict)
    partner: np.ndarray | None = None
    way: float = 0.0
    angle: bool = False

    @property
    def span(self) -> slice:
        return slice(self.first, self.last + 1)

    @property
    def n(self) -> int:
        return self.last - self.first + 1

    @property
    def recorded(self) -> np.ndarray:
        return self.x[self.span]

    @property
    def meant(self) -> np.ndarray:
        return self.truth[self.span]

    @property
    def is_rougher(self) -> bool:
        """Whether the rows change from one to the next less evenly than what they should be: rows in another order than they were do."""
        around = slice(max(0, self.first - 2), self.last + 3)
        as_meant = self.x.copy()
        as_meant[self.span] = self.meant
        ours, others = (float(np.abs(np.diff(x[around], 2)).sum()) for x in (self.x, as_meant))
        return ours > others

    def taken_at(self, row: int) -> int:
        """The row from which on the column stands at the value that it has in some row."""
        while row > 0 and self.x[row - 1] == self.x[row]:
            row -= 1
        return row

    @property
    def stands_there_alone(self) -> bool:
        """Whether the column goes on in the rows before these and after them, in nearly all of `BESIDE`, where any are."""
        beside = self.x[max(0, self.first - BESIDE) : self.first], self.x[self.last + 1 : self.last + 1 + BESIDE]
        goes = [np.diff(rows) != 0.0 for rows in beside if len(rows) == BESIDE]
        return bool(goes) and all(each.mean() >= NEARLY_ALL for each in goes)

    def times_the_rest(self, factors: Sequence[float]) -> float:
        """The factor of these by which the value in these rows is the one that the column has before and after them; 0 for none."""
        if self.first == 0 or self.last == len(self.x) - 1:
            return 0.0
        before, after, value = (float(self.x[row]) for row in (self.first - 1, self.last + 1, self.first))
        if before != after or before == 0.0:
            return 0.0
        return next((factor for factor in factors if abs(value / before / factor - 1.0) < SAME), 0.0)

    @property
    def step(self) -> float:
        """Of a column whose values are whole steps in all of its rows: the step; 0 for none."""
        return whole_step(self.x, 4.0 * self.noise)

    @property
    def is_whole_steps(self) -> bool:
        """Whether the column is whole steps in all of the take, and in nearly all of these rows no further away than one."""
        step = self.step
        return step > 0.0 and float((np.abs(self.recorded - self.meant) <= step + self.noise).mean()) > NO_FURTHER

    def played(self, rate: float, before: int, end: float) -> np.ndarray:
        """These rows at another rate, from so many rows before them on."""
        rows = np.arange(self.first, self.last + 1)
        begin = max(self.first - before, 0)
        return np.interp(np.clip(begin + rate * (rows - begin), 0.0, end), np.arange(len(self.truth)), self.truth)


def way_of(unit: str, x: np.ndarray) -> float:
    """From one end to the other of a column (n,) that counts shares of it: 100 of %, 1 of a switch, which is 0 or 1; zero of any other."""
    if np.isin(x[np.isfinite(x)], (0.0, 1.0)).all():
        return 1.0
    return 100.0 if unit == "%" else 0.0


def stands(x: np.ndarray) -> bool:
    """Whether rows hold one value, but for rounding."""
    return float(np.ptp(x)) <= 1e-6 * max(1.0, float(np.abs(x).max()))


def whole_step(x: np.ndarray, least: float, few: float = FEW) -> float:
    """The step of a column (n,) of few values (`few`: of its rows), all of them whole steps from nought, if it is larger than `least`; else
    0."""
    apart = np.abs(np.diff(x))
    if ((apart > 0.0) & (apart <= least)).any():
        return 0.0  # no step is larger than the way from row to row
    values = distinct(x)
    if not LEVELS <= len(values) <= few * len(x):
        return 0.0
    step = float(np.diff(values).min())
    whole = values / step
    return step if step > least and np.abs(whole - np.round(whole)).max() < STEPS * max(1.0, float(np.abs(whole).max())) else 0.0


def turned_in(x: np.ndarray, many: int, begin: int) -> np.ndarray:
    """(n,) with every `many` rows from `begin` on the other way round; what is left over at the end stays."""
    out, whole = x.copy(), slice(begin, begin + (len(x) - begin) // many * many)
    out[whole] = x[whole].reshape(-1, many)[:, ::-1].reshape(-1)
    return out
