"""How the joints of a take follow their commands, in a few numbers each: what other takes of the device may be held against.

A take by itself does not tell a fault that is smooth from a push or a weak servo. Other takes do: one device has one delay, one gain,
rests as near its command, and is as rough as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from ..signals.signal import runs
from .coarse_values import step_of
from .relations import MEMORY, Relation, follows, robust
from .table import Group, RecordedChannel

AWAY = {"quarter": 0.25, "second": 1.0, "long": 3.0}  # s over which the distance from where a command sends a joint is averaged
SIDES = {"above": 1.0, "below": -1.0}  # what holds a joint back has a side: what a hand holds, a weight, the end of a way
RESTS = 0.25  # s over which the distance from a command that stands is averaged
STILL, QUIET = 0.5, 0.2  # s to either side of a moment for which a command stands, and its joint
STANDS = {"rad": 0.02, "1": 0.01}  # by which it moves then
WAY = {"rad": 0.2, "1": 0.08}  # that a command goes, before delay, gain and roughness are asked
BESIDE = {"rad": 0.03, "1": 0.015}  # from where on a robot that begins elsewhere has come to its command
COMES, SETTLES = 4.0, 0.5  # s that this takes at the most; s more until it follows
EASED = 0.3  # s over which a command is averaged, to tell how rough it is beside its own way
ROUGH = 1.0  # s of a stretch of which roughness is asked by itself
PART = 1.5  # s of a stretch of which delay and gain are asked by itself
BUSY = 0.15  # of the power that a stretch would have at the speed that is reached in one of twenty rows, to ask for its delay
BITS = 8.0  # of the last place of a float32 of the largest value, within which steps are one
FINE = 1e-4  # rad, or share of a way: noise and grids below are none
SMALL = {"rad": 1e-3, "1": 5e-4}  # roughness that a grain of 0.01 rad makes, below which none counts


@dataclass(frozen=True)
class Habit:
    """One number of a joint, and the rows first..last in which it is what it is."""

    value: float
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Habits:
    """Of one channel.

    Attributes:
        of: word -> what it is in this take. `above_*`, `below_*`: distance from where the command sends it, in the channel's unit, and
            from the command itself at rest; `gain` [1] and `late` [s] of the whole; `delay` and `factor`: the same of the stretch that
            differs most from the whole; `command_rough`, `measured_rough`: logarithm of how much rougher the command is than its mean
            over `EASED`, and the measurement than where the command sends it; `_most` and `_least`: the same of a second; `_straight`:
            rows of the longest straight line of the column; `_grain`: logarithm of its noise or grid; `way`: all that it was
            commanded to go.
        meant: (n,) where the command sends it.
    """

    channel: RecordedChannel
    of: Mapping[str, Habit]
    meant: np.ndarray


def habits(group: Group) -> list[Habits]:
    """Of each channel that is commanded and measured."""
    if group.n < 8:
        return []
    relations = _of_hands(group) if group.hands else follows(group, 0.0)
    both = [(c, r) for c, r in zip(group.channels, relations) if r is not None]
    if not both:
        return []
    unit, dt, n = both[0][0].unit, group.dt, group.n
    command, measured = (np.column_stack([c.columns[kind] for c, _ in both]) for kind in ("command", "measured"))
    away = np.column_stack([_begun(r.residual, c, dt) for c, r in both])
    meant = measured - away
    found: list[dict[str, Habit]] = [{} for _ in both]
    late = max(2, round(STILL / dt))  # rows until a joint has come to where it is sent
    still = [
        maximum_filter1d(x, 2 * rows + 1, axis=0, origin=later) - minimum_filter1d(x, 2 * rows + 1, axis=0, origin=later) < STANDS[unit]
        for x, rows, later in ((command, late, late), (measured, max(2, round(QUIET / dt)), 0))
    ]
    rests = np.where(still[0] & still[1], measured - command, 0.0)
    for what, x, s in (*((word, away, s) for word, s in AWAY.items()), ("rest", rests, RESTS)):
        rows = max(1, round(s / dt))
        mean = uniform_filter1d(x, rows, axis=0, mode="nearest")
        for side, sign in SIDES.items():
            for j, row in enumerate((sign * mean).argmax(axis=0)):
                first, last = max(0, int(row) - rows // 2), min(n - 1, int(row) + rows // 2)
                found[j][f"{side}_{what}"] = Habit(max(sign * float(mean[row, j]), 0.0), first, last)
    goes = np.ptp(command, axis=0) > WAY[unit]
    eased = uniform_filter1d(command, 2 * round(0.5 * EASED / dt) + 1, axis=0, mode="nearest")
    rough = [_rough(x) for x in (command, measured, meant, eased)]
    sent, came, plan, even = (np.log(np.sqrt((x**2).mean(axis=0)) + SMALL[unit]) for x in rough)
    rows = max(3, round(ROUGH / dt))
    power = [np.maximum(uniform_filter1d(x**2, rows, axis=0, mode="nearest"), 0.0) for x in rough]
    short = [np.log(np.sqrt(x) + SMALL[unit]) for x in power]
    for word, of in (("command", short[0] - short[3]), ("measured", short[1] - short[2])):
        for end, at in (("most", of.argmax(axis=0)), ("least", of.argmin(axis=0))):
            for j, row in enumerate(at):
                if word == "measured" or goes[j]:
                    found[j][f"{word}_{end}"] = Habit(float(of[row, j]), max(0, int(row) - rows // 2), min(n - 1, int(row) + rows // 2))
    for word, x in (("command_straight", command), ("measured_straight", measured)):
        for j, (first, last) in enumerate(_straight(x)):
            found[j][word] = Habit(float(last - first), first, last)
    parts = _of_parts(meant, away, dt, WAY[unit])
    for word, x in (("command_grain", command), ("measured_grain", measured)):
        for j, size in enumerate(_grain(x, rough[0 if word == "command_grain" else 1])):
            found[j][word] = Habit(float(size), 0, n - 1)
    for j, (_, relation) in enumerate(both):
        found[j]["way"] = Habit(float(np.abs(np.diff(eased[:, j])).sum()), 0, n - 1)
        found[j]["measured_rough"] = Habit(float(came[j] - plan[j]), *_where(rough[1][:, j], rough[2][:, j]))
        if not goes[j]:
            continue
        found[j]["command_rough"] = Habit(float(sent[j] - even[j]), *_where(rough[0][:, j], rough[3][:, j]))
        if relation.own and np.isfinite(relation.delay):
            found[j] |= {"gain": Habit(relation.gain, 0, n - 1), "late": Habit(relation.delay, 0, n - 1)}
        found[j] |= parts[j]
    return [Habits(c, of, meant[:, j]) for j, ((c, _), of) in enumerate(zip(both, found))]


def followed(group: Group, channel: RecordedChannel) -> np.ndarray | None:
    """(n,) where its command sends a channel of a group; None where nothing tells."""
    relations = _of_hands(group) if group.hands else follows(group, 0.0)
    own = next((r for c, r in zip(group.channels, relations) if c is channel), None)
    return None if own is None else channel.columns["measured"] - own.residual


def _of_hands(group: Group) -> list[Relation | None]:
    """How fingers follow: a kernel of their own each, since they stop at what they hold."""
    stride = max(1, round(1.0 / 30.0 / group.dt))
    shifts = [-stride * k for k in range(max(2, round(MEMORY / group.dt / stride)) + 1)]
    found: list[Relation | None] = []
    for c in group.channels:
        if not c.has_both or c.is_of_two_places:
            found.append(None)
            continue
        x, back = c.columns["command"], min(-shifts[-1], group.n - 1)
        whole = np.concatenate([np.full(back, x[0]), x])
        design = np.column_stack([*(whole[max(back + s, 0) : max(back + s, 0) + group.n] for s in shifts), np.ones(group.n)])
        beta, residual, noise = robust(design, c.columns["measured"], None, np.full(design.shape[1], 1e-3), 1e-3)
        gain = float(beta[:-1].sum())
        late = float(-(beta[:-1] @ np.array(shifts)) / gain * group.dt) if abs(gain) > 0.1 else float("nan")
        moves = bool(np.ptp(x) > STANDS["1"])
        found.append(Relation("follows", "measured", {}, -float(beta[-1]), residual, noise, gain, late, moves))
    return found


def _begun(residual: np.ndarray, channel: RecordedChannel, dt: float) -> np.ndarray:
    """(n,) the residual without the rows in which a robot that begins elsewhere comes to its first command."""
    near, out = BESIDE[channel.unit], residual.copy()
    begins = abs(float(channel.columns["measured"][0] - channel.columns["command"][0]))
    if abs(out[0]) > near or begins > 2.0 * near:
        there = np.flatnonzero(np.abs(out) < near)
        out[: min((int(there[0]) if len(there) else 0) + round(SETTLES / dt), round(COMES / dt))] = 0.0
    return out


def _rough(x: np.ndarray) -> np.ndarray:
    """(n, k) what of columns is not in the mean of three rows."""
    return x - uniform_filter1d(x, 3, axis=0, mode="nearest")


def _where(one: np.ndarray, other: np.ndarray) -> tuple[int, int]:
    """The rows in which most of the difference of two roughnesses (n,) is: from its fifth to its ninety-fifth hundredth."""
    more = 1.0 if float((one**2).sum()) > float((other**2).sum()) else -1.0
    power = np.cumsum(np.maximum((one**2 - other**2) * more, 0.0))
    if power[-1] <= 0.0:
        return 0, len(one) - 1
    first, last = np.searchsorted(power, [0.05 * power[-1], 0.95 * power[-1]])
    return int(first), int(min(last, len(one) - 1))


def _grain(x: np.ndarray, rough: np.ndarray) -> np.ndarray:
    """(k,) logarithm of the noise of columns (n, k) in most rows, or of the grid that they are on, which is more."""
    return np.asarray(np.log(np.maximum(np.median(np.abs(rough), axis=0), _grid(x)) + FINE))


def _grid(x: np.ndarray) -> np.ndarray:
    """(k,) step of the grid that columns (n, k) are on; of short floats that of the largest value."""
    short = (x == x.astype(np.float16)).all(axis=0)
    return np.array([float(np.abs(c).max()) * 2.0**-10 if of else min(step_of(c), 1.0) for c, of in zip(x.T, short)])


def _straight(x: np.ndarray) -> list[tuple[int, int]]:
    """Of each column (n, k) the first and last row of the longest stretch that is a straight line to the last bits, and goes somewhere."""
    least = BITS * np.finfo(np.float32).eps * np.maximum(np.abs(x).max(axis=0), 1e-3)
    steps = np.diff(x, axis=0)
    even = (np.abs(np.diff(steps, axis=0)) <= least) & (np.abs(steps[1:]) > 10.0 * np.maximum(least, _grid(x)))
    found = []
    for column in even.T:
        first, last = max(runs(column), key=lambda run: run[1] - run[0], default=(0, -3))
        found.append((int(first), int(last) + 2) if last >= first else (0, 0))
    return found


def _of_parts(meant: np.ndarray, away: np.ndarray, dt: float, way: float) -> list[dict[str, Habit]]:
    """Of columns (n, k), `delay` [s] and `factor` of the stretch in which they differ most from those of the whole."""
    n = len(meant)
    rows = min(n, max(4, round(PART / dt)))
    step = max(1, rows // 4)
    speed = np.gradient(meant, axis=0) / dt
    fast = np.maximum(np.percentile(np.abs(speed), 95, axis=0), 1e-6)
    v, p, e = (sliding_window_view(x, rows, axis=0)[::step] for x in (speed, meant, away))  # (m, k, rows)
    p, e = (x - x.mean(axis=2, keepdims=True) for x in (p, e))
    goes, power, spread = np.ptp(p, axis=2), (v**2).sum(axis=2), (p**2).sum(axis=2)
    asked = {"delay": (power > BUSY * rows * fast**2) & (goes > 0.5 * way), "factor": goes > way}
    found: list[dict[str, Habit]] = [{} for _ in range(meant.shape[1])]
    for word, x, of in (("delay", v, power), ("factor", p, spread)):
        size = np.where(asked[word], np.abs((x * e).sum(axis=2)) / np.maximum(of, 1e-12), 0.0)
        for j, part in enumerate(size.argmax(axis=0)):
            found[j][word] = Habit(float(size[part, j]), int(part) * step, int(part) * step + rows - 1)
    return found
