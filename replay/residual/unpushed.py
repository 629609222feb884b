"""Joints that are where nothing pushes them, of a device whose drives nobody measured: one goes there alone, and by itself.

What touches an arm bends several joints, and what holds one of them back keeps it behind where it is sent. What it carries lets a joint
sink, to one side. None of these sends a joint far ahead of its way, or ahead there and back, while the others are on theirs.
"""

from __future__ import annotations

import numpy as np

from ..signals.sides import side_of
from .blame import FLOOR, Blame, threshold
from .hypotheses import Explanation
from .relations import MEMORY, Relation
from .table import Group

OTHERS, PUSHED = 3, 2  # joints that move meanwhile, and are on their ways; others that leave them, and half of a limb, as if it were pushed
FAR = 2.5  # thresholds, that a joint is away
AHEAD, BOTH_AHEAD = 4.0, 1.0  # thresholds, that it goes ahead of its way to one side; to either side
EXACT = 2.0  # floors: a larger threshold is that of a device that does not follow its commands exactly
MOVES = 0.1  # of what it usually goes in a row when it is quick, from where on a joint is under way
QUICK = 95.0  # in so many rows of a hundred it goes less
TO_NOISE = 4.0  # times its noise, that a delay may leave: friction and a weak servo leave more
BOTH_WAYS = 0.3  # of the largest distance, that it is to the other side


def none_pushes(
    group: Group, one: Blame, follows: Relation, others: np.ndarray, why: Explanation | None
) -> bool:
    """Whether nothing that an arm touches or carries has a joint where it is.

    Args:
        follows: how it follows its command; its threshold is the unit of all distances.
        others: (n, k - 1) rows in which each other channel is not on its way, in the order of the group.
        why: what explains the column best.
    """
    limit = threshold(follows, one.channel.unit)
    if limit > EXACT * FLOOR["follows", one.channel.unit]:
        return False
    rows = slice(max(0, one.first - 3), min(group.n, one.last + 1 + round(MEMORY / group.dt)))
    e = follows.residual[rows]
    if float(np.abs(e).max()) < FAR * limit:
        return False
    q = one.channel.columns["measured"]
    rest = [c for c in group.channels if c.name != one.channel.name]
    goes = [float(np.ptp(c.columns.get("measured", np.zeros(group.n))[rows])) for c in rest]
    away = others[rows].any(axis=0)
    of_limb = np.array([side_of(c.name) == side_of(one.channel.name) for c in rest], bool)
    pushed = away.sum() >= PUSHED and 2 * (away & of_limb).sum() >= of_limb.sum()  # from its base to where something pushes it
    if pushed or (~away & (np.array(goes) > 2.0 * limit)).sum() < max(OTHERS, away.sum()):
        return False
    way = q - follows.residual
    to_sides = _goes_ahead(q[rows], way[rows], way)
    return _is_late_both_ways(follows, e, one, why) or max(to_sides) > AHEAD * limit or min(to_sides) > BOTH_AHEAD * limit


def by_its_own_motion(q: np.ndarray, way: np.ndarray, quick: float) -> np.ndarray:
    """(n - 1,) how much further a joint (n,) goes away from its way (n,) by itself in each row in which it is due to go more than `quick`;
    else zero."""
    e, own, due = q - way, np.diff(q), np.diff(way)
    grows = np.abs(e[1:]) - np.abs(e[:-1])
    return np.where((grows > 0.0) & (e[1:] * own > 0.0) & (np.abs(due) > quick), np.minimum(grows, np.abs(own)), 0.0)


def _goes_ahead(q: np.ndarray, way: np.ndarray, whole: np.ndarray) -> tuple[float, float]:
    """How far a joint goes ahead of its way to either side, while its command has it move there."""
    own, due = np.diff(q), np.diff(way)
    ahead = by_its_own_motion(q, way, MOVES * float(np.percentile(np.abs(np.diff(whole)), QUICK)))
    return float(ahead[(own > 0.0) & (due > 0.0)].sum()), float(ahead[(own < 0.0) & (due < 0.0)].sum())


def _is_late_both_ways(follows: Relation, e: np.ndarray, one: Blame, why: Explanation | None) -> bool:
    """Whether another delay is all that is wrong, there and back, to the noise."""
    if why is None or why.name != "lag":
        return False
    away = (one.restored - one.recorded)[one.first : one.last + 1]
    left = float(np.sqrt((1.0 - why.explained) * float((away**2).mean())))
    both = min(float(e.max()), -float(e.min())) > BOTH_WAYS * float(np.abs(e).max())
    return both and left < TO_NOISE * max(follows.noise, 1e-3)
