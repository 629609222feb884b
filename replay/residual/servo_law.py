"""The law of the servos as a take shows it: stiffness times what is left of the command, less damping times speed, and weight.

Stiffness and damping are fitted robustly, for all joints of both arms together, and for the hands together. The weight of the arm is
known from its model, so that what the torques are counted in shows, too. Where no such law holds there is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..signals.statistics import TO_SIGMA
from .arm_chain import HEAD, MeasuredArm, own_chains, own_grip
from .hands import COUNTED
from .relations import robust, shifted
from .table import Group, RecordedChannel

NEEDED = {"command", "measured", "velocity", "effort"}
EXPLAINED = 0.95  # of the torques, by their median size, else the servos follow another law
MOVED = 1e-3  # rad or rad/s, of the way or of it a second: a row that says nothing of stiffness and damping
LEAST_ROWS = 200
LEAST_OF_ONE = 30  # rows of a joint that it is asked by itself
EVERY = 4000  # rows of all joints that a fit takes at the most
PARTS = 6  # of a take that each propose numbers: some are sound where most of the take is not
EXACT, OF_ROWS = 0.02, 0.25  # of the largest usual torque, that a row may leave; share of the rows in which the numbers hold so
BETTER = 0.5  # of what fitted numbers leave of a joint, root mean square, that the model's may leave to be believed
AS_MODELLED = 0.03  # by which the arms' stiffness may differ from the model's for the head's to be taken from it
WITHIN = 0.15  # of the model's numbers, by which those of a joint may differ: torques are those of the last step of a row
# rad/s and rows from where on a joint is asked by what it does while it is fast; by which its numbers may differ from the model's then:
# in clean takes the head's are 1.31 and 1.24 times as large, since a torque is that of the last step of a row
FAST, LEAST_FAST, WHILE_FAST = 0.1, 10, 0.5
QUIET = 0.1  # Nm that a law with the model's numbers leaves; clean takes of six scenarios 0.05, for an arm
SHARE = 0.1  # by which all torques may be larger than the weight asks
SHIFTS = range(-15, 16)  # rows by which a column of all joints may be late
HEADS, HANDS = 1.0 / 3.0, 0.005  # of limits for an arm: motors of the head give 1.5 and 12 Nm; of a hand's stiffness


@dataclass(frozen=True)
class ServoLaw:
    """What the servos of `channels` do: stiffness [Nm/rad], damping [Nm s/rad], and the share of the arms' weight [1] that they give.

    Attributes:
        effort, truth, asked: (n, k) [Nm], recorded, by the law, and by the law of a servo without a largest torque.
        noise: [Nm] that it leaves where joints move; most: (k,) [Nm] that a servo gives, in the units of the take.
        limbs: (k,) arm, head or hand that each joint is of: what else moves its weight.
        scale: of the limits for an arm that these servos have; unit: of the torques; modelled: whether they are as stiff as in the model.
    """

    channels: tuple[RecordedChannel, ...]
    stiffness: float
    damping: float
    share: float
    effort: np.ndarray
    truth: np.ndarray
    asked: np.ndarray
    noise: float
    most: np.ndarray
    limbs: tuple[str, ...]
    scale: float = 1.0
    unit: str = "Nm"
    modelled: bool = False


@dataclass(frozen=True)
class _Pool:
    """Servos that share their numbers: weight (n, k) and the most that each gives (k,) [Nm], stiffness and damping of the model,
    the latter None where it is not known."""

    channels: tuple[RecordedChannel, ...]
    weight: np.ndarray
    most: np.ndarray
    limbs: tuple[str, ...]
    gains: tuple[float, float | None] | None = None


def laws_of(group: Group, arms: Mapping[str, MeasuredArm], doubted: Collection[str] = ()) -> list[ServoLaw]:
    """The laws that servos follow: one of all joints of the arms, and one of each joint of the head; none where torques follow none.

    Args:
        doubted: joints that contradict themselves otherwise: the law is that of the others, where there are any.
    """
    by_name, known = _asked_of(group, arms)
    laws: list[ServoLaw] = []
    if not group.same_rows:
        return []  # which command a servo had when its torque was measured is not recorded
    pool = _pool_of_arms(group, arms)
    if pool is not None:
        law = _of_arms(pool, doubted)
        if law is None:
            return []
        laws.append(law)
    as_modelled = any(_as_modelled(law) for law in laws)
    for arm in known:
        for j, link in enumerate(arm.chain.links) if arm.chain.side == HEAD else ():
            trusted = link.gains if as_modelled else None
            pool = _Pool((by_name[link.joint],), arm.weight()[:, [j]], np.array([link.most]), (HEAD,), trusted)
            found = _of_few(pool)
            laws += [] if found is None else [found]
    return laws


def _asked_of(group: Group, arms: Mapping[str, MeasuredArm]) -> tuple[dict[str, RecordedChannel], list[MeasuredArm]]:
    """Joints of which everything is recorded, by name, and the limbs of which each joint is among them."""
    by_name = {c.name: c for c in group.channels if c.unit == "rad" and set(c.columns) >= NEEDED}
    return by_name, [arm for arm in arms.values() if set(arm.chain.joints) <= set(by_name)]


def _pool_of_arms(group: Group, arms: Mapping[str, MeasuredArm]) -> _Pool | None:
    by_name, known = _asked_of(group, arms)
    both = [arm for arm in known if arm.chain.side != HEAD]
    if not both:
        return None
    links = [link for arm in both for link in arm.chain.links]
    limbs = tuple(arm.chain.side for arm in both for _ in arm.chain.links)
    weight, most = np.concatenate([arm.weight() for arm in both], axis=1), np.array([link.most for link in links])
    stiffness, damping = map(float, np.median([link.gains for link in links], axis=0))
    return _Pool(tuple(by_name[link.joint] for link in links), weight, most, limbs, (stiffness, damping))


def late_column(
    group: Group, arms: Mapping[str, MeasuredArm], laws: Sequence[ServoLaw]
) -> tuple[str, int, tuple[RecordedChannel, ...]] | None:
    """The column of all joints of the arms that is so many rows late (negative: early) by the torques, and the joints.

    Torques that answer each command some rows away, with the model's own stiffness, and not in its own row, know of no other reason.
    None where they answer in their row, or at no shift.

    Args:
        laws: that hold in their own row; where the arms are as in the model, or torques count in another unit, nothing is late.
    """
    known = any(_as_modelled(law) or abs(law.share - 1.0) > SHARE for law in laws)
    pool = _pool_of_arms(group, arms) if group.same_rows and not known else None
    if pool is None or pool.gains is None:
        return None
    stiffness, begin = pool.gains[0], np.array([*pool.gains, 1.0], float)

    def left(kind: str, late: int) -> float:
        moved = tuple(replace(c, columns={**c.columns, kind: shifted(c.columns[kind], late)}) for c in pool.channels)
        terms = _terms(replace(pool, channels=moved))
        if terms is None or int(terms[2].sum()) < LEAST_ROWS:
            return np.inf
        design, y, moving = terms
        every = -(-int(moving.sum()) // EVERY)
        numbers, rest, _ = robust(design[moving][::every], y[moving][::every], begin, np.full(3, 1e-9), 0.01)
        return float(np.median(np.abs(rest))) if abs(numbers[0] / stiffness - 1.0) < 2.0 * WITHIN else np.inf

    if left("command", 0) <= QUIET:
        return None
    tried = [(left(kind, late), kind, late) for kind in ("command", "measured", "effort") for late in SHIFTS if late]
    rest, kind, late = min(tried, key=lambda one: (one[0], abs(one[2])))
    return (kind, late, pool.channels) if rest <= QUIET else None


def laws_of_hands(group: Group, laws: Sequence[ServoLaw]) -> list[ServoLaw]:
    """The law of all hands of a group: a force for what is left of the way.

    Args:
        laws: of the arms that they hang on; where these are as in the model, so is the hands' stiffness.
    """
    channels = tuple(c for c in group.channels if set(c.columns) >= NEEDED and np.abs(c.columns["command"]).max() < COUNTED)
    if not channels or not group.same_rows or group.n < LEAST_ROWS:
        return []
    as_modelled, (stiffness, force) = any(_as_modelled(law) for law in laws), own_grip()
    most = np.array([force if as_modelled else _ceiling(c.columns["effort"]) for c in channels])
    gains = (stiffness * channels[0].way, None) if as_modelled else None
    law = _of_few(_Pool(channels, np.zeros((group.n, len(channels))), most, tuple(c.name for c in channels), gains))
    return [] if law is None or law.stiffness <= 0.0 else [law]


def _as_modelled(law: ServoLaw) -> bool:
    """Whether these are the arms, and as stiff as in the model."""
    links = [link for chain in own_chains().values() for link in chain.links if link.joint == law.channels[0].name]
    return law.scale == 1.0 and bool(links) and abs(law.stiffness / links[0].gains[0] - 1.0) < AS_MODELLED


def _ceiling(effort: np.ndarray) -> float:
    """What a servo gives at the most, where it gave so much time and again."""
    size = np.abs(effort)
    return float(size.max()) if int((size > 0.999 * size.max()).sum()) >= LEAST_OF_ONE else np.inf


def _terms(pool: _Pool) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """(k, n, 3): what is left of the command of the row before [rad], the speed [rad/s], the weight [Nm]; (k, n) torques; (k, n) rows
    that move. None where a number is missing."""
    terms = []
    for j, channel in enumerate(pool.channels):
        c, q, v = (channel.columns[kind] for kind in ("command", "measured", "velocity"))
        terms.append(np.column_stack([shifted(c, -1) - q, -v, pool.weight[:, j]]))
    design, y = np.stack(terms), np.stack([c.columns["effort"] for c in pool.channels])
    if not np.isfinite(design).all() or not np.isfinite(y).all():
        return None
    return design, y, np.abs(design[:, :, :2]).max(axis=2) > MOVED


def _of_arms(pool: _Pool, doubted: Collection[str]) -> ServoLaw | None:
    """The law that fits these joints together, or that of the model where it explains one of them much better."""
    terms = _terms(pool)
    if terms is None:
        return None
    design, y, moving = terms
    known = np.array([channel.name not in doubted for channel in pool.channels])
    # joints that stand tell of no stiffness: then the law is that of all
    of = known if int(moving[known].sum()) > LEAST_ROWS else np.ones_like(known)
    asked = np.broadcast_to(of[:, None], moving.shape)
    taken = asked & moving if int((asked & moving).sum()) > LEAST_ROWS else asked
    rows = np.flatnonzero(taken)
    rows = rows[:: -(-len(rows) // EVERY)]
    flat, torques, joint = design.reshape(-1, 3), y.reshape(-1), rows // y.shape[1]
    of_joint = [rows[joint == j] for j in range(len(y))]
    alone = [robust(flat[one], torques[one], None, np.full(3, 1e-9), 0.01)[0] for one in of_joint if len(one) > LEAST_OF_ONE]
    begin = np.median(alone, axis=0) if alone else None  # joints that are written wrongly pull at all, if they are asked together
    numbers = robust(flat[rows], torques[rows], begin, np.full(3, 1e-9), 0.01)[0]
    as_modelled = np.array([*pool.gains, 1.0]) if pool.gains is not None else numbers
    if _better(as_modelled, numbers, design, y, moving):
        numbers = as_modelled
    law = _law(pool, numbers, design, y, rows)
    rest, size = np.abs(law.effort - law.truth)[:, of], float(np.median(np.abs(law.effort)[:, of]))
    explained = float(np.median(rest)) <= (1.0 - EXPLAINED) * max(size, 0.2)
    if not explained and pool.gains is not None and None not in pool.gains:
        return _of_parts(pool, design, y, rows)
    return law if explained and size > 0.0 and law.stiffness * law.share > 0.0 else None


def _of_parts(pool: _Pool, design: np.ndarray, y: np.ndarray, rows: np.ndarray) -> ServoLaw | None:
    """The law of a part of the take that is near the model's and holds in a good many rows of all: the others are written wrongly."""
    flat, torques, model = design.reshape(-1, 3), y.reshape(-1), np.array([*pool.gains, 1.0]) if pool.gains else np.ones(3)
    for part in _parts(rows, y.shape[1]):
        numbers = robust(flat[part], torques[part], model, (WITHIN * model) ** -2, 0.01)[0]
        holds = float((np.abs(torques[rows] - flat[rows] @ numbers) < QUIET).mean())
        if holds > OF_ROWS and bool((np.abs(numbers / model - 1.0)[[0, 2]] < WITHIN).all()):
            return _law(pool, numbers, design, y, rows)
    return None


