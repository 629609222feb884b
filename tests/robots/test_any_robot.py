"""Recordings of any robot: its description, what is judged by limits alone, and what with a model of it."""

from __future__ import annotations

import json
import os
import re
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import shiliu
from shiliu.cli import main
from shiliu.replay.judge.context import Contexts
from shiliu.replay.recording.recording import Recording, Stream, Unreadable
from shiliu.replay.robots.embodiment import available, limits_of, load_embodiment
from shiliu.scenarios.sheet.errors import ReplayError, ScenarioError

SHEET = """\
title: {en: Toy arm, zh: 玩具臂}
base: fixed
sources:
  sheet: {text: its data sheet, grade: published}
  guess: {text: a guess, grade: estimate}
limits: {position: sheet, velocity: sheet, torque: sheet}
joints:
  a: {model: shoulder, position: [-90 deg, 90 deg], velocity: 2 rad/s}
  b: {model: elbow, position: [0 rad, 2.5 rad], velocity: {value: 1 rad/s, source: guess}}
  c:
grippers: {grip: {range: [0, 1]}}
"""
ARM = """\
<mujoco>
  <option gravity="0 0 -9.81" timestep="0.002"/>
  <worldbody>
    <body name="upper" pos="0 0 1">
      <joint name="shoulder" axis="0 1 0" range="-90 90" actuatorfrcrange="-8 8"/>
      <inertial pos="0.2 0 0" mass="1" diaginertia="1e-4 1e-4 1e-4"/>
      <geom name="upper" type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
      <body name="lower" pos="0.4 0 0">
        <joint name="elbow" axis="0 1 0" range="-170 170" actuatorfrcrange="-8 8"/>
        <inertial pos="0.2 0 0" mass="1" diaginertia="1e-4 1e-4 1e-4"/>
        <geom name="lower" type="capsule" fromto="0.1 0 0 0.4 0 0" size="0.03"/>
        <body name="hand" pos="0.4 0 0"><joint name="wrist"/><geom name="hand" type="sphere" size="0.05" mass="1e-6"/></body>
      </body>
    </body>
  </worldbody>
</mujoco>
"""


@pytest.fixture
def sheet(tmp_path) -> Path:
    (tmp_path / "toy.yaml").write_text(SHEET, encoding="utf-8")
    return tmp_path / "toy.yaml"


