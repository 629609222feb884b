"""Any robot, for the judge alone: `conf/robot/<name>.yaml` says which joints a recording tells of and what they may do.

A description needs no model. With an MJCF file (`model:` beside the YAML, or the command's `model=`) joints get the
model's own ranges and force limits where the description is silent, and self-collision and torques can be judged too.
Every number carries a unit, a source and a grade; what is not written down stays unknown and is not judged.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import mujoco
import numpy as np

from ...scenarios.reading import composition
from ...scenarios.robots.robot_folder import DEFAULT_ROBOT
from ...scenarios.sheet.errors import ScenarioError, odd_kind
from ...scenarios.sheet.quantity import dimension_of
from ...scenarios.sheet.yaml_reader import ENDINGS, Node, Problems, nearest, places_in, read_yaml
from .limits import GRADES, JointLimit, Limits
from .mjcf_bounds import refuse_huge

OF_MODEL = "model"  # the source that limits out of the MJCF file have
BASES = ("fixed", "walking")
LIMITED = ("position", "velocity", "torque")  # what a joint may be limited in
KEYS = ("base", "model", "scene_beside", "scale", "sources", "limits", "grippers", "simulation")
_SCALED = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*(\S+)\s*$")
SCALAR = {mujoco.mjtJoint.mjJNT_HINGE: "angle", mujoco.mjtJoint.mjJNT_SLIDE: "length"}
KIND = {"angle": "a hinge", "length": "a slide"}
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
    """Which streams of a recording hold the whole state of a simulation, and whose columns they are.

    Attributes:
        qpos, qvel: streams whose elements are scalar joints, by their names; ctrl: streams whose elements are actuators.
        actuators: element -> actuator, where the two have different names.
        free: body with a free joint -> streams of its pose (x y z, qw qx qy qz) and of its velocity.
    """

    qpos: tuple[str, ...] = ()
    qvel: tuple[str, ...] = ()
    ctrl: tuple[str, ...] = ()
    actuators: Mapping[str, str] = field(default_factory=dict)
    free: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Embodiment:
    """A robot as the judge knows it.

    Attributes:
        name: stem of its file; file: as a message calls it; digest: of the file's text, for the provenance.
        joints: in the recording's order, by the recording's name; grippers: the same for hands.
        base: `fixed`, `walking`, or None where nothing is said.
        model_file: the MJCF, if there is one; scene_beside: pattern under a recording's folder where its scene may lie.
        scale: unit of a recording that is no angle or length -> what one of it is worth [rad or m].
        simulation: for recordings that hold simulation states; remarks: what a verdict's notes say of the model.
        needs: checks that a verdict needs whatever the grade of their limits.
    """

    name: str
    title: Mapping[str, str]
    file: str
    digest: str
    joints: Mapping[str, JointSheet]
    grippers: Mapping[str, Gripper] = field(default_factory=dict)
    base: str | None = None
    model_file: Path | None = None
    model_source: Source = Source("MJCF file", "estimate")
    scene_beside: str | None = None
    scale: Mapping[str, float] = field(default_factory=dict)
    simulation: StateColumns | None = None
    remarks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @cached_property
    def model(self) -> mujoco.MjModel | None:
        """The compiled MJCF, or None without one."""
        return None if self.model_file is None else compiled(self.model_file)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name by which a recording may call a joint, in order."""
        return tuple(name for sheet in self.joints.values() for name in (sheet.name, *sheet.also))

    @cached_property
    def in_model(self) -> dict[str, str]:
        """Any of these names -> the joint of the model."""
        return {name: sheet.model for sheet in self.joints.values() for name in (sheet.name, *sheet.also)}

    @cached_property
    def limits(self) -> Limits:
        """Limits by every name of a joint, those of the MJCF where the description has none of its own."""
        limits: dict[str, JointLimit] = {}
        own: dict[str, dict[str, dict[str, str]]] = {}
        for sheet in self.joints.values():
            limit, sources = self._with_model(sheet)
            for name in (sheet.name, *sheet.also):
                limits[name] = replace(limit, name=name)
                own[name] = {what: source.to_dict() for what, source in sources.items()}
        return Limits(limits, {}, own)

    def _with_model(self, sheet: JointSheet) -> tuple[JointLimit, dict[str, Source]]:
        limit, sources = sheet.limit, dict(sheet.sources)
        if self.model is None:
            return limit, sources
        lower, upper, torque = limits_of(self.model, sheet.model)
        if "position" not in sources and np.isfinite(lower + upper):
            limit, sources["position"] = replace(limit, lower=lower, upper=upper), self.model_source
        if "torque" not in sources and np.isfinite(torque):
            limit, sources["torque"] = replace(limit, torque_peak=torque), self.model_source
        return limit, sources

    @cached_property
    def roots(self) -> list[int]:
        """The top bodies of the robot in its model: those below the world from which its joints hang."""
        assert self.model is not None
        hung = (int(self.model.joint(sheet.model).bodyid[0]) for sheet in self.joints.values())
        return sorted({int(self.model.body_rootid[body]) for body in hung})

    @cached_property
    def shapes(self) -> np.ndarray:
        """Ids of the geoms of the robot that can collide; none without a model, or where a single body has any."""
        if self.model is None:
            return np.array([], int)
        solid = (self.model.geom_contype != 0) | (self.model.geom_conaffinity != 0)
        mine = np.flatnonzero(np.isin(self.model.body_rootid[self.model.geom_bodyid], self.roots) & solid)
        return mine if len(np.unique(self.model.geom_bodyid[mine])) > 1 else np.array([], int)

    @cached_property
    def required(self) -> list[str]:
        """What a verdict needs: integrity, and each check for which a published or measured limit is known.

        With a model its own shapes make self-collision a check too, and its masses torques. What rests on estimates
        alone is made and listed, but decides no verdict by its absence.
        """
        sound = {w for s in self.limits.own.values() for w, limit in s.items() if limit["grade"] != "estimate"}
        words = ["integrity"]
        words += ["kinematics.joint.position"] if "position" in sound else []
        words += ["kinematics.joint.velocity"] if "velocity" in sound else []
        words += ["kinematics.collision.self"] if len(self.shapes) else []
        words += ["dynamics.torque.peak"] if self.model is not None and "torque" in sound else []
        return words + [word for word in self.needs if word not in words]

    def with_model(self, file: Path, shown: str | None = None) -> Embodiment:
        """The same robot with this MJCF file.

        Raises:
            ScenarioError: the file is missing or no MJCF, or lacks joints of the description: all of them at once.
        """
        shown = shown or str(file)
        problems = Problems(dict.fromkeys(("model", "joints", "simulation"), (shown, 0)))
        other = replace(self, model_file=file)
        _match(other, problems)
        problems.stop(shown)
        return other

    def beside(self, folder: Path) -> Embodiment:
        """The same robot with the scene that lies beside its recordings, where there is one and no model is given yet.

        A scene that does not fit is not used, and the remarks say why.

        Raises:
            ScenarioError: several files fit the pattern.
        """
        if self.model_file is not None or self.scene_beside is None:
            return self
        inside = folder.resolve()
        here = sorted(p for p in folder.glob(self.scene_beside) if p.resolve().is_relative_to(inside))
        if len(here) > 1:
            names = ", ".join(p.name for p in here)
            raise ScenarioError(f"Several scenes lie beside the data: {names}. Name one with model=.", field="model")
        if not here:
            return self
        shown = here[0].relative_to(folder).as_posix()
        try:
            return replace(self.with_model(here[0], shown), remarks=(f"the scene is {shown}, beside the data",))
        except ScenarioError as error:
            return replace(self, remarks=(f"{shown} lies beside the data and was not used: {error}",))


