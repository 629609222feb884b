"""Parts of columns that take a new value in every k-th row alone, and what only looks so."""

import numpy as np
import pytest
from shiliu.replay.residual.stairs import stairs
from shiliu.replay.residual.table import Group, RecordedChannel

RATE, ROWS = 30.0, 400
T = np.arange(ROWS) / RATE
NAMES = {"command": "action", "measured": "state"}
PART = slice(100, 260)


def columns():
    command, measured = (0.7 * np.sin(np.outer(t, [0.9, 1.1, 1.3])) + 0.2 * np.sin(np.outer(t, [2.3, 1.9, 2.9])) for t in (T, T - 0.1))
    return {"command": command, "measured": measured}


def found(of):
    every = [{kind: x[:, j] for kind, x in of.items()} for j in range(3)]
    return stairs([Group(T, 1.0 / RATE, tuple(RecordedChannel(f"j{j}", c, NAMES, NAMES, "rad") for j, c in enumerate(every)))])


def held(x, every, begin=0):
    return x[begin + (np.arange(len(x)) - begin) // every * every]


@pytest.mark.parametrize("every", [3, 8])
@pytest.mark.parametrize(("kind", "sure"), [("measured", True), ("command", False)])
def test_a_part_that_is_held_for_some_rows_each(kind, sure, every):
    of = columns()
    of[kind][PART, 1] = held(of[kind][PART, 1], every)
    (one,) = found(of)
    assert (one.channels, one.kind, one.name, one.certain) == (("j1",), kind, "held", sure)
    assert one.numbers["every"] == every
    assert abs(one.first - PART.start) <= every and abs(one.last - PART.stop) <= every


@pytest.mark.parametrize("kind", ["command", "measured"])
def test_one_joint_of_an_arm_that_is_held_in_all_rows_is_a_doubt(kind):
    """Its servo may be asked less often than the others."""
    of = columns()
    assert not found(of)
    of[kind][:, 2] = held(of[kind][:, 2], 9)
    (one,) = found(of)
    assert (one.channels, one.name, one.certain) == (("j2",), "held", False)


def test_an_arm_that_is_sent_and_measured_at_a_lower_rate_is_no_fault():
    of = columns()
    assert not found({kind: held(x, 3) for kind, x in of.items()})
    of["measured"] = held(of["measured"], 3)
    assert not found(of)


def test_a_sensor_whose_phase_slips_is_slow_in_all_rows():
    of = columns()
    slow = np.floor(np.arange(ROWS) / 5.02).astype(int)
    for kind in of:
        of[kind][:, 1] = of[kind][np.minimum((5.02 * slow).astype(int), ROWS - 1), 1]
    assert not [one for one in found({kind: x[:, [1, 1, 1]] for kind, x in of.items()})]


def test_a_coarse_encoder_that_creeps_changes_by_one_step():
    of = columns()
    of["measured"][PART, 1] = of["measured"][100, 1] + 0.01 * (np.arange(160) // 8)
    of["measured"][PART.stop :, 1] = 0.01 * np.round(of["measured"][PART.stop :, 1] / 0.01)
    of["measured"][: PART.start, 1] = 0.01 * np.round(of["measured"][: PART.start, 1] / 0.01)
    assert not found(of)


def test_a_joint_that_does_what_it_is_sent_is_a_doubt():
    of = columns()
    for kind in of:
        of[kind][PART, 1] = held(of[kind][PART, 1], 8)
    assert [one.certain for one in found(of)] == [False, False]


def held_while(x, slow, every):
    out, last = x.copy(), 0
    for row in range(len(x)):
        last = row if not slow[row] or row - last >= every else last
        out[row] = x[last]
    return out


@pytest.mark.parametrize("joints", [[1], [1, 2], [0, 1, 2]])
def test_half_of_a_group_that_is_read_less_often_for_a_while_is_a_doubt(joints):
    """Their bus may be busy meanwhile."""
    of = columns()
    of["measured"][PART, joints] = held(of["measured"][PART], 4)[:, joints]
    (one,) = found(of)
    assert one.certain == (len(joints) == 1) and set(one.channels) == {f"j{j}" for j in joints}


def test_a_joint_whose_speed_is_new_in_each_row_was_read_in_each():
    of = columns()
    of["velocity"] = np.gradient(of["measured"], T, axis=0)
    part = slice(40, 160)
    of["measured"][part] = held(of["measured"][part], 4)
    (one,) = found(of)
    assert one.certain
    of["velocity"][part] = held(of["velocity"][part], 4)
    (one,) = found(of)
    assert not one.certain


@pytest.mark.parametrize("slow", ["slower", "opening", "anywhere"])
def test_a_sensor_that_has_another_rate_at_some_speeds_is_a_doubt(slow):
    of = columns()
    x = 0.2 * T + 0.9 * np.sin(0.7 * T)
    speed = np.gradient(x, T)
    where = {"slower": np.abs(speed) < 0.4, "opening": speed < -0.05, "anywhere": (T > 4.0) & (T < 9.0)}[slow]
    of["measured"][:, 1] = held_while(x, where, 3)
    assert [one.certain for one in found(of)] == [slow == "anywhere"]
