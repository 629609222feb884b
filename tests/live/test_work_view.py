"""What the teleop page looks at: hands and work, wherever the robot stands; and how it tells how a take ended."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu import load_scenario
from shiliu.replay.live.performing import ended, nevers_of, words_of
from shiliu.replay.live.work_view import work_view
from shiliu.replay.report.text import Words
from shiliu.scenarios.draws.variation import nominal


@pytest.fixture(scope="module")
def oven():
    return load_scenario("microwave")


@pytest.mark.parametrize("overrides", [[], ["robot.stands_at.x=-150 mm", "robot.stands_at.yaw=30 deg"]])
def test_hands_and_what_the_goal_speaks_of_are_looked_at_and_the_robot_is_looked_through(overrides):
    scene = load_scenario("microwave", overrides)
    drawn = nominal(scene)
    found, data = work_view(scene, drawn), drawn.data()
    mujoco.mj_kinematics(drawn.model, data)
    points = np.array(found["points"])
    for site in ("left_tcp", "right_tcp", "bowl/base", "oven/turntable", "oven/start"):
        at = data.site(site).xpos
        assert (points.min(axis=0) < at + 0.02).all() and (at - 0.02 < points.max(axis=0)).all(), site
        assert np.abs(points - at).max(axis=1).min() < 0.3, site
    assert np.ptp(points, axis=0).max() < 2.0  # the counter is not in it whole, nor the room
    yaw = scene.config.stands_at[2]
    assert found["ahead"][:2] == pytest.approx([0.85 * np.cos(yaw), 0.85 * np.sin(yaw)]) and found["ahead"][2] < 0
    arms = {drawn.model.body(f"zarm_{side}{k}_link").name for side in "lr" for k in (5, 7)}
    assert not arms & set(found["veils"]) and {"zhead_2_link", "leg_l6_link"} <= set(found["veils"])


def test_what_is_out_of_reach_is_not_looked_at():
    scene = load_scenario("room_delivery")
    points = np.array(work_view(scene, nominal(scene))["points"])
    x, y, _ = scene.config.stands_at
    assert np.linalg.norm(points[:, :2] - (x, y), axis=1).max() < 1.7


@pytest.mark.parametrize(
    ("lang", "failure", "says"),
    [
        ("en", None, "The goal is reached."),
        ("en", "replay.goal:opened", "The goal is not reached. Not done at the end: opened."),
        ("zh", "replay.goal:opened", "目标未达成。结束时未完成：门已打开。"),
        ("en", "scenario.spilt", "Counts as failed: food spilt."),
        ("zh", "scenario.spilt", "本条算失败：食物洒出。"),
    ],
)
def test_how_a_take_ended_is_a_sentence(oven, lang, failure, says):
    words = words_of(oven, Words(lang))
    assert ended(words, failure) == says
    assert ended(words, None, free=True) in ("This scenario has no goal.", "此场景没有目标。")
    assert ("food spilt" if lang == "en" else "食物洒出") in nevers_of(oven, words)
