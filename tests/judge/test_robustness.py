"""Robustness: copies that differ by known amounts, shares that are counted by hand, and one recording played in all of them."""

import dataclasses
import json

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.cli import main
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.varied_copies import check_robustness, delayed, nudge_of, varied
from shiliu.replay.formats.lerobot.write import DatasetWriter
from shiliu.replay.judge.judge import judge
from shiliu.replay.judge.verdict import combine
from shiliu.replay.report import Words
from shiliu.replay.report.html import render
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.draws.perturbation import Nudge, loose, nudged
from shiliu.scenarios.draws.variation import STATE

RULES = load_rules()
RULE = RULES["robustness"]
QUICK = ["+substeps=8", "+physics.integrator=discrete"]  # as most scenarios are solved
PLACES = ["bowl.at.x", "bowl.at.y"]
SECONDS = 0.6  # in which a goal that is held for 0.2 s is reached


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("microwave")


def start(draw):
    data = mujoco.MjData(draw.model)
    mujoco.mj_setState(draw.model, data, draw.start_state, STATE)
    return data


def saved(model):
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return buffer.tobytes()


# -- copies ----------------------------------------------------------------------------------------------------------
def test_copies_are_spread_evenly_and_the_same_for_a_seed():
    copies = varied(RULE, PLACES, seed=4)
    n = int(RULE.settings["copies"])
    assert len(copies) == n
    for name, low, high in (("friction", 0.8, 1.2), ("latency.arms", 0.0, 0.05), ("bowl.at.x", -0.005, 0.005)):
        pieces = sorted(int((copy[name] - low) / (high - low) * n) for copy in copies)
        assert pieces == list(range(n)), f"{name}: one copy in each {n}th of its range"
    assert copies == varied(RULE, PLACES, seed=4) != varied(RULE, PLACES, seed=5)


def test_a_nudge_changes_what_it_names_by_what_it_says(scene):
    draw = drawing.draw(scene, 3)
    other, share = nudged(scene, draw, Nudge(1.1, 0.9, 1.2, {"bowl.at.x": 0.004, "bowl.at.y": -0.003}))
    assert share == 1.0
    touching = (draw.model.geom_contype | draw.model.geom_conaffinity) != 0
    factors = other.model.geom_friction[touching, 0] / draw.model.geom_friction[touching, 0]
    assert factors == pytest.approx(1.1)
    for body, factor in (("bowl/bowl_150", 0.9), ("food/grain_0", 0.9), ("zarm_l4_link", 1.0)):
        assert other.model.body(body).mass == pytest.approx(factor * draw.model.body(body).mass)
        assert other.model.body(body).inertia == pytest.approx(factor * draw.model.body(body).inertia)
    assert other.model.actuator_gainprm[:, 0] == pytest.approx(1.2 * draw.model.actuator_gainprm[:, 0])
    assert other.model.actuator_biasprm[:, 1:3] == pytest.approx(1.2 * draw.model.actuator_biasprm[:, 1:3])
    for free in ("bowl/", "food/grain_0_free"):
        name = next(
            draw.model.joint(j).name for j in range(draw.model.njnt) if draw.model.joint(j).name.startswith(free)
        )
        moved = start(other).joint(name).qpos - start(draw).joint(name).qpos
        assert moved[:3] == pytest.approx([0.004, -0.003, 0.0], abs=1e-9), "what is in the bowl moves with it"
    robot = scene.joint_index
    assert np.array_equal(start(other).qpos[robot], start(draw).qpos[robot])


def test_no_nudge_is_the_draw_itself_and_the_scene_never_changes(scene):
    draw = drawing.draw(scene, 3)
    nudged(scene, draw, Nudge(1.1, 0.9, 1.2, {"oven.at.x": 0.005}))
    same, share = nudged(scene, draw, Nudge())
    assert (saved(same.model), share) == (saved(draw.model), 1.0)
    assert np.array_equal(same.start_state, draw.start_state)
    assert saved(scene.compile(draw.values)) == saved(draw.model)
    assert loose(scene) == ("oven", "bowl")


