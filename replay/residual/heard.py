"""Commands and positions as the servos had them: where a torque is not what its law gives for what is recorded, it says what it answers.

The law is exact to some hundredths of a newton metre, so that the command, less the position, that a servo had stands in each torque.
A command is believed to be written otherwise where the joint went there as well; a position where its command and its speed say so, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .departures import WitnessedColumn
from .difference import Difference
from .relations import Relation, shifted
from .servo_law import ServoLaw
from .table import Group

HEARD = ("command", "measured")
LEAST_STIFFNESS = 1.0  # Nm/rad: a servo that is softer says nothing of its command
SPENT = 0.98  # of the largest torque: beyond it a servo says nothing of its command
RISES, RISEN = 0.1, 0.4  # rad/s, or of the way a second, by which positions contradict a speed; share of it that may be left
BELIEVED = 0.7  # of what a joint departs from the recorded command, root mean square: what it may depart from the heard one
REACH = 4  # rows in which a joint follows
BRIEF = 2  # rows beyond the first one, in which an arm goes far enough to be seen to follow
TO_AND_FRO = 0.4  # root mean square of the mean over `REACH` rows over that of the rows, of what an arm does not follow: it averages out
# of what a servo would give otherwise, root mean square: what a torque may leave to bear command and position out; times the noise of
# the law, from where on that says anything
BORNE_OUT, SAYS = 0.3, 3.0


def heard(law: ServoLaw, j: int, rest: np.ndarray, kind: str) -> np.ndarray:
    """(n,) [rad] the command or the position of a joint that its torques answer; as recorded where a torque says nothing.

    Args:
        rest: (n,) [Nm] what the law leaves of the torques; zero where it is not asked.
    """
    column = law.channels[j].columns[kind].copy()
    # a command that is far off asks for more than a servo gives: only the torque shows what it had
    says = (np.abs(law.effort[:, j]) < SPENT * law.most[j]) & (rest != 0.0)
    off = np.where(says, rest + law.truth[:, j] - law.asked[:, j], 0.0) / max(law.stiffness, 1e-9)
    if kind == "measured":
        return column - off
    column[:-1] += off[1:]  # a torque answers the command of the row before
    return column


def answered(laws: Sequence[ServoLaw]) -> dict[str, np.ndarray]:
    """Joint -> (n,) [rad] the positions that its torques answer."""
    return {
        channel.name: heard(law, j, law.effort[:, j] - law.truth[:, j], "measured")
        for law in laws if law.stiffness > LEAST_STIFFNESS for j, channel in enumerate(law.channels)
    }  # fmt: skip


def is_borne_out(laws: Sequence[ServoLaw], one: Difference) -> bool:
    """Whether the torques of all its channels are what their servos give for the command and the position as recorded: then both are
    right, and something holds the joint back: a load, a stop, a blow."""
    by_name = {channel.name: (law, j) for law in laws if law.stiffness > LEAST_STIFFNESS for j, channel in enumerate(law.channels)}
    if one.name == "measurement_as_command":  # a copy is no command, however little its torque differs
        return False
    return one.kind in HEARD and all(name in by_name and _leaves_nothing(*by_name[name], one) for name in one.channels)


def _leaves_nothing(law: ServoLaw, j: int, one: Difference) -> bool:
    """What no body does by itself, as far as is recorded, takes a servo that is known: it gives all that it can, and is not followed.

    A servo that would give the same for the column as it should be, because it gives all that it can either way, says nothing.
    """
    if one.certain and not (law.modelled and one.cases):
        return False
    rest = (law.effort - law.truth)[:, j]
    later, sign = (1, 1.0) if one.kind == "command" else (0, -1.0)  # a torque answers the command of the row before
    rows = slice(max(one.first, 1) + later, one.last + 1 + later)
    if rest[rows].size == 0:  # it ends with the take: no torque answers it any more
        return False
    own = [case for name, case in zip(one.channels, one.cases) if name == law.channels[j].name]
    apart = []
    for case in own if len(one.cases) == len(one.channels) else one.cases:
        asked = law.asked[:, j] + sign * law.stiffness * shifted(case.truth - case.x, -later)
        apart.append(_rms((np.clip(asked, -law.most[j], law.most[j]) - law.truth[:, j])[rows]))
    largest = min(apart, default=min(law.stiffness * one.size, float(law.most[j])))
    return largest > SAYS * law.noise and _rms(rest[rows]) < BORNE_OUT * largest


def answering(law: ServoLaw) -> set[str]:
    """Joints with torques that are, in the whole take, what a known servo gives for the recorded command and position."""
    if not law.modelled or law.stiffness < LEAST_STIFFNESS:
        return set()
    rest = (law.effort - law.truth)[1:]
    off = [_rms(c.columns["command"] - c.columns["measured"]) for c in law.channels]
    return {c.name for j, c in enumerate(law.channels) if _rms(rest[:, j]) < BORNE_OUT * law.stiffness * off[j]}


def _rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(x**2)))


def rose(rises: Relation | None, change: np.ndarray, first: int, last: int) -> bool:
    """Whether a joint's speed is what its positions rise by, once these are changed (n,), and is not as they are recorded."""
    if rises is None:
        return False
    rows = slice(max(0, first - 2), last + 3)
    was, is_ = np.abs(rises.residual[rows]), np.abs((rises.residual + rises.matrix("measured") @ change)[rows])
    return float(was.max()) > RISES and float(is_.sum()) < RISEN * float(was.sum())


