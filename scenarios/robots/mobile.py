"""A robot that moves: its base glides over the floor and squats as it is commanded, and its legs follow.

The real robot takes a velocity command in its own heading (`/cmd_vel`) and a height command (`/cmd_pose`), and its whole-body
controller walks. Here the soles glide: where the base is, how fast it moves and how hard it speeds up are the robot's; steps are
not. Four joints carry the base: x, y and yaw in the world, then height above the floor as an offset from standing. They are as
heavy as a controller is stubborn, so that nothing that the arms do or touch moves the base; what the floor would have to give
for that is judged (`balance`). Hips and knees follow the height, so that the ankles stay over the soles.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from ..parts.pose import Pose, turned_by

FOOTPRINT = "base_footprint"  # the floor mark between the feet, as the field calls the frame
JOINTS = ("base_x", "base_y", "base_yaw", "base_height")
COMMANDS = ("base_vx", "base_vy", "base_vyaw", "base_height")
UNITS = ("m/s", "m/s", "rad/s", "m")
STUBBORN = 1e6  # kg and kg m2: a steady push of 100 N moves the standing base by 0.2 mm in a minute
ANSWER = 0.03  # s, in which the base takes on a commanded speed that is less than its acceleration away
GAP = 0.003  # m, by which the soles' collision shapes end above the floor, so that nothing drags
TIGHT = ((0.005, 1.0), (0.99, 0.999, 0.001, 0.5, 2.0))  # solref and solimp of the legs' following
DIGITS = 9  # of the polynomials that the legs follow: 1e-9 rad, a thousandth of a micrometre at the foot
FINER, LONGER = 1e-4, 2.0  # tolerance, and steps, of the solver beside cloth: see `solve_beside`


@dataclass(frozen=True)
class Leg:
    """A leg of the sheet's `mobile.legs`.

    Attributes:
        name: its key; links: from the hip to the foot, each moved by one joint.
        hip, knee: the joints that bend it in its plane: they move `links[bends]` and `links[bends + 1]`.
    """

    name: str
    links: tuple[str, ...]
    hip: str
    knee: str

    @property
    def foot(self) -> str:
        return self.links[-1]

    def bends(self, spec: mujoco.MjSpec) -> int:
        """Index of the thigh among the links."""
        return self.links.index(spec.joint(self.hip).parent.name)


def legs_of(sheet: Mapping[str, Any]) -> list[Leg]:
    """The legs that carry a base that moves."""
    return [Leg(name, tuple(leg["links"]), leg["hip"], leg["knee"]) for name, leg in sheet["mobile"]["legs"].items()]


def moving_links(sheet: Mapping[str, Any]) -> tuple[str, ...]:
    """Links of the legs that a base that moves carries through the room: thighs, shanks, feet."""
    links = dict(zip(sheet["groups"]["legs"], (link for leg in legs_of(sheet) for link in leg.links)))
    return tuple(name for leg in legs_of(sheet) for name in (links[leg.hip], links[leg.knee], leg.foot))


def mobile_spec(model: Path, sheet: Mapping[str, Any], stands: Pose) -> mujoco.MjSpec:
    """The robot's spec with a base that moves; hands are attached and commands added (`add_commands`) afterwards.

    Args:
        model: its MJCF file; sheet: its robot.yaml.
        stands: where the floor mark between its feet lies at the start; the base's joints count from the world's origin.
    """
    legs = legs_of(sheet)
    spec = mujoco.MjSpec.from_string(_on_footprint(model, legs))
    stance = sheet["stance"]
    height, lowest = float(stance["base_height"]), float(sheet["mobile"]["lowest"])
    mark = spec.body(FOOTPRINT)
    mark.pos = [stands.pos[0], stands.pos[1], 0.0]
    mark.quat = stands.quat
    add_joints(mark, stands, STUBBORN)
    mark.add_site(name=FOOTPRINT, group=4)
    body = spec.body("base_link")
    body.pos = [0.0, 0.0, height]
    body.add_joint(name="base_height", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0.0, 0.0, 1.0], armature=STUBBORN)
    _place_feet(spec, legs, stance, height)
    followers, feet = {name for leg in legs for name in (leg.hip, leg.knee)}, {leg.foot for leg in legs}
    for name, angle in stance["legs"].items():
        _bend(spec, name, float(angle), name in followers, spec.joint(name).parent.name in feet)
    for leg in legs:
        follow(spec, leg, lowest)
        # the ankle turns inside the foot, which hangs no longer from it
        spec.add_exclude(name=f"{leg.name}_ankle", bodyname1=leg.links[-2], bodyname2=leg.foot)
    return spec


def add_joints(mark: Any, stands: Pose, inertia: float) -> None:
    """Let a body that begins at `stands` go over the floor: x, y [m] and yaw [rad] in the world, as heavy as is given [kg, kg m2]."""
    yaw = 2.0 * float(np.arctan2(stands.quat[3], stands.quat[0]))
    back = stands.matrix.T  # axes are given in the body's own frame, which is turned already
    slide, hinge = mujoco.mjtJoint.mjJNT_SLIDE, mujoco.mjtJoint.mjJNT_HINGE
    for name, kind, axis, ref in (
        ("base_x", slide, back[:, 0], stands.pos[0]),
        ("base_y", slide, back[:, 1], stands.pos[1]),
        ("base_yaw", hinge, [0.0, 0.0, 1.0], yaw),
    ):
        mark.add_joint(name=name, type=kind, axis=axis, ref=ref, armature=inertia)


def solve_beside(option: Any) -> None:
    """Let a cloth be solved beside a base that moves as it is beside a robot that stands; `option` is an `MjOption` of a spec.

    The solver ends where a step gains less than its tolerance times the inertia of what is solved together, which the base raises by
    about `STUBBORN`, and the solve of the cloth's elasticity where what is left is less than that share of what it began with, to
    which the base's drives belong. With the tolerance unchanged cloth slid beneath the hand as on ice, and half folds failed.
    `FINER` makes it as exact as beside a robot that stands (within 0.1 mm, `tests/scenarios/test_cloth.py`); `LONGER` gives it the
    steps to come so far (the engine warns where it does not). Everything is solved at once: an island of cloth that nobody
    touches has no base in it, and with a tolerance so small it would take every step that it is given.
    """
    option.tolerance *= FINER
    option.iterations = int(np.ceil(LONGER * option.iterations))
    option.disableflags = int(option.disableflags) | int(mujoco.mjtDisableBit.mjDSBL_ISLAND)


def _on_footprint(model: Path, legs: Sequence[Leg]) -> str:
    """The robot's XML with its base on a floor mark and the feet beside it: what a spec cannot be edited to afterwards."""
    root = ET.parse(model).getroot()
    world = root.find("worldbody")
    assert world is not None
    base = next(body for body in world.findall("body") if body.get("name") == "base_link")
    world.remove(base)
    mark = ET.SubElement(world, "body", name=FOOTPRINT, childclass=str(base.get("childclass")))
    mark.append(base)
    for leg in legs:
        shank = next(body for body in base.iter("body") if body.get("name") == leg.links[-2])
        foot = next(body for body in shank.findall("body") if body.get("name") == leg.foot)
        shank.remove(foot)
        mark.append(foot)
    return ET.tostring(root, encoding="unicode")


