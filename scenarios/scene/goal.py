"""Goal and failure modes of a scenario, read from its YAML.

A subgoal that describes a state has to hold when the task ends, unless it says `passes: true`, or `to: NAME` of the later subgoal
until which it has to. What happens (`pressed`) passes by its nature.
"""

from __future__ import annotations

from ..parts.titles import check_title
from ..reading.names import Names
from ..sensing.predicate import acts, lasting
from ..sensing.temporal import Never, Subgoal
from ..sheet.yaml_reader import Node
from ..words import read_predicate
from .conditions import conditions


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
