"""Commands and positions as the servos had them: where a torque is not what its law gives for what is recorded, it says what it answers.

The law is exact to some hundredths of a newton metre, so that the command, less the position, that a servo had stands in each torque.
A command is believed to be written otherwise where the joint went there as well; a position where its command and its speed say so, too.
"""

from __future__ import annotations

import numpy as np

from .departures import WitnessedColumn
from .relations import Relation
from .servo_law import ServoLaw
from .table import Group

HEARD = ("command", "measured")
SPENT = 0.98  # of the largest torque: beyond it a servo says nothing of its command
BELIEVED = 0.7  # of what a joint departs from the recorded command, root mean square: what it may depart from the heard one
REACH = 4  # rows in which a joint follows


def heard(law: ServoLaw, j: int, rest: np.ndarray, kind: str) -> np.ndarray:
    """(n,) [rad] the command or the position of a joint that its torques answer; as recorded where a torque says nothing.

    Args:
        rest: (n,) [Nm] what the law leaves of the torques.
    """
    column = law.channels[j].columns[kind].copy()
    off = np.where(np.abs(law.effort[:, j]) < SPENT * law.most[j], rest, 0.0) / max(law.stiffness, 1e-9)
    if kind == "measured":
        return column - off
    column[:-1] += off[1:]  # a torque answers the command of the row before
    return column


def is_followed(relation: Relation | None, recorded: np.ndarray, restored: np.ndarray, first: int, last: int) -> bool:
    """Whether a joint went where a command was heard to send it, rather than where it is recorded to."""
    if relation is None:
        return False
    beside = max(REACH, last - first + 1)
    rows = slice(max(0, first - beside), last + beside + 1)
    after = relation.residual + relation.matrix("command") @ (restored - recorded)
    # how far a joint hangs beside its command is fitted, and bends towards whichever part of the take is longer
    was, is_ = (float(np.sqrt(np.mean((x - np.median(x))[rows] ** 2))) for x in (relation.residual, after))
    return is_ < BELIEVED * was


def heard_column(
    group: Group, law: ServoLaw, j: int, rest: np.ndarray, kind: str, bad: np.ndarray, sure: np.ndarray, limit: float
) -> WitnessedColumn:
    """The command or position of a joint and what its torques answer, which depart in rows `bad` (n,) and count from `limit` [Nm] on."""
    channel = law.channels[j]
    others = {c.name: c.columns[kind] for k, c in enumerate(law.channels) if k != j}
    if kind == "command":
        bad, sure = (np.append(rows[1:], False) for rows in (bad, sure))
    return WitnessedColumn(
        channel.name, kind, "rad", channel.topics[kind], group.t, channel.columns[kind], heard(law, j, rest, kind), bad, sure,
        limit / law.stiffness, max(law.noise, 0.01) / law.stiffness, others,
    )  # fmt: skip
