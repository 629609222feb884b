"""Goal and failure modes of a scenario, read from its YAML.

A subgoal that describes a state has to hold when the task ends, unless it says `passes: true`, or `to: NAME` of the later subgoal
until which it has to. What happens (`pressed`) passes by its nature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..parts.titles import check_title
from ..reading.names import Names
from ..sensing.predicate import All, Displaced, Predicate, acts, lasting
from ..sensing.temporal import Condition, Never, Subgoal
from ..sheet.quantity import parse_quantity
from ..sheet.repeated import listed
from ..sheet.yaml_reader import Node
from ..words import WORDS, read_predicate


def read_goal(node: Node, names: Names) -> tuple[Subgoal, ...]:
    """The subgoals in the order of the YAML."""
    subgoals = []
    if isinstance(node.value, list):
        node.note("steps need names, and a list has none. Take the dashes out: `taken: {moved: {...}}`, one under the other.")
        node.problems.missing.add(node.path)  # what is not read there is no second problem
        return ()
    known = [name for name, _ in node.items()]
    for name, child in node.items():
        predicate = read_predicate(child, names, beside=("hold", "passes", "to", "title"))
        check_title(child)
        hold = child.child("hold").quantity("time", default=0.0, low=0.0)
        passes = child.child("passes").flag()
        if predicate is not None:
            kept = None if passes else lasting(predicate)
            to = child.child("to").word(default="", choices=known[known.index(name) + 1 :]) if "to" in child else ""
            if kept is None and (to or child.child("passes").value is False):
                key = "to" if to else "passes"
                child.child(key).note(f"{name!r} passes, so that it cannot hold on; leave {key} out.")
            asked = conditions(child, predicate)
            subgoals.append(Subgoal(name, predicate, hold, asked, kept, to or None, acts(predicate)))
    return tuple(subgoals)


def read_never(node: Node, names: Names, subgoals: list[str]) -> tuple[Never, ...]:
    """The failure modes; `from` and `to` name subgoals, `hold` says for how long it has to last."""
    known = subgoals
    nevers = []
    for name, child in node.items():
        predicate = read_predicate(child, names, beside=("from", "to", "hold", "title"))
        check_title(child)
        since = child.child("from").word(default="", choices=known) if "from" in child else ""
        until = child.child("to").word(default="", choices=known) if "to" in child else ""
        hold = child.child("hold").quantity("time", default=0.0, low=0.0)
        if predicate is not None:
            asked = conditions(child, predicate)
            bound, more = (asked[0].bound, asked[0].more) if len(asked) == 1 else (None, False)
            nevers.append(Never(name, predicate, since or None, until or None, hold, bound, more))
    return tuple(nevers)


def conditions(node: Node, predicate: Predicate) -> tuple[Condition, ...]:
    """The conditions of a step.

    Args:
        node: of the step, `{all: [...], hold: 0.5 s}` or a single word; predicate: what was read from it.
    """
    if isinstance(predicate, All) and "all" in node:
        inner = [child for child in listed(node.child("all")) if isinstance(child.value, Mapping)]
        if len(inner) == len(predicate.parts):
            return tuple(c for child, part in zip(inner, predicate.parts) for c in conditions(child, part))
    word = next((key for key in node.value if key not in ("hold", "from", "to", "passes", "title")), "")
    arguments = node.child(word).value
    bound: float | None
    if isinstance(predicate, Displaced):  # a key or a latch: its bound is in its part's sheet
        bound, more = predicate.bound, not predicate.below
    else:
        bound, more = _bound(word, arguments)
    return (Condition(word, _about(arguments), predicate, bound, more),)


def _bound(word: str, arguments: Any) -> tuple[float | None, bool]:
    if isinstance(arguments, Mapping):
        for key, more in WORDS[word].bound.items() if word in WORDS else ():
            if key in arguments:
                try:
                    return parse_quantity(arguments[key]), more
                except ValueError:
                    return None, more
    return None, False


def _about(arguments: Any) -> tuple[str, ...]:
    """The names among the arguments: of parts, sites and joints."""
    if isinstance(arguments, str):
        return (arguments,)
    if isinstance(arguments, Mapping):
        named = (arguments[key] for key in ("of", "to", "than", "inside", "into", "by", "from") if key in arguments)
        return tuple(
            name for name in named if isinstance(name, str) and not any(c.isdigit() and " " in name for c in name)
        )
    return ()
