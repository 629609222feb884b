"""The second question: the same commands on the robot's own legs; the verdict of the planted recording stays as it is."""

from __future__ import annotations

import math
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.judge import judge
from shiliu.replay.judge.stages.legs_stage import legs_stage, on_legs, start_on_legs
from shiliu.replay.judge.verdict import StageResult, Verdict
from shiliu.replay.report.story import Story
from shiliu.replay.report.text import Words
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws.variation import STATE, Draw, nominal
from shiliu.scenarios.robots.robot import load_robot


@pytest.fixture(scope="module")
def verdicts(bare):
    """Without and with the question, of two seconds in which an arm is lifted."""
    actions = np.tile(bare.ready_ctrl, (60, 1)).astype(np.float32)
    actions[:, 0] -= np.linspace(0.0, 0.5, 60, dtype=np.float32)
    (played,) = play(bare, [Take(nominal(bare), actions)], keep=[checkpoints_of(bare, 60)], threads=1)
    episode = episode_of(bare, played, 0)
    takes = [as_recording("lifted", episode, bare) for _ in range(2)]
    return judge([takes[0]], bare, threads=1)[0], judge([takes[1]], bare, threads=1, legs=True)[0]


def test_the_verdict_stays_and_the_answer_stands_on_a_line_of_its_own(verdicts):
    planted, asked = verdicts
    assert "legs" not in planted.stages and "legs" in asked.stages
    assert (planted.verdict, planted.root) == (asked.verdict, asked.root)
    answers = {finding.code: finding for finding in asked.findings if finding.stage == "legs"}
    assert {finding.level for finding in answers.values()} == {"PASS"}
    assert answers["legs.fell"].details["controller"] == "shiliu-balance-4"
    assert 0.0 < answers["legs.moved"].value < 0.005
    assert answers["legs.torque"].details["gains"].keys() == {"softer", "stiffer"}
    assert [f.code for f in asked.findings if f.stage != "legs"] == [f.code for f in planted.findings]


def test_a_take_too_short_for_its_balance_has_an_answer_too(bare):
    (played,) = play(bare, [Take(nominal(bare), bare.ready_ctrl[None].astype(np.float32))], threads=1)
    verdict = judge([as_recording("one row", episode_of(bare, played, 0), bare)], bare, threads=1, legs=True)[0]
    assert Story(verdict, Words("en")).on_legs == "on its legs: feasible, shiliu-balance-4: stands to the end"


def test_a_scenario_may_require_it_of_another_base():
    scene = shiliu.load_scenario("bare", overrides=["judge.required=[integrity,legs.fell]"])
    (played,) = play(scene, [Take(nominal(scene), np.tile(scene.ready_ctrl, (15, 1)).astype(np.float32))], threads=1)
    verdict = judge([as_recording("still", episode_of(scene, played, 0), scene)], scene, threads=1)[0]
    assert (verdict.verdict, verdict.stages["legs"].verdict) == ("FEASIBLE", "FEASIBLE")


def test_of_a_robot_that_falls_the_answer_is_the_fall():
    rules = load_rules()
    late = rules["legs.torque"].finding(level="FAIL", value=1.0, t0=1.8, t1=1.85, details={"controller": "c", "joint": "leg_l5_joint"})
    fell = rules["legs.fell"].finding(level="FAIL", value=1.0, t0=2.4, t1=2.4, details={"controller": "c"})
    verdict = Verdict("take", "take", verdict="FEASIBLE", findings=[fell, late], stages={"legs": StageResult("legs", "INFEASIBLE")})
    assert "falls at 2.4" in Story(verdict, Words("en")).on_legs


def test_a_base_that_glides_is_asked_whether_the_robot_would_have_walked():
    scene = shiliu.load_scenario("bare", base="mobile")
    actions = np.tile(scene.ready_ctrl, (60, 1)).astype(np.float32)
    actions[:, scene.schema.action.names.index("base_vx")] = 0.2
    (played,) = play(scene, [Take(nominal(scene), actions)], threads=1)
    judged = SimpleNamespace(
        scene=scene, rules=load_rules(), rollouts=SimpleNamespace(shown=played), context=SimpleNamespace(embodiment=None)
    )
    found = {finding.code: finding for finding in legs_stage(judged)}
    assert {found[code].level for code in ("legs.fell", "legs.slipped", "legs.moved")} == {"PASS"}
    assert found["legs.fell"].details["steps"] == 2  # the first lands 1.3 s after the command, another 0.7 s later
    assert 0.005 < found["legs.balance"].value < 0.06


def test_each_scene_on_legs_has_its_own_gains(scene):
    """However often, and in whatever order they were made: all scenes share the robot that they were made of."""
    sheet = load_robot(scene.robot.name, scene.robot.hand, "legs").legs["gains"]
    before = {name: list(pair) for name, pair in sheet.items()}
    for factor in (0.5, 1.0, 2.0, 0.5):
        gains = on_legs.__wrapped__(scene, factor).robot.legs["gains"]
        assert gains == {name: [factor * kp, math.sqrt(factor) * kd] for name, (kp, kd) in before.items()}
    assert load_robot(scene.robot.name, scene.robot.hand, "legs").legs["gains"] == before


def test_a_cloth_lies_where_it_lay_though_its_points_have_no_names():
    scene = shiliu.load_scenario("laundry_folding")
    settled = drawn = nominal(scene)
    data = mujoco.MjData(drawn.model)
    mujoco.mj_setState(drawn.model, data, drawn.start_state, STATE)
    data.qpos[[drawn.model.jnt_qposadr[j] for j in range(drawn.model.njnt) if not drawn.model.joint(j).name]] += 0.02  # m
    moved = np.empty(drawn.start_state.shape)
    mujoco.mj_getState(drawn.model, data, moved, STATE)
    drawn = Draw(drawn.values, drawn.task, drawn.model, moved)
    lies = []
    for start in (settled, drawn, start_on_legs(on_legs(scene), scene, drawn)):
        data = mujoco.MjData(start.model)
        mujoco.mj_setState(start.model, data, start.start_state, STATE)
        mujoco.mj_forward(start.model, data)
        lies.append(data.flexvert_xpos.copy())
    assert np.abs(lies[1] - lies[0]).min() > 0.019
    np.testing.assert_array_equal(lies[2], lies[1])
