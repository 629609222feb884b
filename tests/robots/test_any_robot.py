"""Recordings of any robot: its description, what is judged by limits alone, and what with a model of it."""

from __future__ import annotations

import json
from itertools import islice

import numpy as np
import pytest
import shiliu
from shiliu.cli import main
from shiliu.replay.judge.context import Contexts
from shiliu.replay.recording.recording import Unreadable
from shiliu.replay.robots.embodiment import limits_of, load_embodiment
from shiliu.scenarios.sheet.errors import ReplayError
from toy_robot import ARM, SHEET, commanded, found, stream, swing, take, verdict_of

# ------------------------------------------------------------------------------------------------------ by limits alone


def test_a_motion_inside_the_limits_passes_and_says_what_was_not_looked_at(sheet):
    verdict = verdict_of(commanded(swing(1.0), 1.0 + swing(0.3)), sheet)
    assert verdict.verdict == "FEASIBLE"
    assert verdict.required == ["integrity", "kinematics.joint.position", "kinematics.joint.velocity"]
    assert found(verdict, "joint.velocity").value == pytest.approx(1.571, rel=0.01), "2 pi / 4 s"
    for code in ("collision.self", "torque.peak", "goal"):
        assert (found(verdict, code).level, found(verdict, code).reason) == ("NOT_CHECKED", "no_model")
    assert found(verdict, "balance").reason == "fixed_base"
    assert verdict.provenance["robot_known_by"] == "limits"
    assert verdict.provenance["notes"][0].startswith("judged as toy")


def test_a_command_beyond_the_range_fails_by_what_it_is_beyond(sheet):
    verdict = verdict_of(commanded(swing(1.8), 1.0 + swing(0.3)), sheet)
    one = found(verdict, "joint.position")
    assert (verdict.verdict, verdict.findings[verdict.root].code) == ("INFEASIBLE", "joint.position")
    assert one.subject == ("a",) and one.limit == pytest.approx(np.pi / 2)
    assert one.margin == pytest.approx(np.pi / 2 - 1.8, abs=0.01), "what lasts for 20 ms"
    assert (one.limit_source, one.limit_grade) == ("its data sheet", "published")


def test_degrees_are_judged_as_degrees(sheet):
    verdict = verdict_of(commanded(swing(60.0), 60.0 + swing(20.0), unit="deg"), sheet)
    assert verdict.verdict == "FEASIBLE"
    assert found(verdict, "joint.velocity").details["fastest"]["value"] == pytest.approx(1.645, rel=0.01)


def test_an_estimate_has_a_wider_band_of_doubt_and_is_never_required(sheet, tmp_path):
    verdict = verdict_of(commanded(swing(0.1), 1.2 + swing(1.1 * 2 / np.pi)), sheet)
    one = found(verdict, "joint.velocity")
    assert one.subject == ("b",) and (one.level, one.limit_grade) == ("WARN", "estimate"), "10 % over a guess"
    over = verdict_of(commanded(swing(0.1), 1.25 + swing(0.75, period=3.0)), sheet)
    assert found(over, "joint.velocity").level == "FAIL", "57 % over"
    guessed = tmp_path / "guessed.yaml"
    guessed.write_text(SHEET.replace("velocity: sheet", "velocity: guess"), encoding="utf-8")
    assert load_embodiment(str(guessed)).required == ["integrity", "kinematics.joint.position"]


def test_what_a_robot_measurably_did_is_a_warning(sheet):
    verdict = verdict_of(commanded(swing(1.8), 1.0 + swing(0.3), kind="state_only", role="measured"), sheet)
    one = found(verdict, "joint.position")
    assert (verdict.verdict, one.level, one.signal) == ("FEASIBLE", "WARN", "measured")


def test_a_joint_without_limits_is_named(sheet):
    verdict = verdict_of(commanded(swing(1.0), 1.0 + swing(0.3), swing(9.0), names="abc"), sheet)
    assert verdict.verdict == "FEASIBLE"
    assert found(verdict, "joint.position").details["without_limit"] == ["c"]