def went(law: ServoLaw, j: int, relation: Relation | None, sent: np.ndarray, first: int, last: int) -> bool:
    """Whether a joint went where a command was heard to send it, rather than where it is recorded to.

    A hand stops at what it holds, a head hardly moves, and an arm hardly leaves its way within a row or two, or for commands that go to
    and fro from row to row: there that one of command and torque is wrong which is the less steady for it.
    """
    recorded = law.channels[j].columns["command"]
    followed = _is_followed(relation, recorded, sent, first, last)
    if followed or (law.scale == 1.0 and last - first >= BRIEF and not _averages_out((sent - recorded)[max(0, first) : last + 1])):
        return followed
    rows = slice(max(0, first - 2), last + 4)
    was, is_ = _unsteady(recorded[rows]), _unsteady(sent[rows])
    force, due = (_unsteady(x[rows, j]) / law.stiffness for x in (law.effort, law.asked))
    return is_ - was < due - force


def _averages_out(x: np.ndarray) -> bool:
    return len(x) >= REACH and _rms(np.convolve(x, np.ones(REACH) / REACH, "valid")) < TO_AND_FRO * _rms(x)


def _unsteady(x: np.ndarray) -> float:
    return float(np.abs(np.diff(x)).sum() + np.abs(np.diff(x, 2)).sum())


def _is_followed(relation: Relation | None, recorded: np.ndarray, restored: np.ndarray, first: int, last: int) -> bool:
    if relation is None:
        return False
    beside = max(REACH, last - first + 1)
    rows = slice(max(0, first - beside), last + beside + 1)
    after = relation.residual + relation.matrix("command") @ (restored - recorded)
    # how far a joint hangs beside its command is fitted, and bends towards whichever part of the take is longer; where that is the part
    # in question, it hangs as little as joints do
    hangs = (relation.constant,) * 2 if 2 * (last - first) > len(recorded) else map(np.median, (relation.residual, after))
    was, is_ = (float(np.sqrt(np.mean((x - by)[rows] ** 2))) for x, by in zip((relation.residual, after), hangs))
    return is_ < BELIEVED * was


def heard_column(
    group: Group, law: ServoLaw, j: int, rest: np.ndarray, kind: str, bad: np.ndarray, sure: np.ndarray, limit: float
) -> WitnessedColumn:
    """The command or position of a joint and what its torques answer, which depart in rows `bad` (n,) and count from `limit` [Nm] on."""
    channel = law.channels[j]
    rests = law.effort - law.truth
    others = {c.name: heard(law, k, rests[:, k], kind) for k, c in enumerate(law.channels) if k != j}
    if kind == "command":
        bad, sure = (np.append(rows[1:], False) for rows in (bad, sure))
    return WitnessedColumn(
        channel.name, kind, channel.unit, channel.topics[kind], group.t, channel.columns[kind], heard(law, j, rest, kind), bad, sure,
        limit / law.stiffness, max(law.noise, 0.01 * law.scale) / law.stiffness, others,
        channel.columns["measured" if kind == "command" else "command"], "law",
    )  # fmt: skip
