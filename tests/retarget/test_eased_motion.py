"""Balance of a motion carried over: what the solver swings is no reason, what the person swings is."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from shiliu.replay.checks.dynamics import check_balance, effort
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats import read
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.judge.facts.eased_motion import as_near, eased_balance, smoothed
from shiliu.replay.judge.judge import judge
from shiliu.replay.report import Words
from shiliu.replay.retarget.arms import arms_of
from shiliu.replay.retarget.settings import load_settings
from shiliu.replay.retarget.track import HandTrack
from shiliu.replay.signals.joint_motion import JointMotion
from shiliu.replay.signals.signal import resample

RULES = load_rules()
T = np.arange(90) / 30.0


def tracks(arms, q, asked):
    """Hand -> its track, where the robot's arms are at q (n, k) and the person's hands were where they are at `asked`."""
    hands = {}
    for hand in ("left", "right"):
        target, turn = arms.follow(asked, hand)
        position, rotation = arms.follow(q, hand)
        off = np.linalg.norm(position - target, axis=1)
        hands[hand] = HandTrack(target, turn, position, rotation, off, 0.0 * off, 0.0 * off - 0.1, 0.75)
    return hands


def judged(scene, q, asked):
    """`balance` of arms at q (n, k), of a person whose hands were where the robot's are at `asked`: as solved, and eased."""
    arms, context = arms_of(scene), SceneContext(scene, "retargeted")
    hands = tracks(arms, q, asked)
    motions = SimpleNamespace(
        carried=SimpleNamespace(result=SimpleNamespace(hands=hands), settings=load_settings()),
        judged=JointMotion(T, q, arms.names, None),
        signal="retargeted",
    )

    def effort_of(motion):
        rule = RULES["torque.peak"]
        even = resample(motion.t, motion.q, rate=rule.rate, window=rule.window)
        return effort(context.robot, even, list(motion.names))

    subject = SimpleNamespace(context=context, scene=scene, rules=RULES)
    (found,) = check_balance(effort_of(motions.judged), context.soles, RULES, "retargeted")
    return found, eased_balance(subject, motions, found, effort_of)


def held_out(scene):
    """(n, k) both arms ahead of the belly."""
    arms = arms_of(scene)
    left = np.array([-0.3, 0.45, -0.14, -1.4, 0.5, 0.1, 0.0])
    mirror = np.array([1.0, -1.0, -1.0, 1.0, -1.0, -1.0, 1.0])
    return np.tile(np.clip(np.r_[left, left * mirror], *arms.ranges.T), (len(T), 1))


def test_a_swing_of_the_solver_alone_is_warned_of(bare):
    """The shoulders swing by 14 degrees and back within 0.2 s, which no person did; smoothed, the hands are nearer to the person's."""
    asked = held_out(bare)
    q = asked.copy()
    for k in (0, 7):
        q[:, k] += 0.25 * np.exp(-0.5 * ((T - 1.5) / 0.045) ** 2)
    solved, eased = judged(bare, q, asked)
    assert solved.level == "FAIL" and solved.value < -0.01
    assert eased.level == "WARN" and eased.value > 0.0 and eased.details["as_solved"] == solved.value
    assert eased.details["eased"] in (0.02, 0.03, 0.04, 0.05)
    assert f"smoothed by {1000 * eased.details['eased']:.0f} ms" in Words("en").message(eased)


def test_a_swing_of_the_person_fails(bare):
    """The person's own arms swing by 34 degrees 2.5 times a second: no smoothing of 50 ms takes that away."""
    q = held_out(bare)
    for k in (0, 7):
        q[:, k] += 0.6 * np.sin(2 * np.pi * 2.5 * T) * np.exp(-(((T - 1.5) / 0.4) ** 2))
    solved, eased = judged(bare, q, q)
    assert solved.level == eased.level == "FAIL" and eased is solved


@pytest.mark.parametrize(("away", "near"), [(0.04, True), (0.06, False)])
def test_hands_are_as_near_as_a_claw_can_make_up_for(bare, away, near):
    """For 0.2 s the hands are away from the person's by 40 and by 60 mm, where 50 are allowed."""
    arms, asked = arms_of(bare), held_out(bare)
    hands = tracks(arms, asked, asked)
    moved = {
        hand: replace(one, target=one.target + away * ((T > 1.0) & (T < 1.2))[:, None] * [0.0, 0.0, 1.0])
        for hand, one in hands.items()
    }
    subject, motion = SimpleNamespace(rules=RULES), JointMotion(T, asked, arms.names, None)
    assert as_near(subject, arms, moved, motion) is near
    further = {hand: replace(one, off=one.off + 0.07) for hand, one in moved.items()}
    assert as_near(subject, arms, further, motion), "no nearer than the solver could bring them"


def test_smoothing_keeps_what_stands_and_stays_inside():
    q = np.where(T < 1.5, 0.0, 1.0)[:, None]
    smooth = smoothed(T, q, 0.03)
    assert smooth.min() >= 0.0 and smooth.max() <= 1.0
    assert smooth[:40] == pytest.approx(0.0) and smooth[50:] == pytest.approx(1.0)
    assert smooth[45, 0] == pytest.approx(0.72, abs=0.01)
    assert smoothed(T, 0.0 * q + 0.3, 0.05) == pytest.approx(0.3)


@pytest.mark.slow
def test_the_laptop_of_a_real_person_is_no_reason_to_tip(data):
    """The left shoulder swings at 4.5 rad/s and back within 0.07 s where a wrist is at its end; raw, that hand goes evenly."""
    (verdict,) = judge(read(data / "arctic-human-bimanual" / "s01_laptop_use_01.npz"), threads=1)
    assert verdict.verdict == "FEASIBLE"
    balance = next(f for f in verdict.findings if f.code == "balance")
    assert balance.level == "WARN" and balance.details["as_solved"] == pytest.approx(-0.0189, abs=5e-4)
    assert balance.value == pytest.approx(0.0189, abs=5e-4)
