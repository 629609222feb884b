"""What task sentences leave out of the goal: a thing that a subgoal names, or a number that a person acts on.

What a place is measured against (`than`, `below`) nobody handles; tolerances stand in `brief`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..sheet.quantity import dimension_of, parse_quantity
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


def numbers_of(step: Mapping[str, Any], rules: Mapping[str, Any] | None = None) -> Iterator[tuple[str, ...]]:
    """Of each number of a subgoal that a person acts on, the ways to write it.

    Counts, times and amounts; forces, and how long one has to last; when to let go; and what a display of the rules has to show
    where the subgoal asks for their switch. What hands hold weighs what it weighs: that is no such number.
    """
    for tree in trees(step):
        reads, filled, given = tree.get("reads"), tree.get("filled"), tree.get("handed_over")
        if isinstance(filled, Mapping):
            amount = f"{parse_quantity(filled['amount']) * 1e6:.0f}"
            yield f"{amount} ml", f"{amount}毫升"
        for bound in (reads.get("is"), reads.get("above")) if isinstance(reads, Mapping) else ():
            if isinstance(bound, int | float):
                yield NUMBERS.get(math.ceil(bound), (str(math.ceil(bound)),))
            elif bound is not None and dimension_of(bound) == "time":
                yield f"{parse_quantity(bound):.0f} seconds", f"{parse_quantity(bound):.0f}秒"
        if isinstance(given, Mapping):
            yield _between([parse_quantity(bound) for bound in given["released"]], "s", "秒")
        yield from _shown(tree.get("happened"), rules or {})
    forces = {
        key: [parse_quantity(value) for value in tree.values() if dimension_of(value) == "force"]
        for tree in trees(step)
        for key, tree in tree.items()
        if isinstance(tree, Mapping)
    }
    for values in filter(None, forces.values()):
        yield _between(values, "N", "牛")
    if any(forces.values()) and "hold" in step:
        yield _between([parse_quantity(step["hold"])], "s", "秒")


def _between(values: Sequence[float], unit: str, zh: str) -> tuple[str, str]:
    """`5 to 15 N`, `5到15牛`; of one value it alone."""
    numbers = [f"{value:g}" for value in sorted(values)]
    return f"{' to '.join(numbers)} {unit}", f"{'到'.join(numbers)}{zh}"


def _shown(switch: object, rules: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a display has to show in grams where a switch goes on: the whole ones between its bounds."""
    reads = [tree["reads"] for tree in trees(rules.get(str(switch), {}).get("when")) if "reads" in tree]
    shown = [one for one in reads if "shows" in rules.get(one["of"], {})]
    bounds = sorted(parse_quantity(one[key]) * 1e3 for one in shown for key in ("above", "below") if key in one)
    if len(bounds) == 2:
        yield _between([math.ceil(bounds[0] - 1e-9), math.floor(bounds[1] + 1e-9)], "g", "克")


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
                missing += [" or ".join(ways) for ways in numbers_of(step, tree.get("rules")) if not any(way in row[lang] for way in ways)]
                found += [f"{lang}: {row[lang]} leaves out {', '.join(missing)} of {subgoal}"] if missing else []
    return found
