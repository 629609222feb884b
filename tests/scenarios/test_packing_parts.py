"""What packing needs of its parts: flaps on springs, a scale that settles, a scanner that reads from some places alone."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.envs.rendering import Painter
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.reading.config import nominal_values
from shiliu.scenarios.words.declared import memory_name

ASSETS = Path(shiliu.__file__).parent / "assets"
FLAPS = ("left", "right", "front", "back")


def opened(part: str) -> tuple[mujoco.MjModel, mujoco.MjData]:
    model = mujoco.MjModel.from_xml_path(str(ASSETS / part / f"{Path(part).name}.xml"))
    model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return model, data


def run(model: mujoco.MjModel, data: mujoco.MjData, seconds: float) -> None:
    for _ in range(int(seconds / model.opt.timestep)):
        mujoco.mj_step(model, data)


@pytest.fixture
def carton() -> tuple[mujoco.MjModel, mujoco.MjData]:
    model, data = opened("objects/folding_carton")
    model.opt.gravity[:] = 0.0  # it stands on nothing here
    return model, data


@pytest.mark.parametrize(("creased", "rests"), [(0.0, 135.0), (1.0, 30.0)])
@pytest.mark.parametrize("name", FLAPS)
def test_a_flap_that_is_let_go_springs_back(carton, name, creased, rests):
    model, data = carton
    data.joint(f"flap_{name}").qpos = np.deg2rad(20.0)
    data.actuator(f"crease_{name}").ctrl = creased
    run(model, data, 2.0)
    assert np.rad2deg(data.joint(f"flap_{name}").qpos[0]) == pytest.approx(rests, abs=4.0)


def test_tape_holds_the_two_flaps_that_it_joins_and_the_two_below(carton):
    model, data = carton
    for name in FLAPS:
        data.joint(f"flap_{name}").qpos = np.deg2rad(1.0)
        data.actuator(f"crease_{name}").ctrl = 1.0
    data.actuator("tape_front").ctrl = data.actuator("tape_back").ctrl = 1.0
    run(model, data, 1.0)
    assert all(np.rad2deg(data.joint(f"flap_{n}").qpos[0]) < 5.0 for n in FLAPS)


@pytest.mark.parametrize(("force", "pressed"), [(3.0, False), (6.0, True)])
def test_a_segment_of_tape_gives_way_from_five_newton_on(carton, force, pressed):
    model, data = carton
    model.body("folding_carton").mass *= 1e4  # it stays
    model.body("folding_carton").inertia *= 1e4
    mujoco.mj_setConst(model, data)
    mujoco.mj_resetData(model, data)
    for name in FLAPS:
        data.joint(f"flap_{name}").qpos = 0.0
    data.xfrc_applied[model.body("tape_3").id, 2] = -force
    run(model, data, 0.1)
    assert bool(data.joint("tape_3").qpos[0] > 0.5e-3) is pressed


@pytest.mark.parametrize("grams", [105.0, 110.0])
def test_the_scale_has_settled_after_half_a_second(grams):
    model, data = opened("fixtures/bench_scale")
    data.xfrc_applied[model.body("platform").id, 2] = -grams * 1e-3 * 9.81
    run(model, data, 0.5)
    assert data.joint("deflection").qpos[0] / 0.04e-3 == pytest.approx(grams, abs=0.3)


def test_the_scale_shows_its_offset():
    model, data = opened("fixtures/bench_scale")
    model.qpos_spring[0] = 0.04 * 2e-3
    run(model, data, 0.5)
    assert data.joint("deflection").qpos[0] / 0.04e-3 == pytest.approx(2.0, abs=0.1)


def test_the_display_has_the_resolution_that_was_drawn():
    scene = shiliu.load_scenario("package_packing")
    steps = scene.model.actuator(f"{memory_name('weight')} steps").id
    first, second = (draw(scene, seed) for seed in (1, 3))
    for one in (first, second):
        assert scene.start_ctrl(one.values)[steps] == one.values["scale.resolution"]
    assert first.values["scale.resolution"] != second.values["scale.resolution"]


def test_the_scale_writes_what_it_weighs():
    scene = shiliu.load_scenario("package_packing")
    ((display, site),) = scene.displays
    values = {"scale.resolution": 0.001}
    assert site == "scale/display"
    assert [display.text(0.04e-3 * grams, values) for grams in (0.0, 109.6, -2.0)] == ["0", "110", "-2"]
    assert display.text(0.04e-3 * 109.63, {"scale.resolution": 0.0001}) == "109.6"
    assert display.text(0.04e-3 * 112.4, {"scale.resolution": 0.005}) == "110"


@pytest.mark.usefixtures("opengl")
def test_the_scale_can_be_read():
    """Bright segments on a dark screen; another number is another picture."""
    scene = shiliu.load_scenario("package_packing")
    values = nominal_values(scene.config)
    column = scene.model.joint("scale/deflection").qposadr[0]
    camera = mujoco.MjvCamera()
    camera.type, camera.distance, camera.azimuth, camera.elevation = mujoco.mjtCamera.mjCAMERA_FREE, 0.2, 0.0, -50.0
    data = mujoco.MjData(scene.model)
    mujoco.mj_kinematics(scene.model, data)
    camera.lookat[:] = data.site("scale/display").xpos
    shown = {}
    with Painter(scene) as painter:
        for grams in (111, 111.3, 117, 188):
            qpos = scene.rest.copy()
            qpos[column] = 0.04e-3 * grams
            shown[grams] = painter.picture(values, qpos, camera, 640, 480)[190:290, 180:460].astype(int)

    def changed(grams):
        return int((np.abs(shown[grams] - shown[111]).max(axis=2) > 60).sum())

    assert (shown[111].min(axis=2) > 150).any() and (shown[111].max(axis=2) < 40).mean() > 0.5, "bright on dark"
    assert changed(111.3) == 0 and 5 < changed(117) < changed(188)