def _place_feet(spec: mujoco.MjSpec, legs: Sequence[Leg], stance: Mapping[str, Any], height: float) -> None:
    """The feet where the stance has them, soles flat."""
    for leg in legs:
        at, turn = np.array([0.0, 0.0, height]), 0.0
        for link in map(spec.body, leg.links[:-1]):
            c, s = np.cos(turn), np.sin(turn)
            x, y, z = np.array(link.pos, float)
            at = at + np.array([c * x + s * z, y, -s * x + c * z])
            if (joint := link.joints[0].name) in (leg.hip, leg.knee):
                turn += float(stance["legs"][joint])
        foot = spec.body(leg.foot)
        foot.pos = at
        for geom in foot.geoms:
            if not (geom.contype or geom.conaffinity):
                continue
            low = at[2] + geom.pos[2] - geom.size[2]  # boxes, flat
            lift = max(0.0, GAP - low) / 2.0
            geom.pos = [geom.pos[0], geom.pos[1], geom.pos[2] + lift]
            geom.size = [geom.size[0], geom.size[1], geom.size[2] - lift]


def bend(joint: Any, angle: float) -> None:
    """Turn the body of a hinge of a spec by an angle [rad] about it, as it stands from then on."""
    turn = np.array([np.cos(angle / 2.0), *(np.sin(angle / 2.0) * np.array(joint.axis))])
    joint.parent.quat = turned_by(joint.parent.quat, turn)


