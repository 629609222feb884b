"""What recorders, converters and people do to rows and columns: lost, turned, repeated, spliced, exchanged, mixed.

An operation on rows gives the rows to be taken, (m,) whole numbers; those from `len(values)` on are rows of the other take.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .patch import Patch, UnfitError, Values

Rows = NDArray[np.int64]


# ------------------------------------------------------------------------------------------------------------- rows
def _all(p: Patch) -> Rows:
    return np.arange(len(p.values))


def cut(p: Patch) -> Rows:
    """Rows are lost, and the rest is counted anew."""
    return np.delete(_all(p), p.rows)


def thinned(p: Patch) -> Rows:
    """Every other row of the span is lost, and the rest is counted anew."""
    return np.delete(_all(p), np.arange(p.first, p.last, 2))


def stuttered(p: Patch) -> Rows:
    """Rows of the span come twice, and all is counted anew."""
    return np.insert(_all(p), p.last, np.arange(p.first, p.last))


def turned(p: Patch) -> Rows:
    """The span runs backwards."""
    return _with(p, np.arange(p.first, p.last)[::-1])


def shuffled(p: Patch) -> Rows:
    """Rows of the span stand in any order."""
    return _with(p, p.rng.permutation(np.arange(p.first, p.last)))


def pairs(p: Patch) -> Rows:
    """Rows of the span are exchanged two by two: messages that overtake one another."""
    rows = np.arange(p.first, p.last)
    even = len(rows) // 2 * 2
    rows[:even] = rows[:even].reshape(-1, 2)[:, ::-1].reshape(-1)
    return _with(p, rows)


def rotated(p: Patch) -> Rows:
    """A ring buffer read from the wrong place."""
    return _with(p, np.roll(np.arange(p.first, p.last), int(p.rng.integers(1, max(2, p.n)))))


def blocks(p: Patch) -> Rows:
    """Blocks of rows are exchanged two by two: packets that overtake one another."""
    half = p.n // 2
    rows = np.arange(p.first, p.last)
    return _with(p, np.concatenate([rows[half:], rows[:half]]))


def again(p: Patch) -> Rows:
    """An earlier stretch stands there once more."""
    if p.first < p.n + 1:
        raise UnfitError("there is no earlier stretch so long")
    begin = int(p.rng.integers(0, p.first - p.n))
    return _with(p, np.arange(begin, begin + p.n))


def there_and_back(p: Patch) -> Rows:
    """The first half of the span, and then back: a buffer that is read to and fro."""
    half = (p.n + 1) // 2
    there = np.arange(p.first, p.first + half)
    return _with(p, np.concatenate([there, there[::-1]])[: p.n])


def spliced(p: Patch) -> Rows:
    """The span is that of another take."""
    other = p.need(p.other)
    if len(other) < p.last:
        raise UnfitError("the other take is shorter")
    return _with(p, np.arange(p.first, p.last) + len(p.values))


def other_end(p: Patch) -> Rows:
    """From a row on it is another take."""
    other = p.need(p.other)
    if len(other) <= p.first + 2:
        raise UnfitError("the other take is shorter")
    return np.concatenate([np.arange(p.first), np.arange(p.first, len(other)) + len(p.values)])


def _with(p: Patch, rows: Rows) -> Rows:
    every = _all(p)
    every[p.rows] = rows
    return every


# ---------------------------------------------------------------------------------------------------------- columns
def of_rows(rows: Rows, p: Patch) -> Values:
    """(m, k) values by rows of this take and the other."""
    return (p.values if p.other is None else np.concatenate([p.values, p.other]))[rows]


def exchanged(p: Patch) -> Values:
    """Columns are handed on by one."""
    if p.values.shape[1] < 2:
        raise UnfitError("one column alone")
    return p.put(np.roll(p.inside, 1, axis=1))


def cross_talk(p: Patch) -> Values:
    """A share of another column is added."""
    near = p.need(p.near)[p.rows]
    return p.by((near - p.need(p.near).mean(axis=0)) * p.signs)


def mixed(p: Patch) -> Values:
    """The mean of it and another column."""
    return p.put((p.inside + p.need(p.near)[p.rows]) / 2.0)


def differential(p: Patch) -> Values:
    """Two columns are given as their sum and difference, as when the two motors of a wrist are taken for its joints."""
    x = p.inside
    if x.shape[1] != 2:
        raise UnfitError("it takes two")
    return p.put(np.stack([x[:, 0] + x[:, 1], x[:, 0] - x[:, 1]], axis=1))


def copied(p: Patch) -> Values:
    """The neighbour's column is written."""
    return p.put(p.need(p.near)[p.rows])


def of_other_take(p: Patch) -> Values:
    """The same column of another take."""
    other = p.need(p.other)
    if len(other) < p.last:
        raise UnfitError("the other take is shorter")
    return p.put(other[p.rows])


def from_beside(p: Patch) -> Values:
    """Measured for commanded, or commanded for measured."""
    return p.put(p.need(p.beside)[p.rows])


def halfway(p: Patch) -> Values:
    """Half commanded, half measured: a mean that somebody took for a better estimate."""
    return p.put((p.inside + p.need(p.beside)[p.rows]) / 2.0)


def last_first(p: Patch) -> Values:
    """Quaternions with their real part last instead of first; the columns are those of one attitude, (m, 4)."""
    return p.put(np.roll(_attitude(p), -1, axis=1))


def conjugate(p: Patch) -> Values:
    """Attitudes turned the other way: of the world in the thing instead of the thing in the world."""
    return p.put(_attitude(p) * [1.0, -1.0, -1.0, -1.0])


def _attitude(p: Patch) -> Values:
    x = p.inside
    if x.shape[1] != 4:
        raise UnfitError("no attitude")
    return x


def other_frame(p: Patch) -> Values:
    """Places in a frame that is turned by a quarter about the vertical; the columns are x, y, z."""
    x = p.inside
    if x.shape[1] != 3:
        raise UnfitError("no place")
    return p.put(np.stack([-x[:, 1], x[:, 0], x[:, 2]], axis=1))


def from_first_thing(p: Patch) -> Values:
    """Places counted from another thing."""
    return p.put(p.inside - p.need(p.near)[p.rows])
