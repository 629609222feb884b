"""A joint that stands while its command goes on is blocked, and neither of its columns is to blame."""

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import RATE, ROWS, found, motion, servo
from shiliu.replay.report.text import Words


def blocked(first, last, joint, noise=3e-4, step=None, seed=3):
    """A take in which one joint stands from row to row, comes back to its command within 20 rows, and goes on; its speed says so, too."""
    columns = motion(seed)
    command = columns["action"][:, joint] + 0.5 * np.sin(0.9 * np.arange(ROWS) / RATE)
    slow = lfilter([0.35], [1.0, -0.65], command - command[0]) + command[0]
    measured = np.concatenate([slow[:2][[0, 0]], slow[:-2]])
    back = np.clip((np.arange(ROWS) - last) / 20.0, 0.0, 1.0)
    back[:first] = 1.0
    measured = measured[first] + back * (measured - measured[first]) + np.random.default_rng(1).normal(0.0, noise, ROWS)
    columns["action"][:, joint] = command
    columns["state"][:, joint] = measured if step is None else np.round(measured / step) * step
    columns["velocity"] = 0.9 * np.gradient(columns["state"], 1.0 / RATE, axis=0)
    return columns


@pytest.mark.parametrize(("first", "last"), [(150, 260), (150, ROWS), (200, 235)])
@pytest.mark.parametrize(("noise", "step"), [(3e-4, None), (1e-3, None), (1e-4, 1e-3)])
@pytest.mark.parametrize("without", [(), ("velocity",)])
def test_a_joint_that_is_blocked_is_called_so_and_its_command_is_not_blamed(first, last, noise, step, without):
    finding = found(blocked(first, last, 2, noise, step), without=without)
    assert (finding.level, finding.subject, finding.details["kind"]) == ("WARN", ("joint_3",), "blocked")
    assert finding.details["column"] == "measured" and finding.value > 0.4
    assert finding.t0 == pytest.approx(first / RATE, abs=1.7) and "does not move" in Words("en").message(finding)
    assert "{" not in Words("zh").message(finding)


@pytest.mark.parametrize("amplitude", [0.004, 0.06, 0.15])
@pytest.mark.parametrize(("level", "beyond"), [(0.3, 4.2), (-0.6, 8.3)])
def test_a_joint_more_than_half_a_turn_from_its_command_is_not_called_blocked(amplitude, level, beyond):
    columns = motion()
    meant = level + amplitude * np.sin(0.9 * np.arange(ROWS) / RATE)
    columns["state"][:, 2] = np.concatenate([meant[:2], meant[:-2]]) + np.random.default_rng(1).normal(0.0, 3e-4, ROWS)
    columns["action"][:, 2] = meant[0] + np.cumsum(meant) / RATE  # summed up
    finding = found(columns, without=("velocity",))
    assert (finding.level, finding.subject) == ("FAIL", ("joint_3",))
    assert finding.details["kind"] != "blocked" and finding.value > beyond - 0.1


@pytest.mark.parametrize("behind", [2.0, 4.0])
def test_a_joint_that_turns_without_end_may_be_stopped_while_its_command_goes_on(behind):
    columns = motion()
    command = 0.6 * np.arange(ROWS) / RATE
    measured = np.concatenate([command[[0, 0]], command[:-2]])
    first, last = 150, 150 + round(behind / 0.6 * RATE)
    measured[first:last] = measured[first]
    back = np.arange(last, min(last + 20, ROWS))
    measured[back] = measured[first] + (measured[back] - measured[first]) * (back - last) / 20.0
    columns["action"][:, 2] = command
    columns["state"][:, 2] = measured + np.random.default_rng(1).normal(0.0, 3e-4, ROWS)
    finding = found(columns, without=("velocity",))
    assert (finding.level, finding.subject) == ("WARN", ("joint_3",)) and finding.value > behind - 0.1


def test_a_joint_that_stands_to_the_bit_and_is_elsewhere_at_once_is_no_joint_that_is_blocked():
    columns = motion()
    columns["action"][:, 2] += 0.5 * np.sin(0.9 * np.arange(ROWS) / RATE)
    columns["state"][:, 2] += 0.5 * np.sin(0.9 * (np.arange(ROWS) / RATE - 0.1))
    columns["state"][150:260, 2] = columns["state"][150, 2]
    finding = found(columns)
    assert (finding.level, finding.subject, finding.details["kind"]) == ("FAIL", ("joint_3",), "held")


@pytest.mark.parametrize(("shown", "level"), [(1.0, "WARN"), (0.3, "FAIL")])
def test_a_joint_that_slips_off_what_holds_it_goes_as_its_speed_shows(shown, level):
    """It is elsewhere from one row to the next, and its speed shows all of the way, or little of it; it comes back within three rows."""
    columns, row, leap = motion(), 200, -0.12
    columns["state"][row : row + 4, 2] += leap * np.array([1.0, 0.7, 0.45, 0.2])
    columns["velocity"] += np.random.default_rng(2).normal(0.0, 2e-3, columns["velocity"].shape)
    columns["velocity"][row : row + 5, 2] += shown * leap * RATE * np.array([1.0, -0.27, -0.25, -0.22, -0.1])
    finding = found(columns)
    assert (finding.level, finding.subject[0]) == (level, "joint_3")


@pytest.mark.parametrize("written", [False, True])
def test_an_arm_that_is_stopped_and_goes_on_comes_back_as_its_servos_speed_up(written):
    """Each joint is 1 rad and less behind and speeds up for some rows; a column that was held comes back within one."""
    columns, rows = motion(5), slice(250, 330)
    sent = columns["action"].copy()
    free = np.column_stack([servo(sent[:, j], 400.0, 40.0, most=40.0)[0] for j in range(6)])
    sent[rows] = free[rows.start]
    stopped = np.column_stack([servo(sent[:, j], 400.0, 40.0, most=40.0)[0] for j in range(6)])
    columns["state"] = free if written else stopped
    columns["state"] += np.random.default_rng(1).normal(0.0, 2e-4, stopped.shape)
    if written:
        columns["state"][rows, 2] += stopped[rows.start, 2] - columns["state"][rows, 2].mean()
    assert found(columns, without=("velocity",)).level == ("FAIL" if written else "WARN")
