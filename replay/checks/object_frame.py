"""Are recorded places of things, and of joints of parts, in metres and radians, in the frame of the scene?

Each hypothesis is a unit with its size; it is shown by undoing it: read so, a thing is where it can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .check import Check
from .finding import Finding, worst_of
from .rules import Rules

LENGTHS = {"millimetres": 1e-3, "centimetres": 1e-2}
ANGLES = {"degrees": float(np.pi / 180.0)}
NEAR = 0.6  # m from where the scenario lays a thing, within which it may have been put
PAST = 0.05  # m, rad: a joint that rests on its soft stop is a little past its range


@dataclass(frozen=True)
class JointWay:
    """A recorded joint of a part.

    Attributes:
        low, high: its range [m, rad]; least, most: of what was recorded; slides: whether it is a length.
    """

    low: float
    high: float
    least: float
    most: float
    slides: bool

    def beyond(self, factor: float = 1.0) -> float:
        """By how much its way, read with a factor, goes past its range."""
        return max(self.low - factor * self.least, factor * self.most - self.high, 0.0)


@dataclass(frozen=True)
class Misread:
    """What is in another unit or frame.

    Attributes:
        things: thing or joint -> factor that undoes it; 1 where no unit does.
        findings: `object.frame`.
    """

    things: Mapping[str, float]
    findings: tuple[Finding, ...]


def check_frame(
    places: Mapping[str, np.ndarray],
    laid: Mapping[str, np.ndarray],
    joints: Mapping[str, JointWay],
    impossible: Mapping[str, float],
    rules: Rules,
) -> Misread:
    """`object.frame`: how far [m, rad] from all places that there are is something recorded that, in another unit, is at its place?

    Args:
        places: thing -> (3,) where it was recorded at first [m]; laid: where the scenario lays it.
        joints: of parts, those with a range.
        impossible: values of the scene that the places ask for, and that no scene can have.
    """
    rule, found, wrong = rules["object.frame"], [], dict[str, float]()
    far, swing = rule.bound("fail"), rule.settings["joint"]
    for name, place in places.items():
        off = float(np.linalg.norm(place - laid[name]))
        read = {unit: float(np.linalg.norm(by * place - laid[name])) for unit, by in LENGTHS.items()}
        unit = min(read, key=lambda one: read[one])
        if off > far and read[unit] <= NEAR:
            wrong[name] = LENGTHS[unit]
            found.append(rule.beyond(off, far, subject=(name,), details=_details("unit", unit, LENGTHS[unit])))
    for name, joint in joints.items():
        units = LENGTHS if joint.slides else ANGLES
        unit = min(units, key=lambda one: (joint.beyond(units[one]), -units[one]))
        if joint.beyond() > swing and joint.beyond(units[unit]) <= PAST:
            wrong[name] = units[unit]
            of = {"unit": "m" if joint.slides else "rad", "details": _details("joint", unit, units[unit])}
            found.append(rule.beyond(joint.beyond(), swing, subject=(name,), **of))
    if not found and impossible:
        apart = {name: float(np.linalg.norm(place - laid[name])) for name, place in places.items()}
        low = float(np.median([laid[name][2] - place[2] for name, place in places.items()])) if places else 0.0
        wrong = dict.fromkeys(places, 1.0)
        details = {"kind": "frame", "lower": low, "impossible": dict(impossible)}
        found.append(rule.beyond(max(apart.values(), default=0.0), 0.0, subject=tuple(places), details=details))
    if not found:
        value = max((float(np.linalg.norm(place - laid[name])) for name, place in places.items()), default=0.0)
        return Misread({}, (rule.passed(value=value, limit=far, margin=far - value),))
    names = tuple(name for one in found for name in one.subject)
    worst = worst_of(found)[0]
    same = [one for one in found if one.details.get("of") == worst.details.get("of")]
    worst = worst.with_(subject=tuple(name for one in same for name in one.subject))
    return Misread(wrong, (worst.with_(details=worst.details | {"things": list(names)}),))


def _details(kind: str, unit: str, factor: float) -> dict[str, object]:
    return {"kind": kind, "of": f"unit_{unit}", "factor": factor}


CHECKS = (
    Check(
        "object.frame",
        of="world",
        turn=12,
        settings={"joint": "number"},
        own_cause=True,
        no_example="no known fault makes it",
        no_curve="a number of the start",
    ),
)
