"""Columns that the motion itself contradicts, however little: shown by correlation, by an integral or to the last bit, not by size.

- Speeds of a part of a take that are those of another moment, or in part: the rise of the positions some rows away explains them.
- A position that drifts from where both its speed, summed up, and its command have it.
- A speed that is off by as much all along, as of a joint that goes on while it stands.
- Every position of an arm on a straight line for some time, while its speeds change: somebody drew lines between two rows.
- Efforts that stand to the last bit while their joints go on, and change in each row elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..signals.signal import runs
from ..signals.statistics import median, medians, percentile
from .departures import joined, together
from .difference import Difference
from .relations import shifted, shifts_of
from .resampled import is_resampled
from .table import Group, RecordedChannel
from .whole_speeds import SETTLES

WINDOW, PART, REST = 0.8, 1.0, 2.0  # s looked at together; of a part, and of the rest
# share of a speed's squares in a window that the rises of its row leave: in the part, in the rest; and what another moment leaves of it
UNLIKE, ALIKE, LEFT = 0.08, 0.05, 0.3
NOTICED = 3.0  # times as much as elsewhere, root mean square, a speed differs from the rises in the part
NEARLY, BETTER = (0, -1, 1, -2, 2), 0.3  # rows by which speeds of devices are late or early; share of the rows that tell it
APART = (0.095, 0.8)  # s by which the other moment is away
QUICK = 0.05  # rad/s, root of the mean square: a joint that goes slower in a window has no speed to compare
ROUNDS = 3  # of looking for another moment in the rows that were found
ALONE = 1e-9  # of the product of two powers: with less of it left over, two columns are one
OWN = 0.15  # of a speed, that may be of its own row where it is called late; by which the two parts of a mix do not add up to one
# rad; times as far as any other speed says; of the drift: by which the two witnesses may differ, and others be beside their commands
DRIFT, OTHERS, BORNE_OUT, FOLLOW = 0.1, 4.0, 0.3, 0.7
# rad/s by which a speed is off, in the middle row: up to 0.0034 in clean takes of 24 scenarios and variants and of six real sets; share of
# the rows in which it is so to within a half
OFF, EVENLY = 0.05, 0.8
FILTER = 0.3  # s to either side of a row, of whose rises a device makes its speed
JOINTS = 3  # that go somewhere, for all of an arm to be looked at
LINE, BENT = (0.3, 8), 1e-6  # s and rows of a straight line, at least; rad by which the float32 of one bends
STRAIGHT = 0.02  # rad that a joint goes on it, and rad/s by which its speed changes there
USUAL = 0.2  # of the rows: where more are on lines, they are those of a slower device
STANDS, GOES = 1.0, 0.1  # s that an effort stands; rad that its joint goes meanwhile
CHANGES = 0.9  # of the rows in motion in which an effort changes elsewhere


def contradicted_by_motion(group: Group) -> list[Difference]:
    """All of them, of a group of joints; none where rows are not the device's own."""
    if group.hands or not group.channels or group.channels[0].unit != "rad" or group.n * group.dt < PART + REST:
        return []
    found = [*_stuck_efforts(group)]
    if group.same_rows and not is_resampled(group):
        found += [*_drawn_lines(group), *_drifts(group), *_offsets(group)]
        found += _of_other_moments(group)
    return together(found)


def _of_other_moments(group: Group) -> Iterator[Difference]:
    """Stretches in which a speed is what its position rises by at another moment, or a mix of it and of its own."""
    both = _with_speeds(group)
    if not both:
        return
    rises = [group.rises[c.name] for c in both]
    each = [_usual(c.columns["velocity"], x) for c, x in zip(both, rises)]
    usual, least, order = 0, sum(each), np.argsort(each)[::-1].tolist()  # what leaves most tells first
    for by in NEARLY[1:]:
        left = 0.0
        for k in order:
            left += _usual(both[k].columns["velocity"], shifted(rises[k], by))
            if left >= least:
                break
        else:
            usual, least = by, left
    rises = [shifted(rise, usual) for rise in rises]
    wide = max(5, round(WINDOW / group.dt))
    v, near = np.stack([c.columns["velocity"] for c in both]), np.stack(rises)
    power, left_over = (_about(x**2, wide) for x in (v, v - near))
    bad = (power > QUICK**2) & (left_over > UNLIKE * power)
    for k in np.flatnonzero(bad.any(axis=1)).tolist():
        channel = both[k]
        for one, left in _of_another_moment(group, channel, rises[k], bad[k], wide):
            if _as_elsewhere(both, rises, group.dt, channel, slice(one.first, one.last + 1)) > left:
                yield one


