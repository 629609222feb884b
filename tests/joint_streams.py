"""Streams of joints on an even grid, and recordings of them, for tests of ordinary sets."""

from __future__ import annotations

import numpy as np
from shiliu.replay.recording.recording import Recording, Stream

ELBOW, SHOULDER = "zarm_r4_joint", "zarm_r1_joint"
RATE, ROWS = 30.0, 900


def stream(role, values, names, quantity="joint_position", unit="rad", **meta):
    values = np.asarray(values, float).reshape(len(values), len(names))
    t = np.rint(np.arange(len(values)) / RATE * 1e9).astype(np.int64)
    return Stream(f"{role}/{quantity}", role, quantity, unit, tuple(names), values, t, clock="grid", meta=meta)


def recording(*streams, source="demos#0", **known):
    return Recording("a", source, "0" * 64, known.pop("kind", "robot"), {s.name: s for s in streams}, **known)
