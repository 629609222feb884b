"""Hands, which stop at what they hold: a hand goes towards its command or stands, and never away from all that it was commanded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..signals.signal import over_runs, runs
from ..signals.statistics import TO_SIGMA, correlation, median_size
from .other_commands import best_alike
from .relations import shifted
from .table import Group, RecordedChannel

MEMORY = 1.0  # s of command that a hand may still be on its way from
# the same of hands that are known to be quicker: correlation with the command of this time before, or later (clean hands of three real
# sets and of six scenarios go as little away from what they were commanded within 0.4 s as within 1 s)
QUICK, QUICKLY = 0.5, 0.95
BEYOND = 0.1  # of its way outside all that it was commanded meanwhile; clean takes of seven scenarios reach 0.03
MOVES = 0.1  # of its way that it has moved there within the memory: one that was outside from the first row on may be on its way
SIGMAS = 8.0  # of what a hand's measurement changes by from row to row: less is noise
LEAST = 2  # rows
STRAY = 0.25  # of its way, in a single row and back: no hand goes there and comes back so fast
FULL, OFTEN = 0.5, 2  # of its way, and how often a hand is commanded so far while it is measured at one value alone
COUNTED = 3.0  # of its way: a hand that is commanded further is counted in another unit, of which its range tells
# s; correlation and share of its way, in 99 % of the rows, by which a hand that is that late does what it was commanded
LATE_HAND, JUST_SO, BESIDE_HAND = 0.5, 0.995, 0.12
# factors of two units that are mistaken for one another; within what a hand that stops at what it holds leaves of them; correlation
UNITS, NEARLY, SAME_UNIT = (100.0, 255.0, 1000.0, 0.01, 1.0 / 255.0, 1e-3), 0.2, 0.9
OPPOSED = -0.7  # correlation of a hand's measured way with its command, from where on it goes the other way


@dataclass(frozen=True)
class AgainstCommand:
    """Rows first..last in which a hand moved away from all that it was commanded, by `size` of its way at the most."""

    channel: RecordedChannel
    first: int
    last: int
    size: float
    stands: str | None  # the column that is one value all the while
    mirrored: bool  # whether it opens as it is commanded to close, and closes as it is commanded to open
    stray: bool = False  # whether it is a single row, and not where the hand can have been


def against_command(group: Group) -> list[AgainstCommand]:
    """Of each hand of a group, by its measured and commanded way."""
    found = []
    for channel in group.both:
        if round(MEMORY / group.dt) + 1 >= group.n:
            continue
        c, q = channel.columns["command"], channel.columns["measured"]
        count = max(2, round((QUICK if _is_quick(c, q, group.dt) else MEMORY) / group.dt) + 1)
        if median_size(c) > COUNTED:
            continue  # in another unit nothing is compared; its range tells
        size = away_from_commands(c, q, count, round(MEMORY / group.dt) + 1, group.held_commands - 1)
        noise = TO_SIGMA * median_size(np.diff(q))
        size[size <= SIGMAS * noise] = 0.0
        for first, last in runs(size > BEYOND):
            if first == last and _strays(q, first):
                found.append(AgainstCommand(channel, first, last, float(size[first]), None, mirrored=False, stray=True))
            elif last - first + 1 >= LEAST:
                span = slice(max(0, first - count), last + 1)
                stands = "command" if np.ptp(c[span]) == 0.0 else None
                around = slice(max(0, first - 2 * count), min(group.n, last + 2 * count))
                most = float(size[first : last + 1].max())
                found.append(AgainstCommand(channel, first, last, most, stands, _opposed(c[around], q[around])))
    return found


def _is_quick(c: np.ndarray, q: np.ndarray, dt: float) -> bool:
    """Whether a hand is soon where it was commanded to be."""
    if min(np.ptp(c), np.ptp(q)) < MOVES:
        return False
    late = range(0, round(QUICK / dt) + 1, max(1, round(QUICK / dt) // 5))
    return any(correlation(shifted(c, -by), q) > QUICKLY for by in late)


def away_from_commands(c: np.ndarray, q: np.ndarray, count: int, moved_in: int | None = None, ahead: int = 0) -> np.ndarray:
    """(n,) how far a joint or hand has moved past all that it was commanded within `count` rows; zero if it has not.

    Args:
        moved_in: rows within which it has to have moved so far; `count` where it is None.
        ahead: rows by which a command may be written late.
    """
    of = np.concatenate([np.full(count - 1, c[0]), c, np.full(ahead, c[-1])])
    high, low = over_runs(np.maximum, of, count + ahead), over_runs(np.minimum, of, count + ahead)
    back = moved_in or count
    past = np.concatenate([np.full(back - 1, q[0]), q])
    rose, fell = q - over_runs(np.minimum, past, back), over_runs(np.maximum, past, back) - q
    over = np.where(rose > MOVES, np.minimum(q - high, rose), 0.0)
    under = np.where(fell > MOVES, np.minimum(low - q, fell), 0.0)
    return np.maximum(over, under)


def reversed_hand(channel: RecordedChannel, dt: float) -> float | None:
    """The correlation of a hand's measured way with its command where it goes the other way all the time, however late; else None."""
    if not channel.has_both:
        return None
    c, q = channel.columns["command"], channel.columns["measured"]
    if min(np.ptp(c), np.ptp(q)) < 2.0 * MOVES:
        return None
    last = max(0, min(round(MEMORY / dt), len(q) // 2))
    alike: list[float] = []
    for late in range(0, last + 1, max(1, last // 10)):
        alike.append(correlation(shifted(c, -late), q))
        if alike[-1] >= -OPPOSED:
            return None
    return min(alike) if min(alike) < OPPOSED else None


def another_unit(channel: RecordedChannel, dt: float) -> float | None:
    """The factor of two units by which a hand's measured way is that of its command all along; None where it is none of those."""
    if not channel.has_both:
        return None
    c, q = channel.columns["command"], channel.columns["measured"]
    if channel.goes("command") == 0.0 or channel.goes("measured") == 0.0 or channel.is_switch:
        return None
    alike, late = _best(channel, dt)
    if alike < SAME_UNIT:
        return None
    rows = max(late, 0)
    slope = float(np.cov(q[rows:], c[: len(c) - rows])[0, 1] / np.var(c[: len(c) - rows], ddof=1))
    return next((known for known in UNITS if abs(slope / known - 1.0) < NEARLY), None)


@lru_cache(maxsize=1)
def _best(channel: RecordedChannel, dt: float) -> tuple[float, int]:
    """The correlation of a hand with its command at the delay at which it is largest, and the rows of that."""
    c, q = channel.columns["command"], channel.columns["measured"]
    alike, late = best_alike(q[:, None], c[:, None], dt, 2.0 * MEMORY)
    return alike.item(), late.item()


def late_hand(channel: RecordedChannel, dt: float) -> float | None:
    """[s] by which a hand is measured late that does otherwise just what it was commanded: more than `LATE_HAND`, else None.

    A slow hand is late, too, but it closes more slowly than it was commanded.
    """
    if not channel.has_both or channel.is_switch:
        return None
    c, q = channel.columns["command"], channel.columns["measured"]
    if min(np.ptp(c), np.ptp(q)) < FULL or median_size(c) > COUNTED:
        return None
    alike, rows = _best(channel, dt)
    if rows * dt < LATE_HAND or alike < JUST_SO:
        return None
    away = np.abs(q[rows:] - c[: len(c) - rows])
    return rows * dt if float(np.percentile(away, 99.0)) < BESIDE_HAND * float(np.ptp(c)) else None


def never_measured(channel: RecordedChannel) -> float | None:
    """How far a hand is commanded that is measured at one value in all rows, though it was to go there and back; else None."""
    if not channel.has_both or channel.goes("measured") > 0.0:
        return None
    c = channel.columns["command"]
    way = float(np.ptp(c))
    ends = np.flatnonzero(np.abs(c - c.mean()) > 0.25 * way)
    turns = int((np.diff(np.sign(c[ends] - c.mean())) != 0.0).sum())
    return way if FULL < way < COUNTED and turns >= OFTEN else None


def _strays(q: np.ndarray, row: int) -> bool:
    beside = q[[k for k in (row - 1, row + 1) if 0 <= k < len(q)]]
    return bool(np.abs(q[row] - beside).min() > STRAY and np.ptp(beside) < np.abs(q[row] - beside).min())


def _opposed(command: np.ndarray, measured: np.ndarray) -> bool:
    if min(np.ptp(command), np.ptp(measured)) < 2.0 * MOVES:
        return False
    return correlation(command, measured) < OPPOSED
