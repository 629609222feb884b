"""`record.goal` and recorded poses against physics: by numbers alone."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from shiliu.replay.checks.object_divergence import carried_by_record, check_left
from shiliu.replay.checks.object_motion import (
    PoseFacts,
    check_hovers,
    check_jumps,
    check_moves,
    check_order,
    check_poses,
)
from shiliu.replay.checks.record_goal import check_record_goal
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.facts.record_witness import failing_row
from shiliu.replay.judge.stages.replay_stage import as_sure_as_its_start, unless_recorded
from shiliu.replay.report.text import Words

RULES = load_rules("arm_manipulation")
STEPS = ("taken", "served")
NAMES = ("cup", "jar")


def goal(reached, strict=None, failure=None, claim=True, undone=None, near=None):
    (found,) = check_record_goal(
        STEPS, reached, strict or reached, {"taken": 0, "served": 1}, failure, claim, RULES,
        near or {"t": 2.5, "word": "near", "best": 0.08, "bound": 0.03, "wanted": "m"}, undone,
    )  # fmt: skip
    return found


def test_a_record_that_reaches_every_step_passes():
    found = goal({"taken": 1.0, "served": 4.0})
    assert (found.level, found.value, found.t0) == ("PASS", 2.0, 4.0)


def test_a_step_that_is_never_reached_fails_at_the_moment_that_was_nearest():
    found = goal({"taken": 1.0, "served": None})
    assert (found.level, found.subject, found.t0, found.margin) == ("FAIL", ("served",), 2.5, -1.0)


def test_a_step_that_was_reached_and_undone_fails_since_when_it_is():
    found = goal({"taken": 1.0, "served": None}, undone={"served": 6.5})
    assert (found.level, found.subject, found.t0, found.details["kind"]) == ("FAIL", ("served",), 6.5, "undone")


def test_a_step_that_is_missed_by_what_places_are_measured_to_is_a_warning():
    found = goal({"taken": 1.0, "served": 4.0}, strict={"taken": 1.0, "served": None})
    assert (found.level, found.subject) == ("WARN", ("served",))


def test_a_failure_that_the_record_shows_fails_though_the_goal_is_reached():
    found = goal({"taken": 1.0, "served": 4.0}, failure=("scenario.spilt", 3.0))
    assert (found.level, found.subject, found.t0) == ("FAIL", ("scenario.spilt",), 3.0)


def test_the_condition_that_ended_the_hold_is_named():
    """All hold for 0.3 s where 0.5 s are asked; then the second one fails. Without a hold the best moment is the nearest."""
    t = np.arange(0.0, 2.0, 0.1)
    place, tilt = np.full(20, -1.0), np.full(20, 0.9)
    place[10:], tilt[13:] = 0.5, -0.2
    worst = np.minimum(place, tilt)
    row = failing_row(worst, t, 0.5)
    assert worst[row] == tilt[row] == -0.2
    assert worst[failing_row(worst, t, 0.0)] == 0.5
    assert worst[failing_row(np.full(20, np.nan), t, 0.5)] != 0.0


def test_the_failing_condition_and_a_failure_that_undid_a_step_are_named():
    near = {"t": 2.5, "word": "upright", "about": ["bowl"], "best": 1.0, "bound": 0.087, "wanted": "rad"}
    found = goal({"taken": 1.0, "served": None}, near=near)
    for lang, words in (("en", "tilt (bowl) 1 rad (57.3°) where 0.087 rad (5°) is asked"), ("zh", "1 rad (57.3°)，要求 0.087 rad (5°)")):
        assert words in Words(lang).message(found)
    found = goal({"taken": 1.0, "served": None}, undone={"served": 6.5}, failure=("scenario.door_rebound", 6.5))
    assert Words("en").message(found).endswith("undone again from 6.50 s on: door rebound")


def test_a_failure_mode_that_only_the_record_shows_is_not_called_absent():
    passed = RULES["scenario"].passed(details={"event": "door_rebound"})
    passed.code = "scenario.door_rebound"
    shown = goal({"taken": 1.0, "served": None}, undone={"served": 6.5}, failure=("scenario.door_rebound", 6.5))
    assert unless_recorded(passed, [shown], RULES).reason == "only_in_record"
    assert unless_recorded(passed, [goal({"taken": 1.0, "served": None})], RULES) is passed


def test_values_that_nobody_recorded_are_named_where_all_places_are_known():
    feature = SimpleNamespace(names=("bowl.x", "bowl.qw"))
    scene = SimpleNamespace(schema=SimpleNamespace(observations={"observation.environment_state": feature}))
    failed = RULES["unstable"].finding(level="FAIL", margin=-1.0, excess=1.0)

    def reason(poses, unplaced):
        start = SimpleNamespace(unplaced=unplaced, poses=poses, drawn=("oven.latch_force", "friction"))
        rollouts = SimpleNamespace(known=False, plan=SimpleNamespace(start=start, unsure=None))
        (found,) = as_sure_as_its_start([failed], SimpleNamespace(scene=scene, rules=RULES), rollouts)
        return Words("en").message(found)

    assert reason({"bowl": None}, ()).endswith("not in the recording: oven.latch_force, friction")
    assert reason({"bowl": None}, ("cup.at.x",)) == reason({}, ()) == "where the objects stood is not in the recording"


def test_what_is_labelled_as_failed_claims_nothing():
    assert goal({"taken": None, "served": None}, claim=False).level == "PASS"


def quat(axis, angle):
    axis = np.asarray(axis, float) / np.linalg.norm(axis)
    return np.array([np.cos(angle / 2), *(np.sin(angle / 2) * axis)])


def facts(pos, **near):
    """Two things on a clock of 30 Hz: the first goes as told, the other lies."""
    n = len(pos)
    where = np.stack([pos, np.tile([0.4, -0.3, 0.8], (n, 1))], axis=1)
    turn = np.tile(quat((0, 0, 1), 0.5), (n, 2, 1))
    flags = {name: np.zeros((n, 2), bool) for name in ("hand", "borne", "other")}
    flags["borne"][:] = True
    for name, rows in near.items():
        flags[name][:, 0] = rows
    return PoseFacts(np.arange(n) / 30.0, NAMES, where, turn, turn[0], robot=True, **flags)


def lying(n=90):
    return np.tile([0.3, 0.2, 0.9], (n, 1))


def test_numbers_in_the_order_of_others_are_told_by_a_thing_that_would_lie_tilted():
    upright = np.stack([quat((0, 0, 1), 0.0), quat((0, 0, 1), 0.0)])
    lain = np.stack([quat((0, 0, 1), 0.6), quat((0, 0, 1), -0.9)])
    assert check_order(NAMES, lain, upright, RULES).level == "PASS"
    found = check_order(NAMES, lain[:, [1, 2, 3, 0]], upright, RULES)
    assert (found.level, found.subject, found.value) == ("FAIL", NAMES, pytest.approx(0.9, abs=1e-6))


def test_a_thing_that_lies_on_its_side_is_no_witness_of_another_order():
    upright = np.stack([quat((0, 0, 1), 0.0)] * 2)
    lain = np.stack([quat((1, 0.3, 0), 1.3), quat((0, 0, 1), 0.2)])
    assert check_order(NAMES, lain, upright, RULES).level == "PASS"


def test_one_bowl_turned_by_half_is_no_witness_and_two_are():
    upright = np.stack([quat((0, 0, 1), 0.0)] * 2)
    half, none = quat((0, 0, 1), np.pi), quat((0, 0, 1), 0.0)
    assert check_order(NAMES, np.stack([half, none]), upright, RULES).level == "PASS"
    assert check_order(NAMES, np.stack([half, half]), upright, RULES).level == "FAIL"


def test_a_step_that_stands_alone_is_a_jump_and_a_fast_hand_is_none():
    pos = lying()
    pos[40:] += [0.0, 0.08, 0.0]
    found = check_jumps(facts(pos), RULES)
    assert (found.level, found.subject, found.value) == ("FAIL", ("cup",), pytest.approx(0.08))
    assert found.t0 == pytest.approx(39 / 30)
    fast = lying()
    fast[30:60, 0] += np.linspace(0.0, 2.0, 30)  # 2 m/s, begun at once
    fast[60:, 0] += 2.0
    assert check_jumps(facts(fast), RULES).level == "PASS"


@pytest.mark.parametrize("every", [2, 3, 7])
def test_a_place_that_is_lost_for_single_rows_is_a_jump(every):
    """A tracker that writes zero where it sees nothing: it is elsewhere for a row, and back."""
    pos = lying()
    pos[20:60:every] += [0.0, 0.08, 0.0]
    found = check_jumps(facts(pos), RULES)
    assert (found.level, found.subject, found.value) == ("FAIL", ("cup",), pytest.approx(0.08))
    assert 19 / 30 <= found.t0 < found.t1 <= 61 / 30


def test_what_is_shaken_or_scatters_does_not_jump():
    shaken, noisy = lying(), lying()
    shaken[:, 0] += 0.06 * np.sin(2.0 * np.pi * 3.0 * np.arange(len(shaken)) / 30.0)[: len(shaken)]  # 21 m/s2
    noisy += np.random.default_rng(2).normal(0.0, 0.003, noisy.shape)
    assert check_jumps(facts(shaken), RULES).level == check_jumps(facts(noisy), RULES).level == "PASS"


def test_what_hangs_in_the_air_hovers_for_as_long_and_what_falls_does_not():
    rows = np.arange(90)
    found = check_hovers(facts(lying(), borne=(rows < 30) | (rows >= 54)), RULES)
    assert (found.level, found.subject, found.value) == ("FAIL", ("cup",), pytest.approx(23 / 30))
    held = check_hovers(facts(lying(), borne=(rows < 30) | (rows >= 54), hand=rows >= 30), RULES)
    assert held.level == "PASS"
    pos = lying()
    pos[30:40, 2] -= 0.5 * 9.81 * (np.arange(10) / 30.0) ** 2
    assert check_hovers(facts(pos, borne=(rows < 30) | (rows >= 40)), RULES).level == "PASS"


def test_what_lay_still_and_goes_by_itself_moves_and_what_a_hand_pushes_does_not():
    pos = lying()
    pos[40:70, 1] += np.linspace(0.0, 0.1, 30)
    pos[70:, 1] += 0.1
    found = check_moves(facts(pos), RULES)
    assert (found.level, found.subject) == ("FAIL", ("cup",))
    assert found.value == pytest.approx(0.1) and found.limit == pytest.approx(0.05) and found.t0 == pytest.approx(41 / 30, abs=0.1)
    assert check_moves(facts(pos, hand=np.ones(90, bool)), RULES).level == "PASS"
    assert check_moves(facts(pos, other=np.ones(90, bool)), RULES).level == "PASS", "as on a belt"
    fast = lying()
    fast[40:] += [0.0, 0.035, 0.0]
    assert (check_moves(facts(fast), RULES).value, check_moves(facts(fast), RULES).level) == (pytest.approx(0.035), "FAIL")


@pytest.mark.parametrize(("way", "level"), [(0.03, "PASS"), (0.07, "FAIL")])
def test_a_thing_that_creeps_away_by_itself_moves_and_one_that_wanders_as_seen_by_a_camera_does_not(way, level):
    pos = lying(300)
    pos[:, 1] += np.linspace(0.0, way, 300)  # in 10 s
    found = check_moves(facts(pos), RULES)
    assert found.level == level and (level == "PASS" or found.value == pytest.approx(way, rel=0.1))
    hand = np.arange(300) % 60 < 10  # a hand that comes by in between: what it may push is no motion of its own
    assert check_moves(facts(pos, hand=hand), RULES).level == "PASS"


def test_a_thing_that_tips_over_by_itself_moves_and_one_that_only_turns_does_not():
    one = facts(lying())
    one.quat[:, 0] = quat((0, 0, 1), 0.5)
    angle = np.interp(np.arange(90), [40, 50], [0.0, np.radians(60.0)])
    turned = facts(lying())
    for k in range(90):
        one.quat[k, 0], turned.quat[k, 0] = quat((1, 1, 0), angle[k]), quat((0, 0, 1), angle[k])
    found = check_moves(one, RULES)
    assert found.level == "FAIL" and found.value == pytest.approx(0.05, rel=0.05) and found.t0 == pytest.approx(41 / 30, abs=0.15)
    assert check_moves(turned, RULES).level == "PASS", "what is round has no yaw that a camera sees"


@pytest.mark.parametrize("noise", [0.001, 0.002, 0.005])
def test_what_a_tracker_scatters_by_is_no_motion_and_hides_none(noise):
    scatters = np.random.default_rng(2).normal(0.0, noise, (300, 3))
    assert check_moves(facts(lying(300) + scatters), RULES).level == "PASS"
    pos = lying(300) + scatters
    pos[140:, 1] += np.clip(np.linspace(0.0, 1.6, 160), 0.0, 0.2)
    found = check_moves(facts(pos), RULES)
    assert (found.level, found.subject) == ("FAIL", ("cup",)) and 4.0 < found.t0 < 5.0


def test_a_thing_that_its_tracker_gives_up_is_elsewhere_when_it_is_seen_again():
    pos = lying()
    pos[40:, 1] += 0.1
    one = facts(pos)
    assert check_jumps(one, RULES).level == "FAIL"
    for rows, level in ((slice(30, 40), "PASS"), (slice(50, 60), "FAIL")):
        seen = np.ones((len(pos), 2), bool)
        seen[rows, 0] = False
        assert check_jumps(replace(one, seen=seen), RULES).level == level


def test_where_part_of_the_robot_was_not_measured_somebody_may_have_come_near():
    pos = lying()
    pos[40:, 1] += 0.1
    one = facts(pos)
    levels = {f.code: f.level for f in check_poses(replace(one, robot=False), RULES)}
    assert levels["object.moves"] == levels["object.hovers"] == "NOT_CHECKED" and levels["object.jumps"] == "FAIL"


def test_what_goes_with_a_hand_is_carried_and_what_is_left_fails_where_the_start_is_exact():
    t = np.arange(90) / 30.0
    pos, grips = lying(), np.tile([[0.3, 0.26, 0.95], [0.3, -0.5, 1.0]], (90, 1, 1))
    way = np.clip((np.arange(90) - 30) / 40.0, 0.0, 1.0)[:, None] * [0.0, 0.12, 0.09]
    assert carried_by_record(t, pos + way, grips) is None, "the hand stays"
    carried = carried_by_record(t, pos + way, grips + way[:, None])
    assert carried.way == pytest.approx(0.15, abs=1e-6) and carried.t0 == pytest.approx(1.0, abs=0.1)
    (found,) = check_left({"cup": carried}, True, RULES)
    assert (found.level, found.subject, found.t0) == ("FAIL", ("cup",), carried.t0)
    (found,) = check_left({"cup": carried}, False, RULES)
    assert (found.level, found.reason, found.details["owner"]) == ("NOT_CHECKED", "left_lying", "scene")
    assert check_left({}, True, RULES) == []
