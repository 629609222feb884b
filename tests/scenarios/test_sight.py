"""`seen`: in the picture, near enough, and nothing stands before it; by known margins, the robot's head turned."""

from __future__ import annotations

import math

import mujoco
import numpy as np
import pytest
import shiliu
from benches import bench
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.sensing.predicate import All, leaves
from shiliu.scenarios.sensing.requests import Layout, Readings
from shiliu.scenarios.soundness.soundness import STATE
from shiliu.scenarios.words.sight import SELF, InSight

CAMERAS = {"head": {"mount": "robot.head_camera", "size": "640x480"}}
TALL = {"head": {"mount": "robot.head_camera", "size": "480x640"}}


def scene_of(within="1500 mm", cameras=CAMERAS, of="other.base"):
    goal = f"{{looked: {{seen: {{of: {of}, camera: head, within: {within}}}, passes: true}}}}"
    return bench("[home: {hand: left}]", goal, "bowl", at={"other": {"x": "60 mm", "y": "120 mm"}}, cameras=cameras)


def placed(scene, yaw=0.3, pitch=0.3, **places):
    """(readings of the state, its data): the head turned, and things at these places [m]."""
    start = nominal(scene)
    data = mujoco.MjData(start.model)
    mujoco.mj_setState(start.model, data, start.start_state, STATE)
    data.joint("zhead_1_joint").qpos[0], data.joint("zhead_2_joint").qpos[0] = yaw, pitch
    for name, at in places.items():
        body = start.model.body(name.replace("_330", "/can_330"))
        data.qpos[start.model.jnt_qposadr[body.jntadr[0]] :][:3] = at
    mujoco.mj_forward(start.model, data)
    layout = Layout.of_model(start.model)
    value = data.sensordata.copy()[None]
    forces = np.zeros((1, len(layout.forces)))
    return Readings(value, forces, forces, value, layout), data


def margin(scene, readings):
    asked = scene.goal[0].predicate
    many, one = asked.margin(readings), asked.margin(readings.row(0))
    assert one == float(many[0]) and type(one) is float
    return one


def in_camera(data, site="other/base"):
    eye = data.cam("head")
    return eye.xmat.reshape(3, 3).T @ (data.site(site).xpos - eye.xpos)


def test_what_is_in_the_picture_is_seen_by_how_far_it_is_from_leaving_it():
    scene = scene_of()
    readings, data = placed(scene)
    x, y, z = in_camera(data)
    high = math.tan(math.radians(68) / 2)
    assert z < -0.4 and abs(x) > 0.02 and abs(y) > 0.02
    wanted = min(
        -z * high * 640 / 480 - abs(x), -z * high - abs(y), 1.5 - math.sqrt(x * x + y * y + z * z), SELF + 0.02
    )
    assert 0.0 < margin(scene, readings) <= wanted


@pytest.mark.parametrize(
    ("yaw", "pitch"), [(-1.0, 0.3), (0.3, -0.5)], ids=["beside the picture", "above, as the head looks up"]
)
def test_what_is_outside_the_picture_is_not_seen(yaw, pitch):
    scene = scene_of()
    readings, data = placed(scene, yaw, pitch)
    x, y, z = in_camera(data)
    high = math.tan(math.radians(68) / 2)
    wanted = min(-z * high * 640 / 480 - abs(x), -z * high - abs(y))
    assert wanted < -0.02 and margin(scene, readings) == pytest.approx(wanted, abs=1e-9)


def test_what_is_too_far_is_not_seen():
    scene = scene_of("400 mm")
    readings, data = placed(scene)
    away = float(np.linalg.norm(in_camera(data)))
    assert margin(scene, readings) == pytest.approx(0.4 - away) and away > 0.42


