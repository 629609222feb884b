"""Commands as the servos heard them: where a torque is not what its law gives for the recorded command, it says which command it answers.

The law is exact to some hundredths of a newton metre, so that the command that a servo had stands in each torque. It is
believed where the joint went there as well: then the command was recorded otherwise, and the torque is right.
"""

from __future__ import annotations

import numpy as np

from .departures import WitnessedColumn, departures
from .engine import Difference
from .relations import Relation
from .servo_law import ServoLaw
from .table import Group

SPENT = 0.98  # of the largest torque: beyond it a servo says nothing of its command
BELIEVED = 0.7  # of what a joint departs from the recorded command, root mean square: what it may depart from the heard one
LIMIT = 3.0  # Nm of stiffness: from where on a command differs
REACH = 4  # rows in which a joint follows


def heard_command(law: ServoLaw, j: int, rest: np.ndarray) -> np.ndarray:
    """(n,) [rad] the command of a joint that its torques answer; as recorded where a torque says nothing.

    Args:
        rest: (n,) [Nm] what the law leaves of the torques.
    """
    command = law.channels[j].columns["command"].copy()
    tells = np.abs(law.effort[1:, j]) < SPENT * law.most[j]
    command[:-1] += np.where(tells, rest[1:], 0.0) / max(law.stiffness, 1e-9)
    return command


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


def command_heard(
    group: Group, law: ServoLaw, j: int, restored: np.ndarray, bad: np.ndarray, sure: np.ndarray
) -> list[Difference]:
    """What is wrong with the commands of a joint, in rows `bad` (n,) of its torques; `sure` (n,) as no blow does it."""
    channel = law.channels[j]
    limit = LIMIT / law.stiffness
    others = {c.name: c.columns["command"] for k, c in enumerate(law.channels) if k != j}
    column = WitnessedColumn(
        channel.name, "command", "rad", channel.topics["command"], group.t, channel.columns["command"], restored,
        np.append(bad[1:], False), np.append((bad & sure)[1:], False), limit, max(law.noise, 0.01) / law.stiffness, others,
    )  # fmt: skip
    return departures(column)
