"""Words of where things are: angle, near, upright, tilted, moved, below, higher, lower."""

from __future__ import annotations

from functools import partial

import mujoco

from ..reading.names import Names
from ..sensing.predicate import Angle, Below, Higher, MovedAway, Near, Predicate, Upright
from ..sensing.requests import Request
from ..sheet.yaml_reader import Node
from .word import ANGLE, BODY, LENGTH, PLACE, UP, Word, Words, made, quantity


def _angle(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of",), optional=("above", "below"))
    if ("above" in node) == ("below" in node):
        node.note("an angle is either above or below a bound.")
    joint = names.element(node.child("of"), "joint")
    above = "above" in node
    slides = joint is not None and names.spec.joint(joint).type == mujoco.mjtJoint.mjJNT_SLIDE
    bound = node.child("above" if above else "below").quantity("length" if slides else "angle")
    unit = "m" if slides else "rad"
    return None if joint is None else Angle(Request("joint_position", joint), bound, above, unit)


def _moved(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "more_than"), optional=("seen_from",))
    body = names.element(node.child("of"), "body")
    bound = node.child("more_than").quantity("length", low=0.0)
    frame = names.element(node.child("seen_from"), "body") if "seen_from" in node else ""
    if body is None or frame is None:
        return None
    return MovedAway(Request("body_position", body, f"body:{frame}" if frame else ""), bound)


WORDS: Words = {
    "angle": Word(_angle, "angle", "角度", {"above": True, "below": False}),
    "near": Word(made(Near, of=PLACE, to=PLACE, within=LENGTH), "distance", "距离", {"within": False}),
    "upright": Word(made(Upright, of=UP, within=ANGLE), "tilt", "倾角", {"within": False}),
    "tilted": Word(made(partial(Upright, invert=True), of=UP, more_than=ANGLE), "tilt", "倾角", {"more_than": True}),
    "moved": Word(_moved, "moved from its start", "离起始位置的距离", {"more_than": True}),
    "below": Word(made(Below, of=PLACE, height=quantity("length", low=None)), "height", "高度", {"height": False}),
    "higher": Word(made(Higher, of=BODY, than=PLACE, by=LENGTH), "height over", "高出", {"by": True}),
    "lower": Word(made(partial(Higher, lower=True), of=BODY, than=PLACE, by=LENGTH), "height under", "低于", {"by": True}),
}
