"""The rows of one column that disagree, which hypotheses are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


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


def turned_in(x: np.ndarray, many: int, begin: int) -> np.ndarray:
    """(n,) with every `many` rows from `begin` on the other way round; what is left over at the end stays."""
    out, whole = x.copy(), slice(begin, begin + (len(x) - begin) // many * many)
    out[whole] = x[whole].reshape(-1, many)[:, ::-1].reshape(-1)
    return out
