"""What the controller of a robot on its legs remembers between two instants."""

from __future__ import annotations

import numpy as np

from ..robots.leg_policy import LegPolicy
from ..robots.legged import MEMORY, memory_size


class Memory:
    """The controller's memory, live in the `userdata` of one copy.

    Attributes:
        begun: 1 once it has controlled; fallen: time [s] at which it gave up, 0 while it stands; failed: programmes without a solution.
        height: what is tracked: target, height [m] and speed [m/s]; lean, leaning: of the pelvis, level, [m] and [m/s].
        outside, lasting: wrench on the pelvis of all but floor and weight, over `observer` and `lean.slow`.
        feet: x, y, z [m], yaw [rad] at which each sole stands.
        wrench: (12,) of the floor on either sole, inferred: force [N] and moment [Nm] about the ankle's foot point, in the world.
        phase: what it does (`footsteps.py`), since when [s], and which foot steps; pressed: where the floor pressed as that began [m].
        lift, land: x, y, z [m], yaw [rad] at which the foot in the air left, and x, y, yaw at which it is set down.
        stood: x, y, yaw of the mark where it is to stand; ending: 1 once the step that it takes is to be the last one.
        aside: what a load shifts the static pressure point by, level [m].
        facing: yaw [rad] at which the trunk is to face now, and how fast that turns [rad/s].
        speed: qvel of the instant before; behind it lies what a policy remembers (`PolicyMemory`).
    """

    begun: np.ndarray
    fallen: np.ndarray
    failed: np.ndarray
    height: np.ndarray
    lean: np.ndarray
    leaning: np.ndarray
    outside: np.ndarray
    lasting: np.ndarray
    feet: np.ndarray
    wrench: np.ndarray
    phase: np.ndarray
    pressed: np.ndarray
    lift: np.ndarray
    land: np.ndarray
    stood: np.ndarray
    aside: np.ndarray
    facing: np.ndarray
    ending: np.ndarray
    speed: np.ndarray

    def __init__(self, userdata: np.ndarray):
        at = 0
        for name, size in MEMORY.items():
            setattr(self, name, userdata[at : at + size])
            at += size
        self.speed, self.userdata = userdata[at:], userdata


class PolicyMemory:
    """What a policy remembers, live in the `userdata` of one copy, behind what every controller does.

    Attributes:
        due: time [s] of its next answer; cycles: of its phase that have gone by.
        action: (k,) its last answer; target: (12,) of the leg joints [rad]; asked: (12,) torque [Nm], before the motors' peak cuts it.
        smooth, borne: (2,) upward force of the floor on either sole [N], smoothed, and the lesser of that and what it is now.
        frames: (frames, size) what it was shown, the oldest first.
    """

    due: np.ndarray
    cycles: np.ndarray
    action: np.ndarray
    target: np.ndarray
    asked: np.ndarray
    smooth: np.ndarray
    borne: np.ndarray
    frames: np.ndarray

    def __init__(self, userdata: np.ndarray, policy: LegPolicy, dofs: int):
        at = memory_size(dofs)
        for name, size in policy.memory.items():
            setattr(self, name, userdata[at : at + size])
            at += size
        self.frames = self.frames.reshape(policy.frames, policy.frame)
