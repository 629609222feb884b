"""The words of goal, never and safety, read against the parts' interfaces into predicates.

`{angle: {of: oven.door, above: 75 deg}}` names a part (`oven`) and a word of its interface (`door`); the part's sheet says
which joint or body that is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mujoco

from .config import ScenarioConfig
from .dialect import Node, nearest
from .predicate import (
    All,
    Angle,
    AnyOf,
    Below,
    Displaced,
    Force,
    Moved,
    Near,
    Predicate,
    Share,
    Untouched,
    Upright,
    Values,
)
from .quantity import parse_quantity
from .sensing import FORCE_WINDOW, Request
from .temporal import Never, Subgoal


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


class Names:
    """Finds what a dotted word of a scenario means in its compiled spec.

    Args:
        spec: the composed scene.
        config: the scenario, for its parts' interfaces.
        robot: the robot's interface words.
    """

    def __init__(self, spec: mujoco.MjSpec, config: ScenarioConfig, robot: Mapping[str, Mapping[str, Any]]):
        self.spec = spec
        self.parts = {placed.name: placed.part for placed in config.parts}
        self.unbuilt = config.unbuilt
        self.robot = robot

    def split(self, node: Node) -> tuple[str, str, Mapping[str, Any]] | None:
        """(prefix, word, interface entry) of `oven.door`; None and a note where the part is unknown."""
        instance, _, word = node.word().partition(".")
        if instance == "robot":
            return "", word, self.robot.get(word, {})
        if instance not in self.parts:
            if instance and instance not in self.unbuilt:  # an empty word has been noted
                node.note(f"{instance!r} is no part of this scenario.{nearest(instance, ['robot', *self.parts])}")
            return None
        return f"{instance}/", word, self.parts[instance].interface.get(word, {})

    def element(self, node: Node, kind: str) -> str | None:
        """Full name of the site, joint or body that a word means."""
        found = self.split(node)
        if found is None:
            return None
        prefix, word, entry = found
        if kind == "body" and not word:
            top = self.parts[prefix[:-1]].name.rsplit("/", 1)[-1] if prefix else "base_link"
            return prefix + top
        candidates = [entry[kind]] if kind in entry else [word]
        for name in candidates:
            if getattr(self.spec, kind)(prefix + name) is not None:
                return prefix + name
        elements = {"site": self.spec.sites, "joint": self.spec.joints, "body": self.spec.bodies}[kind]
        known = [e.name[len(prefix) :] for e in elements if e.name.startswith(prefix)] if prefix else list(self.robot)
        node.note(f"{node.value!r} names no {kind}.{nearest(word, known)}")
        return None

    def groups(self, node: Node) -> list[str]:
        """Contact groups that a word means: `tree:` of bodies, `geom:` where the interface lists geoms."""
        found = self.split(node)
        if found is None:
            return []
        prefix, word, entry = found
        if "geoms" in entry:
            return [f"geom:{prefix}{name}" for name in entry["geoms"]]
        if "bodies" in entry:
            return [f"tree:{prefix}{name}" for name in entry["bodies"]]
        body = self.element(node, "body")
        return [] if body is None else [f"{'body' if word else 'tree'}:{body}"]

    def pieces(self, node: Node) -> list[str]:
        """The free bodies of a part of loose pieces."""
        instance = node.word()
        if instance not in self.parts:
            if instance and instance not in self.unbuilt:
                node.note(f"{instance!r} is no part of this scenario.{nearest(instance, list(self.parts))}")
            return []
        return [b.name for b in self.spec.bodies if b.name.startswith(f"{instance}/") and b.parent.name == "world"]


def _angle(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of",), optional=("above", "below"))
    if ("above" in node) == ("below" in node):
        node.note("an angle is either above or below a bound.")
    joint = names.element(node.child("of"), "joint")
    above = "above" in node
    bound = node.child("above" if above else "below").quantity("angle")
    return None if joint is None else Angle(Request("joint_position", joint), bound, above)


def _near(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "to", "within"))
    of, to = names.element(node.child("of"), "site"), names.element(node.child("to"), "site")
    within = node.child("within").quantity("length", low=0.0)
    return (
        None if of is None or to is None else Near(Request("site_position", of), Request("site_position", to), within)
    )


def _upright(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "within"))
    body = names.element(node.child("of"), "body")
    within = node.child("within").quantity("angle", low=0.0)
    return None if body is None else Upright(Request("body_up", body), within)


def _tilted(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "more_than"))
    body = names.element(node.child("of"), "body")
    bound = node.child("more_than").quantity("angle", low=0.0)
    return None if body is None else Upright(Request("body_up", body), bound, invert=True)


def _released(node: Node, names: Names) -> Predicate | None:
    body = names.element(node, "body")
    hands = [f"tree:{name}" for name in names.robot["hands"]["bodies"]]
    return None if body is None else Untouched(tuple(Request("contact_force", hand, f"tree:{body}") for hand in hands))


def _pressed(node: Node, names: Names) -> Predicate | None:
    found, joint = names.split(node), names.element(node, "joint")
    if found is None or joint is None:
        return None
    if "pressed" not in found[2]:
        node.note(f"{node.value!r} is no key: its part's sheet names no travel at which it is pressed.")
        return None
    return Displaced(Request("joint_position", joint), parse_quantity(found[2]["pressed"], "length"))


def _latched(node: Node, names: Names) -> Predicate | None:
    found = names.split(node)
    if found is None:
        return None
    prefix, _, entry = found
    if "latch" not in entry:
        node.note(f"{node.value!r} has no latch in its part's sheet.")
        return None
    within = parse_quantity(entry["latch"]["within"], "length")
    return Displaced(Request("joint_position", prefix + entry["latch"]["joint"]), within, below=True)


def _moved(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "more_than"))
    body = names.element(node.child("of"), "body")
    bound = node.child("more_than").quantity("length", low=0.0)
    return None if body is None else Moved(Request("body_position", body), bound)


def _below(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "height"))
    site = names.element(node.child("of"), "site")
    height = node.child("height").quantity("length")
    return None if site is None else Below(Request("site_position", site), height)


def _share(node: Node, names: Names, below: bool = False) -> Predicate | None:
    bound = "less_than" if below else "at_least"
    node.mapping(required=("of", "inside", bound))
    pieces = names.pieces(node.child("of"))
    inside = node.child("inside")
    body = names.element(inside, "body")
    instance = inside.word()
    entry = names.parts[instance].interface.get("inside") if instance in names.parts else None
    share = node.child(bound).quantity("share", low=0.0, high=1.0)
    if body is None or not pieces:
        return None
    if entry is None:
        inside.note(f"{inside.value!r} is no container: its part's sheet has no word 'inside'.")
        return None
    site = names.spec.site(f"{instance}/{entry['site']}")
    return Share(
        tuple(Request("body_position", piece, f"body:{body}") for piece in pieces),
        (float(site.pos[0]), float(site.pos[1]), float(site.pos[2])),
        parse_quantity(entry["radius"], "length"),
        parse_quantity(entry["height"], "length"),
        share,
        below,
    )


def _several(node: Node, names: Names, kind: type[All] | type[AnyOf]) -> Predicate | None:
    parts = [
        predicate for predicate in (read_predicate(child, names) for child in node.each()) if predicate is not None
    ]
    return kind(tuple(parts)) if parts else None


_WORDS: dict[str, Callable[[Node, Names], Predicate | None]] = {
    "angle": _angle,
    "near": _near,
    "upright": _upright,
    "tilted": _tilted,
    "released": _released,
    "pressed": _pressed,
    "latched": _latched,
    "moved": _moved,
    "below": _below,
    "share": _share,
    "share_below": lambda node, names: _share(node, names, below=True),
    "all": lambda node, names: _several(node, names, All),
    "any": lambda node, names: _several(node, names, AnyOf),
}


def read_predicate(node: Node, names: Names, beside: tuple[str, ...] = ()) -> Predicate | None:
    """The predicate of `{angle: {...}}`; `beside` names further keys that may stand there (hold, from, to)."""
    if not node.mapping(optional=(*_WORDS, *beside)):
        return None
    words = [key for key in node.value if key in _WORDS]
    if not words and any(key not in beside for key in node.value):
        return None  # a misspelt word, which has been noted
    if len(words) != 1:
        node.note(f"exactly one of {', '.join(_WORDS)} is wanted here, not {words or 'none'}.")
        return None
    return _WORDS[words[0]](node.child(words[0]), names)


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
            ones, others = ["tree:base_link"], names.groups(force.child("against"))
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
