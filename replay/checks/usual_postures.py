"""Are two joints of a take, or all those of two arms, exchanged in all its columns, as the other takes of its set show?

Asked where a joint is commanded past its range by so little that it may be an operator who drives it there: then its motion is that of
the other takes, and the exchange does not make it so.

Two arms are exchanged as a whole where a take begins as the others do with left and right exchanged, and goes on so. Whoever does the task
with the other arm begins as ever; and in a body of which both sides count alike nothing tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from ..recording.recording import Recording, Stream
from ..robots.limits import Limits
from ..signals.channels import SCALE, in_radians, pair
from ..signals.clock import origin_ns
from ..signals.sides import other_side, side_of
from .beyond_stops import WITHIN, beyond_stop, is_ranged, lasting, limb_of
from .finding import Finding
from .rules import Rules

CODE = "stream.swapped"
ORDER, KIND, SHOWN, SIDES = "order", "order_among", "order_shown", "sides_among"
PAST = 1e-3  # rad by which a joint is past its range
SHORTEST = 2  # rows in which it is
LEAST = 3  # other takes
AGAIN = 2  # takes in which a joint is measured past its range, where two may be exchanged or a range is doubtful
SHARES = (5.0, 50.0, 95.0)  # percentiles
NOISE = 0.1  # rad, summed over four numbers of two joints, by which takes may differ beyond what the others do
# rad, summed over the joints of both sides, by which a take begins elsewhere at the least; share of the distance to the other takes that is
# left once sides are exchanged; times as far as any other take. Takes of three real sets and six own ones leave 0.33 of it at the most
BEGINS, EXCHANGED, TWICE = 0.5, 0.6, 2.0
AS_OTHERS = 1.5  # times as far from the usual beginning as any other take, that an exchanged one is at the most: 1.4 of real ones
LEFT = 0.7  # of the distance to the other takes that an exchange may leave; takes of five real and own sets leave less than 0.65


@dataclass(frozen=True)
class Posture:
    """Where the joints of a take are.

    Attributes:
        joints: name -> its first angle and `SHARES` of it [rad]; ends: name -> (lowest, highest); order: of the columns.
        past: that are commanded past their ranges; exchanged: two of this take that its stops show to be exchanged.
        sided: the same of joints that have another side, of any robot.
        perhaps: two that are exchanged, or one of them was driven past its stop, in command and measurement: this take alone does not tell.
    """

    joints: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    ends: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    past: tuple[str, ...] = ()
    exchanged: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    sided: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def posture_of(recording: Recording, limits: Limits, findings: Iterable[Finding] = ()) -> Posture:
    """Of a robot's own joints; of a person's motion none. `findings`: of its integrity."""
    command, state = pair(recording)
    if recording.kind == "human" or command is None or state is None or not state.n or not {command.unit, state.unit} <= set(SCALE):
        return Posture()
    sided = _sided(command, state)
    names = [name for name in state.names if is_ranged(name, limits) and name in command.names]
    if not names or not command.n:
        return Posture(sided=sided)
    q, c = in_radians(state, names), in_radians(command, names)
    if not np.isfinite(q).all():
        return Posture()
    stands = _stands(q)
    past = tuple(name for j, name in enumerate(names) if lasting(c[:, j], limits, name, SHORTEST) > PAST)
    ends = {name: (float(q[:, j].min()), float(q[:, j].max())) for j, name in enumerate(names)}
    exchanged = next((one.subject for one in findings if one.code == CODE and one.failed and one.details.get("kind") == ORDER), ())
    perhaps: tuple[str, ...] = ()
    if past and not exchanged:
        beyond = beyond_stop(command, state, limits, origin_ns(recording))
        perhaps = beyond.fits[0].joints if beyond is not None and [one.kind for one in beyond.fits] == [ORDER] else ()
    stand = {name: tuple(x) for name, x in zip(names, stands.T.tolist())}
    return Posture(stand, ends, past, tuple(exchanged), tuple(names), perhaps, sided)


def _stands(q: np.ndarray) -> np.ndarray:
    """(4, k) first angles and `SHARES` of joints (n, k)."""
    return np.vstack([q[:1], np.percentile(q, SHARES, axis=0)])


def _sided(command: Stream, state: Stream) -> dict[str, tuple[float, ...]]:
    names = [name for name in state.names if other_side(name) != name and other_side(name) in state.names and name in command.names]
    q = in_radians(state, names)
    return dict(zip(names, map(tuple, _stands(q).T.tolist()))) if names and np.isfinite(q).all() else {}


def check_sides_among(take: Posture, others: Sequence[Posture], rules: Rules) -> Finding | None:
    """`stream.swapped` of all joints of two sides, each of which stands where the one of the other side does in the other takes, from the
    first row on; None where none do. A WARN where another take of the set does, or this one is not as near to the others as they are
    to each other: somebody may have begun with the other arm."""
    known = [one for one in others if one.sided.keys() == take.sided.keys()]
    if not take.sided or len(known) < LEAST:
        return None
    of = np.array([_of_sides(one) for one in known])
    usual = np.median(of, axis=0)
    ordinary = np.abs(of - usual).sum(axis=1)
    apart, back = (np.abs(x - usual).sum(axis=0) for x in (_of_sides(take), _of_sides(take, exchanged=True)))
    begins = apart[0] > max(float(ordinary[:, 0].max()), BEGINS) + NOISE and back[0] < EXCHANGED * apart[0]
    far = float(apart.sum()) > TWICE * float(ordinary.sum(axis=1).max()) + BEGINS
    if not begins or not far or not back.sum() < EXCHANGED * apart.sum():
        return None
    near = back[0] < AS_OTHERS * float(ordinary[:, 0].max()) + NOISE
    again = any(_begins_so(one, usual) for one in known)
    names = [name for name in take.sided if side_of(name) == "l"]
    pairs = ", ".join(f"{name} / {other_side(name)}" for name in names)
    details = {"of": "both", "kind": SIDES, "pairs": pairs, "count": len(names), "takes": len(known),
               "remaining": float(back.sum() / apart.sum())}  # fmt: skip
    subject = tuple(one for name in names for one in (name, other_side(name)))
    return rules[CODE].beyond(float(len(names)), 0.0, level="FAIL" if near and not again else "WARN", subject=subject, details=details)


def _begins_so(take: Posture, usual: np.ndarray) -> bool:
    """Whether a take begins, and goes on, nearer to the usual one (k, 4) with its sides exchanged."""
    apart, back = (np.abs(x - usual).sum(axis=0) for x in (_of_sides(take), _of_sides(take, exchanged=True)))
    return bool(apart[0] > BEGINS and back[0] < EXCHANGED * apart[0] and back.sum() < EXCHANGED * apart.sum())


def may_be_other_sides(one: Posture, other: Posture) -> bool:
    """Whether one of two takes may have its sides exchanged: more takes would tell which."""
    if not one.sided or one.sided.keys() != other.sided.keys():
        return False
    return _begins_so(one, _of_sides(other))


def _of_sides(take: Posture, exchanged: bool = False) -> np.ndarray:
    """(k, 4) of each joint in the order of their names, or of the one of the other side in its place."""
    return np.array([take.sided[other_side(name) if exchanged else name] for name in sorted(take.sided)])


def check_order_among(take: Posture, others: Sequence[Posture], limits: Limits, rules: Rules) -> Finding | None:
    """`stream.swapped` of two joints, one after the other, that stand where the other one does in the other takes, or that another take
    shows to be exchanged by its stops; None where none are."""
    if not take.past:
        return None
    for two in dict.fromkeys(one.exchanged for one in others if len(one.exchanged) == 2):
        if set(take.past) <= set(two) <= set(take.joints) and _fits(take, two[0], two[1], limits):
            return _finding(two, rules, kind=SHOWN)
    for either in dict.fromkeys(one.perhaps for one in (*others, take) if one.perhaps):
        there = [one for one in (*others, take) if one.past and set(one.past) <= set(either) and _goes_there(one, limits)]
        alike = [one for one in (*others, take) if set(either) <= set(one.joints)]
        # servos stop at the end of a range: what is measured past it time and again, and fits the other joint in all takes, is that one's
        fits = take in alike and set(take.past) <= set(either) and len(there) >= AGAIN
        if fits and all(_fits(one, either[0], either[1], limits) for one in alike):
            return _finding(either, rules, kind=SHOWN)
    known = [one for one in others if not one.past]
    if len(known) < LEAST:
        return None
    best: tuple[float, float, tuple[str, str]] | None = None
    for one, other in pairwise(take.order):
        if limb_of(one) != limb_of(other) or not set(take.past) <= {one, other} or not _fits(take, one, other, limits):
            continue
        of = [np.hstack([x.joints[one], x.joints[other]]) for x in known if one in x.joints and other in x.joints]
        if len(of) < LEAST:
            continue
        usual = np.median(of, axis=0)
        apart, back = (
            float(np.abs(np.hstack([take.joints[a], take.joints[b]]) - usual).sum()) for a, b in ((one, other), (other, one))
        )
        ordinary = max(float(np.abs(x - usual).sum()) for x in of)
        if apart > ordinary + NOISE and back <= LEFT * apart and (best is None or back < best[1]):
            best = apart, back, (one, other)
    if best is None:
        return None
    apart, back, names = best
    return _finding(names, rules, kind=KIND, takes=len(known), remaining=back / apart)


def _finding(names: Sequence[str], rules: Rules, **known: Any) -> Finding:
    details = {"of": "both", "pairs": " / ".join(names), "count": 1, **known}
    return rules[CODE].beyond(1.0, 0.0, subject=tuple(names), details=details)


def _goes_there(take: Posture, limits: Limits) -> bool:
    """Whether each joint that is commanded past its range is measured there."""
    return all(min(take.ends[name][0] - limits[name].lower, limits[name].upper - take.ends[name][1]) < -PAST for name in take.past)


def _fits(take: Posture, one: str, other: str, limits: Limits) -> bool:
    """Whether both are within their ranges once they are exchanged back."""
    return all(
        take.ends[b][0] > limits[a].lower - WITHIN and take.ends[b][1] < limits[a].upper + WITHIN for a, b in ((one, other), (other, one))
    )
