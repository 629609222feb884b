"""Clean takes that were refused once, and the same with a fault: a command that leaps in a row of 20 ms, hands that a thing leaves."""

import pytest
import servo_takes
from unseen_servos import take


def of_joint(columns):
    columns["state"][145:180, 0] += 0.15  # joint_1 goes 0.23 rad at once in row 145


def turned(columns):
    columns["claw_at"][320:400, 0] = 100.0 - columns["claw_at"][320:400, 0]  # it is open, and stands


def too_quick(columns):
    columns["claw_at"][250:280, 1] += 12.0  # of a hand that was commanded slowly


@pytest.mark.parametrize(
    ("seed", "change", "name"), [(3202, of_joint, "joint_1"), (3204, turned, "left_claw"), (3229, too_quick, "right_claw")]
)
def test_a_clean_take_passes_and_one_with_a_fault_in_the_same_rows_does_not(seed, change, name):
    columns, rate, _ = take(seed)
    assert servo_takes.found(columns, rate=rate).level != "FAIL"
    change(columns)
    finding = servo_takes.found(columns, rate=rate)
    assert finding.level == "FAIL" and name in finding.subject


@pytest.mark.parametrize("seed", [4017, 4053, 4068])
def test_a_clean_take_passes(seed):
    """A leap in three even steps from nought, a hand that a thing leaves at 15 Hz, a leap along a straight line."""
    columns, rate, _ = take(seed)
    assert servo_takes.found(columns, rate=rate).level != "FAIL"
