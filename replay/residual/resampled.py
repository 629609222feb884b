"""Rows that were put onto times of another rate: what stands between two rows of the device was never measured.

Interpolated or held values bend at the device's own times alone. On the new rows these come round after a whole number of rows, and so
rows bend by more and by less in turns. A body knows nothing of rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from ..signals.statistics import correlation, median_size
from .table import Group

KINDS = ("measured", "velocity")  # of a joint; both have to bend in turns, or one of them is at fault
TURNS = (2, 3, 4, 5, 6, 10)  # rows after which the times of both rates meet again: those of 30 and 50 rows a second meet after 5
# of the bends of the rows that bend most, median, which those that bend least have: those of 40 rows made of 30 have 0.67,
# with so many rows of each in either half
UNEVEN, ENOUGH = 0.75, 15
ALIKE = 0.8  # correlation of the rows of a turn in both halves of a take
GOES = 7e-4  # of its way within two rows: a joint that moves less says nothing


@lru_cache(maxsize=8)
def is_resampled(group: Group) -> bool:
    """Whether all that was measured of a group's joints stands on rows that are not the device's own."""
    found = _uneven(group, KINDS[0], TURNS)
    return bool(found) and bool(_uneven(group, KINDS[1], found))


def _uneven(group: Group, kind: str, turns: Iterable[int]) -> set[int]:
    """Those numbers of rows in which the steps or the bends of a column come in turns."""
    columns = [c.columns[kind] for c in group.channels if kind in c.columns and c.goes(kind) > 0.0]
    if not columns or group.n < 3 * ENOUGH:
        return set()
    x = np.column_stack(columns)
    goes = np.abs(x[2:] - x[:-2]) > GOES * np.ptp(x, axis=0)
    steps = np.diff(x, axis=0)
    return _in_turns(np.abs(steps[1:]), goes, turns) | _in_turns(np.abs(np.diff(steps, axis=0)), goes, turns)


def _in_turns(sizes: np.ndarray, goes: np.ndarray, turns: Iterable[int]) -> set[int]:
    """Those numbers of rows after which sizes (n, k) are large and small again where columns go somewhere (n, k), in both halves alike."""
    out: set[int] = set()
    for turn in turns:
        half = len(sizes) // 2 // turn * turn
        one, other = _by_phase(sizes[:half], goes[:half], turn), None
        if one is not None and one.min() < UNEVEN * one.max():
            other = _by_phase(sizes[half:], goes[half:], turn)
        if one is None or other is None or other.min() >= UNEVEN * other.max():
            continue
        if correlation(one, other) > ALIKE:
            out.add(turn)
    return out


def _by_phase(sizes: np.ndarray, goes: np.ndarray, turn: int) -> np.ndarray | None:
    """(turn,) medians of those sizes (n, k) that count (n, k), in every so many rows from each of the first on; None of few."""
    of = [sizes[phase::turn][goes[phase::turn]] for phase in range(turn)]
    return np.array([median_size(one) for one in of]) if min(map(len, of)) >= ENOUGH else None
