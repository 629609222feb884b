"""Positions and speeds of an arm that are of another moment than all else: its torques, and what the other joints do, know it.

Both columns of an arm that come late alike bear each other out. Its torques answer the way that was left of the command, and the speed, of
their own row: where the law of the model holds once both are put back, and for no single column, both are late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..recording.quantities import POSITIONS, SPEEDS
from ..recording.recording import Recording
from .arm_chain import MeasuredArm
from .difference import JOIN, Difference
from .relations import shifted
from .servo_law import BETTER, LESS, SHARPER, SHIFTS, SLACK, UNSURE, PooledServos, left_of_model, pool_of_arms
from .table import Group, RecordedChannel
from .torque_timing import HARMLESS, is_harmless

ALONE = ("effort", "command", "measured")  # columns that may be late by themselves
SPARSE = 3  # rows: of so many one is asked first, and then those beside the best


@dataclass(frozen=True)
class LateStates:
    """What was found, for the report, and by how many rows of the table the states of these joints are late (negative: early)."""

    difference: Difference
    joints: frozenset[str]
    rows: int

    def put_right(self, recording: Recording) -> Recording:
        """The recording with these states in their own rows, of which the table of a long take has only some."""
        streams, late = {}, float(self.difference.numbers["late"])
        for key, one in recording.streams.items():
            values = one.values
            if one.role == "measured" and one.quantity in (*POSITIONS, *SPEEDS) and self.joints & set(one.names):
                values, wrong = values.copy(), [j for j, name in enumerate(one.names) if name in self.joints]
                rows = round(late * 1e9 / float(np.median(np.diff(one.time_ns))))
                values[:, wrong] = shifted(values[:, wrong], rows)
            streams[key] = replace(one, values=values)
        return replace(recording, streams=streams)

    def differences_beside(self, rest: Sequence[Difference]) -> list[Difference]:
        """What is left once they are put right, without the rows that they lack then."""
        edge = abs(self.rows)
        return [d for d in rest if not (d.first >= d.rows - edge - JOIN if self.rows > 0 else d.last < edge + JOIN)]


def late_states(group: Group, had: Group, arms: Mapping[str, MeasuredArm]) -> LateStates | None:
    """The arm with positions and speeds of another moment; None where there is none, or no torque tells.

    Args:
        had: the group as its servos had it, with harmless delays undone.
    """
    pool = pool_of_arms(had, arms) if had.same_rows else None
    if pool is None:
        return None
    for limb in dict.fromkeys(pool.limbs):
        of = [j for j, one in enumerate(pool.limbs) if one == limb]
        channels = tuple(pool.channels[j] for j in of)
        part = replace(pool, channels=channels, weight=pool.weight[:, of], most=pool.most[of], limbs=(limb,) * len(of))
        rows = _late(part, group.dt)
        if rows is not None:
            return _of(group, part.channels, rows)
    return None


def _late(pool: PooledServos, dt: float) -> int | None:
    """Rows by which the states of an arm are late; none of one that hardly moves."""
    if not pool.tells:
        return None
    middle, most = left_of_model(pool, "command", 0)
    if most <= SLACK or not np.isfinite(pool.weight).all():
        return None
    coarse = min(SHIFTS[::SPARSE], key=lambda one: _left(pool, one))
    late = min(range(coarse - SPARSE + 1, coarse + SPARSE), key=lambda one: _left(pool, one))
    left = _left(pool, late)
    holds = left[1] <= min(SLACK, SHARPER * most)
    if pool.unsure and not holds:
        holds = left[0] <= UNSURE and left[0] <= LESS * middle and left[1] <= LESS * most
    if is_harmless(late, dt) or not holds:
        return None
    alone = min(left_of_model(pool, kind, one)[1] for kind in ALONE for one in SHIFTS if one)
    return late if left[1] <= BETTER * alone else None


def _left(pool: PooledServos, late: int) -> tuple[float, float]:
    """[Nm] that the law leaves in the middle row and in nine of ten, with the states so many rows earlier."""
    states = [{kind: shifted(c.columns[kind], late) for kind in ("measured", "velocity")} for c in pool.channels]
    moved = tuple(c.but(**of) for c, of in zip(pool.channels, states))
    return left_of_model(replace(pool, channels=moved, weight=shifted(pool.weight, late)), "command", 0)


def _of(group: Group, channels: Sequence[RecordedChannel], rows: int) -> LateStates:
    names = tuple(c.name for c in channels)
    late = rows * group.dt
    found = Difference.over(
        group.t, names, "measured", None, abs(late), "s", "lag", certain=True, numbers={"rows": float(rows), "late": late},
        stream=channels[0].topics["measured"], limit=HARMLESS, weight=1e4 * group.n * len(names),
    )  # fmt: skip
    return LateStates(found, frozenset(names), rows)
