"""The claw alone: how hard it presses, what it holds and lets slip, and how large it is."""

import mujoco
import numpy as np
import pytest
from robot_physics import KUAFU, TIMESTEP, set_options


def claw_and_block(thickness=0.02, mass=0.35, friction=0.8):
    """A fixed claw, fingers down, with a free block between its pads; gravity is off until the test turns it on."""
    spec = mujoco.MjSpec.from_file(str(KUAFU / "claw.xml"))
    set_options(spec)
    spec.body("claw").pos = [0, 0, 0.5]
    block = spec.worldbody.add_body(name="block", pos=[0, 0, 0.5 - 0.1645 + 0.42 * thickness / 2])
    block.add_freejoint()
    block.add_geom(
        name="block",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[thickness / 2, 0.03, 0.0225],
        mass=mass,
        contype=2,
        conaffinity=7,
        friction=[friction, 0.01, 0.0001],
        solref=[0.01, 1],
    )
    model = spec.compile()
    model.opt.gravity[2] = 0
    return model, mujoco.MjData(model)


def run(model, data, seconds, percent=None):
    if percent is not None:
        data.ctrl[0] = percent
    for _ in range(round(seconds / TIMESTEP)):
        mujoco.mj_step(model, data)


def pad_force(model, data, pad):
    """Normal force [N] of one pad."""
    total, force = 0.0, np.zeros(6)
    for i, contact in enumerate(data.contact):
        if model.geom(pad).id in contact.geom:
            mujoco.mj_contactForce(model, data, i, force)
            total += force[0]
    return total


@pytest.mark.parametrize("thickness", [0.04, 0.06, 0.10])
def test_grip_saturates_at_the_published_force(thickness):
    model, data = claw_and_block(thickness)
    run(model, data, 2.0, percent=100)
    for pad in ("finger_front_pad", "finger_back_pad"):
        assert pad_force(model, data, pad) == pytest.approx(180, rel=0.1)


def test_grip_is_dosed_by_position():
    """A command 10 mm narrower than the block gives 60 N; the soft pads add their own 4 mm of squeeze."""
    model, data = claw_and_block(0.06)
    forces = []
    for squeeze in (0.002, 0.006, 0.010):
        opening = 0.06 - squeeze + 0.004
        run(model, data, 1.5, percent=100 * (1 - opening / 0.19))
        forces.append(pad_force(model, data, "finger_front_pad"))
    assert forces[2] == pytest.approx(60, rel=0.1)
    assert np.diff(forces) == pytest.approx([24, 24], rel=0.15)


@pytest.mark.parametrize("down", [(0, 0, -1), (0, -1, 0), (0, 0, 1)], ids=["out", "sideways", "into the palm"])
def test_grasp_holds_a_block_by_friction(down):
    model, data = claw_and_block()
    run(model, data, 1.5, percent=100)
    start = data.body("block").xpos.copy()
    model.opt.gravity[:] = 9.81 * np.array(down)
    run(model, data, 2.0)
    assert np.linalg.norm(data.body("block").xpos - start) < 2e-3
    assert data.body("block").xquat[0] > 0.9999


def closed_on(thickness, integrator, timestep):
    """(n, 2) normal forces [N] of both pads, from the first touch on, of a claw that closes all the way at its own speed."""
    model, data = claw_and_block(thickness)
    model.opt.integrator, model.opt.timestep, model.opt.impratio = integrator, timestep, 10
    forces = []
    for step in range(round(2.0 / timestep)):
        data.ctrl[0] = min(100.0, 40.0 + 100.0 * step * timestep)
        mujoco.mj_step(model, data)
        forces.append([pad_force(model, data, f"finger_{side}_pad") for side in ("front", "back")])
    forces = np.array(forces)
    return forces[np.argmax((forces > 0).all(axis=1)) :]


@pytest.mark.parametrize("thickness", [pytest.param(0.01, marks=pytest.mark.slow), 0.02, pytest.param(0.04, marks=pytest.mark.slow)])
def test_pads_hold_without_a_bounce_where_the_solver_knows_of_the_damping(thickness):
    """The drive's damping is worth 12 (480 Hz) to 23 times (240 Hz) a finger's inertia in one step. `discrete` solves contact with it;
    `implicitfast` adds it behind the solver's back: a third too much at 480 Hz, and pads that bounce at 240 Hz."""
    discrete, fast = mujoco.mjtIntegrator.mjINT_DISCRETE, mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    steady = closed_on(thickness, discrete, 1 / 480)[-1]
    forces = closed_on(thickness, discrete, 1 / 240)
    assert forces[-1] == pytest.approx(steady, rel=0.01)
    assert forces[3:].min() > 0 and forces.max() < 1.03 * steady.max()
    assert closed_on(thickness, fast, 1 / 480).max() > 1.3 * steady.max()
    assert closed_on(thickness, fast, 1 / 240)[3:].min() == 0


def test_grasp_too_light_for_the_weight_slips():
    """0.35 kg between two pads of friction 0.9 needs 1.9 N; 1.2 N let it go sideways. (A pull out of the palm would
    tighten the fingers, as they close along a diagonal.)"""
    model, data = claw_and_block(0.06)
    opening = 0.06 - 0.0002 + 0.004
    run(model, data, 2.0, percent=100 * (1 - opening / 0.19))
    assert 0.5 < pad_force(model, data, "finger_front_pad") < 1.9
    start = data.body("block").xpos[1]
    model.opt.gravity[1] = -9.81
    run(model, data, 1.0)
    assert data.body("block").xpos[1] < start - 0.05


@pytest.mark.parametrize(("percent", "length", "width"), [(100, 0.187, 0.104), (0, 0.145, 0.214)])
def test_outer_size_is_the_product_tables(percent, length, width):
    model = mujoco.MjModel.from_xml_path(str(KUAFU / "claw.xml"))
    data = mujoco.MjData(model)
    data.qpos[:] = percent / 100 * model.jnt_range[:, 1]
    mujoco.mj_forward(model, data)
    for group in (2, 3):
        geoms = np.flatnonzero(model.geom_group == group)
        half = np.abs(data.geom_xmat[geoms].reshape(-1, 3, 3)) @ model.geom_aabb[geoms, 3:, None]
        centre = data.geom_xpos[geoms] + np.einsum(
            "nij,nj->ni", data.geom_xmat[geoms].reshape(-1, 3, 3), model.geom_aabb[geoms, :3]
        )
        low, high = (centre - half[..., 0]).min(0), (centre + half[..., 0]).max(0)
        assert high[0] - low[0] == pytest.approx(width, abs=2e-3)
        assert -low[2] == pytest.approx(length, abs=2e-3)


def test_percent_moves_both_fingers_alike():
    model = mujoco.MjModel.from_xml_path(str(KUAFU / "claw.xml"))
    set_timestep(model)
    data = mujoco.MjData(model)
    for percent in (30, 80, 0, 100):
        run(model, data, 1.8, percent)
        assert data.actuator_length[0] == pytest.approx(percent, abs=0.5)
        assert data.qpos[0] == pytest.approx(data.qpos[1], abs=1e-5)
    assert np.allclose(data.site("pad_front").xpos, data.site("tcp").xpos, atol=1e-3)
    assert np.allclose(data.site("pad_back").xpos, data.site("tcp").xpos, atol=1e-3)
    assert data.ncon == 0  # an empty closed claw touches nothing, itself included


def set_timestep(model):
    model.opt.timestep = TIMESTEP
    model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
