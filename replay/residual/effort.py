"""Recorded torques against the law of the servos: stiffness times what is left of the command, less damping times speed, and weight.

Stiffness and damping are those of the take: fitted robustly, for all joints of both arms together. The weight of the arm is known from
its model, so that what the torques are counted in shows, too. Where no such law holds nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..signals.statistics import TO_SIGMA
from .arm_chain import HEAD, MeasuredArm
from .departures import WitnessedColumn, departures, rows_of, together
from .engine import Difference
from .relations import robust, shifted
from .table import Group, RecordedChannel

NEEDED = {"command", "measured", "velocity", "effort"}
EXPLAINED = 0.95  # of the torques, by their median size, else the servos follow another law
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
FINER = 1.0 / 3.0  # of these bounds, for a joint of the head: its motors give 1.5 and 12 Nm
MOVED = 1e-3  # rad or rad/s: a row that says nothing of stiffness and damping
LEAST_ROWS = 200
EVERY = 4000  # rows of all joints that a fit takes at the most


@dataclass(frozen=True)
class ServoLaw:
    """What the servos of `channels` do: stiffness [Nm/rad], damping [Nm s/rad], and the share of the arms' weight [1] that they give.

    Attributes:
        effort, truth: (n, k) [Nm], recorded and by the law.
        noise: [Nm] that it leaves where joints move.
    """

    channels: tuple[RecordedChannel, ...]
    stiffness: float
    damping: float
    share: float
    effort: np.ndarray
    truth: np.ndarray
    noise: float


def check_effort(group: Group, laws: Sequence[ServoLaw], found: Sequence[Difference]) -> list[Difference]:
    """Where a torque of the arms is not what its servo gives.

    Args:
        laws: of the group, see `laws_of`.
        found: what the group contradicts itself in; a joint that stands there explains its torque.
    """
    out: list[Difference] = []
    for law in laws:
        out += _by_law(group, law, found)
    return together(out)


def laws_of(group: Group, arms: Mapping[str, MeasuredArm]) -> list[ServoLaw]:
    """The laws that servos follow: one of all joints of the arms, and one of each joint of the head; none where torques follow none."""
    if not group.same_rows:
        return []  # which command a servo had when its torque was measured is not recorded
    by_name = {c.name: c for c in group.channels if c.unit == "rad" and set(c.columns) >= NEEDED}
    known = [arm for arm in arms.values() if set(arm.chain.joints) <= set(by_name)]
    pools: list[tuple[list[RecordedChannel], np.ndarray, list[float]]] = []
    both = [arm for arm in known if arm.chain.side != HEAD]
    for of in (both, *([arm] for arm in known if arm.chain.side == HEAD)):
        if of:
            links = [link for arm in of for link in arm.chain.links]
            weight = np.concatenate([arm.weight() for arm in of], axis=1)
            each = [slice(0, len(links))] if of is both else [slice(j, j + 1) for j in range(len(links))]
            pools += [([by_name[k.joint] for k in links[at]], weight[:, at], [k.most for k in links[at]]) for at in each]
    return [law for channels, weight, most in pools if (law := _fitted(tuple(channels), weight, np.array(most))) is not None]


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
        rest[rows_of((d for d in found if channel.name in d.channels), group.n), j] = 0.0
    bad, sure = _judged(rest / small, speed, SIGMAS * law.noise / small, chatter / small)
    for j, channel in enumerate(channels):
        noise = max(TO_SIGMA * float(np.median(np.abs(rest[:, j]))), 0.01)
        column = WitnessedColumn(
            channel.name, "effort", "Nm", channel.topics["effort"], group.t, effort[:, j], truth[:, j], bad[:, j], bad[:, j] & sure[:, j],
            small * LIMIT, noise, {c.name: truth[:, k] for k, c in enumerate(channels) if k != j},
        )  # fmt: skip
        out += departures(column)
    return [*out, *_all(group, law)]


def _heard(law: ServoLaw, rest: np.ndarray, found: Sequence[Difference]) -> Iterator[Difference]:
    """What a push may have done by what else is recorded, but did not: a servo that is pushed answers as its law says, and this torque
    answers to another command or position than those that stand there: it is off by the stiffness times the difference."""
    for one in found:
        for j, channel in enumerate(law.channels):
            if channel.name in one.channels and one.kind in ("command", "measured") and not one.certain and one.unit == "rad":
                rows = np.abs(rest[one.first + 1 : one.last + 2, j])
                least = max(SINGLE, ANSWERED * min(law.stiffness * one.size, float(np.abs(law.truth[:, j]).max())))
                if len(rows) >= LEAST_UNHEARD and float((rows > least).mean()) > UNHEARD:
                    yield replace(one, channels=(channel.name,), certain=True)


def _terms(channel: RecordedChannel, weight: np.ndarray) -> np.ndarray:
    """(n, 3): what is left of the command of the row before [rad], the speed [rad/s], the weight [Nm]."""
    c, q, v = (channel.columns[kind] for kind in ("command", "measured", "velocity"))
    return np.column_stack([shifted(c, -1) - q, -v, weight])


def _fitted(channels: tuple[RecordedChannel, ...], weight: np.ndarray, most: np.ndarray) -> ServoLaw | None:
    """The law that fits these joints together; the weight of a joint alone is taken as it is, for it hardly changes."""
    effort = np.column_stack([c.columns["effort"] for c in channels])
    terms = np.stack([_terms(channel, weight[:, j]) for j, channel in enumerate(channels)])
    design, y = terms.reshape(-1, 3), effort.T.reshape(-1)
    if not np.isfinite(design).all() or not np.isfinite(y).all():
        return None
    moved = np.flatnonzero(np.abs(design[:, :2]).max(axis=1) > MOVED)
    taken = moved if len(moved) > LEAST_ROWS else np.arange(len(y))
    taken = taken[:: -(-len(taken) // EVERY)]
    if len(channels) == 1:
        numbers = np.append(robust(design[taken, :2], y[taken] - design[taken, 2], None, np.full(2, 1e-9), 1e-3)[0], 1.0)
    else:
        numbers = robust(design[taken], y[taken], None, np.full(3, 1e-9), 0.01)[0]
    share = float(numbers[2])
    truth = np.clip((terms @ numbers).T, -abs(share) * most, abs(share) * most)
    rest = np.abs(effort - truth)
    size = float(np.median(np.abs(effort)))
    if float(np.median(rest)) > (1.0 - EXPLAINED) * max(size, 0.2) or (len(channels) > 1 and (size <= 0.0 or numbers[0] * share <= 0.0)):
        return None
    noise = TO_SIGMA * float(np.median(rest.T.reshape(-1)[taken]))
    return ServoLaw(channels, float(numbers[0]), float(numbers[1]), share, effort, truth, noise)


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
