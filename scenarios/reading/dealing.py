"""Values that a draw deals out anew among parts: which stands where, which wears which label.

```yaml
variation:
  deal:
    - {values: at.y, among: [named, twin, third]}                     # their places in the row
    - {values: at.z, among: [[named, twin, third], [carton, large]]}  # whole rows change their shelves
```

Whoever is called `named` stays `named`: goal, failure modes and skills know a thing by its name, whatever it is dealt.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..sheet.near_matches import nearest
from ..sheet.yaml_reader import Node

PLACES = ("at.x", "at.y", "at.z", "yaw")  # of every part; parameters of its own come with it


@dataclass(frozen=True)
class Deal:
    """One value that hands of parts hold, and that a draw deals out anew among them.

    Attributes:
        value: `at.y`, `yaw` or a parameter; hands: names of the parts that get the same, hand by hand.
    """

    value: str
    hands: tuple[tuple[str, ...], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The values of the scene that it may change, such as `named.at.y`."""
        return tuple(f"{name}.{self.value}" for hand in self.hands for name in hand)

    def dealt(self, values: Mapping[str, float], rng: np.random.Generator) -> dict[str, float]:
        """What each of them has after one deal, by key, from what each had."""
        order = rng.permutation(len(self.hands))
        had = [values[f"{hand[0]}.{self.value}"] for hand in self.hands]
        return {f"{name}.{self.value}": had[k] for hand, k in zip(self.hands, order) for name in hand}


def read_deals(node: Node, parts: Mapping[str, Collection[str]], values: Mapping[str, float]) -> tuple[Deal, ...]:
    """The list under `variation.deal`.

    Args:
        parts: name -> its parameters; values: of the scene as the YAML gives it, by key.
    """
    found: list[Deal] = []
    for child in node.each():
        if not child.mapping(required=("values", "among")):
            continue
        value, hands = child.child("values").word(), []
        for entry in child.child("among").each():
            inner = list(entry.each()) if isinstance(entry.value, list) else [entry]
            names = [_part(n, value, parts) for n in inner]
            hand = tuple(name for name in names if name)
            if not inner:
                entry.note("nobody is named here. Write a part, or a list of parts.")
            elif len(hand) == len(inner):
                hands.append(hand)
            for one in found:
                if one.value == value and set(hand) & {name for other in one.hands for name in other}:
                    entry.note(f"a deal above deals {value} to it as well. Make one deal of both.")
            if len({values.get(f"{name}.{value}") for name in hand}) > 1:
                entry.note(f"those of one hand get the same {value}; write the same for all of them under parts.")
        if len(hands) < 2:
            child.child("among").note("a deal is among two parts or more.")
        else:
            found.append(Deal(value, tuple(hands)))
    return tuple(found)


def _part(node: Node, value: str, parts: Mapping[str, Collection[str]]) -> str:
    """The part that a word names, if it has that value; nothing and a note else."""
    name = node.word()
    if name not in parts:
        node.note(f"{name!r} is no part of this scenario.{nearest(name, list(parts))}")
        return ""
    if value not in PLACES and value not in parts[name]:
        node.note(f"{name!r} has no value {value!r}.{nearest(value, [*PLACES, *parts[name]])}")
        return ""
    return name


def deal(deals: Sequence[Deal], values: Mapping[str, float], rng: np.random.Generator) -> dict[str, float]:
    """All values of a scene after its deals, one after the other."""
    found = dict(values)
    for one in deals:
        found |= one.dealt(found, rng)
    return found
