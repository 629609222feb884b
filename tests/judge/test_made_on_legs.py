"""A recording that was made on legs: standing is part of its verdict, in the place of `tipping`."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace

import mujoco
import numpy as np
import pytest
import shiliu
import yaml
from conftest import script
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.standing import PRESENT, check_standing
from shiliu.replay.judge.judge import judge
from shiliu.replay.judge.stages.legs_stage import stand
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.report.junit import case_lines
from shiliu.replay.report.story import Story
from shiliu.replay.report.terminal import Terminal
from shiliu.replay.report.text import Words
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import RecordedPolicy, Take, play, roll_out
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.draws.variation import STATE, nominal


@pytest.fixture(scope="module")
def legs():
    return shiliu.load_scenario("bare", base="legs", overrides=["robot.stands_at.yaw=40 deg"])


def judged(scene, actions, start=None):
    (played,) = play(scene, [Take(start or nominal(scene), actions)], keep=[checkpoints_of(scene, len(actions))], threads=1)
    return judge([as_recording("take", episode_of(scene, played, 0), scene)], scene, threads=1)[0]


def squat(scene, metres):
    """One second still, one in which the base is commanded to come down by so much."""
    actions = np.tile(scene.ready_ctrl, (90, 1)).astype(np.float32)
    actions[30:, scene.schema.action.names.index("base_height")] = -metres
    return actions


@pytest.fixture(scope="module")
def stands(legs):
    return judged(legs, squat(legs, 0.05))


def test_one_that_stands_is_feasible_by_its_balance(stands):
    found = {finding.code: finding for finding in stands.findings}
    assert (stands.verdict, stands.root) == ("FEASIBLE", None)
    assert (found["tipping"].level, found["tipping"].reason) == ("NOT_APPLICABLE", "on_legs")
    assert (found["balance"].level, found["balance"].reason) == ("NOT_APPLICABLE", "on_legs")  # its pelvis is no foundation
    assert stands.required[-2:] == ["legs.fell", "legs.balance"]
    assert found["legs.balance"].level == "PASS" and 0.02 < found["legs.balance"].value < 0.08
    assert stands.stages["legs"].verdict == "FEASIBLE" and stands.stages["integrity"].verdict == "FEASIBLE"


COUNTER = """
title: {en: Counter, zh: 台}
version: 1
time_limit: 10 s
substeps: 8
physics: {integrator: discrete}
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: ready, base: legs}
parts:
  counter: {part: fixtures/counter, put: front_foot, at: {x: 600 mm, y: 0 mm}, width: 1500 mm, depth: 500 mm}
