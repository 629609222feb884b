"""What a word of goal, never and safety is: a reader that makes a predicate of its node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..reading.names import Names
from ..sensing.predicate import Predicate
from ..sheet.yaml_reader import Node

Reader = Callable[[Node, Names], Predicate | None]  # None where something is wrong, which it has noted


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