def test_what_stands_before_it_hides_it_by_how_much_nearer_it_is():
    scene = scene_of()
    _, data = placed(scene)
    eye, place = data.cam("head").xpos, data.site("other/base").xpos
    middle = 0.5 * eye + 0.5 * place - [0.0, 0.0, 0.06]  # a can's body begins at its foot
    readings, data = placed(scene, can_330=middle)
    away = float(np.linalg.norm(place - eye))
    assert margin(scene, readings) == pytest.approx(-0.5 * away + SELF, abs=0.08)  # up to the can's wall
    beside, _ = placed(scene, can_330=middle + np.array([0.0, 0.2, 0.0]))
    assert margin(scene, beside) > 0


def test_the_picture_is_as_wide_as_its_size_says():
    wide, tall = scene_of(), scene_of(cameras=TALL)
    only_wide = []
    for yaw in np.linspace(-0.9, 0.9, 19):
        first, second = margin(wide, placed(wide, yaw)[0]), margin(tall, placed(tall, yaw)[0])
        assert second <= first
        only_wide.append(second < 0 < first)
    assert 3 <= sum(only_wide) <= 8  # 15 degrees on either side


def test_several_places_have_to_be_seen_all_at_once():
    scene = scene_of(of="[other.base, can.base]")
    assert isinstance(scene.goal[0].predicate, All) and len(leaves(scene.goal[0].predicate)) == 2
    assert all(isinstance(one, InSight) for one in leaves(scene.goal[0].predicate))


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("seen: {of: other.base, camera: overview, within: 1 m}", "no camera that the robot carries"),
        ("seen: {of: other.base, camera: haed, within: 1 m}", "did you mean"),
        ("seen: {of: other.bsae, camera: head, within: 1 m}", "names no site"),
    ],
)
def test_slips_are_named(word, message):
    cameras = {**CAMERAS, "overview": {"look_at": "other.base", "from": {"x": "1 m"}, "size": "640x480"}}
    with pytest.raises(shiliu.ShiliuError, match=f"(?i){message}"):
        bench("[home: {hand: left}]", f"{{looked: {{{word}}}}}", "bowl", cameras=cameras)


def test_lamps_and_gauges_are_not_seen_by_a_head_that_looks_at_the_floor_of_another_point():
    """From points 1 and 2 the head was turned to point 3: places and facing were right, and nothing was in the picture."""
    scene = shiliu.load_scenario("remote_inspection")
    start = nominal(scene)
    for step, point, (yaw, pitch) in ((0, "point_1", (0.9, 0.5)), (2, "point_2", (-0.9, 0.5))):
        data = mujoco.MjData(start.model)
        mujoco.mj_setState(start.model, data, start.start_state, STATE)
        seen = next(one for one in leaves(scene.goal[step].predicate) if isinstance(one, InSight))
        mujoco.mj_forward(start.model, data)
        at = data.site(f"marks/{point}").xpos.copy()
        for axis, value in zip("xy", at):
            data.joint(f"base_{axis}").qpos[0] += value - data.body("base_link").xpos["xy".index(axis)]
        values = {}
        for name, turn in (("away", (yaw, pitch)), ("at it", None)):
            data.joint("zhead_1_joint").qpos[0], data.joint("zhead_2_joint").qpos[0] = turn or (0.0, 0.0)
            mujoco.mj_forward(start.model, data)
            if turn is None:  # turned to it, as far as the head turns
                x, y, z = data.body("zhead_1_link").xmat.reshape(3, 3).T @ (
                    data.site(seen.at.of).xpos - data.body("zhead_1_link").xpos
                )
                data.joint("zhead_1_joint").qpos[0] = math.atan2(y, x)
                data.joint("zhead_2_joint").qpos[0] = min(max(-math.atan2(z, math.hypot(x, y)) - 0.49, -0.5), 0.5)
                mujoco.mj_forward(start.model, data)
            layout, value = Layout.of_model(start.model), data.sensordata.copy()[None]
            forces = np.zeros((1, len(layout.forces)))
            values[name] = float(seen.margin(Readings(value, forces, forces, value, layout))[0])
        assert values["away"] < -0.05, (point, values)
        assert values["at it"] > 0.0, (point, values)
