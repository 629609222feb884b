"""The medicine cabinet: its magnet lets go at its force, holds the shut door, and leaves an open one alone."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.parts.part import load_part

ARM = 0.27  # m, from the hinge to the handle
RATE = 3.0  # N/s
FRICTION = 0.3  # N at the handle, of the hinge


def started(force: float):
    spec = load_part("fixtures/wall_cabinet").spec(catch_force=force)
    model = spec.compile()
    return model, mujoco.MjData(model)


@pytest.mark.parametrize("force", [8.0, 14.0, 20.0])
def test_its_magnet_lets_go_at_its_force(force):
    model, data = started(force)
    address, hinge = model.joint("door_hinge").dofadr[0], data.joint("door_hinge").qpos
    pull = 0.0
    while hinge[0] < 0.016 and pull < 60.0:
        pull += RATE * model.opt.timestep
        data.qfrc_applied[address] = ARM * pull
        mujoco.mj_step(model, data)
    assert pull == pytest.approx(force + FRICTION, abs=0.6)


def test_a_door_that_is_let_go_near_the_magnet_falls_shut_and_one_beyond_it_stays():
    for start, shut in ((0.006, True), (0.3, False)):
        model, data = started(14.0)
        hinge = data.joint("door_hinge").qpos
        hinge[0] = start
        mujoco.mj_step(model, data, 1000)
        assert bool(hinge[0] < np.radians(0.1)) is shut
