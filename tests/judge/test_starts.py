"""A real robot's recording in a scene: what was recorded of its start is used."""

from dataclasses import replace
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
import shiliu
from body_takes import TIMES, body_take
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.facts.recorded_poses import recorded_poses, resting, stood
from shiliu.replay.judge.facts.recorded_start import StartOfTake, recorded_start
from shiliu.replay.judge.facts.recorded_state import _put_robot
from shiliu.replay.judge.judge import judge
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.signals.joint_motion import joint_motion
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.draws.inference import Inferred
from shiliu.scenarios.parts.pose import Pose


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
    assert found.level == "WARN" and found.value == pytest.approx(0.08, abs=0.04), "the counter's height is drawn"


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


def test_what_moves_at_the_begin_tells_no_height(scene):
    draw = drawing.nominal(scene)
    a = draw.model.joint("bowl/bowl_150_free").qposadr[0]
    at = draw.start_state[1 + a : 8 + a] + np.array([0.02, 0.03, 0.09, 0, 0, 0, 0])
    take = real(scene, bowl=at)
    assert resting(take, recorded_poses(scene, take, 0.0), 0.0) == {"bowl"}
    take.streams["/bowl"].values[:, 2] += np.linspace(0.0, 0.02, 25)  # as a hand that holds it lifts it
    assert resting(take, recorded_poses(scene, take, 0.0), 0.0) == set()
    begun = recorded_start(scene, take, 0.0, {}, load_rules())
    assert begun.sources()["bowl"] == "recorded" and begun.sources()["counter.height"] == "drawn"
    assert "counter.height" in begun.unplaced and "food.mass" not in begun.unplaced, "commands for another height miss the bowl"


@pytest.mark.parametrize("noise", [0.002, 0.005])
def test_where_a_noisy_bowl_stands_is_taken_from_all_its_rows_and_tells_the_height(scene, noise):
    draw, rng = drawing.nominal(scene), np.random.default_rng(7)
    a = draw.model.joint("bowl/bowl_150_free").qposadr[0]
    at = draw.start_state[1 + a : 8 + a] + np.array([0.02, 0.03, 0.0, 0, 0, 0, 0])
    take = real(scene, bowl=at, seconds=3.0)
    take.streams["/bowl"].values[:, :3] += rng.normal(0.0, noise, (150, 3))
    take.streams["/bowl"].values[0, :3] += 2.0 * noise  # the first row is one of the worse ones
    begun = recorded_start(scene, take, 0.0, {}, load_rules())
    assert np.abs(begun.poses["bowl"].pos - at[:3]).max() < 0.4 * noise
    assert begun.unsure is None and begun.sources()["counter.height"] == "inferred from bowl"
    assert begun.plain(0).values["counter.height"] == pytest.approx(draw.values["counter.height"], abs=0.5 * noise)
    hangs = real(scene, bowl=at + np.array([0, 0, 0.09, 0, 0, 0, 0]), seconds=3.0)
    hangs.streams["/bowl"].values[:, :3] += rng.normal(0.0, noise, (150, 3))
    assert recorded_start(scene, hangs, 0.0, {}, load_rules()).unsure == "beyond_drawn", "noise hides no bowl in the air"


def test_a_bowl_alone_that_hangs_above_all_counters_that_are_drawn_moves_none(scene):
    draw = drawing.nominal(scene)
    a = draw.model.joint("bowl/bowl_150_free").qposadr[0]
    at = draw.start_state[1 + a : 8 + a] + np.array([0.02, 0.03, 0.09, 0, 0, 0, 0])
    begun = recorded_start(scene, real(scene, bowl=at), 0.0, {}, load_rules())
    assert begun.unsure == "beyond_drawn" and "counter.height" in begun.drawn
    assert begun.plain(0).values["counter.height"] == draw.values["counter.height"]


