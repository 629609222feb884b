"""A Scene: parts and robot composed into one spec, with its sensors, compiled; and what a draw changes in it."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import mujoco
import numpy as np

from ..cloth.cloth import cloths_of
from ..link.link import read_link
from ..parts.settled import stepped
from ..people.person import read_behaviours
from ..people.safety import Limit, base_limits, read_safety
from ..reactions.belts import stopped
from ..reactions.rule import Display, read_rules
from ..reactions.vessels import read_liquids
from ..reactions.wiping import Stain, read_stains
from ..reading.answers import Truths
from ..reading.config import LATCHED, ScenarioConfig, nominal_values
from ..reading.names import Names
from ..reading.physics import CLOTHS
from ..robots.footing import PELVIS, Footing, footing_of, wrench_site
from ..robots.legged import FREE, motor, on_stand
from ..robots.mobile import JOINTS
from ..robots.robot import Robot
from ..sensing.predicate import Force, Predicate, Untouched, leaves
from ..sensing.reaction import Reaction, Reactions
from ..sensing.requests import Layout, Request, SensorPlan
from ..sensing.temporal import Goal, Subgoal
from ..sheet.errors import ScenarioError
from ..sheet.near_matches import nearest
from ..sheet.yaml_reader import Node, Problems
from .goal import read_goal, read_never
from .held import Holdable, holdables
from .observation import build_schema, camera_of, over_link
from .scene_build import SceneBuild, message_of, names_path
from .schema import Schema


class Scene:
    """A scenario, composed and compiled.

    Build one with `shiliu.load_scenario`.

    Args:
        config, robot: what it is made of.
        also: reads more of the config, once its names are known, and notes what is wrong there, so that it is reported with the rest.
        meetings: whether its model measures what the judge alone asks for, too; see `judged`.

    Attributes:
        config: the typed scenario; robot: which robot stands in it, with which hands and base.
        schema: the episode schema; course: subgoals and failure modes; safety: limits of force and
            speed, those of a base that moves among them;
            reactions: what answers between two control steps.
        layout: where each sensor's reading lies; task_layout: the same without the contacts that only the judge asks for.
        unasked: contacts of the robot that no task asks for; met: those of the things that hands hold, where they are measured.
        handled, holdable: the things that hands hold; what holds them and where they are, and whom they can meet.
        wrench: force and torque between the whole robot and the world; none where that is not measured. borne: body that
            hands may touch -> the force of each hand on it, where that is measured.
        cloths: the parts that are cloth.
        timestep, n_substeps, control_timestep: physics step [s], steps a control period, control period [s].
    """

    def __init__(
        self,
        config: ScenarioConfig,
        robot: Robot,
        also: Callable[[Scene], object] | None = None,
        meetings: bool = False,
    ):
        self.config, self.robot = config, robot
        self.name, self.version = config.id, config.version
        self.n_substeps = config.substeps
        self.control_timestep = 1.0 / config.control_rate
        self.timestep = self.control_timestep / self.n_substeps
        self._build = SceneBuild(config, robot, self.timestep)
        self.cloths = cloths_of(self._build.spec, [placed.name for placed in config.parts])
        if self.cloths and config.physics.integrator not in CLOTHS:
            config.problems.note(
                f"{names_path(config)}physics.integrator",
                f"{config.physics.integrator!r} does not take the elasticity of the cloth {self.cloths[0].part!r}; "
                f"use {' or '.join(CLOTHS)}.",
            )
        names = Names(self._build.spec, config, robot.interface)
        self._reacting = tuple(self._read_reactions(names))
        for reaction in self._reacting:
            reaction.compile_into(self._build.spec)
        subgoals = read_goal(config.goal, names)
        nevers = read_never(config.never, names, [name for name, _ in config.goal.items()])
        carried = ("base_link", *robot.moving_legs) if robot.base == "mobile" else ()
        self.safety: tuple[Limit, ...] = (
            *read_safety(config.safety, names),
            *base_limits(carried, robot.sheet["sole"]["links"], Request("site_force", PELVIS), config.thresholds),
        )
        self.names = names
        if names.drawn:
            drawn = Truths(tuple(names.drawn.items()))
            drawn.compile_into(self._build.spec)
            self._reacting += (drawn,)
        course = Goal(subgoals, nevers, self.control_timestep)
        self.course = course.latched() if config.goal_rule == LATCHED else course
        plan = SensorPlan()
        self.targets = tuple(self._target(s.predicate, plan) for s in subgoals)
        for side in ("left", "right"):
            plan.add(Request("site_position", f"{side}_tcp"))
        for joint in robot.legs["joints"] if robot.base == "legs" else ():
            plan.add(Request("actuator_force", motor(joint)))
        for foot in robot.legs["feet"] if robot.base == "legs" else ():
            plan.add(Request("body_position", foot))
        for joint in (*JOINTS[:3], *robot.legs["joints"]) if robot.base == "legs" else ():
            plan.add(Request("joint_position", joint))
        for name in robot.base_names[:3] if robot.base == "legs" else ():
            plan.add(Request("actuator_velocity", name))
        self.schema: Schema = build_schema(config, robot, self._build.spec, self.control_timestep, plan)
        soft = {cloth.part for cloth in self.cloths}
        self.may_touch = tuple(group for node in config.hands_may_touch for group in names.groups(node))
        free = [group.removeprefix("tree:") for group in self.may_touch if _is_free(self._build.spec, group)]
        self.handled = _handled(subgoals, free, soft, robot.interface["grippers"]["bodies"])
        things = {name: handled.position.of for name, handled in self.handled.items()}
        self.holdable: dict[str, Holdable] = holdables(self._build.spec, config, names, things, soft)
        self._meetings = meetings
        at = wrench_site(robot)
        # the wrench under a pelvis is an observation of every episode; a free pelvis has none
        measured = (meetings or not robot.moves) and robot.base != "legs"
        wrench = (Request("site_force", at), Request("site_torque", at)) if measured else ()
        self.wrench = tuple(plan.add(request) for request in wrench)
        self.borne = self._borne(plan, soft) if meetings else {}
        self.unasked = tuple(plan.add(request) for request in self._unasked())
        met = [meeting.force for held in self.holdable.values() for meeting in held.meetings] if meetings else []
        self.met = tuple(plan.add(force) for force in met)
        judged = [*self.unasked, *self.met, *(request for pair in self.borne.values() for request in pair)]
        for handled in self.handled.values():
            judged += [plan.add(request) for request in (*handled.forces, handled.position)]
        asked = [leaf for items in (subgoals, nevers, self.safety) for item in items for leaf in leaves(item.predicate)]
        for request in (request for leaf in asked for request in leaf.requests()):
            plan.add(request)
        for request in (request for reaction in self._reacting for request in reaction.requests()):
            plan.add(request)
        self._shown: dict[str, dict[str, float]] = {}  # of a camera: joints [m, rad] as its pictures of draws show them
        self._check_cameras(names)
        if config.pose and config.pose not in robot.sheet["poses"]:
            config.problems.note(
                f"{names_path(config)}robot.pose",
                f"the robot {robot.name} has no pose {config.pose!r}.{nearest(config.pose, list(robot.sheet['poses']))}",
            )
        self._plan = plan
        if also is not None:
            also(self)
        config.problems.stop(f"The scenario {config.id!r}")
        self._build.sights = plan.compile_into(self._build.spec)
        try:
            self.model = self.compile(nominal_values(config))
        except ValueError as error:  # what no single key shows: a body without mass, two elements of one name
            self._blame()
            raise ScenarioError(f"The scene does not compile: {message_of(error)}.", field=config.id) from None
        self.weights = {name: self._weight(handled.position.of) for name, handled in self.handled.items()}
        self.reactions = Reactions(self._reacting, self.model, self.n_own)
        averaged = [request for leaf in asked if isinstance(leaf, Force) and leaf.mean for request in leaf.forces]
        self.layout = Layout.of_model(self.model, averaged)
        wanted = {request.name for leaf in asked for request in leaf.requests()}
        wanted |= {request.name for reaction in self._reacting for request in reaction.requests()}
        wanted |= {request.name for feature in self.schema.observations.values() for request in feature.requests}
        self.task_layout = self.layout.without(request for request in judged if request.name not in wanted)

    def _blame(self) -> None:
        """Where the scene does not compile, say so of the part that does not compile alone, if there is one.

        Raises:
            ScenarioError: with the part's file.
        """
        for placed in self.config.parts:
            try:
                placed.part.spec().compile()
            except ValueError as error:
                message = f"parts.{placed.name}: this part does not compile: {message_of(error)}."
                raise ScenarioError(message, file=str(placed.part.file)) from None

    def _read_reactions(self, names: Names) -> list[Reaction]:
        """What reacts in the scene: the rules, liquids and stains that its YAML declares, and the people in it."""
        rules = read_rules(self.config.rules, names, self.control_timestep)
        liquids = read_liquids(self.config.liquids, names, self.control_timestep)
        stains = read_stains(self.config.stains, names, self.control_timestep)
        answers = [Truths(tuple((one.key, one.truth) for one in self.config.answers))] if self.config.answers else []
        return [*rules, *liquids, *stains, *answers, *read_behaviours(self.config.parts, names, self.control_timestep)]

    def _weight(self, body: str) -> float:
        """[N] of a body and all below it, as the nominal scene has it."""
        return float(self.model.body_subtreemass[self.model.body(body).id] * np.linalg.norm(self.model.opt.gravity))

    def pictured(self, camera: str, qpos: np.ndarray) -> np.ndarray:
        """(nq,) the same places, with the joints as pictures of draws from this camera of the YAML show them."""
        shown = np.array(qpos, float)
        for joint, travel in self._shown.get(camera, {}).items():
            shown[self.model.joint(joint).qposadr[0]] = travel
        return shown

    def _check_cameras(self, names: Names) -> None:
        """Note a camera with a mount or target that does not exist, or with a name that the robot's model has already."""
        spec, robot = self._build.spec, self.robot
        for camera in self.config.cameras:
            for word, travel in camera.shows.items() if camera.shows is not None else ():
                joint = names.element(Node(word, travel.path, travel.problems), "joint")
                if joint is not None:
                    slides = spec.joint(joint).type == mujoco.mjtJoint.mjJNT_SLIDE
                    shown = self._shown.setdefault(camera.name, {})
                    shown[joint] = travel.quantity("length" if slides else "angle")
            if camera.look_at is not None:
                names.element(camera.look_at, "site")
                if spec.camera(camera.name) is not None:
                    camera.node.note(f"the robot has a camera {camera.name!r} of its own; use another name.")
            if camera.mount is not None and spec.camera(camera_of(robot, camera.mount)) is None:
                known = [f"robot.{c.name}" for c in spec.cameras if "/" not in c.name]
                known += [f"robot.{word}" for word, entry in robot.interface.items() if "camera" in entry]
                camera.node.child("mount").note(f"there is no camera {camera.mount!r}.{nearest(camera.mount, known)}")

    def _target(self, predicate: Predicate, plan: SensorPlan) -> Request | None:
        """Where a hand has to be for a subgoal: the first thing that its predicates measure the place or joint of."""
        for request in predicate.requests():
            if request.kind in ("site_position", "body_position") and not request.to:
                return plan.add(Request(request.kind, request.of))
            if request.kind == "joint_position":
                return plan.add(Request("body_position", self._build.spec.joint(request.of).parent.name))
        return None

    def _unasked(self) -> list[Request]:
        """Contacts that no task asks for: of the robot's links with anything, of its hands with what they may not touch."""
        spec = self._build.spec
        links = dict.fromkeys(spec.joint(name).parent.name for name in self.robot.joint_names)
        links |= dict.fromkeys(self.robot.moving_legs)
        found = [Request("contact_force", f"body:{link}") for link in ("base_link", *links)]
        # a flange is asked as a link of its own, too, for what has joints
        hands = self.robot.interface["hands"]["bodies"]
        for placed in self.config.parts:
            tops = [b for b in spec.bodies if b.name.startswith(f"{placed.name}/") and b.parent.name == "world"]
            if len(tops) != 1 or not any(g.contype or g.conaffinity for g in tops[0].geoms):
                continue  # loose pieces may be touched: they are what the hands are about
            if not {f"tree:{tops[0].name}", f"body:{tops[0].name}"} & set(self.may_touch):
                found += [Request("contact_force", f"tree:{hand}", f"body:{tops[0].name}") for hand in hands]
        return found

    def _borne(self, plan: SensorPlan, cloths: Container[str]) -> dict[str, tuple[Request, ...]]:
        """What hands may touch, by the body that they touch; cloths have no one place."""
        hands, found = self.robot.interface["grippers"]["bodies"], {}
        for group in self.may_touch:
            how, _, name = group.partition(":")
            body = self._build.spec.geom(name).parent.name if how == "geom" else name
            if body.partition("/")[0] not in cloths:
                there = f"body:{body}" if how == "geom" else group
                found[body] = tuple(plan.add(Request("contact_force", f"tree:{hand}", there)) for hand in hands)
        return found

    @cached_property
    def footing(self) -> Footing:
        """What the robot stands on."""
        return footing_of(self.robot, self.robot.alone)

    @cached_property
    def stains(self) -> tuple[Stain, ...]:
        """What of the scene is drawn by its cells."""
        return tuple(reaction for reaction in self._reacting if isinstance(reaction, Stain))

    def dirty(self, kept: np.ndarray) -> list[tuple[Stain, np.ndarray]]:
        """Each stain with its dirty cells (cells,) bool, from what reactions keep (extra,)."""
        return [(stain, stain.dirty(kept[self.reactions.columns(stain)])) for stain in self.stains]

    @property
    def displays(self) -> list[tuple[Display, str]]:
        """Each display of the rules, if its part has a site `display`, with the full name of that site."""
        shown = [rule for rule in self._reacting if isinstance(rule, Display)]
        sites = [(rule, f"{rule.joint.of.partition('/')[0]}/display") for rule in shown]
        return [(rule, site) for rule, site in sites if self.names.spec.site(site) is not None]

    @property
    def goal(self) -> tuple:
        """The subgoals in order."""
        return self.course.subgoals

    def compile(self, values: Mapping[str, float], looks: bool = False) -> mujoco.MjModel:
        """The model of a draw's values: physics only (half a millisecond), or with its looks (tens of milliseconds)."""
        build = self._with_looks if looks else self._build
        build.arrange(values)
        return build.spec.compile()

    def scratch(self, model: mujoco.MjModel) -> mujoco.MjData:
        """Data as new for a draw's model, which all draws of the scene share: it holds until the next call.

        To make an `MjData` takes half as long as to compile the model; to reset one, microseconds.
        """
        mujoco.mj_resetData(model, self._data)
        return self._data

    @cached_property
    def _data(self) -> mujoco.MjData:
        return mujoco.MjData(self.model)

    def spec(self, values: Mapping[str, float]) -> mujoco.MjSpec:
        """A copy of the physics spec of a draw's values, to be edited further; the scene's own stays as it is."""
        self._build.arrange(values)
        return self._build.spec.copy()

    def xml(self, values: Mapping[str, float]) -> str:
        """The physics model of a draw's values as MJCF, for other tools; its numbers are rounded to six digits."""
        self.compile(values)
        return self._build.spec.to_xml()

    @cached_property
    def _with_looks(self) -> SceneBuild:
        build = SceneBuild(self.config, self.robot, self.timestep, looks=True)
        for reaction in self._reacting:
            reaction.compile_into(build.spec)
        build.sights = self._plan.compile_into(build.spec)
        build.add_cameras(self.names)
        return build

    @cached_property
    def judged(self) -> Scene:
        """The same scene with a sensor for all that a held thing can meet, and for all that bears on robot and hands, which nobody but
        the judge asks for.

        They change nothing that moves and would cost who learns or performs in it up to a quarter of a physics step.
        """
        meets = any(held.meetings for held in self.holdable.values())
        if self._meetings or not (meets or self.may_touch or not self.wrench):
            return self
        twin = Scene(self.config, self.robot, meetings=True)
        twin.__dict__["fingerprint"] = self.fingerprint
        return twin

    def linked(self, link: Mapping[str, Any] | None) -> Scene:
        """The same scene over another link, resolved (`link.resolve`); None for none. The model is the same, so it is not made anew."""
        problems = Problems()
        raw = {key: value for key, value in self.config.raw.items() if key != "link"} | ({} if link is None else {"link": dict(link)})
        twin = copy.copy(self)
        twin.config = replace(self.config, link=read_link(Node(link, "link", problems)), raw=raw)
        problems.stop("The link")
        twin.schema = over_link(self.schema, twin.config.link)
        twin.__dict__.pop("judged", None)
        return twin

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the nominal physics model as the engine saves it: what a replay must share with its recording."""
        buffer = np.empty(mujoco.mj_sizeModel(self.model), np.uint8)
        mujoco.mj_saveModel(self.model, None, buffer)
        return hashlib.sha256(buffer.tobytes()).hexdigest()

    @cached_property
    def reach_sites(self) -> tuple[tuple[str, str], ...]:
        """(side, site) of every site that a skill names for a hand: what has to be within that arm's reach."""
        found = []
        for child in self.config.skills.each() if self.config.skills.value else ():
            for _, arguments in child.items():
                side = arguments.child("hand").value
                for key in ("to", "at", "from"):
                    word = arguments.child(key).value if key in arguments else None
                    if side in ("left", "right") and isinstance(word, str) and "." in word:
                        site = word.replace(".", "/", 1).removeprefix("robot/")
                        if any(self.model.site(i).name == site for i in range(self.model.nsite)):
                            found.append((side, site))
        return tuple(dict.fromkeys(found))

    @property
    def goes_there(self) -> bool:
        """Whether the robot goes to where it can reach: its base glides, or the scenario was made for one that does."""
        return self.robot.moves or (self.robot.goes and self.config.base == "mobile")

    @cached_property
    def joint_index(self) -> np.ndarray:
        """qpos addresses of the robot's joints, in the order of `robot.joint_names`."""
        return np.array([self.model.joint(name).qposadr[0] for name in self.robot.joint_names])

    @cached_property
    def joints_of_parts(self) -> tuple[list[int], np.ndarray, np.ndarray]:
        """qpos addresses of what is not the robot's: where free joints begin, all numbers of the others, single numbers."""
        model, legs = self.model, self.robot.joints_of("legs") if self.robot.base == "legs" else ()
        own = (*self.robot.joint_names, *legs, *(JOINTS[:3] if legs else ()))
        free: list[int] = []
        plain: list[int] = []
        single: list[int] = []
        for j in range(model.njnt):
            a, kind = int(model.jnt_qposadr[j]), model.jnt_type[j]
            if kind == mujoco.mjtJoint.mjJNT_FREE:
                if model.joint(j).name != FREE:
                    free.append(a)
            elif model.joint(j).name not in own:
                plain += range(a, a + (4 if kind == mujoco.mjtJoint.mjJNT_BALL else 1))
                single += [] if kind == mujoco.mjtJoint.mjJNT_BALL else [a]
        return free, np.array(plain, int), np.array(single, int)

    @cached_property
    def rest(self) -> np.ndarray:
        """(nq,) qpos of the nominal scene after everything has come to rest, robot in its starting pose."""
        model = stopped(self.model)
        model = on_stand(model) if self.robot.base == "legs" else model
        ctrl, steps = self.start_ctrl(nominal_values(self.config)), round(SETTLE_TIME / self.timestep)
        return stepped(model, self.start_qpos(model), ctrl, steps)

    def start_qpos(self, model: mujoco.MjModel) -> np.ndarray:
        """qpos of a model as composed, with the robot in its starting pose."""
        qpos = model.qpos0.copy()
        addresses, angles = self._starting_pose
        qpos[addresses] = angles
        return qpos

    @cached_property
    def _starting_pose(self) -> tuple[np.ndarray, np.ndarray]:
        pose = self.robot.pose(self.config.pose)
        return np.array([self.model.joint(name).qposadr[0] for name in pose]), np.array(list(pose.values()))

    @cached_property
    def ready_ctrl(self) -> np.ndarray:
        """(n_actions,) command that holds the starting pose; hands are open."""
        pose = self.robot.pose(self.config.pose)
        return np.array([pose.get(name, 0.0) for name in self.schema.action.names])

    @property
    def n_actions(self) -> int:
        """Number of the robot's actuators that are commanded, its answers among them, which come first in `ctrl`."""
        return len(self.schema.action.names)

    @property
    def n_own(self) -> int:
        """Number of all of the robot's actuators, the motors of its legs after what is commanded; those after them react."""
        return self.n_actions + (len(self.robot.legs["joints"]) if self.robot.base == "legs" else 0)

    def start_ctrl(self, values: Mapping[str, float]) -> np.ndarray:
        """(nu,) ctrl at time zero of a draw with these values."""
        own = np.zeros(self.n_own)
        own[: self.n_actions] = self.ready_ctrl
        return np.concatenate([own, self.reactions.start(values)])

    def __repr__(self) -> str:
        return (
            f"Scene({self.name!r} v{self.version}: {self.model.nbody} bodies, nq {self.model.nq}, nu {self.model.nu}, "
            f"{self.model.nsensor} sensors, {1 / self.control_timestep:.0f} Hz, {len(self.goal)} subgoals)"
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{p.name}</td><td>{p.part.name}</td><td>{', '.join(f'{v * 1e3:.0f}' for v in p.at)}</td></tr>"
            for p in self.config.parts
        )
        goals = " → ".join(s.name for s in self.goal) or "none"
        return (
            f"<h4>{self.config.title.get('en')} · {self.config.title.get('zh')} (v{self.version})</h4>"
            f"<p>subgoals: {goals}; {len(self.course.nevers)} failure modes, {len(self.safety)} force limits</p>"
            f"<table><tr><th>part</th><th>from</th><th>offset [mm]</th></tr>{rows}</table>"
        )


