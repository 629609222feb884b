"""Both ways through a recording: an arm that took the wrong turn at a singularity forward in time may take the right one backward.

The solver sees one sample at a time. Where two answers part, as at a shoulder whose first and third axis line up, it follows
one without knowing where it ends; the limits of a joint may then keep the hand from targets that the other answer reaches. A
recording is known whole, so that it can be followed from its end as well, under the same limits. Where both ways of an arm
meet, one can go over into the other: of all ways that this allows, the one with the smallest price is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks.limits import Limits
from .arms import Arms, Array
from .settings import Settings
from .solver import HandTrack, Retargeted, Retargeting
from .targets import HANDS, HandTargets

WORTH = 0.01  # m that a hand has to be off somewhere, before the second way is tried; estimate
FAR, ASKEW = 0.05, np.radians(45.0)  # m, rad: from where the judge refuses a hand that lasts (`retarget.error`)
VIA, AGAIN = 2, 2  # postures that are tried where a hand is worst, and how often such a place is looked for; effort
MEET = 0.005  # rad in every joint, within which the two ways are at one place; estimate


def retarget_both_ways(targets: HandTargets, arms: Arms, limits: Limits, settings: Settings) -> Retargeted:
    """As `retarget`, and where a hand is off by more than `WORTH`, from the end of the recording too; the better way is kept.

    Where both leave a hand that is within its reach off by more than `FAR` or turned by more than `ASKEW`, the recording is also
    followed from where that hand is worst, both ways, from each of the nearest `VIA` postures there.
    """
    retargeting = Retargeting(targets, arms, limits, settings)
    kept, notes = retargeting.follow(), list(targets.notes)
    if max((float(np.nanmax(track.off, initial=0.0)) for track in kept.hands.values()), default=0.0) <= WORTH:
        return kept
    kept = _better(kept, retargeting.follow(backward=True), retargeting, settings, "from its end", notes)
    tried: set[int] = set()
    for _ in range(AGAIN):
        worst = _astray(kept)
        if worst is None or worst in tried:
            break
        tried.add(worst)
        for posture in retargeting.search.at(worst)[:VIA]:
            other = retargeting.follow(via=(worst, posture))
            kept = _better(kept, other, retargeting, settings, f"from {targets.t[worst]:.2f} s on, both ways", notes)
    return replace(kept, notes=tuple(notes))


def _better(
    kept: Retargeted, other: Retargeted, retargeting: Retargeting, settings: Settings, way: str, notes: list[str]
) -> Retargeted:
    """`kept`, with what `other` does at a smaller price; the work of both."""
    taken = _taken(kept, other, retargeting, settings)
    work = kept.work + other.work
    if taken.any():
        kept = _joined(kept, other, taken, retargeting.asked.columns)
        notes.append(f"{100 * float(taken.any(axis=1).mean()):.0f} % of the samples follow the recording {way}, which leaves the hands nearer")
    return replace(kept, work=work)


def _astray(result: Retargeted) -> int | None:
    """The sample at which a hand within its reach is left furthest beyond where the judge would refuse it; None where none is."""
    far = np.zeros(len(result.t))
    for track in result.hands.values():
        over = np.maximum(np.nan_to_num(track.off) / FAR, np.nan_to_num(track.turned) / ASKEW)
        far = np.maximum(far, np.where(np.nan_to_num(track.beyond, nan=1.0) > 0.0, 0.0, over))
    worst = int(far.argmax())
    return worst if far[worst] > 1.0 else None


def _taken(forward: Retargeted, backward: Retargeted, retargeting: Retargeting, settings: Settings) -> NDArray[np.bool_]:
    """(n, 2) by sample and arm, in the order of `HANDS`, whether the way backward is taken.

    Each arm has a way of its own, unless own shapes would come too near where these differ: then both have one.
    """
    columns = retargeting.asked.columns
    near = np.abs(forward.q - backward.q) <= MEET
    near[1:] &= retargeting.allows(forward.q[:-1], backward.q[1:]) & retargeting.allows(backward.q[:-1], forward.q[1:])
    meet = np.stack([near[:, own].all(axis=1) for own in columns], axis=1)
    cost = np.zeros((2, len(forward.t), len(HANDS)))
    for way, result in enumerate((forward, backward)):
        for hand, track in result.hands.items():
            cost[way, :, HANDS.index(hand)] = _price(track, settings)
    each = np.stack([best_way(cost[:, :, side], meet[:, side]) for side in range(len(HANDS))], axis=1).astype(bool)
    differ = np.flatnonzero(each[:, 0] != each[:, 1])
    if not len(differ) or retargeting.clear(_joined(forward, backward, each, columns).q, differ):
        return each
    return np.repeat(best_way(cost.sum(axis=2), meet.all(axis=1)).astype(bool)[:, None], len(HANDS), axis=1)


def prices(result: Retargeted, settings: Settings) -> Array:
    """(n,) what hands that are off and turned cost by the solver's own weights."""
    return np.sum([_price(track, settings) for track in result.hands.values()], axis=0) + np.zeros(len(result.t))


