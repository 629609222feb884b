"""A robot on its own legs: its pelvis is free, its soles stand on the floor, and motors turn its leg joints.

What the motors do is no command of a recording: a controller, or a policy of the user's, computes it (`scenarios/legs`) from the
state and the commands of this base, those of one that glides: speeds and height. Its numbers stand in `legs.yaml` of the robot's
folder. The speeds move a mark over the floor, by the same law as a gliding base, which nothing else touches: the feet follow it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from ..parts.parsed_mjcf import parsed
from ..parts.pose import Pose
from .leg_policy import LegPolicy
from .mobile import add_joints, add_speeds, bend

FREE = "base_free"  # the joint that carries a free pelvis
MARK = "base_commanded"  # a body, and a site of it: where the robot is commanded to be
HEIGHT = "base_height"  # the command: height against standing [m]
_DOFS = {mujoco.mjtJoint.mjJNT_FREE: 6, mujoco.mjtJoint.mjJNT_BALL: 3}
# what the controller remembers, in this order: name -> numbers (`scenarios/legs/balance.py`); then the speed of each dof
MEMORY = {
    "begun": 1, "fallen": 1, "failed": 1, "height": 3, "lean": 2, "leaning": 2, "outside": 6, "lasting": 6, "feet": 8, "wrench": 12,
    "phase": 3, "pressed": 2, "lift": 4, "land": 3, "stood": 3, "aside": 2, "facing": 2, "ending": 1,
}  # fmt: skip


def memory_size(dofs: int, policy: LegPolicy | None = None) -> int:
    """Numbers of `userdata` for a robot of so many dofs, with what a policy for its legs remembers."""
    return sum(MEMORY.values()) + dofs + (0 if policy is None else sum(policy.memory.values()))


def motor(joint: str) -> str:
    """The motor of a leg joint."""
    return f"{joint}_motor"


def legged_spec(model: Path, sheet: Mapping[str, Any], stands: Pose) -> mujoco.MjSpec:
    """The robot's spec with free pelvis and legs, which starts in its stance (`qpos0`); hands are attached afterwards.

    The arms' motors carry the arms (`gravcomp`), and what they push against is the trunk; the engine lets the world carry them.
    So who steps it puts their weight back on the pelvis: `qfrc_applied[:6] = -qfrc_gravcomp[:6]` at every physics step.
    """
    spec = parsed(model)
    stance = sheet["stance"]
    base = stands @ Pose.of((0.0, 0.0, float(stance["base_height"])))
    body = spec.body("base_link")
    body.pos, body.quat = base.pos, base.quat
    body.add_freejoint(name=FREE)
    for name, angle in stance["legs"].items():
        joint = spec.joint(name)
        bend(joint, float(angle))
        joint.ref = float(angle)
        spec.delete(spec.actuator(name))
    mark = spec.worldbody.add_body(name=MARK, pos=[stands.pos[0], stands.pos[1], 0.0], quat=stands.quat)
    mark.mass, mark.inertia, mark.explicitinertial = 1e-9, [1e-12] * 3, True
    add_joints(mark, stands, 1.0)
    mark.add_site(name=MARK, group=4)
    return spec


def add_commands(spec: mujoco.MjSpec, sheet: Mapping[str, Any], legs: Mapping[str, Any]) -> None:
    """Speeds of the mark, and the height, which moves nothing itself; after the hands'."""
    add_speeds(spec, sheet, MARK, 1.0)
    actuator = spec.add_actuator(name=HEIGHT, trntype=mujoco.mjtTrn.mjTRN_SITE, target="pelvis_wrench")
    actuator.gear, actuator.ctrllimited, actuator.ctrlrange = np.zeros(6), True, [float(legs["height"]["lowest"]), 0.0]


def add_motors(spec: mujoco.MjSpec, limits: Mapping[str, Any], legs: Mapping[str, Any], policy: LegPolicy | None = None) -> None:
    """The legs' motors, within their published peak torques, after all that a recording commands; and the controller's memory."""
    for name in legs["joints"]:
        peak = float(limits[name]["torque"]["peak"])
        spec.add_actuator(
            name=motor(name), trntype=mujoco.mjtTrn.mjTRN_JOINT, target=name, ctrllimited=True, ctrlrange=[-peak, peak]
        )
    dofs = sum(_DOFS.get(joint.type, 1) for joint in spec.joints)  # before the parts come
    spec.nuserdata = memory_size(dofs, policy)


def on_stand(model: mujoco.MjModel) -> mujoco.MjModel:
    """The model with the robot's pelvis and legs held where they are: for what comes to rest before anything is controlled."""
    held = copy.copy(model)
    free = held.joint(FREE).dofadr[0]
    held.dof_armature[free : free + 18] = 1e9
    return held
