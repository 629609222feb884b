"""Every scene: it compiles, stands still, weighs what it weighs, and moves alike with and without its looks."""

from __future__ import annotations

import os
import subprocess
import sys

import mujoco
import numpy as np
import pytest
import shiliu
from scenario_costs import every, every_moving
from shiliu.scenarios.draws import variation as draw
from shiliu.scenarios.draws.variation import STATE
from shiliu.scenarios.reactions.belts import stopped
from shiliu.scenarios.scene.looks import standing
from shiliu.scenarios.scene.scene import Scene

DEEPEST = 1e-3  # m


def started(scene: Scene, model: mujoco.MjModel | None = None) -> tuple[mujoco.MjModel, mujoco.MjData]:
    """Model and data at the nominal start."""
    model = scene.model if model is None else model
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, draw.nominal(scene).start_state, STATE)
    mujoco.mj_forward(model, data)
    return model, data


@every_moving
def test_stands_still_for_a_second(any_scene):
    """Belts stand, too: what lies on one that moves goes with it (tests/scenarios/test_belts.py)."""
    model, data = started(any_scene, stopped(any_scene.model))
    before = data.qpos.copy()
    deepest = 0.0
    for _ in range(round(1.0 / any_scene.timestep)):
        mujoco.mj_step(model, data)
        deepest = max(deepest, -data.contact.dist.min(initial=0.0))
    assert data.time == pytest.approx(1.0)
    assert not any(data.warning.number)
    assert deepest < DEEPEST
    assert np.abs(data.qvel).max() < 0.02  # m/s, rad/s
    assert np.abs(data.qpos - before).max() < 2e-3  # m, rad


@pytest.mark.parametrize(("name", "wide"), [("table_setting", False), ("bedside_care", True)])
def test_shadows_reach_all_that_stands_in_a_scene(name, wide):
    scene = shiliu.load_scenario(name)
    model = scene.compile(draw.nominal(scene).values, looks=True)
    data = mujoco.MjData(model)
    data.qpos[:] = scene.rest
    mujoco.mj_kinematics(model, data)
    light = model.light("key")
    half = model.stat.extent * model.vis.map.shadowclip
    offsets = standing(data) - light.pos
    along = offsets @ light.dir
    assert np.linalg.norm(offsets - along[:, None] * light.dir, axis=1).max() < half
    assert along.min() > 0.0  # nothing stands behind the light
    assert half == pytest.approx(4.0) if not wide else 6.0 < half < 7.5  # m
    assert scene.model.vis.map.shadowclip == 2.5  # the physics model, of which the fingerprint is taken, is as it was


@every_moving
def test_looks_change_no_physics(any_scene):
    looks = any_scene.compile(draw.nominal(any_scene).values, looks=True)
    bare = any_scene.model
    assert looks.ngeom > bare.ngeom and looks.ntex > 0
    for size in ("nq", "nv", "nu", "nbody", "njnt", "nsensor", "nsensordata", "npair", "neq", "ntendon"):
        assert getattr(looks, size) == getattr(bare, size), size
    for name in (
        "body_mass",
        "body_inertia",
        "sensor_adr",
        "sensor_type",
        "jnt_range",
        "dof_armature",
        "actuator_gainprm",
    ):
        np.testing.assert_array_equal(getattr(looks, name), getattr(bare, name), err_msg=name)
    assert [looks.sensor(i).name for i in range(looks.nsensor)] == [bare.sensor(i).name for i in range(bare.nsensor)]
    ends = []
    for model in (bare, looks):
        model, data = started(any_scene, model)
        data.ctrl[:14] += 0.3  # every joint of the arms moves, and what they meet
        for _ in range(round(1.0 / any_scene.timestep)):
            mujoco.mj_step(model, data)
        ends.append((data.qpos.copy(), data.sensordata.copy()))
    assert np.abs(ends[0][0][: len(any_scene.joint_index)] - any_scene.start_qpos(bare)[:16]).max() > 0.1
    np.testing.assert_allclose(ends[1][0], ends[0][0], atol=1e-9)
    # a range finder meets what is drawn, too, which stands out of what touches by some millimetres
    sights = bare.sensor_adr[bare.sensor_type == mujoco.mjtSensor.mjSENS_RANGEFINDER]
    np.testing.assert_allclose(ends[1][1][sights], ends[0][1][sights], atol=0.01)
    others = np.delete(np.arange(bare.nsensordata), sights)
    np.testing.assert_allclose(ends[1][1][others], ends[0][1][others], atol=1e-6)


@every
def test_the_robot_weighs_what_its_sheet_says(any_scene):
    model = any_scene.model
    own = [i for i in range(1, model.nbody) if "/" not in model.body(i).name]
    assert model.body_mass[own].sum() == pytest.approx(51.7146, rel=1e-3)


