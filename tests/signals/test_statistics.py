"""Numbers of rows that are asked for often, against those of numpy."""

import numpy as np
import pytest
from shiliu.replay.signals.pairing import Both
from shiliu.replay.signals.signal import between, find_lag
from shiliu.replay.signals.statistics import correlation, distinct, median, median_size, medians, percentile


@pytest.mark.parametrize("n", [1, 2, 3, 10, 101, 1000])
def test_median_and_percentile_are_those_of_numpy_to_the_bit(n):
    x = np.random.default_rng(n).normal(size=n)
    assert median(x) == np.median(x)
    assert median_size(x) == np.median(np.abs(x))
    assert (medians(np.stack([x, -x])) == np.median([x, -x], axis=1)).all()
    for of in (0.0, 1.0, 30.0, 33.3, 50.0, 80.0, 99.0, 100.0):
        assert percentile(x, of) == np.percentile(x, of), of


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_distinct_numbers_are_those_of_numpy(n):
    x = np.random.default_rng(n).integers(0, 50, n) / 7.0
    assert (distinct(x) == np.unique(x)).all()


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


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_a_joint_that_stands_at_a_delay_is_not_alike_there(seed):
    rng, t = np.random.default_rng(seed), np.arange(0.0, 40.0, 1.0 / 30.0)
    ways = rng.normal(scale=0.1, size=8)  # it goes at the very end alone, and is measured to within 1e-10 rad before

    def shape(times):
        return 0.3 + np.clip((times - 39.2) / 0.3, 0.0, 1.0)[:, None] * ways

    command = np.column_stack([shape(t + 0.1) + 0.02 * np.sin(3.0 * t)[:, None], np.sin(t + 0.1)])
    state = np.column_stack([shape(t) + 1e-10 * rng.normal(size=(len(t), 8)), np.sin(t)])
    fit = find_lag(t, command, t, state)
    assert fit is not None
    assert np.nanmax(np.abs(fit.correlation)) <= 1.0 + 1e-9
    assert fit.joint[-1] == pytest.approx(0.1, abs=1e-3)


@pytest.mark.parametrize("apart", [0, 30, 90])
def test_sums_of_stretches_are_those_of_their_rows(apart):
    x = np.random.default_rng(3).normal(size=(100, 2))
    begin = np.array([0, 3, 7]) + np.array([0, 0, apart])
    end = np.minimum(begin + np.array([20, 60, 90]), 100)
    assert between(x, begin, end) == pytest.approx(np.array([x[a:b].sum(axis=0) for a, b in zip(begin, end)]), abs=1e-12)


def test_likeness_is_that_of_the_rows_that_both_have():
    rng = np.random.default_rng(7)
    command = np.cumsum(rng.normal(size=(200, 3)), axis=0) + 5.0
    state = 0.5 * np.roll(command, 3, axis=0)
    seen = Both(np.arange(200) * 0.04, command, state, ("a", "b", "c")).likeness
    for s in (-5, 0, 3, 25):
        k = int(np.argmin(np.abs(seen.shift - 0.04 * s)))
        x, y = command[max(0, -s) : 200 - max(0, s)], state[max(0, s) : 200 + min(0, s)]
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
        assert seen.covariance[k] == pytest.approx(x.T @ y / len(x), abs=1e-9)
        assert seen.power_command[k] == pytest.approx((x**2).mean(axis=0), abs=1e-9)
        assert seen.correlation[k] == pytest.approx(np.corrcoef(x.T, y.T)[:3, 3:], abs=1e-9)
        difference = ((x[:, :, None] - y[:, None, :]) ** 2).mean(axis=0)
        assert seen.difference[k] == pytest.approx(difference, abs=1e-9)
