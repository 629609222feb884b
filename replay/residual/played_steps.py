"""A column that follows its joint with play, by the steps of its encoder: beside them by as much on the one side as on the other.

What follows at an edge of a band is half of the band above its joint on the way down, and as much below it on the way up. Where the joint
turns, the column stands to the bit until the joint has gone through the band, and goes on without a leap. Another zero leaps.
"""

from __future__ import annotations

import numpy as np

from .encoder_steps import EncoderSteps

ROWS = 8  # beside the steps, at the least
ON = 2.0  # times what a number on a step may be beside it
# times the larger of the next two steps, that the first one after a rest is at the most: a joint sets out slowly, and within a row
SETS_OUT = 2.0


def is_played(x: np.ndarray, steps: EncoderSteps, first: int, last: int) -> bool:
    """Whether rows first..last of a column (n,), which are between its steps, follow with play from a row on its steps on."""
    base = float(x[max(first - 1, 0)])  # play begins where the joint is
    beside = (x[first : last + 1] - base) / steps.step
    beside = steps.step * (beside - np.round(beside))
    near = ON * steps.near
    away = np.abs(beside) > near
    if away.sum() < ROWS:
        return False
    half = float(np.median(np.abs(beside[away])))
    if np.abs(np.abs(beside[away]) - half).max() > near:
        return False
    at_half = abs(half - 0.5 * steps.step) <= near  # the two sides are then one and the same number
    side = np.where(away, 1.0 if at_half else np.sign(beside), 0.0)
    turns = first + np.flatnonzero(np.diff(side, prepend=0.0) != 0.0)
    went = np.abs(np.diff(x, prepend=x[0]))
    out = int(turns[0])
    goes_on = went[out] <= SETS_OUT * float(went[out + 1 : out + 3].max(initial=0.0))
    return bool(away[out - first :].all() and goes_on and all(row > 0 and went[row - 1] == 0.0 for row in turns))
