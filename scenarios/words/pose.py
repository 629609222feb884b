"""Words of where things are: angle, near, upright, tilted, moved, below, higher, lower."""

from __future__ import annotations

from functools import partial

import mujoco

from ..reading.names import Names
from ..sensing.predicate import Angle, Below, Higher, MovedAway, Near, Predicate, Upright
from ..sensing.requests import Request
from ..sheet.yaml_reader import Node
from .word import Word, Words


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


def _near(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "to", "within"))
    of, to = names.element(node.child("of"), "site"), names.element(node.child("to"), "site")
    within = node.child("within").quantity("length", low=0.0)
    return (
        None if of is None or to is None else Near(Request("site_position", of), Request("site_position", to), within)
    )


def _upright(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "within"))
    body = names.element(node.child("of"), "body")
    within = node.child("within").quantity("angle", low=0.0)
    return None if body is None else Upright(Request("body_up", body), within)


def _tilted(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "more_than"))
    body = names.element(node.child("of"), "body")
    bound = node.child("more_than").quantity("angle", low=0.0)
    return None if body is None else Upright(Request("body_up", body), bound, invert=True)


def _moved(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "more_than"), optional=("seen_from",))
    body = names.element(node.child("of"), "body")
    bound = node.child("more_than").quantity("length", low=0.0)
    frame = names.element(node.child("seen_from"), "body") if "seen_from" in node else ""
    if body is None or frame is None:
        return None
    return MovedAway(Request("body_position", body, f"body:{frame}" if frame else ""), bound)


def _below(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "height"))
    site = names.element(node.child("of"), "site")
    height = node.child("height").quantity("length")
    return None if site is None else Below(Request("site_position", site), height)


def _height(node: Node, names: Names, lower: bool) -> Predicate | None:
    node.mapping(required=("of", "than", "by"))
    body, place = names.element(node.child("of"), "body"), names.element(node.child("than"), "site")
    by = node.child("by").quantity("length", low=0.0)
    if body is None or place is None:
        return None
    return Higher(Request("body_position", body), Request("site_position", place), by, lower)


WORDS: Words = {
    "angle": Word(_angle, "angle", "角度", {"above": True, "below": False}),
    "near": Word(_near, "distance", "距离", {"within": False}),
    "upright": Word(_upright, "tilt", "倾角", {"within": False}),
    "tilted": Word(_tilted, "tilt", "倾角", {"more_than": True}),
    "moved": Word(_moved, "moved from its start", "离起始位置的距离", {"more_than": True}),
    "below": Word(_below, "height", "高度", {"height": False}),
    "higher": Word(partial(_height, lower=False), "height over", "高出", {"by": True}),
    "lower": Word(partial(_height, lower=True), "height under", "低于", {"by": True}),
}
