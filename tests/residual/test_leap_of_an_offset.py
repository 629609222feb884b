"""An amount by which a column is off from one row to the next leaps in that column alone: who is off, command or measurement."""

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import RATE, ROWS, found, motion
from shiliu.replay.signals.channels import turns_beside

SMALL = 0.11  # rad
JOINT = 3


def with_a_quick_way(seed):
    """Columns of six joints, of which one also goes half a radian in 0.3 s: beside it the leap is no rare one."""
    of, t = motion(seed), np.arange(ROWS) / RATE
    quick = 0.5 / (1.0 + np.exp(-12.0 * (t - 1.2)))
    slow = lfilter([0.35], [1.0, -0.65], quick)
    slow = np.r_[slow[[0, 0]], slow[:-2]]
    for name, x in (("action", quick), ("state", slow), ("velocity", 0.9 * np.gradient(slow, 1.0 / RATE))):
        of[name][:, JOINT] += x
    return of


@pytest.mark.parametrize(("column", "kind", "seed", "rows"), [
    ("action", "command", 6, (130, 280)), ("action", "command", 8, (300, ROWS)),
    ("state", "measured", 6, (130, 280)), ("state", "measured", 4, (300, ROWS)),
])  # fmt: skip
def test_a_small_offset_is_of_the_column_that_leaps(column, kind, seed, rows):
    """Row by row, a factor and a backlash explain it about as well where the joint hardly moves."""
    of = with_a_quick_way(seed)
    of[column][slice(*rows), JOINT] -= SMALL
    finding = found(of)
    assert finding.level == "FAIL" and finding.subject == ("joint_4",)
    assert (finding.details["column"], finding.details["kind"]) == (kind, "offset")
    assert finding.details["by"] == pytest.approx(-SMALL, abs=0.01) and abs(finding.details["rows"][0] - rows[0]) <= 2


def test_degrees_in_a_part_are_no_turns():
    """However near to whole turns the rows are in which both say the same."""
    q = -0.6 + 0.02 * np.sin(np.arange(300) / 20.0)
    degrees, turned = q.copy(), q.copy()
    degrees[100:200] *= 180.0 / np.pi
    turned[100:200] += 2.0 * np.pi
    assert not turns_beside(degrees, q).any() and turns_beside(turned, q).sum() == 100
