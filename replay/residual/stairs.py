"""A part of a column that takes a new value in every k-th row alone, and in any row elsewhere: values were held.

The rows in which such a part changes are whole numbers of k apart. What rests now and then changes in any row. A sensor that is slower than
the rows is so in all of the take, and of all joints of an arm; a coarse encoder that creeps changes by one of its steps each time. A bus
that is slower for a while is so for most of what is on it; a sensor that saves power, or a hand that reads less often while it closes, is
slower by how it moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .departures import together
from .difference import Difference
from .resampled import is_resampled
from .table import KINDS as COLUMNS
from .table import Group, RecordedChannel

KINDS = ("command", "measured")
LONGEST = 24  # rows that a value is held
# powers of ten against changes in such rows by chance, of all stretches and numbers of rows that are tried
BY_CHANCE = 8.0
REST = 8  # changes elsewhere, at the least, half of which come in less than half of the rows
STEPS, SIZES = 3.0, 4  # times the least change of the column, that half of the changes are; different ones
ALIKE = 0.5  # of the changes of another column in these rows, that are in the same ones: a joint does what it is sent
OTHERS = 2  # columns beside it that change there in any row, where it does not do so elsewhere
BY_SPEED = 10.0  # percent of the changes in the part, and of those elsewhere, that need not be on their side of a speed
WEIGHT = 100.0  # of a row, in squared limits


def stairs(groups: Sequence[Group]) -> list[Difference]:
    """Such parts of commands and measurements, those of the same rows as one.

    A command may be sent so, one joint of an arm be read so in all of a take, half of a group while their bus is busy, or a sensor have
    such a rate at some speeds: then it is a doubt.
    """
    compared = [group for group in groups if group.same_rows and not is_resampled(group)]
    return together(d for group in compared for channel in group.channels for kind in KINDS for d in _of(group, channel, kind))


def _of(group: Group, channel: RecordedChannel, kind: str) -> Iterator[Difference]:
    x = channel.columns.get(kind)
    if x is None or channel.is_of_two_places:
        return
    beside = [c.columns[kind] for c in group.channels if c is not channel and kind in c.columns]
    found = held_in_part(x, () if group.hands else beside)
    if found is None:
        return
    first, last, every, in_part = found
    other = channel.columns.get("command" if kind == "measured" else "measured")
    own = [channel.columns[of] for of in COLUMNS[2:] if of in channel.columns]
    certain = in_part and kind == "measured" and other is not None and not _are_alike(other, first, last, every)
    certain = certain and not _is_of_its_bus(own, beside, first, last, every) and not _is_by_speed(x, first, last, every)
    size = float(np.abs(np.diff(x[first - 1 : last + 1])).max())
    yield Difference.over(
        group.t, (channel.name,), kind, (first, last), size, channel.unit, "held", certain=certain, numbers={"every": float(every)},
        explained=1.0, undone=0.0, stream=channel.topics[kind], limit=size / 2.0, weight=WEIGHT * (last - first + 1),
    )  # fmt: skip


def _are_alike(x: np.ndarray, first: int, last: int, every: int) -> bool:
    """Whether a column (n,) changes for the most part in the same rows of a part as one that does so in every k-th row alone."""
    rows = first + np.flatnonzero(np.diff(x[first - 1 : last + 1]) != 0.0)
    return bool(len(rows)) and float((rows % every == first % every).mean()) > ALIKE


def _is_of_its_bus(own: Sequence[np.ndarray], beside: Sequence[np.ndarray], first: int, last: int, every: int) -> bool:
    """Whether half and more of the columns that change in a part do so in the same rows: all that comes by one bus does. Not where another
    column (n,) of the same joint is new in any row."""
    moving = [c for c in beside if np.count_nonzero(np.diff(c[first - 1 : last + 1])) >= REST]
    alike = sum(_are_alike(c, first, last, every) for c in moving)
    return alike > 0 and 2 * (alike + 1) >= len(moving) + 1 and all(_are_alike(c, first, last, every) for c in own if np.ptp(c[first:last]))


def _is_by_speed(x: np.ndarray, first: int, last: int, every: int) -> bool:
    """Whether a column (n,) goes faster in the part than where it changes in each row, or more slowly; or so to one side."""
    rows = np.flatnonzero(np.diff(x, prepend=x[0]))
    went, took, ends = np.diff(x[rows]), np.diff(rows), rows[1:]
    inside = (ends > first) & (ends <= last)
    speeds = np.stack([went / took, np.abs(went / took)])
    speeds = np.concatenate([speeds, -speeds])
    part, rest = speeds[:, inside], speeds[:, ~inside & (took < max(0.5 * every, 1.5))]
    return bool((np.percentile(part, 100.0 - BY_SPEED, axis=1) <= np.percentile(rest, BY_SPEED, axis=1)).any())


def held_in_part(x: np.ndarray, beside: Sequence[np.ndarray] = ()) -> tuple[int, int, int, bool] | None:
    """First and last row of the part of a column (n,) that most clearly takes a new value in every k-th row alone, k, and whether it takes
    them in any row elsewhere; None where there is none, or where all of the column does, and of other columns beside it (n,) as well."""
    sizes = np.abs(np.diff(x, prepend=x[0]))
    rows = np.flatnonzero(sizes)
    best: tuple[int, int, int, bool] | None = None
    most = BY_CHANCE
    if len(rows) < REST:
        return None
    least = float(sizes[rows].min())
    for every in _may_be_held(rows):
        edges = np.flatnonzero(np.diff(rows % every)) + 1
        begins, ends = np.concatenate([[0], edges]), np.concatenate([edges, [len(rows)]])
        k = int((ends - begins).argmax())
        a, b = int(begins[k]), int(ends[k])
        against, there = (b - a - 1) * np.log10(every), sizes[rows[a:b]]
        if against <= most or np.median(there) < STEPS * least or len(np.unique(there)) < SIZES:
            continue
        first, last = int(rows[a]), min(int(rows[b - 1]) + every, len(x)) - 1
        elsewhere = np.delete(np.diff(rows) < max(0.5 * every, 1.5), slice(max(a - 1, 0), b))
        moving = [c for c in beside if np.count_nonzero(np.diff(c[first - 1 : last + 1])) >= REST]
        in_part = len(elsewhere) >= REST and float(elsewhere.mean()) >= 0.5
        others = len(moving) >= OTHERS and not any(_are_alike(c, first, last, every) for c in moving)
        if others or in_part:
            best, most = (first, last, every, in_part), against
    return best


def _may_be_held(rows: np.ndarray) -> list[int]:
    """Numbers of rows of which so many changes in a row are whole numbers apart that it is not by chance, if they are `LONGEST` apart."""
    apart, every = np.diff(rows), np.arange(2, LONGEST + 1)
    if not _come_in_a_row(apart > 1).any():
        return []
    return [int(k) for k in every[_come_in_a_row(apart % every[:, None] == 0)]]


def _come_in_a_row(which: np.ndarray) -> np.ndarray:
    """(...,) whether so many of (..., n) come in a row."""
    least = int(BY_CHANCE / np.log10(LONGEST)) + 1
    count = np.cumsum(np.pad(which, [(0, 0)] * (which.ndim - 1) + [(1, 0)]), axis=-1)
    return np.asarray((count[..., least:] - count[..., :-least] == least).any(axis=-1))
