"""Streams of three joints whose motion stays inside their ranges, at real stamps."""

import numpy as np
from joint_limits import limits_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.recording.recording import Recording, Stream

RULES = load_rules()
NAMES = ("a", "b", "c")
LIMITS = limits_of(a={"position": [-3.1, 1.6]}, b={"position": [-0.35, 2.1]}, c={"position": [-2.6, 0.0]})
START = 1_745_000_000_000_000_000  # ns; real stamps have no room in a float64


def pose(t):
    """(n, 3) a motion inside the ranges [rad]."""
    return np.stack(
        [-0.8 + 0.7 * np.sin(1.7 * t), 0.8 + 0.6 * np.sin(2.3 * t + 1), -1.2 + 0.8 * np.cos(1.1 * t)], axis=1
    )


def stream(role="command", t=None, values=None, unit="rad", name=None, **extra):
    t = np.arange(0, 6, 0.01 if role == "command" else 0.002) if t is None else np.asarray(t, float)
    values = pose(t - (0.1 if role == "measured" else 0.0)) if values is None else np.asarray(values, float)
    if unit == "deg" and extra.pop("convert", True):
        values = np.rad2deg(values)
    return Stream(
        name=name or f"/{role}",
        role=role,
        quantity="joint_position",
        unit=unit,
        names=NAMES[: values.shape[1]],
        values=values,
        capture_ns=START + np.round(t * 1e9).astype(np.int64),
        **extra,
    )


def recording(*streams, **extra):
    return Recording("take", "take.bag", "00", "robot", {s.name: s for s in streams}, **extra)


def by_code(findings):
    return {finding.code: finding for finding in findings}
