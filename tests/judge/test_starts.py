"""A real robot's recording in a scene: what was recorded of its start is used."""

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.replay.judge.judge import judge
from shiliu.replay.judge.recorded_poses import stood
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.scenarios import variation as drawing
from shiliu.scenarios.pose import Pose


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("microwave", ["judge.if_unknown.starts=2"])


def real(scene, bowl=None, seconds=0.5):
    """A real robot's recording that stands still; where the bowl was, if recorded."""
    t = np.arange(0, seconds, 0.02)
    ns = (t * 1e9).astype(np.int64)
    names = scene.robot.joint_names
    q = np.tile(scene.ready_ctrl[: len(names)], (len(t), 1))
    streams = [
        Stream("/command", "command", "joint_position", "rad", names, q, capture_ns=ns),
        Stream("/state", "measured", "joint_position", "rad", names, q.copy(), capture_ns=ns),
    ]
    if bowl is not None:
        elements = tuple(f"bowl.{axis}" for axis in ("x", "y", "z", "qw", "qx", "qy", "qz"))
        streams.append(
            Stream("/bowl", "pose", "object_pose", "m m m 1 1 1 1", elements, np.tile(bowl, (len(t), 1)), capture_ns=ns)
        )
    return Recording("real", "real", "0" * 64, "robot", {s.name: s for s in streams}, scenario="microwave")


def test_a_recorded_object_starts_where_it_was_and_is_compared_while_others_stay_unknown(scene):
    draw = drawing.nominal(scene)
    data = mujoco.MjData(draw.model)
    mujoco.mj_setState(draw.model, data, draw.start_state, drawing.STATE)
    mujoco.mj_kinematics(draw.model, data)
    body = data.body("bowl/bowl_150")
    at = np.concatenate([body.xpos + np.array([0.01, -0.02, 0.0]), body.xquat])
    (verdict,) = judge([real(scene, bowl=at)], scene, threads=1)
    found = next(f for f in verdict.findings if f.code == "object.diverged")
    assert (found.level, found.subject) == ("PASS", ("bowl",))
    assert found.value < 0.002, "it stands there, and what is in it with it"
    raised = at + np.array([0, 0, 0.08, 0, 0, 0, 0])  # as if it had hung in the air
    (verdict,) = judge([real(scene, bowl=raised)], scene, threads=1)
    found = next(f for f in verdict.findings if f.code == "object.diverged")
    assert (found.level, found.value) == ("WARN", pytest.approx(0.08, abs=0.01))


def test_what_fills_an_object_starts_in_it(scene):
    draw = drawing.nominal(scene)
    data = mujoco.MjData(draw.model)
    mujoco.mj_setState(draw.model, data, draw.start_state, drawing.STATE)
    before = {name: data.joint(name).qpos[:3].copy() for name in ("bowl/bowl_150_free", "food/grain_0_free")}
    here = data.joint("bowl/bowl_150_free").qpos
    moved = stood(scene, draw, {"bowl": Pose(here[:3] + np.array([0.1, 0.0, 0.02]), here[3:].copy())})
    mujoco.mj_setState(draw.model, data, moved.start_state, drawing.STATE)
    for name, place in before.items():
        assert data.joint(name).qpos[:3] - place == pytest.approx([0.1, 0.0, 0.02])