def _bend(spec: mujoco.MjSpec, name: str, angle: float, follows: bool, foot: bool) -> None:
    """Turn a leg joint, but that of a foot, to its angle in the stance; those that do not follow the height are frozen there."""
    joint = spec.joint(name)
    if not foot:
        bend(joint, angle)
    spec.delete(spec.actuator(name))
    if follows:
        joint.ref, joint.frictionloss = angle, 0.0
    else:
        spec.delete(joint)


def follow(spec: mujoco.MjSpec, leg: Leg, lowest: float) -> None:
    """Let hip and knee of a leg follow the height by polynomials of fourth order, exact where the robot stands.

    Over the whole squat the polynomials leave the ankle within 3 mm of the foot.
    """
    drop = np.linspace(lowest, 0.0, 200)
    powers = np.stack([drop**k for k in range(1, 5)], axis=1)
    for joint, angle in zip((leg.hip, leg.knee), leg_angles(spec, leg, drop)):
        # the last digits differ from one kind of processor to another, and the model must not
        terms = np.round(np.linalg.lstsq(powers, angle - angle[-1], rcond=None)[0], DIGITS)
        equality = spec.add_equality(
            name=f"{joint}_follows",
            type=mujoco.mjtEq.mjEQ_JOINT,
            objtype=mujoco.mjtObj.mjOBJ_JOINT,
            name1=joint,
            name2="base_height",
        )
        data = np.zeros(len(equality.data))
        data[1:5] = terms
        equality.data, equality.solref, equality.solimp = data, TIGHT[0], TIGHT[1]


def leg_angles(spec: mujoco.MjSpec, leg: Leg, drop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) angles of hip and knee [rad] at which the ankle lies under the hip as in the stance, the base (n,) [m] higher.

    Two links in the leg's plane: with places as complex numbers z + ix, a turn about y is a factor exp(i angle).
    """
    hip, knee = (spec.joint(name).ref for name in (leg.hip, leg.knee))
    thigh_at = leg.bends(spec)
    below = leg.links[thigh_at + 1 : thigh_at + 3]
    links = [complex(*np.array(spec.body(name).pos, float)[[2, 0]]) for name in below]
    thigh, shank = links
    ankle = np.exp(1j * hip) * (thigh + shank * np.exp(1j * knee)) - drop
    bent = np.angle(np.conj(thigh) * shank)
    share = (np.abs(ankle) ** 2 - abs(thigh) ** 2 - abs(shank) ** 2) / (2.0 * abs(thigh) * abs(shank))
    bend = np.arccos(np.clip(share, -1.0, 1.0)) - bent
    return np.angle(ankle / (thigh + shank * np.exp(1j * bend))), bend


def followers(model: mujoco.MjModel, height: np.ndarray) -> dict[str, np.ndarray]:
    """Joint of a leg -> (n,) angle [rad] at heights (n,) [m] against standing, by the model's own polynomials."""
    found = {}
    for i in range(model.neq):
        joint = int(model.eq_obj1id[i])
        if model.eq_type[i] == mujoco.mjtEq.mjEQ_JOINT and model.equality(i).name.endswith("_follows"):
            terms = model.eq_data[i, :5]
            found[model.joint(joint).name] = model.qpos0[model.jnt_qposadr[joint]] + np.polyval(terms[::-1], height)
    return found


