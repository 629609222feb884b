"""Arms that several tests of the operator move, and cloth that need not come to rest for them."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from shiliu.replay.operator.limbs.arm import Arm
from shiliu.scenarios.draws import variation
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


@pytest.fixture(scope="session")
def unsettled() -> Callable[..., variation.Draw]:
    """The draw of a scene and a seed whose cloth lies as it was composed: until it has come to rest takes seconds."""

    @cache
    def of(scene, seed):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(variation, "settle", lambda model, cloths, qpos, *_: qpos)
            return variation.draw(scene, seed)

    return of
