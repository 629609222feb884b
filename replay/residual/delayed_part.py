"""Rows of a part of a take in which all joints follow their commands later, or earlier, than in the rest of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..signals.statistics import medians
from .difference import Difference
from .put_right import PutRight
from .relations import sent, shifted, shifts_of
from .table import Group, RecordedChannel

EARLY, LATE = 0.4, 0.8  # s by which a joint may be ahead of its command, and behind it
SEARCHED = 36  # delays at the most that are tried between the two
LEAST, SURE = 0.06, 0.095  # s: smaller changes of a delay are not looked at; from the other one on no chain of devices made it
PART, REST = 1.0, 2.0  # s of the part and of the rest, at the least
GOES = 0.1  # rad: a joint that goes less in the part tells nothing of its delay
JOINTS, ALIKE = 3, 0.75  # joints that go in the part, and share of them that are better explained by the other delay
FINEST = 2e-3  # rad: no joint of a real arm is where its command sends it to within less
SILENT = 0.02  # of what tells two delays apart: rows with less of it tell nothing
OF_FLOAT32 = 1e-4  # of a sum, more than it loses in float32
SHORTER = 0.4  # of the take: a first part that is no longer is the odd one of two
LEFT = 0.25  # of the squared difference in the part: what the other delay may leave
AS_ELSEWHERE = 3.0  # times the squared difference of the rest, for as much motion, that it may be


def delayed_part(group: Group, cuts: Sequence[tuple[int, int]] = ()) -> PutRight | None:
    """The part of a take in which all joints that move have another delay than in the rest; None where there is none.

    Args:
        cuts: rows (first, last) into which commands and positions leap together. Beside them no delay fits, and a wrong one fits best.

    Of all pairs of delays, one for the rest and one for the part, that are taken with the part that leaves least of the squared
    difference between positions and commands: a largest sum of successive numbers (Bentley, Programming Pearls, CACM 27, 1984).
    """
    both = [i for i, c in enumerate(group.channels) if c.has_both and not c.is_switch]
    both = [i for i in both if group.channels[i].goes("measured") > GOES]
    if group.channels[0].unit != "rad":  # how late a servo is that plans its way is a matter of its pace
        return None
    if len(both) < JOINTS or group.n * group.dt < PART + REST:
        return None
    commands = sent(group, both)
    stride = max(1, round((EARLY + LATE) / SEARCHED / group.dt))
    early, late = round(EARLY / group.dt), round(LATE / group.dt)
    delays = np.arange(-early, late + 1, stride)
    without = [(max(0, begin - early), end + late + 1) for begin, end in cuts]
    every, space, means, power = np.zeros((len(delays), group.n)), np.empty((len(delays), group.n)), [], []
    for i in both:
        away = np.subtract(group.channels[i].columns["measured"], shifts_of(commands[i], -delays), out=space)
        means.append(medians(away))
        away -= means[-1][:, None]
        away *= away
        for begin, end in without:
            away[:, begin:end] = 0.0
        power.append(max(float(away.mean(axis=1).min()), FINEST**2))  # one that follows badly, or is off, has no louder voice
        every += np.divide(away, power[-1], out=away)
    usual, other, first, last = _largest(every)
    by = int(delays[other] - delays[usual])
    seconds, rows = by * group.dt, last - first + 1
    if abs(seconds) < LEAST or abs(by) < 2 or rows * group.dt < PART or (group.n - rows) * group.dt < REST:
        return None
    errors = np.empty((len(both), 2, group.n))  # of the delay of the rest, and of that of the part
    for j, i in enumerate(both):
        two = [usual, other]
        errors[j] = (group.channels[i].columns["measured"] - shifts_of(commands[i], -delays[two]) - means[j][two, None]) ** 2
        for begin, end in without:
            errors[j, :, begin:end] = 0.0
        errors[j] /= power[j]
    part = slice(first, last + 1)
    goes = [j for j, i in enumerate(both) if float(np.ptp(commands[i][part])) > GOES]
    before, after = errors[:, 0, part].sum(axis=1), errors[:, 1, part].sum(axis=1)
    better = [j for j in goes if after[j] < 0.5 * before[j]]
    if len(better) < JOINTS or len(better) < ALIKE * len(goes) or after[goes].sum() > LEFT * before[goes].sum():
        return None
    motion = np.sum([np.gradient(commands[i]) ** 2 for i in both], axis=0)
    rest = np.delete(errors[:, 0].sum(axis=0), part).sum() / max(np.delete(motion, part).sum(), 1e-12)
    if errors[:, 1, part].sum() > AS_ELSEWHERE * rest * motion[part].sum() or not _is_odd(errors, part):
        return None
    # joints of one arm may be slower than others all along: those of the part have to be as quick as the rest elsewhere
    also = [j for j in better if float(np.ptp(np.delete(commands[both[j]], part))) > GOES]
    if not also or not _is_odd(errors[also], part):
        return None
    moved = [group.channels[both[j]] for j in better]
    kind = max(("command", "measured"), key=lambda one: _jumps(moved, one, first, last))
    kind = "measured" if _leaves_its_speed(moved, part, by, group.dt) else kind
    late = by if kind == "measured" else -by
    found = Difference.over(
        group.t, tuple(c.name for c in moved), kind, (first, last), abs(seconds), "s", "lag", certain=abs(seconds) >= SURE,
        explained=float(1.0 - after[goes].sum() / before[goes].sum()), numbers={"late": late * group.dt}, stream=moved[0].topics[kind],
        limit=LEAST, weight=1e3 * len(moved),
    )  # fmt: skip
    right = {c.name: {kind: _shifted_in(c.columns[kind], part, late)} for c in group.channels if kind in c.columns}
    room = abs(by) + stride
    ends = [row for row in (first, last + 1) if 0 < row < group.n]
    return PutRight(found, group.but(right), tuple((max(0, row - room), min(group.n - 1, row + room)) for row in ends))


def _largest(errors: np.ndarray) -> tuple[int, int, int, int]:
    """Of squared differences (delays, n): number of the delay of the rest, of that of a part, first and last row of the part."""
    left_least, best = np.inf, (0, 0, 0, 0)
    # what no part of another delay can take away: of each row the less of both
    pairs, half = np.empty((len(errors), len(errors))), errors.astype(np.float32)  # half of the memory is twice as fast
    less = np.empty_like(half)
    for k, one in enumerate(half):  # of one and another delay it is the same as of the other and the one
        pairs[k, k:] = pairs[k:, k] = np.minimum(one, half[k:], out=less[k:]).sum(axis=1)
    pairs *= 1.0 - OF_FLOAT32
    least = pairs.min(axis=1)
    for usual in np.argsort(least, kind="stable").tolist():
        if least[usual] > left_least:
            break
        some = np.flatnonzero(pairs[usual] <= left_least)
        sums = np.zeros((len(some), errors.shape[1] + 1))
        np.cumsum(errors[usual] - errors[some], axis=1, out=sums[:, 1:])
        gains = sums - np.minimum.accumulate(sums, axis=1)
        k, last = divmod(int(gains.argmax()), gains.shape[1])
        left = float(errors[usual].sum() - gains[k, last])
        if left < left_least and last > 0:
            left_least, best = left, (usual, int(some[k]), int(sums[k, : last + 1].argmin()), last - 1)
    usual, other, first, last = best
    n = errors.shape[1]
    tells = np.abs(errors[usual] - errors[other])
    first = first if tells[:first].sum() > SILENT * tells.sum() else 0  # rows in which nothing moves are of either part
    last = last if tells[last + 1 :].sum() > SILENT * tells.sum() else n - 1
    share = (last - first + 1) / n
    if (first == 0 and share > SHORTER) or (last == n - 1 and share > 1.0 - SHORTER):  # of two parts the later one, or a short first one
        first, last = (last + 1, n - 1) if first == 0 else (0, first - 1)
        usual, other = other, usual
    return usual, other, first, last


def _is_odd(errors: np.ndarray, part: slice) -> bool:
    """Whether the rest is as clearly of its own delay as the part is of the other one, by errors (k, 2, n)."""
    outside = np.delete(errors.sum(axis=0), part, axis=1).sum(axis=1)
    return float(outside[0]) < 0.5 * float(outside[1])


def _leaves_its_speed(channels: list[RecordedChannel], part: slice, by: int, dt: float) -> bool:
    """Whether the measured speeds of a part are those of positions that come as much later."""
    both = [(np.gradient(c.columns["measured"], dt), c.columns["velocity"]) for c in channels if "velocity" in c.columns]
    here, there = (sum(float(((v - shifted(rise, s)) ** 2)[part].sum()) for rise, v in both) for s in (0, by))
    return there < 0.5 * here


def _jumps(channels: list[RecordedChannel], kind: str, first: int, last: int) -> float:
    """By how much a column leaps at the ends of a part, beyond the steps beside them."""
    found = [0.0]
    for channel in channels:
        steps = np.abs(np.diff(channel.columns[kind]))
        for row in (first - 1, last):
            near = steps[max(0, row - 2) : row + 3]
            if 0 <= row < len(steps) and len(near) > 2:
                found.append(float(near.max() - np.median(near)))
    return max(found)


def _shifted_in(x: np.ndarray, part: slice, late: int) -> np.ndarray:
    """(n,) a column with a part of it so many rows earlier."""
    right = np.array(x)
    right[part] = shifted(x, late)[part]
    return right
