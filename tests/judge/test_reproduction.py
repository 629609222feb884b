"""Recordings that hold simulation states, held against a scene: single steps, and left alone."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.replay.judge.context import Contexts
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report.text import Words
from shiliu.replay.robots.embodiment import load_embodiment
from shiliu.scenarios.sheet.errors import ScenarioError

STEP = 0.02  # s, of the scene that is recorded
PUSH = 10.0  # N on one kilogram
SCENE = """\
<mujoco>
  <option gravity="0 0 0" timestep="{step}" integrator="Euler"/>
  <worldbody>
    <body name="cart"><joint name="rail" type="slide" axis="1 0 0"/>
      <inertial pos="0 0 0" mass="{mass}" diaginertia="1 1 1"/></body>
    <body name="ball" pos="0 1 0"><freejoint/><geom size="0.1" mass="1"/></body>
  </worldbody>
  <actuator><motor name="pusher" joint="rail"/></actuator>
</mujoco>
"""
SHEET = """\
title: {en: Cart, zh: 小车}
base: fixed
scene_beside: scene/*.xml
sources: {sheet: {text: its sheet, grade: published}}
limits: {position: sheet}
joints: {x: {model: rail, position: [-100 m, 100 m]}}
simulation: {qpos: [q], qvel: [v], ctrl: [u], actuators: {push: pusher}, free: {ball: {qpos: ball, qvel: spin}}}
"""


def scene_file(folder: Path, step=STEP, mass=1.0, name="scene.xml") -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(SCENE.format(step=step, mass=mass), encoding="utf-8")
    return folder / name


@pytest.fixture
def sheet(tmp_path) -> Path:
    (tmp_path / "cart.yaml").write_text(SHEET, encoding="utf-8")
    return tmp_path / "cart.yaml"


def recorded(n=200, step=STEP, drop=(), stretch=1.0) -> Recording:
    """A cart that is pushed, and a ball that spins, as the scene moves them."""
    model = mujoco.MjModel.from_xml_string(SCENE.format(step=step, mass=1.0))
    data = mujoco.MjData(model)
    data.qvel[1:] = (0.1, 0.0, 0.0, 1.0, 2.0, 3.0)
    rows = []
    for k in range(n):
        data.ctrl[0] = PUSH * np.cos(0.1 * k)
        rows.append((data.qpos.copy(), data.qvel.copy(), data.ctrl.copy()))
        mujoco.mj_step(model, data)
    q, v, u = (np.array(part) for part in zip(*rows))
    times = np.round(np.arange(n) * step * stretch * 1e9).astype(np.int64)

    def stream(name, role, quantity, unit, names, values):
        return Stream(name, role, quantity, unit, tuple(names), values, capture_ns=times, clock="capture")

    streams = [
        stream("q", "measured", "joint_position", "m", ["x"], q[:, :1]),
        stream("v", "measured", "joint_velocity", "m/s", ["x"], v[:, :1]),
        stream("u", "command", "joint_force", "N", ["push"], u),
        stream("ball", "measured", "object_pose", "m m m 1 1 1 1", [f"p{i}" for i in range(7)], q[:, 1:]),
        stream("spin", "measured", "object_velocity", "1", [f"w{i}" for i in range(6)], v[:, 1:]),
    ]
    return Recording(
        "run",
        "run.npz",
        "00",
        "state_only",
        {s.name: s for s in streams if s.name not in drop},
        metadata={"robot": "cart"},
    )


def judged(recording, sheet, **more):
    (verdict,) = shiliu.judge([recording], contexts=Contexts(robot=str(sheet), **more))
    return verdict, [f for f in verdict.findings if f.code == "reproduces"]


def test_a_recording_is_what_its_scene_does(tmp_path, sheet):
    verdict, (step, loop) = judged(recorded(), sheet, model=scene_file(tmp_path))
    assert (step.level, step.value, step.share) == ("PASS", 0.0, 0.0)
    assert step.details["angle_max"] == step.details["away_max"] == 0.0, "to the bit"
    assert loop.level == "INFO" and loop.details["um_1"] is None and loop.details["away_end"] == 0.0
    assert "replay.reproduces" in verdict.required and verdict.verdict == "FEASIBLE"


def test_another_timestep_does_not_reproduce_by_a_known_amount(tmp_path, sheet):
    """One step of h moves a pushed cart by a h^2, two of half that length by 3/4 of it."""
    still = recorded()
    verdict, (step, _) = judged(still, sheet, model=scene_file(tmp_path, step=STEP / 2))
    push = np.abs(PUSH * np.cos(0.1 * np.arange(199)))
    expected = 0.25 * push * STEP**2
    assert step.details["away_max"] == pytest.approx(expected.max(), rel=0.01)
    assert step.details["away_p50"] == pytest.approx(np.median(expected), rel=0.01)
    assert step.level == "FAIL" and (verdict.verdict, verdict.owner) == ("INFEASIBLE", "auditor")


def test_a_heavier_cart_falls_behind_when_left_alone(tmp_path, sheet):
    _, (step, loop) = judged(recorded(n=60), sheet, model=scene_file(tmp_path, mass=1.05))
    lost = PUSH * (1 - 1 / 1.05)  # m/s^2, while the push is still full
    assert step.details["away_max"] == pytest.approx(lost * STEP**2, rel=0.01)
    assert loop.details["mm_1"] == pytest.approx(np.sqrt(2e-3 / lost), abs=1.5 * STEP)
    assert loop.details["um_1"] < loop.details["mm_1"] < loop.details["cm_1"]
    assert loop.details["rate"] == pytest.approx(np.log(1000) / (loop.details["mm_1"] - loop.details["um_1"]))


def test_a_row_that_is_no_whole_number_of_steps_is_not_compared(tmp_path, sheet):
    verdict, (one,) = judged(recorded(stretch=1.5), sheet, model=scene_file(tmp_path))
    assert (one.level, one.reason) == ("NOT_CHECKED", "other_timestep")
    assert one.details == {"interval": pytest.approx(0.03), "timestep": STEP}
    assert verdict.verdict == "INCONCLUSIVE"


def test_a_scene_with_more_state_than_was_recorded(tmp_path, sheet):
    sheet.write_text(SHEET.replace(", free: {ball: {qpos: ball, qvel: spin}}", ""), encoding="utf-8")
    _, (one,) = judged(recorded(), sheet, model=scene_file(tmp_path))
    assert (one.level, one.reason) == ("NOT_CHECKED", "partial_state")


def test_a_recording_without_states_is_not_asked(tmp_path, sheet):
    verdict, found = judged(recorded(drop=("v",)), sheet, model=scene_file(tmp_path))
    assert not found and "replay.reproduces" not in verdict.required


def test_a_simulation_that_blows_up_is_told_and_not_judged(tmp_path, sheet):
    take = recorded(n=40)
    take.streams["u"].values[20:] = 1e300
    _, (_, loop) = judged(take, sheet, model=scene_file(tmp_path))
    assert loop.level == "INFO" and loop.details["mm_1"] == pytest.approx(21 * STEP)


def test_the_scene_beside_the_data_is_found_and_said(tmp_path, sheet):
    data = tmp_path / "data"
    scene_file(data / "scene")
    verdict, (step, _) = judged(recorded(), sheet, data=data)
    assert step.level == "PASS"
    assert "the scene is scene/scene.xml, beside the data" in verdict.provenance["notes"]
    scene_file(data / "scene", name="other.xml")
    with pytest.raises(ScenarioError, match=r"Several scenes lie beside the data: other.xml, scene.xml"):
        Contexts(robot=str(sheet), data=data)


def test_a_scene_that_does_not_fit_is_not_used(tmp_path, sheet):
    data = tmp_path / "data"
    scene_file(data / "scene").write_text("<mujoco><worldbody/></mujoco>", encoding="utf-8")
    verdict, (one,) = judged(recorded(), sheet, data=data)
    assert (one.level, one.reason) == ("NOT_CHECKED", "no_model")
    assert any("was not used" in note and "'rail'" in note for note in verdict.provenance["notes"])


def test_what_the_scene_lacks_is_told_with_near_matches(tmp_path, sheet):
    sheet.write_text(SHEET.replace("push: pusher", "push: pushr").replace("{ball:", "{bal:"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_embodiment(str(sheet), model=scene_file(tmp_path))
    assert "no actuator 'pushr'. Did you mean pusher" in str(caught.value)
    assert "no body 'bal'. Did you mean ball" in str(caught.value)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_both_findings_have_words(tmp_path, sheet, lang):
    words = Words(lang)
    _, (step, loop) = judged(recorded(), sheet, model=scene_file(tmp_path, step=STEP / 2))
    _, (same, _) = judged(recorded(), sheet, model=scene_file(tmp_path))
    messages = [words.message(step), words.message(loop), words.message(same)]
    assert "?" not in "".join(messages) and "1 mm" in messages[1] and "199" in messages[0] and "199" in messages[2]


def test_what_a_simulated_robot_did_is_judged_as_a_command_would_be(tmp_path, sheet):
    """No real robot did it, so that no calibration excuses it."""
    sheet.write_text(SHEET.replace("-100 m, 100 m", "-0.2 m, 0.2 m"), encoding="utf-8")
    verdict, _ = judged(recorded(), sheet, model=scene_file(tmp_path))
    root = verdict.findings[verdict.root]
    assert (verdict.verdict, root.code, root.signal, root.unit) == ("INFEASIBLE", "joint.position", "recorded", "m")
    assert root.value == pytest.approx(recorded().streams["q"].values.max(), abs=1e-3)


def test_panda_logs_step_as_their_scene_does_and_leave_it_when_left_alone(data):
    """Of the four logs the shortest: each step by itself agrees, torques played from the start leave it in contact."""
    folder = data / "visionpro-panda-blockpush"
    recordings = [r for r in shiliu.read(folder) if r.name == "ep2"]
    (verdict,) = shiliu.judge(recordings, contexts=Contexts(data=folder))
    step, loop = (f for f in verdict.findings if f.code == "reproduces")
    assert step.details["angle_p50"] < 1e-10 and step.details["speed_p50"] < 1e-8
    assert step.level == "WARN" and 0.05 < step.share < 0.25
    assert step.details["touching"] == 1.0, "only where the robot touches something"
    assert 1.5 < loop.details["mm_1"] < loop.details["cm_1"] < 3.0
    assert (verdict.verdict, verdict.findings[verdict.root].code) == ("INFEASIBLE", "joint.velocity")
    assert verdict.findings[verdict.root].value > 1.5 * verdict.findings[verdict.root].limit, "a real Panda is slower"
