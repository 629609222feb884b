"""What a word of goal, never and safety is: a reader that makes a predicate of its node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..reading.names import Names
from ..sensing.predicate import Predicate
from ..sensing.requests import Request
from ..sheet.yaml_reader import Node

Reader = Callable[[Node, Names], Predicate | None]  # None where something is wrong, which it has reported
Field = Callable[[Node, Names], Any]  # how the value of a key is read; None or an empty tuple where it has reported what is wrong


def made(make: Callable[..., Predicate | None], /, **fields: Field) -> Reader:
    """The reader of a word that takes a mapping: all its keys are required, and what is read of them goes to `make` in their order.

    Args:
        fields: key -> how it is read; `from_` stands for `from`, which is no name in Python.
    """
    keys = {key.rstrip("_"): field for key, field in fields.items()}

    def read(node: Node, names: Names) -> Predicate | None:
        if not node.mapping(required=tuple(keys)):
            return None
        found = [field(node.child(key), names) for key, field in keys.items()]
        return None if any(one is None or one == () for one in found) else make(*found)

    return read


def request(kind: str) -> Field:
    """A sensor of this kind, of the element that a dotted word names."""
    element = kind.partition("_")[0]

    def read(node: Node, names: Names) -> Request | None:
        found = names.element(node, element)
        return None if found is None else Request(kind, found)

    return read


def quantity(dimension: str, low: float | None = 0.0, high: float | None = None) -> Field:
    """A quantity in SI, from `low` on, which is 0 where nothing else is given."""
    return lambda node, names: node.quantity(dimension, low=low, high=high)


def several(field: Field) -> Field:
    """A list, each entry read alike; empty where something is wrong with one."""

    def read(node: Node, names: Names) -> tuple[Any, ...]:
        found = tuple(field(child, names) for child in node.each())
        return () if any(one is None for one in found) else found

    return read


PLACE, BODY, UP = request("site_position"), request("body_position"), request("body_up")
LENGTH, ANGLE, FORCE, VOLUME = (quantity(dimension) for dimension in ("length", "angle", "force", "volume"))
SHARE = quantity("share", high=1.0)


@dataclass(frozen=True)
class Word:
    """A word: how it is read, and what a report calls it.

    Attributes:
        read: its reader.
        en, zh: what it measures, in two languages.
        bound: argument that holds the bound, where the margin is the distance between a value and it -> whether the value has to be larger.
    """

    read: Reader
    en: str
    zh: str
    bound: Mapping[str, bool] = field(default_factory=dict)

    def __call__(self, node: Node, names: Names) -> Predicate | None:
        return self.read(node, names)


Words = Mapping[str, Word]

# what others call a word; a likeness of letters leads astray here: `close_to` is like `lost`
MEANT = {
    "near": ("close_to", "close", "next_to", "distance", "within", "at"),
    "apart": ("far", "far_from", "away", "away_from"),
    "higher": ("above", "over", "on_top", "lifted", "raised"),
    "lower": ("under", "beneath", "underneath"),
    "share": ("inside", "in", "contains", "contained"),
    "angle": ("open", "opened", "closed", "shut", "turned", "joint"),
    "released": ("let_go", "dropped", "free"),
    "upright": ("standing", "stands", "level"),
    "held_by": ("held", "holds", "grasped", "hold"),
    "faster": ("speed",),
    "filled": ("full", "poured"),
}


def meant_by(word: str) -> str | None:
    """The word of ours that is meant by one that others use; None where none is known."""
    return next((ours for ours, theirs in MEANT.items() if word in theirs), None)
