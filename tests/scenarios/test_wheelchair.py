"""A wheelchair that rolls on four wheels, goes where it is pushed, and stands where its brakes are locked."""

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.parts.part import load_part

RATE = 240  # 1/s, as in its scenes
LOCKED = np.deg2rad(60.0)
SEAT, GRIP = 0.47, 0.92  # m, heights at which it is pushed


def chair(brakes: float = 0.0, **params: float):
    """A wheelchair at rest on a floor: its model and data, `brakes` [rad]."""
    spec = load_part("fixtures/wheelchair").spec(**params)
    spec.option.timestep, spec.option.integrator = 1 / RATE, mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone, spec.option.impratio = mujoco.mjtCone.mjCONE_ELLIPTIC, 10
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[5, 5, 0.1], contype=2, conaffinity=7)
    model = spec.compile()
    data = mujoco.MjData(model)
    for side in ("left", "right"):
        data.joint(f"brake_{side}").qpos = brakes
        data.joint(f"shoe_{side}").qpos = 0.006 * brakes / LOCKED
    for _ in range(RATE // 2):
        mujoco.mj_step(model, data)
    return model, data


def pushed(model, data, force: float, height: float, seconds: float, aside: float = 0.0) -> tuple[float, float, float]:
    """Way [m], speed [m/s] and turn [rad] after a push ahead at its back, which grows for half a second."""
    body = model.body("wheelchair").id
    start = data.xpos[body].copy()
    for i in range(round(seconds * RATE)):
        ahead = data.xmat[body].reshape(3, 3)
        data.qfrc_applied[:] = 0
        way = force * min(1.0, 2 * i / RATE) * ahead[:, 0]
        point = data.xpos[body] + ahead @ np.array([0.0, aside, height])
        mujoco.mj_applyFT(model, data, way, np.zeros(3), point, body, data.qfrc_applied)
        mujoco.mj_step(model, data)
    turn = np.arctan2(data.xmat[body][3], data.xmat[body][0])
    return float(np.linalg.norm((data.xpos[body] - start)[:2])), float(np.linalg.norm(data.qvel[:2])), float(turn)


@pytest.mark.parametrize("share", [0.01, 0.03])
def test_it_rolls_from_its_rolling_resistance_on_and_not_below(share):
    weight = 17.6 * 9.81
    assert pushed(*chair(rolling_resistance=share), 0.7 * share * weight, GRIP, 2.0)[0] < 5e-3
    model, data = chair(rolling_resistance=share)
    way, speed, turn = pushed(model, data, 20.0, GRIP, 1.5)
    assert way == pytest.approx(0.5 * (20.0 / 17.6 - 9.81 * share) * 1.25**2, rel=0.25)  # less for the wheels' inertia
    assert abs(turn) < 0.01
    rolled = data.joint("wheel_left").qpos[0] * 0.33
    assert rolled == pytest.approx(way, abs=5e-3)  # it does not slide
    data.qfrc_applied[:] = 0
    for _ in range(RATE):
        mujoco.mj_step(model, data)
    assert speed - np.linalg.norm(data.qvel[:2]) == pytest.approx(9.81 * share, rel=0.4)


def test_pushed_at_one_handle_it_turns_and_its_castors_trail():
    model, data = chair()
    turn = pushed(model, data, 12.0, GRIP, 2.5, aside=0.22)[2]
    assert turn < -0.1  # to the right
    assert data.joint("fork_left").qpos[0] < -0.03  # its castors have turned the way it goes


def test_with_both_brakes_locked_it_stands_at_forty_newtons():
    assert pushed(*chair(LOCKED), 40.0, SEAT, 2.0)[0] < 0.010
    assert pushed(*chair(0.0), 40.0, SEAT, 2.0)[0] > 1.0
    assert (
        pushed(*chair(LOCKED), 60.0, GRIP, 2.0)[0] > 0.010
    )  # an empty chair: the large wheels are unloaded, and slide


def test_a_lever_stays_at_either_end_until_it_is_pushed_hard_enough():
    for force, locked in ((14.0, False), (30.0, True)):
        model, data = chair(brake_force=20.0)
        for _ in range(RATE):
            data.qfrc_applied[model.joint("brake_left").dofadr[0]] = 0.120 * force
            mujoco.mj_step(model, data)
        assert bool(data.joint("brake_left").qpos[0] > 0.9 * LOCKED) is locked
        data.qfrc_applied[:] = 0
        for _ in range(RATE // 2):
            mujoco.mj_step(model, data)
        assert bool(data.joint("brake_left").qpos[0] > 0.9 * LOCKED) is locked  # and stays without a hand