@pytest.fixture
def arm(tmp_path) -> Path:
    """A description whose limits are those of the model beside it."""
    (tmp_path / "arm.xml").write_text(ARM, encoding="utf-8")
    text = (
        "title: {en: Arm, zh: 臂}\nbase: fixed\nmodel: arm.xml\n"
        "sources: {model: {text: its model, grade: published}, sheet: {text: its sheet, grade: published}}\n"
        "joints:\n  a: {model: shoulder}\n  b: {model: elbow}\n"
    )
    (tmp_path / "arm.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "arm.yaml"


def stream(name, role, quantity, names, values, unit="rad", rate=100.0) -> Stream:
    values = np.asarray(values, float).reshape(len(values), len(names))
    times = np.round(np.arange(len(values)) * 1e9 / rate).astype(np.int64)
    return Stream(name, role, quantity, unit, tuple(names), values, capture_ns=times, clock="capture")


def take(*streams: Stream, kind="robot", robot="toy") -> Recording:
    return Recording("take", "take.npz", "00", kind, {s.name: s for s in streams}, metadata={"robot": robot})


def swing(amplitude, seconds=4.0, period=4.0, rate=100.0) -> np.ndarray:
    """(n, 1) a sine from rest."""
    t = np.arange(int(seconds * rate)) / rate
    return amplitude * np.sin(2 * np.pi * t / period)[:, None]


def commanded(*columns, names="ab", kind="robot", role="command", unit="rad") -> Recording:
    return take(stream("q", role, "joint_position", list(names), np.concatenate(columns, axis=1), unit), kind=kind)


def verdict_of(recording, robot, **more):
    (verdict,) = shiliu.judge([recording], contexts=Contexts(robot=str(robot), **more))
    return verdict


def found(verdict, code, signal=None):
    return next(f for f in verdict.findings if f.code == code and signal in (None, f.signal))


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


def test_every_problem_of_a_description_is_told_at_once(tmp_path):
    (tmp_path / "arm.xml").write_text(ARM, encoding="utf-8")
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "title: {en: Bad, zh: 坏}\nmodel: arm.xml\n"
        "sources: {sheet: {text: its sheet, grade: publishd}}\n"
        "limits: {velocity: shet}\n"
        "joints:\n"
        "  a: {model: sholder, position: [-1 rad, 1 rad]}\n"
        "  b: {model: elbow, velocity: {value: 3, source: sheet}}\n"
        "  c: {model: elbow, velocty: 3 rad/s, position: [1 rad, -1 rad]}\n",
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError) as caught:
        load_embodiment(str(bad))
    text = str(caught.value)
    for line, words in (
        (3, "'publishd' is not known here. Did you mean published"),
        (4, "'shet' is none of the sources. Did you mean sheet"),
        (6, "the model has no hinge or slide 'sholder'. Did you mean shoulder"),
        (6, "the position limit has no source"),
        (7, "3 has no unit"),
        (8, "unknown key 'velocty'. Did you mean velocity"),
        (8, "upside down"),
    ):
        assert any(f"bad.yaml:{line}:" in line_text and words in line_text for line_text in text.splitlines()), (
            line,
            words,
            text,
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "\x00",
        "{",
        "title: x",
        "joints: 3",
        "joints: {}",
        "joints: {a: 3}",
        "joints: {a: {position: 3}}",
        "joints: {a: {position: [1 rad]}}",
        "joints: {a: {position: [.nan, 1e999 rad]}}",
        "joints: {a: {velocity: {value: {}, source: []}}}",
        "joints: {a: {also: 3}}",
        "joints: {a: {also: [b]}, b: }",
        "joints: {a: {model: [x]}}",
        "sources: 3",
        "sources: {s: {text: 3, grade: []}}",
        "limits: {speed: s}",
        "grippers: {g: 3, h: {range: [1, 0]}, i: {range: [a, b]}}",
        "simulation: 3",
        "simulation: {qpos: q, qvel: [3], ctrl: {}, free: {b: 3}}",
        "model: 3",
        "model: toy.yaml",
        "base: flying",
        "a: &a [1]\nb: [*a, *a]",
    ],
)
def test_a_broken_description_is_one_error(tmp_path, text):
    (tmp_path / "toy.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_embodiment(str(tmp_path / "toy.yaml"))
    assert "toy.yaml" in str(caught.value)


def test_degrees_that_are_declared_radians_are_unsound(sheet):
    verdict = verdict_of(commanded(swing(60.0), 60.0 + swing(20.0)), sheet)
    assert (verdict.verdict, verdict.findings[verdict.root].code) == ("UNSOUND", "unit.degrees")
    assert found(verdict, "joint.position").reason == "integrity.unit.degrees"


def test_a_model_that_is_not_there(arm):
    arm.with_name("arm.xml").unlink()
    with pytest.raises(ScenarioError, match=r"arm.yaml:3: model: there is no file 'arm.xml'"):
        load_embodiment(str(arm))
    with pytest.raises(ScenarioError, match="no file"):
        load_embodiment("franka_panda", model=arm.with_name("none.xml"))


@pytest.mark.parametrize("path", ["../arm.xml", "/etc/arm.xml", "a/../../arm.xml"])
def test_a_description_never_leads_out_of_its_folder(sheet, path):
    sheet.write_text(SHEET + f"model: {path}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="leads out of its folder"):
        load_embodiment(str(sheet))


def test_an_unknown_robot_names_its_near_matches():
    with pytest.raises(ScenarioError, match="Did you mean unitree_g1"):
        Contexts(robot="unitre_g1")


def test_a_described_robot_stands_in_no_scene(scene, sheet):
    with pytest.raises(ReplayError, match="stands in no scene"):
        Contexts(scene, robot=str(sheet))


@pytest.mark.parametrize("name", available())
def test_the_packages_robots_are_whole(name):
    robot = load_embodiment(name)
    assert robot.joints and set(robot.title) == {"en", "zh"}
    for joint in robot.joints.values():
        assert joint.limit.lower < joint.limit.upper
        for what in ("velocity", "torque_peak"):
            assert np.isnan(value := getattr(joint.limit, what)) or 0 < value < 1000, "no placeholder"
        assert "@" in joint.sources["position"].text and joint.sources["position"].grade == "published"


def test_the_force_of_an_actuator_counts_through_its_gear():
    import mujoco

    def torque(actuator):
        xml = ARM.replace(' actuatorfrcrange="-8 8"', "").replace(
            "</mujoco>", f"<actuator>{actuator}</actuator></mujoco>"
        )
        return limits_of(mujoco.MjModel.from_xml_string(xml), "elbow")[2]

    assert torque('<motor joint="elbow" gear="3" ctrlrange="-2 2"/>') == 6.0
    assert torque('<position joint="elbow" gear="2" forcerange="-5 5" ctrlrange="-1 1"/>') == 10.0
    assert np.isnan(torque('<position joint="elbow" ctrlrange="-1 1"/>')), "a servo's command range is no torque"
    assert np.isnan(torque('<motor joint="shoulder" ctrlrange="-1 1"/>'))


def test_the_example_of_the_document_is_a_description(tmp_path):
    docs = Path(shiliu.__file__).parent.resolve() / "docs"
    pages = [(docs / name).read_text(encoding="utf-8") for name in ("any-robot.md", "simulation-logs.md")]
    robot, simulation = (one for page in pages for one in re.findall(r"```yaml\n(.*?)```", page, re.S))
    (tmp_path / "my_arm.yaml").write_text(robot + simulation, encoding="utf-8")
    (tmp_path / "my_arm.xml").write_text(ARM.replace('name="wrist"', 'name="j3"'), encoding="utf-8")
    with pytest.raises(ScenarioError, match="no actuator 'actuator8'") as caught:
        load_embodiment(str(tmp_path / "my_arm.yaml"))
    assert str(caught.value).count("the model has") == 2, "what the example's simulation names, this arm lacks"
    (tmp_path / "my_arm.yaml").write_text(robot, encoding="utf-8")
    arm = load_embodiment(str(tmp_path / "my_arm.yaml"))
    assert arm.limits["elbow_joint"].velocity == 3.0 and arm.limits["j2"].torque_peak == 8.0
    assert (arm.limits.own["j1"]["torque"]["source"], arm.limits.own["j2"]["torque"]["source"]) == (
        "data sheet, page 3", "the maker's MJCF",
    )  # fmt: skip


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


def test_a_body_without_a_name_gets_one(arm):
    """A rail that nobody named carries the arm."""
    model = ARM.replace('<body name="upper" pos="0 0 1">', '<body pos="0 0 1">').replace('<body name="hand" pos', "<body pos")
    arm.with_name("arm.xml").write_text(model, encoding="utf-8")
    still = np.zeros((200, 1))
    verdict = verdict_of(commanded(still, still), arm)
    assert found(verdict, "torque.peak").value == pytest.approx(9.81 * 0.8, rel=1e-3) and verdict.verdict == "FEASIBLE"
    robot = load_embodiment(str(arm)).model
    assert [robot.body(i).name for i in range(robot.nbody)] == ["world", "body_1", "lower", "body_2"]


@pytest.mark.parametrize(
    "element",
    [
        '<asset><hfield name="ground" nrow="60000" ncol="60000" size="1 1 1 1"/></asset>',
        '<asset><hfield name="ground" file="ground.png" size="1 1 1 1"/></asset>',
        '<asset><texture name="ground" type="2d" builtin="flat" width="60000" height="60000"/></asset>',
        '<worldbody><replicate count="1000"><replicate count="1000"><geom size="1"/></replicate></replicate></worldbody>',
        '<worldbody><flexcomp name="ground" type="grid" count="1000 1000 1000" mass="1"/></worldbody>',
        '<include file="more.xml"/>',
        '<size nkey="2000000000"/>',
        '<size nuser_body="2000000000"/>',
        '<asset><mesh name="ground" builtin="supersphere" params="60000 1 1"/></asset>',
    ],
)
def test_a_model_that_would_fill_the_memory_is_refused_at_once(arm, element):
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (60000).to_bytes(4, "big") * 2
    arm.with_name("ground.png").write_bytes(head)
    arm.with_name("more.xml").write_text('<mujoco><asset><hfield nrow="60000" ncol="60000" size="1 1 1 1"/></asset></mujoco>')
    arm.with_name("arm.xml").write_text(ARM.replace("</mujoco>", f"{element}</mujoco>"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="are the most"):
        load_embodiment(str(arm))


@pytest.mark.parametrize("element", ['<asset><mesh name="m" file="pipe.stl"/></asset>', '<include file="pipe.stl"/>'])
def test_a_pipe_that_a_model_names_is_reported_and_not_waited_for(arm, element):
    os.mkfifo(arm.with_name("pipe.stl"))
    arm.with_name("arm.xml").write_text(ARM.replace("</mujoco>", f"{element}</mujoco>"), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"pipe\.stl is a pipe"):
        load_embodiment(str(arm))


def test_a_number_that_is_none_is_refused(arm):
    """What is computed with it would be beyond no limit."""
    text = ARM.replace("<worldbody>", '<option gravity="0 0 nan"/><worldbody>', 1)
    arm.with_name("arm.xml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match="gravity is nan"):
        load_embodiment(str(arm))