def test_arms_in_streams_of_their_own_are_all_judged(sheet):
    left = stream("left", "command", "joint_position", ["a"], swing(1.0))
    right = stream("right", "command", "joint_position", ["b"], 2.2 + swing(0.8))
    verdict = verdict_of(take(left, right), sheet)
    assert found(verdict, "joint.position").subject == ("b",), "on the same times"
    slower = stream("right", "command", "joint_position", ["b"], 2.2 + swing(0.8, rate=50.0), rate=50.0)
    verdict = verdict_of(take(left, slower), sheet)
    assert (verdict.verdict, found(verdict, "joint.position").subject) == ("INFEASIBLE", ("b",)), "on their own"
    assert found(verdict, "joint.velocity").details["fastest"]["joint"] in ("a", "b")


def test_hands_are_judged_in_their_own_unit(sheet):
    arm = stream("q", "command", "joint_position", "ab", np.concatenate([swing(1.0), 1.0 + swing(0.3)], axis=1))
    rest = stream("hand", "command", "hand", ["grip"], np.ones(400), "1")
    assert verdict_of(take(arm, rest), sheet).verdict == "FEASIBLE", "open throughout is no joint near its end"
    shut = stream("hand", "command", "hand", ["grip"], np.full(400, -0.5), "1")
    one = found(verdict_of(take(arm, shut), sheet), "joint.position")
    assert (one.level, one.subject, one.value, one.unit) == ("FAIL", ("grip",), -0.5, "1")


def test_a_hand_that_counts_neither_as_its_sheet_nor_in_shares_is_the_recorders(sheet):
    arm = stream("q", "command", "joint_position", "ab", np.concatenate([swing(1.0), 1.0 + swing(0.3)], axis=1))
    switched = stream("hand", "command", "hand", ["grip"], np.where(np.arange(400) < 200, -1.0, 1.0), "1")
    verdict = verdict_of(take(arm, switched), sheet)
    assert (verdict.verdict, verdict.owner, verdict.findings[verdict.root].code) == ("UNSOUND", "device", "value.range")
    assert found(verdict, "value.range").margin == pytest.approx(-1.0)


@pytest.mark.parametrize(("wide", "measured", "verdict"), [
    (6.3, True, "FEASIBLE"), (6.3, False, "INFEASIBLE"), (3.2, True, "INFEASIBLE"),
])  # fmt: skip
def test_a_joint_of_two_turns_that_both_columns_write_within_one_goes_on_over_the_seam(tmp_path, wide, measured, verdict):
    (tmp_path / "arm.yaml").write_text(
        "title: {en: Arm, zh: 臂}\nbase: fixed\nsources: {sheet: {text: its sheet, grade: published}}\n"
        f"limits: {{position: sheet, velocity: sheet}}\njoints: {{a: {{position: [-{wide} rad, {wide} rad], velocity: 2 rad/s}}}}\n",
        encoding="utf-8",
    )
    went = 3.0 + swing(1.0)
    within = (went + np.pi) % (2.0 * np.pi) - np.pi
    streams = [stream("q", "command", "joint_position", "a", within)]
    if measured:
        streams.append(stream("p", "measured", "joint_position", "a", within))
    judged = verdict_of(take(*streams), tmp_path / "arm.yaml")
    assert judged.verdict == verdict
    if verdict == "FEASIBLE":
        assert found(judged, "joint.velocity").value == pytest.approx(1.571, rel=0.01)
        assert found(judged, "joint.position").details["upper"] == pytest.approx(wide)


@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        (commanded(swing(50.0), swing(50.0), unit="-100..100"), "other_unit"),
        (commanded(swing(1.0), swing(1.0), names="xy"), "other_robot"),
        (take(stream("x", "command", "hand_step", ["dx"], swing(0.1), "1")), "no_joint_commands"),
    ],
)
def test_what_cannot_be_read_as_joint_angles_is_undecided(sheet, recording, reason):
    verdict = verdict_of(recording, sheet)
    assert verdict.verdict == "INCONCLUSIVE" and verdict.findings[verdict.root].reason == reason


