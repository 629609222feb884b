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


def touching(columns, touches, joint=2, place=0.1):
    """The take where an obstacle stops one joint at a place, each time it comes there; its servo is quick in letting go."""
    command = columns["action"][:, joint] = 0.35 * np.sin(1.1 * np.arange(420) / 30)
    q, v, out = command[0], 0.0, []
    for k, wanted in enumerate(command.tolist()):
        out.append(q)
        for _ in range(40):
            v += min(max(600.0 * (wanted - q) - 45.0 * v, -60.0), 60.0) / 1200.0
            q += v / 1200.0
            if any(first <= k < last for first, last in touches) and q > place:
                q, v = place, 0.0
    columns["state"][:, joint] = np.array(out) + np.random.default_rng(1).normal(0.0, 3e-4, 420)
    return columns


def test_a_joint_that_an_obstacle_stops_twice_is_no_column_that_leaps():
    columns = touching(motion(), [(170, 200), (340, 372)])
    assert found(columns, without=("velocity",)).level == "WARN"
    columns["state"][180:184, 2] += 0.12
    assert found(columns, without=("velocity",)).level == "FAIL"


def test_a_joint_that_is_stopped_while_its_command_stands_is_blocked_and_its_command_is_right():
    """The command goes on by 0.2 rad, stops suddenly, and stands; the joint comes there when it is let go."""
    columns = motion()
    rows = np.arange(420)
    columns["action"][:, 2] = np.clip((rows - 140) / 20.0, 0.0, 1.0) * 0.5 + 0.2 * np.sin(np.clip(rows - 300, 0, None) / 30.0)
    state, _ = servo(columns["action"][:, 2], 150.0, 24.0)
    state[155:240] = np.minimum(state[155:240], 0.3)
    state[240:300] = 0.5 - 0.2 * np.exp(-np.arange(60) / 5.0)
    columns["state"][:, 2] = state + np.random.default_rng(1).normal(0.0, 3e-4, 420)
    finding = found(columns, without=("velocity",))
    assert (finding.level, finding.details["kind"], finding.details["column"]) == ("WARN", "blocked", "measured")
    columns["action"][170:230, 2] += 0.3  # there and back within a row, which no joint follows
    assert found(columns, without=("velocity",)).level == "FAIL"


def test_a_joint_that_hardly_moves_is_no_sum_of_its_command():
    columns = motion()
    command = -0.28 + 0.1 * np.sin(0.9 * np.arange(420) / 30)
    columns["action"][:, 2] = command
    columns["state"][:, 2] = -0.27 + np.random.default_rng(1).normal(0.0, 3e-3, 420)
    assert found(columns, without=("velocity",)).details.get("kind") != "integrated"
    columns["state"][:, 2] = np.cumsum(command) / 30 + np.random.default_rng(1).normal(0.0, 3e-4, 420)
    finding = found(columns, without=("velocity",))
    assert finding.level == "FAIL" and finding.subject == ("joint_3",)


@pytest.mark.parametrize("seed", [6, 7])
@pytest.mark.parametrize("off, level", [(0.0, "PASS"), (0.2, "FAIL")])
def test_weights_that_fit_slow_motions_alone_lead_no_joint_astray(seed, off, level):
    """A stiff servo of smooth commands: many weights fit as well, and cancel each other."""
    columns = motion(6744, rate=50)
    device = {"stiffness": 341.8277, "damping": 38.468, "most": 100.0, "fastest": 3.0, "sag": 0.03}
    for j in range(6):
        columns["state"][:, j], columns["velocity"][:, j] = servo(columns["action"][:, j], rate=50, steps=24, **device)
    columns["state"] += np.random.default_rng(seed).normal(0.0, 1.457e-4, columns["state"].shape)
    columns["state"][60:120, 1] += off
    finding = found(columns, rate=50)
    assert finding.level == level and (level == "PASS" or finding.subject[0] == "joint_2")
