"""Lines of an invented device: a right hand that goes to a place within a second."""

from __future__ import annotations

import json
from pathlib import Path

RIGHT = [0.06, 0.02, 0.09]  # m, that the right hand goes: asymmetric on purpose


def device(t: float, share: float, **more) -> dict:
    still = {"p": [0.0, 0.0, 0.0], "q": [1.0, 0.0, 0.0, 0.0], "clutch": False, "grip": 0.0}
    right = still | {"p": [share * v for v in RIGHT], "clutch": True, "grip": share}
    return {
        "do": "device",
        "t": t,
        "device": "test",
        "left": still,
        "right": right,
        "base": [0, 0, 0],
        "squat": 0,
    } | more


def session(file: Path, takes: int = 1) -> Path:
    lines = []
    for take in range(takes):
        t0 = 10_000.0 * take
        lines += [{"do": "take", "t": t0}]
        lines += [device(t0 + 20 * k, min(1.0, k / 60)) for k in range(75)]
        lines += [{"do": "take", "t": t0 + 1500}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file
