"""Is a recording what a scene does? One recorded step at a time, and open loop from its first state.

A single step starts from a recorded state, so that errors cannot add up: it tells whether scene, step and controls are
those of the recording. Open loop every rounding error lives on, and contacts make it grow: a recording of torques leaves
its own scene after seconds although each step of it is exact. That is no fault of the recording, and is reported, not judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .finding import Finding
from .rules import Rules

ROUNDING = 1e-6  # rad, m: what float32 keeps of angles up to 2 pi is 5e-7, so that a log of float32 passes
LEAVES = {
    "um_1": ("away", 1e-6),
    "mm_1": ("away", 1e-3),
    "cm_1": ("away", 1e-2),
    "rad_01": ("angle", 0.1),
    "rad_1": ("angle", 1.0),
}
GROWTH = np.log(1e-3 / 1e-6)  # e-folds from 1 um, which is above rounding, to 1 mm
UNITS = {"angle": "rad", "away": "m", "speed": "rad/s"}


def check_single_steps(
    t: np.ndarray, error: Mapping[str, np.ndarray], touching: np.ndarray, rules: Rules
) -> list[Finding]:
    """`reproduces`, kind `single_step`: does one step of the scene from each recorded state lead to the next one?

    Args:
        t: (n,) seconds of the states that steps began at.
        error: `angle` (n,) the largest error of any joint [rad], `away` (n,) how far any body is from where it was [m],
            `speed` (n,) the largest error of any joint's speed [rad/s].
        touching: (n,) whether the robot touches anything in that step.

    PASS where 95 % of the steps agree to rounding, WARN where only half of them do (contacts are the usual rest: solver
    and engine version tell there), FAIL beyond.
    """
    rule = rules["reproduces"]
    details: dict[str, Any] = {"kind": "single_step", "steps": len(t)}
    for name, values in error.items():
        details |= {
            f"{name}_p50": float(np.median(values)),
            f"{name}_p95": float(np.quantile(values, 0.95)),
            f"{name}_max": float(values.max()),
        }
    beyond = np.maximum(error["angle"], error["away"]) > ROUNDING
    if beyond.any():
        details["touching"] = float(touching[beyond].mean())
    worst = max(("angle", "away"), key=lambda name: details[f"{name}_p50"])
    value = details[f"{worst}_p50"]
    first = int(beyond.argmax()) if beyond.any() else 0
    level = (
        "FAIL" if value > ROUNDING else "WARN" if details[f"{worst}_p95"] > ROUNDING or beyond.mean() > 0.05 else "PASS"
    )
    return [
        rule.finding(
            level=level,
            t0=float(t[first]),
            t1=float(t[-1]),
            value=value,
            limit=ROUNDING,
            margin=ROUNDING - value,
            excess=max(0.0, value - ROUNDING) / rule.size(ROUNDING),
            unit=UNITS[worst],
            share=float(beyond.mean()),
            limit_source="rounding of float32",
            details=details,
        )
    ]


def check_open_loop(t: np.ndarray, error: Mapping[str, np.ndarray], rules: Rules) -> list[Finding]:
    """`reproduces`, kind `open_loop`: when does the scene, left alone with the recorded controls, leave the record?

    Args:
        t: (n,) seconds; error: `angle` and `away` (n,) as above, along the replay; infinite once it went unstable.

    `details`: `um_1`, `mm_1`, `cm_1`, `rad_01`, `rad_1` first times [s] beyond 1 um, 1 mm, 1 cm, 0.1 rad and 1 rad, None
    where never; `rate` how often a second the error grows e-fold on the way from 1 um to 1 mm.
    """
    details: dict[str, Any] = {"kind": "open_loop", "steps": len(t) - 1, "seconds": float(t[-1] - t[0])}
    for name, (measure, bound) in LEAVES.items():
        details[name] = _first(t, error[measure], bound)
    begin, end = details["um_1"], details["mm_1"]
    grew = begin is not None and end is not None and end > begin
    details["rate"] = float(GROWTH / (end - begin)) if grew else None
    finite = np.flatnonzero(np.isfinite(error["away"]))
    details |= {"away_end": float(error["away"][finite[-1]]), "away_max": float(error["away"][finite].max())}
    details |= {"angle_end": float(error["angle"][finite[-1]])}
    left = details["mm_1"]
    return [
        rules["reproduces"].finding(
            level="INFO", t0=left if left is not None else float(t[0]), t1=float(t[-1]), value=details["away_max"], unit="m",
            limit_source=None, limit_grade=None, details=details,
        )
    ]  # fmt: skip


def _first(t: np.ndarray, values: np.ndarray, bound: float) -> float | None:
    over = np.flatnonzero(values > bound)
    return float(t[over[0]] - t[0]) if len(over) else None