def glide(sheet: Mapping[str, Any], commands: np.ndarray, start: np.ndarray, control_timestep: float) -> np.ndarray:
    """Where the base comes by its commands, without a simulation: the drives' own law, in small steps.

    Args:
        sheet: the robot.yaml; commands: (T, 4) of `COMMANDS`, each held for a control period [s].
        start: (4,) of `JOINTS`, at rest.

    Returns:
        (T + 1, 4) of `JOINTS`.
    """
    limits = sheet["mobile"]["commands"]
    pushes = [float(limits[name]["acceleration"]) for name in COMMANDS]
    rate, slew = float(limits["base_height"]["answer"]), float(limits["base_height"]["speed"])
    steps = max(1, math.ceil(control_timestep / 2e-3))
    h = control_timestep / steps
    x, y, yaw, z = (float(value) for value in start)
    vx = vy = vyaw = vz = 0.0
    target, out = z, [(x, y, yaw, z)]

    def gain(wanted: float, now: float, push: float) -> float:
        slow = abs(wanted - now) <= push * ANSWER
        return h * (wanted - now) / (ANSWER + h) if slow else math.copysign(h * push, wanted - now)

    for ahead, left, turning, height in np.asarray(commands, float).tolist():
        for _ in range(steps):
            c, s = math.cos(yaw), math.sin(yaw)
            a, b = gain(ahead, c * vx + s * vy, pushes[0]), gain(left, c * vy - s * vx, pushes[1])
            vx, vy, vyaw = vx + c * a - s * b, vy + s * a + c * b, vyaw + gain(turning, vyaw, pushes[2])
            target += min(max(height - target, -slew * h), slew * h)
            push = rate * rate * (target - z) - 2.0 * rate * vz
            vz += h * min(max(push, -pushes[3]), pushes[3])
            x, y, yaw, z = x + h * vx, y + h * vy, yaw + h * vyaw, z + h * vz
        out.append((x, y, yaw, z))
    return np.array(out)


def add_speeds(spec: mujoco.MjSpec, sheet: Mapping[str, Any], mark: str, inertia: float) -> None:
    """The commanded speeds in the robot's own heading, each taken on within its acceleration, at a site that `add_joints` carries."""
    commands = sheet["mobile"]["commands"]
    for name, gear in (("base_vx", [1.0, 0, 0, 0, 0, 0]), ("base_vy", [0, 1.0, 0, 0, 0, 0]), ("base_vyaw", None)):
        limit, push = float(commands[name]["limit"]), inertia * float(commands[name]["acceleration"])
        actuator = spec.add_actuator(name=name, ctrllimited=True, ctrlrange=[-limit, limit])
        if gear is None:
            actuator.trntype, actuator.target = mujoco.mjtTrn.mjTRN_JOINT, "base_yaw"
        else:
            actuator.trntype, actuator.target, actuator.gear = mujoco.mjtTrn.mjTRN_SITE, mark, gear
        actuator.set_to_velocity(kv=inertia / ANSWER)
        actuator.forcelimited, actuator.forcerange = True, [-push, push]


def add_commands(spec: mujoco.MjSpec, sheet: Mapping[str, Any]) -> None:
    """The commands as the last actuators: speeds in the robot's own heading and the height, within its limits.

    A speed is taken on within the acceleration, which is a limit of force on the stubborn base; the height is followed at its
    speed limit and critically damped.
    """
    add_speeds(spec, sheet, FOOTPRINT, STUBBORN)
    squat = sheet["mobile"]["commands"]["base_height"]
    height = spec.add_actuator(
        name="base_height", ctrllimited=True, ctrlrange=[float(sheet["mobile"]["lowest"]), 0.0],
        trntype=mujoco.mjtTrn.mjTRN_JOINT, target="base_height",
    )  # fmt: skip
    rate = float(squat["answer"])
    position = mujoco.mjtCtrlInput.mjINPUT_POS.value
    height.set_to_pid(kp=STUBBORN * rate**2, kv=2.0 * STUBBORN * rate, slewmax=float(squat["speed"]), ctrlspec=position)
    push = STUBBORN * float(squat["acceleration"])
    height.forcelimited, height.forcerange = True, [-push, push]
