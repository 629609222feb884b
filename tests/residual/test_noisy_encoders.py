"""Joints that mostly rest, measured by encoders that scatter: the rises of their positions are noise, and no factor of their speeds."""

import numpy as np
import pytest
from servo_takes import NAMES, RATE, motion
from shiliu.replay.residual.effort import _speed
from shiliu.replay.residual.relations import derivative
from shiliu.replay.residual.servo_law import ServoLaw
from shiliu.replay.residual.table import Group, RecordedChannel

LONG, STEP = 1200, slice(200, 220)
BOUND = 0.12  # of a factor that is a fault


def gain_of_a_step(noise, factor=1.0, seed=3):
    """What the speeds of a joint are of its rises: it goes 0.18 rad once, and all positions scatter."""
    columns = motion(seed, rows=LONG)
    way = np.zeros(LONG)
    way[STEP] = 0.09 * (1.0 - np.cos(np.pi * np.arange(20) / 20.0))
    way[STEP.stop :] = 0.18
    columns["state"][:, 5] = way
    columns["velocity"][:, 5] = factor * 0.9 * np.gradient(way, 1.0 / RATE)
    columns["state"] += np.random.default_rng(seed).normal(0.0, noise, columns["state"].shape)
    kinds = {"measured": "state", "velocity": "velocity"}
    channels = [
        RecordedChannel(name, {kind: columns[of][:, j] for kind, of in kinds.items()}, kinds, kinds, "rad") for j, name in enumerate(NAMES)
    ]
    return derivative(Group(np.arange(LONG) / RATE, 1.0 / RATE, tuple(channels)))[5].gain


@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("noise", [0.0, 1e-3, 2e-3])
def test_noise_of_a_resting_joint_is_no_factor_of_its_speeds(noise, seed):
    assert abs(gain_of_a_step(noise, seed=seed) - 1.0) < BOUND


@pytest.mark.parametrize("factor", [0.5, 2.0, -1.0])
@pytest.mark.parametrize("noise", [0.0, 1e-3, 2e-3])
def test_a_factor_is_seen_beside_the_noise(noise, factor):
    assert gain_of_a_step(noise, factor) == pytest.approx(factor, rel=BOUND)


BURST, ODD = 203, 600  # a row in which a joint speeds up, and one in which it rests


def speed_found(noise, row, by, seed=3, rate=RATE):
    """What is found of the speed of a joint that rests and then goes 0.5 rad within half a second: it is the rise of the row before, and
    `by` more in a row. Torques say the same as the rises, as those of another row may."""
    columns = motion(seed, rows=LONG)
    columns["state"][:, 5] = 0.5 * (1.0 - np.clip(1.0 - (np.arange(LONG) - 200.0).clip(0.0) / 16.0, 0.0, 1.0) ** 4)
    columns["velocity"] = np.diff(columns["state"], axis=0, prepend=columns["state"][:1]) * rate
    columns["velocity"][row, 5] += by
    columns["state"] += np.random.default_rng(seed).normal(0.0, noise, columns["state"].shape)
    kinds = {"command": "action", "measured": "state", "velocity": "velocity"}
    channels = tuple(
        RecordedChannel(name, {kind: columns[of][:, j] for kind, of in kinds.items()}, kinds, kinds, "rad") for j, name in enumerate(NAMES)
    )
    group = Group(np.arange(LONG) / rate, 1.0 / rate, channels)
    rises, none = derivative(group)[5], np.zeros((LONG, 1))
    law = ServoLaw(channels[5:], 100.0, 5.0, 1.0, 5.0 * rises.residual[:, None], none, none, 0.02, np.array([100.0]), ("right",))
    return [(d.first, d.last) for d in _speed(group, law, 0, rises)]


@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("noise", [1e-3, 2e-3])
def test_a_joint_that_speeds_up_beside_the_noise_has_no_other_speed(noise, seed):
    assert speed_found(noise, BURST, 0.0, seed) == []
    assert speed_found(noise, ODD, 1.0, seed) == [(ODD, ODD)]


def test_a_speed_of_exact_positions_is_seen_in_a_burst():
    assert speed_found(0.0, BURST, 0.0) == []
    assert speed_found(0.0, BURST, 0.6) == [(BURST, BURST)]


def test_a_speed_of_rows_that_are_far_apart_is_no_rise_in_a_burst():
    assert speed_found(0.0, BURST, 0.6, rate=20) == []
    assert speed_found(0.0, ODD, 0.6, rate=20) == [(ODD, ODD)]
