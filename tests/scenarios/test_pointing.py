"""A handle that points at somebody, or away."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import make_readings
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.words.pointing import Faces, PointsAway

MIDDLE, TIP, PERSON = (Request("site_position", name) for name in ("mouth", "handle", "chest"))
AWAY = PointsAway(MIDDLE, TIP, PERSON, np.radians(60))


@pytest.mark.parametrize(
    ("tip", "margin"),
    [([0.58, 0.0, 0.85], -60), ([0.5, 0.08, 0.85], 30), ([0.42, 0.0, 0.90], 120), ([0.5, -0.08, 0.85], 30)],
)
def test_it_is_the_angle_seen_from_above(tip, margin):
    seen = make_readings({MIDDLE: [[0.5, 0.0, 0.9]], TIP: [tip], PERSON: [[1.1, 0.0, 1.2]]})
    assert AWAY.margin(seen) == pytest.approx([np.radians(margin)], abs=1e-9)
    assert AWAY.margin(seen.row(0)) == pytest.approx(np.radians(margin), abs=1e-9)


@pytest.mark.parametrize(("tip", "margin"), [([0.58, 0.0, 0.85], 30), ([0.5, 0.08, 0.85], -60)])
def test_pointing_at_is_the_same_angle_from_the_other_side(tip, margin):
    at = PointsAway(MIDDLE, TIP, PERSON, np.radians(30), at=True)
    seen = make_readings({MIDDLE: [[0.5, 0.0, 0.9]], TIP: [tip], PERSON: [[1.1, 0.0, 1.2]]})
    assert at.margin(seen) == pytest.approx([np.radians(margin)], abs=1e-9)
    assert at.margin(seen.row(0)) == pytest.approx(np.radians(margin), abs=1e-9)


@pytest.mark.parametrize(
    ("tip", "margin"),
    [([0.6, 0.0, 1.0], 45), ([0.6, 0.1, 1.0], 0), ([0.6, 0.0, 1.1], 0), ([0.5, 0.0, 1.1], -45), ([0.4, 0.0, 1.0], -135)],
)
def test_facing_counts_up_and_down_too(tip, margin):
    faces = Faces(MIDDLE, TIP, PERSON, np.radians(45))
    seen = make_readings({MIDDLE: [[0.5, 0.0, 1.0]], TIP: [tip], PERSON: [[0.8, 0.0, 1.0]]})
    assert faces.margin(seen) == pytest.approx([np.radians(margin)], abs=1e-9)
    assert faces.margin(seen.row(0)) == pytest.approx(np.radians(margin), abs=1e-9)
