"""Quadratic programmes of the retargeting: one with every kind of limit, and many small ones with bounds alone.

`solve` calls daqp, an active-set method: exact, and the same to the bit every time. `boxed` solves many programmes of one arm
each in one go; what does not settle there is left to daqp.
"""

from __future__ import annotations

from collections.abc import Sequence

import daqp
import numpy as np
from numpy.typing import NDArray

from .track import Array

NEVER = 1e30  # daqp's infinity
ROUNDS = 12  # changes of the active bounds, after which a small programme is left to daqp
ROUNDING = 1e-12  # rad, or the slope of the price, below which a bound is neither passed nor pulled at


def solve(cost: Array, pull: Array, low: Array, high: Array, hard: Rows | None, soft: Sequence[Soft] = ()) -> Array:
    """(k,) minimiser of 1/2 x'Px + p'x with low <= x <= high, under hard rows, and soft rows each with a slack of its own.

    Args:
        hard: (m, k), (m,) rows G x <= h, if any.
        soft: (rows, weight) of each kind.

    Raises:
        ArithmeticError: never for hard limits that hold where the step begins, since not to move is then allowed.
    """
    k = len(pull)
    slack = sum(len(h) for (_, h), _ in soft)
    g, h = hard if hard is not None else (np.zeros((0, k)), np.zeros(0))
    if slack:
        wide = np.zeros((k + slack, k + slack))
        wide[:k, :k], at = cost, k
        blocks, bounds = [np.hstack([g, np.zeros((len(h), slack))])], [h]
        for (block, bound), weight in soft:
            part = np.zeros((len(bound), slack))
            part[:, at - k : at - k + len(bound)] = -np.eye(len(bound))
            blocks.append(np.hstack([block, part]))
            bounds.append(bound)
            wide[range(at, at + len(bound)), range(at, at + len(bound))] = weight**2
            at += len(bound)
        cost, pull, g, h = wide, np.r_[pull, np.zeros(slack)], np.vstack(blocks), np.concatenate(bounds)
        low, high = np.r_[low, np.zeros(slack)], np.r_[high, np.full(slack, NEVER)]
    upper, lower = np.concatenate([high, h]), np.concatenate([low, np.full(len(h), -NEVER)])
    found, _, flag, _ = daqp.solve(cost, pull, g, upper, lower, np.zeros(len(upper), np.int32))
    if flag <= 0:
        raise ArithmeticError(f"daqp found no answer ({flag})")
    return np.asarray(found[:k], float)


Rows = tuple[Array, Array]
Soft = tuple[Rows, float]


def boxed(cost: Array, pull: Array, low: Array, high: Array, side: NDArray[np.int8]) -> Array:
    """(m, j) minimisers of 1/2 x'Px + p'x with low <= x <= high, for m programmes of their own.

    Args:
        cost: (m, j, j) positive definite; pull, low, high: (m, j).
        side: (m, j) bounds at which it begins, -1 the lower and 1 the upper one; those at which it ends are written into it.
    """
    every, out = np.arange(cost.shape[-1]), np.zeros(pull.shape)
    open_ = np.arange(len(pull))
    c, p, lo, hi, at = cost, pull, low, high, side.copy()
    for _ in range(ROUNDS):
        free = at == 0
        matrix, known = c, -p
        if not free.all():
            fixed = np.where(at < 0, lo, np.where(at > 0, hi, 0.0))
            matrix = np.where(free[:, :, None] & free[:, None, :], c, 0.0)
            matrix[:, every, every] += ~free
            known = np.where(free, known - (c @ fixed[..., None])[..., 0], fixed)
        x = np.linalg.solve(matrix, known[..., None])[..., 0]
        now = (x > hi + ROUNDING).astype(np.int8) - (x < lo - ROUNDING)
        if not free.all():
            slope = ((c @ x[..., None])[..., 0] + p) * at
            now = np.where(free, now, np.where(slope > ROUNDING, 0, at))
        out[open_], side[open_] = x, now
        more = (now != at).any(axis=1)
        open_ = open_[more]
        if not len(open_):
            break
        c, p, lo, hi, at = c[more], p[more], lo[more], hi[more], now[more]
    for i in open_:
        out[i] = solve(cost[i], pull[i], low[i], high[i], None)
    return np.clip(out, low, high)
