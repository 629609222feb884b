"""Positions and speeds of a whole arm that come late alike, while its commands, its torques and the other arm do not."""

from dataclasses import replace

import numpy as np
import pytest
from body_takes import JOINTS, N, served
from shiliu.replay.residual import late_states
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.servo_law import pool_of_arms

LEFT, STATES = JOINTS[:7], ("state", "velocity")


def late(rows, of=LEFT, kinds=STATES):
    """The take with columns of some joints as they were so many rows before, or after."""
    streams, at = dict(served().streams), np.clip(np.arange(N) - rows, 0, N - 1)
    for kind in kinds:
        values = streams[kind].values.copy()
        wrong = [streams[kind].names.index(name) for name in of]
        values[:, wrong] = values[at][:, wrong]
        streams[kind] = replace(streams[kind], values=values)
    return ComparedColumns(replace(served(), streams={name: one for name, one in streams.items() if name != "hand_pose"}))


@pytest.mark.parametrize("rows", [0, 1, 2, -1])
def test_states_of_an_arm_may_be_a_row_or_two_late(rows):
    assert late(rows).late_states is None


@pytest.mark.parametrize("rows", [6, 12, -6])
def test_states_of_an_arm_that_are_late_alike(rows):
    """They are named, with all joints of the arm and the time, and nothing else once they are put right."""
    found = [d for d in late(rows).differences if d.certain]
    (one,) = found
    assert (one.kind, one.name, set(one.channels)) == ("measured", "lag", set(LEFT))
    assert one.numbers["late"] == pytest.approx(rows / 30.0)


@pytest.mark.parametrize("kind", ["state", "velocity", "effort", "action"])
def test_a_single_column_that_is_late_is_none_of_all_states(kind):
    assert late(6, kinds=(kind,)).late_states is None


def test_both_arms_may_have_late_states():
    """Each is named, and nothing of the other hides behind it."""
    found = [d for d in late(6, of=JOINTS[:14]).differences if d.certain]
    assert [(d.kind, d.name, d.channels) for d in found] == [("measured", "lag", LEFT), ("measured", "lag", JOINTS[7:14])]


@pytest.mark.parametrize("every", [1, 2])
def test_all_rows_of_a_long_take_are_put_right(every):
    """The table has one of so many rows, and counts in these."""
    take, right = late(12), late(0)
    of = replace(take.late_states, rows=12 // every)
    moved = of.put_right(take.recorded).streams["state"].column(LEFT[3])
    assert np.allclose(moved[:-12], right.recorded.streams["state"].column(LEFT[3])[:-12])


def test_an_arm_that_hardly_moves_is_not_asked(monkeypatch):
    """What no row of motion can tell is sought at no delay; beside motion it is."""
    asked = []
    monkeypatch.setattr(late_states, "_left", lambda pool, rows: asked.append(rows) or (np.inf, np.inf))
    columns = late(6)
    pool = pool_of_arms(columns.bodies[0][0], columns.bodies[0][1])
    still = tuple(replace(c, columns={kind: np.zeros_like(x) for kind, x in c.columns.items()}) for c in pool.channels)
    assert late_states._late(replace(pool, channels=still), 1.0 / 30.0) is None and not asked
    assert late_states._late(pool, 1.0 / 30.0) is None and asked
