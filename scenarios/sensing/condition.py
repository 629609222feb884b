"""What a step of the task asks, one condition at a time, so that a step that was missed can say by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..sheet.quantity import parse_quantity
from ..sheet.repeated import listed
from ..sheet.yaml_reader import Node
from .predicate import All, Displaced, Predicate

# words whose margin is the distance between a value and the bound that stands in the YAML under this key; True: the value
# has to be larger than it
BOUNDED: Mapping[str, Mapping[str, bool]] = {
    "angle": {"above": True, "below": False},
    "near": {"within": False},
    "upright": {"within": False},
    "tilted": {"more_than": True},
    "moved": {"more_than": True},
    "below": {"height": False},
    "higher": {"by": True},
    "lower": {"by": True},
    "share": {"at_least": True},
    "base_near": {"within": False},
    "apart": {"more_than": True},
    "faster": {"than": True},
    "nearer": {"than": False},
    "points_at": {"within": False},
    "answered": {"within": False},
}


@dataclass(frozen=True)
class Condition:
    """One of the conditions that have to hold at once for a step.

    Attributes:
        word: of the YAML (`near`), or `any` where one of several is enough.
        about: what it names, in the order of the YAML (`bowl.base`, `oven.turntable`).
        bound: (SI) that its value is held against, None where only the margin has a meaning; more: whether the value has to
            be larger.
    """

    word: str
    about: tuple[str, ...]
    predicate: Predicate
    bound: float | None = None
    more: bool = False

    def value(self, margin: float) -> float | None:
        """What was measured, from the margin; None where there is no bound to count from."""
        return None if self.bound is None else self.bound + margin if self.more else self.bound - margin


def conditions(node: Node, predicate: Predicate) -> tuple[Condition, ...]:
    """The conditions of a step.

    Args:
        node: of the step, `{all: [...], hold: 0.5 s}` or a single word; predicate: what was read from it.
    """
    if isinstance(predicate, All) and "all" in node:
        inner = [child for child in listed(node.child("all")) if isinstance(child.value, Mapping)]
        if len(inner) == len(predicate.parts):
            return tuple(c for child, part in zip(inner, predicate.parts) for c in conditions(child, part))
    word = next((key for key in node.value if key not in ("hold", "from", "to", "passes", "title")), "")
    arguments = node.child(word).value
    bound: float | None
    if isinstance(predicate, Displaced):  # a key or a latch, whose bound stands in its part's sheet
        bound, more = predicate.bound, not predicate.below
    else:
        bound, more = _bound(word, arguments)
    return (Condition(word, _about(arguments), predicate, bound, more),)


def _bound(word: str, arguments: Any) -> tuple[float | None, bool]:
    if isinstance(arguments, Mapping):
        for key, more in BOUNDED.get(word, {}).items():
            if key in arguments:
                try:
                    return parse_quantity(arguments[key]), more
                except ValueError:
                    return None, more
    return None, False


def _about(arguments: Any) -> tuple[str, ...]:
    """The names among the arguments: of parts, sites and joints."""
    if isinstance(arguments, str):
        return (arguments,)
    if isinstance(arguments, Mapping):
        named = (arguments[key] for key in ("of", "to", "than", "inside", "into", "by", "from") if key in arguments)
        return tuple(
            name for name in named if isinstance(name, str) and not any(c.isdigit() and " " in name for c in name)
        )
    return ()
