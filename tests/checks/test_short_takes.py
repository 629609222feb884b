"""Takes of a few rows: they are no reason for a refusal, nor for a warning of numpy."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from joint_streams import ELBOW, RATE, SHOULDER, stream
from shiliu.replay.checks.channel_swap import check_scaled
from shiliu.replay.checks.hand_scale import share_of_command
from shiliu.replay.checks.ranges import check_range
from shiliu.replay.checks.receive_clock import check_repeated
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.residual.table import RecordedChannel
from shiliu.replay.signals.pairing import side_by_side
from shiliu.replay.signals.statistics import correlation


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ([0.0, 0.19, 0.38], "PASS"),  # it has begun to close, and the take ends
        ([*np.zeros(40), 0.4, 0.9], "PASS"),
        ([*np.zeros(40), *np.linspace(0.0, 1.0, 10), *np.ones(9)], "FAIL"),
        ([*np.linspace(0.0, 60.0, 10)], "PASS"),
    ],
)
def test_a_hand_that_has_only_begun_to_close_is_no_share(values, level):
    command = stream("command", np.asarray(values), ("right_claw",), "claw", "%")
    (finding,) = check_range([command], load_rules(), 0)
    assert finding.level == level


@pytest.mark.parametrize("rows", [1, 2, 5, 12, 30])
def test_a_hand_that_moves_at_the_end_has_no_share(rows):
    c = np.r_[np.zeros(rows), 1.0, 1.0]
    channel = RecordedChannel("right_claw", {"command": c, "measured": 0.5 * c}, {}, {}, "1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert share_of_command(channel, 1.0 / RATE) is None


def test_what_stands_still_is_like_nothing():
    x = np.arange(5.0)
    assert correlation(np.ones(5), x) == correlation(x, np.ones(5)) == correlation(x[:1], x[:1]) == 0.0
    assert correlation(x, 2.0 * x + 1.0) == pytest.approx(1.0) and correlation(x, -x) == pytest.approx(-1.0)


SENT = 0.6 * np.clip((np.arange(150) / RATE - 1.0) / 0.9, 0.0, 1.0) ** 2  # s: it is on its way from 1.0 to 1.9, and stands to 5.0
SLOW = 0.6 * np.clip((np.arange(150) / RATE - 1.1) / 2.0, 0.0, 1.0) ** 2  # of the way 0.2 as far when the command stands


@pytest.mark.parametrize(
    ("command", "state", "rows", "level"),
    [
        (SENT, SLOW, 57, "WARN"),  # the take ends on the way
        (0.6 - SENT, 0.6 - SLOW, 57, "WARN"),
        (SENT, SLOW, 150, "PASS"),
        (SENT, 0.4 * np.roll(SENT, 3), 57, "WARN"),
        (SENT, 0.4 * np.roll(SENT, 3), 90, "FAIL"),  # it stands at both ends of its way
        (np.abs(SENT - 0.3), 0.4 * np.abs(np.roll(SENT, 3) - 0.3), 62, "FAIL"),  # there and back
    ],
)
def test_a_joint_that_is_on_its_way_when_the_take_ends_is_no_factor(command, state, rows, level):
    both = side_by_side(stream("command", command[:rows], (ELBOW,)), stream("measured", state[:rows], (ELBOW,)), (ELBOW,), 0)
    (finding,) = check_scaled(both, load_rules())
    assert finding.level == level


@pytest.mark.parametrize(("step", "level"), [(0.0015, "PASS"), (0.0, "FAIL")])
def test_a_person_who_holds_still_sends_equal_numbers_on_a_coarse_grid(step, level):
    """Two seconds of two joints that go to and fro by some steps of an encoder; or of a motion of which each value stands for some rows."""
    rng, rows = np.random.default_rng(4), np.arange(60)
    new = np.cumsum(rng.integers(1, 7, 60))
    if step:
        x = step * rng.integers(-1, 2, (60, 2))[np.searchsorted(new, rows)]
    else:
        x = np.sin(rows[np.minimum(new, 59)][np.searchsorted(new, rows)][:, None] / RATE * np.array([1.3, 0.7]))
    (finding,) = check_repeated([stream("command", x, (ELBOW, SHOULDER))], load_rules(), 0)
    assert finding.level == level
