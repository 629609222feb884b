"""Which column of a channel is wrong, and in which rows: the smallest change of one column that makes all relations agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from .difference import JOIN
from .relations import Relation
from .table import RecordedChannel

# from where on a residual is no noise: a floor in units of the relation, and so many standard deviations of the take's own noise.
# Floors: 24 clean takes of six scenarios reach 0.022 rad and 0.37 rad/s, where a hand strikes something
FLOOR = {("follows", "rad"): 0.026, ("follows", "1"): 0.05, ("derivative", "rad"): 0.45, ("derivative", "1"): 3.0}  # fmt: skip
SIGMAS = {"follows": 3.5, "derivative": 6.0}
ROUNDS = 8  # of reweighting towards few changed rows
PRICE = 0.3  # of a changed row, in squared thresholds: what it has to explain to be changed
SMALL = 0.5  # of a threshold: a change below it is none
EDGE = 5  # rows by which an end of what is off may be elsewhere
LEAST_GAIN = 0.1  # of a joint that follows its commands at all
CAP = 9.0  # a row's squared residual over threshold counts no more than this, so that one row does not outvote the others


@dataclass(frozen=True)
class Blame:
    """One column of a channel with the values that would agree with everything else recorded.

    Attributes:
        kind: `command`, `measured` or `velocity`.
        rows: (m,) rows that would have another value; t-order.
        first, last: the first and last of them.
        recorded, restored: (n,) the column as stored, and as it would agree.
        left: share of the disagreement that remains when it is restored.
        disagreement: all of it, in squared thresholds.
        relations: names of the relations that disagree before.
        limit: from where on a change of the column counts.
    """

    channel: RecordedChannel
    kind: str
    rows: np.ndarray
    recorded: np.ndarray
    restored: np.ndarray
    left: float
    disagreement: float
    relations: tuple[str, ...]
    limit: float = 1.0

    @property
    def first(self) -> int:
        return int(self.rows[0])

    @property
    def last(self) -> int:
        return int(self.rows[-1])

    @property
    def size(self) -> float:
        """The largest change, in the channel's unit (per second for a speed)."""
        return float(np.abs(self.restored - self.recorded)[self.rows].max())

    @property
    def near(self) -> slice:
        """The rows, and those beside them."""
        return slice(max(0, self.first - JOIN), self.last + JOIN + 1)


def threshold(relation: Relation, unit: str) -> float:
    """From where on a residual of the relation is no noise, where the motion is no faster than the rows."""
    return FLOOR[relation.name, unit] + SIGMAS[relation.name] * relation.noise


def over(relation: Relation, unit: str) -> np.ndarray:
    """(n,) the residual over its threshold, with its sign."""
    return relation.residual / (threshold(relation, unit) + relation.slack)


def suspects(channel: RecordedChannel, relations: Sequence[Relation], rows: np.ndarray) -> list[Blame]:
    """The columns of which a change in few rows explains a disagreement, the one that leaves least first.

    Args:
        rows: (m,) rows in which the relations disagree.
    """
    named = tuple(r.name for r in relations if np.any(np.abs(over(r, channel.unit)[rows]) > 1.0))
    tried = {
        kind: _restore(channel, relations, rows, kind)
        for kind in ("measured", "command", "velocity")
        if kind in channel.columns and any(kind in r.kinds for r in relations)
    }
    found = []
    for kind, (left, before, change) in tried.items():
        limit = _unit_of(kind, channel, relations)
        changed = np.flatnonzero(np.abs(change) > SMALL * limit)
        if len(changed):
            recorded = channel.columns[kind]
            found.append(Blame(channel, kind, changed, recorded, recorded + change, left, before, named, limit))
    return sorted(found, key=lambda one: one.left)