judge: {required: [kinematics]}
"""


@pytest.fixture(scope="module")
def before_a_counter():
    """The scene, and half a second of the robot standing before a counter."""
    scene = scene_of_tree("counter", yaml.safe_load(COUNTER)).judged
    actions = np.tile(scene.ready_ctrl, (15, 1)).astype(np.float32)
    (played,) = play(scene, [Take(nominal(scene), actions)], keep=[checkpoints_of(scene, 15)], threads=1)
    return scene, episode_of(scene, played, 0)


@pytest.mark.parametrize(("moved", "deep"), [((0.0, 0.0), 0.0), ((0.0, -0.2), 0.0), ((0.4, 0.0), 0.016)])
def test_its_arms_meet_fixtures_where_its_pelvis_was(before_a_counter, moved, deep):
    """Ahead and upward [m]. Its feet, of which nobody recorded how they stood, do not meet the floor."""
    scene, episode = before_a_counter
    base = np.array(episode.states["observation.base"])
    base[:, [0, 2]] += moved
    other = replace(episode, states={**episode.states, "observation.base": base})
    verdict = judge([as_recording("take", other, scene)], scene, threads=1)[0]
    found = next(one for one in verdict.findings if one.code == "collision.scene")
    assert (found.level, found.value) == ("FAIL" if deep else "PASS", pytest.approx(deep, abs=2e-3))
    if deep:  # and the curve shows it there
        (curve,) = (plot for plot in verdict.evidence.plots if plot.title_key == "depth")
        assert max(curve.traces[0]["y"]) == pytest.approx(1e3 * found.details["deepest"])


@pytest.mark.slow  # that it walks and stays up is tested in test_legs.py, what stands is judged above
def test_one_that_walks_is_feasible(legs):
    actions = squat(legs, 0.0)
    actions[:30, legs.schema.action.names.index("base_vx")] = 0.2
    verdict = judged(legs, actions)
    found = {finding.code: finding for finding in verdict.findings}
    assert (verdict.verdict, verdict.root) == ("FEASIBLE", None)
    assert found["legs.fell"].details["steps"] == 3 and found["legs.slipped"].value < 0.005
    assert found["legs.balance"].level == "PASS"


def test_one_that_falls_is_infeasible_whatever_other_gains_would_do(legs):
    start = nominal(legs)
    data = mujoco.MjData(start.model)
    mujoco.mj_setState(start.model, data, start.start_state, STATE)
    data.qvel[:2] = 1.5 * np.cos(np.radians(40)), 1.5 * np.sin(np.radians(40))  # m/s, the way that it faces
    mujoco.mj_getState(start.model, data, start.start_state, STATE)
    verdict = judged(legs, squat(legs, 0.0)[:16], start=start)  # it is on its way down
    found = verdict.findings[verdict.root]
    assert (verdict.verdict, found.code, found.level, verdict.owner) == ("INFEASIBLE", "legs.fell", "FAIL", "operator")
    assert 0.3 < found.t0 < 0.45


@pytest.mark.slow  # what follows from a root is asked of made-up findings in test_verdict.py
def test_a_fall_that_is_recorded_to_its_end_is_the_root_of_all_that_follows(legs):
    start = nominal(legs)
    data = mujoco.MjData(start.model)
    mujoco.mj_setState(start.model, data, start.start_state, STATE)
    data.qvel[:2] = 1.5 * np.cos(np.radians(40)), 1.5 * np.sin(np.radians(40))
    mujoco.mj_getState(start.model, data, start.start_state, STATE)
    verdict = judged(legs, squat(legs, 0.0), start=start)
    found = verdict.findings[verdict.root]
    assert (verdict.verdict, found.code, verdict.owner) == ("INFEASIBLE", "legs.fell", "operator")
    later = [one for one in verdict.findings if one.failed and one.code != "legs.fell" and one.at is not None]
    assert later and all(verdict.findings[one.because_of].code == "legs.fell" for one in later)


@pytest.mark.parametrize(("delay", "acts"), [(0.0, 30), (0.4, 42)])
def test_the_legs_are_asked_with_the_commands_that_acted(legs, delay, acts):
    scene = legs.linked({"delay": delay})
    still, lower = (stand(scene, scene, nominal(scene), squat(scene, metres)).torque for metres in (0.0, 0.2))
    first = np.flatnonzero((still != lower).any(axis=1))[0] // scene.n_substeps  # the period in which the squat begins
    assert acts <= first <= acts + 1


def test_the_answer_stands_on_a_line_of_its_own(stands):
    words, out = Words("en"), io.StringIO()
    line = Story(stands, words).on_legs
    assert line.startswith("on its legs, shiliu-balance-4: feasible, pressure point ")
    Terminal(stream=out, width=120).add(stands)
    assert " ".join(out.getvalue().split("\n", 3)[3].split()) == line and line in case_lines(stands, words, Counter())
    assert Story(Verdict("take", "take"), words).on_legs == ""


def test_what_the_legs_bear_is_measured_while_it_is_performed(legs):
    actions = squat(legs, 0.1)
    measures = script("benchmarks/legs_measured.py").LegMeasures(legs)
    roll_out(legs, [nominal(legs)], RecordedPolicy([actions]), [measures])
    run = stand(legs, legs, nominal(legs), actions)
    torque, balance = (one for one in check_standing({PRESENT: run}, load_rules()) if one.code in ("legs.torque", "legs.balance"))
    found, each = measures.measured, torque.details["each"]
    assert found["fell"] is None and found["towards"] == balance.details["towards"]
    assert found["room_mm"] == pytest.approx(1e3 * balance.value, abs=0.06)
    assert found["knee"] == pytest.approx(max(each["leg_l4_joint"], each["leg_r4_joint"]), abs=6e-4)
    assert found["ankle"] == pytest.approx(max(each[f"leg_{side}{k}_joint"] for side in "lr" for k in (5, 6)), abs=6e-4)
