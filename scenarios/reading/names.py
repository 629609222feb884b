"""What a dotted word of a scenario means: `oven.door` names a part (`oven`) and a word of its interface (`door`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mujoco

from ..parts.pose import Pose, pose_in_body
from ..robots.mobile import FOOTPRINT
from ..sensing.requests import Request
from ..sheet.near_matches import nearest
from ..sheet.typing_slips import other_comma
from ..sheet.yaml_reader import Node
from .config import ScenarioConfig

MARKS = "marks"  # before the name of a mark of the scenario's own: `marks.spot`


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
        self.receivers = {p.name for p in config.parts if p.behaviour is not None and "receive" in p.behaviour}
        # all of the robot, feet that glide beside its base included
        self.top = FOOTPRINT if spec.body(FOOTPRINT) is not None else "base_link"
        self.rules = {name: "adds" in node or "shows" in node for name, node in config.rules.items()}  # whether each holds a number
        self.go_off = {name for name, node in config.rules.items() if "until" in node}  # switches that do not stay on
        self.answers, self._marks = config.answers, config.marks
        self.drawn: dict[str, Request] = {}  # keys of a draw's values that words ask for, and what keeps each
        self.cameras = {camera.name: camera for camera in config.cameras}
        self.stains = tuple(name for name, _ in config.stains.items())

    def split(self, node: Node) -> tuple[str, str, Mapping[str, Any]] | None:
        """(prefix, word, interface entry) of `oven.door`; None and a note where the part is unknown."""
        instance, _, word = node.word().partition(".")
        if instance == "robot":
            return "", word, self.robot.get(word, {})
        if instance == MARKS:
            return f"{MARKS}/", word, {}
        if instance not in self.parts:
            if instance and instance not in self.unbuilt:  # an empty word has been noted
                wrong = instance if other_comma(node.value) is None else str(node.value)  # several words in one
                node.note(f"{wrong!r} is no part of this scenario.{nearest(wrong, ['robot', *self.parts])}")
            return None
        return f"{instance}/", word, self.parts[instance].interface.get(word, {})

    def element(self, node: Node, kind: str) -> str | None:
        """Full name of the site, joint or body that a word means."""
        found = self.split(node)
        if found is None:
            return None
        prefix, word, entry = found
        if kind == "body" and not word and prefix != f"{MARKS}/":
            return self._top(node, prefix) if prefix else "base_link"
        candidates = [entry[kind]] if kind in entry else [word]
        for name in candidates:
            if getattr(self.spec, kind)(prefix + name) is not None:
                return prefix + name
        if kind == "site" and prefix == f"{MARKS}/" and word in self._marks:
            return None  # what is wrong with the mark has been noted where it stands
        elements = {"site": self.spec.sites, "joint": self.spec.joints, "body": self.spec.bodies}[kind]
        known = [e.name[len(prefix) :] for e in elements if e.name.startswith(prefix)] if prefix else list(self.robot)
        node.note(f"{node.value!r} names no {kind}.{nearest(word, known)}")
        return None

    def frame_of(self, site: str) -> tuple[str, Pose]:
        """A frame (`body:NAME` or `site:NAME`) in which a site has one pose whatever values a draw has, and that pose.

        It is the body that carries the site, or the site itself where the values of a draw move it in that body.
        """
        if self._drawn_in_body(site):
            return f"site:{site}", Pose.identity()
        element = self.spec.site(site)
        return f"body:{element.parent.name}", pose_in_body(element)

    def _drawn_in_body(self, site: str) -> bool:
        """Whether a parameter of a part moves a site in its body, or the site below a mark; or the site stands on no body of its part."""
        instance, _, name = site.partition("/")
        if instance == MARKS:
            below = self._marks.child(name).child("upon")
            return below.value is not None and self._drawn_in_body(str(self.element(below, "site")))
        if instance not in self.parts:  # a site of the robot
            return False
        writes = (write for param in self.parts[instance].params.values() for write in param.writes)
        return self.spec.site(site).parent.name == "world" or any((one.kind, one.element) == ("site", name) for one in writes)

    def _top(self, node: Node, prefix: str) -> str | None:
        """Full name of a part's own body, which is called like its file; None and a note where there is no such body."""
        top = prefix + self.parts[prefix[:-1]].file.stem
        if self.spec.body(top) is not None:
            return top
        loose = [b.name[len(prefix) :] for b in self.spec.bodies if b.name.startswith(prefix) and b.parent.name == "world"]
        if len(loose) != 1:  # else `Part.faults` has reported the name that it needs
            node.note(f"{node.value!r} has no body {top[len(prefix):]!r}, as its file is called, but {', '.join(loose) or 'none'}.")
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
