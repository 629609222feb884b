"""How late joints are that count in shares of their way: a number without a bound, by which takes of a set are compared."""

import numpy as np
import pytest
from joint_streams import RATE, ROWS, recording, stream
from shiliu.replay.checks.in_step import lag_of_shares
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.takes import check_take_lag, lag_of
from shiliu.replay.residual.bodies import ComparedColumns

RULES = load_rules()
NAMES = ("shoulder_pan.pos", "shoulder_lift.pos", "elbow_flex.pos")
T = np.arange(ROWS) / RATE


def lag(late: int, unit: str = "-100..100", still: bool = False):
    """Of a toy that answers `late` rows after its command."""
    way = np.stack([60 * np.sin(0.7 * T), 30 * np.sin(1.1 * T + 0.4), 45 * np.sin(0.5 * T)], axis=1)
    way = way * 0.0 + 3.0 if still else way
    answered = np.concatenate([np.repeat(way[:1], late, axis=0), way[: len(way) - late]])
    taken = recording(stream("command", way, NAMES, unit=unit), stream("measured", answered, NAMES, unit=unit))
    return lag_of_shares(ComparedColumns(taken), RULES)


@pytest.mark.parametrize("rows", [3, 9, 21])
def test_the_lag_of_a_toy_is_measured_and_not_graded(rows):
    (found,) = lag(rows)
    assert found.code == "stream.lag" and found.level == "PASS"
    assert found.value == pytest.approx(rows / RATE, abs=0.02) and found.details["median"] == pytest.approx(rows / RATE, abs=0.02)


def test_a_toy_at_rest_and_joints_in_radians_have_none_here():
    assert lag(5, still=True) == [] and lag(5, unit="rad") == []


def test_one_take_that_is_later_than_the_others_is_found():
    others = [lag_of(lag(rows)) for rows in (8, 9, 9, 10, 9)]
    assert check_take_lag(lag_of(lag(9)), others, NAMES, RULES).level == "PASS"
    assert check_take_lag(lag_of(lag(21)), others, NAMES, RULES).level == "FAIL", "0.4 s later"
