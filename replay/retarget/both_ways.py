"""Both ways through a recording: an arm that took the wrong turn at a singularity forward in time may take the right one backward.

The solver sees one sample at a time. Where two answers part, as at a shoulder whose first and third axis line up, it follows
one without knowing where it ends; the limits of a joint may then keep the hand from targets that the other answer reaches. A
recording is known whole, so that it can be followed from its end as well, under the same limits. Where both ways meet, one can
go over into the other: of all ways that this allows, the one with the smallest price is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..robots.limits import Limits
from .arms import Arms, Array
from .settings import Settings
from .solver import HandTrack, Retargeted, retarget
from .targets import HandTargets

WORTH = 0.01  # m that a hand has to be off somewhere, before the second way is tried; estimate
MEET = 0.005  # rad in every joint, within which the two ways are at one place; estimate


def retarget_both_ways(targets: HandTargets, arms: Arms, limits: Limits, settings: Settings) -> Retargeted:
    """As `retarget`, and where a hand is off by more than `WORTH`, from the end of the recording too; the better way is kept."""
    forward = retarget(targets, arms, limits, settings)
    if max((float(np.nanmax(track.off, initial=0.0)) for track in forward.hands.values()), default=0.0) <= WORTH:
        return forward
    backward = _turned(retarget(_reversed(targets), arms, limits, settings), targets)
    meet = np.abs(forward.q - backward.q).max(axis=1) <= MEET
    taken = best_way(np.stack([prices(forward, settings), prices(backward, settings)]), meet)
    if not taken.any():
        return forward
    share = float(taken.mean())
    note = f"{100 * share:.0f} % of the samples follow the recording from its end, which leaves the hands nearer"
    return replace(_joined(forward, backward, taken.astype(bool)), notes=(*forward.notes, note))


def prices(result: Retargeted, settings: Settings) -> Array:
    """(n,) what hands that are off and turned cost by the solver's own weights."""
    found = np.zeros(len(result.t))
    for track in result.hands.values():
        found += (
            np.nan_to_num(settings.position * track.off) ** 2 + np.nan_to_num(settings.rotation * track.turned) ** 2
        )
    return found


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


def _flipped(by_key: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {key: values[::-1].copy() for key, values in by_key.items()}


def _reversed(targets: HandTargets) -> HandTargets:
    """The same hands, last sample first."""
    names = ("position", "rotation", "shoulder", "elbow", "closed", "valid")
    flipped: dict[str, Any] = {name: _flipped(getattr(targets, name)) for name in names}
    return replace(targets, t=targets.t[-1] - targets.t[::-1], **flipped)


def _turned(result: Retargeted, targets: HandTargets) -> Retargeted:
    """A result of reversed hands, first sample first again."""
    at_limit, passed = _flipped(result.at_limit), _flipped(result.passed)
    for by_kind in (at_limit, passed):  # a speed belongs to the later of its two samples
        by_kind["speed"] = np.roll(by_kind["speed"], 1, axis=0)
        by_kind["speed"][0] = 0
    return replace(
        result,
        t=targets.t,
        q=result.q[::-1].copy(),
        hands={hand: _each(lambda values: values[::-1].copy(), track) for hand, track in result.hands.items()},
        at_limit=at_limit,
        held_apart=result.held_apart[::-1].copy(),
        passed=passed,
        closed=_flipped(result.closed),
    )


def _joined(one: Retargeted, other: Retargeted, taken: NDArray[np.bool_]) -> Retargeted:
    """`one`, with the rows of `other` where `taken`."""

    def rows(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        return np.where(taken.reshape(-1, *[1] * (a.ndim - 1)), b, a)

    return replace(
        one,
        q=rows(one.q, other.q),
        hands={hand: _each(rows, track, other.hands[hand]) for hand, track in one.hands.items()},
        at_limit={kind: rows(values, other.at_limit[kind]) for kind, values in one.at_limit.items()},
        held_apart=rows(one.held_apart, other.held_apart),
        passed={kind: rows(values, other.passed[kind]) for kind, values in one.passed.items()},
    )


def _each(change: Any, *tracks: HandTrack) -> HandTrack:
    """A track whose arrays are what `change` makes of those of the tracks."""
    changed = {
        name: change(*(getattr(track, name) for track in tracks))
        for name, value in vars(tracks[0]).items()
        if isinstance(value, np.ndarray)
    }
    return replace(tracks[0], **changed)
