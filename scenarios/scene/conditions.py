"""The conditions of a step of the task, one at a time, from its YAML and the predicate that was read from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..sensing.condition import Condition
from ..sensing.predicate import All, Displaced, Predicate
from ..sheet.quantity import parse_quantity
from ..sheet.repeated import listed
from ..sheet.yaml_reader import Node
from ..words import WORDS


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
    if isinstance(predicate, Displaced):  # a key or a latch: its bound is in its part's sheet
        bound, more = predicate.bound, not predicate.below
    else:
        bound, more = _bound(word, arguments)
    return (Condition(word, _about(arguments), predicate, bound, more),)


def _bound(word: str, arguments: Any) -> tuple[float | None, bool]:
    if isinstance(arguments, Mapping):
        for key, more in WORDS[word].bound.items() if word in WORDS else ():
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
