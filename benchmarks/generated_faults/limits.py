"""From which size on a fault is to be found: the generator's own table, as an instrument has one. Nothing of it is tuned.

A fault is above it where its size reaches the limit of its own unit, and what it changed reaches that of the column: a gain of
5 % on a joint that hardly moves changes nothing that anybody could see.
"""

from __future__ import annotations

from .operations import GAIN, ROWS, SECONDS, Operation

# largest change, by the column's unit. 0.05 rad is 3 degrees; the others are about as much of what such a column goes through
PEAKS = {
    "rad": 0.05,
    "deg": 0.05 * 57.29577951308232,
    "tick": 0.05 * 4096 / 6.283185307179586,
    "-100..100": 3.0,
    "m": 0.02,
    "%": 5.0,
    "1": 0.05,  # of one: attitudes, hands
    "s": 0.1,
    "rad/s": 0.5,
    "m/s": 0.1,
    "%/s": 50.0,
    "Nm": 3.0,
    "N": 10.0,
    "N/%": 20.0,
}
SIZES = {ROWS: 2.0, GAIN: 0.05, SECONDS: 0.1}
TOUCHED = 2  # rows that a fault changes by half of the peak at least, but those of one row


def limit_of(one: Operation, unit: str) -> float:
    """From which size on, in the operation's own unit; `unit`: of the columns."""
    return SIZES.get(one.unit, PEAKS[unit])


def exceeds(one: Operation, unit: str, size: float, peak: float, touched: int) -> bool:
    """Whether a fault is to be found: a size that is exactly its limit reaches it.

    Args:
        unit: of the columns.
        size: in the operation's own unit.
        peak: largest change of a column, or largest step at a seam that was none before.
        touched: rows changed by half of the peak's limit at least.
    """
    few = one.span != "row" and not one.order and touched < TOUCHED
    return size >= limit_of(one, unit) and peak >= PEAKS[unit] and not few
