"""Descriptions of robots and models beside them: all mistakes at once, and no model that fills the memory or is waited for."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
import shiliu
from shiliu.cli import main
from shiliu.replay.judge.context import Contexts
from shiliu.replay.robots.embodiment import available, limits_of, load_embodiment
from shiliu.scenarios.sheet.errors import ScenarioError
from toy_robot import ARM, SHEET, commanded, found, verdict_of


def test_a_description_is_checked_without_a_recording(tmp_path, capsys):
    sheet = tmp_path / "two.yaml"
    sheet.write_text(
        "title: {en: Two, zh: 二}\nbase: fixed\nsources: {sheet: {text: its data sheet, grade: published}}\n"
        "limits: {position: sheet, velocity: sheet}\n"
        "joints: {a: {position: [-1 rad, 1 rad], velocity: 1 rad/s}, b: {velocity: 1 rad/s}}\n"
        "grippers: {grip: {range: [0, 100], source: sheet}}\n",
        encoding="utf-8",
    )
    assert main(["check", f"robot={sheet}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:2]] == [
        ["warn", "position", "limits", "not", "judged:", "b"],
        ["warn", "torque", "limits", "not", "judged:", "a,", "b"],
    ]
    assert lines[2] == "robot two: sound, 2 joints and 1 gripper"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("[-1 rad, 1 rad]", "[-1 rad, 1]"), encoding="utf-8")
    assert main(["check", f"robot={sheet}"]) == 2
    assert "joints.a.position" in capsys.readouterr().err


def test_every_problem_of_a_description_is_reported_at_once(tmp_path):
    (tmp_path / "arm.xml").write_text(ARM, encoding="utf-8")
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "title: {en: Bad, zh: 坏}\nmodel: arm.xml\n"
        "sources: {sheet: {text: its sheet, grade: publishd}}\n"
        "limits: {velocity: shet}\n"
        "joints:\n"
        "  a: {model: sholder, position: [-1 rad, 1 rad]}\n"
        "  b: {model: elbow, velocity: {value: 3, source: sheet}}\n"
        "  c: {model: elbow, velocty: 3 rad/s, position: [1 rad, -1 rad]}\n"
        "  d:\n",
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
        (9, "'d'. Known here: elbow, shoulder, wrist. If the model calls it otherwise, write its name there as `model:`."),
    ):
        assert any(f"bad.yaml:{line}:" in line_text and words in line_text for line_text in text.splitlines()), (
            line,
            words,
            text,
        )
    assert text.count("calls it otherwise") == 1, "'sholder' is written as the model's name"


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
