"""The steps in which an encoder counts, found in a column: a number between two of them was never read, but computed.

What an encoder gives is a whole number of its steps, whatever unit it is written in. Filters, means, lines between rows, gains and shifts
leave numbers in between. No servo, load or push does: it is the encoder that says where the joint is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

PARTS, ROWS, ENOUGH = (12, 4, 1), 16, 4  # stretches of a take, their least rows, and those that tell: a fault lies in some of them
ROUNDED = 3.0  # times what a float32 is rounded by, that numbers on a step are beside it: a driver rounds before and after a scale
LEAST = 6.0  # times that, which a step is at the least
SUMMED = 1e-6  # of what a number may be beside a step: more than sums of a stretch in another order differ by
NUMBERS, DISTINCT = 6, 20  # different numbers of a stretch, and of a take, that show a step
REACHES = (3.0, 10.0, 40.0, 160.0, 640.0, np.inf)  # steps between two numbers, by which a step is known better and better
# different numbers of steps from row to row, at the least: a drive at its largest speed has one, or as many as rows repeat a value
PACES = 6
EVEN = 4  # differences of a column, which are none while it goes evenly
FURTHER, ASKED = 16.0, 120  # times as far as it is known, that a step is tried next, on so many numbers
# steps between two numbers of a short part next to each other, at the most; how often its numbers may be on one of these by chance
FINER, BY_CHANCE = 40, 1e-6
ANOTHER = 1.5  # times a step, that another one is
ORIGINS = 24  # of these numbers, that are tried as one on a step
DIGITS, NEARLY_ALL = range(3, 7), 0.9  # `std::ostream` and `%g` write six significant ones; of the rows in which a column changes
MOSTLY = 0.5  # of the rows in which a column changes, that are on its steps


@dataclass(frozen=True, eq=False)
class EncoderSteps:
    """Of a column. `step`: in its unit; `on`: (n,) whether a row is on a step; `near`: what a number on a step may be beside it."""

    step: float
    on: np.ndarray
    near: float


def steps_of(x: np.ndarray, step: float | None = None) -> EncoderSteps | None:
    """The steps on which a column (n,) is in most rows in which it changes; None of one that is on none.

    Args:
        step: of this column in other takes of the device, where it is known. Then the column may be on none, or in few rows.
    """
    near = ROUNDED * float(np.spacing(np.float32(np.abs(x).max(initial=0.0))))
    if step is not None:
        numbers = x[:: -(-len(x) // ASKED)]
        origins = numbers[:: -(-len(numbers) // ORIGINS)]
        origin = float(origins[(np.abs(_beside(numbers[:, None] - origins, step)) <= near).sum(axis=0).argmax()])
        return EncoderSteps(step, _on(x, origin, step, 2.0 * near), 2.0 * near)
    found = next((of for many in PARTS if len(of := list(_of_parts(x, many, near)))), ())
    if not found:
        return None
    best: EncoderSteps | None = None
    moves, turns, most = np.diff(x, prepend=x[0]) != 0.0, _new_turns(x, near), 0
    for step, reach, origin in sorted(found):  # of a finer step, numbers between those of the encoder are as well
        if best is not None and step < ANOTHER * best.step:
            continue
        step = _refined(x, step, reach, origin, near)
        on = _on(x, origin, step, near)
        whole = sum(bool(part.all()) for part in np.array_split(on, min(PARTS[0], len(x))))
        paces = np.unique(np.round(np.abs(np.diff(x))[on[1:] & on[:-1] & moves[1:]] / step))
        shown = len(paces[paces > 0.0]) >= PACES and len(np.unique(x[on & turns])) >= DISTINCT
        if shown and float(on[moves].mean()) >= MOSTLY and 2 * whole >= most:
            best, most = EncoderSteps(step, on, near), max(whole, most)
    return best


def may_have_steps(x: np.ndarray) -> np.ndarray:
    """(k,) which of some columns (k, n) `steps_of` has to look at: those with a stretch that is on steps as `_of_stretch` finds them, but
    for rounding. It sums in another order, and is so much laxer; a number halfway between two steps is on none in either."""
    near = ROUNDED * np.spacing(np.abs(x).max(axis=1, initial=0.0).astype(np.float32)).astype(float)
    apart = np.abs(x[:, 1:] - x[:, :-1])
    close = (apart > 0.0) & (apart < LEAST * near[:, None])
    may = np.zeros(len(x), bool)
    for many in PARTS:
        rows = max(ROWS, x.shape[1] // many)
        ends = np.arange(rows, x.shape[1] + 1, rows)
        left = [~close[:, end - rows : end - 1].any(axis=1) & ~may for end in ends]  # all others hold two rows that are too close
        of = np.concatenate([np.flatnonzero(one) for one in left] or [np.zeros(0, int)])
        if not len(of):
            continue
        numbers = np.sort(np.concatenate([x[one, end - rows : end] for one, end in zip(left, ends)]), axis=1)
        apart = numbers[:, 1:] - numbers[:, :-1]
        apart[apart == 0.0] = np.inf
        least = apart.min(axis=1)  # the step, as far as it is known
        fit = np.isfinite(least) & (least >= LEAST * near[of])
        for reach in REACHES:
            of, apart, least = of[fit], apart[fit], least[fit]
            small = np.where(apart < (reach + 0.5) * (1.0 - SUMMED) * least[:, None], apart, 0.0)
            times = np.round(small / least[:, None])
            least = small.sum(axis=1) / times.sum(axis=1)
            fit = np.abs(small - times * least[:, None]).max(axis=1) <= (1.0 + SUMMED) * near[of]
        may[of[fit]] = True
    return may


def _of_parts(x: np.ndarray, many: int, near: float) -> Iterator[tuple[float, float, float]]:
    """Of some of so many stretches of a column (n,) all of whose numbers are on steps, as of `_of_stretch`."""
    rows = max(ROWS, len(x) // many)
    if len(x) < rows:
        return
    parts = np.sort(x[: len(x) // rows * rows].reshape(-1, rows), axis=1)
    apart = parts[:, 1:] - parts[:, :-1]
    least = np.where(apart > 0.0, apart, np.inf).min(axis=1)
    fit = np.flatnonzero(np.isfinite(least) & (least >= LEAST * near))
    of = (_of_stretch(parts[k], near) for first in range(ENOUGH) for k in fit[first::ENOUGH])  # from all over the take
    yield from islice((one for one in of if one is not None), ENOUGH)


def with_few_digits(x: np.ndarray) -> np.ndarray:
    """(n,) rows of a column that were written as text, or otherwise, with as few significant digits as nearly all of its rows: their steps
    are ten times as fine below each power of ten. None of a column of more digits than `DIGITS`."""
    size, moves = np.abs(x), np.diff(x, prepend=x[0]) != 0.0
    power = np.floor(np.log10(np.where(size > 0.0, size, 1.0)))
    for digits in DIGITS:
        unit = 10.0 ** (power - digits + 1)
        few = np.abs(_beside(x, unit)) <= 0.5 * np.spacing(size.astype(np.float32))
        if moves.any() and float(few[moves].mean()) >= NEARLY_ALL:
            return few
    return np.zeros(len(x), bool)


def _on(x: np.ndarray, origin: float, step: float, near: float) -> np.ndarray:
    """(n,) rows of a column that are on a step; of angles past half a turn, once a turn is undone, which goes on over its seam."""
    on = np.abs(_beside(x - origin, step)) <= near
    past = np.abs(x) > np.pi
    if past.any():
        on |= past & (np.abs(_beside(x - 2.0 * np.pi * np.sign(x) - origin, step)) <= near)
    return np.asarray(on)


def is_moved(numbers: np.ndarray, steps: EncoderSteps) -> bool:
    """Whether numbers (n,) are beside the steps of a column, all by the same: they have another zero."""
    return len(np.unique(numbers)) >= NUMBERS and float(np.abs(_beside(numbers - numbers[0], steps.step)).max()) <= 2.0 * steps.near


def step_between(numbers: np.ndarray, near: float) -> float | None:
    """The step that all of some numbers (n,) in a row are on, each within `near` of it; None where there is none, and of an even motion,
    which has a step of its own."""
    different = len(np.unique(numbers))
    if len(np.unique(numbers[2:-2][_turns(numbers, near)[2:-2]])) < NUMBERS:
        return None
    steps = (found[0] for of in range(1, FINER + 1) if (found := _of_stretch(numbers, near, of)) is not None)
    return next((step for step in steps if FINER * (2.0 * near / step) ** (different - 2) < BY_CHANCE), None)


def _turns(x: np.ndarray, near: float) -> np.ndarray:
    """(n,) rows in which a column does not go on evenly: even speeds, ramps and jerks are whole numbers of their own."""
    return np.asarray(np.abs(np.diff(np.pad(x, EVEN // 2, mode="edge"), EVEN)) > EVEN * near)


def _new_turns(x: np.ndarray, near: float) -> np.ndarray:
    """The same without the rows that repeat the one before: of a device that is slower than the rows each value comes several times."""
    new = np.flatnonzero(np.diff(x, prepend=np.nan) != 0.0)
    out = np.zeros(len(x), bool)
    out[new] = _turns(x[new], near)
    return out


def _of_stretch(x: np.ndarray, near: float, of: int = 1) -> tuple[float, float, float] | None:
    """Step of a stretch of which all numbers are on it, steps from its least to its largest number, and the middle one of these; the two
    numbers next to each other are `of` steps apart."""
    numbers = np.sort(x)
    apart = numbers[1:] - numbers[:-1]
    apart = apart[apart > 0.0]
    if len(apart) < NUMBERS or (step := float(apart.min()) / of) < LEAST * near:
        return None
    for reach in REACHES:  # most stretches are on no step, which their few smallest steps show
        small = np.sort(apart[apart < (reach + 0.5) * step])
        if not len(small):
            continue
        times = np.round(small / step)
        step = float(small.sum() / times.sum())
        if np.abs(small - times * step).max() > near:
            return None
    return step, float(np.round(apart / step).sum()), float(numbers[len(numbers) // 2])


def _refined(x: np.ndarray, step: float, reach: float, origin: float, near: float) -> float:
    """The step as most numbers of a column (n,) have it, from one known over so many steps from a number on it: further and further."""
    far = np.abs(x - origin)
    most = float(far.max()) / step
    while True:
        wide = min(FURTHER * reach, most)
        numbers = np.unique(x[far <= wide * step])
        numbers = numbers[:: -(-len(numbers) // ASKED)]
        # so that the next one is within the rounding at the furthest number
        tried = step + 2.0 * near / reach * np.linspace(-1.0, 1.0, 2 * int(np.ceil(2.0 * max(wide / reach, 1.0))) + 1)
        count = (np.abs(_beside(numbers[:, None] - origin, tried)) <= near).sum(axis=0)
        step = float(np.median(tried[count == count.max()]))
        on = numbers[np.abs(_beside(numbers - origin, step)) <= near] - origin
        times = np.round(on / step)
        step = float(times @ on / (times @ times)) if times.any() else step
        if wide >= most:
            return step
        reach = wide


def _beside(x: np.ndarray, step: np.ndarray | float) -> np.ndarray:
    return np.asarray(x - step * np.round(x / step))