def test_a_recorded_door_stands_as_recorded_and_one_in_degrees_is_none():
    scene = shiliu.load_scenario("medication_serving")
    ns = (np.arange(20) * 2e7).astype(np.int64)

    def door(angle):
        take = real(scene)
        name = ("cabinet.door_hinge",)
        take.streams["/door"] = Stream(
            "/door", "measured", "joint", "rad", name, np.full((20, 1), angle), capture_ns=ns
        )
        return recorded_start(scene, take, 0.0, {}, load_rules())

    model = scene.model
    begun = door(0.6)
    start = begun.plain(0).start_state
    assert start[1 + model.joint("cabinet/door_hinge").qposadr[0]] == pytest.approx(0.6)
    assert begun.sources()["cabinet.door_hinge"] == "recorded"
    assert "cabinet.door_hinge" not in door(34.4).joints


def test_further_starts_keep_what_was_recorded_and_go_out_to_what_is_drawn(scene):
    draw = drawing.nominal(scene)
    a = draw.model.joint("bowl/bowl_150_free").qposadr[0]
    at = draw.start_state[1 + a : 8 + a] + np.array([0.01, -0.02, 0.012, 0, 0, 0, 0])
    begun = recorded_start(scene, real(scene, bowl=at), 0.0, {}, load_rules())
    assert begun.inferred.values["counter.height"] == pytest.approx(draw.values["counter.height"] + 0.012, abs=1e-4)
    assert {"oven.at.x", "oven.at.y", "oven.yaw", "food.mass"} <= set(begun.unknown())
    assert not {"friction", "counter.height", "bowl.at.x"} & set(begun.unknown())
    starts = begun.further(begun.plain(0), 8, 3)
    for one in starts:
        assert one.values["counter.height"] == pytest.approx(begun.inferred.values["counter.height"])
        assert one.start_state[1 + a : 4 + a] == pytest.approx(at[:3])
    low, high = next((v.low, v.high) for v in scene.config.variation if v.key == "food.mass")
    own = draw.values["food.mass"]
    offs = [abs(one.values["food.mass"] - own) for one in starts]
    assert all(off <= (k + 1) / 8 * max(high - own, own - low) + 1e-9 for k, off in enumerate(offs)) and max(offs) > 0.0
    assert starts[7].values["food.mass"] in (low, high), "every other one lies at ends"


def test_a_base_that_is_commanded_up_stands_where_it_was_measured():
    """A height is commanded under the name under which it is measured, and comes later."""
    mobile = shiliu.load_scenario("table_setting", base="mobile")
    take, model = body_take(), drawing.nominal(mobile).model
    commanded, measured = take.streams["action/base"].values.copy(), take.streams["base"].values.copy()
    commanded[100:, 3], measured[110:, 3] = 0.12, 0.12
    changed = {"action/base": commanded, "base": measured}
    take = replace(take, streams={name: replace(one, values=changed.get(name, one.values)) for name, one in sorted(take.streams.items())})
    arms, subject = joint_motion(take, mobile.robot.joint_names, {}), SimpleNamespace(scene=mobile, recording=take)
    motions = SimpleNamespace(judged=arms["command"], by_role=arms)
    qpos, known = np.zeros((len(TIMES), model.nq)), np.zeros(model.nq, bool)
    assert _put_robot(subject, motions, model, TIMES, qpos, known)
    np.testing.assert_array_equal(qpos[:, model.joint("base_height").qposadr[0]], measured[:, 3])


@pytest.mark.parametrize(("pictured", "height"), [(("empty",), "surveyed"), ((), "inferred from empty")])
def test_each_part_of_a_start_has_one_source_and_what_a_survey_gave_a_picture_is_the_surveys(pictured, height):
    """A picture places a thing on a table of the surveyed height: its place tells nothing of that height. A tracker's does."""
    cell = SimpleNamespace(measured=frozenset({"table.height", "empty.at.x", "oven.at.x"}))
    scene = SimpleNamespace(config=SimpleNamespace(cell=cell, variation=(), deals=(), vary_unknown=()))
    inferred = Inferred({"table.height": 0.868}, {"table.height": ("empty",)})
    found = StartOfTake(scene, {"empty": None}, {}, {}, inferred, pictured=pictured).sources()
    assert found == {"empty": "picture" if pictured else "recorded", "oven.at.x": "surveyed", "table.height": height}
