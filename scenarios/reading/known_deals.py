"""Deals of a scenario once a cell has measured what some of them would deal out: the rest of the hand, and the rest of the deal.

A scenario deals three places in a row among three bottles. In a cell somebody measured where one of them stands, so that it
is no longer dealt; and the other two are not dealt its place.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..parts.part import load_part
from ..sheet.errors import ScenarioError
from ..sheet.quantity import dimension_of, parse_quantity, show
from ..sheet.yaml_places import Place
from ..sheet.yaml_reader import Problems
from .dealing import PLACES

DEALS = "scenario.variation.deal"


@dataclass(frozen=True)
class _Laid:
    """A scenario's tree with measured values in it, and the same before.

    Attributes:
        measured: keys of these values, such as `named.at.y`; assets: the designer's own parts folder, if any.
    """

    tree: dict[str, Any]
    before: Mapping[str, Any]
    measured: Collection[str]
    places: MutableMapping[str, Place]
    problems: Problems
    assets: Path | None

    def of(self, tree: Mapping[str, Any], name: str, value: str) -> Any:
        """What a thing has, as it is written, or what it has where nothing is; None where that cannot be said."""
        part: Any = tree["parts"][name]
        at = part
        for key in value.split("."):
            at = at.get(key) if isinstance(at, Mapping) else None
        if at is not None:
            return at
        if value in PLACES:
            return "0 deg" if value == "yaw" else "0 mm"
        try:
            param = load_part(str(part.get("part")), None, self.assets)
        except ScenarioError:
            return None
        known = param.params.get(value) if param is not None else None
        return None if known is None else show(known.default, known.dimension)

    def put(self, name: str, value: str, text: Any) -> None:
        """Give a thing that was not measured what is left for it."""
        place = self.places.get(f"scenario.parts.{name}.{value}")
        if place is not None and place[1] == 0:
            self.problems.note(
                f"scenario.parts.{name}.{value}",
                f"the cell leaves {text!r} for it, and what is written here says something else. "
                "Leave it out, or measure it in the cell, too.",
            )
            return
        *above, last = value.split(".")
        at = self.tree["parts"][name]
        for key in above:
            if at.get(key) is None:
                at[key] = {}
            at = at[key]
        at[last] = text


def without_known(
    tree: dict[str, Any],
    before: Mapping[str, Any],
    measured: Collection[str],
    places: MutableMapping[str, Place],
    problems: Problems,
    assets: Path | None = None,
) -> frozenset[str]:
    """Take what a cell measured out of the deals of a scenario's tree, in place.

    - Things of one hand get the same value: of a hand of which one thing was measured, those that were not get its value.
    - That value is had: of those that the deal holds, the nearest one is nobody else's. Hands of which nothing was measured
      keep their own where it is left, take over what is left else, and are dealt out anew among themselves.

    A deal that cannot be read is left as it stands, for who reads it to tell.

    Args:
        tree: a scenario's, with the measured values in it; before: the same without them.
        measured: keys of these values, such as `named.at.y`.
        places: of the tree; what stays of a deal keeps its lines.
        problems: where it is reported that a value was set by the command as well.
        assets: the designer's own parts folder, if any.

    Returns:
        Keys of all values of those deals of which any was measured.
    """
    variation: Any = tree.get("variation")
    deals = variation.get("deal") if isinstance(variation, dict) else None
    if not isinstance(deals, list) or not any(_known(tree, entry, measured) for entry in deals):
        return frozenset()
    laid = _Laid(tree, before, measured, places, problems, assets)
    lines, kept, touched = _taken(places, len(deals)), list[Any](), set[str]()
    for i, entry in enumerate(deals):
        if not _known(tree, entry, measured):
            left, deal = None, entry
        else:
            touched |= {f"{name}.{entry['values']}" for hand in entry["among"] for name in _names(hand)}
            left = _left(laid, entry)
            deal = {**entry, "among": [entry["among"][k] for k in left]}
            if len(left) < 2:
                continue
        for tail, place in lines[i].items():
            now = _shifted(tail, left)
            if now is not None:
                places[f"{DEALS}[{len(kept)}]{now}"] = place
        kept.append(deal)
    if kept:
        variation["deal"] = kept
    else:
        del variation["deal"]
    return frozenset(touched)


def _taken(places: MutableMapping[str, Place], n: int) -> dict[int, dict[str, Place]]:
    """Places of the deals, by their number, taken out of all others."""
    found: dict[int, dict[str, Place]] = {}
    for i in range(n):
        start = f"{DEALS}[{i}]"
        found[i] = {key[len(start) :]: places[key] for key in places if key.startswith(start)}
        for tail in found[i]:
            del places[start + tail]
    return found


def _shifted(tail: str, left: list[int] | None) -> str | None:
    """Where a line of a deal stands after hands were taken out of it; None where its hand was."""
    if left is None or not tail.startswith(".among["):
        return tail
    number, _, rest = tail.removeprefix(".among[").partition("]")
    return f".among[{left.index(int(number))}]{rest}" if int(number) in left else None


def _known(tree: Mapping[str, Any], entry: Any, measured: Collection[str]) -> bool:
    """Whether an entry is a deal of this scenario's parts that would deal out something that was measured."""
    if not isinstance(entry, dict) or set(entry) != {"values", "among"} or not isinstance(entry["among"], list):
        return False
    parts = tree.get("parts")
    hands = [_names(hand) for hand in entry["among"]]
    if not isinstance(parts, dict) or not isinstance(entry["values"], str) or not all(hands):
        return False
    names = [name for hand in hands for name in hand]
    if not all(isinstance(name, str) and isinstance(parts.get(name), dict) for name in names):
        return False
    return any(f"{name}.{entry['values']}" in measured for name in names)


def _names(hand: Any) -> list[Any]:
    return hand if isinstance(hand, list) else [hand]


def _left(laid: _Laid, entry: dict[str, Any]) -> list[int]:
    """Which hands are still dealt; in the tree, what every thing of this deal has before it is."""
    value = entry["values"]
    hands = [_names(hand) for hand in entry["among"]]
    known = [next((name for name in hand if f"{name}.{value}" in laid.measured), None) for hand in hands]
    own = [laid.of(laid.before, hand[0], value) for hand in hands]
    rest = list(range(len(hands)))  # of the values that are left
    for hand, name in zip(hands, known):
        if name is None:
            continue
        has = laid.of(laid.tree, name, value)
        for other in hand:
            if f"{other}.{value}" not in laid.measured:
                laid.put(other, value, has)
        apart = {k: by for k in rest if (by := _apart(own[k], has)) is not None}
        if apart:
            rest.remove(min(apart, key=apart.__getitem__))
    free = [k for k, name in enumerate(known) if name is None]
    over = [k for k in rest if k not in free]
    for k in free:
        if k not in rest and over:
            taken = own[over.pop(0)]
            for name in hands[k]:
                laid.put(name, value, taken)
    return free


def _apart(one: Any, other: Any) -> float | None:
    """How far two quantities differ, angles round the circle; None where one of them is none."""
    try:
        by = parse_quantity(one) - parse_quantity(other)
    except ValueError:
        return None
    return abs((by + math.pi) % math.tau - math.pi) if dimension_of(one) == "angle" else abs(by)