def test_servo_ticks_are_angles_where_the_description_says_what_one_is_worth(tmp_path):
    (tmp_path / "servo.yaml").write_text(
        "title: {en: Servo, zh: 舵机}\nscale: {tick: 0.087890625 deg}\n"
        "sources: {own: {text: its calibration, grade: measured}}\nlimits: {position: own, velocity: own}\n"
        "joints: {a: {position: [1024 tick, 3072 tick], velocity: 1000 tick/s}}\n",
        encoding="utf-8",
    )
    robot = load_embodiment(str(tmp_path / "servo.yaml"))
    assert robot.limits["a"].lower == pytest.approx(np.pi / 2) and robot.limits["a"].velocity == pytest.approx(
        1.534, abs=1e-3
    )
    within = verdict_of(commanded(2048 + swing(600.0), names="a", unit="tick"), tmp_path / "servo.yaml")
    assert within.verdict == "FEASIBLE"
    assert found(within, "joint.velocity").value == pytest.approx(600 * np.pi / 2 * 2 * np.pi / 4096, rel=0.01)
    over = verdict_of(commanded(2048 + swing(1200.0, period=16.0), names="a", unit="tick"), tmp_path / "servo.yaml")
    one = found(over, "joint.position")
    assert one.level == "FAIL" and one.margin == pytest.approx(-176 * 2 * np.pi / 4096, abs=0.005)


# --------------------------------------------------------------------------------------------------------- with a model


def test_limits_come_from_the_model_where_the_sheet_has_none(arm):
    robot = load_embodiment(str(arm))
    assert robot.limits["a"].upper == pytest.approx(np.pi / 2) and robot.limits["a"].torque_peak == 8.0
    assert limits_of(robot.model, "shoulder") == pytest.approx((-np.pi / 2, np.pi / 2, 8.0))
    assert robot.required == [
        "integrity", "kinematics.joint.position", "kinematics.collision.self", "dynamics.torque.peak",
    ]  # fmt: skip


def test_gravity_alone_asks_the_torque_that_a_lever_asks(arm):
    """Both links stretched out: 1 kg at 0.2 m and 1 kg at 0.6 m."""
    still = np.zeros((200, 1))
    verdict = verdict_of(commanded(still, still), arm)
    one = found(verdict, "torque.peak")
    assert one.value == pytest.approx(9.81 * 0.8, rel=1e-3) and one.subject == ("a",)
    assert one.level == "PASS" and verdict.verdict == "FEASIBLE"


def test_a_torque_over_the_motors_fails_by_what_it_is_over(arm):
    arm.with_name("arm.xml").write_text(ARM.replace('mass="1" ', 'mass="2" '), encoding="utf-8")
    still = np.zeros((200, 1))
    verdict = verdict_of(commanded(still, still), arm)
    one = found(verdict, "torque.peak")
    assert (verdict.verdict, one.level) == ("INFEASIBLE", "FAIL")
    assert one.excess == pytest.approx((2 * 9.81 * 0.8 - 8.0) / 8.0, rel=1e-3)
    assert (one.limit_source, one.limit_grade) == ("its model", "published")


def test_a_model_that_takes_its_weight_away_still_has_to_be_carried(arm):
    arm.with_name("arm.xml").write_text(ARM.replace('<body name="', '<body gravcomp="1" name="'), encoding="utf-8")
    still = np.zeros((200, 1))
    one = found(verdict_of(commanded(still, still), arm), "torque.peak")
    assert one.value == pytest.approx(9.81 * 0.8, rel=1e-3)


def test_arms_of_a_robot_that_could_walk_are_judged_with_its_base_at_rest(arm):
    trunk = '<body name="trunk" pos="0 0 1"><freejoint/><geom size="0.01" mass="30" contype="0" conaffinity="0"/>'
    floating = ARM.replace('<body name="upper" pos="0 0 1">', f'{trunk}<body name="upper">')
    floating = floating.replace("</worldbody>", "</body></worldbody>")
    arm.with_name("arm.xml").write_text(floating, encoding="utf-8")
    arm.write_text(arm.read_text(encoding="utf-8").replace("base: fixed", "base: walking"), encoding="utf-8")
    verdict = verdict_of(commanded(np.zeros((200, 1)), np.zeros((200, 1))), arm)
    assert found(verdict, "torque.peak").value == pytest.approx(9.81 * 0.8, rel=1e-3)
    assert found(verdict, "balance").reason == "no_base_motion" and verdict.verdict == "FEASIBLE"


def test_a_model_without_a_robot_is_not_dropped_in_silence(arm):
    with pytest.raises(ReplayError, match="Name the robot, too"):
        Contexts(model=arm.with_name("arm.xml")).of(commanded(swing(1.0), swing(1.0)))


