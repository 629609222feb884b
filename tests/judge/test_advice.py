"""Advice: every failure says what would make it pass, as data and in the reader's language."""

from __future__ import annotations

import re
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
from shiliu.replay.checks.finding import Finding
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.explanation.advice import APPLICABLE, advise, fix_of, repairable
from shiliu.replay.judge.explanation.fix_geometry import holding_torque, inward, side_of, way_out
from shiliu.replay.judge.facts.results import Integrity, Judged, Subject
from shiliu.replay.judge.stages.own_robot import OwnRobot
from shiliu.replay.report.text import Words, catalogue, languages

RULES = load_rules()
KINDS = {  # code -> the kind of its fix, for a finding with these numbers
    "set.digest": "recopy",
    "set.timestamp": "rewrite",
    "set.length": "rewrite",
    "value.nonfinite": "rerecord",
    "value.sentinel": "rerecord",
    "unit.degrees": "unit",
    "clock.backwards": "rerecord",
    "clock.gap": "rerecord",
    "clock.jitter": "rerecord",
    "stream.frozen": "rerecord",
    "stream.missing": "trim",
    "stream.unmapped": "mapping",
    "stream.lag": "shift",
    "stream.swapped": "swap",
    "stream.scaled": "rescale",
    "unit.polarity": "invert",
    "clock.skew": "synchronise",
    "clock.stall": "rerecord",
    "stream.repeated": "rerecord",
    "value.quaternion": "rerecord",
    "value.range": "in_range",
    "hand.idle": "rerecord",
    "take.lag": "shift",
    "take.duplicate": "leave_out",
    "take.release": "keep_closed",
    "take.grip": "rerecord",
    "image.black": "rerecord",
    "image.frozen": "rerecord",
    "image.late": "rerecord",
    "calibration.offset": "calibrate",
    "cell.unknown": "survey",
    "joint.position": "clip",
    "joint.velocity": "slow",
    "joint.jump": "spread",
    "joint.acceleration": "slow",
    "joint.jerk": "slow",
    "collision.self": "away",
    "collision.scene": "away",
    "collision.unexpected": "away",
    "torque.peak": "slow",
    "torque.rated": "rest",
    "balance": "lean",
    "payload": "carry_less",
    "grip.friction": "grip",
    "reproduces": "remake",
    "start.penetration": "scene",
    "ctrl.clamped": "clip",
    "unstable": "look",
    "drop": "hold",
    "force.object": "gentle",
    "force.person": "gentle",
    "scenario": "avoid",
    "tracking": "slow",
    "goal": "finish",
    "robustness": "room",
}
DETAILS = {
    "unit.degrees": {"should_be": "deg"},
    "stream.missing": {"kind": "late"},
    "stream.unmapped": {"unreached": ["left_claw"]},
    "value.range": {"lower": 0.0, "upper": 100.0},
    "take.lag": {"lag": 0.22, "usual": 0.12},
    "take.duplicate": {"of": "demos#3", "kind": "copy"},
    "joint.position": {"lower": -1.0, "upper": 1.0},
    "ctrl.clamped": {"lower": -1.0, "upper": 1.0},
    "joint.jump": {"speed": 7.5},
    "stream.scaled": {"factor": 1.9},
    "goal": {"reached": 2, "total": 6, "missed": "door_open"},
    "reproduces": {"likely": "alignment", "step": 3},
    "scenario": {"event": "bowl_dropped"},
}
KNOWN = {
    "away": {"move": "zarm_l7_link", "from": "counter/top", "by": 0.012, "side": "up", "direction": [0.0, 0.0, 1.0]},
    "scene": {"move": "zarm_l7_link", "from": "counter/top", "by": 0.012, "side": "up"},
    "lean": {"side": "back"},
    "slow": {"holding": 20.0},
}


def failure(code: str, **known) -> Finding:
    rule = RULES[code]
    given = {
        "subject": ("zarm_l4_joint", "counter/top"),
        "t0": 2.0,
        "t1": 2.5,
        "value": 1.5,
        "limit": 1.0,
        "margin": -0.5,
    }
    if code == "torque.peak":
        given |= {"value": 70.0, "limit": 60.0, "signal": "command"}
    return rule.finding(level="FAIL", **(given | {"details": dict(DETAILS.get(code, {}))} | known))


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("code", sorted(code for code in RULES if code != "clock.stall"))  # which is only told
def test_every_code_that_can_fail_has_a_fix_with_its_own_words_and_numbers(code, lang):
    wanted = KINDS.get(code)
    finding = failure(code)
    finding.fix = fix_of(finding, KNOWN.get(wanted or "", {}), end=9.0)
    kind = finding.fix["kind"]
    assert wanted in (None, kind), "a code that is not in the table of this test may have any kind, but has one"
    text = Words(lang).fix(finding)
    assert text and kind in catalogue(lang)["fixes"]
    assert "{" not in text and "[[" not in text and "?" not in text and "None" not in text, text
    assert (
        kind == "unit" or re.search(r"\d", text) or kind in ("mapping", "remake", "swap", "invert", "survey", "recopy")
    ), text


@pytest.mark.parametrize("lang", languages())
def test_every_kind_of_fix_has_its_words_without_any_number_either(lang):
    """A fix whose numbers are not known shortens; it never shows a gap."""
    for code in RULES:
        finding = RULES[code].finding(level="FAIL", subject=("zarm_l4_joint",), t0=1.0, t1=2.0)
        finding.fix = fix_of(finding)
        text = Words(lang).fix(finding)
        assert text and "?" not in text and "None" not in text, (code, text)


