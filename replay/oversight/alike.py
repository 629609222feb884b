"""Takes that are nearly the same: of one scenario, as long, and with the same path in each eighth of their time."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

ROUGH = 0.02  # by which length and path may differ: share of them
SLACK = 0.01  # rad, and s
STILL = 0.5  # rad of path in all; a take that moves less is like every other that does
BUCKET = 0.05  # width of a bucket of the path in all: share of it, wider than `ROUGH`


class Alike:
    """Filled take by take; memory is some hundred bytes a take that moves."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, int], list[tuple[int, array[float]]]] = {}
        self._sources: dict[int, str] = {}
        self.pairs: list[tuple[str, str]] = []
        self.n = 0

    def add(
        self, number: int, source: str, scenario: str | None, length_s: float | None, pace: Sequence[float] | None
    ) -> bool:
        """Whether an earlier take is nearly this one.

        Args:
            number: of the take, rising.
            pace: path of all joints in each eighth of the take [rad].
        """
        if not pace or length_s is None or not sum(pace) > STILL:
            return False
        here = array("f", [length_s, *pace])
        place = int(math.log(sum(pace)) / BUCKET)
        twin = None
        for near in (place - 1, place, place + 1):
            for other, theirs in self._buckets.get((scenario or "", near), ()):
                if all(abs(a - b) <= SLACK + ROUGH * abs(b) for a, b in zip(here, theirs)):
                    twin = other
                    break
            if twin is not None:
                break
        if twin is not None:
            self.n += 1
            self.pairs.append((self._sources[twin], source)) if len(self.pairs) < MOST else None
            return True
        self._buckets.setdefault((scenario or "", place), []).append((number, here))
        self._sources[number] = source
        return False


MOST = 50  # pairs that are named