def compiled(file: Path) -> mujoco.MjModel:
    """The model of an MJCF file. A body without a name gets one, because bodies are reported by name.

    Raises:
        ScenarioError: the engine refuses it, with what the engine says; it would be larger than any model; or a number of it is none.
    """
    refuse_huge(file)
    try:
        model = mujoco.MjModel.from_xml_path(str(file))
        _refuse_no_numbers(model, file)
        if all(model.body(i).name for i in range(model.nbody)):
            return model
        spec = mujoco.MjSpec.from_file(str(file))
        known = {body.name for body in spec.bodies}
        free = (name for i in itertools.count(1) if (name := f"body_{i}") not in known)
        for body in spec.bodies:
            body.name = body.name or next(free)
        return spec.compile()
    except (ValueError, RuntimeError, mujoco.FatalError) as error:
        raise ScenarioError(f"The engine refuses this MJCF: {' '.join(str(error).split())}", file=str(file)) from None


def _refuse_no_numbers(model: mujoco.MjModel, file: Path) -> None:
    """The engine takes `nan` for a mass or a gravity, and what is computed with it is beyond no limit."""
    for of in (model, model.opt):
        for name in dir(of):
            value = getattr(of, name) if name[0] != "_" else None
            if isinstance(value, np.ndarray | float) and np.asarray(value).dtype.kind == "f" and np.isnan(value).any():
                raise ScenarioError(f"{name} is nan: a number is missing there. Write it.", file=str(file), field="model")


