"""What a replay showed: does it equal its record, were commands cut off, how far behind stayed the robot?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..signals.signal import held
from .check import Check
from .finding import Finding, lasted, worst_of
from .fixes import Fix, Known, clip, slow
from .rules import Rules

GROWTH = (1, 10, 100)  # steps after the first difference at which its size is reported


def check_reproduces(
    recorded: np.ndarray,
    replayed: np.ndarray,
    control_timestep: float,
    rules: Rules,
    parts: Mapping[str, slice] | None = None,
) -> list[Finding]:
    """`reproduces`: does the replay of our own simulation episode equal its record to the bit?

    Args:
        recorded, replayed: (T+1, nstate) states of one and the same dtype, row 0 the start.
        control_timestep: period between rows [s].
        parts: name -> columns, to say what differs first (`qpos`, `qvel`, ...).

    The finding tells the first differing step, what differs there, how it grows, and what that most often means.
    """
    rule = rules["reproduces"]
    steps = min(len(recorded), len(replayed))
    same = (recorded[:steps] == replayed[:steps]) | (np.isnan(recorded[:steps]) & np.isnan(replayed[:steps]))
    differs = ~same.all(axis=1)
    details: dict[str, Any] = {"steps": len(recorded) - 1}
    if len(recorded) != len(replayed):
        return [
            rule.finding(
                level="FAIL",
                value=float(abs(len(recorded) - len(replayed))),
                limit=0.0,
                margin=None,
                excess=None,
                details=details | {"step": steps, "replayed_steps": len(replayed) - 1, "likely": "length"},
            )
        ]
    if not differs.any():
        return [
            rule.passed(value=0.0, limit=0.0, margin=0.0, t0=0.0, t1=(steps - 1) * control_timestep, details=details)
        ]
    first = int(differs.argmax())
    gap = np.abs(np.asarray(recorded[:steps], float) - np.asarray(replayed[:steps], float))
    size = np.nan_to_num(gap, nan=np.inf).max(axis=1)
    where = [name for name, part in (parts or {}).items() if not same[first, part].all()]
    largest = float(size.max())
    details |= {
        "step": first,
        "what_differs": ", ".join(where) or None,
        "first_size": float(size[first]),
        "likely": _likely(first, size),
        "growth": {str(n): float(size[min(first + n, steps - 1)]) for n in GROWTH},
    }
    return [
        rule.beyond(
            largest,
            t0=first * control_timestep,
            t1=(steps - 1) * control_timestep,
            share=float(differs.mean()),
            details=details,
        )
    ]


def _likely(first: int, size: np.ndarray) -> str:
    """The likeliest cause, by when and how strongly the two part (sizes measured on a toy scene, in qpos).

    Another start shows at once; a float32 state as 4e-4, another engine as 4e-5; controls shifted by one sample as
    6e-2.
    """
    largest = float(size.max())
    if first == 0:
        return "float32_state" if float(size[0]) < 1e-5 else "start_state"
    if largest < 1e-3:
        return "engine_version" if first > 1 else "scene_fingerprint"
    return "alignment" if float(size[min(first + 10, len(size) - 1)]) > 1e-4 else "engine_version"


def check_clamped(
    t: np.ndarray,
    ctrl: np.ndarray,
    names: Sequence[str],
    ranges: np.ndarray,
    rules: Rules,
    units: Sequence[str] | None = None,
) -> list[Finding]:
    """`ctrl.clamped`: are all commands inside what the actuators accept? Nothing is ever cut off silently.

    Args:
        t: (T,) s; ctrl: (T, nu) as recorded; ranges: (nu, 2) actuator ranges, NaN or infinite for none.
        units: (nu,) of each actuator; rad where none is given. Hands are counted in percent of their stroke, on a scale of
            their own.

    A command at the bound, or beyond it by less than float32 can tell, is inside.
    """
    rule, found = rules["ctrl.clamped"], []
    step = float(np.median(np.diff(t))) if len(t) > 1 else 0.0
    span = np.where(np.isfinite(ranges).all(axis=1), ranges[:, 1] - ranges[:, 0], 1.0)
    past_low, past_high = ranges[:, 0] - ctrl, ctrl - ranges[:, 1]
    past = np.nan_to_num(np.maximum(past_low, past_high), nan=-np.inf)
    for j, name in enumerate(names):
        i = int(past[:, j].argmax())
        if past[i, j] <= 1e-6 * span[j]:
            continue
        high = past_high[i, j] >= past_low[i, j]
        bound = float(ranges[j, 1] if high else ranges[j, 0])
        unit = rule.unit if units is None else units[j]
        smaller = rule.size(0.0) / rule.settings["percent"] if unit == "%" else 1.0
        graded = rule.grade_value(float(past[i, j]) * smaller, fail=0.0) | {"unit": unit}
        graded["margin"] = -float(past[i, j])
        over = past[:, j] > 1e-6 * span[j]
        graded |= {"value": float(ctrl[i, j]), "limit": bound}
        found.append(
            rule.finding(
                subject=(name,),
                **lasted(t, over, i, step),
                **graded,
                details={"count": int(over.sum()), "lower": float(ranges[j, 0]), "upper": float(ranges[j, 1])},
            )
        )
    return worst_of(found) or [rule.passed()]


def tracking_error(
    t_command: np.ndarray, command: np.ndarray, t_state: np.ndarray, state: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(m,) times and (m, k) state minus command at the state's own times [rad], where both are known."""
    inside = (t_state >= t_command[0]) & (t_state <= t_command[-1])
    times = t_state[inside]
    at = np.stack([np.interp(times, t_command, command[:, j]) for j in range(command.shape[1])], axis=1)
    return times, state[inside] - at


