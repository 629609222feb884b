"""Which likely starts agree with the recorded hands, and what is concluded from them."""

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
import shiliu
from ordinary import ordinary
from shiliu.replay.checks.releases import PRESSES, GripHold, HandAndArm
from shiliu.replay.judge.facts import hand_stops
from shiliu.replay.judge.facts.hand_stops import PUSHED, STATE, MeasuredArms, departure, stops_of
from shiliu.replay.judge.facts.inferred_starts import takes_of
from shiliu.replay.judge.judge import judge
from shiliu.replay.judge.stages.goal_over_starts import TURNED, ZEROED, calibration, in_each, short_by

T = np.arange(0.0, 8.0, 0.02)


def hand(at=0.7, commanded=1.0):
    """A hand that closes within a second from 2 s on and is stopped at `at` until 6 s."""
    command = np.interp(T, [2.0, 3.0, 6.0, 7.0], [0.0, commanded, commanded, 0.0])
    state = np.minimum(command, at)
    first, last = int(np.flatnonzero(state >= at)[0]), int(np.flatnonzero(T <= 6.0)[-1])
    return HandAndArm("l", ("left_claw",), T, command, state, [GripHold(first, last, 1.0, at)], np.zeros((len(T), 1)), np.zeros(len(T)))


def replayed(closed, q=0.0):
    scene = SimpleNamespace(control_timestep=0.02, schema=SimpleNamespace(observations={STATE: SimpleNamespace(names=["x", "left_claw"])}))
    rows = np.column_stack([np.zeros(len(T)), 100.0 * closed])
    return scene, SimpleNamespace(observations={STATE: rows}, qpos=np.full((len(T), 1), q) * (T > 3.0)[:, None])


def test_a_hand_that_is_stopped_elsewhere_disagrees():
    one = hand()
    stops = stops_of([one])
    assert any(stop.held and stop.bound == pytest.approx(PRESSES) for stop in stops)
    for by, agrees in ((0.0, True), (0.8 * PRESSES, True), (-1.2 * PRESSES, False), (0.3, False)):
        assert (departure(stops, None, *replayed(np.minimum(one.command, 0.7 + by)), 0.0) <= 1.0) is agrees


def test_one_that_slips_late_in_the_hold_disagrees():
    one = hand()
    slipped = np.where((T > 4.9) & (T < 6.0), one.command, one.state)
    assert departure(stops_of([one]), None, *replayed(slipped), 0.0) > 1.0


def test_the_bound_is_half_of_what_a_gentle_grip_stands_short():
    (held, *_) = (stop for stop in stops_of([hand(at=0.99)]) if stop.held)
    assert held.bound == pytest.approx(0.005)


def test_an_arm_that_is_pushed_off_its_way_while_the_hand_holds_disagrees():
    one = hand()
    arms = MeasuredArms(T, np.zeros((len(T), 1)), np.array([0]))
    for by, agrees in ((0.5 * PUSHED, True), (1.5 * PUSHED, False)):
        held = replayed(one.state, by)
        held[1].qpos[T > 6.0] = 0.0
        assert (departure(stops_of([one]), arms, *held, 0.0) <= 1.0) is agrees


@pytest.mark.parametrize(
    ("by", "speed", "agrees"), [(0.5 * PUSHED, 0.0, True), (1.5 * PUSHED, 0.0, False), (1.5 * PUSHED, 0.3, True)]
)
def test_an_arm_that_stands_and_is_pressed_disagrees_though_no_hand_holds(by, speed, agrees):
    """A finger on a key is no hold. An arm that moves may be late by so much."""
    q = speed * np.clip(T - 6.0, 0.0, 2.0)[:, None]
    scene, played = replayed(np.zeros(len(T)))
    played.qpos[:] = q + by * ((T >= 6.5) & (T < 7.0))[:, None]
    assert (departure([], MeasuredArms(T, q, np.array([0])), scene, played, 0.0) <= 1.0) is agrees


@pytest.mark.parametrize(("short", "rest", "held"), [(0.007, 0.0, True), (0.007, 0.004, False), (0.02, 0.004, True), (0.002, 0.0, False)])
def test_a_gentle_grip_is_told_from_a_hand_that_is_off_at_rest(monkeypatch, short, rest, held):
    one = hand(at=0.7, commanded=0.7 + short)
    slow = np.interp(T, [0.0, 8.0], [0.0, 0.3])  # and one that is behind a slow command holds nothing
    other = one._replace(names=("right_claw",), command=slow + 0.008, state=slow, holds=[])
    state = np.where((T > 2.9) & (T < 6.1), one.state, one.state - rest)
    monkeypatch.setattr(hand_stops, "hands_of", lambda recording: [one._replace(state=state, holds=[]), other])
    recording = SimpleNamespace(select=lambda *_: [SimpleNamespace(unit="%", names=("left_claw", "right_claw"))], episode=None)
    scene = SimpleNamespace(robot=SimpleNamespace(hand_names=("left_claw", "right_claw")))
    closed, behind = hand_stops.replayed_hands(recording, scene)
    assert bool(closed.holds) is held and not behind.holds


