"""Rows of several columns that stand in another order for a while: in their own order all of these columns go smoothly.

A single column of noise may be put into an order that is smooth, as all numbers may be sorted. Columns that tremble each by itself are
smoothed by no order that they share. Those of which the same rows were mixed are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from ..signals.statistics import percentile
from .case import turned_in
from .departures import joined
from .difference import LEAP, Difference
from .resampled import is_resampled
from .table import Group

KINDS = ("command", "measured")
MOVES = 0.05  # rad, or share of the way, that a column goes to tell anything
USUAL, LOUD = 95.0, 4.0  # percentile of the turns of a column, and times that, by which it turns where rows are mixed
COLUMNS = 2  # that turn so in the same rows, at the least
MOST, STRETCHES = 32, 6  # rows of a stretch; stretches that are looked at
BESIDE = 2  # rows before and after a stretch, to which it has to lead
# of the squared turns, that the right order leaves of all columns and of each; share of the loud ones that it puts right
LEFT, LEFT_OF_ONE, PUT_RIGHT = 0.12, 0.3, 0.75
PROMISING, ROUNDS = 0.6, 30  # of the squared turns, that a simple order leaves, to go on; rounds of exchanging two rows, or moving one
LEAST = 0.25  # of a leap that is looked at, by which a row is out of its place at the least


def rows_mixed(group: Group) -> Iterator[Difference]:
    """Stretches of rows of commands or measurements, or of both, in another order."""
    if not group.same_rows or group.n < 4 * MOST or is_resampled(group):
        return
    found = {kind: list(_mixed(group, kind)) for kind in KINDS}
    for kind, every in found.items():
        for first, last, names, size in every:
            both = [one for other in KINDS if other != kind for one in found[other] if one[0] <= last and first <= one[1]]
            if both and kind != KINDS[0]:
                continue
            first, last = min(first, *(one[0] for one in both), first), max(last, *(one[1] for one in both), last)
            yield Difference.over(
                group.t, tuple(dict.fromkeys([*names, *(name for one in both for name in one[2])])), "rows" if both else kind,
                (first, last), size, group.channels[0].unit, "reordered", certain=True, limit=LEAST * LEAP, weight=1e3 * len(names),
                stream="" if both else next(c for c in group.channels if c.name in names).topics[kind],
            )  # fmt: skip


def _mixed(group: Group, kind: str) -> Iterator[tuple[int, int, tuple[str, ...], float]]:
    """First and last row of each stretch, the columns, and how far a value is from the one that belongs there at the most."""
    of = [c for c in group.channels if kind in c.columns and not c.is_switch and c.goes(kind) > MOVES]
    if len(of) < COLUMNS:
        return
    x = np.column_stack([c.columns[kind] for c in of])
    turns = np.abs(np.diff(np.concatenate([x[:1], x, x[-1:]]), 2, axis=0))
    usual = np.maximum([percentile(one, USUAL) for one in turns.T], 1e-6)
    loud = turns > LOUD * usual
    stretches = [(a, b) for a, b in joined(loud.sum(axis=1) >= COLUMNS) if 1 <= b - a < MOST]
    for first, last in stretches if len(stretches) <= STRETCHES else ():
        first, last = max(BESIDE, first - 1), min(group.n - 1 - BESIDE, last + 1)
        if last <= first:
            continue
        columns = np.flatnonzero(loud[first : last + 1].any(axis=0))
        part = x[first - BESIDE : last + 1 + BESIDE, columns] / usual[columns]
        order = _order(part)
        before, after = (_turns(each) for each in (part, part[order]))
        right = after < LEFT_OF_ONE * before
        moved = np.flatnonzero(order != np.arange(len(order)))
        if not len(moved) or right.sum() < max(COLUMNS, PUT_RIGHT * len(columns)) or after.sum() > LEFT * before.sum():
            continue
        if _with_one_step(part[:, right]) <= after[right].sum():
            continue
        size = float((np.abs(part[order] - part) * usual[columns])[:, right].max())
        if size >= LEAST * LEAP:
            begin = first - BESIDE
            yield begin + int(moved[0]), begin + int(moved[-1]), tuple(of[j].name for j in columns[right]), size


def _with_one_step(x: np.ndarray) -> float:
    """Squared second differences of all columns of x (n, k) that a step between two rows leaves at the least: a command that begins anew,
    as at the seam of two chunks of a policy, is in no other order."""
    steps = np.diff(x, axis=0)
    left = []
    for row in range(1, len(steps) - 1):
        undone = steps.copy()
        undone[row] = 0.5 * (steps[row - 1] + steps[row + 1])
        left.append(float((np.diff(undone, axis=0) ** 2).sum()))
    return min(left)


def _order(x: np.ndarray) -> np.ndarray:
    """(n,) the order of rows x (n, k) in which they go most smoothly, of those that begin and end with `BESIDE` rows as they are."""
    n = len(x)
    rows, inner = np.arange(n), slice(BESIDE, n - BESIDE)
    tried = [rows, _nearest(x)]
    for own in (
        *(turned_in(rows[inner], many, begin) for many in range(2, 7) for begin in range(many)),
        *(np.roll(rows[inner], by) for by in range(1, n - 2 * BESIDE)),
    ):
        tried.append(np.concatenate([rows[:BESIDE], own, rows[n - BESIDE :]]))
    costs = _costs(x, np.array(tried))
    best, cost = tried[int(costs.argmin())], float(costs.min())
    if cost > PROMISING * costs[0]:
        return rows
    moves = _moves(n)
    for _ in range(ROUNDS):
        costs = _costs(x, best[moves])
        if float(costs.min()) >= cost:
            break
        best, cost = best[moves[int(costs.argmin())]], float(costs.min())
    return best


def _costs(x: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """(m,) squared second differences of all columns of x (n, k) in each order (m, n)."""
    return np.asarray((np.diff(x[orders], 2, axis=1) ** 2).sum(axis=(1, 2)))


@lru_cache(maxsize=MOST)
def _moves(n: int) -> np.ndarray:
    """(m, n) ways to exchange two rows of n, or to move one, within the `BESIDE` rows at either end."""
    rows, found = np.arange(n), []
    for i in range(BESIDE, n - BESIDE):
        for j in range(BESIDE, n - BESIDE):
            if i < j:
                one = rows.copy()
                one[[i, j]] = one[[j, i]]
                found.append(one)
            if i != j:
                found.append(np.insert(np.delete(rows, i), j, i))
    return np.array(found)


def _nearest(x: np.ndarray) -> np.ndarray:
    """(n,) each row followed by the nearest one to where the two before it lead."""
    order, left = list(range(BESIDE)), list(range(BESIDE, len(x) - BESIDE))
    while left:
        ahead = 2.0 * x[order[-1]] - x[order[-2]]
        order.append(left.pop(int(np.argmin(((x[left] - ahead) ** 2).sum(axis=1)))))
    return np.array([*order, *range(len(x) - BESIDE, len(x))])


def _turns(x: np.ndarray) -> np.ndarray:
    """(k,) squared second differences of columns (n, k)."""
    return np.asarray((np.diff(x, 2, axis=0) ** 2).sum(axis=0))
