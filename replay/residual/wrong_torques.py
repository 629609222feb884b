"""Torques of the arms that are those of other joints, or that nobody wrote: what the law of no servo explains as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .arm_chain import MeasuredArm
from .relations import robust_fit
from .servo_law import BETTER, LEAST_ROWS, WITHIN, PooledServos, law_of_arms, pool_of_arms
from .table import Group

ONE_OF, LEAST = 2000, 20.0  # rows that each joint's torque is held against each other's servo in; Nm from where on a row counts alike
HOLDS = 2.0  # Nm of weight, which no torque that is nothing holds


def torques_exchanged(group: Group, arms: Mapping[str, MeasuredArm]) -> tuple[PooledServos, list[int]] | None:
    """The joints of the arms, and of each which one's torque stands in its column; None where that is its own, or nothing is known.

    Each torque is held against what the model's servo of every joint would have given; the law must hold with all of them put right.
    """
    pool = pool_of_arms(group, arms) if group.same_rows else None
    terms = pool.terms if pool is not None else None
    if pool is None or terms is None or pool.gains is None:
        return None
    from scipy.optimize import linear_sum_assignment  # here, as it takes as long to load as all else of the judge

    design, y, _ = terms
    every = -(-y.shape[1] // ONE_OF)
    model = np.array([*pool.gains, 1.0], float)
    apart = np.minimum(np.abs(y[:, None, ::every] - (design[:, ::every] @ model)[None]), LEAST).mean(axis=2)
    of = [int(j) for j in linear_sum_assignment(apart)[1]]
    if float(apart[range(len(of)), of].sum()) > BETTER * float(np.trace(apart)):
        return None
    where = {j: i for i, j in enumerate(of)}
    right = tuple(
        c.but(effort=pool.channels[where[j]].columns["effort"]) for j, c in enumerate(pool.channels)
    )
    return (pool, of) if law_of_arms(replace(pool, channels=right), ()) is not None else None


def torques_never_written(group: Group, arms: Mapping[str, MeasuredArm]) -> tuple[PooledServos, float] | None:
    """The joints of the arms, whose torques are one value each while their servos hold them, and what the largest should be [Nm].

    That they are the servos of the model is known by how the joints follow: what is left of the way to a command is damping over
    stiffness times the speed. None where it is not so.
    """
    pool = pool_of_arms(group, arms) if group.same_rows else None
    terms = pool.terms if pool is not None else None
    if pool is None or terms is None or pool.gains is None or float(np.ptp(terms[1], axis=1).max()) > 0.0:
        return None
    design, y, moving = terms
    left, speed = design[moving][:, 0], -design[moving][:, 1]
    if len(left) < LEAST_ROWS or not speed.any():
        return None
    slowness = float(robust_fit(speed[:, None], left, None, np.full(1, 1e-9), 1e-4)[0])
    stiffness, damping, _ = model = np.array([*pool.gains, 1.0], float)
    size = float(np.abs(design @ model - y).max())
    follows = abs(slowness * stiffness / damping - 1.0) <= WITHIN
    return (pool, size) if follows and float(np.abs(pool.weight).max()) > HOLDS else None
