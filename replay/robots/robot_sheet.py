"""The sheet of a robot: which joints recordings tell of, what they may do, and how good the sources of that are.

There is one kind of it, for a robot that the judge alone knows (`conf/robot/<name>.yaml`) and for one that stands in scenes
(`assets/robots/<name>/robot.yaml`), which says more: its hands, groups of joints, stance and poses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ...scenarios.reading import composition
from ...scenarios.sheet.errors import ScenarioError
from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.quantity import dimension_of
from ...scenarios.sheet.yaml_reader import Node, Problems, places_in, read_yaml
from .limits import GRADES, JointLimit, Limits

OF_MODEL = "model"  # the source that limits out of the MJCF file have
BASES = ("fixed", "walking")
LIMITED = ("position", "velocity", "torque")  # what a joint may be limited in
RATED = "torque_rated"  # its source may be another one
TABLES: dict[str, dict[str, str | None]] = {  # of a maker that publishes several numbers for the same
    "velocity": {"limit": "velocity", "peak": "peak_velocity", "rated": None},  # rated: at rated torque, which is no limit
    "torque": {"limit": "torque_limit", "peak": "torque_peak", "rated": RATED},
}
KEYS = ("base", "model", "scene_beside", "scale", "sources", "limits", "grippers", "simulation")
OF_SCENES = (
    "hands", "mass", "groups", "sensor_order", "elbows", "stance", "straight", "sole", "mobile", "payload", "poses", "interface",
)  # fmt: skip
_SCALED = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*(\S+)\s*$")
DIMENSIONS = {  # of a limit, by what the joint is measured in
    "angle": {"position": "angle", "velocity": "angular_speed", "torque": "torque"},
    "length": {"position": "length", "velocity": "speed", "torque": "force"},
}
PER_SECOND = ("angular_speed", "speed")


@dataclass(frozen=True)
class Source:
    """Where limits come from, and how good that is: `published`, `measured` or `estimate`."""

    text: str
    grade: str

    def to_dict(self) -> dict[str, str]:
        return {"source": self.text, "grade": self.grade}


MADE = Source("MJCF file", "estimate")  # of what a model says, where the sheet names no source


@dataclass(frozen=True)
class JointSheet:
    """A joint as recordings name it: its name in the model, further spellings, its limits (SI) with their sources.

    `kind` is `angle` for a hinge and `length` for a slide.
    """

    name: str
    model: str
    also: tuple[str, ...] = ()
    limit: JointLimit = field(default_factory=lambda: JointLimit(""))
    sources: Mapping[str, Source] = field(default_factory=dict)
    kind: str = "angle"


@dataclass(frozen=True)
class Gripper:
    """A channel of a hand or gripper, in the recording's own unit; NaN where its range is not known."""

    name: str
    lower: float = float("nan")
    upper: float = float("nan")
    source: Source = Source("robot description", "estimate")


