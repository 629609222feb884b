"""What of a hand's way its own drive does not do: hands of several drives, with things in them, clean and with one fault each."""

import numpy as np
import pytest
import servo_takes
from scipy.signal import lfilter
from shiliu.replay.residual.difference import SOURCES
from shiliu.replay.residual.hand_law import laws_of_hand

RATE, ROWS = 30, 450
DRIVES = {
    "lag": {"fastest": 1e6, "lag": 0.1, "late": 2},
    "slow": {"fastest": 140.0, "lag": 0.02, "late": 1},
    "soft": {"fastest": 300.0, "lag": 0.08, "late": 3, "gives": 0.12},
    "held": {"fastest": 400.0, "lag": 0.05, "late": 2, "held": 3, "grain": 0.4},
    "coarse": {"fastest": 39.0, "lag": 0.15, "late": 1, "grain": 1.0},
}
THING = ((165, 240, 55.0), (350, 425, 40.0))  # in the second and in the fourth closing


def commanded(switch):
    """(n,) [%]: four closings, by a person or by a switch."""
    rows, out = np.arange(ROWS), np.zeros(ROWS)
    for closes, opens in ((60, 120), (160, 225), (250, 300), (350, 410)):
        out += 100.0 * ((rows >= closes) & (rows < opens))
    return out if switch else lfilter([0.3], [1.0, -0.7], out)


def take(drive="lag", switch=False, turned=False, change=None, column="claw_at"):
    """Columns of an arm and two hands, the second of which rests; `turned`: the hand counts from its other end."""
    columns = servo_takes.motion(5, rows=ROWS)
    sent = commanded(switch)
    seen = servo_takes.claw(sent, stops=THING, rate=RATE, **DRIVES[drive])
    both = {"claw": sent, "claw_at": seen}
    if turned:
        both = {name: 100.0 - x for name, x in both.items()}
    if change is not None:
        both[column] = change(both[column].copy())
    columns |= {name: np.column_stack([x, np.zeros(ROWS)]) for name, x in both.items()}
    return columns


def found(columns):
    return servo_takes.found(columns, without=("velocity",))


def bump(first, last, size):
    """Adds half a sine."""

    def change(x):
        x[first:last] += size * np.sin(np.pi * np.arange(last - first) / (last - first))
        return x

    return change


def shaken(first, last, size):
    def change(x):
        x[first:last] += size * np.where(np.arange(last - first) % 2 == 0, 1.0, -1.0)
        return x

    return change


def drifts(first, last, size):
    def change(x):
        x[first:last] += size * np.arange(last - first) / (last - first)
        return x

    return change


@pytest.mark.parametrize("switch", [False, True])
@pytest.mark.parametrize("drive", DRIVES)
def test_a_hand_that_things_stop_is_clean(drive, switch):
    for turned in (False, True):
        assert found(take(drive, switch, turned)).level == "PASS"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("drive", ["lag", "slow", "soft"])
@pytest.mark.parametrize(
    ("first", "last", "change"),
    [(146, 156, shaken), (146, 158, bump), (330, 346, bump)],
    ids=["shaken at rest", "bump at rest", "bump at rest, later"],
)
def test_what_no_drive_does_is_found_where_it_is(drive, turned, first, last, change):
    size = -20.0 if turned else 20.0
    one = found(take(drive, turned=turned, change=change(first, last, size)))
    assert one.level == "FAIL" and one.subject == ("left_claw",) and one.details["column"] == "measured"
    assert (one.limit_source == SOURCES["hand_law"]) == (change is bump)  # what shakes is a leap as well, and named as one
    rows = one.details["rows"]
    assert first - 12 <= rows[0] <= last and first <= rows[1] <= last + 12
    small = found(take(drive, turned=turned, change=change(first, last, size / 8.0)))
    assert small.level == "PASS"


def test_a_hand_that_is_quicker_than_it_ever_is():
    def early(x):
        x[252:258] = 90.0  # it needs 21 rows there
        return x

    assert found(take("slow", change=early)).level == "FAIL"
    assert found(take("slow", switch=True)).level == "PASS"


def test_a_hand_that_holds_may_be_pushed_but_not_far():
    """It holds a thing at 55 % while it is commanded to 100 %."""
    assert found(take(change=bump(190, 215, -8.0))).level != "FAIL"
    assert found(take(change=bump(190, 215, -30.0))).level == "FAIL"


def test_a_hand_of_which_no_law_is_known_is_not_held_against_one():
    """One that goes by itself most of the time."""
    rng = np.random.default_rng(2)
    wanders = np.clip(50.0 + 2.0 * np.cumsum(rng.normal(0.0, 1.0, ROWS)), 0.0, 100.0)
    one = found(take(change=lambda x: wanders))
    assert one.limit_source != SOURCES["hand_law"]


def test_rows_that_are_lost_are_no_matter_of_the_hand():
    columns = {name: np.delete(x, np.arange(251, 262), axis=0) for name, x in take("slow").items()}
    one = found(columns)
    others = [(tuple(other["subject"]), other["level"]) for other in one.details.get("others", ())]
    assert (("left_claw",), "FAIL") not in [(one.subject, one.level), *others]


@pytest.mark.parametrize("step", [0.01, 0.02, 0.0005])
def test_a_hand_that_is_led_slowly_does_not_show_how_fast_it_can_go(step):
    ramp = np.clip(0.0176 * np.arange(-30.0, 30.0), 0.0, 0.5)  # half of its way a second
    sent = np.concatenate([ramp, ramp[::-1]] * 4)
    measured = step * np.round(lfilter([0.38], [1.0, -0.62], np.concatenate([np.zeros(4), sent[:-4]])) / step)
    laws = list(laws_of_hand(sent, measured, 1.0 / RATE, 1))
    assert laws and max(law.fastest for law in laws) == np.inf
