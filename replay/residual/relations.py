"""What the columns of one channel say of each other: linear relations, fitted robustly to the take itself.

Two relations hold for a joint that a servo moves, whatever the servo:

- *follows*: the measured position is the recent command, weighted by a kernel of some tenths of a second;
- *derivative*: the measured speed is what the measured positions around it rise by.

A relation is kept as weights on rows of columns, so that a changed column changes its residual by a known amount: this is what
lets a hypothesis be shown by undoing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import sparse
from scipy.linalg.lapack import dposv

from ..signals.signal import over_runs
from ..signals.statistics import TO_SIGMA, median, median_of, median_size, percentile, scatter
from .pace import carried_out
from .resampled import is_resampled
from .table import Group, RecordedChannel

KEPT = 8  # groups of which the relations are kept: those of a take are asked for more than once
MEMORY = 0.36  # s of command that a position may depend on; slower servos of our real sets still fit by their last weights
ROUNDS = 6  # of reweighting; weights change by less than a percent after
ENOUGH_OF = 7  # channels, to know what all of them share
SETTLED = 1e-4  # by which no coefficient changes any more
TUKEY = 4.685  # Tukey's biweight at 95 % efficiency (Huber and Ronchetti, Robust Statistics, 2009, p. 100)
ABRUPT = 2.0  # times by how much a speed changes within two rows, where position and speed are of different moments
MOVED = {"rad": 0.05, "1": 0.05}  # least motion of a command from which a kernel of its own is learnt
# s between rows, from where on no kernel is exact; rad that it leaves then
COARSE, INEXACT = 0.04, 0.003
TIGHT = 0.05  # standard deviation of one weight of a channel's kernel from that of the group
WORSE = 1.5  # times what a mere delay leaves, that the kernel of the others may leave of a channel
# percentile of what a kernel leaves of a joint; rad, from where on it is compared with what a mere delay leaves; times that, that is no
# joint's doing: one that an obstacle stops is as far from its command some rows before
NEARLY_ALL, ASTRAY, FURTHER = 95.0, 0.05, 4.0
ALIKE = 5.0  # times the median noise of a group: in real sets no channel that is sound follows worse (measured: 4.7)
BESIDE = 2  # rows to either side of one that is not the device's own, between which the device's lie
LEAPS = 0.04  # rad, or share of the way: change of a command's step from one row to the next, that is a leap
LEAST = {"rad": 1e-4, "1": 1e-3}  # of a residual's noise: below any encoder's step
# rad/s: what rises scatter by less has no noise to be told from motion; times what they scatter by, beyond which a joint moves; such rows
QUIET, BEYOND_NOISE, FEWEST = 0.005, 4.0, 10

Weights = Mapping[tuple[str, int], float]  # (kind, rows later) -> weight


@dataclass(frozen=True)
class Relation:
    """`sum(weight * column[row + shift]) + constant`, which is about zero in every row of a sound take.

    Attributes:
        name: `follows` or `derivative`.
        target: kind of the column that it predicts, with weight one.
        residual: (n,) of the columns that it was fitted to.
        noise: its robust standard deviation, of rows that agree.
        gain, delay: of `follows`: how far a position goes for a command, and how much later [s].
        own: whether this channel moved enough for a kernel of its own.
        slack: (n,) by how much a residual may be larger in a row, where the motion changes faster than rows come.
    """

    name: str
    target: str
    weights: Weights
    constant: float
    residual: np.ndarray
    noise: float
    gain: float = 1.0
    delay: float = 0.0
    own: bool = True
    slack: np.ndarray | float = 0.0

    @property
    def kinds(self) -> set[str]:
        return {kind for kind, _ in self.weights}

    def matrix(self, kind: str) -> sparse.csr_matrix:
        """(n, n) by how much a change of a row of one column changes the residual."""
        n = len(self.residual)
        rows, found = np.arange(n), sparse.csr_matrix((n, n))
        for (of, shift), weight in self.weights.items():
            if of == kind and weight != 0.0:
                found = found + sparse.csr_matrix((np.full(n, weight), (rows, np.clip(rows + shift, 0, n - 1))), (n, n))
        return found


def shifted(x: np.ndarray, shift: int) -> np.ndarray:
    """(n,) x[row + shift]; beyond the ends it stands at its first or last value."""
    if shift == 0:
        return x
    out = np.empty_like(x)
    if shift > 0:
        out[:-shift], out[-shift:] = x[shift:], x[-1]
    else:
        out[-shift:], out[:-shift] = x[:shift], x[0]
    return out


def shifts_of(x: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """(k, n) `shifted` by each of some shifts (k,)."""
    back, on = max(0, -int(shifts.min())), max(0, int(shifts.max()))
    longer = np.concatenate([np.full(back, x[0]), x, np.full(on, x[-1])])
    windows, step = sliding_window_view(longer, len(x)), int(shifts[1] - shifts[0]) if len(shifts) > 1 else 1
    if step >= 0 or (np.diff(shifts) != step).any():
        return windows[back + shifts]
    return windows[back + shifts[-1] : back + shifts[0] + 1 : -step][::-1]  # evenly spaced: nothing is copied


def _recent(x: np.ndarray, shifts: Sequence[int]) -> np.ndarray:
    """(n, k + 1) x[row + shift] for each shift, and ones; before the first row and after the last one it goes on as it does there, so
    that a take may begin and end in motion."""
    n = len(x)
    back, ahead = (min(max(0, by), n - 1) for by in (-min(shifts), max(shifts)))
    all_of_it = np.concatenate([2.0 * x[0] - x[back:0:-1], x, 2.0 * x[-1] - x[n - 1 - ahead : n - 1][::-1]])
    out = np.ones((len(shifts) + 1, n))
    for k, shift in enumerate(shifts):
        begin = min(max(back + shift, 0), back + ahead)
        out[k] = all_of_it[begin : begin + n]
    return out.T


def robust(
    design: np.ndarray, y: np.ndarray, mean: np.ndarray | None = None, precision: np.ndarray | None = None, floor: float = 1e-6
) -> tuple[np.ndarray, np.ndarray, float]:
    """Weighted least squares with Tukey's biweight, begun from the mean of the prior where there is one.

    Args:
        design: (n, p); y: (n,); mean, precision: (p,) of a normal prior, for noise of unit size.
        floor: least noise.

    Returns:
        (p,) coefficients, (n,) residual, its robust noise.
    """
    beta = robust_fit(design, y, mean, precision, floor)
    residual = y - design @ beta
    return beta, residual, max(TO_SIGMA * median_size(residual - median(residual)), floor)


def robust_fit(
    design: np.ndarray, y: np.ndarray, mean: np.ndarray | None = None, precision: np.ndarray | None = None, floor: float = 1e-6
) -> np.ndarray:
    """(p,) coefficients alone, as `robust` finds them."""
    p = design.shape[1]
    begin = mean
    mean = np.zeros(p) if mean is None else mean
    precision = np.full(p, 1e-9) if precision is None else precision
    beta, noise = mean, floor
    columns = np.ascontiguousarray(design.T)
    weighted, room, diagonal = columns, np.empty_like(columns), slice(None, None, p + 1)
    for i in range(ROUNDS + 1):
        if i or begin is not None:
            error = y - beta @ columns
            noise = max(TO_SIGMA * median_size(error), floor)
            error *= 1.0 / (TUKEY * noise * (3.0 if i <= 1 else 1.0))  # the first fits may still be far off
            error *= error
            np.maximum(np.subtract(1.0, error, out=error), 0.0, out=error)
            error *= error
            weighted = np.multiply(columns, error, out=room)
        a = weighted @ columns.T
        own = a.reshape(-1)[diagonal]
        prior = precision * (noise * noise)  # of any size, where a power raises
        own += prior
        own += 1e-12 * own.sum() / p
        before = beta
        right = weighted @ y + prior * mean
        beta = _solved(a, right) if p > 1 else right / a[0]
        if i > 1 and np.abs(beta - before).max() < SETTLED * max(1.0, float(np.abs(beta).max())):
            break
    return beta


def _solved(a: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(p,) the solution of normal equations, by Cholesky's factors; LAPACK is asked itself, for NumPy takes thrice as long to ask it."""
    _, x, failed = dposv(a, right)
    return np.linalg.solve(a, right) if failed else np.asarray(x)


