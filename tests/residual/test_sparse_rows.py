"""Takes of rows that are further apart than anything that is asked of them: nothing is found by them, and nothing breaks."""

import numpy as np
import pytest
from servo_takes import claw, found, motion, taken
from shiliu.replay.residual.slower_servo import DELAYS, left_by_servos
from shiliu.replay.residual.table import table_of

CLOSES = np.interp(np.arange(420) / 30.0, [0.0, 2.0, 2.7, 6.0, 7.0, 9.0, 9.5], [0.0, 0.0, 100.0, 100.0, 5.0, 5.0, 60.0])


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("rate", [1.0, 0.6, 0.2])
def test_seconds_between_two_rows_are_compared_as_well(rate, turned):
    columns = motion() | {"claw": CLOSES[:, None].copy(), "claw_at": claw(CLOSES, 150.0, 0.08)[:, None]}
    for name in ("claw", "claw_at") if turned else ():
        columns[name][90:200] = 100.0 - columns[name][90:200]
    assert found(columns, rate=rate).level in ("PASS", "WARN", "FAIL")


@pytest.mark.parametrize("stands", [False, True])
def test_a_servo_is_asked_of_all_rows_where_none_is_near_a_motion(stands):
    columns = motion()
    columns["action"] = columns["action"] * (not stands)
    (group,) = table_of(taken(columns, rate=0.5 if not stands else 30)).groups
    left = left_by_servos(group, "joint_2")
    assert left.shape == DELAYS.shape and np.isfinite(left).all()
    assert not stands or np.ptp(left) < 1e-12  # no delay of what stands is better than another
