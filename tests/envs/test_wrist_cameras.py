"""Cameras: wrists show little of the robot's own hand, the grip is in it, what stands upright is upright; no sensor is drawn."""

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.envs.rendering import Painter, shown_groups
from shiliu.scenarios.reading.config import nominal_values
from shiliu.scenarios.robots.postures import posture

SIZE = (212, 120)  # a quarter of 848 x 480
OWN = 0.25  # share of the picture that palm and fingers may fill

pytestmark = pytest.mark.usefixtures("opengl")


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("table_setting")


@pytest.mark.parametrize("closed", [0.0, 1.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_own_hand_fills_less_than_a_quarter(scene, side, closed):
    qpos = scene.rest.copy()
    for finger in ("finger_front", "finger_back"):
        joint = scene.model.joint(f"{side}_{finger}_joint")
        qpos[joint.qposadr[0]] = closed * joint.range[1]
    own = [b for b in range(scene.model.nbody) if scene.model.body(b).name.startswith(f"{side}_")]
    with Painter(scene) as painter:
        bodies = painter.picture(nominal_values(scene.config), qpos, f"{side}_wrist", *SIZE, kind="segmentation")
    assert 0.05 < np.isin(bodies, own).mean() < OWN


@pytest.mark.parametrize("posed", ["shelf", "shelf_low", "bench"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_grip_is_in_the_picture_and_what_is_upright_is_upright(scene, side, posed):
    """With the arm as it reaches into shelves and over benches, where labels are read; `ready` is turned over."""
    data = mujoco.MjData(scene.model)
    data.qpos[:] = scene.rest
    for name, angle in zip(scene.robot.sheet["groups"]["arm"][side], posture(posed, side, "kuafu")):
        data.qpos[scene.model.joint(name).qposadr[0]] = angle
    mujoco.mj_kinematics(scene.model, data)
    mujoco.mj_camlight(scene.model, data)
    eye, grip = data.camera(f"{side}_wrist"), data.site(f"{side}_tcp").xpos
    turn = eye.xmat.reshape(3, 3)
    right, up, back = turn.T @ (grip - eye.xpos)
    half = np.tan(np.deg2rad(scene.model.camera(f"{side}_wrist").fovy[0]) / 2)
    assert abs(up / back) < 0.9 * half and abs(right / back) < 0.1, "the place between the pads"
    assert data.site(f"{side}_tcp").xmat.reshape(3, 3)[2, 2] < 0.5, "the fingers do not point up"
    assert turn[2, 1] > 0.8, "up in the picture is up in the world"


@pytest.mark.parametrize(("rays", "drawn"), [(None, False), (1, True)])
def test_a_picture_shows_no_rays_of_the_sensors_that_goals_read(rays, drawn):
    sensor = '<sensor><rangefinder site="eye"/></sensor>'
    xml = """<mujoco><visual><rgba rangefinder="1 1 0 1"/></visual><worldbody><light pos="0 0 2"/><geom type="plane" size="2 2 .1"/>
      <camera name="side" pos="0 -2 .5" xyaxes="1 0 0 0 0 1"/><body pos="0 0 1"><site name="eye" zaxis="0 0 -1"/></body></worldbody>
      %s</mujoco>"""
    pictures = []
    for one in ("", sensor):
        model = mujoco.MjModel.from_xml_string(xml % one)
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        option = shown_groups()
        if rays is not None:
            option.flags[mujoco.mjtVisFlag.mjVIS_RANGEFINDER] = rays
        with mujoco.Renderer(model, 60, 80) as renderer:
            renderer.update_scene(data, "side", scene_option=option)
            pictures.append(renderer.render())
    assert bool((pictures[0] != pictures[1]).any()) == drawn
