"""A hand that closes on nothing gives up, a chain that gave up ends within a second, and each missed step says by how much."""

from __future__ import annotations

import copy
import dataclasses

import mujoco
import numpy as np
import pytest
from shiliu.replay.commands.record_lines import Lines
from shiliu.replay.operator.demonstration import demonstrate
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.replay.report.text import Words
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.yaml_reader import Node, Problems

INTO_THE_AIR = [
    {"reach": {"hand": "right", "at": "empty.inside", "pitch": "60 deg", "standoff": "150 mm"}},
    {"take": {"how": "pinch", "hand": "right", "at": "empty.inside"}},
    {"lift": {"hand": "right", "by": "80 mm"}},
]
TAKEN_ALONE = [
    {"take": {"how": "rim", "hand": "left", "of": "bowl", "at": "bowl.rim_near", "force": "80 N", "speed": "0.5 m/s"}},
    {"lift": {"hand": "left", "by": "90 mm"}},
]


def with_skills(scene, chain, seconds):
    changed, problems = copy.copy(scene), Problems()
    node = Node(chain, "scenario.skills", problems)
    changed.config = dataclasses.replace(scene.config, problems=problems, skills=node, time_limit=seconds)
    return changed


def done_with(scene, chain, seconds=25.0, **how):
    changed = with_skills(scene, chain, seconds)
    (done,) = perform(changed, [drawing.draw(scene, 1)], [1], skills=read_chain(changed), **how)
    return done


@pytest.fixture(scope="module")
def empty(table):
    """A hand that has closed on nothing; look at it, do not change it."""
    (episode,) = demonstrate(with_skills(table, INTO_THE_AIR, 25.0), [1])
    return episode


def test_a_hand_that_closes_on_nothing_gives_up_and_the_episode_ends(table, empty):
    done = empty
    given_up = done.provenance["gave_up"]
    assert (given_up["skill"], given_up["number"], given_up["code"]) == ("take.pinch", 2, "closed_on_nothing")
    assert given_up["details"] == {"side": "right", "of": "empty.inside", "gap": pytest.approx(0.0, abs=1e-3)}
    ended = done.segments[-1]["t1"]
    assert 0.9 < done.n_steps * table.control_timestep - ended <= 1.05 and ended < 15.0
    for lang, word in (("en", "0 mm between the pads"), ("zh", "指垫之间只剩 0 mm")):
        assert word in Words(lang).gave_up(given_up, plain=False)


def test_who_goes_wrong_on_purpose_goes_on(table):
    done = done_with(table, INTO_THE_AIR, 14.0, faults={"speed": 1.0})
    assert "gave_up" not in done.provenance and done.n_steps * table.control_timestep == pytest.approx(14.0, abs=0.05)


def test_what_is_held_is_no_empty_hand_and_a_chain_that_ends_keeps_its_time(table):
    done = done_with(table, TAKEN_ALONE, 12.0)
    assert "gave_up" not in done.provenance and done.n_steps * table.control_timestep == pytest.approx(12.0, abs=0.05)
    (served, *_) = done.missed
    assert served["step"] == "served" and [one["word"] for one in served["conditions"]] == ["near", "upright", "released"]
    near = served["conditions"][0]
    assert near["value"] > 0.05 and near["bound"] == 0.03 and near["margin"] == pytest.approx(0.03 - near["value"])


def test_each_missed_step_says_how_far_it_was(table, empty):
    taken, served = empty.provenance["missed"][:2]  # the bowl was never touched: its distance at the end is that of the start
    draw = drawing.draw(table, 1)
    data = mujoco.MjData(draw.model)
    mujoco.mj_setState(draw.model, data, draw.start_state, mujoco.mjtState.mjSTATE_INTEGRATION)
    mujoco.mj_kinematics(draw.model, data)
    away = np.linalg.norm(data.site("bowl/base").xpos - data.site("table/top").xpos)
    assert taken["conditions"][0]["value"] == pytest.approx(0.0, abs=1e-4) and taken["conditions"][0]["bound"] == 0.06
    assert served["conditions"][0]["value"] == pytest.approx(away, abs=2e-3) and away > 0.1


def test_lines_of_a_failed_demonstration(table, empty, served):
    words = [skill.name for skill in read_chain(with_skills(table, INTO_THE_AIR, 25.0))]
    lines = Lines("en", words)
    head, why, *missed = lines.of(empty)
    assert "failure replay.goal:taken" in head and "closed on nothing instead of empty.inside: 0 mm" in why
    assert missed[0].strip().startswith("missed: taken: moved from its start (bowl)") and "at least 60 mm wanted" in missed[0]
    assert "missed: served: distance (bowl's base, table's top)" in missed[1] and "at most 30 mm wanted" in missed[1]
    titled, chinese = (Lines(lang, words, scene=table).of(empty)[3] for lang in ("en", "zh"))  # as reports call the things
    assert "missed: served: distance (bowl's foot, table's top)" in titled, titled
    assert "served：距离（碗的底部，桌子的" in chinese, chinese
    undone = dataclasses.replace(empty, label=empty.label | {"undone": {"served": 8.5}})
    assert "    done and undone again: served, from 8.50 s on" in lines.of(undone)
    assert len(lines.of(served.episode)) == 1 and "missed" not in served.episode.provenance