def _with_speeds(group: Group) -> list[RecordedChannel]:
    return [c for c in group.channels if {"measured", "velocity"} <= set(c.columns) and not c.is_switch]


def _as_elsewhere(
    channels: Sequence[RecordedChannel], rises: Sequence[np.ndarray], dt: float, of: RecordedChannel, rows: slice
) -> float:
    """Of the speed of one channel in these rows, the sum of squares that a filter of the rises leaves, which makes the speeds of all
    channels in all other rows: how a device filters its speeds is seen in quick motion, and not in slow."""
    reach = max(1, round(FILTER / dt))
    about = [shifts_of(rise, np.arange(-reach, reach + 1)) for rise in rises]
    speeds = [channel.columns["velocity"] for channel in channels]
    x, y = (np.concatenate([np.delete(one, rows, axis=-1) for one in each], axis=-1) for each in (about, speeds))
    taps = np.linalg.lstsq(x @ x.T, x @ y, rcond=None)[0]
    own = next(k for k, channel in enumerate(channels) if channel is of)
    return float(((of.columns["velocity"] - taps @ about[own])[rows] ** 2).sum())


def _usual(v: np.ndarray, rise: np.ndarray) -> float:
    """By how much a speed differs from the rises (n,) where both are of one moment: in the better part of the rows in motion."""
    apart = np.abs(v - rise)[np.abs(v) + np.abs(rise) > QUICK]
    return percentile(apart, 100.0 * BETTER) if len(apart) else 0.0


def _of_another_moment(
    group: Group, channel: RecordedChannel, rise: np.ndarray, bad: np.ndarray, wide: int
) -> Iterator[tuple[Difference, float]]:
    """Each with the sum of squares that it leaves of the speed.

    Args:
        bad: (n,) rows in which, over so many about them, the rises leave much of the speed.
    """
    v = channel.columns["velocity"]
    away = [by for by in range(-round(APART[1] / group.dt), round(APART[1] / group.dt) + 1) if abs(by) * group.dt >= APART[0]]
    if not away:  # rows further apart than any moment that is asked for
        return
    taken = np.zeros(group.n, bool)
    for first, last in joined(bad, wide):
        if (last - first + 1) * group.dt < 0.5 * PART or taken[first : last + 1].any():
            continue
        now, rows = (v - rise) ** 2, slice(first, last + 1)
        for _ in range(ROUNDS):  # the rows of the mix tell what it is better than those beside them
            best = _mixed(v, rise, rows, away)
            if best is None:
                break
            by, own, other = best
            then = (v - own * rise - other * shifted(rise, -by)) ** 2
            first, last = _largest_sum(now - then - ALIKE * v**2)
            rows = slice(first, last + 1)
        if best is None or last < first:
            continue
        taken[rows] = True
        outside, beside = (float(np.delete(x, rows).sum()) for x in (now, then))
        long = (last - first + 1) * group.dt >= PART and (group.n - last + first - 1) * group.dt >= REST
        odd = outside < 0.5 * beside and outside < ALIKE * float(np.delete(v**2, rows).sum())
        # rises of positions that scatter, or of rows far apart, are off all along
        odd &= float(now[rows].mean()) * (group.n - last + first - 1) > NOTICED**2 * outside
        if not long or not odd or then[rows].sum() > LEFT * now[rows].sum() or now[rows].sum() < UNLIKE * (v[rows] ** 2).sum():
            continue
        late = abs(own) < OWN
        size = float(np.sqrt(now[rows].max()))
        one = Difference.over(
            group.t, (channel.name,), "velocity", (first, last), size, "rad/s", "lag" if late else "smoothed",
            certain=size >= QUICK and group.dt <= SETTLES,
            explained=float(1.0 - then[rows].sum() / now[rows].sum()), stream=channel.topics["velocity"], limit=QUICK,
            numbers={"late": by * group.dt} if late else {"seconds": abs(by) * group.dt}, weight=size / QUICK * (last - first + 1),
        )  # fmt: skip
        yield one, float(then[rows].sum())