def test_a_hand_that_folds_back_into_its_own_arm(arm):
    folded = np.concatenate([np.full((200, 1), np.pi / 2), np.full((200, 1), np.deg2rad(170))], axis=1)
    one = found(verdict_of(commanded(folded[:, :1], folded[:, 1:]), arm), "collision.self")
    assert one.level == "FAIL" and set(one.subject) == {"upper", "hand"}
    aside = 0.4 * np.sin(np.deg2rad(10))  # of the hand's middle from the axis of the upper arm
    assert one.value == pytest.approx(0.05 + 0.03 - aside, abs=1e-4)


def test_commanded_torques_are_held_against_the_motors(sheet, tmp_path):
    text = SHEET.replace("velocity: 2 rad/s}", "velocity: 2 rad/s, torque: 5 Nm}")
    sheet.write_text(text, encoding="utf-8")
    state = stream("q", "measured", "joint_position", "ab", np.concatenate([swing(1.0), 1 + swing(0.3)], axis=1))
    within = stream("u", "command", "joint_torque", ["a"], np.full(400, 4.0), "Nm")
    over = stream("u", "command", "joint_torque", ["a"], np.full(400, 6.0), "Nm")
    assert found(verdict_of(take(state, within), sheet), "torque.peak").level == "PASS"
    one = found(verdict_of(take(state, over), sheet), "torque.peak")
    assert (one.level, one.signal, one.margin) == ("FAIL", "command", pytest.approx(-1.0))


def test_commanded_speeds_are_held_against_the_limits_as_they_are(sheet):
    state = stream("q", "measured", "joint_position", "ab", np.concatenate([swing(1.0), 1 + swing(0.3)], axis=1))
    slow = stream("v", "command", "joint_velocity", ["a"], np.full(400, 1.9), "rad/s")
    fast = stream("v", "command", "joint_velocity", ["a"], np.full(400, 2.5), "rad/s")
    within, over = verdict_of(take(state, slow), sheet), verdict_of(take(state, fast), sheet)
    assert within.verdict == "FEASIBLE" and found(within, "joint.velocity", "command").value == pytest.approx(1.9)
    one = found(over, "joint.velocity", "command")
    assert (over.verdict, one.level, one.margin) == ("INFEASIBLE", "FAIL", pytest.approx(-0.5))


# ----------------------------------------------------------------------------------------------------------- the errors


def test_degrees_that_are_declared_radians_are_unsound(sheet):
    verdict = verdict_of(commanded(swing(60.0), 60.0 + swing(20.0)), sheet)
    assert (verdict.verdict, verdict.findings[verdict.root].code) == ("UNSOUND", "unit.degrees")
    assert found(verdict, "joint.position").reason == "integrity.unit.degrees"


def test_a_described_robot_stands_in_no_scene(scene, sheet):
    with pytest.raises(ReplayError, match="stands in no scene"):
        Contexts(scene, robot=str(sheet))


# ------------------------------------------------------------------------------------------------------ the command line


