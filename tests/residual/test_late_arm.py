"""An arm that is measured later than the other one: rows of another moment, or a slower servo."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import RATE, motion, taken
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.signals.sides import side_of

NAMES = ("arm_l1_joint", "arm_l2_joint", "arm_l3_joint", "arm_r1_joint", "arm_r2_joint", "arm_r3_joint")
RIGHT = slice(3, 6)


def differences(columns, arm=RIGHT):
    return [d for d in ComparedColumns(taken(columns, names=NAMES, without=("velocity",))).differences if d.certain]


@pytest.mark.parametrize("seed", [3, 5, 8])
@pytest.mark.parametrize(("rows", "seen"), [(8, True), (6, True), (2, False)])
def test_an_arm_of_another_moment(seed, rows, seen):
    columns = motion(seed)
    assert not differences(columns)
    q = columns["state"]
    q[rows:, RIGHT] = q[:-rows, RIGHT].copy()
    q[:rows, RIGHT] = q[rows, RIGHT]
    found = differences(columns)
    assert len(found) == seen
    for one in found:
        assert (one.channels, one.kind, one.name, one.unit) == (NAMES[RIGHT], "measured", "lag", "s")
        assert one.size == pytest.approx(rows / RATE, abs=1.5 / RATE)


@pytest.mark.parametrize("seed", [3, 5, 8])
def test_an_arm_with_slower_servos_is_no_fault(seed):
    columns = motion(seed)
    pole = np.exp(-1.0 / RATE / 0.15)
    q = columns["state"][:, RIGHT]
    columns["state"][:, RIGHT] = lfilter([1.0 - pole], [1.0, -pole], q, axis=0, zi=pole * q[:1])[0]
    assert not [d for d in differences(columns) if d.unit == "s"]


SIDES = [("zarm_l1_joint", "l"), ("right_elbow_joint", "r"), ("roll_joint", ""), ("zhead_1_joint", "")]


@pytest.mark.parametrize(("name", "side"), SIDES)
def test_the_side_of_a_joint_is_in_its_name(name, side):
    assert side_of(name) == side
