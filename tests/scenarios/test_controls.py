"""Mechanisms that stand alone, against the forces and torques that their sheets promise."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.parts.part import load_part

TIMESTEP = 1 / 480  # s, as in every scene
STEP = np.deg2rad(30.0)  # of the knob, from one detent to the next


def alone(name: str, **params: float) -> mujoco.MjModel:
    spec = load_part(name).spec(**params)
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    return spec.compile()


def under(
    model: mujoco.MjModel, joint: str, load: float, seconds: float, data: mujoco.MjData | None = None
) -> mujoco.MjData:
    """The state after a load [N or Nm] on a joint that grows for most of the time and then stays."""
    data = mujoco.MjData(model) if data is None else data
    steps = round(seconds / TIMESTEP)
    for k in range(steps):
        data.qfrc_applied[model.joint(joint).dofadr[0]] = load * min(1.0, k / (0.7 * steps))
        mujoco.mj_step(model, data)
    return data


@pytest.mark.parametrize("torque", [0.05, 0.10, 0.15])
def test_a_knob_leaves_its_detent_at_the_torque_of_its_sheet(torque):
    model = alone("mechanisms/knob_with_detents", detent_torque=torque)
    held = under(model, "knob_turn", 0.9 * torque, 1.0)
    assert held.joint("knob_turn").qpos[0] < 0.2 * STEP
    assert under(model, "knob_turn", 0.0, 0.3, held).joint("knob_turn").qpos[0] == pytest.approx(0.0, abs=1e-3)
    turned = under(model, "knob_turn", 1.1 * torque, 1.0)
    assert turned.joint("knob_turn").qpos[0] > STEP


def test_a_knob_rests_in_its_detents_and_turns_back():
    model = alone("mechanisms/knob_with_detents")
    for angle in (0.6, 1.4, 5.4):  # let go between two detents it goes on to the nearer one
        data = mujoco.MjData(model)
        data.joint("knob_turn").qpos[0] = angle * STEP
        data.joint("detent_slide").qpos[0] = 9e-4
        under(model, "knob_turn", 0.0, 0.5, data)
        assert data.joint("knob_turn").qpos[0] == pytest.approx(round(angle) * STEP, abs=2e-3)
    data = mujoco.MjData(model)
    data.joint("knob_turn").qpos[0] = 3 * STEP
    under(model, "knob_turn", -0.107, 0.6, data)
    assert data.joint("knob_turn").qpos[0] < 2 * STEP


@pytest.mark.parametrize("force", [10.0, 15.0, 20.0])
def test_a_button_is_pressed_by_the_force_of_its_sheet(force):
    model = alone("mechanisms/push_button", push_force=force)
    pressed = load_part("mechanisms/push_button").interface["button"]["pressed"]
    assert pressed == "5 mm"
    assert under(model, "button_travel", force - 1.5, 0.4).joint("button_travel").qpos[0] < 5e-3
    assert under(model, "button_travel", force, 0.4).joint("button_travel").qpos[0] > 5.8e-3
    assert under(model, "button_travel", force - 7.0, 0.4).joint("button_travel").qpos[0] < 1e-4  # preloaded
