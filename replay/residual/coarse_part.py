"""A column that is on whole steps for a part of a take, and on none elsewhere: its numbers were rounded, cut off, or written with few bits.

Nothing that moves is at whole numbers of a step and nowhere between. Who commands or measures in steps does so all along, or at a few
places. That no other column is asked makes it independent of how well anything follows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..signals.signal import runs
from ..signals.statistics import median
from .case import Case
from .departures import together
from .difference import Difference
from .resampled import is_resampled
from .table import Group, RecordedChannel

LEAST = {"rad": 0.03, "1": 0.01}  # of a step that is looked at
# numbers on the grid, and rows, at the least; powers of ten against so many being on it by chance, as often as those of the other rows are
LEVELS, ROWS, BY_CHANCE = 3, 8, 7.5
WAYS = 4  # from number to number
ON, OFF = 5e-4, 0.2  # of a step, that a number may be beside it; share of the other rows that move, that may be on the grid as well
TRIED = 12  # steps of a column, those that occur most often
SAME = 1e-6  # rad, or share of the way: the same number


def coarse_parts(group: Group) -> list[Difference]:
    """Stretches of commands and measurements on whole steps, those of the same rows as one. Fingers are not asked: their encoders are
    coarse, and they creep from one number to the next."""
    if group.hands or not group.same_rows or group.n < 4 * ROWS or is_resampled(group):
        return []
    return together(
        one for kind in ("command", "measured") for channel in group.channels
        if kind in channel.columns and not channel.is_of_two_places for one in _of(group, channel, kind)
    )  # fmt: skip


def _of(group: Group, channel: RecordedChannel, kind: str) -> Iterator[Difference]:
    x = channel.columns[kind]
    found = longest_on_a_grid(x, LEAST[channel.unit])
    if found is None:
        return
    first, last, step = found
    rows = np.arange(group.n)
    changes = first + np.flatnonzero(np.diff(x[first : last + 1], prepend=np.nan) != 0.0)
    truth = x.copy()
    truth[first : last + 1] = np.interp(rows[first : last + 1], changes, x[changes])
    yield Difference.over(
        group.t, (channel.name,), kind, (first, last), step, channel.unit, "quantised", certain=True, numbers={"step": step},
        stream=channel.topics[kind], limit=LEAST[channel.unit], weight=(step / LEAST[channel.unit]) ** 2 * (last - first + 1),
        cases=(Case(x, truth, first, last, group.dt, 0.1 * step),),
    )  # fmt: skip


def longest_on_a_grid(x: np.ndarray, least: float) -> tuple[int, int, float] | None:
    """First and last row of the longest stretch of a column (n,) that is on whole steps of `least` or more, and the step; None where there
    is none, or the rest of the column is on them as well."""
    steps = np.abs(np.diff(x))
    if SAME * np.round(steps.max(initial=0.0) / SAME) < least:
        return None  # no other step is larger
    turns = np.abs(np.diff(np.pad(x, 1, mode="edge"), 2)) > SAME
    sizes, counts = np.unique(np.round(steps[steps > 0.5 * least] / SAME), return_counts=True)
    best: tuple[int, int, float] | None = None
    for size in SAME * sizes[np.argsort(-counts, kind="stable")[:TRIED]]:
        if size < least:
            continue
        size = median(steps[np.abs(steps - size) <= SAME])
        if not _are_whole(x[ROWS - 1 :: ROWS] / size).any():
            continue  # of any so many rows in a stretch one is among these
        whole = x / size
        on = _are_whole(whole)
        for first, last in runs(on):
            if last - first + 1 < ROWS or (best is not None and last - first <= best[1] - best[0]):
                continue
            moves, turned = steps[first:last] > SAME, turns[first : last + 1]
            if 2 * (moves & ~turned[1:] & ~turned[:-1]).sum() > moves.sum():
                continue  # of a straight line from nought all numbers are its slope's
            went = np.diff(x[first : last + 1])
            small, far = (np.abs(went) > SAME) & (np.abs(went) < 0.5 * size), np.flatnonzero(np.abs(went) >= 0.5 * size)
            evenly = (np.diff(far) == 1) & (np.abs(np.diff(went[far])) <= SAME)  # goes on as in the row before: one way, in so many rows
            if small.any() or len(far) - evenly.sum() < WAYS:
                continue  # a leap that takes a few rows has a grid of its own
            numbers = np.unique(np.round(whole[first : last + 1][turned]))
            if len(numbers) < LEVELS:
                continue
            rest = np.concatenate([on[:first][np.diff(x[: first + 1]) != 0.0], on[last + 1 :][np.diff(x[last:]) != 0.0]])
            chance = max(2.0 * ON, (rest.sum() + 0.5) / (len(rest) + 1.0))
            if len(rest) >= ROWS and chance <= OFF and -len(numbers) * np.log10(chance) >= BY_CHANCE:
                best = first, last, size
    return best


def _are_whole(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(x - np.round(x)) <= ON)