def _about(x: np.ndarray, wide: int) -> np.ndarray:
    """(..., n) means of x (..., n) over so many rows about each; beyond the ends it is zero."""
    n, first = x.shape[-1], wide // 2 + 1
    sums = np.zeros((*x.shape[:-1], n + wide))
    np.cumsum(x, axis=-1, out=sums[..., first : first + n])
    sums[..., first + n :] = sums[..., first + n - 1, None]
    return np.asarray((sums[..., wide:] - sums[..., :-wide]) / wide)


def _mixed(v: np.ndarray, rise: np.ndarray, rows: slice, away: Sequence[int]) -> tuple[int, float, float] | None:
    """Of these numbers of rows the one by which the rises of another moment, with those of the own one, tell a speed best; and how much of
    each; None where no mix of the two does."""
    speed, now, last = v[rows], rise[rows], len(rise) - 1
    then = rise[np.clip(np.arange(rows.start, rows.stop) - np.asarray(away)[:, None], 0, last)]
    # normal equations of two unknowns, for all moments at once
    nn, nt, tt, ns, ts, ss = now @ now, then @ now, (then**2).sum(axis=1), now @ speed, then @ speed, speed @ speed
    both = nn * tt - nt**2
    both[both <= ALONE * nn * tt] = np.nan  # the rises of the two moments are one course
    own, other = (ns * tt - ts * nt) / both, (ts * nn - ns * nt) / both
    rest = ss - own * ns - other * ts
    mixed = (other > OWN) & (own > -OWN) & (np.abs(own + other - 1.0) < OWN)
    if not mixed.any():
        return None
    best = int(np.where(mixed, rest, np.inf).argmin())
    return away[best], float(own[best]), float(other[best])


def _largest_sum(x: np.ndarray) -> tuple[int, int]:
    """First and last of the successive numbers with the largest sum (Bentley, Programming Pearls, CACM 27, 1984)."""
    sums = np.concatenate([[0.0], np.cumsum(x)])
    last = int((sums - np.minimum.accumulate(sums)).argmax())
    return int(sums[: last + 1].argmin()), last - 1


def _drifts(group: Group) -> Iterator[Difference]:
    """Positions that come to be elsewhere than their speeds add up to, by what they come to be beside their commands."""
    witnessed = [c for c in group.channels if {"command", "measured", "velocity"} <= set(c.columns) and not c.is_switch]
    if len(witnessed) < JOINTS:
        return
    edge = max(3, round(0.1 * group.n))
    c, q, v = (np.stack([one.columns[kind] for one in witnessed]) for kind in ("command", "measured", "velocity"))
    by_speed = q - q[:, :1]
    by_speed[:, 1:] -= np.cumsum(0.5 * (v[:, 1:] + v[:, :-1]) * np.diff(group.t), axis=1)
    away = np.stack([medians(x[:, -edge:]) - medians(x[:, :edge]) for x in (by_speed, q - c)], axis=1).tolist()
    for k, (channel, (speed, command)) in enumerate(zip(witnessed, away)):
        others, follow = (max(abs(both[i]) for j, both in enumerate(away) if j != k) for i in (0, 1))
        both = abs(speed - command) < BORNE_OUT * abs(speed) and follow < FOLLOW * abs(command)
        if abs(speed) > max(DRIFT, OTHERS * others) and both:
            yield Difference.over(
                group.t, (channel.name,), "measured", None, abs(speed), "rad", "drift", certain=True, numbers={"by": speed},
                stream=channel.topics["measured"], limit=DRIFT, weight=abs(speed) / DRIFT * group.n,
            )  # fmt: skip


