"""Goal, failure modes and force limits of a scenario, read from its YAML."""

from __future__ import annotations

from dataclasses import dataclass

from .dialect import Node
from .names import Names
from .predicate import Force, Values
from .sensing import FORCE_WINDOW, Request
from .temporal import Never, Subgoal
from .words import read_predicate


@dataclass(frozen=True)
class Limit:
    """A safety limit on a contact force.

    Attributes:
        limit: [N]; `unsure`: share of it within which an excess is a warning only.
        grade: `published` or `estimate`, from whether the source is marked [E].
    """

    name: str
    predicate: Force
    limit: float
    unsure: float
    source: str
    grade: str
    mean: bool

    @property
    def code(self) -> str:
        """What a force beyond it is called by environment and judge alike: the judge's code and what it is said of."""
        return f"replay.force.object:{self.name}"

    def broken(self, force: Values) -> Values:
        """Whether a force [N], of any shape, is beyond the limit and the band in which an excess is a warning only."""
        return force > self.limit * (1.0 + self.unsure)


def read_goal(node: Node, names: Names) -> tuple[Subgoal, ...]:
    """The subgoals in the order of the YAML."""
    subgoals = []
    for name, child in node.items():
        predicate = read_predicate(child, names, beside=("hold",))
        hold = child.child("hold").quantity("time", default=0.0, low=0.0)
        if predicate is not None:
            subgoals.append(Subgoal(name, predicate, hold))
    return tuple(subgoals)


def read_never(node: Node, names: Names, subgoals: list[str]) -> tuple[Never, ...]:
    """The failure modes; `from` and `to` name subgoals, `hold` says for how long it has to last."""
    known = subgoals
    nevers = []
    for name, child in node.items():
        predicate = read_predicate(child, names, beside=("from", "to", "hold"))
        since = child.child("from").word(default="", choices=known) if "from" in child else ""
        until = child.child("to").word(default="", choices=known) if "to" in child else ""
        hold = child.child("hold").quantity("time", default=0.0, low=0.0)
        if predicate is not None:
            nevers.append(Never(name, predicate, since or None, until or None, hold))
    return tuple(nevers)


def read_safety(node: Node, names: Names) -> tuple[Limit, ...]:
    """The force limits of a scenario."""
    limits = []
    for name, child in node.items():
        child.mapping(required=("force", "at_most", "source"), optional=("mean_over", "unsure"))
        force = child.child("force")
        if not force.mapping(optional=("against", "between")) or ("against" in force) == ("between" in force):
            force.note("a force is measured either against something (by the robot) or between two things.")
            continue
        if "against" in force:
            ones, others = [f"tree:{names.top}"], names.groups(force.child("against"))
        else:
            pair = list(force.child("between").each())
            if len(pair) != 2:
                force.note("between takes two things, such as [oven.door, robot.hands].")
                continue
            ones, others = names.groups(pair[0]), names.groups(pair[1])
        mean = "mean_over" in child
        if mean and abs(child.child("mean_over").quantity("time") - FORCE_WINDOW) > 1e-9:
            child.child("mean_over").note(f"only a window of {FORCE_WINDOW * 1e3:.0f} ms is measured.")
        limit = child.child("at_most").quantity("force", low=0.0)
        source = child.child("source").word()
        predicate = Force(tuple(Request("contact_force", one, other) for one in ones for other in others), limit, mean)
        unsure = child.child("unsure").quantity("share", default=0.2 if "[E]" in source else 0.05, low=0.0, high=1.0)
        limits.append(
            Limit(name, predicate, limit, unsure, source, "estimate" if "[E]" in source else "published", mean)
        )
    return tuple(limits)