def _price(track: HandTrack, settings: Settings) -> Array:
    """(n,) what one hand costs."""
    off, turned = np.nan_to_num(settings.position * track.off), np.nan_to_num(settings.rotation * track.turned)
    return np.asarray(off**2 + turned**2)


def best_way(cost: Array, meet: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Which of two ways to take at every sample, so that the sum is the smallest, changing only where they meet.

    Args:
        cost: (2, n); meet: (n,) whether one may change over on coming to this sample.

    Returns:
        (n,) 0 or 1; of ways of one price the first.
    """
    n = cost.shape[1]
    total, came = np.array(cost[:, 0]), np.zeros((2, n), np.int64)
    for i in range(n):
        came[:, i] = (0, 1)
        if i and meet[i]:
            came[:, i] = int(total[1] < total[0])
        if i:
            total = total[came[:, i]] + cost[:, i]
    way = np.zeros(n, np.int64)
    way[-1] = int(total[1] < total[0])
    for i in range(n - 1, 0, -1):
        way[i - 1] = came[way[i], i]
    return way


def _joined(one: Retargeted, other: Retargeted, taken: NDArray[np.bool_], columns: NDArray[np.int64]) -> Retargeted:
    """`one`, with the joints and hands of `other` where `taken` (n, h); columns: (h, j) joints of each arm."""
    joints = np.zeros(one.q.shape, bool)
    for side, own in enumerate(columns):
        joints[:, own] = taken[:, side, None]
    first, both = taken[:, 0], taken[:, 0] == taken[:, 1]

    def hand(side: int) -> Callable[[Any, Any], Any]:
        own = taken[:, side]
        return lambda a, b: np.where(own.reshape(-1, *[1] * (a.ndim - 1)), b, a)

    passed = {}
    for kind, values in one.passed.items():
        there = other.passed[kind]
        passed[kind] = np.where(both, np.where(first, there, values), np.maximum(values, there))
    return replace(
        one,
        q=np.where(joints, other.q, one.q),
        hands={of: _each(hand(HANDS.index(of)), track, other.hands[of]) for of, track in one.hands.items()},
        at_limit={kind: np.where(joints, other.at_limit[kind], values) for kind, values in one.at_limit.items()},
        held_apart=np.where(both, np.where(first, other.held_apart, one.held_apart), np.maximum(one.held_apart, other.held_apart)),
        passed=passed,
    )


def _each(change: Any, *tracks: HandTrack) -> HandTrack:
    """A track whose arrays are what `change` makes of those of the tracks."""
    changed = {
        name: change(*(getattr(track, name) for track in tracks))
        for name, value in vars(tracks[0]).items()
        if isinstance(value, np.ndarray)
    }
    return replace(tracks[0], **changed)
