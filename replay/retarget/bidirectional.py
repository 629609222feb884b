"""Many ways through a recording: an arm that took the wrong turn at a singularity on one way may take the right one on another.

The solver sees one sample at a time. Where two answers part, as at a shoulder with its first and third axis in line, it follows
one without knowing where it ends; the limits of a joint may then keep the hand from targets that the other answer reaches. A
recording is known whole, so that it can be followed from its end as well, under the same limits, and from any posture between.
Where two ways of an arm meet, one goes over into the other. Where they only come near each other, as they do at a singularity,
the recording is followed once more, its arms drawn to the one way before and to the other one after. Of all that the limits
allow, what has the smallest price is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..robots.limits import Limits
from .arms import Arms, Array
from .settings import RetargetSettings
from .solver import GUIDED, HandTrack, Retargeted, Retargeting
from .targets import HANDS, HandTargets
from .track import WorkCount

WORTH = 0.01  # m that a hand has to be off somewhere, before the second way is tried; estimate
FAR = 0.05  # m from where the judge refuses a hand that lasts (`retarget.error`)
LESS = 0.75  # of the price: below it, changes from way to way lead out of a dead end; people who were recorded stay above 0.9; estimate
PLACES, AGAIN = 8, 3  # places in a dead end at which a nearer posture is looked for, and how often that is done; effort
MEET = 0.005  # rad in every joint, within which two ways are at one place; estimate


def retarget_both_ways(targets: HandTargets, arms: Arms, limits: Limits, settings: RetargetSettings) -> Retargeted:
    """As `retarget`, and where a hand is off by more than `WORTH`, from the end of the recording too; the better way is kept.

    Where changes from way to way would cost less than `LESS` of it, they are tried. Where the judge would refuse a hand that
    another posture puts well within what it accepts, the recording is followed from that posture as well.
    """
    retargeting = Retargeting(targets, arms, limits, settings)
    kept, notes = retargeting.follow(), list(targets.notes)
    if max((float(np.nanmax(track.off, initial=0.0)) for track in kept.hands.values()), default=0.0) <= WORTH:
        return kept
    ways = [kept, retargeting.follow(backward=True)]
    kept = _better(kept, ways[1], retargeting, "from its end", notes)
    kept = _led(kept, ways, retargeting, notes)
    for _ in range(AGAIN):
        via = _way_out(kept, retargeting)
        if via is None:
            break
        ways.append(retargeting.follow(via=via))
        before, kept = kept, _led(kept, ways, retargeting, notes)
        if kept is before:
            break
    return replace(kept, notes=tuple(notes), work=sum((way.work for way in ways), WorkCount()))


def _better(kept: Retargeted, other: Retargeted, retargeting: Retargeting, way: str, notes: list[str]) -> Retargeted:
    """`kept`, with what `other` does at a smaller price; `kept` itself where that is nothing."""
    taken = _taken(kept, other, retargeting)
    if not taken.any():
        return kept
    share = 100 * float(taken.any(axis=1).mean())
    notes.append(f"{share:.0f} % of the samples follow the recording {way}, which leaves the hands nearer")
    return _joined(kept, other, taken, retargeting.asked.columns)


def _led(kept: Retargeted, ways: list[Retargeted], retargeting: Retargeting, notes: list[str]) -> Retargeted:
    """`kept`, or what is better on one more way, led from way to way, where that promises to cost less than `LESS` of it."""
    guide, promised = _through(ways, retargeting)
    if promised >= LESS * prices(kept, retargeting.settings).sum():
        return kept
    ways.append(retargeting.follow(guide=guide))
    return _better(kept, ways[-1], retargeting, f"led from way to way of {len(ways) - 1}", notes)


def _through(ways: Sequence[Retargeted], retargeting: Retargeting) -> tuple[Array, float]:
    """Postures (n, k) [rad] that go over from way to way where that is cheapest, and what these cost.

    A change over costs what the solver will pay for the posture that it is drawn away from.
    """
    guide, promised, at = ways[0].q.copy(), 0.0, np.arange(len(ways[0].t))
    cost = np.array([_missed(way, retargeting.settings) ** 2 for way in ways])
    for side, own in enumerate(retargeting.asked.columns):
        q = np.array([way.q[:, own] for way in ways])
        change = np.zeros((len(ways), len(ways), len(at)))
        change[:, :, 1:] = GUIDED**2 * np.square(q[:, None, :-1] - q[None, :, 1:]).sum(axis=-1)
        taken = best_way(cost[:, :, side], change)
        guide[:, own] = q[taken, at]
        promised += float(cost[taken, at, side].sum())
    return guide, promised


def _way_out(kept: Retargeted, retargeting: Retargeting) -> tuple[int, Array] | None:
    """A sample at which a hand within its reach is off by more than `FAR`, and a posture (k,) that puts it within, by most."""
    off = np.zeros((len(kept.t), len(HANDS)))
    for hand, track in kept.hands.items():
        off[:, HANDS.index(hand)] = np.where(track.beyond <= 0.0, np.nan_to_num(track.off), 0.0)
    lost = np.flatnonzero((off > FAR).any(axis=1))
    if not len(lost):
        return None
    rows = lost[np.unique(np.linspace(0, len(lost) - 1, PLACES).round().astype(int))]
    postures, left = retargeting.search.nearest(rows.tolist())
    gain = np.where((off[rows] > FAR) & (left < FAR), _missed(kept, retargeting.settings)[rows] - left, 0.0).max(axis=1)
    best = int(gain.argmax())
    return (int(rows[best]), postures[best]) if gain[best] > 0.0 else None


def _taken(forward: Retargeted, backward: Retargeted, retargeting: Retargeting) -> NDArray[np.bool_]:
    """(n, 2) by sample and arm, in the order of `HANDS`, whether the way backward is taken.

    Each arm has a way of its own, unless own shapes would come too near where these differ: then both have one.
    """
    columns = retargeting.asked.columns
    near = np.abs(forward.q - backward.q) <= MEET
    near[1:] &= retargeting.allows(forward.q[:-1], backward.q[1:]) & retargeting.allows(backward.q[:-1], forward.q[1:])
    meet = np.stack([near[:, own].all(axis=1) for own in columns], axis=1)
    cost = np.array([_missed(result, retargeting.settings) ** 2 for result in (forward, backward)])
    each = np.stack(
        [best_way(cost[:, :, side], only_where(meet[:, side])) for side in range(len(HANDS))], axis=1
    ).astype(bool)
    differ = np.flatnonzero(each[:, 0] != each[:, 1])
    if not len(differ) or retargeting.clear(_joined(forward, backward, each, columns).q, differ):
        return each
    return np.repeat(best_way(cost.sum(axis=2), only_where(np.all(meet, axis=1, keepdims=False))).astype(bool)[:, None], len(HANDS), axis=1)


def prices(result: Retargeted, settings: RetargetSettings) -> Array:
    """(n,) what hands that are off and turned cost by the solver's own weights."""
    return np.asarray((_missed(result, settings) ** 2).sum(axis=1))


