"""Rows that are missing, twice there, or in another order: all columns of a robot step on together, and not as its speeds say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..signals.signal import runs
from .case import turned_in
from .derived_speed import are_smoothed
from .difference import LEAP, Difference
from .relations import shifted
from .resampled import is_resampled
from .table import Group

# rad/s of all joints together, from where on the rows that lie between two positions can be counted; share of their squared step that
# is no such motion. 24 clean takes of six scenarios stay within 0.45 rows of one
FAST, OTHERWISE, ROWS = 0.3, 0.15, 0.6
OTHERS = 0.2  # of `FAST`, that the other joints go at the least to say anything
AT_ONCE = (0.05, 0.15)  # s between rows at the most, rad: no joint goes so far with its command in the row in which it leaps
NEAR = 3  # rows, within which a row that is there again has others on either side
USUAL = 0.8  # of the fast rows, between which one row lies
BESIDE = 6  # rows, by which commands and positions go on before and after
# rows in a stretch that may stand the other way round all along
TURNED = tuple((many, phase) for many in range(2, 7) for phase in range(many))  # and the row at which the first one begins
# of the way from row to row, and of the changes of its steps, what is left once each is turned back (of smooth motion 0.5 and less, and
# hardly anything); share of the columns that move of which this holds; rad, or share of the way, that a column moves; rows that tell
SHORTER, SMOOTHER, MOST, MOVES, LEAST = 0.65, 0.3, 0.75, 0.05, 60
ROUGH = 0.5  # of its way, by which the steps of a column change at the least that is turned: those of even motion, by 1.5 of it and more
# von Neumann's ratio of rows in no order, and of those in one; rad, or ways, a second that nothing goes from row to row in the middle;
# share of a command's spread by which it and the measurement of its row differ
NO_ORDER, IN_ORDER, FASTEST, TOGETHER = 0.5, 0.1, 4.0, 0.6
# rows that are one row again, and times as many as a value usually stands; rad between the rows before, and behind: no body stands so
# suddenly, and goes on so
STUCK, LONGER, GOES_ON = 4, 3, 0.01


def rows_lost(group: Group) -> Iterator[Difference]:
    """Rows at which command and measurement leap together: rows come again there, to the bit, or some are missing, or those of another
    take begin."""
    sides = []
    for kind in ("command", "measured"):
        columns = [c.columns[kind] for c in group.channels if kind in c.columns and not c.is_switch]
        sides.append(_leaps(np.column_stack(columns)) if columns else np.zeros((group.n, 0), bool))
    leaps = [side.sum(axis=1) for side in sides]
    if not all(side.shape[1] for side in sides):
        return
    both = (leaps[0] >= 1) & (leaps[1] >= 1) & (leaps[0] + leaps[1] >= 3)
    if sides[0].shape == sides[1].shape and group.dt < AT_ONCE[0] and group.same_rows:
        far = np.column_stack([c.columns["measured"] for c in group.channels if "measured" in c.columns and not c.is_switch])
        both |= (sides[0] & sides[1] & (np.abs(np.diff(far, axis=0, prepend=far[:1])) > AT_ONCE[1])).any(axis=1)
    if not both.any():
        return
    moving = [c for c in group.channels if "measured" in c.columns and not c.is_switch]
    q = np.column_stack([c.columns["measured"] for c in moving])
    for row in np.flatnonzero(both).tolist():
        names = [c.name for j, c in enumerate(moving) if sides[1][row, j]]
        again = written_again(group, row)
        size = float(np.abs(q[row] - q[row - 1]).max())
        yield _rows(group, names, row, row + max(again - 1, 0), size, "repeated" if again else "cut")


def written_again(group: Group, row: int) -> int:
    """How many rows from one on are those of rows before, commands and measurements to the bit, in the same order; 0 where fewer than
    `STUCK` are."""
    if not group.same_rows:
        return 0
    x = np.column_stack([c.columns[kind] for c in group.channels for kind in ("command", "measured") if kind in c.columns])
    most = 0
    for first in np.flatnonzero((x[:row] == x[row]).all(axis=1)).tolist():
        n = min(len(x) - row, row - first)
        alike = (x[row : row + n] == x[first : first + n]).all(axis=1)
        n = n if alike.all() else int(alike.argmin())
        if n >= STUCK and np.ptp(x[row : row + n], axis=0).any():
            most = max(most, n)
    return most


def rows_moved(group: Group) -> Iterator[Difference]:
    """Rows between which all joints go by another number of rows than one, as their speeds say, and their commands as well."""
    channels = [c for c in group.channels if {"command", "measured", "velocity"} <= set(c.columns)]
    if group.n < 4 * BESIDE or len(channels) < 2 or not group.same_rows or is_resampled(group):
        return
    c, q, v = (np.column_stack([one.columns[kind] for one in channels]) for kind in ("command", "measured", "velocity"))
    step, due = np.diff(q, axis=0), 0.5 * (v[1:] + v[:-1]) * np.diff(group.t)[:, None]
    power = (due**2).sum(axis=1)
    fast = power > (FAST * group.dt) ** 2
    if fast.sum() < 4 * BESIDE:
        return
    went = (step * due).sum(axis=1) / np.maximum(power, 1e-12)
    alike = ((step - went[:, None] * due) ** 2).sum(axis=1) < OTHERWISE * np.maximum((step**2).sum(axis=1), 1e-12)
    still = np.abs(went) < 1.0 - ROWS  # twice the same row
    usual = float(np.median(went[fast]))
    steady = fast & shifted(fast, 1) & shifted(fast, -1)
    if usual <= 0.0 or float((np.abs(went / usual - 1.0) < ROWS)[fast].mean()) < USUAL:
        return  # speeds of another kind
    # whatever pushes a joint between two rows, it goes no faster than at the one and no slower than at the other
    ends = usual * np.stack([v[:-1], v[1:]]) * np.diff(group.t)[:, None]
    outside = np.maximum(np.maximum(step - ends.max(axis=0), ends.min(axis=0) - step), 0.0)
    bad = steady & (alike | still) & (np.abs(went / usual - 1.0) > ROWS) & ((outside**2).sum(axis=1) > (ROWS * usual) ** 2 * power)
    # rows are those of all joints: without the one that is furthest off, the others say so, too
    worst = (np.arange(len(outside)), np.argmax(outside, axis=1))
    others, their_power = (outside**2).sum(axis=1) - outside[worst] ** 2, power - due[worst] ** 2
    bad &= others > (ROWS * usual) ** 2 * np.maximum(their_power, (OTHERS * FAST * group.dt) ** 2)
    if bad.any() and are_smoothed(v, q, group.t):
        bad &= _unlike_those_beside(step, due)
    gap = bad.copy()
    for shift in range(1, BESIDE):
        gap |= shifted(bad, shift) | shifted(bad, -shift)
    for low, high in runs(gap):
        rows = np.flatnonzero(bad[low : high + 1]) + low
        first, last = int(rows[0]), int(rows[-1])
        part = slice(first, last + 1)
        # hands that are pushed about, as by what they stir, do not go as their speeds say, by up to 0.012 rad
        far = float(np.abs(step - usual * due)[part].max()) > 0.5 * LEAP or not step[part][bad[part]].any()
        if far and all(_stray(np.diff(x, axis=0), first, last) for x in (c, q)):
            turns = went[first : last + 1] / usual
            why = "reordered" if turns.min() < -ROWS else "cut" if turns.max() > 1.0 + ROWS else "repeated"
            names = [one.name for one, far in zip(channels, np.abs(step[first : last + 1]).max(axis=0)) if far > 0.25 * LEAP]
            yield _rows(group, names, first + 1, last + 1, float(np.abs(step[first : last + 1]).max()), why)


def _unlike_those_beside(step: np.ndarray, due: np.ndarray) -> np.ndarray:
    """(n,) steps (n, k), along the way that is due, that are more than one row longer than those before and after them, or shorter than
    steps shortly before and shortly after."""
    way = due / np.maximum(np.linalg.norm(due, axis=1, keepdims=True), 1e-12)
    own = (step * way).sum(axis=1)
    before, after = ([(_rows_beside(step, sign * by) * way).sum(axis=1) for by in range(1, NEAR + 1)] for sign in (-1, 1))
    longest, shortest = np.maximum(before[0], after[0]), np.minimum(np.max(before, axis=0), np.max(after, axis=0))
    return (own > (1.0 + ROWS) * longest) | (own < (1.0 - ROWS) * shortest)


def _rows_beside(x: np.ndarray, shift: int) -> np.ndarray:
    return np.column_stack([shifted(column, shift) for column in x.T])


def rows_turned(group: Group) -> Iterator[Difference]:
    """Stretches of a few rows that all stand the other way round, as where each pair of rows is exchanged: turned back, every column
    goes a much shorter and smoother way from row to row. Of smooth motion no order of its rows is shorter than its own."""
    if not group.same_rows or group.n < LEAST:
        return
    found: dict[str, tuple[tuple[str, ...], float]] = {}
    for kind in ("command", "measured"):
        of = [c for c in group.channels if kind in c.columns and not c.is_switch and c.goes(kind) > MOVES]
        if len(of) < 2:
            continue
        x = np.column_stack([c.columns[kind] for c in of])
        way, rough = (np.abs(np.diff(x, order, axis=0)).sum(axis=0) for order in (1, 2))
        if float((rough > ROUGH * way).mean()) < MOST:
            continue
        for many, phase in TURNED:
            rows = turned_in(np.arange(group.n), many, phase)
            now = [np.abs(np.diff(x[rows], order, axis=0)).sum(axis=0) for order in (1, 2)]
            shorter = (now[0] < SHORTER * way) & (now[1] < SMOOTHER * rough)
            if float(shorter.mean()) >= MOST:
                found[kind] = tuple(c.name for c, turned in zip(of, shorter) if turned), float(np.abs(x[rows] - x).max())
                break
    both = len(found) == 2
    for kind, (names, far) in list(found.items())[-1:]:
        yield Difference.over(
            group.t, names, "rows" if both else kind, None, far, group.channels[0].unit, "reordered", certain=True, limit=LEAP,
            weight=1e6 * len(names),
        )  # fmt: skip


def rows_shuffled(group: Group) -> Iterator[Difference]:
    """Rows in no order at all: from each to the next one, most columns go about as far as between any two rows of the take, faster than
    joints are. Von Neumann's ratio (doi:10.1214/aoms/1177731677): half of the mean squared step over the variance, one where rows know
    nothing of each other. Where commands and measurements both are so, and yet belong together in each row, whole rows were mixed."""
    if not group.same_rows or group.n < LEAST:
        return
    mixed: dict[str, float] = {}
    ratios: dict[str, np.ndarray] = {}
    moving = [c for c in group.channels if not c.is_switch]
    for kind in ("command", "measured"):
        of = [c.columns[kind] for c in moving if kind in c.columns and c.goes(kind) > MOVES]
        if len(of) < 2:
            return
        steps = np.diff(np.column_stack(of), axis=0)
        ratios[kind] = 0.5 * (steps**2).mean(axis=0) / np.var(np.column_stack(of), axis=0)
        if float((ratios[kind] > NO_ORDER).mean()) >= MOST and float(np.median(np.abs(steps))) / group.dt > FASTEST:
            mixed[kind] = float(np.abs(steps).max())
    both = [c for c in moving if c.has_both and c.goes("measured") > MOVES]
    names = tuple(c.name for c in both)
    if len(mixed) == 2:
        apart = [float(np.std(c.columns["command"] - c.columns["measured"])) < TOGETHER * float(np.std(c.columns["command"])) for c in both]
        kind = "rows" if float(np.mean(apart)) >= MOST else ""
    else:
        kind = next((k for k in mixed if all(float(np.median(r)) < IN_ORDER for o, r in ratios.items() if o != k)), "")
    if kind and names:
        size = max(mixed.values())
        yield Difference.over(
            group.t, names, kind, None, size, group.channels[0].unit, "reordered", certain=True, limit=LEAP, weight=1e6 * len(names),
        )  # fmt: skip


def rows_stuck(group: Group) -> Iterator[Difference]:
    """Rows in which commands and measurements of all joints are those of the row before, to the bit, in the middle of a motion that
    goes on as it went: one row was written several times."""
    kinds = ("command", "measured")
    of = [c for c in group.channels if set(kinds) <= set(c.columns)]
    if not group.same_rows or group.hands or len(of) < 2 or group.n < LEAST or is_resampled(group):
        return
    steps = [np.abs(np.diff(np.column_stack([c.columns[kind] for c in of]), axis=0)).max(axis=1) for kind in kinds]
    stands = (steps[0] == 0.0) & (steps[1] == 0.0)
    stretches = list(runs(stands))
    usual = float(np.median([last - first + 1 for first, last in stretches])) if len(stretches) > 2 else 0.0
    for first, last in stretches:
        if last - first + 1 < max(STUCK, LONGER * usual) or first < 1 or last + 2 > len(stands):
            continue
        if min(step[row] for step in steps for row in (first - 1, last + 1)) > GOES_ON:
            size = float(min(step[first - 1] for step in steps)) * (last - first + 1)
            yield _rows(group, [c.name for c in of], first + 1, last + 1, size, "repeated")


def _stray(step: np.ndarray, first: int, last: int) -> bool:
    """Whether a column's steps in these rows are not those of the rows beside them."""
    beside = np.concatenate([step[max(0, first - BESIDE) : first], step[last + 1 : last + 1 + BESIDE]])
    usual = np.median(beside, axis=0)
    power = float((usual**2).sum())
    return power > 0.0 and float(np.abs(step[first : last + 1] @ usual / power - 1.0).max()) > ROWS


def _rows(group: Group, names: list[str], first: int, last: int, size: float, why: str) -> Difference:
    return Difference(
        tuple(names), "rows", first, last, float(group.t[first - 1]), float(group.t[last]), size, group.channels[0].unit, why, True,
        limit=LEAP, rows=group.n, weight=1e3 * size * len(names),
    )  # fmt: skip


def _leaps(x: np.ndarray) -> np.ndarray:
    """(n, k) whether a row is reached by a step that its neighbours do not announce: none of those beside it is alike."""
    step = np.diff(x, axis=0)
    size = np.abs(step)
    out = np.zeros(x.shape, bool)
    if len(step) < 7:
        return out
    usual = np.zeros_like(size)
    for away in (1, 2, 3):
        usual[away:] = np.maximum(usual[away:], size[:-away])
        usual[:-away] = np.maximum(usual[:-away], size[away:])
    out[1:] = (size > LEAP) & (size > 4.0 * usual)
    return out
