"""Are left and right exchanged in all columns of a take? Then command and measurement agree, and joints are measured beyond their stops."""

from __future__ import annotations

import numpy as np

from ..recording.recording import Stream
from ..robots.limits import Limits
from ..signals.channels import SCALE, in_radians
from ..signals.clock import seconds
from ..signals.sides import other_side
from .finding import Finding
from .rules import Rules

# rad and rows: what a zero of a joint is off by in real sets (0.12 rad, `calibration.offset`) and some more; a joint that is measured so
# far past its stop for so long is another one
BEYOND, ROWS = 0.2, 3
WITHIN = 0.05  # rad by which joints may pass their ranges once left and right are exchanged back


def exchanged_sides(command: Stream | None, state: Stream | None, limits: Limits, rules: Rules, origin: int) -> list[Finding]:
    """`stream.swapped` of all joints of two arms: some are measured where their stops let them not go, and with left and right exchanged in
    every column all are where they can be. Empty where that is not so.

    Args:
        command, state: joints, in units of angles; `limits`: of the robot that they are of.
    """
    if command is None or state is None or not state.n or state.unit not in SCALE or command.unit not in SCALE:
        return []
    names = [name for name in state.names if name in limits and name in command.names]
    pairs = [(one, other_side(one)) for one in names if other_side(one) != one and other_side(one) in names]
    if not pairs:
        return []
    mine, others = [one for one, _ in pairs], [other for _, other in pairs]
    past = _past(in_radians(state, mine), limits, mine)
    if not (np.sort(past, axis=0)[-min(ROWS, len(past)) :].min(axis=0) > BEYOND).any():
        return []
    streams = (command, state)
    if any(float(_past(in_radians(stream, mine), limits, others).max(initial=0.0)) > WITHIN for stream in streams):
        return []
    t = seconds(state, origin)
    lefts = [(one, other) for k, (one, other) in enumerate(pairs) if k < mine.index(other)]
    return [
        rules["stream.swapped"].beyond(
            float(len(lefts)), 0.0, subject=tuple(name for pair in lefts for name in pair), t0=float(t[0]), t1=float(t[-1]), share=1.0,
            details={"kind": "sides", "pairs": ", ".join(f"{one} / {other}" for one, other in lefts), "count": len(lefts),
                     "past": float(past.max()), "of": "both"},
        )
    ]  # fmt: skip


def _past(q: np.ndarray, limits: Limits, names: list[str]) -> np.ndarray:
    """(n, k) how far angles [rad] lie beyond the ranges of these joints; what is no number is another check's matter."""
    low, high = (np.array([getattr(limits[name], end) for name in names]) for end in ("lower", "upper"))
    return np.nan_to_num(np.maximum(low - q, q - high), nan=-np.inf)
