"""What sensors, converters and networks do to single values: zeros that move, scales, ends of a range, grains, noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .patch import Patch, UnfitError, Values

MAINS = 50.0  # Hz
COUNTS = 4095  # of a converter of twelve bits over a column's range
TURN = 180.0 / np.pi


# ------------------------------------------------------------------------------------------------ a zero that moves
def constant(p: Patch) -> Values:
    """Off by the same amount throughout the span."""
    return p.by(np.ones((p.n, 1)) * p.signs)


def warming(p: Patch) -> Values:
    """Drifts as a thing warms up: fast at first, then ever slower."""
    return p.by((1.0 - np.exp(-3.0 * p.course)) * p.signs)


def growing(p: Patch) -> Values:
    """Off by an amount that grows evenly."""
    return p.by(p.course * p.signs)


def random_walk(p: Patch) -> Values:
    """Wanders: each row adds a little chance to the one before."""
    steps = p.rng.normal(size=(p.n, p.values.shape[1]))
    steps[0] = 0.0
    return p.by(np.cumsum(steps, axis=0))


def bump(p: Patch) -> Values:
    """Swells and goes back."""
    return p.by(np.sin(np.pi * p.course) ** 2 * p.signs)


def sag(p: Patch) -> Values:
    """Off by as much as another column has moved: a beam that bends under the load of the next joint."""
    near = p.need(p.near)[p.rows]
    return p.by((near - near[:1]) * p.signs)


def eccentric(p: Patch) -> Values:
    """Off by a sine of the value itself: a disc that does not turn about its middle."""
    span = np.maximum(p.high - p.low, 1e-9)
    turn = 2.0 * np.pi * (p.inside - p.low) / span + p.rng.uniform(0.0, 2.0 * np.pi)
    return p.by(np.sin(turn))


def loose_contact(p: Patch) -> Values:
    """Jumps to and fro between right and off, at moments of chance."""
    flips = p.rng.random(p.n) < max(3.0 / p.n, 0.08)
    flips[0] = True
    return p.by((np.cumsum(flips) % 2)[:, None] * p.signs)


def lost_steps(p: Patch) -> Values:
    """Off by one more step each time that the direction of motion changes: a stepper that loses steps."""
    moved = np.sign(np.diff(p.inside, axis=0, prepend=p.inside[:1]))
    turned = np.zeros_like(moved)
    for j in range(moved.shape[1]):
        at = np.flatnonzero(moved[:, j])
        back = at[1:][moved[at[1:], j] != moved[at[:-1], j]]
        turned[back, j] = 1.0
    return p.by(np.cumsum(turned, axis=0) * p.signs)


# ----------------------------------------------------------------------------------------------------------- a scale
def factor(p: Patch) -> Values:
    """Too large or too small by a share."""
    return p.put(p.inside * (1.0 + p.size * p.signs))


def one_sided(p: Patch) -> Values:
    """Too large by a share on one side of zero only: one arm of a bridge."""
    x, side = p.inside, p.signs
    if not (x * side > 0.0).any():
        raise UnfitError("it never comes to that side")
    return p.put(np.where(x * side > 0.0, x * (1.0 + p.size), x))


def curved(p: Patch) -> Values:
    """The share of the range is taken to a power: a table for another sensor."""
    span = np.maximum(p.high - p.low, 1e-9)
    u = np.clip((p.inside - p.low) / span, 0.0, 1.0)
    return p.reached(lambda more: p.low + span * u ** (1.0 + more), 1e-4, 4.0)


def other_unit(p: Patch) -> Values:
    """Degrees for radians, or the other way round."""
    return p.put(p.inside * (TURN if p.rng.random() < 0.5 else 1.0 / TURN))


def reversed_sign(p: Patch) -> Values:
    """The other sign."""
    return p.put(-p.inside)


def reversed_downwards(p: Patch) -> Values:
    """The other sign only while the value falls: a counter with a stuck direction line."""
    x = p.inside
    falls = np.diff(x, axis=0, prepend=x[:1]) < 0.0
    return p.put(np.where(falls, -x, x))


def unsigned(p: Patch) -> Values:
    """The sign is lost."""
    return p.put(np.abs(p.inside))


def inverted(p: Patch) -> Values:
    """Counts from the other end of its range."""
    return p.put(p.low + p.high - p.inside)


# ------------------------------------------------------------------------------------------------- ends of a range
def clipped(p: Patch) -> Values:
    """Ends at a level."""
    x = p.inside
    if p.rng.random() < 0.5:
        return p.put(np.minimum(x, x.max(axis=0) - p.size))
    return p.put(np.maximum(x, x.min(axis=0) + p.size))


def folded(p: Patch) -> Values:
    """Comes back from a level as from a mirror."""
    x = p.inside
    level = x.max(axis=0) - p.size / 2.0
    return p.put(np.where(x > level, 2.0 * level - x, x))


def wrapped(p: Patch) -> Values:
    """Beyond a level it goes on from the other end."""
    x = p.inside
    level = np.abs(x).max(axis=0) * p.rng.uniform(0.5, 0.95)
    if not (level > 0.0).all():
        raise UnfitError("it is zero")
    return p.put((x + level) % (2.0 * level) - level)


def slow(p: Patch) -> Values:
    """No row is further from the one before than a speed allows."""
    x = p.inside
    fastest = float(np.abs(np.diff(x, axis=0)).max(initial=0.0))
    if fastest <= 0.0:
        raise UnfitError("it stands")

    def limited(slower: float) -> Values:
        step = fastest / (1.0 + slower)
        return _each(x, lambda off: min(max(off, -step), step))

    return p.reached(limited, 1e-3, 1e4)


def sticking(p: Patch) -> Values:
    """Stands until it would be off by more than a band, then leaps to where it should be."""
    return p.reached(lambda band: _each(p.inside, lambda off: off if abs(off) > band else 0.0), *_bands(p))


def play(p: Patch) -> Values:
    """Follows at the edge of a band: backlash."""
    return p.reached(lambda band: _each(p.inside, lambda off: off - min(max(off, -band), band)), *_bands(p))


def _bands(p: Patch) -> tuple[float, float]:
    return p.size * 0.2, p.size * 10.0


def _each(x: Values, step: Callable[[float], float]) -> Values:
    """A course that goes on from row to row by a step of how far it is from where it should be."""
    courses = []
    for column in x.T.tolist():
        at, course = column[0], []
        for value in column:
            at += step(value - at)
            course.append(at)
        courses.append(course)
    return np.array(courses).T.reshape(x.shape)


def dead_middle(p: Patch) -> Values:
    """Nothing near the middle of what it goes through, and so much less beyond it."""
    x = p.inside
    middle = (x.max(axis=0) + x.min(axis=0)) / 2.0
    off = x - middle
    return p.put(middle + np.sign(off) * np.maximum(np.abs(off) - p.size, 0.0))


# -------------------------------------------------------------------------------------------------------- its grain
def rounded(p: Patch) -> Values:
    """Steps of one width."""
    return p.reached(lambda step: np.round(p.inside / step) * step, p.size, p.size * 50.0)


def truncated(p: Patch) -> Values:
    """Whole steps, what is left over is thrown away."""
    return p.reached(lambda step: np.trunc(p.inside / step) * step, p.size * 0.5, p.size * 50.0)


def short_float(p: Patch) -> Values:
    """A number with few bits of its own: the larger it is, the coarser."""
    fraction, exponent = np.frexp(p.inside)
    tried = [np.ldexp(np.round(fraction * 2.0**bits) / 2.0**bits, exponent) for bits in range(1, 11)]
    return p.put(_nearest(p, tried))


def stuck_bit(p: Patch) -> Values:
    """One bit of the converter always reads one."""
    code, step = _code(p)
    return p.put(_nearest(p, [p.inside + ((code | 1 << bit) - code) * step for bit in range(12)]))


def carried_bit(p: Patch) -> Values:
    """Wherever a bit of the converter turns, it is read a row too late."""
    code, step = _code(p)
    tried = []
    for bit in range(12):
        was = np.concatenate([code[:1], code[:-1]])
        tried.append(p.inside + (((code & ~(1 << bit)) | (was & 1 << bit)) - code) * step)
    return p.put(_nearest(p, tried))


def flipped_bits(p: Patch) -> Values:
    """In a few rows one bit of the float32 is flipped."""
    x = p.inside.astype(np.float32)
    at = p.rng.choice(len(x), max(1, min(len(x) // 8, 12)), replace=False)
    tried = []
    for bit in (*range(12, 31), 31):
        y = x.copy()
        y[at] = (y[at].view(np.uint32) ^ np.uint32(1 << bit)).view(np.float32)
        if np.isfinite(y).all():
            tried.append(np.where(np.isin(np.arange(len(x)), at)[:, None], y.astype(np.float64), p.inside))
    return p.put(_nearest(p, tried))


def swapped_bytes(p: Patch) -> Values:
    """In some rows the two bytes of the converter stand the other way round."""
    code, step = _code(p)
    other = ((code & 0xFF) << 8 | code >> 8) & COUNTS
    some = p.rng.random(len(code)) < max(0.1, 2.0 / len(code))
    some[int(p.rng.integers(len(some)))] = True
    return p.put(np.where(some[:, None], p.inside + (other - code) * step, p.inside))


def _code(p: Patch) -> tuple[np.ndarray, Values]:
    """(m, k) counts of a converter over the range, and the width of one (k,)."""
    step = np.maximum(p.high - p.low, 1e-9) / COUNTS
    return np.clip(np.round((p.inside - p.low) / step), 0, COUNTS).astype(np.int64), step


def _nearest(p: Patch, tried: list[Values]) -> Values:
    """Of several spans the one of which the largest change is nearest to the size, by ratio."""
    peaks = [float(np.abs(y - p.inside).max(initial=0.0)) for y in tried]
    fits = [i for i, peak in enumerate(peaks) if peak > 0.0]
    if not fits:
        raise UnfitError("nothing changes")
    return tried[min(fits, key=lambda i: abs(np.log(peaks[i] / p.size)))]


# ------------------------------------------------------------------------------------------------------------ noise
def burst(p: Patch) -> Values:
    """White noise."""
    return p.by(p.rng.normal(size=p.inside.shape))


def hum(p: Patch) -> Values:
    """The mains, as a sampling at this rate shows them."""
    t = p.times[p.rows, None]
    return p.by(
        np.sin(2.0 * np.pi * (MAINS + p.rng.uniform(-0.4, 0.4)) * t + p.rng.uniform(0.0, 2.0 * np.pi)) * p.signs
    )


def one_row(p: Patch) -> Values:
    """A single row is off."""
    return constant(p)


def dropouts(p: Patch) -> Values:
    """Every so many rows there is nothing, and a zero is written."""
    every = int(p.rng.integers(2, 8))
    x = p.inside
    x[int(p.rng.integers(every)) % len(x) :: every] = 0.0
    return p.put(x)


def slips(p: Patch) -> Values:
    """In some rows another column is read."""
    some = p.rng.random(p.n) < max(0.15, 2.0 / p.n)
    some[int(p.rng.integers(p.n))] = True
    return p.put(np.where(some[:, None], p.need(p.near)[p.rows], p.inside))


def noise_of_speed(p: Patch) -> Values:
    """The faster it moves, the noisier it is."""
    speed = np.abs(np.diff(p.inside, axis=0, prepend=p.inside[:1]))
    return p.by(p.rng.normal(size=speed.shape) * speed)
