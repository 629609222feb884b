"""A scenario that names no unknown start, and a take whose record does not hold where the scenario has put its things."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shiliu
from ordinary import ordinary
from shiliu.replay.judge.judge import judge
from shiliu.replay.rollout.episode import checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing

SEED = 2
STEPS = 60
NAMES_NONE = "scenario.judge.if_unknown=null"
AS_RECORDED = [  # what that seed draws, to a tenth of a millimetre, as the scenario's own values
    'scenario.parts.table.height="855.7 mm"',
    *(f'scenario.parts.{name}.at.{axis}="{by} mm"' for name, axis, by in (
        ("bowl", "x", 140.9), ("bowl", "y", 307.7), ("empty", "x", -32.6), ("empty", "y", -252.0)
    )),
]  # fmt: skip


@pytest.fixture(scope="module")
def scene():
    """It draws where the bowl stands and how high its table is, and names neither under `if_unknown`."""
    return shiliu.load_scenario("table_setting", [NAMES_NONE])


@pytest.fixture(scope="module")
def take(scene, demonstrated, tmp_path_factory):
    """An ordinary take with the poses of its bowls."""
    return ordinary(scene, demonstrated(SEED).episode, tmp_path_factory.mktemp("set") / "set")[0]


@pytest.fixture(scope="module")
def standing(scene, tmp_path_factory):
    """A take of two seconds from the same start, with the poses of its bowls, in which nothing is done."""
    actions = np.tile(scene.ready_ctrl.astype(np.float32), (STEPS, 1))
    played = next(play(scene, [Take(drawing.draw(scene, SEED), actions)], [checkpoints_of(scene, STEPS)], 1))
    return ordinary(scene, episode_of(scene, played, SEED), tmp_path_factory.mktemp("still") / "set")[0]


def without_poses(take):
    kept = {name: one for name, one in take.streams.items() if "bowl.x" not in one.names}
    assert len(kept) == len(take.streams) - 1
    return replace(take, streams=kept)


def beside(take, thing):
    """The take without the pose of one thing."""
    streams = {}
    for name, one in take.streams.items():
        kept = [i for i, column in enumerate(one.names) if not column.startswith(f"{thing}.")]
        streams[name] = replace(one, names=tuple(one.names[i] for i in kept), values=one.values[:, kept])
    assert len(streams) == len(take.streams) and any(streams[name].names != one.names for name, one in take.streams.items())
    return replace(take, streams=streams)


def goal_of(scene, take, **metadata):
    (verdict,) = judge([replace(take, metadata={**take.metadata, **metadata})], scene, threads=1)
    return next(one for one in verdict.findings if one.code == "goal"), verdict


def test_a_goal_that_is_missed_from_places_that_nobody_measured_is_undecided(scene, standing):
    goal, verdict = goal_of(scene, without_poses(standing))
    assert (goal.level, goal.reason) == ("NOT_CHECKED", "unknown_start")
    assert (goal.value, goal.limit) == (0.0, 3.0) and goal.details["missed"]
    assert verdict.verdict != "FEASIBLE" and not any(one.failed and one.stage == "replay" for one in verdict.findings)


def test_nor_does_a_label_make_such_a_start_known(scene, standing):
    goal, _ = goal_of(scene, without_poses(standing), label={"success": True})
    assert (goal.level, goal.reason) == ("NOT_CHECKED", "unknown_start")


def test_the_same_is_missed_where_the_record_tells_the_places(scene, standing):
    goal, verdict = goal_of(scene, standing)
    assert goal.failed and verdict.verdict in ("INFEASIBLE", "UNSOUND")


@pytest.mark.slow
def test_a_success_from_the_places_that_the_scenario_gives_is_luck(scene, take):
    goal, verdict = goal_of(scene, take)
    assert goal.level == "PASS" and verdict.verdict == "FEASIBLE"
    near = shiliu.load_scenario("table_setting", [NAMES_NONE, *AS_RECORDED])
    goal, verdict = goal_of(near, without_poses(take))
    assert goal.details["reached"] == 3
    assert (goal.level, goal.reason, verdict.verdict) == ("NOT_CHECKED", "unknown_start", "INCONCLUSIVE")


def test_a_place_that_the_goal_does_not_hang_on_leaves_nothing_open(scene, take, standing):
    """Where the guest's own bowl stood nobody knows; the other one is served beside it all the same, or it is not."""
    goal, verdict = goal_of(scene, beside(take, "empty"), label={"success": True})
    assert (goal.level, verdict.verdict) == ("PASS", "FEASIBLE")
    goal, verdict = goal_of(scene, beside(standing, "empty"), label={"success": True})
    assert goal.failed and verdict.verdict in ("INFEASIBLE", "UNSOUND")
    goal, _ = goal_of(scene, beside(standing, "bowl"), label={"success": True})
    assert (goal.level, goal.reason) == ("NOT_CHECKED", "unknown_start")


def test_a_place_that_is_recorded_is_not_called_unrecorded_for_a_mass_that_is_not(take):
    scene = shiliu.load_scenario("table_setting", ["scenario.judge.if_unknown.starts=2"])
    for one, reason in ((take, "unknown_values"), (without_poses(take), "unknown_start")):
        _, verdict = goal_of(scene, one)
        slip = next(each for each in verdict.findings if each.code == "slip")
        assert slip.level == "NOT_CHECKED" and slip.reason == reason
        assert (slip.details.get("missing") == ["buns.mass", "friction"]) is (reason == "unknown_values")


def test_a_goal_that_is_reached_wherever_such_a_thing_stands_is_no_luck(take):
    """Hands may touch the guest's bowl, so that it matters; the task is done wherever it stands. As many starts are asked as of one that is
    unknown, and eight at the least."""
    none_named = ["scenario.judge.if_unknown.vary=[]", "scenario.judge.if_unknown.starts=2"]
    near = shiliu.load_scenario("table_setting", [*none_named, "scenario.judge.hands_may_touch=[bowl,empty]"])
    goal, verdict = goal_of(near, beside(take, "empty"), label={"success": True})
    assert (goal.level, verdict.verdict) == ("PASS", "FEASIBLE")
    assert (goal.details["successes"], goal.details["starts"], goal.details["unknown"]) == (8, 8, "empty.at.x, empty.at.y")
