"""Hands that are measured at one value in all rows."""

from __future__ import annotations

import numpy as np
import pytest
from shiliu.replay.residual.still_hands import hands_that_never_move
from shiliu.replay.residual.table import Group, RecordedChannel

T = np.arange(400) / 30.0
# closed and opened twice, by a third of its way; and once by all of it, for ten seconds
TWICE = 0.3 * ((T > 2.0) & (T < 4.0) | (T > 7.0) & (T < 9.0)) + 0.0
TWICE = np.convolve(np.pad(TWICE, 7, mode="edge"), np.ones(15) / 15, "valid")
ONCE = np.clip(T / 0.8, 0.0, 1.0)


def found(command: np.ndarray, measured: np.ndarray, own: bool = False):
    hand = RecordedChannel("gripper", {"command": command, "measured": measured}, {}, {"measured": "state"}, "1", 100.0)
    return list(hands_that_never_move(Group(T, 1.0 / 30.0, (hand,), hands=True), own, ()))


@pytest.mark.parametrize(("command", "size"), [(TWICE, 0.3), (ONCE, 1.0)])
def test_one_value_of_a_hand_that_is_commanded_elsewhere(command, size):
    still = np.full_like(T, 0.004)
    (one,) = found(command, still)
    assert (one.kind, one.name, one.certain, one.first, one.last) == ("measured", "held_value", True, 0, len(T) - 1)
    assert one.size == pytest.approx(size, abs=0.01)
    assert not found(command, still + 1e-4 * (T > 3.0))  # it gives by a ten thousandth of its way: it holds something
    assert not found(command, 0.004 + 0.3 * command)


def test_zeros_are_no_measurement_where_a_hand_may_have_no_sensor():
    zeros = np.zeros_like(T)
    assert not found(TWICE, zeros) and not found(ONCE, zeros)
    assert len(found(ONCE, zeros, own=True)) == 1


@pytest.mark.parametrize("command", [0.5 * TWICE, 0.3 + TWICE, 0.3 * (T > 5.0) * np.minimum(T - 5.0, 1.0)])
def test_a_hand_may_be_blocked(command):
    """It is commanded elsewhere by a little, or all the time, or once."""
    assert not found(command, np.full_like(T, 0.004))
