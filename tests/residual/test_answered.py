"""Commands that leap, and joints that go there by a way of their own; leaps that no joint answers, or that come too late."""

import numpy as np
import pytest
from servo_takes import RATE, ROWS, claw, found, motion, servo
from shiliu.replay.residual.answered import is_answered, unsure_of_begin, unsure_of_leaps
from shiliu.replay.residual.case import Case
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.hypotheses import compare
from shiliu.replay.residual.table import Group, RecordedChannel


def leaping(seed, stiffness, damping, most, ramps, noise=1e-4):
    """A take of six servos, one of which is commanded to leap: ramps of (joint, row, rows, size [rad])."""
    columns = motion(seed)
    for joint, at, rows, size in ramps:
        columns["action"][:, joint] += np.clip((np.arange(ROWS) - at) / rows, 0.0, 1.0) * size
    leap = {joint for joint, *_ in ramps}
    for j in range(6):
        limit = most if j in leap else np.inf
        columns["state"][:, j], columns["velocity"][:, j] = servo(columns["action"][:, j], stiffness, damping, limit)
    columns["state"] += np.random.default_rng(seed).normal(0.0, noise, columns["state"].shape)
    return columns


@pytest.mark.parametrize("without", [(), ("velocity",)])
@pytest.mark.parametrize(
    ("seed", "stiffness", "damping", "most", "size"),
    [(2, 219, 24, 40, 0.6), (4, 1683, 79, 40, -0.7), (22, 299, 26, 20, 0.55), (31, 1493, 50, 40, 0.4), (70, 313, 39, np.inf, -0.5)],
)
def test_a_servo_that_is_late_at_a_leap_agrees(seed, stiffness, damping, most, size, without):
    """Steps of 0.4 to 0.7 rad within one to three rows, of which the largest torque makes something else than elsewhere."""
    for rows in (1, 3):
        columns = leaping(seed, stiffness, damping, most, [(2, 190, rows, size), (2, 330, rows, -size)])
        assert found(columns, without=without).level in ("PASS", "WARN")


@pytest.mark.parametrize("size", [0.3, -0.6])
def test_a_leap_that_no_joint_answers_is_a_wrong_command(size):
    columns = leaping(3, 400, 40, np.inf, [])
    columns["action"][200:240, 2] += size
    finding = found(columns)
    assert (finding.level, finding.subject[:1], finding.details["column"]) == ("FAIL", ("joint_3",), "command")
    assert abs(finding.details["rows"][0] - 200) <= 2


def test_a_leap_to_where_the_joint_has_been_for_long_is_a_wrong_command():
    """Commands that stand for a second, while the joint goes on, and then are where it has gone."""
    columns = leaping(3, 400, 40, np.inf, [(2, 200, 30, 0.9)])
    columns["action"][201:229, 2] = columns["action"][200, 2]
    finding = found(columns)
    assert (finding.level, finding.subject[:1], finding.details["column"]) == ("FAIL", ("joint_3",), "command")


def channel(command, measured):
    return RecordedChannel("joint_3", {"command": command, "measured": measured}, {}, {}, "rad")


def test_what_is_an_answer():
    rows = np.arange(120)
    command = np.where(rows < 60, 0.0, 0.5)
    measured, _ = servo(command, 400.0, 40.0, 40.0)
    assert is_answered(channel(command, measured), 61, 70, 1.0 / RATE)
    assert not is_answered(channel(command, measured), 40, 70, 1.0 / RATE)  # they disagree before it leaps
    assert not is_answered(channel(command, 0.4 * measured), 61, 70, 1.0 / RATE)  # and here the joint goes two fifths of the way
    early, _ = servo(np.where(rows < 50, 0.0, 0.5), 400.0, 40.0, 40.0)
    assert not is_answered(channel(command, early), 60, 70, 1.0 / RATE)


def test_rows_that_are_more_even_than_what_they_should_be_are_in_no_other_order():
    truth = np.linspace(0.0, 1.0, 40)
    uneven = truth.copy()
    uneven[20:26] += [0.0, 0.09, -0.05, 0.07, -0.09, 0.0]
    names = {one.name for one in compare(Case(truth, uneven, 20, 25, 1.0 / RATE, 1e-3)) if one.explained > 0.5}
    assert "reordered" not in names
    mixed = truth.copy()
    mixed[20:26] = truth[[23, 20, 25, 21, 24, 22]]
    assert "reordered" in {one.name for one in compare(Case(mixed, truth, 20, 25, 1.0 / RATE, 1e-3)) if one.explained > 0.9}


