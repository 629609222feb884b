"""Takes of six joints that follow their commands as servos do, and what the judge makes of their columns."""

import numpy as np
from scipy.signal import lfilter
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.residual.bodies import ComparedColumns

RULES = load_rules()
RATE, ROWS = 30, 420
REVERSED = 60  # from here on joint 2 goes furthest


def grid_ns(rows, rate):
    return np.round(np.arange(rows) * 1e9 / rate).astype(np.int64)


NAMES = tuple(f"joint_{k}" for k in range(1, 7))


def motion(seed=3, rows=ROWS):
    """(n, 6) commands and measurements [rad] and speeds [rad/s]: each joint goes between places of its own, at times of its own."""
    rng = np.random.default_rng(seed)
    t = np.arange(rows) / RATE
    command = np.zeros((rows, 6))
    for j in range(6):
        for _ in range(4):
            width, at = rng.uniform(1.0, 2.2), rng.uniform(0.5, rows / RATE - 3.0)
            command[:, j] += rng.uniform(-0.8, 0.8) / (1.0 + np.exp(-(t - at) * 6.0 / width))
    slow = lfilter([0.35], [1.0, -0.65], command - command[0], axis=0) + command[0]
    measured = np.vstack([slow[:2][[0, 0]], slow[:-2]]) + 0.004 * np.sin(command)
    measured += rng.normal(0.0, 3e-4, measured.shape)
    speed = 0.9 * np.gradient(measured, 1.0 / RATE, axis=0)
    return {"action": command, "state": measured, "velocity": speed}


def taken(columns, names=NAMES, kind="robot", without=()):
    of = {
        "action": ("command", "joint_position", "rad"),
        "state": ("measured", "joint_position", "rad"),
        "velocity": ("measured", "joint_velocity", "rad/s"),
        "claw": ("command", "claw", "%"),
        "claw_at": ("measured", "claw", "%"),
    }
    streams = {}
    for name, values in columns.items():
        if name not in without:
            role, quantity, unit = of[name]
            each = names if values.shape[1] == len(names) else ("left_claw", "right_claw")[: values.shape[1]]
            streams[name] = Stream(name, role, quantity, unit, each, np.array(values, float), grid_ns(len(values), RATE), clock="grid")
    return Recording("take", "set#0", "0" * 64, kind, streams)


def found(columns, **extra):
    (finding,) = check_differs(ComparedColumns(taken(columns, **extra)), RULES)
    return finding


def changed(name, joint, rows, values, seed=3):
    columns = motion(seed)
    columns[name][rows, joint] = values(columns[name][rows, joint])
    return columns
