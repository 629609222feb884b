"""Takes that run backwards, and takes of two clocks."""

from __future__ import annotations

import numpy as np
import pytest
from servo_takes import NAMES, motion, servo, taken
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.turned_back import backwards, of_rows_backwards


def quick(seed):
    """Commands with steps, and what servos make of them; smooth ones look alike from either end."""
    rng, command = np.random.default_rng(seed), motion(seed)["action"].copy()
    for joint in range(6):
        for row in rng.integers(30, 380, 5):
            command[row:, joint] += rng.uniform(-0.2, 0.2)
    measured = np.stack([servo(command[:, joint], 250.0, 25.0, late=1)[0] for joint in range(6)], axis=1)
    return {"action": command, "state": measured + rng.normal(0.0, 3e-4, command.shape)}


def group_of(columns):
    return ComparedColumns(taken(columns, without=("velocity",))).table.groups[0]


@pytest.mark.parametrize("seed", [3, 4, 6])
def test_all_rows_the_other_way_round(seed):
    columns = quick(seed)
    assert backwards(group_of(columns)) is None
    found = backwards(group_of({name: x[::-1] for name, x in columns.items()}))
    assert found is not None and (found.kind, found.name, found.certain, found.channels) == ("rows", "reordered", True, NAMES)


@pytest.mark.parametrize("seed", [3, 4, 6])
def test_states_of_an_earlier_clock_run_forwards(seed):
    columns = quick(seed)
    columns["state"] = np.concatenate([columns["state"][9:], np.repeat(columns["state"][-1:], 9, axis=0)])
    assert backwards(group_of(columns)) is None


@pytest.mark.parametrize("seed", [3, 4, 6])
def test_states_that_are_their_commands_some_time_ahead_run_neither_way(seed):
    smooth = motion(seed)["action"]
    t, noise = np.arange(len(smooth)), np.random.default_rng(seed).normal(0.0, 2e-4, smooth.shape)
    ahead = np.column_stack([np.interp(t + 7.4, t, x) for x in smooth.T])[:-9]
    columns = {"action": smooth[:-9], "state": ahead + noise[:-9]}
    assert backwards(group_of(columns)) is None
    assert backwards(group_of({name: x[::-1] for name, x in columns.items()})) is None


def test_it_explains_whatever_else_its_columns_contradict():
    group = group_of({name: x[::-1] for name, x in quick(3).items()})
    one = backwards(group)
    assert one is not None
    assert of_rows_backwards([group], [one]) == [one] and of_rows_backwards([group], []) == []
