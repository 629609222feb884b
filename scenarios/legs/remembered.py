"""What the controller of a robot on its legs remembers between two instants."""

from __future__ import annotations

import numpy as np

from ..robots.legged import MEMORY


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
        speed: qvel of the instant before.
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
        self.speed = userdata[at:]
