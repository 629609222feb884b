"""What equal numbers prove on a grid: where a joint goes less than a step from row to row, a servo that follows writes its command too."""

from __future__ import annotations

import numpy as np

AS_WRITTEN = 1e-6  # rad, or share of the way: the same number
MOVES = 1e-4  # rad, or share of the way, from row to row: it moves
STEPS = 4.0  # from row to row, from where on a delay of a quarter of a row more or less is another number


def step_of(*columns: np.ndarray) -> float:
    """The least step between two numbers of some columns (n,)."""
    steps = np.diff(np.unique(np.concatenate(columns)))
    return float(steps[steps > AS_WRITTEN].min(initial=np.inf))


def telling(command: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """(n,) rows in which a command that is the measurement, to the bit, is no chance: those of motion over some steps of the grid that
    both are written on. Within a step, or a few, any servo that follows gives equal numbers (rounded to 0.01 rad, below 1.2 rad/s at 30
    rows a second)."""
    return np.abs(np.diff(measured, prepend=measured[0])) > max(MOVES, STEPS * step_of(command, measured))
