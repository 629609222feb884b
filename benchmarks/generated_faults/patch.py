"""What an operation is given: some columns of a take, a span of its rows, a size; and what it needs beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
HALVINGS = 30  # of a parameter that is sought; what comes of it is measured


class UnfitError(Exception):
    """The operation cannot be done here, or changes nothing; another one is drawn."""


@dataclass(frozen=True, eq=False)
class Patch:
    """Columns that are about to be changed.

    Attributes:
        values: (n, k) of the chosen columns, in their own units.
        times: (n,) seconds.
        first, last: rows of the span, `last` not among them.
        size: in the operation's own unit.
        rng: decides what is left open.
        low, high: (k,) ends of what each column may hold, by what the set announces, else by what the take holds.
        beside: (n, k) what else is recorded of the same joints (commands of a measurement, positions of a velocity), or None.
        near: (n, k) another column of the same kind for each, or None.
        other: (m, k) the same columns in another take of the set, or None.
    """

    values: Values
    times: Values
    first: int
    last: int
    size: float
    rng: np.random.Generator
    low: Values
    high: Values
    beside: Values | None = None
    near: Values | None = None
    other: Values | None = None

    @property
    def rows(self) -> slice:
        """The span."""
        return slice(self.first, self.last)

    @property
    def n(self) -> int:
        """Rows of the span."""
        return self.last - self.first

    @property
    def inside(self) -> Values:
        """(m, k) values within the span; a copy."""
        return self.values[self.rows].copy()

    @property
    def course(self) -> Values:
        """(m, 1) from 0 to 1 through the span."""
        return np.linspace(0.0, 1.0, self.n)[:, None]

    @property
    def signs(self) -> Values:
        """(k,) plus or minus one."""
        return self.rng.choice([-1.0, 1.0], self.values.shape[1])

    def put(self, rows: Values) -> Values:
        """(n, k) with the span replaced."""
        values = self.values.copy()
        values[self.rows] = rows
        return values

    def by(self, shape: Values) -> Values:
        """(n, k) with a shape (m, k) added, scaled so that its largest value is the size.

        Raises:
            UnfitError: the shape is zero.
        """
        largest = float(np.abs(shape).max(initial=0.0))
        if largest <= 1e-12:
            raise UnfitError("the shape is zero")
        return self.put(self.inside + self.size * shape / largest)

    def reached(self, change: Callable[[float], Values], low: float, high: float) -> Values:
        """(n, k) with the span changed by a parameter that makes the largest change the size.

        Args:
            change: (m, k) of the span by its parameter, which changes more the larger it is.
            low, high: where the parameter is sought, by halving on a logarithmic scale.

        Raises:
            UnfitError: the largest parameter does not change enough.
        """

        def peak(parameter: float) -> float:
            return float(np.abs(change(parameter) - self.inside).max(initial=0.0))

        if peak(high) < self.size:
            raise UnfitError("it cannot change so much")
        for _ in range(HALVINGS):
            middle = float(np.sqrt(low * high))
            low, high = (middle, high) if peak(middle) < self.size else (low, middle)
        return self.put(change(high))

    def need(self, what: Values | None) -> Values:
        """What an operation cannot do without.

        Raises:
            UnfitError: this take has no such thing.
        """
        if what is None:
            raise UnfitError("there is nothing to take it from")
        return what

    def at(self, times: Values) -> Values:
        """(m, k) values at other times, in a straight line between rows; the ends stand."""
        return np.stack([np.interp(times, self.times, column) for column in self.values.T], axis=1)