def test_a_displacement_into_something_is_cut_short(scene):
    draw = drawing.nominal(scene)
    # that far away stands the oven
    other, share = nudged(scene, draw, Nudge(values={"bowl.at.x": 0.35, "bowl.at.y": 0.45}))
    assert share < 1.0
    assert drawing.penetration(other) <= drawing.penetration(draw) + 1e-3
    assert nudged(scene, draw, Nudge(values={"bowl.at.y": -0.1}))[1] == 1.0


def test_a_delay_holds_the_first_command_and_loses_none():
    actions = np.stack([np.arange(6), 10 * np.arange(6)], axis=1).astype(np.float32)
    late = delayed(actions, np.array([1.5, 0.0]))
    assert late.dtype == np.float32
    assert late[:, 0] == pytest.approx([0, 0, 0.5, 1.5, 2.5, 3.5, 4.5, 5])
    assert late[:, 1] == pytest.approx([0, 10, 20, 30, 40, 50, 50, 50])
    assert np.array_equal(delayed(actions, np.zeros(2)), actions)


# -- the count -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("failing", "level", "margin"), [(1, "PASS", 0.0375), (2, "WARN", -0.025), (16, "WARN", -0.9)])
def test_share_of_successes_against_its_bound(failing, level, margin):
    copies = varied(RULE, PLACES, seed=0)
    found = check_robustness(copies, [k >= failing for k in range(16)], RULES)
    assert (found.level, found.value) == (level, 1 - failing / 16)
    assert found.margin == pytest.approx(margin)
    assert 0.0 <= found.details["low"] <= found.value <= found.details["high"] <= 1.0


def test_the_parameter_that_decides_is_named():
    copies = varied(RULE, PLACES, seed=0)
    found = check_robustness(copies, [copy["friction"] > 0.9 for copy in copies], RULES)
    assert found.details["decides"] == {"parameter": "friction", "low": 4, "low_of": 8, "high": 8, "high_of": 8}
    assert found.details["parameters"]["friction"] == {"low": 0.5, "high": 1.0}
    assert "4 of 8 succeed in the lower half" in Words("en").message(found)
    assert "friction" in Words("en").message(found)
    assert "摩擦" in Words("zh").message(found)
    assert "decides" not in check_robustness(copies, [True] * 16, RULES).details


def test_displacements_are_named_by_what_is_displaced():
    copies = varied(RULE, PLACES, seed=0)
    found = check_robustness(copies, [copy["bowl.at.y"] < 0 for copy in copies], RULES)
    titles = {"things": {"bowl": {"en": "bowl", "zh": "碗"}}}
    assert "where the bowl stands (y)" in Words("en").telling(titles).message(found)
    assert "碗的位置（y）" in Words("zh").telling(titles).message(found)


# -- a recording in all its copies -----------------------------------------------------------------------------------
def standing(scene, seconds=SECONDS):
    """An episode in which the robot stands still, and its judge's verdict with check=full."""
    draw = drawing.nominal(scene)
    actions = np.tile(scene.ready_ctrl, (round(seconds / scene.control_timestep), 1)).astype(np.float32)
    played = next(play(scene, [Take(draw, actions)], [checkpoints_of(scene, len(actions))]))
    return as_recording("still", episode_of(scene, played, 0), scene)


def robustness(verdict):
    return next(f for f in verdict.findings if f.code == "robustness")


@pytest.fixture
def table_top(designer):
    return shiliu.load_scenario("table_top", ["goal.lifted.hold=0.2 s", *QUICK])


def test_what_nothing_can_disturb_is_robust_at_any_thread_count(table_top):
    recording = standing(table_top)
    one, two = (judge([recording], full=True, threads=threads)[0] for threads in (1, 2))
    found = robustness(one)
    assert (found.level, found.value) == ("PASS", 1.0)
    assert found.details["successes"] == found.details["copies"] == 16
    assert one.stages["robustness"].verdict == "FEASIBLE"
    assert one.to_json() == two.to_json()
    assert [t.rows for t in one.evidence.tables] == [t.rows for t in two.evidence.tables]


