"""Where hands rest beside their commands, and when they set out."""

from __future__ import annotations

import numpy as np
import pytest
from shiliu.replay.residual.resting_hands import hands_beside_commands
from shiliu.replay.residual.table import Group, RecordedChannel

DT, N = 1.0 / 30.0, 600
T = np.arange(N) * DT


def ways(*places: float) -> np.ndarray:
    """Commands that go to each place at 1.1 of the way a second, and stand there for 4 s."""
    c, out = 0.0, []
    for place in places:
        for _ in range(120):
            c += float(np.clip(place - c, -0.037, 0.037))
            out.append(c)
    return np.round(out, 9)


def hand(c: np.ndarray, thing: float = np.inf, late: int = 3) -> np.ndarray:
    """Where a hand is that closes as far as a thing."""
    sent = np.concatenate([np.zeros(late), c[:-late]])
    return np.minimum(sent, thing)


def found(c: np.ndarray, q: np.ndarray, own: bool = True, **more: np.ndarray):
    channel = RecordedChannel("left_claw", {"command": c, "measured": q, **more}, {}, {"measured": "state"}, "1", 100.0)
    return list(hands_beside_commands(Group(np.arange(len(c)) * DT, DT, (channel,), hands=True), own, ()))


COMMANDS = ways(0.6, 0.9, 0.5, 0.0, 0.8, 0.3)


@pytest.mark.parametrize("thing", [np.inf, 0.7, 0.45])
def test_a_hand_stops_at_what_it_holds(thing):
    assert not found(COMMANDS, hand(COMMANDS, thing))


@pytest.mark.parametrize(("gain", "certain"), [(0.85, True), (1.25, True), (0.97, None)])
@pytest.mark.parametrize("thing", [np.inf, 0.7])
def test_a_hand_on_another_scale(gain, certain, thing):
    """Three hundredths are below what is looked at. What it holds tells of no scale."""
    one = found(COMMANDS, gain * hand(COMMANDS, thing))
    assert [d.certain for d in one] == ([] if certain is None else [certain])
    for d in one:
        assert (d.kind, d.name) == ("measured", "factor") and d.numbers["factor"] == pytest.approx(gain, rel=0.01)
        assert d.size >= 0.9 * abs(gain - 1.0) * 0.6
    assert not any(d.certain for d in found(COMMANDS, gain * hand(COMMANDS, thing), own=False))


def test_a_hand_in_steps_of_a_quarter_of_its_way():
    q = hand(COMMANDS)
    (one,) = found(COMMANDS, np.round(q / 0.25) * 0.25)
    assert (one.name, one.certain, one.numbers["step"]) == ("quantised", True, 0.25)
    assert not found(COMMANDS, np.round(q / 0.02) * 0.02)


@pytest.mark.parametrize(("rows", "seen"), [(12, True), (4, False)])
@pytest.mark.parametrize("speeds", [False, True])
def test_a_hand_that_sets_out_late(rows, seen, speeds):
    """Its speed, if there is one, says that it did not."""
    more = {"velocity": np.gradient(hand(COMMANDS, 0.7), DT)} if speeds else {}
    one = found(COMMANDS, hand(COMMANDS, 0.7, rows), **more)
    assert [d.name for d in one] == ["lag"] * seen
    for d in one:
        assert d.certain == speeds and d.size == pytest.approx((rows - 3 if speeds else rows) * DT, abs=DT)