def _better(numbers: np.ndarray, other: np.ndarray, design: np.ndarray, y: np.ndarray, moving: np.ndarray) -> bool:
    """Whether some joint that moves follows these numbers, and not the other ones."""
    for terms, torques, rows in zip(design, y, moving):
        if rows.sum() > LEAST_OF_ONE:
            one, than = (float(np.sqrt(np.median((torques - terms @ n)[rows] ** 2))) for n in (numbers, other))
            if one < BETTER * than and one < EXACT * float(np.percentile(np.abs(torques), 99.0)):
                return True
    return False


def _of_few(pool: _Pool) -> ServoLaw | None:
    """The numbers that hold exactly in most rows, of those that parts of the take propose and of the model's.

    The weight is taken as it is, for it hardly changes.
    """
    terms = _terms(pool)
    if terms is None:
        return None
    design, y, moving = terms
    flat, torques = design.reshape(-1, 3)[:, :2], (y - design[:, :, 2]).reshape(-1)
    goes = np.flatnonzero(moving)
    n = y.shape[1]
    tried = [np.array(pool.gains)] if pool.gains is not None and None not in pool.gains else []
    alone = [goes[goes // n == j] for j in range(len(y))] if len(y) > 1 else []  # one channel may be written wrongly in all rows
    for rows in (*_parts(goes, n), *(own[:: -(-len(own) // EVERY)] for own in alone if len(own) >= LEAST_OF_ONE)):
        if pool.gains is None:
            tried.append(robust(flat[rows], torques[rows], None, np.full(2, 1e-9), 1e-3)[0])
        elif pool.gains[1] is None:
            rest = torques[rows] - pool.gains[0] * flat[rows, 0]
            tried.append(np.array([pool.gains[0], robust(flat[rows, 1:], rest, None, np.full(1, 1e-9), 1e-3)[0][0]]))
        else:
            model = np.array(pool.gains)
            own = robust(flat[rows], torques[rows], model, (WITHIN * model) ** -2, 1e-3)[0]
            tried += [own] if bool((np.abs(own / model - 1.0) < 2.0 * WITHIN).all()) else []
            fast = rows[np.abs(flat[rows, 1]) > FAST]
            if len(fast) > LEAST_FAST:  # what stands tells of no damping
                own = robust(flat[fast], torques[fast], model, np.full(2, 1e-9), 1e-3)[0]
                tried += [own] if bool((np.abs(own / model - 1.0) < WHILE_FAST).all()) else []
    if not tried:
        return None
    tolerance = EXACT * float(np.percentile(np.abs(y), 99.0)) + 1e-9
    rests = [np.abs(torques[goes] - flat[goes] @ numbers) for numbers in tried]
    hold = [int((rest < tolerance).sum()) for rest in rests]
    loud = max(tolerance, QUIET * HEADS) if pool.channels[0].unit == "rad" else tolerance
    left = [float(np.minimum((rest / loud) ** 2, 1.0).sum()) for rest in rests]
    given = np.abs(torques[goes]) > loud
    if pool.gains is None and given.any():  # a law is one of the torques that are given: none holds in a hand that gives nothing
        held = [int((rest < tolerance)[given].sum()) for rest in rests]
        left = [one if many == max(held) else np.inf for one, many in zip(left, held)]
    best = int(np.argmin(left))
    if pool.gains is None and (hold[best] < OF_ROWS * len(goes) or tried[best][0] <= 0.0):
        return None
    return _law(pool, np.append(tried[best], 1.0), design, y, goes if len(goes) else np.arange(y.size))


def _parts(rows: np.ndarray, n: int) -> Iterator[np.ndarray]:
    """All rows, and those of parts of the take, each of at most `EVERY`."""
    edges = np.linspace(0, n, PARTS + 1)
    for first, last in ((0, n), *pairwise(edges)):
        part = rows[(rows % n >= first) & (rows % n < last)]
        if len(part) >= LEAST_OF_ONE:
            yield part[:: -(-len(part) // EVERY)]


def _law(pool: _Pool, numbers: np.ndarray, design: np.ndarray, y: np.ndarray, rows: np.ndarray) -> ServoLaw:
    stiffness, damping, share = map(float, numbers)
    asked, most = (design @ numbers).T, abs(share) * pool.most
    truth = np.clip(asked, -most, most)
    hands = pool.channels[0].unit != "rad"
    scale = HANDS * stiffness if hands else 1.0 if len(pool.channels) > 1 else HEADS
    noise = TO_SIGMA * float(np.median(np.abs(y - truth.T).reshape(-1)[rows]))
    modelled = pool.gains is not None and bool(stiffness) and abs(stiffness / pool.gains[0] - 1.0) < 2.0 * WITHIN
    if modelled:
        noise = min(noise, QUIET * scale)  # what a servo of the model leaves more is no noise
    unit = "N/%" if hands else "Nm"
    return ServoLaw(pool.channels, stiffness, damping, share, y.T.copy(), truth, asked, noise, most, pool.limbs, scale, unit, modelled)
