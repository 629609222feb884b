"""What is said once and meant of several things: `any: {each: [cup, mug], has: {tilted: {of: $it, more_than: 30 deg}}}`.

| key | stands for |
|---|---|
| `each` | the condition of every thing, `$it` |
| `pairs` | of every two of them, each pair once: `$it` and `$other` |
| `across` | of every thing and every other one, both ways round |

A row may be a table of names, `{coil: coil_s, peg: peg_s}`: its words are `$coil` and `$peg`, those of the other row `$other_coil`
and `$other_peg`. What comes out is the list that would have been written, in the order of the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, permutations
from typing import Any

from .near_matches import nearest
from .yaml_reader import Node

IT = "it"  # the word of a row that is a plain name
_PAIRS: Mapping[str, Callable[[list[Any]], Iterator[tuple[Any, ...]]]] = {
    "each": lambda rows: ((row,) for row in rows),
    "pairs": lambda rows: combinations(rows, 2),
    "across": lambda rows: permutations(rows, 2),
}
_WORD = re.compile(r"\$([a-z_]+)")


def listed(node: Node) -> Iterator[Node]:
    """The conditions of `all` or `any`: as they stand in a list, or as a repetition means them; what is wrong is reported."""
    if not isinstance(node.value, Mapping):
        yield from node.each()
        return
    if not node.mapping(required=("has",), optional=tuple(_PAIRS)):
        return
    ways = [way for way in _PAIRS if way in node]
    if len(ways) != 1:
        node.note(f"exactly one of {', '.join(_PAIRS)} is wanted beside has, not {' and '.join(ways) or 'none'}.")
        return
    rows = [_row(child) for child in node.child(ways[0]).each()]
    if not all(row.keys() == rows[0].keys() for row in rows):
        node.child(ways[0]).note("the rows have different words.")
        return
    asked = node.child("has")
    for chosen in _PAIRS[ways[0]](rows):
        words = dict(chosen[0])
        for row in chosen[1:]:
            words |= {"other" if word == IT else f"other_{word}": name for word, name in row.items()}
        yield Node(_filled(asked.value, words, asked), asked.path, asked.problems)


def _row(node: Node) -> dict[str, str]:
    if isinstance(node.value, Mapping):
        return {word: child.word() for word, child in node.items()}
    return {IT: node.word()}


def _filled(value: Any, words: Mapping[str, str], node: Node) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(one, words, node) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, words, node) for one in value]
    if not isinstance(value, str):
        return value
    for word in _WORD.findall(value):
        if word not in words:
            node.note(f"'${word}' is no word of the rows.{nearest(word, list(words))}")
            return value
    return _WORD.sub(lambda found: words[found.group(1)], value)
