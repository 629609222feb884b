"""A joint beside its command by the same all along: alone it has another zero; among others of that kind it is led by another arm."""

import numpy as np
import pytest
from servo_takes import NAMES, RULES, motion, taken
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.residual.bodies import ComparedColumns


def differs(by):
    columns = motion(5)
    columns["state"] += np.array(by)
    (finding,) = check_differs(ComparedColumns(taken(columns, without=("velocity",)), {}), RULES)
    return finding


@pytest.mark.parametrize("by", [0.06, -0.09])
def test_one_joint_with_another_zero(by):
    finding = differs([0.0, 0.0, by, 0.0, 0.0, 0.0])
    assert (finding.level, finding.subject, finding.details["kind"]) == ("FAIL", (NAMES[2],), "offset")
    assert finding.value == pytest.approx(abs(by), abs=0.01)


def test_two_joints_with_another_zero():
    finding = differs([0.0, 0.08, 0.0, 0.0, -0.07, 0.0])
    assert finding.level == "FAIL" and finding.subject[0] in (NAMES[1], NAMES[4])


def test_an_arm_that_is_led_by_one_with_other_zeros():
    assert differs([0.03, -0.035, 0.02, 0.055, -0.03, 0.032]).level == "WARN"
