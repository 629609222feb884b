"""Rows on a grid: period, phase and rounding are found from the stamps alone; jitter and lost rows are told apart from it."""

import numpy as np
import pytest
from shiliu.replay.signals.grid import SLACK_NS, fitted, in_force, nearest, quantum_ns
from shiliu.replay.signals.signal import on_grid

NS = 1_000_000_000


def ns(seconds) -> np.ndarray:
    return np.rint(np.asarray(seconds, float) * NS).astype(np.int64)


def float32(t) -> np.ndarray:
    return ns(np.asarray(t, np.float32).astype(float))


STAMPS = {
    "float32": float32,
    "float32 after two hours": lambda t: float32(t + 7200.0),
    "float32 milliseconds": lambda t: np.rint((1e3 * t).astype(np.float32).astype(float) * 1e6).astype(np.int64),
    "milliseconds": lambda t: ns(np.round(t, 3)),
    "milliseconds cut off": lambda t: np.floor(1e3 * t).astype(np.int64) * 1_000_000,
    "counts of 100 ns": lambda t: np.floor(1.7643e16 + 1e7 * t).astype(np.int64) * 100,
    "float64 of the epoch": lambda t: ns(1.7643e9 + t),
    "nanoseconds": ns,
}


@pytest.mark.parametrize("rate", [30.0, 30000 / 1001, 50.0, 12.5, 120.0])
@pytest.mark.parametrize("phase", [0.0, 0.01371])
@pytest.mark.parametrize("stamps", STAMPS)
def test_rounded_rows_stand_on_their_grid(stamps, phase, rate):
    times = STAMPS[stamps](phase + np.arange(400) / rate)
    grid = fitted(times)
    assert grid is not None and grid.exact and grid.whole and grid.place.tolist() == list(range(400))
    assert grid.rate == pytest.approx(rate, rel=1e-5) and grid.off_ns <= max(1.0, grid.quantum_ns)
    assert grid.stands_on(rate) and grid.has_rate(round(rate)) == (rate != 12.5)
    assert rate == 12.5 or grid.stands_on(round(rate)) == (rate == round(rate)), (
        "30000 / 1001 is not 30, to within rounding"
    )


@pytest.mark.parametrize(("jitter_ms", "rate"), [(0.4, 30.0), (5.0, 30.0), (12.0, 30.0), (3.0, 100.0)])
def test_jitter_is_no_rounding_and_its_rows_have_their_places(jitter_ms, rate):
    k = np.arange(300)
    grid = fitted(ns(0.02 + k / rate + 1e-3 * jitter_ms * np.random.default_rng(3).uniform(-1, 1, 300)))
    assert grid is not None and not grid.exact and grid.place.tolist() == k.tolist()
    assert grid.off_ns == pytest.approx(1e6 * jitter_ms, rel=0.05) and grid.rate == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize("rounded", [np.round, np.floor])
@pytest.mark.parametrize("rate", [30.0, 24.0, 30000 / 1001, 40.0])
@pytest.mark.parametrize("phase", [0.0, 0.0137])
def test_hundredths_of_a_second_are_an_even_clock_rounded_unless_rows_are_elsewhere(rounded, rate, phase):
    t = phase + np.arange(400) / rate
    grid = fitted((rounded(100 * t + 1e-9) * 1e7).astype(np.int64))
    assert grid is not None and grid.exact and grid.whole and grid.rate == pytest.approx(rate, rel=3e-4)
    off = np.zeros(400)
    off[[50, 51, 200]] = 0.014, -0.014, 0.014
    grid = fitted((rounded(100 * (t + off) + 1e-9) * 1e7).astype(np.int64))
    assert grid is None or not grid.exact, "rows that came more than a tick early or late"


def test_lost_rows_leave_their_places_empty():
    lost = np.delete(np.arange(300), [17, 18, 19, 200])
    grid = fitted(STAMPS["milliseconds"](lost / 30))
    assert grid.exact and not grid.whole and grid.place.tolist() == lost.tolist()


@pytest.mark.parametrize("times", [[5], [7, 7, 7], [0, 20, 10, 30]], ids=["one row", "stands still", "steps back"])
def test_what_has_no_grid(times):
    assert fitted(np.array(times, np.int64)) is None


def test_two_rates_in_one_stream_are_no_grid():
    grid = fitted(ns(np.concatenate([np.arange(100) / 30, 100 / 30 + np.arange(100) / 47])))
    assert grid is None or not grid.exact


def test_the_quantum_is_what_stamps_count_in():
    t = 0.003 + np.arange(200) / 30
    assert quantum_ns(STAMPS["milliseconds"](t)) == 1e6 and quantum_ns(STAMPS["counts of 100 ns"](t)) % 100 == 0
    assert quantum_ns(float32(t)) == pytest.approx(477, rel=0.01) and quantum_ns(ns(t)) == 1.0
    assert quantum_ns(ns(np.arange(50) * 0.02)) == 1.0, "rows one step apart tell nothing of rounding"
    assert quantum_ns(ns(np.round(7 * t, 1))) == 1e8


def test_a_sample_that_is_late_by_rounding_is_in_force():
    times = np.array([0, 100_002, 200_000], np.int64)
    at = np.array([-5, 0, 100_000, 100_002, 300_000], np.int64)
    assert in_force(times, at).tolist() == [0, 0, 0, 1, 2] and in_force(times, at, 2.0).tolist() == [0, 0, 1, 1, 2]
    assert nearest(times, np.array([50_001, 50_002, 150_000, 900_000])).tolist() == [0, 1, 1, 2]
    assert SLACK_NS < 1e9 / 1000 / 4, "within a quarter of a period even at 1 kHz"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("row", "from_time", "until"), [(0, 0.0, 1.0), (2, 1.0, 3.0), (4, 3.0, 5.0)])
def test_a_row_that_is_not_finite_leaves_nothing_beside_it_and_all_else_as_it_is(bad, row, from_time, until):
    t, grid = np.arange(5.0), np.linspace(-0.5, 4.5, 21)
    whole = np.array([[0.0, 3.0], [2.0, 1.0], [5.0, 1.0], [4.0, -2.0], [7.0, 0.0]])
    torn = whole.copy()
    torn[row, 1] = bad
    expected, found = on_grid(grid, t, whole), on_grid(grid, t, torn)
    lost = (grid >= from_time) & (grid < until)
    assert not np.isfinite(found[lost, 1]).any()
    assert np.array_equal(found[~lost], expected[~lost], equal_nan=True)
    assert np.array_equal(found[:, 0], expected[:, 0], equal_nan=True)
    assert np.isfinite(expected[(grid >= 0) & (grid <= 4)]).all()