def test_a_place_that_matters_to_the_millimetre_is_told(designer):
    # the bowl stands 200 mm behind the counter's edge and 50 mm to the left: 206.2 mm from the middle of that edge
    sheet = designer / "conf" / "scenario" / "table_top.yaml"
    near = "near: {of: bowl.base, to: counter.top_front, within: 206.2 mm}"
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(text.replace("near: {of: bowl.base, to: counter.top, within: 2 m}", near), encoding="utf-8")
    scene = shiliu.load_scenario("table_top", ["goal.lifted.hold=0.2 s", *QUICK])
    verdict = judge([standing(scene)], full=True)[0]
    found = robustness(verdict)
    expected = [np.hypot(0.2 + c["bowl.at.x"], 0.05 + c["bowl.at.y"]) < 0.2062 for c in varied(RULE, PLACES, 0)]
    assert found.value == pytest.approx(np.mean(expected), abs=1 / 16)
    assert (found.level, found.details["decides"]["parameter"]) == ("WARN", "bowl.at.x")
    assert verdict.verdict == "FEASIBLE", "robustness never makes a recording infeasible"
    assert combine(verdict.findings, verdict.required, RULES, strict=True).stages["robustness"].verdict == "FEASIBLE"
    table = next(t for t in verdict.evidence.tables if t.title_key == "robustness")
    assert len(table.rows) == 16 and sum(row[-2] for row in table.rows) == found.details["successes"]
    for lang, word in (("en", '<th class="n">ceramic bowl x</th>'), ("zh", '<th class="n">瓷碗 x</th>')):
        page = render([verdict], Words(lang), "shiliu replay")
        assert word in page and ("success" if lang == "en" else "成功") in page


def test_only_a_success_is_varied(table_top):
    failed = standing(shiliu.load_scenario("table_top", ["goal.lifted.hold=9 s", *QUICK]), 0.5)
    assert robustness(judge([failed], full=True)[0]).reason == "no_success"
    take = standing(table_top)
    assert robustness(judge([take])[0]).reason == "not_run_gate"
    wrong = take
    wrong = dataclasses.replace(wrong, episode=dataclasses.replace(wrong.episode, states=dict(wrong.episode.states)))
    broken = wrong.episode.states["observation.state"].copy()
    broken[5] += 1e-3
    wrong.episode.states["observation.state"] = broken
    assert robustness(judge([wrong], full=True)[0]).reason == "not_run_after_fail"


def test_a_bare_floor_has_nothing_to_vary():
    scene = shiliu.load_scenario("bare")
    found = robustness(judge([standing(scene, 0.3)], full=True)[0])
    assert (found.level, found.reason) == ("NOT_APPLICABLE", "no_goal")


def test_only_the_scene_is_nudged_by_the_scenes_part_of_a_copy():
    nudge = nudge_of(
        {"friction": 0.9, "mass": 1.1, "gains": 1.0, "latency.arms": 0.02, "latency.hands": 0.0, "a.at.x": 1.0}
    )
    assert nudge == Nudge(0.9, 1.1, 1.0, {"a.at.x": 1.0})


def test_the_command_runs_it_where_asked(table_top, tmp_path, capsys):
    episode = standing(table_top).episode
    with DatasetWriter(tmp_path / "set", table_top.schema.lerobot_features(), 30) as writer:
        writer.add(episode, episode.states)
    for asked, level in (("gate", "NOT_CHECKED"), ("full", "PASS")):
        out = tmp_path / asked
        assert main(["replay", f"data={tmp_path / 'set'}", f"out={out}", f"check={asked}", "pictures=false"]) == 0
        (line,) = (out / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
        found = next(f for f in json.loads(line)["findings"] if f["code"] == "robustness")
        assert found["level"] == level
    assert "16 of 16 varied copies succeed" in found["message"]
    assert main(["replay", f"data={tmp_path / 'set'}", f"out={tmp_path / 'no'}", "check=most"]) == 2
    assert "full" in capsys.readouterr().err