def limits_of(model: mujoco.MjModel, joint: str) -> tuple[float, float, float]:
    """(lower, upper, torque) of a scalar joint of a model, NaN where it sets none.

    The torque is the joint's `actuatorfrcrange`; else what the forces of its actuators, or the controls of plain motors,
    add up to through their gears.
    """
    nothing = float("nan")
    j = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, joint)
    if j < 0 or mujoco.mjtJoint(int(model.jnt_type[j])) not in SCALAR:
        return nothing, nothing, nothing
    lower, upper = map(float, model.jnt_range[j]) if model.jnt_limited[j] else (nothing, nothing)
    if model.jnt_actfrclimited[j]:
        return lower, upper, float(np.abs(model.jnt_actfrcrange[j]).max())
    total = 0.0
    for a in np.flatnonzero(
        (model.actuator_trntype == int(mujoco.mjtTrn.mjTRN_JOINT)) & (model.actuator_trnid[:, 0] == j)
    ):
        gear = abs(float(model.actuator_gear[a, 0]))
        if model.actuator_forcelimited[a]:
            total += gear * float(np.abs(model.actuator_forcerange[a]).max())
        elif model.actuator_ctrllimited[a] and model.actuator_biastype[a] == int(mujoco.mjtBias.mjBIAS_NONE):
            gain = abs(float(model.actuator_gainprm[a, 0]))
            total += gear * gain * float(np.abs(model.actuator_ctrlrange[a]).max())
        else:
            return lower, upper, nothing
    return lower, upper, total if total > 0.0 else nothing


def available(conf_dir: Path | None = None) -> dict[str, Path]:
    """Name -> file of every description, the designer's folder first."""
    return composition.members("robot", conf_dir)


def is_file(robot: str) -> bool:
    """Whether `robot=` names a file rather than a robot."""
    return robot.endswith(ENDINGS) or "/" in robot


def load_embodiment(robot: str, conf_dir: Path | None = None, model: str | Path | None = None) -> Embodiment:
    """The robot of this name (`conf/robot/<name>.yaml`), or of this file.

    Args:
        model: an MJCF file that stands in for the description's own; the user's own path, wherever it lies.

    Raises:
        ScenarioError: everything that is wrong with the description, each with file and line.
    """
    if is_file(robot):
        path, shown = Path(robot), robot
    else:
        known = available(conf_dir)
        if robot not in known:
            raise ScenarioError(
                f"There is no robot {robot!r}.{nearest(robot, [*known, DEFAULT_ROBOT])} A file is given with its ending .yaml.",
                field="robot",
            )
        path = known[robot]
        shown = f"conf/robot/{path.name}" if path.is_relative_to(composition.CONF) else str(path)
    if not path.is_file():
        raise ScenarioError("There is no such description of a robot.", file=shown, field="robot")
    content, problems = read_yaml(path, shown), Problems(places_in(path, shown))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    robot_ = _Reader(Node(content, "", problems), path, shown).read(digest)
    if model is not None:
        problems.stop(shown)
        return robot_.with_model(Path(model))
    _match(robot_, problems)
    problems.stop(shown)
    return robot_


