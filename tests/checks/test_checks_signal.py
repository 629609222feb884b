"""Resampling, lasting levels and lags, against signals whose answer is known."""

import numpy as np
import pytest
from shiliu.replay.signals.signal import (
    A_SAMPLE,
    ANYHOW,
    _over_shifts,
    find_lag,
    held,
    over_runs,
    resample,
    runs,
    strictly_rising,
)

RNG = np.random.default_rng(16)


def jittered(n, interval, jitter):
    return np.sort(np.arange(n) * interval + RNG.uniform(-jitter, jitter, n))


def test_a_parabola_is_recovered_with_its_derivatives():
    t = np.arange(0, 2, 0.002)
    motion = resample(t, (1.0 + 2.0 * t - 3.0 * t**2)[:, None])
    known = motion.known
    assert motion.x[known, 0] == pytest.approx(1.0 + 2.0 * motion.t[known] - 3.0 * motion.t[known] ** 2, abs=1e-6)
    assert motion.v[known, 0] == pytest.approx(2.0 - 6.0 * motion.t[known], abs=1e-6)
    assert motion.a[known, 0] == pytest.approx(-6.0, abs=1e-3)


def test_jittered_stamps_invent_no_speed():
    t = jittered(400, 0.01, 0.004)
    x = 3.0 * np.sin(2.0 * np.round(t, 2))[:, None]  # sampled evenly, stamped with jitter
    raw = np.abs(np.diff(x[:, 0]) / np.diff(t)).max()
    assert raw > 15.0
    assert np.nanmax(np.abs(resample(t, x).v)) < 8.0  # the true peak is 6


def test_a_sender_that_stalls_and_catches_up_reads_alike_wherever_the_grid_lies():
    t = np.arange(0, 1, 0.01)
    t = np.concatenate([t[:50], 0.536 + 0.003 * np.arange(3), t[55:]])
    x = 4.0 * np.concatenate([np.arange(50), 50 + np.arange(3), np.arange(55, 100)])[:, None] * 0.01
    peaks = [np.nanmax(np.abs(resample(t[k:], x[k:]).v)) for k in range(8)]
    assert max(peaks) < 1.25 * min(peaks)


def test_gaps_are_not_bridged_and_ends_not_extrapolated():
    t = np.concatenate([np.arange(0, 1, 0.01), np.arange(2, 3, 0.01)])
    motion = resample(t, np.sin(t)[:, None])
    silent = (motion.t > 0.97) & (motion.t < 2.02)
    assert np.isnan(motion.x[silent]).all()
    assert np.isfinite(motion.x[(motion.t > 0.04) & (motion.t < 0.95)]).all()
    assert np.isnan(motion.v[0]).all()


def test_a_slow_stream_gets_three_sample_intervals():
    t = np.arange(0, 3, 1 / 30)
    motion = resample(t, np.sin(2.0 * t)[:, None])
    assert np.nanmax(np.abs(motion.v)) == pytest.approx(2.0, rel=0.02)


def test_repeated_stamps_and_nan_rows_are_left_out():
    t = np.array([0.0, 0.01, 0.01, 0.02, 0.015, 0.03])
    assert list(strictly_rising(t, np.arange(6))[1]) == [0, 1, 3, 5]
    x = np.sin(np.arange(0, 1, 0.01))[:, None]
    x[40] = np.nan
    assert resample(np.arange(0, 1, 0.01), x).known.sum() > 40


def test_held_finds_the_level_that_lasts():
    x = np.zeros((100, 1))
    x[20:22] = 9.0  # 40 ms
    x[50:54] = 5.0  # 80 ms
    assert held(x, 0.02, 0.05)[0][0] == 5.0 and held(x, 0.02, 0.05)[1][0] == 50
    assert held(x, 0.02, 0.02)[0][0] == 9.0
    assert runs(x[:, 0] > 4) == [(20, 21), (50, 53)]


@pytest.mark.parametrize("lag", [0.0, 0.137, 0.28])
def test_a_known_lag_is_found_within_a_few_milliseconds(lag):
    t_command, t_state = jittered(700, 0.01, 0.003), jittered(3500, 0.002, 0.0008)
    shape = lambda t: np.stack([np.sin(1.3 * t) + 0.4 * np.sin(3.1 * t), np.cos(2.1 * t), 0.0 * t], axis=1)  # noqa: E731
    found = find_lag(t_command, shape(t_command), t_state, shape(t_state - lag))
    assert found.pooled == pytest.approx(lag, abs=0.006)
    assert found.joint[:2] == pytest.approx([lag, lag], abs=0.006)
    assert np.isnan(found.joint[2])  # a joint that rests has no lag


