"""Measured columns of two hands that are exchanged, and hands that only do something else."""

import numpy as np
import pytest
from servo_takes import ROWS, RULES, claw, motion, taken
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.residual.bodies import ComparedColumns

HANDS = ("left_claw", "right_claw")
T = np.arange(ROWS) / 30.0
LEFT = np.interp(T, [0.0, 2.0, 2.7, 6.0, 7.0, 9.0, 9.5], [0.0, 0.0, 100.0, 100.0, 5.0, 5.0, 60.0])
RIGHT = np.interp(T, [0.0, 4.0, 4.8, 11.0, 11.4], [0.0, 0.0, 80.0, 80.0, 10.0])


def found(sent, measured):
    columns = motion()
    columns["claw"] = np.column_stack(sent)
    columns["claw_at"] = np.column_stack(measured)
    take = taken(columns, without=("velocity",))
    (finding,) = check_differs(ComparedColumns(take), RULES)
    return finding


def closes(sent, stops=()):
    return claw(sent, 150.0, 0.08, stops=stops)


@pytest.mark.parametrize("right", [RIGHT, np.zeros(ROWS)])
def test_exchanged_hands_are_named_both(right):
    finding = found((LEFT, right), (closes(right), closes(LEFT)))
    assert finding.level == "FAIL" and set(finding.subject) == set(HANDS)
    assert (finding.details["column"], finding.details["kind"]) == ("measured", "copied")


@pytest.mark.parametrize("held", [30.0, 90.0])
def test_hands_that_hold_something_are_not_exchanged(held):
    stops = ((0, ROWS, held),)
    finding = found((LEFT, RIGHT), (closes(LEFT, stops), closes(RIGHT, stops)))
    assert finding.level != "FAIL"


def test_hands_that_are_commanded_alike_are_not_exchanged():
    finding = found((LEFT, LEFT), (closes(LEFT), closes(LEFT, ((0, ROWS, 40.0),))))
    assert finding.details.get("kind") != "copied"
