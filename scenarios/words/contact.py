"""Words of touch and of mechanisms: released, pressed, latched."""

from __future__ import annotations

import math

import mujoco

from ..reading.names import Names
from ..sensing.predicate import TRACE, Displaced, Predicate, Untouched
from ..sensing.requests import Request
from ..sheet.quantity import parse_quantity
from ..sheet.yaml_reader import Node
from .word import Word, Words


def _released(node: Node, names: Names) -> Predicate | None:
    body = names.element(node, "body")
    if body is None:
        return None
    hands = [f"tree:{name}" for name in names.robot["hands"]["bodies"]]
    forces = tuple(Request("contact_force", hand, f"tree:{body}") for hand in hands)
    # what two fingers press cancels out: of a thing in the hand its weight is left, and a clip of 6 g weighs as little as a trace
    return Untouched(forces, min(TRACE, 0.5 * _weight(names.spec, body)))


def _weight(spec: mujoco.MjSpec, name: str) -> float:
    """[N] of a body and all below it; infinite where the part does not say what one of them weighs."""
    top = spec.body(name)
    bodies = [top, *top.find_all("body")]
    return 9.81 * sum(b.mass for b in bodies) if all(b.explicitinertial for b in bodies) else math.inf


def _pressed(node: Node, names: Names) -> Predicate | None:
    found, joint = names.split(node), names.element(node, "joint")
    if found is None or joint is None:
        return None
    if "pressed" not in found[2]:
        node.note(f"{node.value!r} is no key: its part's sheet names no travel at which it is pressed.")
        return None
    return Displaced(Request("joint_position", joint), parse_quantity(found[2]["pressed"], "length"), act=True)


def _latched(node: Node, names: Names) -> Predicate | None:
    found = names.split(node)
    if found is None:
        return None
    prefix, _, entry = found
    if "latch" not in entry:
        node.note(f"{node.value!r} has no latch in its part's sheet.")
        return None
    within = parse_quantity(entry["latch"]["within"], "length")
    return Displaced(Request("joint_position", prefix + entry["latch"]["joint"]), within, below=True)


WORDS: Words = {
    "released": Word(_released, "let go", "已松手"),
    "pressed": Word(_pressed, "travel of the key", "按键行程"),
    "latched": Word(_latched, "distance from the latch", "离锁上的距离"),
}