def error_table(error: np.ndarray, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """p50, p95 and max of the absolute error, joint by joint.

    Args:
        error: (m, k) [rad]; rows with NaN are left out.
    """
    size = np.abs(error[np.isfinite(error).all(axis=1)])
    if not len(size):
        return {}
    p50, p95 = np.percentile(size, [50, 95], axis=0)
    return {
        name: {"p50": float(p50[j]), "p95": float(p95[j]), "max": float(size[:, j].max())}
        for j, name in enumerate(names)
    }


def check_tracking(
    t: np.ndarray, error: np.ndarray, names: Sequence[str], rules: Rules, *, informative: bool = False
) -> list[Finding]:
    """`tracking`: how far does the robot stay behind its command, for longer than the rule's shortest time?

    Args:
        t: (m,) evenly spaced s; error: (m, k) rad.
        informative: the error is reported, not judged (our servo gains are not proven on the robot of this recording).
    """
    rule = rules["tracking"]
    if not len(t) or not np.isfinite(error).any():
        return [rule.not_checked("too_short")]
    size = np.abs(error)
    step = float(np.median(np.diff(t))) if len(t) > 1 else rule.shortest
    level, row = held(size, step, rule.shortest)
    table = error_table(error, names)
    found = []
    for j, name in enumerate(names):
        value = float(level[j]) if np.isfinite(level[j]) else float(np.nanmax(size[:, j]))
        graded = rule.grade_value(value)
        over = size[:, j] > graded["limit"]
        found.append(
            rule.finding(
                subject=(name,),
                **lasted(t, over, int(row[j]), step),
                **graded,
                details={"largest": float(np.nanmax(size[:, j]))} | table.get(name, {}),
            )
        )
    worst = worst_of(found)[0]
    worst.details["table"] = table
    if informative:
        worst.level, worst.details["others"] = "INFO", []
    return [worst]


def _remake(finding: Finding, known: Known) -> Fix:
    likely = finding.details.get("likely")
    return {"kind": "remake", "likely": likely, "t0": finding.t0, "step": finding.details.get("step")}


CHECKS = (
    Check("reproduces", fix=_remake, lasts=True, own_cause=True, shown_by="state edited"),
    Check("tracking", fix=slow, of="world", turn=4, shown_by="too fast a reach"),
    Check(
        "ctrl.clamped",
        settings={"percent": "number"},
        fix=clip,
        of="world",
        turn=7,
        lasts=True,
        shown_by="hand beyond its actuator",
    ),
)