def _match(robot: Embodiment, problems: Problems) -> None:
    """Note what the description asks of its model and the model lacks."""
    if robot.model_file is None:
        return
    if not robot.model_file.is_file():
        if not any("model" in line for line in problems.found):
            problems.note("model", odd_kind(robot.model_file) or f"there is no file {robot.model_file.name!r}.")
        return
    try:
        model = robot.model
    except ScenarioError as error:
        problems.note("model", error.message)
        return
    assert model is not None
    scalar = {
        model.joint(i).name: SCALAR[mujoco.mjtJoint(int(model.jnt_type[i]))]
        for i in range(model.njnt)
        if mujoco.mjtJoint(int(model.jnt_type[i])) in SCALAR
    }
    for sheet in robot.joints.values():
        path = f"joints.{sheet.name}"
        if sheet.model not in scalar:
            problems.note(path, f"the model has no hinge or slide {sheet.model!r}.{nearest(sheet.model, list(scalar))}")
        elif sheet.sources and sheet.kind != scalar[sheet.model]:
            problems.note(
                path,
                f"its limits are those of {KIND[sheet.kind]}, but the model's joint is {KIND[scalar[sheet.model]]}.",
            )
    actuators = [model.actuator(i).name for i in range(model.nu)]
    bodies = [model.body(i).name for i in range(model.nbody)]
    for element, actuator in (robot.simulation.actuators if robot.simulation else {}).items():
        if actuator not in actuators:
            hint = nearest(actuator, actuators)
            problems.note(f"simulation.actuators.{element}", f"the model has no actuator {actuator!r}.{hint}")
    for body in robot.simulation.free if robot.simulation else {}:
        if body not in bodies:
            problems.note(f"simulation.free.{body}", f"the model has no body {body!r}.{nearest(body, bodies)}")


class _Reader:
    """Walks one description and notes every problem."""

    def __init__(self, node: Node, path: Path, shown: str) -> None:
        self.node, self.path, self.shown = node, path, shown
        self.sources: dict[str, Source] = {}
        self.usual: dict[str, Source] = {}
        self.scale: dict[str, tuple[str, float]] = {}  # unit -> what it measures, and one of it in SI

    def read(self, digest: str) -> Embodiment:
        node = self.node
        node.mapping(required=("title", "joints"), optional=KEYS)
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
        if "limits" in node and node.child("limits").mapping(optional=LIMITED):
            for what, one in node.child("limits").items():
                source = self._source(one)
                if source is not None:
                    self.usual[what] = source
        joints: dict[str, JointSheet] = {}
        spelled: dict[str, str] = {}
        for name, one in node.child("joints").items():
            joints[name] = sheet = self._joint(name, one)
            for word in (name, *sheet.also):
                if spelled.setdefault(word, name) != name:
                    one.note(f"{word!r} is the joint {spelled[word]} already.")
        if not joints and "joints" in node:
            node.child("joints").note("at least one joint is wanted.")
        base = node.child("base").word(default="", choices=("", *BASES)) or None
        model = self._inside(node.child("model"))
        beside = self._inside(node.child("scene_beside"))
        return Embodiment(
            name=self.path.stem,
            title=title,
            file=self.shown,
            digest=digest,
            joints=joints,
            grippers={name: self._gripper(name, one) for name, one in node.child("grippers").items()},
            base=base,
            model_file=self.path.parent / model if model else None,
            model_source=self.sources.get(OF_MODEL, Source("MJCF file", "estimate")),
            scene_beside=beside,
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
            node.note(f"{text!r} leads out of its folder. Name a file below it, or give model= on the command line.")
            return None
        return text

    def _source(self, node: Node) -> Source | None:
        key = node.word()
        if key and key not in self.sources:
            node.note(f"{key!r} is none of the sources.{nearest(key, list(self.sources))}")
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
            if source is None and before == len(node.problems.found):
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


def of_grades(limits: Limits, grades: Iterable[str]) -> Limits:
    """The same limits without those of other grades."""
    nothing = float("nan")
    blank = {
        "position": {"lower": nothing, "upper": nothing},
        "velocity": {"velocity": nothing, "peak_velocity": nothing},
        "torque": {"torque_limit": nothing, "torque_peak": nothing},
        "torque_rated": {"torque_rated": nothing},
    }
    wanted, kept = set(grades), {}
    for name, limit in limits.joints.items():
        own = limits.own.get(name, {})
        gone: dict[str, float] = {}
        for what, none in blank.items():
            if own.get(what, {}).get("grade") not in wanted:
                gone |= none
        kept[name] = replace(limit, **gone)  # type: ignore[arg-type]
    return Limits(kept, limits.sources, limits.own)
