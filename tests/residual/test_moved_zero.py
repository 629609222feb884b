"""A zero that is another one for a part of a take, in command and measurement alike: the device's, and no motion that anybody commanded."""

from dataclasses import replace

import numpy as np
import pytest
from body_takes import JOINTS, served
from servo_takes import NAMES, RATE, found, motion, taken
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.moved_zero import moved_zero
from shiliu.replay.residual.table import table_of

ZERO = np.pi / 4.0


def shifted(part, columns=("action", "state"), by=ZERO, seed=3):
    take = motion(seed)
    for name in columns:
        take[name][part, 2] += by
    return take


@pytest.mark.parametrize("part", [slice(150, 260), slice(240, None), slice(0, 120)], ids=["middle", "end", "begin"])
@pytest.mark.parametrize("without", [(), ("velocity",)], ids=["speeds", "none"])
def test_another_zero_in_a_part_is_named_with_its_rows(part, without):
    finding = found(shifted(part), without=without)
    assert finding.level == "FAIL" and finding.subject == (NAMES[2],) and finding.value == pytest.approx(ZERO, abs=0.02)
    assert finding.details["kind"] == "offset" and finding.details["column"] == "rows" and not finding.details["others"]
    assert finding.t0 == pytest.approx((part.start or 0) / RATE, abs=0.1)


def test_a_fault_beside_it_is_found_all_the_same():
    take = shifted(slice(150, 260))
    take["state"][300:330, 4] += 0.4
    finding = found(take)
    assert finding.level == "FAIL" and {name for one in finding.details["others"] for name in one["subject"]} == {NAMES[4]}


@pytest.mark.parametrize("by", [0.0, 0.05])
def test_less_is_not_found(by):
    assert found(shifted(slice(150, 260), by=by), without=("velocity",)).details.get("kind") != "offset"


def test_a_leap_of_the_command_that_the_joint_answers_is_none():
    """A quick servo, which goes most of the way within two rows: its command leaps before it."""
    take = motion()
    step = np.where(np.arange(len(take["action"])) >= 200, 0.4, 0.0)
    take["action"][:, 2] += step
    take["state"][:, 2] += np.concatenate([[0.0] * 2, step[:-2]])
    finding = found(take, without=("velocity",))
    assert not (finding.level == "FAIL" and finding.details["column"] == "rows")


@pytest.mark.parametrize("rows", [0, 9, 30])
def test_what_leaps_all_the_time_hides_no_edge(rows):
    """A joint that shakes before the part has no other zero; all edges count, or the part would be taken for the rest."""
    take = shifted(slice(150, 260))
    for name in ("action", "state"):
        take[name][20 : 20 + rows, 4] += 0.15 * (np.arange(rows) % 2)
    (group,) = table_of(taken(take)).groups
    (one,) = moved_zero(group).differences
    assert (one.channels, one.first, one.last) == ((NAMES[2],), 150, 259)


def test_torques_of_other_joints_are_asked_in_the_part_as_well():
    streams = {name: one for name, one in served().streams.items() if name != "hand_pose"}
    for name, joint, part, by in (*((kind, 2, slice(200, 400), ZERO) for kind in ("action", "state")), ("effort", 9, slice(250, 290), 8.0)):
        values = streams[name].values.copy()
        values[part, streams[name].names.index(JOINTS[joint])] += by
        streams[name] = replace(streams[name], values=values)
    found = ComparedColumns(replace(served(), streams=streams)).differences
    assert [(d.kind, d.channels, d.first, d.last) for d in found] == [
        ("rows", (JOINTS[2],), 200, 399), ("effort", (JOINTS[9],), 250, 289),
    ]  # fmt: skip


@pytest.mark.parametrize("second", [2.0, -1.0, 1.0])
def test_a_zero_that_is_lost_twice_is_the_device_s_in_both_parts(second):
    """Three zeros in a take: that of most rows is right, and both others are undone; or two parts with the same one."""
    take, right = motion(), motion()["state"][:, 2]
    for part, times in ((slice(100, 200), 1.0), (slice(200, 300) if second != 1.0 else slice(250, 300), second)):
        for name in ("action", "state"):
            take[name][part, 2] += times * ZERO
    (group,) = table_of(taken(take)).groups
    moved = moved_zero(group)
    assert [(d.first, d.last) for d in moved.differences] == [(100, 199), (200 if second != 1.0 else 250, 299)]
    assert np.abs(moved.group.channels[2].columns["measured"] - right).max() < 0.05
