"""Goal and failure modes of a scenario, read from its YAML."""

from __future__ import annotations

from .names import Names
from .reading.yaml_reader import Node
from .sensing.condition import conditions
from .sensing.temporal import Never, Subgoal
from .titles import check_title
from .words import read_predicate


def read_goal(node: Node, names: Names) -> tuple[Subgoal, ...]:
    """The subgoals in the order of the YAML."""
    subgoals = []
    if isinstance(node.value, list):
        node.note("a list stands where steps with names are wanted. Take the dashes out: `taken: {moved: {...}}`, one under the other.")
        node.problems.missing.add(node.path)  # what is not read there is no second problem
        return ()
    for name, child in node.items():
        predicate = read_predicate(child, names, beside=("hold", "title"))
        check_title(child)
        hold = child.child("hold").quantity("time", default=0.0, low=0.0)
        if predicate is not None:
            subgoals.append(Subgoal(name, predicate, hold, conditions(child, predicate)))
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
