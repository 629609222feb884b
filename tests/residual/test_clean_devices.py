"""Devices as they are: coarse encoders, blocked joints, slow servos. Nothing is wrong in them, and beside each stands what is."""

import numpy as np
import pytest
from servo_takes import found, motion, servo, taken
from shiliu.replay.checks.frozen import check_frozen
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.signals.clock import origin_ns

RATE, ROWS = 250, 2000
COARSE = 2.0 * np.pi / 1024.0  # rad


def coarse(seed=3):
    """Six joints at 250 rows a second, with encoders of 1024 steps a turn that scatter, and speeds that a drive measures by itself."""
    rng = np.random.default_rng(seed)
    columns = motion(seed, rows=ROWS, rate=RATE)
    speed = np.gradient(columns["state"] - columns["state"].mean(axis=0), 1.0 / RATE, axis=0)
    smooth = np.stack([np.convolve(v, np.ones(25) / 25.0, mode="same") for v in speed.T], axis=1)
    columns["velocity"] = smooth + rng.normal(0.0, 0.02, smooth.shape)
    columns["state"] = np.round((columns["state"] + rng.normal(0.0, 2e-3, smooth.shape)) / COARSE) * COARSE
    return columns


def test_speeds_are_not_another_motion_where_coarse_positions_scatter_from_row_to_row():
    assert found(coarse(), rate=RATE).level != "FAIL"


def test_speeds_of_another_motion_are_so_at_a_high_rate_too():
    columns = coarse()
    columns["velocity"] = coarse(seed=8)["velocity"]
    finding = found(columns, rate=RATE)
    assert (finding.level, finding.details["column"]) == ("FAIL", "velocity")


@pytest.mark.parametrize(("comes_back", "level"), [("where it stood", "WARN"), ("elsewhere", "FAIL")])
def test_a_joint_on_a_coarse_encoder_that_is_blocked_is_not_surely_frozen(comes_back, level):
    """Steps of 1.5 mrad; it stands for 2 s while its command goes on, and then goes back to it, or is there at once."""
    columns, first, last = motion(), 150, 210
    command = columns["action"][:, 2] + 0.5 * np.sin(0.9 * np.arange(420) / 30)
    state = command.copy()
    state[first:last] = state[first]
    if comes_back == "where it stood":
        back = np.arange(last, last + 20)
        state[back] = state[first] + (state[back] - state[first]) * np.linspace(0.02, 1.0, 20) ** 2
    columns["action"][:, 2], columns["state"][:, 2] = command, state
    columns["state"] = np.round(columns["state"] / 1.534e-3) * 1.534e-3
    recording = taken(columns)
    (finding,) = check_frozen(recording.streams["action"], recording.streams["state"], load_rules(), origin_ns(recording))
    assert finding.level == level


@pytest.mark.parametrize(("late", "certain"), [(0, False), (12, True)])
def test_a_slower_servo_among_others_is_no_late_column_where_speeds_tell_nothing_of_it(late, certain):
    """Speeds that mostly scatter are as near to the positions of another row."""
    columns = motion(rate=60, rows=840)
    rng = np.random.default_rng(4)
    for j in range(6):
        stiffness = 70.0 if j == 5 and not late else 300.0
        state, speed = servo(columns["action"][:, j], stiffness, 2.6 * np.sqrt(stiffness), late=2 + late * (j == 5), rate=60)
        columns["state"][:, j] = np.round((state + rng.normal(0.0, 2e-3, 840)) / COARSE) * COARSE
        columns["velocity"][:, j] = (speed if j < 5 else 0.1 * speed) + rng.normal(0.0, 0.02 if j < 5 else 0.3, 840)
    finding = found(columns, rate=60)
    lag = finding.level == "FAIL" and (finding.subject[0], finding.details["kind"]) == ("joint_6", "lag")
    assert lag == certain
