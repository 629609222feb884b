"""Measures of the commands alone: known motions have known values."""

import numpy as np
import pytest
from action_measures import (
    area_interval,
    area_under_roc,
    log_dimensionless_jerk,
    path_length,
    spectral_arc_length,
)
from known_faults.placing import smooth

DT = 1.0 / 240.0


def reach(seconds=2.0, times=1):
    """(T, 2) rad: a minimum-jerk reach of 0.5 rad in the direction (0.6, 0.8), there and on, or in so many parts."""
    t = np.arange(0.0, seconds + 0.5 * DT, DT)
    part = seconds / times
    s = sum(smooth(t, k * part, (k + 1) * part) for k in range(times)) / times
    return 0.5 * s[:, None] * np.array([0.6, 0.8])


def test_a_reach_is_as_long_as_it_is():
    assert path_length(reach()) == pytest.approx(0.5, abs=1e-12)
    there_and_back = np.concatenate([reach(), reach()[::-1]])
    assert path_length(there_and_back) == pytest.approx(1.0, abs=1e-12)


def test_a_minimum_jerk_reach_has_the_jerk_of_its_formula():
    """720 L² / T⁵ is the integral of its squared jerk, 1.875 L / T its speed: 720 / 1.875² = 204.8."""
    assert log_dimensionless_jerk(reach(), DT) == pytest.approx(np.log(204.8), abs=0.02)
    assert log_dimensionless_jerk(reach(seconds=4.0), DT) == pytest.approx(np.log(204.8), abs=0.02)
    assert log_dimensionless_jerk(reach(times=2), DT) == pytest.approx(np.log(204.8 * 2**3 * 2), abs=0.5)
    assert log_dimensionless_jerk(np.zeros((100, 2)), DT) == -np.inf


def test_a_reach_in_parts_is_less_smooth():
    one, three = spectral_arc_length(reach(), DT), spectral_arc_length(reach(times=3), DT)
    assert one == pytest.approx(-1.41, abs=0.02)  # what its authors give for one minimum-jerk movement
    assert three < one - 0.5
    assert spectral_arc_length(np.zeros((100, 2)), DT) == 0.0


def test_an_area_counts_the_pairs_in_order():
    assert area_under_roc([2.0, 3.0], [0.0, 1.0]) == 1.0
    assert area_under_roc([1.0, 1.0], [1.0, 1.0]) == 0.5
    assert area_under_roc([0.0, 3.0], [1.0, 2.0, 3.0]) == pytest.approx((0 + 2.5) / 6)
    assert area_interval([1.0] * 9, [0.0] * 9) == (1.0, 1.0)
    low, high = area_interval([0.0, 1.0] * 8, [0.0, 1.0] * 8)
    assert 0.2 < low < 0.5 < high < 0.8