@dataclass(frozen=True)
class Handled:
    """Something that hands hold: the forces on it of what holds (palm and fingers of each hand), and where it is."""

    forces: tuple[Request, ...]
    position: Request


def _is_free(spec: mujoco.MjSpec, group: str) -> bool:
    """Whether a contact group is a whole thing that nothing holds in its place."""
    body = spec.body(group.removeprefix("tree:")) if group.startswith("tree:") else None
    return body is not None and any(joint.type == mujoco.mjtJoint.mjJNT_FREE for joint in body.joints)


def _handled(
    subgoals: tuple[Subgoal, ...], free: Sequence[str], cloths: Container[str], grippers: Sequence[str]
) -> dict[str, Handled]:
    """What the goal says must be let go of, and what lies free and the hands may touch, is what the hands hold.

    Cloths have no single place, and no grip is shown for them.
    """
    bodies = [
        leaf.forces[0].to.partition(":")[2]
        for subgoal in subgoals
        for leaf in leaves(subgoal.predicate)
        if isinstance(leaf, Untouched)
    ]
    found = {}
    for body in dict.fromkeys((*bodies, *free)):
        name = body.partition("/")[0]
        if name not in cloths:
            forces = tuple(Request("contact_force", f"tree:{palm}", f"tree:{body}") for palm in grippers)
            found[name] = Handled(forces, Request("body_position", body))
    return found


SETTLE_TIME = 1.0  # s, contacts of placed objects have decayed by then


