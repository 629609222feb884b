"""Commands with something quick in them that a joint does not do, while it does what is slow: they were not given to it."""

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import NAMES, RATE, ROWS, found, motion

SPAN, JOINT = slice(150, 300), 2
T = np.arange(ROWS) / RATE
INSIDE = np.clip((np.arange(ROWS) - SPAN.start) / 6.0, 0.0, 1.0) * np.clip((SPAN.stop - np.arange(ROWS)) / 6.0, 0.0, 1.0)
HUM = 0.2 * np.sin(2.0 * np.pi * 1.9 * T) * INSIDE


def behind(x, share=0.35):
    """Two rows later, and by a servo that goes so much of what is left in a row."""
    slow = lfilter([share], [1.0, share - 1.0], x - x[0]) + x[0]
    return np.concatenate([slow[:1], slow[:1], slow[:-2]])


def take(goes):
    """Without speeds; one joint goes all the while, its command hums for five seconds, and it `goes` (n,) -> (n,) by the two."""
    columns, away = motion(3), 0.5 * np.sin(1.3 * T)
    columns["action"][:, JOINT] = away + HUM
    columns["state"][:, JOINT] = goes(away) + np.random.default_rng(1).normal(0.0, 3e-4, ROWS)
    return found(columns, without=("velocity",))


def answered(away):
    return behind(away + HUM)


def softly(away):
    return behind(away) + INSIDE * (behind(away + HUM, 0.12) - behind(away))


def held(away):
    return behind(away) + INSIDE * (behind(away)[SPAN.start] - behind(away))


def test_a_command_that_hums_and_is_not_answered_is_wrong():
    finding = take(behind)
    assert finding.level == "FAIL" and finding.subject == (NAMES[JOINT],) and finding.details["column"] == "command"
    first, last = finding.details["rows"]
    assert SPAN.start - 12 <= first < last <= SPAN.stop + 12


@pytest.mark.parametrize("goes", [answered, softly, held])
def test_what_answers_is_soft_or_held_is_none(goes):
    assert take(goes).level != "FAIL"
