"""Takes of six joints that follow their commands as servos do, and what the judge makes of their columns."""

import math

import numpy as np
from scipy.signal import lfilter
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.residual.bodies import ComparedColumns

RULES = load_rules()
RATE, ROWS = 30, 420
STEPS = 40  # of physics between two rows
STANDS = 0.02  # rad/s: a slower joint is held by friction
REVERSED = 60  # from here on joint 2 goes furthest


def grid_ns(rows, rate):
    return np.round(np.arange(rows) * 1e9 / rate).astype(np.int64)


NAMES = tuple(f"joint_{k}" for k in range(1, 7))


def motion(seed=3, rows=ROWS, rate=RATE):
    """(n, 6) commands and measurements [rad] and speeds [rad/s]: each joint goes between places of its own, at times of its own."""
    rng = np.random.default_rng(seed)
    t = np.arange(rows) / rate
    command = np.zeros((rows, 6))
    for j in range(6):
        for _ in range(4):
            width, at = rng.uniform(1.0, 2.2), rng.uniform(0.5, rows / rate - 3.0)
            command[:, j] += rng.uniform(-0.8, 0.8) / (1.0 + np.exp(-(t - at) * 6.0 / width))
    slow = lfilter([0.35], [1.0, -0.65], command - command[0], axis=0) + command[0]
    measured = np.vstack([slow[:2][[0, 0]], slow[:-2]]) + 0.004 * np.sin(command)
    measured += rng.normal(0.0, 3e-4, measured.shape)
    speed = 0.9 * np.gradient(measured, 1.0 / rate, axis=0)
    return {"action": command, "state": measured, "velocity": speed}


def servo(command, stiffness, damping, most=np.inf, fastest=np.inf, band=0.0, sag=0.0, late=0, rate=RATE, steps=STEPS):
    """(n,) angle [rad] and speed [rad/s] of a joint, as they are when a row begins.

    Args:
        stiffness, damping: [1/s²], [1/s]; most, fastest: [rad/s²], [rad/s]; band: [rad] within which friction holds what stands.
        sag: [rad] by which its weight takes it along when it lies level; late: rows until it hears a command; steps: of physics, a row.
    """
    q, v, angles, speeds, dt = float(command[0]), 0.0, [], [], 1.0 / rate / steps
    for wanted in np.concatenate([np.full(late, command[0]), command])[: len(command)].tolist():
        angles.append(q)
        speeds.append(v)
        for _ in range(steps):
            a = stiffness * (wanted - q - sag * math.cos(q)) - damping * v
            if band and abs(v) < STANDS and abs(a) < stiffness * band:
                v = 0.0
                continue
            v += min(max(a, -most), most) * dt
            v = min(max(v, -fastest), fastest)
            q += v * dt
    return np.array(angles), np.array(speeds)


def claw(command, fastest, lag, late=0, stops=(), gives=0.0, grain=0.0, held=1, rate=RATE):
    """(n,) [%] of its way at which a hand is measured: 0 open, 100 closed.

    Args:
        fastest: [%/s]; lag: [s] of its servo; late: rows; stops: (first row, last row, place [%]) of things in it, which give way by a
            share `gives` of what is commanded beyond; grain: [%] of its encoder; held: rows for which a measurement is written.
    """
    at, measured, dt = float(command[0]), [], 1.0 / rate / STEPS
    for k, wanted in enumerate(np.concatenate([np.full(late, command[0]), command])[: len(command)].tolist()):
        measured.append(at)
        end = next((place + gives * max(0.0, wanted - place) for first, last, place in stops if first <= k < last), math.inf)
        for _ in range(STEPS):
            at = min(at + min(max((wanted - at) / lag, -fastest), fastest) * dt, max(at, end))
    measured = np.round(np.array(measured) / grain) * grain if grain else np.array(measured)
    return measured[np.arange(len(command)) // held * held]


def taken(columns, names=NAMES, kind="robot", without=(), rate=RATE):
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
            streams[name] = Stream(name, role, quantity, unit, each, np.array(values, float), grid_ns(len(values), rate), clock="grid")
    return Recording("take", "set#0", "0" * 64, kind, streams)


def found(columns, **extra):
    (finding,) = check_differs(ComparedColumns(taken(columns, **extra)), RULES)
    return finding


def changed(name, joint, rows, values, seed=3):
    columns = motion(seed)
    columns[name][rows, joint] = values(columns[name][rows, joint])
    return columns
