"""Any robot, for the judge alone: `conf/robot/<name>.yaml` says which joints a recording tells of and what they may do.

A description needs no model. With an MJCF file (`model:` beside the YAML, or the command's `model=`) joints get the
model's own ranges and force limits where the description is silent, and self-collision and torques can be judged too.
Every number carries a unit, a source and a grade; what is not written down stays unknown and is not judged.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import mujoco
import numpy as np

from ...scenarios.reading import composition
from ...scenarios.robots.robot_folder import DEFAULT_ROBOT
from ...scenarios.sheet.errors import ScenarioError, odd_kind
from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.own_files import ENDINGS
from ...scenarios.sheet.yaml_reader import Problems, places_in
from .limits import JointLimit, Limits
from .mjcf_bounds import refuse_huge
from .robot_sheet import JointSheet, RobotSheet, Source, read_sheet

SCALAR = {mujoco.mjtJoint.mjJNT_HINGE: "angle", mujoco.mjtJoint.mjJNT_SLIDE: "length"}
KIND = {"angle": "a hinge", "length": "a slide"}


@dataclass(frozen=True, kw_only=True)
class Embodiment(RobotSheet):
    """A robot as the judge knows it: its sheet, and the model that stands beside it.

    Attributes:
        name: stem of its file; file: as a message calls it; digest: of the file's text, for the provenance.
        model_file: the MJCF, if there is one.
        remarks: what a verdict's notes say of the model; needs: checks that a verdict needs whatever the grade of their limits.
    """

    name: str
    file: str
    digest: str
    model_file: Path | None = None
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
            raise ScenarioError(f"Several scenes lie beside the data: {names}. Name one as the model.", field="model")
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
    robot = composition.file_or_member("robot", robot, conf_dir)
    if is_file(robot):
        path, shown = Path(robot), robot
    else:
        known = available(conf_dir)
        if robot not in known:
            if (odd := odd_kind(robot)) is not None:
                raise ScenarioError(odd, file=robot, field="robot")
            there_is_none = composition.no_member("robot", robot, [*known, DEFAULT_ROBOT], conf_dir)
            raise ScenarioError(f"{there_is_none} A file is given with its ending .yaml.", field="robot")
        path = known[robot]
        shown = f"conf/robot/{path.name}" if path.is_relative_to(composition.CONF) else str(path)
    if not path.is_file():
        raise ScenarioError(odd_kind(path) or "There is no such description of a robot.", file=shown, field="robot")
    problems = Problems(places_in(path, shown))
    sheet = read_sheet(path, shown, problems)
    digest, file = hashlib.sha256(path.read_bytes()).hexdigest()[:12], path.parent / sheet.model_path if sheet.model_path else None
    robot_ = Embodiment(**vars(sheet), name=path.stem, file=shown, digest=digest, model_file=file)
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
            hint = " If the model calls it otherwise, write its name there as `model:`." if sheet.model == sheet.name else ""
            problems.note(path, f"the model has no hinge or slide {sheet.model!r}.{nearest(sheet.model, list(scalar))}{hint}")
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
