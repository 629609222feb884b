"""A column that scatters departs in many stretches: it is asked for a reason once, and not in each of them."""

from __future__ import annotations

import numpy as np
from body_takes import JOINTS, body_take, heaviest_of_all, with_column
from shiliu.replay.residual import departures as of_columns
from shiliu.replay.residual.departures import MANY, WitnessedColumn, departures

ROWS = 4000


def column(stretches: int) -> WitnessedColumn:
    """Off by 0.1 rad in so many stretches of two rows."""
    x, bad = np.zeros(ROWS), np.zeros(ROWS, bool)
    for k in range(stretches):
        bad[20 + 60 * k : 22 + 60 * k] = True
    x[bad] = 0.1
    return WitnessedColumn("j", "measured", "rad", "state", np.arange(ROWS) / 30.0, x, np.zeros(ROWS), bad, bad, 0.02, 1e-3)


def test_up_to_many_stretches_stand_each_for_itself():
    found = departures(column(MANY))
    assert len(found) == MANY and [(d.first, d.last) for d in found[:2]] == [(20, 21), (80, 81)]


def test_more_of_them_are_one(monkeypatch):
    asked = []
    monkeypatch.setattr(of_columns, "best", lambda *cases: asked.append(cases))
    (one,) = departures(column(MANY + 1))
    assert (one.first, one.last) == (20, 21 + 60 * MANY) and len(asked) == 1


def test_positions_that_scatter_are_named_and_not_the_pose():
    q = body_take().streams["state"].values.copy()
    q[:, :14] += np.random.default_rng(3).normal(0.0, 0.02, (len(q), 14))
    found = heaviest_of_all(with_column(body_take(), "state", q))
    assert found is not None and found.certain and found.kind == "measured" and set(found.channels) <= set(JOINTS[:14])
