"""Recorded torques against the law of the servos (`servo_law`). What departs is the torque, or else the command that the servo is said
to have had: the joint, which went where it was sent, tells which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from .arm_chain import MeasuredArm
from .departures import WitnessedColumn, departures, joined, rows_of, together
from .engine import Difference
from .heard_commands import command_heard, heard_command, is_followed
from .relations import TO_SIGMA, Relation, follows
from .servo_law import ServoLaw, laws_of
from .table import Group, RecordedChannel

LIMIT = 3.0  # Nm: what counts
# Within a control period a hand that slips or strikes chatters, and its torque is that of another moment than its speed: the law may
# leave so many times the damping times what the speed departs from the rise of the positions by
CHATTER = 2.0
# (rows, Nm): mean, and root of the mean square, over so many rows, of what the law leaves beyond that; 25 clean takes of seven
# scenarios reach 6.1 in a row, 0.5 and 1.2 over 9 rows, 0.1 and 0.2 over 31
SINGLE = 8.0
MEANS = ((9, 1.2), (31, 0.6))
ROOTS = ((9, 2.0), (31, 1.0))
STILL, QUIET = 0.02, 3.0  # rad/s: a joint that has not been faster within a few rows strikes nothing, and leaves less than so many Nm
SURE = 1.5  # times these bounds, from where on no blow does it
SEAM = 3  # joints that depart in one and the same row alone: rows are lost there, which is no matter of the torques
SHARE = 0.1  # by which all torques may be larger than the weight asks
LEAST = 8.0  # Nm of weight and stiffness that a take goes through, to tell what it is counted in
SIGMAS = 6.0  # of what the law leaves in rows that move, which are added to each bound: servos that follow it less exactly
LEAP = 0.04  # rad between two commands
UNHEARD, LEAST_UNHEARD = 0.5, 2  # of the rows of a difference, and least number of them, in which the torque answers to other values
ANSWERED = 0.3  # of the stiffness times a difference: what strikes and chatters is off by less
LEAST_STIFFNESS = 1.0  # Nm/rad: a servo that is softer says nothing of its command
FINER = 1.0 / 3.0  # of these bounds, for a joint of the head: its motors give 1.5 and 12 Nm


def check_effort(group: Group, arms: Mapping[str, MeasuredArm], found: Sequence[Difference]) -> list[Difference]:
    """Where a torque of the arms is not what its servo gives.

    Args:
        arms: of the group, by side.
        found: what the group contradicts itself in; a joint that stands there explains its torque.
    """
    out: list[Difference] = []
    doubted = {name for d in found if d.kind in ("command", "measured") for name in d.channels}
    for law in laws_of(group, arms, doubted):
        out += _by_law(group, law, found)
    return together(out)


def _by_law(group: Group, law: ServoLaw, found: Sequence[Difference]) -> list[Difference]:
    channels, effort, truth = law.channels, law.effort, law.truth
    rest = effort - truth
    rest[0] = 0.0  # what was commanded before the first row is not recorded
    speed = np.abs(np.column_stack([c.columns["velocity"] for c in channels]))
    small = FINER if len(channels) == 1 else 1.0
    chatter = CHATTER * abs(law.damping) * np.column_stack([_apart(c, group.t) for c in channels])
    steps = np.abs(np.diff(np.column_stack([c.columns["command"] for c in channels]), axis=0, prepend=0.0)).max(axis=1)
    seams = ((np.abs(rest) > SINGLE).sum(axis=1) >= SEAM) & (steps > LEAP)
    rest[rows_of((d for d in found if d.kind == "rows"), group.n) | seams] = 0.0
    out = list(_heard(law, rest, found))
    for j, channel in enumerate(channels):
        others = (d for d in found if channel.name in d.channels and d.kind != "command")
        rest[rows_of(others, group.n), j] = 0.0
    bad, sure = _judged(rest / small, speed, SIGMAS * law.noise / small, chatter / small)
    relations = follows(group) if bad.any() else []
    for j, channel in enumerate(channels):
        doubted = rows_of((d for d in found if channel.name in d.channels and d.kind == "command"), group.n)
        relation = relations[group.channels.index(channel)] if relations else None
        out += _of_joint(group, law, j, rest[:, j], bad[:, j], sure[:, j], doubted, relation, small * LIMIT)
    return [*out, *_all(group, law)]


def _of_joint(
    group: Group, law: ServoLaw, j: int, rest: np.ndarray, bad: np.ndarray, sure: np.ndarray, doubted: np.ndarray,
    relation: Relation | None, limit: float,
) -> Iterator[Difference]:  # fmt: skip
    """Stretches in which a torque is not what its servo gives: it is wrong, or else the command that the servo is said to have had.

    Args:
        doubted: (n,) rows in which the command contradicts what was measured.
    """
    channel, command = law.channels[j], np.zeros(group.n, bool)
    restored = heard_command(law, j, rest)
    for first, last in joined(bad) if law.stiffness > LEAST_STIFFNESS else ():
        if doubted[first : last + 1].any() or is_followed(relation, channel.columns["command"], restored, first - 1, last - 1):
            command[first : last + 1] = True
    if command.any():
        yield from command_heard(group, law, j, restored, bad & command, sure)
    noise = max(TO_SIGMA * float(np.median(np.abs(rest))), 0.01)
    yield from departures(WitnessedColumn(
        channel.name, "effort", "Nm", channel.topics["effort"], group.t, law.effort[:, j], law.truth[:, j], bad & ~command,
        bad & sure & ~command, limit, noise, {c.name: law.truth[:, k] for k, c in enumerate(law.channels) if k != j},
    ))  # fmt: skip


def _heard(law: ServoLaw, rest: np.ndarray, found: Sequence[Difference]) -> Iterator[Difference]:
    """What a push may have done by what else is recorded, but did not: a servo that is pushed answers as its law says, and this torque
    answers to another position than the one that stands there: it is off by the stiffness times the difference."""
    for one in found:
        for j, channel in enumerate(law.channels):
            if channel.name not in one.channels or one.kind != "measured" or one.certain or one.unit != "rad":
                continue
            if channel.name in one.change:
                sure = _answers(law, j, one, rest[:, j])
            else:
                rows = np.abs(rest[one.first + 1 : one.last + 2, j])
                least = max(SINGLE, ANSWERED * min(law.stiffness * one.size, float(np.abs(law.truth[:, j]).max())))
                sure = len(rows) >= LEAST_UNHEARD and float((rows > least).mean()) > UNHEARD
            if sure:
                yield replace(one, channels=(channel.name,), certain=True)


def _answers(law: ServoLaw, j: int, one: Difference, rest: np.ndarray) -> bool:
    """Whether the torque answers to the column as it would agree, and not as it is recorded: what the law leaves rises and falls with
    the stiffness times the change, by its greater part, in rows in which that is more than a blow leaves."""
    change = one.change[law.channels[j].name]
    most = law.most[j]
    asked = np.clip(law.truth[:, j] - law.stiffness * change, -most, most) - law.truth[:, j]
    rows = np.flatnonzero(np.abs(asked) > SINGLE)
    if len(rows) < LEAST_UNHEARD:
        return False
    slope = float((asked * rest)[rows].sum() / (asked**2)[rows].sum())
    left = float(((rest - asked)[rows] ** 2).sum() / (rest[rows] ** 2).sum()) if np.any(rest[rows]) else 1.0
    return slope > UNHEARD and left < UNHEARD


def _judged(rest: np.ndarray, speed: np.ndarray, more: float, chatter: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) rows that the law does not explain, and those that no blow explains either.

    Args:
        more: [Nm] that is added to each bound; chatter: (n, k) the same row by row.
    """
    near, loud = speed, chatter
    for shift in (1, 2, 3):
        near = np.maximum(near, np.maximum(_moved(speed, shift), _moved(speed, -shift)))
    for shift in (-1, 1):
        loud = np.maximum(loud, _moved(chatter, shift))
    over = np.abs(rest) / (np.where(near < STILL, QUIET, SINGLE) + more + loud)
    for rows in sorted({rows for rows, _ in (*MEANS, *ROOTS)}):
        slack = more + np.sqrt(_mean(chatter**2, rows))
        mean, root = np.abs(_mean(rest, rows)), np.sqrt(_mean(rest**2, rows))
        over = np.maximum(over, np.maximum(mean / (dict(MEANS)[rows] + slack), root / (dict(ROOTS)[rows] + slack)))
    return over > 1.0, over > SURE