def test_the_command_takes_a_file_and_tells_its_mistakes(tmp_path, sheet, capsys):
    values = np.concatenate([swing(1.8), 1.0 + swing(0.3)], axis=1)
    np.savez(tmp_path / "take.npz", q=values)
    (tmp_path / "map.yaml").write_text(
        "title: toy\nformat: npz\nrobot: toy\nkind: robot\nrecognise: {channels: {q: 2}}\nfps: 100\nstreams:\n"
        "  - {name: q, field: q, role: command, quantity: joint_position, unit: rad, names: [a, b]}\n",
        encoding="utf-8",
    )
    words = ["replay", f"data={tmp_path / 'take.npz'}", f"mapping={tmp_path / 'map.yaml'}", "quiet=true"]
    assert main([*words, f"robot={sheet}", f"out={tmp_path / 'out'}"]) == 1
    (line,) = (tmp_path / "out/verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["verdict"] == "INFEASIBLE" and json.loads(line)["provenance"]["robot"].startswith("toy ")
    assert main([*words, f"out={tmp_path / 'out2'}"]) == 3, "no description named toy is known: judged as before"
    sheet.write_text(SHEET.replace("2 rad/s", "2"), encoding="utf-8")
    capsys.readouterr()
    assert main([*words, f"robot={sheet}", f"out={tmp_path / 'out3'}"]) == 2
    assert "toy.yaml:8: joints.a.velocity: 2 has no unit" in capsys.readouterr().err
    assert not (tmp_path / "out3").exists()


def test_robots_are_listed(capsys):
    assert main(["list", "robots"]) == 0
    printed = capsys.readouterr().out
    assert "kuafu" in printed and "unitree_g1" in printed and "limits only" in printed


# --------------------------------------------------------------------------------------------------- the real recordings


def here(folder):
    """What is here of a set, of which the folder is an excerpt."""
    return (item for item in shiliu.read(folder) if not isinstance(item, Unreadable))


@pytest.mark.parametrize("takes", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_g1_picks_a_bottle_inside_its_limits(data, takes):
    verdicts = shiliu.judge(islice(here(data / "g1-inspire-pick-bottle"), takes))
    assert [v.verdict for v in verdicts] == ["FEASIBLE"] * takes
    fastest = max(found(v, "joint.velocity", "command").details["fastest"]["value"] for v in verdicts)
    assert fastest < 22.0 / 10, "a tenth of the wrist's limit"
    assert all(v.provenance["robot"].startswith("unitree_g1") for v in verdicts)


def test_a_simulated_gr1_bends_its_wrist_further_than_the_real_one_can(data):
    verdicts = shiliu.judge(here(data / "gr1-pick-place"))
    assert [v.verdict for v in verdicts] == ["INFEASIBLE"] * 3
    for verdict in verdicts:
        root = verdict.findings[verdict.root]
        assert (root.code, root.subject, root.limit) == ("joint.position", ("right_arm_7",), 0.61)
        assert 1.2 < root.value < 1.5


def test_two_arms_on_a_scale_of_ticks_are_held_against_their_calibration(data, tmp_path):
    """Which lies beside the data; the second arm's shoulder stands below its range."""
    folder = data / "so101-bimanual-cloth"
    joints = {
        f"{arm}_{joint}": f"[{values['range_min']} tick, {values['range_max']} tick]"
        for arm in ("arm1", "arm2")
        for joint, values in json.loads((folder / f"{arm}.json").read_text(encoding="utf-8")).items()
    }
    (tmp_path / "so101.yaml").write_text(
        "title: {en: Two SO-101, zh: 两台 SO-101}\nbase: fixed\nscale: {tick: 0.087890625 deg}\n"
        "sources: {own: {text: their calibration, grade: measured}}\nlimits: {position: own}\njoints:\n"
        + "".join(f"  {name}: {{position: {span}}}\n" for name, span in joints.items()),
        encoding="utf-8",
    )
    recordings = [r for r in shiliu.read(folder) if r.name == "episode_000000"]
    (verdict,) = shiliu.judge(recordings, contexts=Contexts(robot=str(tmp_path / "so101.yaml")))
    one = found(verdict, "joint.position", "measured")
    assert (one.level, one.subject) == ("WARN", ("arm2_shoulder_lift",)) and verdict.verdict == "FEASIBLE"


def test_robosuite_logs_are_held_against_the_robot_they_name(data):
    verdicts = {v.episode: v for v in shiliu.judge(shiliu.read(data / "robosuite-teleop"))}
    words = {name: verdict.verdict for name, verdict in verdicts.items()}
    assert words["SawyerStack_demo_1"] == words["BaxterLift_demo_1"] == "FEASIBLE"
    assert words["PandaLift_demo_1"] == "INCONCLUSIVE", "steps of a hand tell no joint angles"
    assert found(verdicts["SawyerStack_demo_1"], "joint.velocity", "command").value == pytest.approx(0.458, abs=1e-3)
    assert found(verdicts["BaxterLift_demo_1"], "joint.jump").reason == "no_commands"


def test_a_robot_that_is_ours_is_judged_as_before(data):
    (verdict,) = shiliu.judge(islice(shiliu.read(data / "g1-inspire-pick-bottle"), 1), contexts=Contexts(robot="kuafu"))
    assert verdict.verdict == "INCONCLUSIVE" and verdict.findings[verdict.root].reason == "other_robot"