def test_what_rests_has_no_lag():
    t = np.arange(0, 5, 0.01)
    assert find_lag(t, np.zeros((500, 2)), t, np.zeros((500, 2))) is None


def one_by_one(x, b, lo, shifts):
    """What `_over_shifts` says, by a loop."""
    errors, likenesses = [], []
    for shift in shifts:
        rows = np.arange(len(x)) + lo + shift
        inside = (rows >= 0) & (rows < len(b))
        y = np.full(x.shape, np.nan)
        y[inside] = b[rows[inside]]
        known = np.isfinite(y[:, 0])
        if known.sum() < 8:
            errors.append(np.full(x.shape[1], np.inf))
            likenesses.append(np.zeros(x.shape[1]))
            continue
        errors.append(((x[known] - y[known]) ** 2).mean(axis=0))
        likenesses.append([np.corrcoef(x[known, j], y[known, j])[0, 1] for j in range(x.shape[1])])
    return np.array(errors), np.array(likenesses)


@pytest.mark.parametrize("missing", [slice(0), slice(200, 210), slice(60, 495)])
def test_every_shift_at_once_says_what_a_loop_over_shifts_says(missing):
    rng = np.random.default_rng(0)
    state = np.cumsum(rng.normal(size=(500, 3)), axis=0)
    command = state[100:400] + rng.normal(scale=0.1, size=(300, 3))
    state[:40] = state[470:] = state[missing] = np.nan
    shifts = np.arange(-100, 101)
    error, likeness = _over_shifts(command, state, 100, shifts)
    expected, like = one_by_one(command, state, 100, shifts)
    assert np.array_equal(np.isinf(error), np.isinf(expected))
    finite = np.isfinite(expected)
    assert error[finite] == pytest.approx(expected[finite], rel=1e-9, abs=1e-9)
    assert likeness == pytest.approx(like, abs=1e-9)


def test_a_number_that_is_not_finite_spoils_its_own_column_and_warns_nobody():
    import warnings

    from shiliu.replay.signals.signal import _over_shifts

    rng = np.random.default_rng(0)
    b = rng.normal(size=(200, 2)).cumsum(axis=0)
    x = b[20:120].copy()
    x[40, 1] = np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        error, _ = _over_shifts(x, b, 20, np.arange(-5, 6))
    assert int(np.argmin(error[:, 0])) == 5 and not np.isfinite(error[:, 1]).any()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 40])
def test_the_least_and_largest_of_each_run_are_those_of_each_window(count):
    x = np.random.default_rng(count).normal(size=(40, 3))
    window = np.lib.stride_tricks.sliding_window_view(x, count, axis=0)
    np.testing.assert_array_equal(over_runs(np.minimum, x, count), window.min(axis=-1))
    np.testing.assert_array_equal(over_runs(np.maximum, x, count), window.max(axis=-1))


@pytest.mark.parametrize("unit", [1e3, 1e6, 1e9], ids=["ms", "us", "ns"])
@pytest.mark.parametrize("broken", [False, True], ids=["even", "one leap"])
def test_what_a_clock_claims_costs_nothing(unit, broken):
    t = np.arange(120) / 30
    t = np.where(t > 2.0, t + 4 * unit, t) if broken else t * unit
    x = np.stack([np.sin(t / unit), np.cos(1.3 * t / unit)], axis=1)
    motion = resample(t, x)
    assert len(motion.t) <= A_SAMPLE * len(t) + ANYHOW + 1 and motion.t[-1] <= t[-1]
    assert broken or motion.known.any()
    lag = find_lag(t, x, t + 1e-3 * unit, x)
    assert lag is None or np.isfinite(lag.pooled)


def test_an_ordinary_recording_keeps_its_rate():
    for n, interval in ((18_000, 0.01), (600, 0.1), (20, 0.9)):
        motion = resample(np.arange(n) * interval, RNG.normal(size=(n, 2)))
        assert motion.step == pytest.approx(0.02), "three minutes at 100 Hz, one at 10 Hz, some waypoints"
