"""Rows that stand from the last to the first are one finding of all their columns."""

from dataclasses import replace

import numpy as np
import pytest
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.engine import differences
from shiliu.replay.residual.table import Group, RecordedChannel
from shiliu.replay.residual.turned_back import turned_back, with_hands

ROWS, RATE, LATE = 600, 30.0, 0.1
KINDS = ("command", "measured", "velocity")


def arm(seed: int = 0, kinds: tuple[str, ...] = KINDS) -> Group:
    """Seven joints that wander and follow their commands `LATE` s later, with a tremor of 0.2 mrad."""
    rng = np.random.default_rng(seed)
    t = np.arange(ROWS) / RATE
    pace, phase = rng.uniform(0.3, 2.0, (4, 7)), rng.uniform(0.0, 6.0, (4, 7))

    def at(moment, by=np.sin, times=1.0):
        return (0.2 * times * by(moment[:, None, None] * pace + phase)).sum(axis=1)

    of = {"command": at(t), "measured": at(t - LATE) + rng.normal(scale=2e-4, size=(ROWS, 7)), "velocity": at(t - LATE, np.cos, pace)}
    topics = {"command": "action", "measured": "state", "velocity": "speed"}
    channels = [
        RecordedChannel(f"j{j}", {kind: of[kind][:, j].copy() for kind in kinds}, topics, topics, "rad") for j in range(7)
    ]
    return Group(t, 1.0 / RATE, tuple(channels))


def reversed_in(group: Group, first: int, last: int, kinds: tuple[str, ...]) -> Group:
    for channel in group.channels:
        for kind in set(kinds) & set(channel.columns):
            column = channel.columns[kind]
            column[first : last + 1] = column[first : last + 1][::-1].copy()
    return group


@pytest.mark.parametrize(("kinds", "called"), [(("measured",), "measured"), (("command",), "command"), (KINDS, "rows")])
@pytest.mark.parametrize(("first", "last"), [(200, 320), (0, 130), (450, 599)], ids=["inside", "from the start", "to the end"])
def test_a_stretch_that_runs_backwards_is_one_finding_of_all_joints(kinds, called, first, last):
    found = differences(reversed_in(arm(), first, last, kinds))
    assert [(d.kind, d.name, d.first, d.last, d.certain) for d in found] == [(called, "reordered", first, last, True)]
    assert set(found[0].channels) == {f"j{j}" for j in range(7)}


def test_without_speeds_command_and_measurement_say_it():
    for kinds, called in ((("measured",), "measured"), (("command",), "command"), (("command", "measured"), "rows")):
        found = differences(reversed_in(arm(kinds=("command", "measured")), 200, 320, kinds))
        assert [(d.kind, d.name, d.first, d.last) for d in found] == [(called, "reordered", 200, 320)]


def test_a_whole_take_that_runs_backwards_is_of_all_rows():
    (found,) = differences(reversed_in(arm(), 0, ROWS - 1, KINDS))
    assert (found.kind, found.name, found.first, found.last) == ("rows", "reordered", 0, ROWS - 1)
    assert len(found.channels) == 7


def test_what_is_no_turn_is_called_none():
    assert turned_back(arm()) is None
    bump = arm()
    for channel in bump.channels:
        channel.columns["measured"][200:321] += 0.3
    assert turned_back(bump) is None
    late = arm()  # speeds of the other sign, and joints that follow
    for channel in late.channels:
        channel.columns["velocity"][:] *= -1.0
    assert turned_back(late) is None
    again = arm()
    for channel in again.channels:
        channel.columns["measured"][320:440] = channel.columns["measured"][200:320]
    assert turned_back(again) is None


def test_a_hand_in_the_same_rows_is_of_the_same_finding():
    t = np.arange(ROWS) / RATE
    lead = Difference.over(t, ("j0", "j1"), "rows", (200, 320), 0.4, "rad", "reordered", certain=True)
    hand = Difference.over(t, ("claw",), "measured", (200, 200), 0.2, "1", None, certain=True)
    (one,) = with_hands([lead, hand], {"claw"})
    assert one.channels == ("j0", "j1", "claw") and (one.first, one.last) == (200, 320)
    apart = replace(hand, first=400, last=420, t0=400 / RATE, t1=420 / RATE)
    assert with_hands([lead, apart], {"claw"}) == [lead, apart]
    assert with_hands([replace(lead, name="cut"), hand], {"claw"}) == [replace(lead, name="cut"), hand]
