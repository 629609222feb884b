"""Numbers of rows that are asked for often, against those of numpy."""

import numpy as np
import pytest
from shiliu.replay.signals.signal import find_lag
from shiliu.replay.signals.statistics import correlation, median, percentile


@pytest.mark.parametrize("n", [1, 2, 3, 10, 101, 1000])
def test_median_and_percentile_are_those_of_numpy_to_the_bit(n):
    x = np.random.default_rng(n).normal(size=n)
    assert median(x) == np.median(x)
    for of in (0.0, 1.0, 30.0, 33.3, 50.0, 80.0, 99.0, 100.0):
        assert percentile(x, of) == np.percentile(x, of), of


def test_a_percentile_of_equal_numbers_is_that_number():
    assert percentile(np.full(7, 0.1), 99.0) == 0.1


def test_correlation():
    rng = np.random.default_rng(5)
    one, other = rng.normal(size=(2, 50))
    assert correlation(one, other) == pytest.approx(np.corrcoef(one, other)[0, 1], abs=1e-12)
    assert correlation(one, 3.0 - 2.0 * one) == pytest.approx(-1.0)
    assert correlation(one, np.ones(50)) == 0.0
    assert correlation(one[:1], other[:1]) == 0.0


@pytest.mark.parametrize("late", [-0.31, 0.0, 0.07, 0.42])
@pytest.mark.parametrize("rows", [601, 640, 1024])
def test_a_delay_is_found_whatever_the_number_of_rows(late, rows):
    t = np.arange(rows) / 50.0
    way = np.sin(1.3 * t) + 0.5 * np.sin(3.1 * t)
    fit = find_lag(t, way[:, None], t + late, way[:, None], search=0.6)
    assert fit is not None
    assert fit.pooled == pytest.approx(late, abs=2e-3)
