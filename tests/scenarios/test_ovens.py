"""The microwave's sisters against the forces that their sheets promise, and against the microwave itself."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.parts.part import load_part

TIMESTEP = 1 / 240  # s, as in the microwave scene


def oven(name: str, **params: float) -> mujoco.MjModel:
    """The oven on four feet that do not move: what is asked of it is its own mechanism."""
    spec = load_part(f"fixtures/{name}").spec(**params)
    spec.delete(spec.joint("microwave_free"))
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_DISCRETE
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.compiler.discardvisual = True
    return spec.compile()


def after(model: mujoco.MjModel, load: float, joint: str, seconds: float = 1.0, rest: float = 0.0) -> mujoco.MjData:
    """The state after a load [N or Nm] on a joint that grows for most of the time and then stays, and a rest without it."""
    data, steps = mujoco.MjData(model), round(seconds / TIMESTEP)
    mujoco.mj_step(model, data, 120)
    for k in range(steps):
        data.qfrc_applied[model.joint(joint).dofadr[0]] = load * min(1.0, k / (0.8 * steps))
        mujoco.mj_step(model, data)
    data.qfrc_applied[:] = 0
    if rest:
        mujoco.mj_step(model, data, round(rest / TIMESTEP))
    return data


def degrees(data: mujoco.MjData) -> float:
    return float(np.degrees(data.joint("door_hinge").qpos[0]))


@pytest.mark.parametrize("force", [10.0, 15.0, 20.0])
def test_a_button_lets_the_door_go_at_its_force_and_a_spring_swings_it_open(force):
    model = oven("microwave_button", button_force=force)
    assert degrees(after(model, 0.93 * force, "opener_travel", rest=0.5)) < 0.5
    assert 50.0 < degrees(after(model, 1.06 * force, "opener_travel", rest=4.0)) < 62.0
    # the latch holds against the spring of the hinge
    assert degrees(after(model, 0.0, "opener_travel", rest=1.0)) < 0.2


@pytest.mark.parametrize("force", [15.0, 35.0])
def test_each_oven_with_a_grip_lets_its_door_go_at_the_same_force(force):
    for name, reach in (("microwave", 0.37), ("microwave_right", 0.37), ("microwave_pocket", 0.34)):
        model = oven(name, latch_force=force)
        arm = reach * force  # Nm about the hinge, by a pull at the handle
        assert degrees(after(model, 0.93 * arm, "door_hinge")) < 0.45
        assert degrees(after(model, 1.06 * arm, "door_hinge")) > 2.0


def test_the_mirrored_oven_is_the_oven_in_the_mirror():
    one, other = oven("microwave"), oven("microwave_right")
    assert other.body_mass.sum() == pytest.approx(one.body_mass.sum())
    for model, data in ((one, a := mujoco.MjData(one)), (other, b := mujoco.MjData(other))):
        data.joint("door_hinge").qpos[0] = 1.0
        mujoco.mj_forward(model, data)
    for site in ("handle", "door_edge", "turntable", "start", "plus_30s"):
        np.testing.assert_allclose(b.site(site).xpos, a.site(site).xpos * [1, -1, 1], atol=1e-9)
    for site in ("handle", "start"):  # both look at who stands before them
        np.testing.assert_allclose(b.site(site).xmat[0], a.site(site).xmat[0], atol=1e-9)


def test_the_pocket_of_an_oven_has_room_for_fingers_and_goes_into_nothing():
    """A finger of the claw is 14 mm thick: 36 mm between open pads are 64 mm over all, and the door shuts with the pocket in it."""
    model = oven("microwave_pocket")
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    walls = {n: model.geom(f"door_{n}") for n in ("left", "right", "pocket")}
    inside = [walls["right"].pos[1] + walls["right"].size[1], walls["left"].pos[1] - walls["left"].size[1]]
    grip = model.geom("handle")
    assert inside[0] < grip.pos[1] - 0.032 / np.cos(np.deg2rad(35.0)) and grip.pos[1] + 0.032 < inside[1]
    assert grip.pos[0] - grip.size[0] > 0.0, "the grip stands out of the door"
    fromto = np.zeros(6)
    solid = [
        g
        for g in range(model.ngeom)
        if model.geom_contype[g] and model.geom_bodyid[g] == model.body("microwave_pocket").id
    ]
    for wall in solid:
        for name in ("door", "door_above", "door_left", "door_right", "door_pocket", "handle"):
            gap = mujoco.mj_geomDistance(model, data, wall, model.geom(name).id, 0.05, fromto)
            assert gap > 0.0005, (model.geom(wall).name, name, gap)


def test_the_knob_of_an_oven_is_the_knob_that_stands_alone():
    model = oven("microwave_knob", detent_torque=0.1)
    assert after(model, 0.09, "time_knob_turn").joint("time_knob_turn").qpos[0] < 0.1
    assert after(model, 0.11, "time_knob_turn").joint("time_knob_turn").qpos[0] > np.deg2rad(30.0)
