"""Torques of an arm that nobody modelled, as witnesses of its commands and positions."""

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import NAMES, RATE, ROWS, RULES, grid_ns, motion
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.residual.bodies import ComparedColumns

STIFFNESS, SPAN, JOINT = 60.0, slice(200, 226), 0
QUANTITIES = {"action": ("command", "joint_position", "rad"), "state": ("measured", "joint_position", "rad"),
              "effort": ("measured", "joint_torque", "Nm"), "velocity": ("measured", "joint_velocity", "rad/s")}  # fmt: skip


def bump(size):
    out = np.zeros(ROWS)
    out[SPAN] = size * np.sin(np.pi * np.linspace(0.0, 1.0, SPAN.stop - SPAN.start)) ** 2
    return out


def take(act=lambda columns: None, after=lambda columns: None, softer=(), speeds=False):
    """`act` happens to the arm, and its servos give what they have to; `after` happens to what is written."""
    columns = motion(5)
    if not speeds:
        del columns["velocity"]
    act(columns)
    stiffness = np.where(np.isin(np.arange(6), softer), 0.3 * STIFFNESS, STIFFNESS)
    noise = np.random.default_rng(4).normal(0.0, 0.15, (ROWS, 6))
    columns["effort"] = stiffness * (columns["action"] - columns["state"]) + noise
    after(columns)
    streams = {name: Stream(name, *QUANTITIES[name], NAMES, x, grid_ns(ROWS, RATE), clock="grid") for name, x in columns.items()}
    return check_differs(ComparedColumns(Recording("take", "set#0", "0" * 64, "robot", streams)), RULES)[0]


def adds(name, what):
    def change(columns):
        columns[name][:, JOINT] += what

    return change


def off(columns):
    columns["effort"][SPAN, JOINT] = np.random.default_rng(6).normal(0.0, 0.1, SPAN.stop - SPAN.start)


@pytest.mark.parametrize(("name", "what"), [("action", bump(0.09)), ("state", bump(-0.09)), ("effort", bump(6.0))])
def test_what_a_torque_contradicts_is_wrong(name, what):
    finding = take(after=adds(name, what))
    column = {"action": "command", "state": "measured"}.get(name, "effort")
    assert finding.level == "FAIL" and finding.subject == (NAMES[JOINT],) and finding.details["column"] == column
    assert abs(finding.value / np.abs(what).max() - 1.0) < 0.25 and SPAN.start - 12 <= finding.details["rows"][0] <= SPAN.stop


def sways(size):
    return size * np.sin(np.arange(ROWS) / 9.0)


@pytest.mark.parametrize(("name", "column"), [("action", "command"), ("state", "measured")])
def test_a_column_that_is_wrong_all_along_does_not_hide_in_its_own_scatter(name, column):
    finding = take(after=adds(name, sways(0.2)), speeds=True)
    assert finding.level == "FAIL" and finding.subject == (NAMES[JOINT],) and finding.details["column"] == column
    assert take(after=adds(name, sways(0.004)), speeds=True).level == "PASS"


@pytest.mark.parametrize("size", [0.07, 0.3, -0.3])
def test_a_joint_that_is_pushed_has_the_torque_of_it(size):
    assert take(act=adds("state", bump(size))).level == "WARN"


def test_arms_that_bear_more_for_a_while_may_be_given_more_for_it():
    load = lfilter([0.1], [1.0, -0.9], bump(1.0) > 0.0)
    assert take(after=adds("effort", 5.0 * load)).level != "FAIL"


def test_a_servo_that_is_off_says_nothing():
    assert take(after=off).level != "FAIL"


def test_a_clean_take_and_one_of_several_servos():
    assert take().level == take(softer=(0, 4)).level == "PASS"


def test_torques_that_follow_no_law_are_no_witnesses():
    def other(columns):
        columns["effort"] += 8.0 * np.cos(np.cumsum(columns["state"], axis=1))

    assert take(after=other).level == "PASS"
    finding = take(act=adds("state", bump(0.07)), after=other)
    assert finding.level == "WARN"


@pytest.mark.parametrize("grain", [0.2, 0.5, 2.0])
def test_coarse_torques_are_no_fault(grain):
    def rounded(columns):
        columns["effort"] = np.round(columns["effort"] / grain) * grain

    assert take(after=rounded).level == "PASS"


@pytest.mark.parametrize("size", [0.3, -0.3])
def test_a_servo_that_gives_all_that_it_has_says_nothing(size):
    def spent(columns):
        columns["effort"] = np.clip(columns["effort"], -8.0, 8.0)

    assert take(act=adds("state", bump(size)), after=spent).level == "WARN"
