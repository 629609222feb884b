"""A command that leaps, unanswered, and comes back later: which of the stretches between its leaps is not what the joint was sent.

The joint's own motion, so much earlier as suits the take, tells what it was sent in each row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from functools import lru_cache
from itertools import pairwise

import numpy as np

from .case import Case
from .difference import Difference
from .hypotheses import best
from .leaps import MANY, Leaps
from .relations import KEPT
from .table import RecordedChannel

# s by which a command may lead its joint; rad, or share of a way: what is further away tells no more of how late a joint is
LEADS, CAP = 0.8, 0.1
# times as far from the motion as in the rows that most agree, from where on a stretch is another command; of a take, that other commands
# are at the most: else it is not known which is which
WORSE, MOSTLY = 3.0, 0.6


def commands_between(leaps: Leaps) -> Iterator[Difference]:
    """Of each command that leaps unanswered, the rows between two leaps, or from one to an end of the take, in which the joint follows
    another one; with the reason of all of them."""
    for j, channel in enumerate(() if leaps.group.hands else leaps.channels):
        if len(rows := leaps.unanswered(j)) and (found := _between(leaps, channel, rows.tolist())) is not None:
            yield found


def _between(leaps: Leaps, channel: RecordedChannel, rows: Sequence[int]) -> Difference | None:
    group, least = leaps.group, leaps.least_alone
    x, truth = channel.columns["command"], sent(channel, group.dt)
    away = np.abs(x - truth)
    edges = [0, *rows, group.n]
    stretches = [(a, b - 1) for a, b in pairwise(edges) if b > a]
    sound, bad = _other(x - truth, stretches, least) if len(stretches) > 1 else (0.0, [])
    if not bad or sum(b - a + 1 for a, b in bad) > MOSTLY * group.n:
        return None
    first, last = bad[0][0], bad[-1][1]
    far = first + np.flatnonzero(away[first : last + 1] > max(WORSE * sound, least))
    if len(far):  # no leap ends a stretch at the end of a take
        first, last = first or int(far[0]), last if last < group.n - 1 else int(far[-1])
    meant = x.copy()
    for a, b in bad:
        meant[a : b + 1] = truth[a : b + 1]
    others = {c.name: sent(c, group.dt) for c in leaps.channels if c is not channel}
    case = Case(x, meant, first, last, group.dt, sound, others, channel.columns["measured"], angle=channel.unit == "rad")
    size, why = float(away[first : last + 1].max()), best(case) or ("burst" if len(rows) >= MANY else None)
    return Difference.over(
        group.t, (channel.name,), "command", (first, last), size, channel.unit, why, certain=True,
        stream=channel.topics["command"], limit=least, weight=(size / least) ** 2 * (last - first + 1), cases=(case,),
    )  # fmt: skip


def in_place_of(found: Sequence[Difference], leaps: Leaps, known: Set[str]) -> list[Difference]:
    """What a group contradicts itself in, with commands between leaps in place of what is of their rows, unless that has a better reason.

    Args:
        known: channels of which a command is known to be wrong otherwise.
    """
    out = list(found)
    for one in commands_between(leaps):
        of = [d for d in out if d.channels == one.channels and d.kind in ("command", "measured") and d.is_near(one)]
        # a burst that is there already is known to be followed nowhere
        better = any(d.certain and (d.explains_better(one) or (d.name == "burst" and one.name in (None, "burst"))) for d in of)
        if not known & set(one.channels) and not better:
            out = [one, *(d for d in out if not any(d is each for each in of))]
    return out


def _other(off: np.ndarray, stretches: Sequence[tuple[int, int]], least: float) -> tuple[float, list[tuple[int, int]]]:
    """By how much commands are beside the motion where most rows agree best, and the stretches in which they are far from it, to one side
    or to both."""
    rows = np.array([b - a + 1 for a, b in stretches])
    far, sound = np.zeros(len(stretches), bool), 0.0
    for each in (np.abs(off), off):
        means = np.array([abs(float(each[a : b + 1].mean())) for a, b in stretches])
        order = means.argsort()
        usual = float(means[order][np.searchsorted(np.cumsum(rows[order]), 0.5 * (1.0 - MOSTLY) * rows.sum())])
        far, sound = far | (means > max(WORSE * usual, least)), max(sound, usual)
    return sound, [one for one, is_far in zip(stretches, far) if is_far]


@lru_cache(maxsize=8 * KEPT)
def sent(channel: RecordedChannel, dt: float) -> np.ndarray:
    """(n,) the joint's places so many rows earlier as is nearest to its command in most rows, and as far from it as it usually is."""
    command, measured = (channel.columns[kind] for kind in ("command", "measured"))
    most = max(1, round(LEADS / dt))
    led = np.stack([np.concatenate([measured[k:], np.full(k, measured[-1])]) for k in range(most + 1)])
    beside = np.median(command - led, axis=1, keepdims=True)
    near = led + np.where(np.abs(beside) < CAP, beside, 0.0)
    return np.asarray(near[int(np.minimum(np.abs(command - near), CAP).mean(axis=1).argmin())])
