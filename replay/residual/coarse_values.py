"""What equal numbers prove on a grid: where a joint goes less than a step from row to row, a servo that follows writes its command too."""

from __future__ import annotations

import numpy as np

AS_WRITTEN = 1e-6  # rad, or share of the way: the same number
MOVES = 1e-4  # rad, or share of the way, from row to row: it moves
# rad, or share of the way, that a step of a grid is at the most: coarse encoders count to 1024 in a turn; numbers on it, and rows, that
# show it
LARGEST, DISTINCT, FEW = 0.0065, 8, 1000
UNIFORM = 12.0**0.5  # times the deviation of what is evenly spread: the width of it
HALF_FLOATS, HALF_EXACT = 8.0, 1e-7  # rad, or share of the way: larger numbers are no half floats; share of the largest that is none
WRITTEN_AS = 1.0, 100.0  # times a share of the way
SOME = 16  # numbers of a column, that are asked before all are
ENCODER = (1e-5, 0.02)  # rad: steps of encoders
STEPS = 4.0  # from row to row, from where on a delay of a quarter of a row more or less is another number


def step_of(*columns: np.ndarray) -> float:
    """The least step between two numbers of some columns (n,)."""
    steps = np.diff(np.sort(np.concatenate(columns)))
    return float(steps[steps > AS_WRITTEN].min(initial=np.inf))


def rounding_of(x: np.ndarray) -> float:
    """The deviation that rounding leaves of a column (n,) on a grid; zero where its numbers are on none."""
    steps = np.diff(np.sort(x[:: -(-len(x) // FEW)]))
    steps = steps[steps > AS_WRITTEN]
    step = float(steps.min(initial=np.inf))
    if len(steps) < DISTINCT or step > LARGEST:
        return 0.0
    off = np.abs(steps - step * np.round(steps / step))
    return step / UNIFORM if float(off.max()) <= AS_WRITTEN else 0.0


def rounded_by(x: np.ndarray, rounding: float | None = None) -> float:
    """By how much the numbers of a column (n,) may be off what they were written from: half a step of their grid, or of half floats.

    Args:
        rounding: see `rounding_of`, where it is known.
    """
    size = float(np.abs(x).max(initial=0.0))
    for times in WRITTEN_AS if 0.0 < size < HALF_FLOATS else ():
        if all(_are_half_floats(times * of, HALF_EXACT * times * size) for of in (x[:: 1 + len(x) // SOME], x)):  # few tell mostly
            return AS_WRITTEN + 0.5 * float(np.spacing(np.float16(times * size))) / times
    return AS_WRITTEN + 0.5 * UNIFORM * (rounding_of(x) if rounding is None else rounding)


def _are_half_floats(x: np.ndarray, within: float) -> bool:
    return bool(np.abs(x - x.astype(np.float16)).max() <= within)


def telling(command: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """(n,) rows in which a command that is the measurement, to the bit, is no chance: those of motion over some steps of the grid that
    both are written on. Within a step, or a few, any servo that follows gives equal numbers (rounded to 0.01 rad, below 1.2 rad/s at 30
    rows a second)."""
    step = max(step_of(command, measured), 2.0 * (rounded_by(measured) - AS_WRITTEN))
    return np.abs(np.diff(measured, prepend=measured[0])) > max(MOVES, STEPS * step)


def coarse_and_smooth(x: np.ndarray, last: int) -> bool:
    """Whether a column (n,) [rad] comes in steps that an encoder may have, and goes on from rows of one value as it left them: there one
    value is what is measured of a joint that stands. What was frozen is elsewhere at once when it comes back.

    Args:
        last: of these rows.
    """
    steps = np.abs(np.diff(x))
    least = float(steps[steps > 0.0].min(initial=np.inf))
    after = steps[last : last + 4]
    leaps = len(after) > 1 and float(after[0]) > max(4.0 * float(after[1:].max()), 3.0 * least)
    return ENCODER[0] <= least <= ENCODER[1] and not leaps