def test_parts_weigh_what_the_scenario_says(scene):
    model = scene.model
    params = {p.name: p.params for p in scene.config.parts}

    def weight(part: str) -> float:
        return sum(model.body(i).mass[0] for i in range(model.nbody) if model.body(i).name.startswith(f"{part}/"))

    assert weight("oven") == pytest.approx(11.0, rel=0.01)
    assert weight("bowl") == pytest.approx(params["bowl"]["mass"], rel=1e-6)
    assert weight("food") == pytest.approx(params["food"]["mass"], rel=1e-6)


@every
def test_a_diverged_scene_is_not_reset_silently(any_scene):
    model, data = started(any_scene)
    assert model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_AUTORESET
    # not a cloth, whose vertices would meet all of each other: no memory holds so many contacts
    data.qvel[: len(any_scene.joint_index) if any_scene.cloths else None] = 1e12
    steps = 0
    while steps < 3 and np.isfinite(data.qpos).all():  # no simulation steps on from there, and the engine may refuse to
        mujoco.mj_step(model, data)
        steps += 1
    assert sum(data.warning.number) > 0
    assert data.time == pytest.approx(steps * any_scene.timestep)  # a reset would have set the clock back


@every
def test_the_scene_sets_the_options_and_not_a_part(any_scene):
    option = any_scene.model.opt
    assert option.timestep * any_scene.n_substeps == pytest.approx(any_scene.control_timestep, rel=1e-15)
    assert any_scene.control_timestep * 30 == 1.0
    assert option.gravity.tolist() == [0, 0, -9.81]
    discrete = bool(any_scene.cloths) or any_scene.config.raw.get("physics", {}).get("integrator") == "discrete"
    assert option.integrator == getattr(mujoco.mjtIntegrator, f"mjINT_{'DISCRETE' if discrete else 'IMPLICITFAST'}")
    assert option.cone == mujoco.mjtCone.mjCONE_ELLIPTIC


@every
def test_joints_and_actuators_keep_the_makers_names(any_scene):
    model, robot = any_scene.model, any_scene.robot
    actuators = [model.actuator(i).name for i in range(any_scene.n_actions)]  # what comes after them reacts
    own = [*robot.joint_names, *robot.hand_names, *robot.base_names]
    assert actuators[: len(own)] == own and all(name.startswith("answer.") for name in actuators[len(own) :])
    assert robot.base_names or not any(model.joint(i).name.startswith("leg_") for i in range(model.njnt))  # the legs are planted
    assert len(any_scene.joint_index) == 16


def test_robot_stands_where_the_scenario_says():
    moved = shiliu.load_scenario("bare", ["robot.stands_at={x: -100 mm, y: 50 mm, yaw: 90 deg}"])
    _, data = started(moved)
    assert data.body("base_link").xpos == pytest.approx([-0.1, 0.05, 0.859804])
    left, right = data.site("left_shoulder").xpos, data.site("right_shoulder").xpos
    assert (left - right)[0] < -0.2 and abs((left - right)[1]) < 1e-6  # its left is the world's -x now


def test_every_word_of_a_skill_finds_its_site(scene):
    for side, site in scene.reach_sites:
        assert side in ("left", "right")
        assert scene.model.site(site).id >= 0


def test_cameras_stand_where_they_are_told_and_look_at_their_target(designer):
    scene = shiliu.load_scenario("table_top")  # its camera looks straight down
    _, data = started(scene, scene.compile(draw.nominal(scene).values, looks=True))
    camera = data.camera("above")
    assert camera.xpos == pytest.approx([0.5, 0.05, 2.0])
    assert -camera.xmat.reshape(3, 3)[:, 2] == pytest.approx([0, 0, -1], abs=1e-2)
    assert np.isfinite(camera.xmat).all() and np.linalg.det(camera.xmat.reshape(3, 3)) == pytest.approx(1.0)


def test_fingerprint_is_the_physics_and_nothing_else(scene, tmp_path):
    again = shiliu.load_scenario("microwave")
    assert again.fingerprint == scene.fingerprint
    assert shiliu.load_scenario("microwave", ["time_limit=20 s"]).fingerprint == scene.fingerprint
    assert shiliu.load_scenario("microwave", ["parts.oven.latch_force=20 N"]).fingerprint != scene.fingerprint
    code = "import shiliu; print(shiliu.load_scenario('microwave').fingerprint)"
    elsewhere = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LANG": "C"},
    )
    assert elsewhere.stdout.strip() == scene.fingerprint


def test_a_scene_tells_what_it_is(scene):
    assert "microwave" in repr(scene) and f"nu {scene.model.nu}" in repr(scene)
    html = scene._repr_html_()
    assert "微波炉" in html and "opened → loaded → closed → started" in html
