"""Where a hand comes to rest, and when it sets out: what no thing that it holds explains.

A hand that something stops is short of its command. Past its command, on the way that it came, nothing takes it but another scale; and it
does not wait when nothing stopped it. Hands of others may be calibrated otherwise, or hear late: what is known of our own robot's hands
is a fault, and of others a warning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from ..signals.signal import runs
from ..signals.statistics import correlation
from .difference import Difference
from .hands import COUNTED
from .table import Group, RecordedChannel

LASTS, SETTLES, STILL = 0.5, 0.2, 0.01  # s for which a command stands; s at its end in which the hand moves by less, as a share of its way
PAST = 0.05  # of its way: clean hands of sixteen scenarios rest within 0.003 of where they are commanded, or short of it
AGREE = 0.02  # by which two gains may differ to be one
GOES, SETS_OUT = 0.1, 0.02  # of its way: a move of the command; from where on it, or the hand, has set out
LATE, MOVES, SPREAD = 0.2, 2, 0.1  # s after its command that a hand sets out at the least; such moves; s by which they may differ
SAME, APART = 0.9, 0.1  # correlation of speeds with the rise of later positions, and by how much it is larger than with that of their rows
STEP, LEVELS, FINER, EXACT = 0.1, 4, 4, 1e-4  # of its way between two values; values, times as many commands; beside the grid


@dataclass(frozen=True)
class Rest:
    """The hand stands at `q` in rows up to `last`, commanded to be at `c`; it came upwards (1) or downwards (-1)."""

    first: int
    last: int
    c: float
    q: float
    came: float

    @property
    def past(self) -> float:
        return self.came * (self.q - self.c)


def hands_beside_commands(group: Group, own: bool, known: Collection[str]) -> Iterator[Difference]:
    """Of a group of hands: another scale, coarse steps, and, of our own robot's, a delay.

    Args:
        own: whether they are those of our own robot.
        known: channels of which something else is known that explains it.
    """
    for channel in group.both if group.hands else ():
        if channel.name in known or channel.is_switch:
            continue
        c, q = channel.columns["command"], channel.columns["measured"]
        if float(np.ptp(q)) < PAST or float(np.abs(c).max()) > COUNTED or channel.way <= 0.0:
            continue
        step, rests = _step(c, q), _rests(c, q, group.dt)
        if step is not None:
            yield _one(group, channel, 0.5 * step, "quantised", {"step": step}, own)
        elif (gain := _past(rests)) is not None:
            size = max(abs(one.q - one.c) for one in rests)
            yield _one(group, channel, size, "factor" if gain else None, {"factor": gain} if gain else {}, own)
        elif own and (late := _late(c, q, rests, group.dt)) is not None:
            behind = _behind(q, channel.columns["velocity"], group.dt) if "velocity" in channel.columns else 0.0
            late = behind or late
            yield _one(group, channel, late, "lag", {"late": late}, behind > 0.0, "s")


def _one(
    group: Group, channel: RecordedChannel, size: float, name: str | None, numbers: dict[str, float], certain: bool, unit: str = "1"
) -> Difference:
    return Difference.over(
        group.t, (channel.name,), "measured", None, size, unit, name, certain=certain, stream=channel.topics["measured"],
        limit=LATE if unit == "s" else PAST, weight=group.n * size / PAST, undone=1.0 if name else 0.0, numbers=dict(numbers),
    )  # fmt: skip


def _rests(c: np.ndarray, q: np.ndarray, dt: float) -> list[Rest]:
    count, settles, found = max(2, round(LASTS / dt)), max(2, round(SETTLES / dt)), []
    for first, last in runs(np.diff(c) == 0.0):
        end = last + 1
        if end - first + 1 >= count and float(np.ptp(q[end - settles : end + 1])) < STILL:
            came = float(np.sign(c[first] - c[first - 1])) if first else 0.0
            found.append(Rest(first, end, float(c[first]), float(q[end]), came))
    return found


def _past(rests: list[Rest]) -> float | None:
    """The gain of a hand that rests past its command, zero where it is none; None where it does not do so, or once and no other rest
    bears it out."""
    past = [one for one in rests if one.past > PAST]
    if not past:
        return None
    gains = [one.q / one.c for one in past if one.c > PAST] or [0.0]
    with_gain = [[one for one in rests if one.c > PAST and abs(one.q / one.c - gain) < AGREE * abs(gain)] for gain in gains]
    gain, alike = max(zip(gains, with_gain), key=lambda of: len(of[1]))
    if len(past) < 2 and len({one.came for one in alike} - {0.0}) < 2:
        return None
    return gain if len(alike) > 1 else 0.0


def _late(c: np.ndarray, q: np.ndarray, rests: list[Rest], dt: float) -> float | None:
    """[s] after its command that a hand sets out, each time that it does."""
    after = []
    for one, then in zip(rests, [*(rest.last for rest in rests[1:]), len(c) - 1]):
        rows = slice(one.last, then + 1)
        way = c[rows] - one.q
        up = float(np.sign(way[np.abs(way).argmax()])) if len(way) else 0.0
        sent, went = up * way, up * (q[rows] - one.q)
        if not len(way) or sent.max() < GOES or went.max() < GOES or sent[0] > SETS_OUT:
            continue
        after.append(int((went > SETS_OUT).argmax()) - int((sent > SETS_OUT).argmax()))
    if len(after) < MOVES or min(after) * dt < LATE or (max(after) - min(after)) * dt > SPREAD + dt:
        return None
    return float(np.median(after)) * dt


def _behind(q: np.ndarray, v: np.ndarray, dt: float) -> float:
    """[s] by which positions are later than the speeds that they have, no less than a row and `SPREAD`; else zero."""
    rise, last = np.gradient(q, dt), min(round(1.0 / dt), len(q) // 3)
    alike = [correlation(v[: len(v) - by], rise[by:]) for by in range(last + 1)]
    by = int(np.argmax(alike))
    return by * dt if by > 1 and by * dt >= SPREAD and alike[by] > SAME and alike[0] < alike[by] - APART else 0.0


def _step(c: np.ndarray, q: np.ndarray) -> float | None:
    """The step of a measurement that is coarser than any encoder, if its command is not; else None."""
    levels = np.unique(np.round(q, 6))
    if not LEVELS <= len(levels) <= 1.0 / STEP or len(np.unique(c)) < FINER * len(levels):
        return None
    step = float(np.diff(levels).min())
    off = np.abs((levels - levels[0]) / step - np.round((levels - levels[0]) / step)).max()
    return step if step >= STEP and off * step < EXACT else None