@lru_cache(maxsize=KEPT)
def follows(group: Group, late: float = 0.0) -> list[Relation | None]:
    """For each channel with command and measurement: how the one follows the other.

    All channels of a group are moved by servos of one kind: each channel's kernel is held near the median of those that move,
    so that a fault of one joint bends no kernel, and a joint at rest still has one.

    Args:
        late: [s] by which the measurement follows the command, where it is more than the memory reaches, or where it is before it.
    """
    stride = max(1, round(1.0 / 30.0 / group.dt))
    first = round((late - 0.5 * MEMORY) / group.dt) if late < 0.0 or late > 0.6 * MEMORY else 0
    shifts = [-(first + stride * k) for k in range(max(2, round(MEMORY / group.dt / stride)) + 1)]
    pairs = [c if c.has_both and not c.is_switch else None for c in group.channels]
    commands = sent(group, [i for i, channel in enumerate(pairs) if channel is not None])
    designs = {i: _recent(x, shifts) for i, x in commands.items()}
    moving = [i for i in designs if np.ptp(designs[i][:, 0]) > MOVED[group.channels[i].unit]]
    kernels, floors = [], {i: _floor(group.channels[i], group.dt) for i in designs}
    plain = np.zeros(len(shifts) + 1)
    for i in moving[:: -(-len(moving) // ENOUGH_OF)] if moving else ():
        y = group.channels[i].columns["measured"]
        kernels.append(robust_fit(designs[i], y, None, np.full(len(plain), 1e-3), floors[i])[:-1])
    if kernels:
        common = np.median(kernels, axis=0)
        total = common.sum()
        if 0.5 < total < 2.0:
            common = common / total
        else:
            kernels = []
    if not kernels:
        common = np.zeros(len(shifts))
        common[min(2, len(shifts) - 1)] = 1.0
    prior, mean = np.full(len(plain), 1.0 / TIGHT**2), np.concatenate([common, [0.0]])
    prior[-1] = 1.0 / 0.05**2
    found: list[Relation | None] = []
    for i, channel in enumerate(group.channels):
        if i not in designs:
            found.append(None)
            continue
        y, floor = channel.columns["measured"], floors[i]
        error = y - designs[i][:, :-1] @ common
        offset = median(error)
        if i in moving:
            mean[-1] = offset
            beta, error, noise = robust(designs[i], y, mean, prior, floor)
        else:
            beta, error = np.concatenate([common, [offset]]), error - offset
            noise = max(TO_SIGMA * median_size(error), floor)
        gain = float(beta[:-1].sum())
        delay = float(-(beta[:-1] @ np.array(shifts)) / gain * group.dt) if abs(gain) > 0.1 else float("nan")
        weights = {("measured", 0): 1.0} | {("command", s): -float(w) for s, w in zip(shifts, beta[:-1])}
        unknown = np.abs(designs[i][:, -2] - shifted(designs[i][:, 0], shifts[-1]))  # what was commanded before the first row
        if stride > 1:
            unknown = unknown + _between_weights(commands[i], shifts, beta[:-1])
        found.append(Relation("follows", "measured", weights, -float(beta[-1]), error, noise, gain, delay, i in moving, unknown))
    return _as_the_others(group, designs, np.concatenate([common, [0.0]]), shifts, _capped(found), found)


def _unless_astray(one: Relation, q: np.ndarray, design: np.ndarray, shifts: Sequence[int], dt: float) -> Relation:
    """The relation, or a mere delay where that leaves less of nearly all rows of a joint (n,): weights that cancel each other may fit slow
    motions alone, and lead a quick one further away than its command ever is."""
    left = percentile(np.abs(one.residual), NEARLY_ALL)
    if left <= ASTRAY:
        return one
    errors = q[:, None] - design[:, :-1]
    errors -= np.median(errors, axis=0)
    by_delays = np.percentile(np.abs(errors), NEARLY_ALL, axis=0)
    at = int(by_delays.argmin())
    if left <= FURTHER * by_delays[at]:
        return one
    weights, noise = {("measured", 0): 1.0, ("command", shifts[at]): -1.0}, max(TO_SIGMA * median_size(errors[:, at]), one.noise)
    constant, delay = -median(q - design[:, at]), -shifts[at] * dt
    return replace(one, weights=weights, constant=constant, residual=errors[:, at], noise=noise, gain=1.0, delay=delay)


def _between_weights(c: np.ndarray, shifts: Sequence[int], weights: np.ndarray) -> np.ndarray:
    """(n,) by how much a residual may be larger for a command (n,) that leaps from one row to the next: a kernel has no weight of every
    row, so that it takes such a leap at once, or misses it for a row, which no servo does."""
    leaps = np.abs(np.diff(np.pad(c, 1, mode="edge"), 2))
    leaps[leaps < LEAPS] = 0.0
    return sum((abs(w) * shifted(leaps, s) for s, w in zip(shifts, weights.tolist())), np.zeros(len(c)))


def _floor(channel: RecordedChannel, dt: float) -> float:
    """Of the noise of a joint: numbers on a grid agree exactly where it rests, and by chance elsewhere, which tells no kernel. Nor do rows
    in which a joint rests, beside those in which it moves and no kernel is exact."""
    inexact = INEXACT if dt > COARSE and channel.unit == "rad" else 0.0
    return max(LEAST[channel.unit], channel.rounding("measured"), inexact)


def sent(group: Group, both: Sequence[int]) -> dict[int, np.ndarray]:
    """Of channels by number the command (n,); of joints of toys, which are slower than who leads them, how they can carry it out."""
    commands = {i: group.channels[i].columns["command"] for i in both}
    if not both or group.channels[both[0]].unit == "rad":
        return commands
    measured = np.column_stack([group.channels[i].columns["measured"] for i in both])
    return dict(zip(both, carried_out(np.column_stack(list(commands.values())), measured, group.dt).T))


def _as_the_others(
    group: Group, designs: Mapping[int, np.ndarray], common: np.ndarray, shifts: Sequence[int],
    capped: list[Relation | None], fitted: Sequence[Relation | None],
) -> list[Relation | None]:  # fmt: skip
    """A channel of which no kernel makes sense is held against that of the others; or against its command some rows before, where that
    leaves less: kernels of smooth commands may be of weights that cancel each other, and their median cancels nothing."""
    for i, (one, own) in enumerate(zip(capped, fitted)):
        if one is None or own is None:
            continue
        if one.noise == own.noise:
            if own.own and group.channels[i].unit == "rad":
                capped[i] = _unless_astray(one, group.channels[i].columns["measured"], designs[i], shifts, group.dt)
            continue
        q = group.channels[i].columns["measured"]
        errors = [q - designs[i][:, :-1] @ kernel for kernel in (common[:-1], *np.eye(len(shifts)))]
        left = [median_size(error - median(error)) for error in errors]
        at = int(np.argmin(left))
        kernel, constant = (common[:-1], 0.0) if left[0] <= WORSE * left[at] else (np.eye(len(shifts))[at - 1], median(errors[at]))
        weights = {("measured", 0): 1.0} | {("command", s): -float(w) for s, w in zip(shifts, kernel)}
        error = q - designs[i][:, :-1] @ kernel - constant
        capped[i] = replace(one, weights=weights, constant=-constant, residual=error, gain=1.0)
    return capped


@lru_cache(maxsize=KEPT)
def derivative(group: Group) -> list[Relation | None]:
    """For each channel with position and speed: what the speed is of the rises around its row. Speeds are often those at the end
    of a control period, so the weights are fitted; all channels share them, as they share the device."""
    both = [i for i, c in enumerate(group.channels) if {"measured", "velocity"} <= set(c.columns)]
    found: list[Relation | None] = [None] * len(group.channels)
    if not both:
        return found
    q, v = (np.stack([group.channels[i].columns[kind] for i in both]) for kind in ("measured", "velocity"))
    moving = [group.channels[i].goes("measured") > MOVED[group.channels[i].unit] for i in both]
    rises = np.zeros((len(both), group.n + 3))  # beyond the ends it stands
    rises[:, 2:-2] = np.diff(q, axis=1) / group.dt
    some = [k for k, goes in enumerate(moving) if goes][:ENOUGH_OF]
    own = [robust_fit(sliding_window_view(rises[k], 4), v[k], None, np.full(4, 1e-2), 1e-3) for k in some]
    common = np.median(own, axis=0) if own else np.full(4, 0.25)
    if not 0.3 < common.sum() < 3.0:
        common = np.full(4, 0.25)
    w = (common / group.dt).tolist()
    at = dict(zip(range(-2, 3), (w[0], w[1] - w[0], w[2] - w[1], w[3] - w[2], -w[3])))  # of the positions beside a row
    weights: Weights = {("velocity", 0): 1.0} | {("measured", shift): weight for shift, weight in at.items()}
    due = np.asarray(sum(share * rises[:, k : k + group.n] for k, share in enumerate(common.tolist())))
    going = due.copy()  # as if joints had gone on so before the first row and after the last, which is not recorded
    for row in (0, 1):
        going[:, row] += common[: 2 - row].sum() * rises[:, 2]
        going[:, -1 - row] += common[2 + row :].sum() * rises[:, -3]
    error, slack = v - due, _abrupt(going, v) + np.abs(going - due)
    encoders = scatter(q.T) * np.sqrt(sum(weight**2 for weight in at.values()))  # [rad/s], what they alone make of rises
    for k, i in enumerate(both):
        noise, slope = max(TO_SIGMA * median_size(error[k]), 1e-3), _slope(due[k], v[k], encoders[k]) if moving[k] else 1.0
        found[i] = Relation("derivative", "velocity", weights, 0.0, error[k], noise, gain=slope, own=moving[k], slack=slack[k])
    return _capped(found)


def _abrupt(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(k, n) how much two tellings of speeds both change within two rows to either side: there they may differ by as much."""
    near = np.pad(np.stack([one, other]), ((0, 0), (0, 0), (2, 2)), "edge").transpose(2, 0, 1)
    changes = over_runs(np.maximum, near, 5) - over_runs(np.minimum, near, 5)
    return np.asarray(ABRUPT * changes.min(axis=1).T)


def _slope(x: np.ndarray, y: np.ndarray, noise: float = 0.0) -> float:
    """Of y over x through zero, robustly; rows at rest do not show it, and would outvote the others.

    Args:
        noise: standard deviation of x. Rows within it are at rest, and either column may be the one that scatters: the slope is between
            that of y over x and that of x over y turned round; one, where it may be.
    """
    size = np.abs(x)
    goes = size > 0.2 * median_size(size[size > 1e-3]) if (size > 1e-3).any() else size >= 0.0
    goes &= (size > BEYOND_NOISE * noise) | (noise < QUIET)
    if goes.sum() < FEWEST:  # a joint that stands, but for rows in which it leaps
        return 1.0
    if noise < QUIET:
        return _through_zero(x[goes], y[goes])
    slopes = _through_zero(x[goes], y[goes]), 1.0 / (_through_zero(y[goes], x[goes]) or np.inf)
    return float(np.clip(1.0, min(slopes), max(slopes)))


def _through_zero(x: np.ndarray, y: np.ndarray) -> float:
    """The slope that `robust` finds of one column without a prior, for which it takes half of the time."""
    slope, weighted = 0.0, x
    for i in range(ROUNDS + 1):
        noise = 1e-3
        if i:
            error = y - slope * x
            noise = max(TO_SIGMA * median_size(error), noise)
            error *= 1.0 / (TUKEY * noise * (3.0 if i == 1 else 1.0))
            weighted = x * np.maximum(1.0 - error * error, 0.0) ** 2
        before, power = slope, float(weighted @ x) + 1e-9 * (noise * noise)
        slope = float(weighted @ y) / (power * (1.0 + 1e-12))
        if i > 1 and abs(slope - before) < SETTLED * max(1.0, abs(slope)):
            break
    return slope


def _capped(relations: list[Relation | None]) -> list[Relation | None]:
    """The noise of a channel that follows much worse than the others of its group is that of a fault, and hides it no longer."""
    known = [r.noise for r in relations if r is not None and r.own]
    if len(known) < 3:
        return relations
    most = ALIKE * median_of(known) + LEAST["1"] * 3.0
    return [r if r is None or r.noise <= most else replace(r, noise=most) for r in relations]


def relations_of(group: Group, late: float = 0.0) -> list[list[Relation]]:
    """For each channel of a group the relations that its columns allow."""
    found = [[relation for relation in one if relation is not None] for one in zip(follows(group, late), derivative(group))]
    if not is_resampled(group):
        return found
    return [[_between(relation, channel) for relation in own] for own, channel in zip(found, group.channels)]


def _between(relation: Relation, channel: RecordedChannel) -> Relation:
    """Of rows that are not the device's own: which of the commands beside a row was given there is not recorded."""
    if relation.name != "follows":
        return relation
    near = np.stack([shifted(channel.columns["command"], by) for by in range(-BESIDE, BESIDE + 1)])
    return replace(relation, slack=relation.slack + np.ptp(near, axis=0))