@dataclass(frozen=True)
class StateColumns:
    """Which streams of a recording hold the whole state of a simulation, and what their columns are.

    Attributes:
        qpos, qvel: streams of scalar joints, by their names; ctrl: streams of actuators.
        actuators: element -> actuator, where the two have different names.
        free: body with a free joint -> streams of its pose (x y z, qw qx qy qz) and of its velocity.
    """

    qpos: tuple[str, ...] = ()
    qvel: tuple[str, ...] = ()
    ctrl: tuple[str, ...] = ()
    actuators: Mapping[str, str] = field(default_factory=dict)
    free: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class RobotSheet:
    """What a sheet says.

    Attributes:
        joints: in the recording's order, by the recording's name; grippers: the same for hands.
        usual: what is limited -> the source of such limits where a joint names none of its own.
        base: `fixed`, `walking`, or None where the sheet names none.
        model_path: of the MJCF, below the sheet's folder; scene_beside: pattern under a recording's folder where its scene may lie.
        scale: unit of a recording that is no angle or length -> what one of it is worth [rad or m].
        simulation: for recordings that hold simulation states.
    """

    title: Mapping[str, str]
    joints: Mapping[str, JointSheet]
    usual: Mapping[str, Source] = field(default_factory=dict)
    grippers: Mapping[str, Gripper] = field(default_factory=dict)
    base: str | None = None
    model_path: str | None = None
    model_source: Source = MADE
    scene_beside: str | None = None
    scale: Mapping[str, float] = field(default_factory=dict)
    simulation: StateColumns | None = None

    @property
    def hand_ranges(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest value of each hand that has them, by name, in the recording's own unit."""
        ends = {name: (hand.lower, hand.upper) for name, hand in self.grippers.items()}
        return {name: pair for name, pair in ends.items() if math.isfinite(pair[0]) and math.isfinite(pair[1])}


def read_sheet(path: Path, shown: str, problems: Problems) -> RobotSheet:
    """Read a sheet; what is wrong with it is reported."""
    return _Reader(Node(read_yaml(path, shown), "", problems), shown).read()


def hand_ranges_of(robot: str | None, conf_dir: Path | None = None) -> dict[str, tuple[float, float]]:
    """Ranges of the hands of a robot, by the name of its sheet in `conf/robot` or by a file; none without a sheet that can be read."""
    if robot is None:
        return {}
    path = composition.members("robot", conf_dir).get(robot) or Path(robot)
    try:
        return read_sheet(path, path.name, Problems()).hand_ranges if path.is_file() else {}
    except ScenarioError:
        return {}  # whoever judges by the sheet hears of its mistakes


def load_limits(robot: str | Path) -> Limits:
    """The limits that the sheet of a robot of scenes publishes.

    Args:
        robot: path of the file, or of the robot's folder.

    Raises:
        ScenarioError: the file is missing, or everything that is wrong with it, each with its line.
    """
    path = Path(robot)
    path = path / "robot.yaml" if path.is_dir() else path
    if not path.is_file():
        raise ScenarioError("this robot has no robot.yaml. Put one beside its model.", file=path.name)
    problems = Problems(places_in(path, path.name))
    sheet = read_sheet(path, path.name, problems)
    problems.stop(path.name)
    sources = {what: source.to_dict() for what, source in sheet.usual.items()}
    return Limits({name: joint.limit for name, joint in sheet.joints.items()}, sources)


class _Reader:
    """Walks one description and notes every problem."""

    def __init__(self, node: Node, shown: str) -> None:
        self.node, self.shown = node, shown
        self.sources: dict[str, Source] = {}
        self.usual: dict[str, Source] = {}
        self.unsourced: set[str] = set()  # limits and names of sources that were noted once already
        self.scale: dict[str, tuple[str, float]] = {}  # unit -> what it measures, and one of it in SI

    def read(self) -> RobotSheet:
        node = self.node
        node.mapping(required=("title", "joints"), optional=(*KEYS, *OF_SCENES) if "hands" in node else KEYS)
        title = node.child("title").words()
        for key, one in node.child("sources").items():
            one.mapping(required=("text", "grade"))
            self.sources[key] = Source(one.child("text").word(), one.child("grade").word(choices=GRADES))
        for unit, one in node.child("scale").items():
            kind = dimension_of(one.value)
            if kind not in DIMENSIONS:
                one.note(f"{one.value!r} is no angle or length, such as 0.088 deg.")
            else:
                self.scale[unit] = kind, one.quantity(kind, low=0.0)
        limits = node.child("limits")
        if "limits" in node and limits.mapping(optional=(*LIMITED, RATED)):
            for what, one in limits.items():
                source = self._source(one)
                if source is not None:
                    self.usual[what] = source
                else:
                    self.unsourced.add(what)
        joints: dict[str, JointSheet] = {}
        spelled: dict[str, str] = {}
        for name, one in node.child("joints").items():
            joints[name] = sheet = self._joint(name, one)
            for word in (name, *sheet.also):
                if spelled.setdefault(word, name) != name:
                    one.note(f"{word!r} is the joint {spelled[word]} already.")
        if not joints and "joints" in node:
            node.child("joints").note("at least one joint is wanted.")
        return RobotSheet(
            title=title,
            joints=joints,
            usual=self.usual,
            base=node.child("base").word(default="", choices=BASES) or None,
            model_path=self._inside(node.child("model")),
            scene_beside=self._inside(node.child("scene_beside")),
            grippers={name: self._gripper(name, one) for name, one in node.child("grippers").items()},
            model_source=self.sources.get(OF_MODEL, MADE),
            scale={unit: size for unit, (_, size) in self.scale.items()},
            simulation=self._simulation(node.child("simulation")) if "simulation" in node else None,
        )

    def _inside(self, node: Node) -> str | None:
        """A path below the folder that it is looked for in."""
        text = node.word(default="")
        if not text:
            return None
        path = PurePosixPath(text)
        if path.is_absolute() or ".." in path.parts or "\\" in text:
            node.note(f"{text!r} leads out of its folder. Name a file below it, or name the model beside the robot.")
            return None
        return text

    def _source(self, node: Node) -> Source | None:
        key = node.word()
        if key and key not in self.sources and key not in self.unsourced:
            self.unsourced.add(key)
            hint = nearest(key, list(self.sources)) if self.sources else " Write it under `sources`, with text and grade."
            node.note(f"{key!r} is none of the sources.{hint}")
        return self.sources.get(key)

    def _joint(self, name: str, node: Node) -> JointSheet:
        if node.value is None:
            return JointSheet(name, name, limit=JointLimit(name))
        if not node.mapping(optional=("model", "also", *LIMITED)):
            return JointSheet(name, name, limit=JointLimit(name))
        limit, sources = JointLimit(name), {}
        kind: str | None = None
        also = tuple(one.word() for one in node.child("also").each()) if "also" in node else ()
        for what in LIMITED:
            if what not in node:
                continue
            if what in TABLES and isinstance(node.child(what).value, Mapping) and "value" not in node.child(what):
                limit, sources[what] = self._tables(node.child(what), what, limit), self.usual.get(what, Source(self.shown, "estimate"))
                continue
            value, source = self._sourced(node.child(what), what)
            kind = kind or self._kind(value.value, what)
            dimension = DIMENSIONS[kind or "angle"][what]
            before = len(node.problems.found)
            if what == "position":
                limit = self._range(value, dimension, limit)
            elif what == "velocity":
                limit = replace(limit, velocity=self._quantity(value, dimension, low=0.0))
            else:
                limit = replace(limit, torque_peak=value.quantity(dimension, low=0.0))
            if source is None and before == len(node.problems.found) and what not in self.unsourced:
                self.unsourced.add(what)
                value.note(f"the {what} limit has no source. Name one under limits.{what}, or beside the value.")
            if source is not None:
                sources[what] = source
        model = node.child("model").word(default=name)
        return JointSheet(name, model, also, limit, sources, kind or "angle")

    def _sourced(self, node: Node, what: str) -> tuple[Node, Source | None]:
        """The value of a limit and its own source (`{value: 5 rad/s, source: mine}`), or the usual one of its kind."""
        if not isinstance(node.value, Mapping):
            return node, self.usual.get(what)
        node.mapping(required=("value", "source"))
        return node.child("value"), self._source(node.child("source"))

    def _tables(self, node: Node, what: str, limit: JointLimit) -> JointLimit:
        """A limit of which the maker publishes several tables: `{rated: 12.57 rad/s, limit: 6 rad/s, peak: 10.46 rad/s}`."""
        node.mapping(optional=tuple(TABLES[what]))
        if what not in self.usual and what not in self.unsourced:
            self.unsourced.add(what)
            node.note(f"the {what} limit has no source. Name one under limits.{what}.")
        found = {TABLES[what].get(key): one.quantity(DIMENSIONS["angle"][what], low=0.0) for key, one in node.items()}
        known: dict[str, Any] = {name: value for name, value in found.items() if name is not None}
        return replace(limit, **known)

    def _range(self, node: Node, dimension: str, limit: JointLimit) -> JointLimit:
        ends = list(node.each())
        if isinstance(node.value, list) and len(ends) != 2:
            node.note("a range has two ends, such as [-90 deg, 90 deg].")
        if len(ends) != 2:
            return limit
        lower, upper = (self._quantity(end, dimension) for end in ends)
        if lower >= upper:
            node.note(f"the range {ends[0].value} to {ends[1].value} is upside down or empty.")
        return replace(limit, lower=lower, upper=upper)

    def _quantity(self, node: Node, dimension: str, low: float | None = None) -> float:
        """SI value of a limit, which may stand in a unit of the recording too (`2048 tick`, `900 tick/s`)."""
        match = _SCALED.match(node.value) if isinstance(node.value, str) else None
        unit = "" if match is None else match[2].removesuffix("/s") if dimension in PER_SECOND else match[2]
        if match is None or unit not in self.scale:
            return node.quantity(dimension, low=low)
        return float(match[1]) * self.scale[unit][1]

    def _kind(self, value: Any, what: str) -> str | None:
        """`angle` or `length`, by the unit of a limit; None where it has none."""
        first = value[0] if isinstance(value, Sequence) and not isinstance(value, str) and value else value
        match = _SCALED.match(first) if isinstance(first, str) else None
        if match is not None and match[2].removesuffix("/s") in self.scale:
            return self.scale[match[2].removesuffix("/s")][0]
        found = dimension_of(first)
        return next((kind for kind, of in DIMENSIONS.items() if of[what] == found), None)

    def _gripper(self, name: str, node: Node) -> Gripper:
        if node.value is None or not node.mapping(optional=("range", "source")) or "range" not in node:
            return Gripper(name)
        ends = list(node.child("range").each())
        if len(ends) != 2:
            node.child("range").note("a range has two ends, in the recording's own unit, such as [0, 1].")
            return Gripper(name)
        lower, upper = (end.number() for end in ends)
        if lower >= upper:
            node.child("range").note(f"the range {lower:g} to {upper:g} is upside down or empty.")
        source = self._source(node.child("source")) if "source" in node else None
        return Gripper(name, lower, upper, source or Source(self.shown, "estimate"))

    def _simulation(self, node: Node) -> StateColumns:
        node.mapping(required=("qpos", "qvel", "ctrl"), optional=("actuators", "free"))
        free: dict[str, tuple[str, str]] = {}
        for body, one in node.child("free").items():
            one.mapping(required=("qpos", "qvel"))
            free[body] = (one.child("qpos").word(), one.child("qvel").word())
        return StateColumns(
            qpos=tuple(one.word() for one in node.child("qpos").each()),
            qvel=tuple(one.word() for one in node.child("qvel").each()),
            ctrl=tuple(one.word() for one in node.child("ctrl").each()),
            actuators={key: one.word() for key, one in node.child("actuators").items()},
            free=free,
        )
