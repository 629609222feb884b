"""Which of two columns is wrong: a joint that is measured at one value, a hand beside one that is turned, two joints that are exchanged."""

from __future__ import annotations

import numpy as np
import pytest
from joint_streams import RATE, stream
from shiliu.replay.checks.scales_apart import scales_apart
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.table import Group, RecordedChannel
from shiliu.replay.residual.turned_hands import as_the_turned_ones
from shiliu.replay.residual.uncommanded import as_never_measured

N = 300
T = np.arange(N) / RATE
NOD = 0.5 - 0.5 * np.cos(np.pi * np.clip(T - 2.0, 0.0, 1.0))
NAMES = ("zhead_1_joint", "zhead_2_joint")


def group_of(hands=False, **columns):
    """A group of channels, each of its columns by kind."""
    kinds = ("command", "measured", "velocity", "effort")
    of = [
        RecordedChannel(name, dict(zip(kinds, x)), dict.fromkeys(kinds, "s"), dict.fromkeys(kinds, "s"), "1" if hands else "rad")
        for name, x in columns.items()
    ]
    return Group(T, 1.0 / RATE, tuple(of), hands=hands)


def wrong_command(group, name, why="integrated", **numbers):
    kind = "measured" if numbers else "command"
    return Difference.over(group.t, (name,), kind, (10, N - 1), 0.5, "rad", why, certain=True, numbers=numbers, limit=0.01)


@pytest.mark.parametrize(("q", "effort", "dead"), [(0.0 * T, NOD, True), (1e-4 * NOD, NOD, False), (0.0 * T, 0.0 * T, False)])
def test_torques_that_contradict_a_joint_at_one_value_say_that_nobody_measured_it(q, effort, dead):
    """One that moves at all, or of which the torque is written no more, may be where it is measured."""
    group = group_of(neck=(NOD, q, 0.0 * T, effort))
    one = as_never_measured(wrong_command(group, "neck"), [group])
    assert (one.kind, one.name) == (("measured", "held_value") if dead else ("command", "integrated"))
    assert not dead or (one.size == pytest.approx(1.0) and (one.first, one.last) == (0, N - 1))


@pytest.mark.parametrize(("rests", "turned"), [(1.0, True), (0.45, False)])
def test_a_hand_at_rest_at_the_other_end_is_turned_as_the_hand_beside_it(rests, turned):
    group = group_of(True, left=(NOD, 1.0 - NOD), right=(0.0 * T, 0.0 * T + rests))
    beside = wrong_command(group, "left", "mirrored", factor=-1.0, correlation=-0.99)
    one = as_the_turned_ones(wrong_command(group, "right", "mirrored"), [group], [beside])
    assert one.kind == ("measured" if turned else "command") and ("correlation" in one.numbers) == turned
    alone = wrong_command(group, "right", "mirrored")
    assert as_the_turned_ones(alone, [group], [alone]) is alone


@pytest.mark.parametrize(("crossed", "apart"), [(True, False), (False, True)])
def test_two_joints_that_nod_alike_and_are_exchanged_are_in_one_unit(crossed, apart):
    """Exchanged, each goes by a factor of its own as it is commanded; so do two that are recorded in shares of their ranges."""
    command = np.column_stack([0.7 * NOD, 0.5 * NOD])
    state = np.roll(command[:, ::-1] if crossed else command * [0.6, 1.9], 3, axis=0)
    found = scales_apart(stream("command", command, NAMES), stream("measured", state, NAMES), 0)
    assert (found is not None) == apart