def _offsets(group: Group) -> Iterator[Difference]:
    """Speeds that differ from the rises of their positions by as much in nearly all rows, unless it is the position that goes away from its
    command so."""
    for channel in _with_speeds(group):
        q, apart = channel.columns["measured"], channel.columns["velocity"] - group.rises[channel.name]
        if np.count_nonzero(np.abs(apart) > 0.5 * OFF) <= EVENLY * group.n:
            continue
        by = median(apart)
        goes = median(np.gradient(q - channel.columns.get("command", q), group.dt))
        if abs(by) > OFF and float((np.abs(apart - by) < 0.5 * abs(by)).mean()) > EVENLY and abs(goes) < 0.5 * abs(by):
            yield Difference.over(
                group.t, (channel.name,), "velocity", None, abs(by), "rad/s", "offset", certain=True, numbers={"by": by},
                stream=channel.topics["velocity"], limit=OFF, weight=abs(by) / OFF * group.n,
            )  # fmt: skip


def _drawn_lines(group: Group) -> Iterator[Difference]:
    """Stretches in which all joints that are measured are on straight lines, and some go a way, at speeds that change."""
    channels = [c for c in group.channels if "measured" in c.columns]
    if len(channels) < JOINTS:
        return
    q = np.column_stack([c.columns["measured"] for c in channels])
    bends = np.abs(np.diff(q, 2, axis=0, prepend=q[:1], append=q[-1:]))
    straight = (bends <= BENT).all(axis=1) & (np.abs(np.gradient(q, axis=0)) > BENT).any(axis=1)
    if straight.mean() > USUAL:
        return
    for first, last in runs(straight):
        rows = slice(first, last + 1)
        if first == 0 or last == group.n - 1 or last - first + 1 < LINE[1] or (last - first + 1) * group.dt < LINE[0]:
            continue
        gone = [c for c, way in zip(channels, np.ptp(q[rows], axis=0)) if way > STRAIGHT]
        if len(gone) < JOINTS:
            continue
        speeds = [float(np.ptp(c.columns["velocity"][rows])) for c in gone if "velocity" in c.columns]
        sure = sum(x > STRAIGHT for x in speeds) >= JOINTS
        size = float(np.ptp(q[rows], axis=0).max())
        yield Difference.over(
            group.t, tuple(c.name for c in gone), "measured", (first - 1, last + 1), size, "rad", "straight", certain=sure,
            stream=gone[0].topics["measured"], limit=STRAIGHT, weight=1e3 * len(gone),
        )  # fmt: skip


def _stuck_efforts(group: Group) -> Iterator[Difference]:
    """Efforts that stand, to the last bit, while their joints go on: not at the end of what is recorded, where a motor gives all it has."""
    for channel in group.channels:
        if not {"measured", "effort"} <= set(channel.columns):
            continue
        q, e = channel.columns["measured"], channel.columns["effort"]
        same = np.concatenate([[False], e[1:] == e[:-1]])
        for first, last in runs(same):
            rows = slice(first - 1, last + 1)
            if (last - first + 2) * group.dt < STANDS or e[first] in (e.min(), e.max()) or np.ptp(q[rows]) < GOES:
                continue
            elsewhere = np.delete(np.abs(group.rises[channel.name]) > QUICK, rows)
            if elsewhere.sum() * group.dt >= STANDS and float((~np.delete(same, rows))[elsewhere].mean()) >= CHANGES:
                size = float(np.ptp(np.delete(e, rows)))
                yield Difference.over(
                    group.t, (channel.name,), "effort", (first - 1, last), size, "Nm", "held_value", certain=True,
                    numbers={"level": float(e[first])}, stream=channel.topics["effort"], limit=1.0,
                    weight=float(np.ptp(q[rows])) / GOES * len(q[rows]),
                )  # fmt: skip