def _missed(result: Retargeted, settings: RetargetSettings) -> Array:
    """(n, h) [m] how far each hand is off, its turn counted by the solver's own weight; 0 where nothing is asked."""
    missed = np.zeros((len(result.t), len(HANDS)))
    for hand, track in result.hands.items():
        off, turned = np.nan_to_num(settings.position * track.off), np.nan_to_num(settings.rotation * track.turned)
        missed[:, HANDS.index(hand)] = np.hypot(off, turned)
    return missed


def only_where(meet: NDArray[np.bool_]) -> Array:
    """(2, 2, n) price of a change over between two ways that is free where they meet (n,), and not possible elsewhere."""
    return np.where(np.eye(2, dtype=bool)[:, :, None] | meet, 0.0, np.inf)


def best_way(cost: Array, change: Array) -> NDArray[np.int64]:
    """Which of some ways to take at every sample, so that the sum is the smallest.

    Args:
        cost: (w, n) of each way.
        change: (w, w, n) what it costs to go over from the first to the second on coming to a sample.

    Returns:
        (n,) 0 to w - 1; of ways of one price the one that is taken already, and at the end the first.
    """
    w, n = cost.shape
    every = np.arange(w)
    total, came = np.array(cost[:, 0]), np.zeros((w, n), np.int64)
    for i in range(1, n):
        sums = total[:, None] + change[:, :, i]
        came[:, i] = sums.argmin(axis=0)
        least = sums[came[:, i], every]
        came[:, i] = np.where(sums[every, every] <= least, every, came[:, i])
        total = least + cost[:, i]
    way = np.zeros(n, np.int64)
    way[-1] = int(total.argmin())
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
        held_apart=np.where(
            both, np.where(first, other.held_apart, one.held_apart), np.maximum(one.held_apart, other.held_apart)
        ),
        passed=passed,
    )


def _each(change: Any, *tracks: HandTrack) -> HandTrack:
    """A track with the arrays that `change` makes of those of the tracks."""
    changed = {
        name: change(*(getattr(track, name) for track in tracks))
        for name, value in vars(tracks[0]).items()
        if isinstance(value, np.ndarray)
    }
    return replace(tracks[0], **changed)