@pytest.mark.parametrize(("held", "rate"), [(1, 30), (2, 15), (3, 30)])
def test_a_finger_that_is_written_more_often_than_it_is_measured_does_not_leap(held, rate):
    """It goes by a fifth of its way from one measurement to the next; half of its way in a single row is too much."""
    columns, rows = motion(5, rate=rate), np.arange(ROWS)
    sent = 100.0 / (1.0 + np.exp(-(rows - 150.0) / (0.1 * rate))) - 60.0 / (1.0 + np.exp(-(rows - 300.0) / (0.1 * rate)))
    hand = claw(sent, 200.0, 0.05, 2, held=held, rate=rate)
    columns["claw"], columns["claw_at"] = np.column_stack([sent, 0.0 * sent]), np.column_stack([hand, 0.0 * hand])
    assert np.abs(np.diff(hand)).max() > 6.0 * held
    assert found(columns, rate=rate).level in ("PASS", "WARN")
    columns["claw_at"][230, 0] -= 50.0
    finding = found(columns, rate=rate)
    assert (finding.level, finding.subject) == ("FAIL", ("left_claw",))


@pytest.mark.parametrize(
    ("goes", "unit", "rows", "size", "sure"),
    [(0.02, "1", (0, 3), 0.1, False), (0.0, "1", (0, 3), 0.1, True), (0.02, "rad", (0, 3), 0.1, True), (0.02, "1", (0, 12), 0.1, True),
     (0.02, "1", (9, 12), 0.1, True), (0.02, "1", (0, 3), 0.3, True)],
)  # fmt: skip
def test_a_take_that_begins_in_a_motion_of_joints_that_plan_their_way_lacks_the_commands_before(goes, unit, rows, size, sure):
    """A joint that stands there is on no way."""
    t = np.arange(50) / RATE
    group = Group(t, 1.0 / RATE, (RecordedChannel("a", {"command": goes * t, "measured": goes * np.arange(50)}, {}, {}, unit),))
    one = Difference.over(t, ("a",), "command", rows, size, unit, "factor", certain=True)
    assert [d.certain for d in unsure_of_begin(group, [one])] == [sure]


def test_a_command_that_trembles_is_not_answered_by_a_joint_that_goes_on():
    """Half of its leaps lead where the joint goes anyway."""
    columns = motion(3)
    rows = slice(190, 240)
    columns["action"][rows, 2] += np.random.default_rng(5).choice([-0.2, 0.2], 50)
    finding = found(columns, without=("velocity",))
    assert (finding.level, finding.subject[:1], finding.details["column"]) == ("FAIL", ("joint_3",), "command")
    leaps = np.cumsum(np.isin(np.arange(120), (30, 45, 60, 75))) * 0.2
    assert is_answered(channel(leaps, servo(leaps, 400, 40)[0]), 29, 80, 1.0 / RATE), "each of four leaps is"


@pytest.mark.parametrize(("name", "explained", "sure"), [("integrated", 1.0, True), ("integrated", 0.95, False), ("offset", 1.0, False)])
def test_a_shape_that_no_servo_makes_is_not_excused_by_a_leap(name, explained, sure):
    """The joint goes to where its command leaps."""
    rows = np.arange(120)
    command = np.where(rows < 60, 0.0, 0.5)
    group = Group(rows / RATE, 1.0 / RATE, (channel(command, servo(command, 400.0, 40.0, 40.0)[0]),))
    one = Difference.over(group.t, ("joint_3",), "command", (61, 100), 0.4, "rad", name, certain=True, explained=explained)
    assert [d.certain for d in unsure_of_leaps(group, [one])] == [sure]


def test_a_joint_that_is_behind_when_its_command_leaps_goes_on_to_where_it_was_first():
    """It is 0.1 s behind, and so beyond the leap back when that comes."""
    rows = np.arange(160)
    onwards = 0.5 / RATE * rows
    command = onwards - 0.1 * np.clip((rows - 79) / 2.0, 0.0, 1.0)
    followed, _ = servo(command, 400.0, 40.0, 15.0)
    assert followed[80] < command[79] - 0.04
    assert is_answered(channel(command, followed), 82, 95, 1.0 / RATE)
    assert not is_answered(channel(command, servo(onwards, 400.0, 40.0, 15.0)[0]), 82, 95, 1.0 / RATE)
