"""A skill that cannot be done ends with its reason, one that has nothing to do ends at once, and neither is a fault of ours."""

from __future__ import annotations

import ast
import copy
import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
import shiliu
from shiliu.cli import main
from shiliu.replay.operator.limbs.arm import Arm
from shiliu.replay.operator.limbs.hand import unit
from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.replay.operator.planning.reaching import SLACK
from shiliu.replay.operator.words import reason
from shiliu.replay.operator.words.reason import GivenUp, gave_up_of
from shiliu.replay.recording.recording import Recording
from shiliu.replay.report.html import render
from shiliu.replay.report.text import Words, catalogue
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.robots.postures import arm_facts
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.yaml_reader import Node, Problems


@pytest.fixture(scope="module")
def table():
    return shiliu.load_scenario("table_setting", ['robot.pose="ready"'])


def in_english(found):
    """One sentence of why a skill gave up, as its episode keeps it."""
    return f"{found['skill']} (skill {found['number']}): {found['reason']}" if found["skill"] else str(found["reason"])


def with_skills(scene, chain, seconds=1.0):
    changed, problems = copy.copy(scene), Problems()
    node = Node(chain, "scenario.skills", problems)
    changed.config = dataclasses.replace(scene.config, problems=problems, skills=node, time_limit=seconds)
    return changed


def done_with(scene, chain, seconds=1.0):
    changed = with_skills(scene, chain, seconds)
    (done,) = perform(changed, [drawing.nominal(scene)], [0], skills=read_chain(changed))
    return done


@pytest.fixture(scope="module")
def arm(table):
    return Arm(
        table.robot,
        "left",
        np.array([0.7, 0.2, -0.14, -2.0, 1.3, -0.2, -0.1]),
        1 / 30,
        0.1,
        100.0,
        np.random.default_rng(0),
    )


@pytest.mark.parametrize("n", [1, 3])
def test_a_way_of_no_length_is_stood_out(arm, n):
    path = arm.way([arm.q] * n, 0.4, scatter=0.0)
    assert np.isfinite(path.duration) and 0.0 < path.duration < 1.0
    assert np.allclose(path.spline(np.linspace(0.0, 1.0, 9)), arm.q, atol=1e-9)
    assert all(np.allclose(arm.q, before) for before in [arm.q.copy()] for _ in arm.follow(path, tremor=0.0))


def test_a_way_that_stands_still_in_between_is_timed(arm):
    end = arm.q + 0.1
    path = arm._path([arm.q, arm.q, arm.q, end], 0.4)
    assert (
        np.isfinite(path.duration)
        and np.allclose(path.end, end)
        and np.isfinite(path.spline(np.linspace(0, 1, 99))).all()
    )


def test_a_hand_that_is_home_stays_there(table):
    done = done_with(table, [{"home": {"hand": "right"}}, {"home": {"hand": "right"}}], 2.0)
    assert [s["skill"] for s in done.segments] == ["home", "home"] and "gave_up" not in done.provenance
    assert np.abs(done.actions - done.actions[0])[:, :16].max() < 0.01, "but for a tremor"


@pytest.mark.parametrize(
    ("skill", "message"),
    [
        ({"home": {"hand": "left", "speed": "0 m/s"}}, "too small"),
        ({"home": {"hand": "left", "speed": "-0.2 m/s"}}, "too small"),
        ({"home": {"hand": "left", "speed": "1 mm/s"}}, None),
        ({"wait": {"time": "-1 s"}}, "too small"),
        ({"wait": {"time": "0 s"}}, None),
        ({"lift": {"hand": "left", "by": "9 m"}}, "too large"),
        ({"lift": {"hand": "left", "by": "2 m"}}, None),
    ],
)
def test_arguments_have_bounds(table, skill, message):
    if message is None:
        assert len(read_chain(with_skills(table, [skill]))) == 1
        return
    with pytest.raises(ScenarioError, match=rf"scenario\.skills\[0\].*{message}"):
        read_chain(with_skills(table, [skill]))


@pytest.mark.parametrize(
    ("joint", "fits"), [("oven.door", True), ("robot.zarm_l4_joint", False), ("bowl.bowl_150_free", False)]
)
def test_a_joint_is_one_of_a_part_that_turns_or_slides(scene, joint, fits):
    chain = [{"move_joint": {"how": "pull", "hand": "left", "joint": joint, "at": "oven.handle", "to": "40 deg"}}]
    if fits:
        assert read_chain(with_skills(scene, chain))[0].joint == "oven/door_hinge"
        return
    with pytest.raises(ScenarioError, match="no hinge or slide of a part"):
        read_chain(with_skills(scene, chain))


@pytest.mark.parametrize(("speed", "fits"), [("0 %", False), ("5 %", True)])
def test_an_operator_without_any_speed_is_refused(scene, speed, fits):
    changed, problems = copy.copy(scene), Problems()
    slow = {"slow": {"code": "scenario.spilt", "faults": {"speed": speed}}}
    changed.config = dataclasses.replace(
        scene.config, problems=problems, mistakes=Node(slow, "scenario.mistakes", problems)
    )
    if fits:
        assert read_mistakes(changed)["slow"].faults["speed"] == pytest.approx(0.05)
        return
    with pytest.raises(ScenarioError, match="too small"):
        read_mistakes(changed)


