"""Which of three columns is wrong, and what it should be: by what the smallest change of each leaves of all disagreement."""

import numpy as np
import pytest
from shiliu.replay.residual.blame import FLOOR, SMALL, over, suspects, threshold
from shiliu.replay.residual.relations import Relation, shifted
from shiliu.replay.residual.table import RecordedChannel

DT, N, LATE = 1.0 / 30.0, 120, 2
FOLLOWS = {("measured", 0): 1.0, ("command", -LATE): -1.0}
DERIVATIVE = {("velocity", 0): 1.0, ("measured", 1): -0.5 / DT, ("measured", -1): 0.5 / DT}


def columns():
    command = 0.6 * np.sin(np.arange(N) / 9.0 + 0.4)
    measured = shifted(command, -LATE)
    return {"command": command, "measured": measured, "velocity": (shifted(measured, 1) - shifted(measured, -1)) / (2.0 * DT)}


def asked(of):
    """The suspects among these columns, given all rows that disagree."""
    channel = RecordedChannel("joint", of, {}, {}, "rad")
    relations = []
    for name, target, weights, noise in (("follows", "measured", FOLLOWS, 1e-3), ("derivative", "velocity", DERIVATIVE, 1e-2)):
        residual = sum(weight * shifted(of[kind], by) for (kind, by), weight in weights.items())
        relations.append(Relation(name, target, weights, 0.0, residual, noise))
    rows = np.flatnonzero(np.any([np.abs(over(one, "rad")) > 1.0 for one in relations], axis=0))
    return suspects(channel, relations, rows), relations


@pytest.mark.parametrize("kind", ["command", "measured", "velocity"])
@pytest.mark.parametrize(("first", "last"), [(50, 57), (64, 64), (0, 4), (N - 5, N - 1 - LATE)])
def test_the_column_that_was_changed_leaves_nothing_once_it_is_put_right(kind, first, last):
    of = columns()
    true = of[kind].copy()
    by = 6.0 if kind == "velocity" else -0.5
    of[kind] = true.copy()
    of[kind][first : last + 1] += by
    found, relations = asked(of)
    one, others = found[0], found[1:]
    assert (one.kind, one.first, one.last) == (kind, first, last) and one.size == pytest.approx(abs(by), rel=0.05)
    assert one.left < 0.03 and all(other.left > 3.0 * one.left for other in others)
    assert np.abs(one.restored - true).max() < 0.05 * abs(by)
    named = {"command": ("follows",), "measured": ("follows", "derivative"), "velocity": ("derivative",)}[kind]
    assert one.relations == named and 1.0 < one.disagreement <= 9.0 * 2 * N
    # nothing predicts a command, so that it has the floor of what follows it
    limit = FLOOR["follows", "rad"] if kind == "command" else threshold(relations[("measured", "velocity").index(kind)], "rad")
    assert one.limit == pytest.approx(limit) and np.abs(one.restored - one.recorded)[one.rows].min() > SMALL * limit
