"""Takes that run backwards, and takes of two clocks."""

from __future__ import annotations

import numpy as np
import pytest
from servo_takes import NAMES, motion, taken
from shiliu.replay.residual.backwards import backwards, of_rows_backwards
from shiliu.replay.residual.bodies import ComparedColumns


def group_of(columns):
    return ComparedColumns(taken(columns, without=("velocity",))).table.groups[0]


@pytest.mark.parametrize("seed", [3, 4, 6])
def test_all_rows_the_other_way_round(seed):
    columns = motion(seed)
    assert backwards(group_of(columns)) is None
    found = backwards(group_of({name: x[::-1] for name, x in columns.items()}))
    assert found is not None and (found.kind, found.name, found.certain, found.channels) == ("rows", "reordered", True, NAMES)


@pytest.mark.parametrize("seed", [3, 4, 6])
def test_states_of_an_earlier_clock_run_forwards(seed):
    columns = motion(seed)
    columns["state"] = np.concatenate([columns["state"][9:], np.repeat(columns["state"][-1:], 9, axis=0)])
    assert backwards(group_of(columns)) is None


def test_it_explains_whatever_else_its_columns_contradict():
    group = group_of({name: x[::-1] for name, x in motion().items()})
    one = backwards(group)
    assert one is not None
    assert of_rows_backwards([group], [one]) == [one] and of_rows_backwards([group], []) == []
