"""Words of touch and of mechanisms: released, pressed, latched."""

from __future__ import annotations

from ..dialect import Node
from ..names import Names
from ..predicate import Displaced, Predicate, Untouched
from ..quantity import parse_quantity
from ..sensing import Request
from .word import Words


def _released(node: Node, names: Names) -> Predicate | None:
    body = names.element(node, "body")
    hands = [f"tree:{name}" for name in names.robot["hands"]["bodies"]]
    return None if body is None else Untouched(tuple(Request("contact_force", hand, f"tree:{body}") for hand in hands))


def _pressed(node: Node, names: Names) -> Predicate | None:
    found, joint = names.split(node), names.element(node, "joint")
    if found is None or joint is None:
        return None
    if "pressed" not in found[2]:
        node.note(f"{node.value!r} is no key: its part's sheet names no travel at which it is pressed.")
        return None
    return Displaced(Request("joint_position", joint), parse_quantity(found[2]["pressed"], "length"))


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
    "released": _released,
    "pressed": _pressed,
    "latched": _latched,
}
