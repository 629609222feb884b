"""Joints of one arm whose servos are not alike: none is taken for a column of another moment, in another unit or of another part."""

from dataclasses import replace

import numpy as np
import pytest
from servo_takes import RATE, found, motion, servo, taken
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.relations import shifted
from shiliu.replay.residual.slower_servo import speed_agrees
from shiliu.replay.residual.table import RecordedChannel
from shiliu.replay.residual.whole_speeds import speeds_of_another_motion, speeds_of_another_unit

HEAVY = {"one": (25, 9, 25, 25, 25, 25), "three": (10, 10, 12, 20, 25, 25), "each": (8, 9, 15, 20, 25, 30), "alike": (25,) * 6}


def unequal(arm, seed=3, rate=RATE, late=1, damping=1.0):
    """A take of joints of so many rad/s each, which hear a command `late` rows after."""
    columns = motion(seed, rate=rate)
    for j, pace in enumerate(HEAVY.get(arm, arm)):
        columns["state"][:, j], columns["velocity"][:, j] = servo(
            columns["action"][:, j], pace**2, 2.0 * damping * pace, rate=rate, late=late
        )
    columns["state"] += np.random.default_rng(seed).normal(0.0, 2e-4, columns["state"].shape)
    return columns


@pytest.mark.parametrize("without", [(), ("velocity",)])
@pytest.mark.parametrize(("arm", "seed"), [("one", 3), ("three", 3), ("three", 4), ("each", 5)])
def test_a_slower_servo_is_no_column_of_another_moment(arm, seed, without):
    one = found(unequal(arm, seed), without=without)
    assert one.level in ("PASS", "WARN") and (one.level == "PASS" or one.details["kind"] == "smoothed")


@pytest.mark.parametrize("arm", ["alike", "three"])
@pytest.mark.parametrize(
    ("column", "rows", "without", "named"),
    [
        ("state", 4, (), "measured"), ("state", 4, ("velocity",), "measured"), ("action", -4, (), "command"),
        ("action", -4, ("velocity",), "measured"),
    ],
)  # fmt: skip
def test_rows_of_another_moment_are_found_beside_slower_servos(arm, column, rows, without, named):
    """Late by 0.13 s in the whole take; a speed that is that of the position says that it is the command."""
    columns = unequal(arm)
    columns[column][:, 1] = shifted(columns[column][:, 1], -rows)
    one = found(columns, without=without)
    assert (one.level, one.subject, one.details["kind"], one.details["column"]) == ("FAIL", ("joint_2",), "lag", named)
    assert abs(one.details["late"]) > 0.1


def test_what_the_speed_says_of_the_position():
    columns = unequal("alike")
    channel = RecordedChannel("a", {"measured": columns["state"][:, 0], "velocity": columns["velocity"][:, 0]}, {}, {}, "rad")
    late = RecordedChannel("a", {**channel.columns, "measured": shifted(columns["state"][:, 0], -4)}, {}, {}, "rad")
    assert speed_agrees(channel, 4, 1.0 / RATE) and not speed_agrees(late, 4, 1.0 / RATE)
    assert not speed_agrees(RecordedChannel("a", {"measured": columns["state"][:, 0]}, {}, {}, "rad"), 4, 1.0 / RATE)


@pytest.mark.parametrize(("late", "level"), [(0, "WARN"), (6, "FAIL")])
def test_a_part_in_which_slow_joints_move_alone_is_no_part_that_is_late(late, level):
    """Each joint is as slow as ever; where all of them are late in a part, it is found."""
    columns = unequal((28.0, 9.0, 29.0, 9.0, 9.0, 24.0), seed=126, rate=15, damping=1.26, late=2)
    rows = slice(60, 180)
    columns["state"][rows], columns["velocity"][rows] = (
        columns[name][np.arange(420)[rows] - late] for name in ("state", "velocity")
    )  # fmt: skip
    assert found(columns, rate=15).level in {"WARN": ("PASS", "WARN"), "FAIL": ("FAIL",)}[level]


@pytest.mark.parametrize("seed", [105, 116])
def test_a_quick_joint_comes_to_rest_between_two_rows_and_its_speed_is_no_other_unit(seed):
    paces, damping = {105: ((30.0, 9.0, 16.0, 14.0, 11.0, 26.0), 1.02), 116: ((25.0, 28.0, 28.0, 16.0, 18.0, 12.0), 1.03)}[seed]
    columns = unequal(paces, seed, rate=15, damping=damping)
    assert found(columns, rate=15).level != "FAIL"
    columns["velocity"][:, 1] *= 2.0
    one = found(columns, rate=15)
    assert one.level == "FAIL" and "joint_2" in one.subject and one.details["column"] == "velocity"


def test_stiff_servos_that_are_asked_between_rows_far_apart_may_have_speeds_of_any_share():
    """At 15 rows a second each is all but at rest when the next command comes; at 30 nothing makes that of a servo."""
    columns = unequal((35.0, 36.0, 35.0, 34.0, 36.0, 35.0), 4, rate=15, damping=0.8)
    assert found(columns, rate=15).level in ("PASS", "WARN")
    for rate, factor, level in ((15, 0.55, "WARN"), (15, 3.0, "FAIL"), (30, 0.55, "FAIL")):
        columns = unequal("alike", rate=rate)
        columns["velocity"] *= factor
        one = found(columns, rate=rate)
        assert (one.level, one.details["column"], one.details["kind"], len(one.subject)) == (level, "velocity", "factor", 6)


@pytest.mark.parametrize(("joints", "seen"), [(2, False), (6, True)])
def test_speeds_of_all_joints_in_another_unit_are_those_of_most(joints, seen):
    """Two joints of six say nothing of the unit where the speeds of the others are none that positions rise by."""
    columns = unequal("alike")
    columns["velocity"][:, :joints] *= 180.0 / np.pi
    columns["velocity"][:, joints:] = np.random.default_rng(3).normal(0.0, 1.0, (len(columns["velocity"]), 6 - joints))
    (group,) = ComparedColumns(taken(columns)).table.groups
    assert [len(d.channels) for d in speeds_of_another_unit(group)] == [6] * seen


@pytest.mark.parametrize("unit", ["rad", "1"])
def test_speeds_of_another_motion_count_in_what_their_positions_do(unit):
    columns = unequal("alike")
    columns["velocity"] = np.random.default_rng(3).normal(0.0, 1.0, columns["velocity"].shape)
    (group,) = ComparedColumns(taken(columns)).table.groups
    group = replace(group, channels=tuple(replace(c, unit=unit) for c in group.channels))
    (one,) = speeds_of_another_motion(group)
    assert one.unit == f"{unit}/s" and len(one.channels) == 6
