"""Takes that are nearly the same: of one scenario, as long, and with the same path in each eighth of their time."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from itertools import product

ROUGH = 0.02  # by which length and path may differ: share of them
SLACK = 0.01  # rad, and s
STILL = 0.5  # rad of path in all; a take that moves less is like every other that does
MOST = 50  # pairs that are named
# numbers are looked up by ln(x + SLACK / ROUGH), in which what may differ is `ROUGH` wide wherever x lies
WIDTH = 6 * ROUGH  # of a cell; a take is looked for in the next one, too, where it lies near its edge


class Alike:
    """Filled take by take; memory is some hundred bytes a take that moves, and time does not grow with how many there are."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, tuple[int, ...]], list[tuple[str, array[float]]]] = {}
        self.pairs: list[tuple[str, str]] = []
        self.n = 0

    def add(self, source: str, scenario: str | None, length_s: float | None, pace: Sequence[float] | None) -> bool:
        """Whether an earlier take is nearly this one.

        Args:
            pace: path of all joints in each eighth of the take [rad].
        """
        if not pace or length_s is None or not sum(pace) > STILL:
            return False
        here = array("f", [length_s, *pace])
        places = [math.log(max(0.0, x) + SLACK / ROUGH) / WIDTH for x in here]
        edge = 1.1 * ROUGH / WIDTH
        near = [
            (
                int(place),
                *((int(place) - 1,) if place % 1 < edge else (int(place) + 1,) if place % 1 > 1 - edge else ()),
            )
            for place in (one + OFFSET for one in places)
        ]
        for cell in product(*near):
            for other, theirs in self._cells.get((scenario or "", cell), ()):
                if len(theirs) == len(here) and all(abs(a - b) <= SLACK + ROUGH * abs(b) for a, b in zip(here, theirs)):
                    self.n += 1
                    if len(self.pairs) < MOST:
                        self.pairs.append((other, source))
                    return True
        self._cells.setdefault((scenario or "", tuple(one[0] for one in near)), []).append((source, here))
        return False


OFFSET = 1000.0  # so that no place is negative