def test_factors_say_by_how_much():
    assert fix_of(failure("joint.velocity", value=10.0, limit=8.0))["factor"] == 0.8
    # inertial torque falls with the square of the speed: 20 of 70 Nm hold the arm, (60 - 20) / (70 - 20) may move it
    assert fix_of(failure("torque.peak"), {"holding": 20.0})["factor"] == pytest.approx(np.sqrt(0.8), abs=0.01)
    heavy = fix_of(failure("torque.peak"), {"holding": 62.0})
    assert heavy["kind"] == "lighten" and heavy["by"] == pytest.approx(10.0)
    assert fix_of(failure("torque.rated", value=2.0, limit=1.0))["share"] == pytest.approx(0.75)
    assert fix_of(failure("joint.position", value=1.13, limit=1.0))["by"] == pytest.approx(0.13)
    spread = fix_of(failure("joint.jump", value=1.5))
    assert spread["over"] >= 1.875 * 1.5 / 7.5 and spread["over"] < 0.4
    assert fix_of(failure("stream.lag", value=0.84, limit=0.6))["by"] == pytest.approx(-0.84)
    assert fix_of(failure("stream.missing"), end=9.0)["t1"] == 9.0


def test_only_what_a_machine_can_mend_is_applicable_and_only_if_all_of_it_can_be(monkeypatch):
    monkeypatch.setattr("shiliu.replay.judge.explanation.advice.APPLICABLE", frozenset({"slow", "clip"}))
    plan = {"kind": "slow", "t0": 1.9, "t1": 2.6, "factor": 0.6, "longer_s": 1.0}
    monkeypatch.setattr("shiliu.replay.judge.explanation.advice._plan", lambda judged, causes, findings: [plan])

    def marked(*findings: Finding) -> list[bool]:
        for finding in findings:
            finding.fix = None
        recording = SimpleNamespace(episode=None, streams={}, duration_s=0.0)
        advise(Judged(Subject(recording, None, None, OwnRobot()), Integrity(())), list(findings))
        return [finding.fix["applicable"] for finding in findings]

    fast, past, broken = failure("joint.velocity"), failure("joint.position", value=1.13), failure("value.nonfinite")
    assert marked(fast) == [True] and marked(fast, past) == [True, True]
    assert fast.fix["factor"] == 0.6, "what a repair would do, which torque and balance may make slower"
    assert marked(fast, broken) == [False, False], "mending the speed alone does not lead to FEASIBLE"
    followed = failure("goal", because_of=0)
    assert marked(fast, followed) == [True, False], "what follows passes with its cause"
    assert marked(failure("joint.position", value=1.5)) == [False], "further back than is allowed"
    assert marked(fast, failure("torque.peak", value=70.0, limit=60.0, because_of=0)) == [False, False], (
        "carrying is too much"
    )
    assert marked(failure("tracking")) == [False], "slower is an estimate there"
    monkeypatch.setattr("shiliu.replay.judge.explanation.advice._plan", lambda judged, causes, findings: [plan | {"factor": 0.3}])
    assert marked(fast) == [False] and fast.fix["factor"] == 0.3, "told, but not promised"
    monkeypatch.setattr("shiliu.replay.judge.explanation.advice._plan", lambda judged, causes, findings: None)
    assert marked(fast) == [False], "beyond the bounds of a repair"
    assert {"rerecord", "away", "lighten", "finish"}.isdisjoint(APPLICABLE)
    assert not repairable(failure("goal"))


XML = """<mujoco><worldbody>
  <body name="base_link" euler="0 0 90"><geom size=".01" contype="0" conaffinity="0"/></body>
  <body name="table/top" pos="0 0 0"><geom type="box" size="1 1 .1"/></body>
  <body name="hand" pos="0 0 .14"><freejoint/><geom size=".05"/></body>
</worldbody></mujoco>"""


def test_the_way_out_is_the_shortest_and_moves_the_robot():
    model = mujoco.MjModel.from_xml_string(XML)
    out = way_out(model, model.qpos0, ("table/top", "hand"))
    assert out["move"] == "hand" and out["side"] == "up" and out["by"] == pytest.approx(0.01, abs=1e-6)
    qpos = model.qpos0.copy()
    qpos[2] += 0.02
    assert way_out(model, qpos, ("hand", "table/top")) is None
    assert side_of([0.1, -0.9, 0.3]) == "right" and side_of([-1.0, 0.0]) == "back"


def test_a_robot_that_would_tip_is_told_which_way_to_lean():
    square = np.array([[-0.1, -0.1], [0.1, -0.1], [0.1, 0.1], [-0.1, 0.1]])
    assert inward(square, [0.12, 0.0]) == pytest.approx([-1.0, 0.0])
    assert side_of(inward(square, [0.0, 0.11])) == "right"
    leaning = failure("balance", value=-0.01, limit=0.0)
    assert fix_of(leaning, {"side": "back", "standing": -0.005})["kind"] == "lean"
    thrown = fix_of(leaning, {"side": "back", "standing": 0.03})
    assert thrown["kind"] == "slow" and thrown["factor"] == pytest.approx(np.sqrt(0.03 / 0.04), abs=0.01)


def test_holding_needs_the_weight_of_the_arm():
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><worldbody><body><joint name="elbow" axis="0 -1 0"/>'
        '<geom size=".02" pos=".3 0 0" mass="2"/></body></worldbody></mujoco>'
    )
    held = holding_torque(model, ["elbow"], np.zeros(1), "elbow")
    assert abs(held) == pytest.approx(2 * 9.81 * 0.3, rel=1e-6)
    assert holding_torque(model, ["elbow"], np.zeros(1), "shoulder") is None
