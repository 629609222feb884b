"""Words, numbers and subtrees of a scenario's tree and of the sheets of its parts, as a task sentence is compared with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..sheet.errors import ScenarioError
from ..sheet.quantity import parse_quantity
from ..sheet.yaml_reader import read_yaml


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