def test_closing_begins_where_the_hand_begins_to_close():
    (take,) = takes_of([hand()], 0.5)
    assert take.begin == pytest.approx(1.5, abs=0.2) and take.stop == pytest.approx(2.2, abs=0.05)


@pytest.mark.parametrize(("speed", "late", "found"), [(0.03, 0.0, True), (0.03, 0.5, True), (0.012, 0.0, False), (0.03, 1.5, False)])
def test_a_hand_that_closes_gently_closes_before_its_hold_counts(speed, late, found):
    """It closes until 4 s from the shape that it had, and the hold is counted from so much later on."""
    command = np.interp(T, [2.0, 4.0], [0.5, 0.5 + 2.0 * speed])
    first = int(np.flatnonzero(T >= 4.0 + late)[0])
    hold = GripHold(first, len(T) - 1, 1.0, float(command[-1]))
    takes = takes_of([hand()._replace(command=command + 0.02, state=command, holds=[hold])], 0.0)
    assert bool(takes) is found
    for take in takes:
        assert take.begin == pytest.approx(2.0, abs=0.2) and take.stop == pytest.approx(4.0 + late, abs=0.05)


@pytest.mark.parametrize(
    ("unit", "margin", "short"),
    [("m", -0.031, 0.031), ("m", 0.004, 0.0), ("rad", -0.9 * TURNED, 0.0), ("rad", -1.1 * TURNED, np.inf), ("N", -0.1, np.inf)],
)
def test_a_miss_is_short_by_a_length_or_clear(unit, margin, short):
    condition = SimpleNamespace(predicate=SimpleNamespace(unit=unit))
    subject = SimpleNamespace(scene=SimpleNamespace(course=SimpleNamespace(subgoals=[SimpleNamespace(conditions=[condition])])))
    carry = SimpleNamespace(reached=np.array([[np.nan]]), undone=np.array([[np.nan]]))
    assert short_by(subject, SimpleNamespace(carry=carry, nearest=(SimpleNamespace(margins=np.array([margin])),))) == short


def test_calibration_explains_more_of_an_arm_that_is_stretched():
    """One joint at the end of a lever moves the hand by the lever times its error, three standard deviations of a uniform one."""
    xml = """<mujoco><worldbody><body><joint name="j" axis="0 0 1"/><geom size=".01" mass="1"/>
        <site name="left_tcp" pos="{} 0 0"/></body></worldbody></mujoco>"""
    scene = SimpleNamespace(control_timestep=0.1, robot=SimpleNamespace(joint_names=["j"]))
    for lever in (0.3, 0.7):
        model = mujoco.MjModel.from_xml_string(xml.format(lever))
        played = SimpleNamespace(draw=SimpleNamespace(model=model), qpos=np.array([[0.4]]))
        assert calibration(scene, played) == pytest.approx(lever * ZEROED * np.sqrt(3.0))


@pytest.mark.slow
def test_the_hands_tell_where_a_bowl_was_and_a_clean_take_is_feasible(demonstrated, tmp_path):
    scene = shiliu.load_scenario("table_setting")
    take = ordinary(scene, demonstrated(501).episode, tmp_path / "set")
    for one in take:
        one.streams = {name: stream for name, stream in one.streams.items() if not any("bowl." in key for key in stream.names)}
    (verdict,) = judge(take, scene, threads=1)
    goal = next(one for one in verdict.findings if one.code == "goal")
    assert goal.level == "PASS" and goal.details["starts"] >= 8
    assert verdict.provenance["start"]["bowl"] == "inferred from the hands"


def test_what_goes_wrong_in_some_of_the_starts_hangs_on_them():
    def found(code, failed):
        return SimpleNamespace(code=code, failed=failed)

    class Rules(dict):
        def __getitem__(self, code):
            return SimpleNamespace(not_checked=lambda reason, **_: SimpleNamespace(code=code, failed=False, reason=reason))

    def rollouts(n):
        return SimpleNamespace(known=False, agreeing=n, alone=lambda k: k)

    def happened(k):
        return [found("drop", k == 0), found("force", True), found("tipping", k % 2 == 0)]

    full = {"subject": (), "value": None, "limit": None, "unit": "", "t0": None, "t1": None, "details": {}}

    def complete(k):
        return [SimpleNamespace(**{**full, **vars(one)}) for one in happened(k)]

    of = {one.code: one for one in in_each(complete, rollouts(10), Rules())}
    assert not of["drop"].failed and of["force"].failed and of["tipping"].reason == "hangs_on_start"
