"""What stands in a switch room against the forces and torques that its sheets promise, and parameters that turn or round."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu.replay.operator.limbs.geometry import hand_frame
from shiliu.replay.operator.skills.move_joint.turn import across
from shiliu.scenarios.parts.part import Write, load_part
from shiliu.scenarios.reading.config import Vary

TIMESTEP = 1 / 240  # s, as in a scene of 8 substeps


def alone(name: str, **params: float) -> tuple[mujoco.MjModel, mujoco.MjData]:
    """A part by itself with parameters in SI units, after a second of rest."""
    spec = load_part(name).spec(**params)
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_DISCRETE
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data, 240)
    return model, data


def push(model, data, joint: str, rate: float, done, most: float) -> float:
    """Push along a joint, or about it, with a load that grows by `rate` a second until something is done; the load then."""
    dof, load = model.joint(joint).dofadr[0], 0.0
    while not done() and abs(load) < most:
        load += rate * TIMESTEP
        data.qfrc_applied[dof] = load
        mujoco.mj_step(model, data)
    data.qfrc_applied[:] = 0.0
    return abs(load)


@pytest.mark.parametrize("torque", [0.15, 0.25, 0.4])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_switch_leaves_its_place_at_its_torque_and_falls_into_the_next(torque, sign):
    model, data = alone("mechanisms/selector_switch", detent_torque=torque)
    angle = data.joint("switch_turn").qpos
    load = push(model, data, "switch_turn", sign * 0.05, lambda: sign * angle[0] > np.deg2rad(4.0), 1.0)
    assert load == pytest.approx(torque, rel=0.1)
    push(model, data, "switch_turn", sign * torque, lambda: sign * angle[0] > np.deg2rad(24.0), 1.0)
    mujoco.mj_step(model, data, 240)
    assert np.rad2deg(sign * angle[0]) == pytest.approx(45.0, abs=1.0)


def test_switch_turned_with_less_than_its_torque_springs_back():
    model, data = alone("mechanisms/selector_switch", detent_torque=0.3)
    push(model, data, "switch_turn", 0.1, lambda: False, 0.25)
    mujoco.mj_step(model, data, 240)
    assert abs(np.rad2deg(data.joint("switch_turn").qpos[0])) < 1.0


@pytest.mark.parametrize(("drawn", "place"), [(-60.0, -45.0), (-20.0, 0.0), (10.0, 0.0), (30.0, 45.0)])
def test_switch_starts_in_the_place_that_is_nearest_to_what_is_drawn(drawn, place):
    _, data = alone("mechanisms/selector_switch", position=np.deg2rad(drawn))
    assert np.rad2deg(data.joint("switch_turn").qpos[0]) == pytest.approx(place, abs=0.5)
    across = data.site("lever").xmat.reshape(3, 3)[:, 1]
    lean = np.rad2deg(
        np.arctan2(across[2], across[1])
    )  # of the lever's flats: clockwise from the front is positive about x
    assert lean == pytest.approx((place + 90.0) % 180.0 - 90.0, abs=0.5) or abs(abs(lean) - 180 + abs(place)) < 0.5


@pytest.mark.parametrize("torque", [0.5, 0.7, 1.0])
def test_lock_turns_at_its_torque_a_quarter_and_back(torque):
    model, data = alone("mechanisms/quarter_turn_lock", torque=torque)
    angle = data.joint("lock_turn").qpos
    load = push(model, data, "lock_turn", 0.15, lambda: angle[0] > np.deg2rad(6.0), 3.0)
    assert load == pytest.approx(torque, rel=0.1)
    push(model, data, "lock_turn", 0.3, lambda: angle[0] > np.deg2rad(80.0), 3.0)
    mujoco.mj_step(model, data, 240)
    assert np.rad2deg(angle[0]) == pytest.approx(90.0, abs=3.0)
    load = push(model, data, "lock_turn", -0.15, lambda: angle[0] < np.deg2rad(84.0), 3.0)
    assert load == pytest.approx(torque, rel=0.1)


def test_lock_let_go_half_way_stays_there():
    model, data = alone("mechanisms/quarter_turn_lock", torque=0.7)
    data.joint("lock_turn").qpos[0] = np.deg2rad(45.0)
    data.joint("detent_slide").qpos[0] = 0.0017
    mujoco.mj_step(model, data, 240)
    assert np.rad2deg(data.joint("lock_turn").qpos[0]) == pytest.approx(45.0, abs=5.0)


@pytest.mark.parametrize("force", [10.0, 17.5, 25.0])
def test_button_goes_in_at_its_force_and_springs_back(force):
    model, data = alone("mechanisms/mushroom_button", push_force=force)
    travel = data.joint("cap_travel").qpos
    assert push(model, data, "cap_travel", 10.0, lambda: travel[0] > 0.0039, 60.0) == pytest.approx(force, rel=0.05)
    mujoco.mj_step(model, data, 120)
    assert travel[0] < 2e-4


@pytest.mark.parametrize("torque", [1.0, 1.5, 2.0])
def test_handwheel_turns_above_its_friction_and_not_below(torque):
    model, data = alone("mechanisms/handwheel", torque=torque)
    angle, dof = data.joint("wheel_turn").qpos, model.joint("wheel_turn").dofadr[0]
    data.qfrc_applied[dof] = -0.9 * torque
    mujoco.mj_step(model, data, 240)
    assert abs(np.rad2deg(angle[0])) < 1.5, "it creeps by a little"
    data.qfrc_applied[dof] = -1.1 * torque
    mujoco.mj_step(model, data, 240)
    assert np.rad2deg(angle[0]) < -30.0


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_needle_points_at_what_the_gauge_reads(share):
    _, data = alone("fixtures/gauge_stand", large_reading=share, small_reading=1.0 - share)
    for name, shown in (("large", share), ("small", 1.0 - share)):
        across, up = (data.site(f"{name}_tip").xpos - data.body(f"{name}_needle").xpos)[1:]
        angle = np.rad2deg(np.arctan2(-across, up))  # clockwise from the top, for who looks along x
        assert angle == pytest.approx(shown * 270.0 - 135.0, abs=0.1)


@pytest.mark.parametrize(("value", "alpha"), [(0.0, 0.0), (0.3, 0.0), (0.7, 1.0), (1.0, 1.0)])
def test_lamp_is_lit_or_dark_and_nothing_between(value, alpha):
    part = load_part("fixtures/signal_panel")
    spec = part.spec()
    (write,) = part.params["lamp_5"].writes
    write.apply(spec, "", value)
    assert spec.geom("lamp_5_lit").rgba[3] == alpha and write.held(spec) == alpha


def test_a_body_is_turned_about_one_axis():
    spec = load_part("fixtures/gauge_stand").spec()
    assert Write("body", "large_needle", "turned", 0, 1.0, 0.0).fault(spec) is None
    assert "index 0, 1 or 2" in str(Write("body", "large_needle", "turned", None, 1.0, 0.0).fault(spec))
    assert "another axis" in str(Write("body", "large_needle", "turned", 2, 1.0, 0.0).fault(spec))


def test_one_of_draws_each_value_as_often_and_no_other():
    vary = Vary("cabinet.switch_position", -0.8, 0.8, True, (-0.8, 0.8))
    rng = np.random.default_rng(3)
    drawn = [vary.number(rng) for _ in range(400)]
    assert set(drawn) == {-0.8, 0.8} and 160 < drawn.count(0.8) < 240


@pytest.mark.parametrize(
    ("pull", "turned", "opens"), [(40.0, 0.0, False), (12.0, np.pi / 2, True), (8.0, np.pi / 2, False)]
)
def test_locked_door_stays_shut_and_an_unlocked_one_opens_above_its_catch(pull, turned, opens):
    model, data = alone("fixtures/control_cabinet", catch_force=10.0)
    data.joint("lock/lock_turn").qpos[0] = turned
    mujoco.mj_step(model, data, 120)
    for _ in range(480):
        out = data.site("handle").xmat.reshape(3, 3)[:, 0]
        data.qfrc_applied[:] = 0.0
        body = model.body("door").id
        mujoco.mj_applyFT(model, data, pull * out, np.zeros(3), data.site("handle").xpos, body, data.qfrc_applied)
        mujoco.mj_step(model, data)
    assert (np.rad2deg(data.joint("door_hinge").qpos[0]) > 20.0) == opens
    if not opens:
        assert np.rad2deg(data.joint("door_hinge").qpos[0]) < 0.6


@pytest.mark.parametrize("lean", [-45.0, 0.0, 30.0, 90.0])
def test_pads_are_turned_across_the_flats_of_a_lever(lean):
    a = np.deg2rad(lean)
    site = np.array([[-1.0, 0.0, 0.0], [0.0, -np.cos(a), np.sin(a)], [0.0, np.sin(a), np.cos(a)]])
    for roll in (-np.pi / 2, 0.0):
        frame = hand_frame(0.0, 0.1, roll)
        turned = across(frame, site)
        pads = site.T @ turned[:, 1]
        assert abs(pads[2]) < 1e-9 and abs(pads[1]) > 0.99
        assert (np.trace(turned.T @ frame) - 1.0) / 2.0 > -1e-6, "by no more than a quarter"
