"""What a tracker scatters by, and where a thing stands by many of its rows."""

import numpy as np
import pytest
from shiliu.replay.signals.pose_noise import pose_noise, standing_pose, standing_rows

T = np.arange(240) / 30.0
TURNED = np.array([np.cos(0.4), 0.1, -0.2, np.sqrt(1.0 - np.cos(0.4) ** 2 - 0.05)])
AT = np.array([0.52, -0.17, 0.91, *TURNED])


def tracked(noise, turn=0.0, goes=150, seed=0):
    """A thing that stands askew and off-centre, and from a row on is carried away at 0.2 m/s."""
    rng, rows = np.random.default_rng(seed), np.tile(AT, (len(T), 1))
    rows[:, :3] += np.clip(np.arange(len(T)) - goes, 0, None)[:, None] / 30.0 * np.array([0.1, -0.1, 0.14])
    rows[:, :3] += rng.normal(0.0, noise, (len(T), 3))
    rows[:, 3:] += rng.normal(0.0, turn, (len(T), 4))
    return rows


@pytest.mark.parametrize("noise", [0.001, 0.003, 0.005])
def test_noise_is_measured_though_the_thing_is_carried(noise):
    assert pose_noise(tracked(noise)) == pytest.approx(noise, rel=0.35)


def test_a_quiet_or_rounded_or_seldom_pose_has_no_noise():
    quiet = tracked(0.0)
    for rows in (quiet, np.round(quiet, 3), quiet[np.arange(240) // 6 * 6], tracked(5e-5)):
        assert pose_noise(rows) == 0.0
    assert standing_pose(T, quiet, 0.0) is None, "one row tells it as well"


@pytest.mark.parametrize("seed", range(5))
def test_where_a_noisy_thing_stands_is_told_to_a_third_of_its_noise(seed):
    rows = tracked(0.005, 0.004, seed=seed)
    rows[1::2, 3:] *= -1.0  # q and -q are one turn
    found = standing_pose(T, rows, 0.0)
    assert np.abs(found[:3] - AT[:3]).max() < 0.0025
    assert np.abs(np.sign(found[3]) * found[3:] - TURNED).max() < 0.002


def test_rows_in_which_it_is_carried_are_not_among_those_in_which_it_stands():
    rows = tracked(0.003, goes=24)
    some = standing_rows(T, rows[:, :3], 0.0, 0.003)
    assert 9 <= some.sum() <= 33 and some[:9].all()
    assert np.abs(standing_pose(T, rows, 0.0)[:3] - AT[:3]).max() < 0.006
    late = standing_rows(T, tracked(0.003)[:, :3], 1.0, 0.003)
    assert not late[:30].any() and late[30:80].all(), "from the time that is asked on"