def rather_off(blame: Blame, relations: Sequence[Relation], numbers: float) -> tuple[Blame, float] | None:
    """A column that is off by one amount from one row to the next, and back so or until the end, where that leaves little more than what
    would agree row by row, which it takes many more numbers to write; with the amount. None where it does not.

    What would agree row by row goes there in as many rows as a kernel has: it does not distinguish command from measurement, of which
    either may be off. An amount leaps in the column that is off alone: a command's leap comes smoothed, a measurement's is no speed.

    Args:
        numbers: what it costs [squared thresholds] to write the blame as it is, beyond an amount.
    """
    channel, follows = blame.channel, next((r for r in relations if r.name == "follows"), None)
    short = blame.last - blame.first < 3 * EDGE  # of few rows other reasons tell more
    if follows is None or channel.is_switch or short or not abs(follows.gain) > LEAST_GAIN:
        return None
    n, reach = len(blame.recorded), EDGE + max(abs(shift) for r in relations for _, shift in r.weights)
    near = slice(max(0, blame.first - reach), blame.last + reach + 1)
    fits = [1.0 / (threshold(r, channel.unit) + np.broadcast_to(r.slack, n)[near]) for r in relations]
    error = np.concatenate([r.residual[near] * fit for r, fit in zip(relations, fits)])
    begins = [0] if blame.first <= EDGE else list(range(blame.first - EDGE, blame.first + EDGE + 1))
    ends = [n - 1] if blame.last >= n - 1 - reach else list(range(blame.last - EDGE, blame.last + EDGE + 1))

    def answers(kind: str, changes: np.ndarray) -> np.ndarray:
        """(m, k) how the residuals over their thresholds change for changes (n, k) of a column."""
        return np.vstack([(r.matrix(kind)[near] @ changes) * fit[:, None] for r, fit in zip(relations, fits)])

    def left(answer: np.ndarray) -> float:
        return float(np.minimum((error + answer) ** 2, CAP).sum())

    found: list[tuple[float, str, float, int, int]] = []
    amount = float(np.median(follows.residual[blame.first : blame.last + 1]))
    for kind, by in (("measured", amount), ("command", -amount / follows.gain)):
        from_then_on = answers(kind, (np.arange(n)[:, None] >= [*begins, *(last + 1 for last in ends)]).astype(float)).T
        for first, step in zip(begins, from_then_on):
            for last, back in zip(ends, from_then_on[len(begins) :]):
                found.append((left(-by * (step - back)), kind, by, first, last))
    least, kind, by, first, last = min(found)
    if least > left(answers(blame.kind, (blame.restored - blame.recorded)[:, None])[:, 0]) + numbers:
        return None
    restored = channel.columns[kind].copy()
    restored[first : last + 1] -= by
    limit, rows = _unit_of(kind, channel, relations), np.arange(first, last + 1)
    return replace(blame, kind=kind, rows=rows, recorded=channel.columns[kind], restored=restored, limit=limit), by


def _unit_of(kind: str, channel: RecordedChannel, relations: Sequence[Relation]) -> float:
    """What a change of the column has to exceed to count: the threshold of the relation that it is the target of."""
    own = [threshold(r, channel.unit) / abs(r.weights[kind, 0]) for r in relations if r.target == kind and r.weights.get((kind, 0))]
    return own[0] if own else FLOOR["follows", channel.unit]


def _restore(channel: RecordedChannel, relations: Sequence[Relation], rows: np.ndarray, kind: str) -> tuple[float, float, np.ndarray]:
    """Share of the disagreement that is left, all of it in squared thresholds, and the change (n,).

    Least squares of all residuals over their thresholds, with each row's change held to zero by a weight that falls as the
    change grows (iteratively reweighted least squares for few changes: Chartrand and Yin, doi:10.1109/ICASSP.2008.4518498).
    """
    n = len(relations[0].residual)
    reach = max((abs(s) for r in relations for k, s in r.weights if k == kind), default=0)
    near = np.zeros(n, bool)
    for row in rows:
        near[max(0, row - reach) : row + reach + 1] = True
    free = np.flatnonzero(near)
    unit = _unit_of(kind, channel, relations)
    scaled = [sparse.diags(np.full(n, 1.0) / (threshold(r, channel.unit) + r.slack)) @ r.matrix(kind)[:, free] for r in relations]
    matrix = sparse.vstack(scaled).tocsc() * unit
    error = np.concatenate([over(r, channel.unit) for r in relations])
    before = float(np.minimum(error**2, CAP).sum())
    change = np.zeros(len(free))
    gram, right = (matrix.T @ matrix).tocsc(), -(matrix.T @ error)
    weight, width = np.full(len(free), 1e-3), 1.0
    for _ in range(ROUNDS):
        change = splu((gram + sparse.diags(weight)).tocsc()).solve(right)
        weight, width = PRICE / (change**2 + width**2), max(0.3 * width, 0.1)
    after = float(np.minimum((error + matrix @ change) ** 2, CAP).sum())
    out = np.zeros(n)
    out[free] = change * unit
    return after / max(before, 1e-12), before, out
