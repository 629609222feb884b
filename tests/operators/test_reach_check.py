"""`shiliu check` tells what fell from where, and which place that a skill names no hand can come to."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import shiliu
from shiliu.cli import main
from shiliu.replay.operator.planning.reaching import SLACK
from shiliu.replay.operator.reach_check import places_in_reach
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.robots.postures import arm_facts
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.yaml_reader import Node, Problems
from shiliu.scenarios.soundness.soundness import examine

LIMIT = f"at most {1e3 * (arm_facts('kuafu')['reach'] + SLACK):.0f} mm"


@pytest.fixture(scope="module")
def table():
    return shiliu.load_scenario("table_setting")


def with_skills(scene, chain):
    changed, problems = copy.copy(scene), Problems()
    changed.config = dataclasses.replace(
        scene.config, problems=problems, skills=Node(chain, "scenario.skills", problems)
    )
    return changed


def moved(scene, x):
    values = drawing.nominal(scene).values
    return drawing.of_values(scene, {**values, "bowl.at.x": values["bowl.at.x"] + x}, 0)


def test_places_in_reach_are_told_with_the_farthest_and_the_limit(table):
    (answer,) = places_in_reach(table, drawing.nominal(table), [])
    assert answer.sound and answer.answer == f"table.top is 725 mm from the left shoulder, {LIMIT}"


def test_a_place_out_of_reach_is_told_with_its_skill_as_drawn_and_in_the_draws(table):
    near = drawing.nominal(table)
    (answer,) = places_in_reach(table, moved(table, 0.6), [near])
    assert not answer.sound and "bowl.rim_near (take.rim) is " in answer.answer
    assert answer.answer.endswith(f"as the YAML puts it, {LIMIT}")
    (answer,) = places_in_reach(table, near, [near, moved(table, 0.6)])
    assert not answer.sound and "in 1 of 2 draws" in answer.answer


def test_what_an_earlier_skill_moves_is_not_asked_for(table):
    chain = [
        {"take": {"how": "rim", "hand": "right", "at": "bowl.rim_near", "of": "bowl"}},
        {"reach": {"hand": "left", "at": "bowl.rim_near"}},
    ]
    far = moved(table, 0.6)
    (answer,) = places_in_reach(with_skills(table, chain), far, [])
    assert "take.rim" in answer.answer and "reach" not in answer.answer.replace("within reach", "")
    (answer,) = places_in_reach(with_skills(table, chain[1:]), far, [])
    assert not answer.sound and "(reach)" in answer.answer


def test_a_robot_that_looks_or_has_no_skills_is_asked_nothing(table):
    assert places_in_reach(with_skills(table, [{"look": {"at": "bowl.base"}}]), moved(table, 2.0), []) == []
    assert places_in_reach(with_skills(table, []), moved(table, 2.0), []) == []


def test_what_fell_is_told_from_where(capsys):
    words = ['scenario.parts.bowl.at.y="1100 mm"', "scenario.variation=null", "scenario.judge.if_unknown=null"]
    assert main(["check", "scenario=table_setting", *words]) == 1
    printed = capsys.readouterr().out
    assert "FAIL stays where it is put" in printed
    assert "bowl fell 0.87 m from table.top_front in the first 1 s" in printed
    assert "FAIL places are within reach" in printed and LIMIT in printed, "without a variation, too"


def test_a_sound_scene_says_that_nothing_fell(table):
    answers = {a.question: a for a in examine(table, draws=1)}
    assert answers["stays where it is put"].sound
    assert answers["stays where it is put"].answer == "nothing fell, tipped over or slid"


def test_draws_that_are_all_refused_name_the_nominal_scene_where_it_is_at_fault():
    changed = shiliu.load_scenario("table_setting", ['parts.bowl.at.x="700 mm"'])
    with pytest.raises(ScenarioError, match=r"mm from the left shoulder, at most 709 mm\. So is the nominal scene"):
        drawing.draw(changed, 0)