def test_a_direction_of_no_length_gives_up():
    assert np.allclose(unit(np.array([0.0, 3.0, 4.0]), "none"), [0.0, 0.6, 0.8])
    with pytest.raises(GivenUp, match="on the axis"):
        unit(np.zeros(3), "it lies on the axis")


@pytest.mark.parametrize("more", [-0.02, 0.02])
def test_what_no_arm_reaches_is_told_before_it_is_tried(table, more):
    draw = drawing.nominal(table)
    simulated = done_with(table, [{"reach": {"hand": "left", "at": "bowl.rim_near"}}], 1.0)
    assert "gave_up" not in simulated.provenance, "the bowl is where it can be reached"
    import mujoco

    data = mujoco.MjData(draw.model)
    mujoco.mj_setState(draw.model, data, draw.start_state, mujoco.mjtState.mjSTATE_INTEGRATION)
    mujoco.mj_forward(draw.model, data)
    shoulder, bowl = data.site("left_shoulder").xpos.copy(), data.site("bowl/rim_near").xpos.copy()
    level = np.sqrt((arm_facts("kuafu")["reach"] + SLACK + more) ** 2 - (bowl - shoulder)[2] ** 2 - (bowl - shoulder)[1] ** 2)
    ahead = float(shoulder[0] + level - bowl[0])
    key = "bowl.at.x"
    moved = drawing.of_values(table, {**draw.values, key: draw.values[key] + ahead}, 0)
    changed = with_skills(table, [{"reach": {"hand": "left", "at": "bowl.rim_near"}}], 0.2)
    (done,) = perform(changed, [moved], [0], skills=read_chain(changed))
    if more < 0:
        assert "gave_up" not in done.provenance
    else:
        found = done.provenance["gave_up"]
        assert in_english(found) == "reach (skill 1): bowl.rim_near is 120 mm beyond the left arm's reach"
        assert (found["skill"], found["number"], found["code"]) == ("reach", 1, "out_of_reach")
        assert found["details"] == {"at": "bowl.rim_near", "side": "left", "beyond": pytest.approx(0.12, abs=1e-4)}
        assert Words("zh").gave_up(found, plain=False) == "bowl.rim_near 超出左臂可达范围 120 mm"


@pytest.mark.slow
def test_a_skill_in_which_a_grip_opens_wants_its_hand_in_the_same_place(scene):
    mistake = read_mistakes(scene)["bowl_dropped"]
    (carry,) = (step for step in mistake.steps if step.kind.name == "carry.level")
    short = dataclasses.replace(mistake, steps=(dataclasses.replace(carry, slips=0.5),))
    changed = with_skills(scene, [])
    (done,) = perform(changed, [drawing.nominal(scene)], [0], mistakes=[short])
    assert [s["skill"] for s in done.segments] == ["carry.level"] and len(done.actions) == 30


def test_record_says_why_and_keeps_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ['scenario.parts.bowl.at.x="900 mm"', 'scenario.time_limit="2 s"', "scenario.variation=null"]
    words += [
        "scenario.judge.if_unknown=null",
        "scenario.skills=[{reach:{hand:left,at:bowl.rim_near}}]",
        "scenario.mistakes=null",
    ]
    assert main(["record", "scenario=table_setting", "episodes=1", "out=far", "threads=1", *words]) == 0
    printed = capsys.readouterr().out
    assert "    gave up: reach (skill 1): bowl.rim_near is " in printed and "beyond the left arm's reach" in printed
    (recording,) = shiliu.read("far")
    assert isinstance(recording, Recording) and recording.episode is not None
    assert in_english(gave_up_of(recording.episode.provenance)).startswith("reach (skill 1): bowl.rim_near is ")
    (verdict,) = shiliu.judge([recording])
    page = render([verdict], Words("zh"), "")
    assert "操作员为何停止" in page and "碗的" in page and "超出左臂可达范围" in page


def test_episodes_of_earlier_versions_are_read():
    old = {"gave_up": "grasp (skill 2): can.middle is 210 mm beyond the left arm's reach"}
    found = gave_up_of(old)
    assert found == {"skill": "grasp", "number": 2, "reason": "can.middle is 210 mm beyond the left arm's reach"}
    assert in_english(found) == old["gave_up"] and Words("zh").gave_up(found) == found["reason"]
    assert in_english(gave_up_of({"gave_up": "because"})) == "because" and gave_up_of({}) is None
    assert gave_up_of({"gave_up": {"skill": "grasp", "number": "2", "reason": ["x"]}}) is None, "not one of ours"


def test_every_reason_of_a_skill_stands_in_the_catalogues():
    codes = set()
    for file in Path(reason.__file__).parents[1].rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason" and file.name != "reason.py":
                fields = set(re.findall(r"{(\w+)", catalogue("en")["gave_up"][node.args[1].value]))
                assert fields <= {keyword.arg for keyword in node.keywords}, node.args[1].value
                codes.add(node.args[1].value)
    assert codes == set(catalogue("en")["gave_up"]) and len(codes) > 20


def test_record_says_nothing_where_nothing_was_given_up(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ['scenario.time_limit="1 s"', "scenario.skills=[{wait:{time:0.2 s}}]", "scenario.mistakes=null"]
    assert main(["record", "scenario=table_setting", "episodes=1", "out=near", "threads=1", *words]) == 0
    assert "gave up" not in capsys.readouterr().out
    (recording,) = shiliu.read("near")
    assert isinstance(recording, Recording) and recording.episode is not None
    assert "gave_up" not in recording.episode.provenance
