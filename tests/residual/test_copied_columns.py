"""States of a whole take that are its commands, and an arm that is the other one."""

from __future__ import annotations

import numpy as np
import pytest
from servo_takes import NAMES, found, motion


def test_states_that_are_the_commands_of_their_rows_leap_as_no_body_does():
    columns = motion()
    command = columns["action"].copy()
    command[200] -= 3.0 * (command[199] - command[198]) + 0.06  # in a row, as a planner begins anew from where the arm is
    command[201:] = command[200] + command[201:] - command[200:201]
    alike = {"action": command, "state": command}
    finding = found(alike, without=("velocity",))
    assert finding.level == "FAIL" and finding.details["kind"] == "measurement_as_command" and finding.details["column"] == "measured"
    assert set(finding.subject) == set(NAMES) and finding.t0 == 0.0


def test_a_set_of_states_may_have_them_for_commands():
    state = motion()["state"]
    assert found({"action": state, "state": state}, without=("velocity",)).level in ("PASS", "WARN")


@pytest.mark.parametrize(("noise", "level"), [(0.0, "FAIL"), (3e-4, "PASS")])
def test_three_joints_that_have_the_values_of_three_others(noise, level):
    """Commands may be the same for both arms; measurements to the bit are not."""
    columns = motion()
    for name in columns:
        columns[name][:, 3:] = columns[name][:, :3]
    columns["state"][:, 3:] += np.random.default_rng(1).normal(0.0, noise, (len(columns["state"]), 3))
    finding = found(columns, without=("velocity",))
    assert finding.level == level
    if level == "FAIL":
        assert finding.details["kind"] == "copied" and set(finding.subject) == set(NAMES)


@pytest.mark.parametrize(("noise", "level"), [(0.0, "FAIL"), (1e-3, "PASS")])
def test_speeds_of_three_joints_that_are_those_of_three_others(noise, level):
    """Both arms are commanded alike and go alike, each with its own encoders; the speeds of one are written for the other, too."""
    columns, rng = motion(), np.random.default_rng(1)
    for name in columns:
        columns[name][:, 3:] = columns[name][:, :3]
    columns["state"][:, 3:] += rng.normal(0.0, 3e-4, (len(columns["state"]), 3))
    columns["velocity"][:, 3:] += rng.normal(0.0, noise, (len(columns["state"]), 3))
    finding = found(columns)
    assert finding.level == level
    if level == "FAIL":
        assert (finding.details["kind"], finding.details["column"], finding.unit) == ("copied", "velocity", "rad/s")
