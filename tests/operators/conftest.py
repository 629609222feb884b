"""Arms that several tests of the operator move."""

import numpy as np
import pytest
from shiliu.replay.operator.limbs.arm import Arm
from shiliu.scenarios.robots.postures import postures_of
from shiliu.scenarios.robots.robot import load_robot


@pytest.fixture(scope="module")
def arms():
    """Side -> arm of a robot on legs, in its ready posture, at 30 Hz."""
    robot = load_robot("kuafu", base="legs")
    rng = np.random.default_rng(0)
    return {
        side: Arm(robot, side, np.array(postures_of(robot.name, side)["ready"]), 1 / 30, 0.05, 400.0, rng) for side in ("left", "right")
    }
