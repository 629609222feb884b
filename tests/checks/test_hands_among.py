"""A hand against the other takes of its set: one drive, which no faulty take tells of, and things that stop it on one way alone."""

import numpy as np
import pytest
import servo_takes
from shiliu.replay.checks.hands_among import HandShown, check_hands_among
from shiliu.replay.residual.difference import SOURCES
from shiliu.replay.residual.table import Group, RecordedChannel

RATE, ROWS = 30, 420
SIDES = {"command": "action", "measured": "state"}


def hand(seed, late=2, thing=True, change=None, fastest=400.0, held=1, column="measured", **drive):
    """A hand that closes twice, on a thing the second time; `change` of a column (n,) of its way."""
    rng, rows = np.random.default_rng(seed), np.arange(ROWS)
    begins = rng.integers(60, 80), rng.integers(200, 230)
    sent = sum(
        100.0 / (1.0 + np.exp(-(rows - begin) / 3.0)) - 100.0 / (1.0 + np.exp(-(rows - begin - 70.0) / 3.0)) for begin in begins
    )
    stops = ((begins[1] - 20, begins[1] + 90, rng.uniform(40.0, 70.0)),) if thing else ()
    seen = servo_takes.claw(sent, fastest=fastest, lag=0.06, late=late, stops=stops, held=held, rate=RATE, **drive)
    columns = {"command": sent / 100.0, "measured": seen / 100.0}
    if change is not None:
        columns[column] = change(columns[column].copy(), begins)
    channel = RecordedChannel("claw", columns, SIDES, SIDES, "1")
    return (HandShown(Group(rows / RATE, 1.0 / RATE, (channel,), hands=True), channel),)


def among(one, others):
    return check_hands_among(one, others, servo_takes.RULES)


OTHERS = [hand(seed) for seed in range(5)]


def slowly_open(x, begins):
    """Comes 0.2 s later to where it opens to."""
    rows = slice(begins[0] + 60, begins[0] + 110)
    x[rows] = x[rows.start - 6 : rows.stop - 6]
    return x


def late(x, begins):
    return np.concatenate([np.repeat(x[:1], 8), x[:-8]])


def drops(x, begins):
    x[begins[0] + 40 : begins[0] + 50] -= 0.08
    return x


@pytest.mark.parametrize("change", [slowly_open, late, drops])
def test_what_the_drive_of_the_other_takes_does_not_do_is_found(change):
    finding = among(hand(9, change=change), OTHERS)
    assert finding.level == "FAIL" and finding.subject == ("claw",) and finding.limit_source == SOURCES["hand_set"]
    if change is late:
        assert finding.details["kind"] == "lag" and abs(finding.value - 8 / RATE) < 1.01 / RATE
    assert among(hand(9), OTHERS) is None


def test_a_thing_may_stop_a_hand_where_none_did_before():
    empty = [hand(seed, thing=False) for seed in range(5)]
    assert among(hand(9), empty) is None and among(hand(9, thing=False), OTHERS) is None


def test_a_hand_may_be_commanded_to_go_faster_than_in_any_other_take():
    slow = [hand(seed, change=lambda x, begins: np.convolve(np.pad(x, 30, mode="edge"), np.ones(61) / 61, "valid"), column="command")
            for seed in range(5)]  # fmt: skip
    assert among(hand(9), slow) is None


def test_takes_that_share_no_law_tell_nothing():
    assert among(hand(9, change=late), OTHERS[:2]) is None, "too few"
    assert among(hand(9, change=late), [hand(seed, late=2 + 3 * seed) for seed in range(5)]) is None, "delays of their own"
    assert among(hand(9, change=late), [hand(seed, held=3) for seed in range(5)]) is None, "measured in every third row"


def test_a_set_of_takes_that_are_all_late_is_one_device():
    every = [hand(seed, change=late) for seed in range(6)]
    assert among(every[0], every[1:]) is None
