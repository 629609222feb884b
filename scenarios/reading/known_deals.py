"""Deals of a scenario once a cell has measured what some of them would deal out: the rest of the hand, and the rest of the deal.

A scenario deals three places in a row among three bottles. In a cell somebody measured where one of them stands, so that it
is no longer dealt; and the other two are not dealt its place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping
from typing import Any

from ..quantity import parse_quantity
from .yaml_reader import Place

DEALS = "scenario.variation.deal"
PLACES = {"at.x": "0 mm", "at.y": "0 mm", "at.z": "0 mm", "yaw": "0 deg"}  # where nothing is written


def without_known(
    tree: dict[str, Any], before: Mapping[str, Any], measured: Collection[str], places: MutableMapping[str, Place]
) -> None:
    """Take what a cell measured out of the deals of a scenario's tree, in place.

    - Things of one hand get the same value: of a hand of which one thing was measured, those that were not get its value.
    - That value is had: of those that the deal holds, the nearest one is nobody else's. Hands of which nothing was measured
      keep their own where it is left, take over what is left else, and are dealt out anew among themselves.

    Args:
        tree: a scenario's, with the measured values in it; before: the same without them.
        measured: keys of these values, such as `named.at.y`.
        places: of the tree; a deal that stays keeps its line.
    """
    variation: Any = tree.get("variation")
    deals = variation.get("deal") if isinstance(variation, dict) else None
    if not isinstance(deals, list) or not any(_known(entry, measured) for entry in deals):
        return
    lines, kept = _taken(places, len(deals)), list[Any]()
    for i, entry in enumerate(deals):
        left = _left(tree, before, entry, measured) if _known(entry, measured) else None
        if left is not None and len(left) < 2:
            continue
        for tail, place in lines[i].items():
            places[f"{DEALS}[{len(kept)}]{tail}"] = place
        kept.append(entry if left is None else {**entry, "among": left})
    if kept:
        variation["deal"] = kept
    else:
        del variation["deal"]


def _taken(places: MutableMapping[str, Place], n: int) -> dict[int, dict[str, Place]]:
    """Places of the deals, by their number, taken out of all others."""
    found: dict[int, dict[str, Place]] = {}
    for i in range(n):
        start = f"{DEALS}[{i}]"
        found[i] = {key[len(start) :]: places[key] for key in places if key.startswith(start)}
        for tail in found[i]:
            del places[start + tail]
    return found


def _known(entry: Any, measured: Collection[str]) -> bool:
    """Whether a deal, if it is one, would deal out something that was measured."""
    if not isinstance(entry, dict) or not isinstance(entry.get("among"), list):
        return False
    return any(f"{name}.{entry.get('values')}" in measured for hand in entry["among"] for name in _names(hand))


def _names(hand: Any) -> list[Any]:
    return hand if isinstance(hand, list) else [hand]


def _left(tree: dict[str, Any], before: Mapping[str, Any], entry: dict[str, Any], measured: Collection[str]) -> list[Any]:
    """The hands that are still dealt; in the tree, what every thing of this deal has before it is."""
    value = str(entry["values"])
    hands = [_names(hand) for hand in entry["among"]]
    known = [next((name for name in hand if f"{name}.{value}" in measured), None) for hand in hands]
    own = [_of(before, hand[0], value) for hand in hands]
    rest = list(range(len(hands)))  # whose values are left
    for hand, name in zip(hands, known):
        if name is None:
            continue
        has = _of(tree, name, value)
        for other in hand:
            if f"{other}.{value}" not in measured:
                _put(tree, other, value, has)
        near = {k: abs(number - here) for k in rest if (number := _number(own[k])) is not None and (here := _number(has)) is not None}
        if near:
            rest.remove(min(near, key=near.__getitem__))
    free = [k for k, name in enumerate(known) if name is None]
    over = [k for k in rest if k not in free]
    for k in free:
        if k not in rest:
            taken = own[over.pop(0)]
            for name in hands[k]:
                _put(tree, name, value, taken)
    return [entry["among"][k] for k in free]


def _of(tree: Mapping[str, Any], name: str, value: str) -> Any:
    """What a thing has, as it is written; what it stands at where that is left out, and None for any other value."""
    at: Any = (tree.get("parts") or {}).get(name)
    for key in value.split("."):
        at = at.get(key) if isinstance(at, Mapping) else None
    return PLACES.get(value) if at is None else at


def _put(tree: dict[str, Any], name: str, value: str, text: Any) -> None:
    *above, last = value.split(".")
    at = tree["parts"].get(name)
    for key in above:
        at = at.setdefault(key, {}) if isinstance(at, dict) else None
    if isinstance(at, dict) and text is not None:
        at[last] = text


def _number(text: Any) -> float | None:
    try:
        return parse_quantity(text)
    except ValueError:
        return None
