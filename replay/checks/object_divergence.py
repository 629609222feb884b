"""Does an object of the replay go where the real one was recorded to go?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .check import Check
from .finding import Finding, worst_of
from .rules import Rules

LEFT = 0.02  # m, a thing that moves by no more in a replay was left lying
CARRIED = 0.05  # m, that a hand carries it at least
BEGUN = 0.01  # m, from which on it has begun to
REACH = 0.25  # m, a hand with its grip no further away may carry it: handles and bags are long
SPEED = 0.03  # m/s, of what is carried
SLIPS = 0.6  # of its speed, by which the hand's may differ: what turns in a hand goes another way than its grip
SHARE = 0.7  # of the time in which it moves a hand goes with it
AFTER = (1.0, 5.0)  # s after the first difference, when its size is reported


@dataclass(frozen=True)
class CarriedAway:
    """How a hand carried a thing in a record: from `t0` to `t1` [s], `way` [m] away from where it lay."""

    t0: float
    t1: float
    way: float


def carried_by_record(t: np.ndarray, pos: np.ndarray, grips: np.ndarray) -> CarriedAway | None:
    """How a thing went with a hand; None where it did not.

    Args:
        t: (T,) s; pos: (T, 3) of the thing [m]; grips: (T, h, 3) of the hands.
    """
    if len(t) < 3:
        return None
    velocity = np.gradient(pos, t, axis=0)
    speed = np.linalg.norm(velocity, axis=1)
    slips = np.linalg.norm(np.gradient(grips, t, axis=0) - velocity[:, None], axis=2)
    held = (np.linalg.norm(grips - pos[:, None], axis=2) < REACH) & (slips < SLIPS * speed[:, None])
    goes = (speed > SPEED) & held.any(axis=1)
    way = np.linalg.norm(pos - pos[0], axis=1)
    if not goes.any() or way[goes].max() < CARRIED:
        return None
    first, last = np.flatnonzero(goes)[[0, -1]]
    first = min(first, int((way > BEGUN).argmax()))
    moving = speed > SPEED
    if goes.sum() < SHARE * moving[first : last + 1].sum():
        return None
    return CarriedAway(float(t[first]), float(t[last]), float(way[goes].max()))


def check_left(things: dict[str, CarriedAway], certain: bool, rules: Rules) -> list[Finding]:
    """`object.diverged` of things that the record carries away and every replay leaves lying.

    Args:
        things: that were left; certain: whether the start is that of a simulation, to the bit, and some hand presses: then commands and
            poses are of no one take; else where a thing lay is measured, and who measured it may be wrong, or no commands were recorded.
    """
    rule, found = rules["object.diverged"], []
    for name, one in things.items():
        known = {"subject": (name,), "t0": one.t0, "t1": one.t1, "value": one.way, "limit": LEFT, "unit": "m"}
        details = {"kind": "left", "owner": "device" if certain else "scene"}
        if certain:
            found.append(
                rule.finding(
                    level="FAIL", margin=LEFT - one.way, excess=(one.way - LEFT) / LEFT, details=details, **known
                )
            )
        else:
            found.append(rule.not_checked("left_lying", details=details, **known))
    return worst_of(found)


def check_apart(t: np.ndarray, apart: np.ndarray, things: Sequence[str], rules: Rules) -> list[Finding]:
    """`object.diverged`: how far each object is from its record, when that first was too far, and how it grew.

    Args:
        t: (m,) s; apart: (m, k) distance of each of `things` from where it was recorded [m], NaN where that is not known.
    """
    rule, found = rules["object.diverged"], []
    for j, name in enumerate(things):
        known = np.isfinite(apart[:, j])
        if not known.any():
            continue
        when, size = t[known], apart[known, j]
        graded = rule.grade_value(float(size.max()))
        over = size > (graded["limit"] or np.inf)
        first = int(over.argmax()) if over.any() else int(size.argmax())
        later = {f"after_{wait:.0f}": float(np.interp(when[first] + wait, when, size)) for wait in AFTER}
        grows = {key: size_ for (key, size_), wait in zip(later.items(), AFTER) if when[first] + wait <= when[-1]}
        found.append(
            rule.finding(
                subject=(name,),
                t0=float(when[first]),
                t1=float(when[-1]),
                share=float(over.mean()),
                **graded,
                details=grows if over.any() else {},
            )
        )
    return worst_of(found) or [rule.not_checked("too_short")]


CHECKS = (Check("object.diverged", of="world", turn=11),)
