"""Words, numbers and subtrees of a scenario's tree and of the sheets of its parts, as a task sentence is compared with them.

From its brief and its goal: where in a place, and which way up, it wants its things.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..sheet.errors import ScenarioError
from ..sheet.quantity import parse_quantity
from ..sheet.yaml_reader import read_yaml
from .clauses import read_sentence
from .lexicon import Lexicon
from .naming import Thing, ThingNames


@lru_cache(maxsize=512)
def sheet_of(file: Path, changed: int) -> Mapping[str, Any]:
    """A part's sheet, read once for a file that stays as it is (`changed`: when it was written); empty where it cannot be read."""
    try:
        return mapping(read_yaml(file))
    except (OSError, ScenarioError):  # whoever builds the scene gets the error
        return {}


def subtrees(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping of a tree, the outer ones first."""
    if isinstance(tree, Mapping):
        yield tree
        for value in tree.values():
            yield from subtrees(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from subtrees(value)


def title_words(entry: Mapping[str, Any]) -> list[str]:
    """The texts of an entry's title, one a language."""
    return list(strings(entry.get("title")))


def strings(tree: Any) -> Iterator[str]:
    """The texts that are values of a mapping."""
    yield from (text for text in mapping(tree).values() if isinstance(text, str))


def mapping(tree: Any) -> Mapping[str, Any]:
    """The tree, or an empty one where it is no mapping."""
    return tree if isinstance(tree, Mapping) else {}


def grouped(pairs: Iterable[Any]) -> Mapping[str, frozenset[Any]]:
    """(key, value) pairs by their key."""
    found: dict[str, set[Any]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}


def in_order(pairs: Iterable[Any]) -> Mapping[str, tuple[str, ...]]:
    """(key, value) pairs by their key, in the order in which the values come first."""
    found: dict[str, dict[str, None]] = {}
    for key, value in pairs:
        found.setdefault(key, {})[value] = None
    return {key: tuple(values) for key, values in found.items()}


def si_value(text: Any) -> float:
    """A quantity of a scenario in SI; NaN where it is none."""
    try:
        return parse_quantity(text)
    except ValueError:
        return float("nan")


def regions_of_brief(tree: Mapping[str, Any], things: Mapping[str, Thing], lexicon: Lexicon) -> Iterator[tuple[frozenset[str], str, str]]:
    """(things, place, where in it) of a brief: "The bowl stands within 30 mm of the middle of the table"."""
    names = ThingNames(things, lexicon)
    for text in strings(tree.get("brief")):
        about: set[str] = set()
        for clause in read_sentence(text, lexicon).clauses:
            about = names.names(clause.of_role("object")) or about
            for mention in clause.things if not clause.negated else ():
                if mention.role not in ("object", "source") and names.judged(mention):
                    for thing in names.are(mention):
                        yield from ((frozenset(about), thing.name, region) for region, _ in mention.regions)


def postures(tree: Mapping[str, Any], things: Mapping[str, Thing], lexicon: Lexicon) -> Mapping[str, frozenset[str]]:
    """How things shall not be: what the goal wants upright does not lie; neither it nor a vessel stands on its head; a label is shown."""
    upright, shown = set(), set()
    for step in mapping(tree.get("goal")).values():
        each = {str(one) for part in subtrees(step) for one in part.get("each", ())}
        for part in subtrees(step):
            of, points = mapping(part.get("upright")).get("of", []), mapping(part.get("points_at"))
            upright |= each if of == "$it" else {str(one) for one in (of if isinstance(of, list) else [of])}
            shown |= {str(points["from"]).partition(".")[0], *each} if "from" in points else set()
    vessels = {n for n, thing in things.items() if thing.loose and any("container" in lexicon.kinds[k] for k in thing.names)}
    return {"upside_down": frozenset(upright | vessels), "lying": frozenset(upright), "turned_away": frozenset(shown)}
