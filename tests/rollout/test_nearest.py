"""How near a step came to being done: weights of forces, and which of several moments counts."""

from types import SimpleNamespace

import numpy as np
import pytest
from shiliu.replay.rollout.nearest import NearestApproach

DT = 0.05


def played(units, margins):
    """What is kept of a step whose conditions have these margins (T, k) at its control steps."""
    now = {"t": 0}

    def condition(j):
        return SimpleNamespace(
            predicate=SimpleNamespace(unit=units[j], margin=lambda readings: np.array([margins[now["t"]][j]]))
        )

    step = SimpleNamespace(conditions=[condition(j) for j in range(len(units))], name="put")
    near = NearestApproach(SimpleNamespace(control_timestep=DT, subgoals=[step], stand_on=((),)), 1)
    for t in range(len(margins)):
        now["t"] = t
        carry = SimpleNamespace(done=np.array([0]), undone=np.full((1, 1), np.nan))
        moment = SimpleNamespace(t=t, carry=carry, moved=np.array([0]), readings=None)
        near.note(moment)
    (found,) = near.of(0, len(margins))["nearest"]
    return found


def test_where_a_thing_lies_counts_for_more_than_how_hard_it_is_held():
    lies_right = [(-1.0, -10.0), (-0.1, -9.0), (-0.9, -0.0)]  # m, N: the second moment is near in place, the third in force
    found = played(("m", "N"), lies_right)
    assert found.t == pytest.approx(DT) and found.margins == pytest.approx([-0.1, -9.0])
    found = played(("N", "m"), [(b, a) for a, b in lies_right])
    assert found.t == pytest.approx(DT)


def test_of_equally_near_moments_the_last_counts_and_the_first_where_no_way_was_made():
    assert played(("m",), [(-1.0,), (-0.4,), (-0.7,), (-0.4,), (-0.8,)]).t == pytest.approx(3 * DT)
    assert played(("m",), [(-1.0,), (-1.2,), (-1.0,)]).t == 0.0
