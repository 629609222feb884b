"""Joints that mostly rest, measured by encoders that scatter: the rises of their positions are noise, and no factor of their speeds."""

import numpy as np
import pytest
from servo_takes import NAMES, RATE, motion
from shiliu.replay.residual.relations import derivative
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
