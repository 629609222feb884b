"""What a policy for the legs can be shown: the quantities by the names that the maker's controller and Isaac Lab give them.

Numbers are SI; axes are those of the pelvis (`base_link`): x ahead, y to the left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..robots.leg_policy import LegPolicy

SPEEDS = ("cmdVelLineX", "cmdVelLineY", "cmdVelAngularZ", "cmdStance")  # of a command, in the maker's words
JOINTS = -1  # as many numbers as the policy has joints
# name -> how many numbers; names on one line mean the same
SIZES: Mapping[str, int] = {
    "bodyAngVel": 3, "base_ang_vel": 3,
    "gravity_body": 3, "projected_gravity": 3,
    "bodyLineVel": 3, "base_lin_vel": 3,
    "command": 4,
    "command_scalar_state": 4,
    "velocity_commands": 3,
    "command_state": 1,
    "commandPhase": 2,
    "height_command": 1,
    "jointPos": JOINTS, "joint_pos": JOINTS,
    "jointVel": JOINTS, "joint_vel": JOINTS,
    "action": JOINTS, "actions": JOINTS,
}  # fmt: skip


@dataclass(frozen=True)
class PolicyState:
    """What a policy is shown at an instant.

    Attributes:
        turning, speed, gravity: (3,) of the pelvis: how it turns [rad/s] and moves [m/s], and which way is down, of length one.
        command: speeds ahead and to the left [m/s] and of turning [rad/s], and 1 where it is to stand, 0 where it is to go.
        height: commanded, against standing [m]; cycles: of its phase that have gone by.
        position, velocity: (k,) of its joints [rad], [rad/s]; action: (k,) its last answer.
    """

    turning: np.ndarray
    speed: np.ndarray
    gravity: np.ndarray
    command: tuple[float, float, float, float]
    height: float
    cycles: float
    position: np.ndarray
    velocity: np.ndarray
    action: np.ndarray


def frame_of(policy: LegPolicy, shown: PolicyState) -> np.ndarray:
    """(n,) float64 of one frame of the observation, scaled and clipped."""
    command = np.array([value * by for value, by in zip(shown.command, policy.command)])
    angle = math.tau * shown.cycles
    values = {
        "bodyAngVel": shown.turning,
        "gravity_body": shown.gravity,
        "bodyLineVel": shown.speed,
        "command": command,
        "command_scalar_state": np.array([*command[:3], 1.0 - command[3]]),
        "velocity_commands": command[:3],
        "command_state": np.array([shown.command[3]]),
        "commandPhase": np.array([math.sin(angle), math.cos(angle)]),
        "height_command": np.array([shown.height]),
        "jointPos": shown.position - policy.default,
        "jointVel": shown.velocity,
        "action": shown.action,
    }
    values |= {
        "base_ang_vel": values["bodyAngVel"], "projected_gravity": values["gravity_body"], "base_lin_vel": values["bodyLineVel"],
        "joint_pos": values["jointPos"], "joint_vel": values["jointVel"], "actions": values["action"],
    }  # fmt: skip
    parts = [term.scale * values[term.name][term.first : term.first + term.size] for term in policy.terms]
    return np.clip(np.concatenate(parts), -policy.clip[0], policy.clip[0])


def input_of(policy: LegPolicy, frames: np.ndarray) -> np.ndarray:
    """(1, n) float32 that the policy takes, of its frames (frames, size), the oldest first."""
    if policy.by_term:
        ends = np.cumsum([term.size for term in policy.terms])[:-1]
        frames = np.concatenate([part.ravel() for part in np.split(frames, ends, axis=1)])
    return np.ascontiguousarray(frames, np.float32).reshape(1, -1)
