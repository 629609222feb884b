"""Where our robot, given the commands of a real one, is far from what was measured: would a lag, an offset or a unit explain it?

Nothing is judged here, because our servo gains are not proven on the robot of a recording; what is found is reported beside
the tracking error. Each explanation is tried on the joints that are out of bounds, and the one that leaves the least is
named where it leaves at most `EXPLAINED` of the error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

EXPLAINED = 0.3  # share of the error (RMS) that the named cause may leave; an estimate
LAGS = np.arange(-50, 51) * 0.01  # s
FACTORS = {"unit": float(np.degrees(1.0)), "sign": -1.0}  # measured = factor x ours


def explain(
    t_ours: np.ndarray, ours: np.ndarray, t_theirs: np.ndarray, theirs: np.ndarray, names: Sequence[str], bound: float
) -> dict[str, Any]:
    """The likeliest reason of a tracking error.

    Args:
        t_ours, t_theirs: (n,), (m,) ascending [s]; ours, theirs: (n, k), (m, k) joint angles [rad].
        names: (k,) of the joints.
        bound: error beyond which a joint is looked at [rad].

    Returns:
        Nothing where all joints are within the bound; else `likely` (`lag`, `offset`, `unit`, `sign`, `unknown`), its size
        (`lag_s`: positive where the measurement is late; `offset` [rad] of the worst joint; `factor`), `left`, the share of
        the error that stays, and `tried`, that share for each.
    """
    inside = (t_theirs >= t_ours[0] - LAGS[0]) & (t_theirs <= t_ours[-1] - LAGS[-1])
    times, measured = t_theirs[inside], theirs[inside]
    if len(times) < 3:
        return {}

    def at(lag: float) -> np.ndarray:
        return np.stack([np.interp(times - lag, t_ours, ours[:, j]) for j in range(ours.shape[1])], axis=1)

    error = measured - at(0.0)
    far = np.flatnonzero(np.nanmax(np.abs(error), axis=0) > bound).tolist()
    if not far:
        return {}
    whole = _rms(error[:, far])
    lags = [_rms((measured - at(lag))[:, far]) / whole for lag in LAGS]
    best = int(np.argmin(lags))
    offset = np.nanmedian(error[:, far], axis=0)
    worst = int(np.abs(offset).argmax())
    tried: dict[str, float] = {"lag": lags[best], "offset": _rms(error[:, far] - offset) / whole}
    for name, factor in FACTORS.items():
        tried[name] = _rms((measured - factor * at(0.0))[:, far]) / whole
    likely = min(tried, key=lambda name: tried[name])
    found: dict[str, Any] = {"joints_out": [names[j] for j in far], "left": tried[likely], "tried": tried}
    if tried[likely] > EXPLAINED or (likely == "lag" and best == len(LAGS) // 2):
        return found | {"likely": "unknown", "left": 1.0}
    amount: dict[str, dict[str, Any]] = {
        "lag": {"lag_s": float(LAGS[best])},
        "offset": {"offset": float(offset[worst]), "offset_of": names[far[worst]]},
    }
    return found | {"likely": likely} | amount.get(likely, {"factor": FACTORS.get(likely)})


def _rms(error: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean(error * error)))
