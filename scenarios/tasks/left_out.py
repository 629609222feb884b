"""What task sentences leave out of the goal: a thing that a subgoal names, or a number that a person acts on.

What a place is measured against (`than`, `below`) nobody handles; tolerances stand in `brief`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..sheet.quantity import parse_quantity
from .clauses import read_sentence
from .known_work import work_of_tree
from .lexicon import lexicon
from .naming import ThingNames
from .work import ScenarioWork

MEASURED = ("than", "below", "title")  # arguments that name what is measured against, and words
NUMBERS = {1: ("once", "1", "一"), 2: ("2", "two", "两", "二"), 3: ("3", "three", "三"), 4: ("4", "four", "四")}


def trees(tree: object) -> Iterator[Mapping[str, Any]]:
    """Every mapping of a tree, the outer ones first."""
    if isinstance(tree, Mapping):
        yield tree
    for value in tree.values() if isinstance(tree, Mapping) else tree if isinstance(tree, list) else ():
        yield from trees(value)


def things_of(step: Mapping[str, Any], parts: set[str]) -> set[str]:
    """The parts that a subgoal names."""
    words = (
        word
        for tree in trees(step)
        for key, value in tree.items()
        if key not in MEASURED
        for word in (value if isinstance(value, list) else [value])
        if isinstance(word, str)
    )
    return {word.partition(".")[0] for word in words} & parts


def numbers_of(step: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Of each number of a subgoal that a person acts on, the ways to write it: counts, times and amounts."""
    for tree in trees(step):
        reads, filled = tree.get("reads"), tree.get("filled")
        if isinstance(filled, Mapping):
            yield (
                f"{parse_quantity(filled['amount']) * 1e6:.0f} ml",
                f"{parse_quantity(filled['amount']) * 1e6:.0f}毫升",
            )
        for bound in (reads.get("is"), reads.get("above")) if isinstance(reads, Mapping) else ():
            if isinstance(bound, int | float):
                yield NUMBERS.get(math.ceil(bound), (str(math.ceil(bound)),))
            elif bound is not None:
                yield (f"{parse_quantity(bound):.0f} seconds", f"{parse_quantity(bound):.0f}秒")


def named_in(text: str, work: ScenarioWork) -> set[str]:
    """The parts that a sentence names; a word for anything ("place", "thing") names parts, none of their words."""
    words = lexicon()
    names = ThingNames(
        work.things, words, {(a, b) for d in work.deeds if not d.quoted for a in d.objects for b in d.places}
    )
    found = set()
    for mention in (m for clause in read_sentence(text, words).clauses for m in clause.things):
        for one in (mention, *mention.of):
            particular = not all(words.things[name].get("generic") for name in one.names)
            found |= {t.name.partition(".")[0] for t in names.are(one) if particular or "." not in t.name}
    return found


def left_out(tree: Mapping[str, Any], name: str = "scene") -> list[str]:
    """One line for each sentence and subgoal: `en: Tidy up. leaves out bear of gathered`; of a scenario's resolved tree."""
    found, parts = [], set(tree["parts"])
    for row in tree.get("tasks") or ():
        drawn = {key: parse_quantity(value) for key, value in row.get("where", {}).items()}
        work = work_of_tree(name, tree, drawn)
        for lang in ("en", "zh"):
            named = named_in(row[lang], work)
            for subgoal, step in (tree.get("goal") or {}).items():
                missing = sorted(things_of(step, parts) - named)
                missing += [" or ".join(ways) for ways in numbers_of(step) if not any(way in row[lang] for way in ways)]
                found += [f"{lang}: {row[lang]} leaves out {', '.join(missing)} of {subgoal}"] if missing else []
    return found