def _apart(channel: RecordedChannel, t: np.ndarray) -> np.ndarray:
    """(n,) [rad/s] between the speed and what the positions rise by about each row."""
    rises = np.diff(channel.columns["measured"]) / np.diff(t)
    return np.abs(channel.columns["velocity"] - 0.5 * (np.concatenate([rises[:1], rises]) + np.concatenate([rises, rises[-1:]])))


def _moved(x: np.ndarray, shift: int) -> np.ndarray:
    return x[np.clip(np.arange(len(x)) + shift, 0, len(x) - 1)]


def _mean(x: np.ndarray, rows: int) -> np.ndarray:
    """(n, k) over so many rows about each; nought where there are fewer."""
    if len(x) < rows:
        return np.zeros_like(x)
    total = np.cumsum(np.concatenate([np.zeros((1, x.shape[1])), x]), axis=0)
    out = np.zeros_like(x)
    half = rows // 2
    out[half : len(x) - rows + 1 + half] = (total[rows:] - total[:-rows]) / rows
    return np.maximum(out, 0.0) if x.min(initial=0.0) >= 0.0 else out  # sums of squares round below nought


def _all(group: Group, law: ServoLaw) -> Iterator[Difference]:
    """All torques counted in another unit, or with the other sign: their share of the arms' weight is not one."""
    share, truth, channels = law.share, law.truth, law.channels
    if len(channels) == 1 or abs(share - 1.0) <= SHARE or float(np.ptp(truth / share, axis=0).max()) < LEAST:
        return
    size = abs(share - 1.0) * float(np.abs(truth / share).max())
    mirrored = abs(share + 1.0) <= SHARE
    yield Difference(
        tuple(c.name for c in channels), "effort", 0, group.n - 1, float(group.t[0]), float(group.t[-1]), size, "Nm",
        "mirrored" if mirrored else "factor", "columns" if mirrored else "values", 1.0, 1.0, True,
        {"factor": -1.0 if mirrored else share}, channels[0].topics["effort"], LIMIT, group.n, 9.0 * group.n * len(channels),
    )  # fmt: skip
