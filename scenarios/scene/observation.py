"""Which features an episode of a scenario has: the robot's own, its hands', and the state of what stands around it."""

from __future__ import annotations

import mujoco
import numpy as np

from ..link.link import Link
from ..link.traffic import COLUMNS, FEATURE
from ..reading.answers import columns_of
from ..reading.config import ScenarioConfig
from ..robots.robot import Robot
from ..robots.robot_folder import SIDES
from ..sensing.reaction import memory
from ..sensing.requests import Request, SensorPlan
from ..words.declared import memory_name, unit_of
from ..words.stain import LEFT, STRIPE, kept
from .schema import CameraFeature, Feature, Schema

_SPEED = 40.0  # rad/s, twice the fastest joint of the hardware table: a generous finite bound
_FORCE = 2000.0  # N
_REACH = 5.0  # m, no scenario is larger
_WALK = 20.0  # m and rad, further nobody walks or turns in an episode
_NUMBER = 1e4  # of what a rule keeps: seconds, pieces


def build_schema(
    config: ScenarioConfig, robot: Robot, spec: mujoco.MjSpec, control_timestep: float, plan: SensorPlan
) -> Schema:
    """The schema of a composed scene; the sensors that it reads are added to the plan."""
    joints, hands = robot.joint_names, robot.hand_names
    ranges = {name: np.array(spec.joint(name).range, float) for name in joints}
    low = np.array([*(ranges[n][0] for n in joints), *(0.0 for _ in hands)])
    high = np.array([*(ranges[n][1] for n in joints), *(100.0 for _ in hands)])
    names = (*joints, *hands)
    actuators = tuple(a.name for a in spec.actuators)
    answers = columns_of(config.answers)
    commanded = (*names, *robot.base_names, *answers[0])
    if actuators[: len(commanded)] != commanded:
        raise ValueError(f"the robot's actuators {actuators} do not begin with what it is commanded in its order {commanded}")
    unit = (*("rad" for _ in joints), *("%" for _ in hands))
    action = _action(robot, spec, names, unit, low, high, answers)

    def percent(kind: str) -> tuple[Request, ...]:
        return tuple(Request(kind, name) for name in robot.hand_tendons)

    def feature(
        name: str,
        elements: tuple[str, ...],
        units: tuple[str, ...],
        bound: np.ndarray | tuple,
        requests: tuple[Request, ...],
        peak: bool = False,
    ) -> Feature:
        for request in requests:
            plan.add(request)
        lo, hi = (
            (np.asarray(bound[0], float), np.asarray(bound[1], float)) if isinstance(bound, tuple) else (-bound, bound)
        )
        width = len(elements) // len(requests)
        return Feature(
            name,
            elements,
            units,
            lo,
            hi,
            tuple(requests[i // width].name for i in range(len(elements))),
            requests,
            peak,
        )

    effort_bound = np.array(
        [*(float(np.abs(spec.joint(n).actfrcrange).max()) for n in joints), *(_FORCE for _ in hands)]
    )
    # rad and percent points: a joint, and a finger that is pressed, goes a little past its soft stop
    slack = np.array([*(0.2 for _ in joints), *(5.0 for _ in hands)])
    observations = [
        feature(
            "observation.state", names, unit, (low - slack, high + slack),
            (*(Request("joint_position", n) for n in joints), *percent("tendon_position")),
        ),
        feature(
            "observation.velocity", names, (*("rad/s" for _ in joints), *("%/s" for _ in hands)),
            np.array([*(_SPEED for _ in joints), *(_FORCE for _ in hands)]),
            (*(Request("joint_velocity", n) for n in joints), *percent("tendon_velocity")),
        ),
        feature(
            "observation.effort", names, (*("Nm" for _ in joints), *("N/%" for _ in hands)), 2 * effort_bound,
            (*(Request("joint_torque", n) for n in joints), *(Request("actuator_force", n) for n in hands)),
        ),
    ]  # fmt: skip
    axes = ("x", "y", "z", "qw", "qx", "qy", "qz")
    units = ("m", "m", "m", "1", "1", "1", "1")
    bound = np.array([_REACH] * 3 + [1.0001] * 4)
    observations.append(_hand_pose(plan, axes, units, bound))
    fingers = robot.fingers
    observations.append(
        feature(
            "observation.touch", fingers, tuple("N" for _ in fingers), (np.zeros(len(fingers)), np.full(len(fingers), _FORCE)),
            tuple(Request("contact_force", f"tree:{finger}") for finger in fingers), peak=True,
        )
    )  # fmt: skip
    if robot.base == "legs":
        observations.append(_pelvis(plan))
    else:  # nothing holds a free pelvis
        observations.append(
            feature(
                "observation.wrench", ("pelvis.fx", "pelvis.fy", "pelvis.fz", "pelvis.tx", "pelvis.ty", "pelvis.tz"),
                ("N", "N", "N", "Nm", "Nm", "Nm"), np.full(6, 1e4),
                (Request("site_force", "pelvis_wrench"), Request("site_torque", "pelvis_wrench")),
            )
        )  # fmt: skip
    if robot.base_names and robot.base != "legs":
        observations.append(
            feature(
                "observation.base", (*robot.base_joints, *(f"{name}.speed" for name in robot.base_names)),
                ("m", "m", "rad", "m", "m/s", "m/s", "rad/s", "m/s"), np.array([_WALK] * 3 + [1.0] + [5.0] * 4),
                (
                    *(Request("joint_position", name) for name in robot.base_joints),
                    *(Request("actuator_velocity", name) for name in robot.base_names),
                ),
            )
        )  # fmt: skip
    around = _environment(config, spec, plan)
    if around is not None:
        observations.append(around)
    cameras = {
        f"observation.images.{c.name}": CameraFeature(
            f"observation.images.{c.name}",
            camera_of(robot, c.mount) if c.mount else c.name,
            c.size[0],
            c.size[1],
            c.rate or config.control_rate,
        )
        for c in config.cameras
    }
    schema = Schema(config.id, control_timestep, action, {f.name: f for f in observations}, cameras)
    return over_link(schema, config.link)


def over_link(schema: Schema, link: Link) -> Schema:
    """The schema with the times of messages (`observation.link`) where there is a link, and without where there is none.

    At each row: when the sensor values that the operator has were captured, and when they arrived; when the command that has just
    acted was sent, and since when it acts. Episode seconds; -1 before the first command has arrived.
    """
    observations = {name: feature for name, feature in schema.observations.items() if name != FEATURE}
    if not link.local:
        low, high = np.full(4, -1.0), np.full(4, _NUMBER)
        observations[FEATURE] = Feature(FEATURE, COLUMNS, ("s",) * 4, low, high, ("link",) * 4)
    return Schema(schema.scenario, schema.control_timestep, schema.action, observations, schema.cameras)


def _action(
    robot: Robot,
    spec: mujoco.MjSpec,
    names: tuple[str, ...],
    unit: tuple[str, ...],
    low: np.ndarray,
    high: np.ndarray,
    answers: tuple[tuple[str, ...], tuple[str, ...], np.ndarray, np.ndarray],
) -> Feature:
    """The action: joints and hands, then what a base that moves is commanded, then what the robot answers."""
    base = robot.base_names
    ranges = np.array([spec.actuator(name).ctrlrange for name in base], float).reshape(-1, 2)
    names = (*names, *base, *answers[0])
    return Feature(
        "action",
        names,
        (*unit, *robot.base_units, *answers[1]),
        np.concatenate([low, ranges[:, 0], answers[2]]),
        np.concatenate([high, ranges[:, 1], answers[3]]),
        tuple(f"actuator {name}" for name in names),
    )


def _hand_pose(plan: SensorPlan, axes: tuple[str, ...], units: tuple[str, ...], bound: np.ndarray) -> Feature:
    requests = []
    for side in SIDES:
        requests += [
            Request("site_position", f"{side}_tcp", "body:base_link"),
            Request("site_orientation", f"{side}_tcp", "body:base_link"),
        ]
    for request in requests:
        plan.add(request)
    names = tuple(f"{side}_tcp.{axis}" for side in SIDES for axis in axes)
    sources = tuple(requests[2 * s + (i > 2)].name for s in range(2) for i in range(7))
    limits = np.tile(bound, 2)
    return Feature("observation.hand_pose", names, units * 2, -limits, limits, sources, tuple(requests))


def _pelvis(plan: SensorPlan) -> Feature:
    """Where the pelvis of a robot on its own legs is, in the world."""
    requests = (plan.add(Request("body_position", "base_link")), plan.add(Request("body_orientation", "base_link")))
    names = tuple(f"base.{axis}" for axis in ("x", "y", "z", "qw", "qx", "qy", "qz"))
    limits = np.array([_WALK] * 3 + [1.0001] * 4)
    units = ("m", "m", "m", "1", "1", "1", "1")
    return Feature(
        "observation.base", names, units, -limits, limits, tuple(requests[i > 2].name for i in range(7)), requests
    )


def _environment(config: ScenarioConfig, spec: mujoco.MjSpec, plan: SensorPlan) -> Feature | None:
    """Pose of every free part, position of every joint of a part, what rules keep; loose pieces are left to the goal's share."""
    names: list[str] = []
    units: list[str] = []
    bounds: list[float] = []
    sources: list[str] = []
    requests: list[Request] = []
    for placed in config.parts:
        prefix = f"{placed.name}/"
        tops = [b for b in spec.bodies if b.name.startswith(prefix) and b.parent.name == "world"]
        free = [b for b in tops if any(j.type == mujoco.mjtJoint.mjJNT_FREE for j in b.joints)]
        if len(free) == 1:
            for kind, axes, unit, bound in (
                ("body_position", "xyz", "m", _REACH),
                ("body_orientation", ("qw", "qx", "qy", "qz"), "1", 1.0001),
            ):
                request = plan.add(Request(kind, free[0].name))
                requests.append(request)
                for axis in axes:
                    names.append(f"{placed.name}.{axis}")
                    units.append(unit)
                    bounds.append(bound)
                    sources.append(request.name)
        # a cloth: the vertices that its sheet has words for
        if any(flex.name.startswith(prefix) for flex in spec.flexes):
            for word, entry in placed.part.interface.items():
                if "body" in entry:
                    request = plan.add(Request("body_position", prefix + entry["body"]))
                    requests.append(request)
                    names += [f"{placed.name}.{word}.{axis}" for axis in "xyz"]
                    units += ["m"] * 3
                    bounds += [_REACH] * 3
                    sources += [request.name] * 3
        for joint in spec.joints:
            if joint.name.startswith(prefix) and joint.type in (
                mujoco.mjtJoint.mjJNT_HINGE,
                mujoco.mjtJoint.mjJNT_SLIDE,
            ):
                request = plan.add(Request("joint_position", joint.name))
                requests.append(request)
                names.append(f"{placed.name}.{joint.name[len(prefix) :]}")
                units.append("rad" if joint.type == mujoco.mjtJoint.mjJNT_HINGE else "m")
                bounds.append(1e3 if joint.type == mujoco.mjtJoint.mjJNT_HINGE else _REACH)
                sources.append(request.name)
    for rule, node in config.rules.items():  # what a display and a lamp would show
        request = plan.add(memory(memory_name(rule)))
        requests.append(request)
        names.append(f"rules.{rule}")
        units.append(unit_of(node.child("is" if "shows" in node else "adds").value))
        bounds.append(_NUMBER)
        sources.append(request.name)
    for stain, _ in config.stains.items():  # what a look at the field tells: what area, and where most is left
        for word, unit in ((LEFT, "m2"), *zip(STRIPE, ("m", "m", "m", "1"))):
            request = plan.add(kept(stain, word))
            requests.append(request)
            names.append(f"stains.{stain}.{word}")
            units.append(unit)
            bounds.append(_NUMBER)
            sources.append(request.name)
    if not names:
        return None
    limits = np.array(bounds)
    return Feature(
        "observation.environment_state", tuple(names), tuple(units), -limits, limits, tuple(sources), tuple(requests)
    )


def camera_of(robot: Robot, mount: str) -> str:
    """Name of the model's camera that `robot.head_camera` means."""
    word = mount.removeprefix("robot.")
    return str((robot.interface.get(word) or {}).get("camera", word))
