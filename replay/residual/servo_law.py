"""The law of the servos as a take shows it: stiffness times what is left of the command, less damping times speed, and weight.

Stiffness and damping are fitted robustly, for all joints of both arms together, and for the hands together. The weight of the arm is
known from its model, so that what the torques are counted in shows, too. Where no such law holds there is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np

from ..signals.statistics import TO_SIGMA, median, median_of, median_size, medians, percentile
from .arm_chain import HEAD, MeasuredArm, own_chains
from .relations import KEPT, robust, robust_fit, shifted
from .resolved_torque import COARSE, scatter, unresolved
from .table import Group, RecordedChannel
from .torque_timing import HARMLESS, TorqueTiming, in_time, is_harmless, timing_of

NEEDED = {"command", "measured", "velocity", "effort"}
EXPLAINED = 0.95  # of the torques, by their median size, else the servos follow another law
MOVED = 1e-3  # rad or rad/s, of the way or of it a second: a row that says nothing of stiffness and damping
LEAST_ROWS = 200
LEAST_OF_ONE = 30  # rows of a joint that it is asked by itself
EVERY = 4000  # rows of all joints that a fit takes at the most
PARTS = 6  # of a take that each propose numbers: some are sound where most of the take is not
HALF = 0.5  # of the weight of a limb, that its torques carry at the least, with either sign
EXACT, OF_ROWS = 0.02, 0.25  # of the largest usual torque, that a row may leave; share of the rows in which the numbers hold so
EXACTLY, SLIGHTLY = 0.9, 0.05  # of the rows in which one of several servos gives anything, that numbers hold in; less of them is as many
BETTER = 0.5  # of what fitted numbers leave of a joint, root mean square, that the model's may leave to be believed
AS_MODELLED = 0.03  # by which the arms' stiffness may differ from the model's for the head's to be taken from it
BLURRED = 4.0  # times the blur of the torques, that the model's law leaves no more than in nine rows of ten that move
RESOLVED = 1.5  # times the blur, that a law near the model's leaves in the middle row: of a grid 0.7, and 1.0 where commands are on it, too
WITHIN = 0.15  # of the model's numbers, by which those of a joint may differ: torques are those of the last step of a row
# rad/s and rows from where on a joint is asked by what it does while it is fast; by which its numbers may differ from the model's then:
# in clean takes the head's are 1.31 and 1.24 times as large, since a torque is that of the last step of a row
FAST, LEAST_FAST, WHILE_FAST = 0.1, 10, 0.5
# Nm that a law leaves of an arm in three rows of four that move, from where on the record does not tell what its servos had: 0.02 in clean
# takes, 0.08 and more where speeds were computed from positions
INEXACT = 0.05
QUIET = 0.1  # Nm that a law with the model's numbers leaves; clean takes of six scenarios 0.05, for an arm
SHARE = 0.1  # by which all torques may be larger than the weight asks
# Nm that the law leaves in nine rows of ten that move, and share of it that is left at another shift, from where on torques are late
SLOWEST = 1.0  # s of damping over stiffness: a hand that creeps for longer is none
SIGMAS = 6.0  # of what the law leaves in rows that move, which are added to each bound: servos that follow it less exactly
SLACK, SHARPER = 0.3, 1.0 / 3.0
# where speeds were computed: Nm that the law leaves in the middle row (0.1 in clean takes of six scenarios), and share of what it leaves in
# the torques' own rows (0.7 of torques that are 0.2 s late)
UNSURE, LESS = 0.15, 0.75
# powers of ten by which another unit is apart at the least; what is none; of so many rows one is asked
OTHER_UNIT, NOTHING, SPARSE = 0.5, 1e-6, 3
SHIFTS = range(-15, 16)  # rows by which a column of all joints may be late
# rad by which a calibration leaves the zero of a joint (0.3 degrees, and a little; our servos give less than 3 Nm for it, which is no
# finding of a torque); share of one, by which it may differ from part to part of a take
ZERO, OF_ZERO = 0.006, 0.25
HEADS, HANDS = 1.0 / 3.0, 0.005  # of limits for an arm: motors of the head give 1.5 and 12 Nm; of a hand's stiffness


@dataclass(frozen=True)
class ServoLaw:
    """What the servos of `channels` do: stiffness [Nm/rad], damping [Nm s/rad], and the share of the arms' weight [1] that they give.

    Attributes:
        effort, truth, asked: (n, k) [Nm], recorded, by the law, and by the law of a servo without a largest torque.
        noise: [Nm] that it leaves where joints move; most: (k,) [Nm] that a servo gives, in the units of the take.
        limbs: (k,) arm, head or hand that each joint is of: what else moves its weight.
        scale: of the limits for an arm that these servos have; unit: of the torques; modelled: whether they are as stiff as in the model.
        pushed: (n, k) [Nm] that a push may make of a torque where the record hides the stiffness; else zero.
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
    pushed: np.ndarray | float = 0.0


@dataclass(frozen=True)
class PooledServos:
    """Servos that share their numbers: weight (n, k) and the most that each gives (k,) [Nm], stiffness and damping of the model,
    the latter None where it is not known; unsure: whether the record does not tell what they had; blur: [Nm] that positions which scatter
    leave of torques that are exact."""

    channels: tuple[RecordedChannel, ...]
    weight: np.ndarray
    most: np.ndarray
    limbs: tuple[str, ...]
    gains: tuple[float, float | None] | None = None
    unsure: bool = False
    blur: float = 0.0

    @cached_property
    def terms(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """(k, n, 3): what is left of the command of the row before [rad], the speed [rad/s], the weight [Nm]; (k, n) torques; (k, n) rows
        that move. None where a number is missing."""
        c, q, v, y = (np.stack([one.columns[kind] for one in self.channels]) for kind in ("command", "measured", "velocity", "effort"))
        left = np.concatenate([c[:, :1], c[:, :-1]], axis=1) - q
        design = np.stack([left, -v, self.weight.T], axis=2)
        if not np.isfinite(design).all() or not np.isfinite(y).all():
            return None
        return design, y, _moving(design)

    @property
    def tells(self) -> bool:
        """Whether enough rows move to tell of a law."""
        return self.terms is not None and int(self.terms[2].sum()) >= LEAST_ROWS

    @cached_property
    def in_newton_metres(self) -> tuple[PooledServos, float]:
        """The same with torques that carry the weight of the arms, and what they were divided by: one where they carry it as they stand."""
        torques = np.stack([c.columns["effort"] for c in self.channels], axis=1)
        weight, written = self.weight[::SPARSE].reshape(-1), torques[::SPARSE].reshape(-1)
        if self.gains is None or not (np.isfinite(weight).all() and np.isfinite(written).all() and weight.any()):
            return self, 1.0
        unit = float(robust_fit(weight[:, None], written, None, np.full(1, 1e-9), 0.01)[0])
        if abs(unit) < NOTHING or (unit > 0.0 and abs(np.log10(unit)) < OTHER_UNIT):
            return self, 1.0
        channels = tuple(c.but(effort=c.columns["effort"] / unit) for c in self.channels)
        return replace(self, channels=channels), unit

    @cached_property
    def turned(self) -> list[bool]:
        """Of each joint, whether the torques of its limb carry the weight with the other sign, and those of another limb do not."""
        torques = np.stack([c.columns["effort"] for c in self.channels], axis=1)[::SPARSE]
        weight, shares = self.weight[::SPARSE], dict[str, float]()
        for limb in dict.fromkeys(self.limbs):
            of = [one == limb for one in self.limbs]
            heavy, given = weight[:, of].reshape(-1, 1), torques[:, of].reshape(-1)
            known = np.isfinite(heavy).all() and np.isfinite(given).all() and heavy.any()
            shares[limb] = float(robust_fit(heavy, given, None, np.full(1, 1e-9), 0.01)[0]) if known else 0.0
        mixed = min(shares.values()) < -HALF and max(shares.values()) > HALF
        return [mixed and shares[limb] < -HALF for limb in self.limbs]


def laws_of(group: Group, arms: Mapping[str, MeasuredArm], doubted: Collection[str] = ()) -> list[ServoLaw]:
    """The laws that servos follow: one of all joints of the arms, and one of each joint of the head; none where torques follow none.

    Args:
        doubted: joints that contradict themselves otherwise: the law is that of the others, where there are any.
    """
    return list(_laws_of(group, tuple(arms.items()), frozenset(doubted)))


@lru_cache(maxsize=KEPT)
def _laws_of(group: Group, of: tuple[tuple[str, MeasuredArm], ...], doubted: frozenset[str]) -> tuple[ServoLaw, ...]:
    arms, laws = dict(of), list[ServoLaw]()
    by_name, known = _asked_of(group, arms)
    if not group.same_rows:
        return ()  # which command a servo had when its torque was measured is not recorded
    pool = pool_of_arms(group, arms)
    if pool is not None:
        law = law_of_arms(pool, doubted)
        if law is None:
            return ()
        laws.append(law)
    as_modelled = any(is_as_modelled(law) for law in laws)
    for arm in known:
        for j, link in enumerate(arm.chain.links) if arm.chain.side == HEAD else ():
            trusted = link.gains if as_modelled else None
            pool = PooledServos((by_name[link.joint],), arm.weight[:, [j]], np.array([link.most]), (HEAD,), trusted, _is_unsure(group))
            found = law_of_few(pool)
            laws += [] if found is None else [found]
    return tuple(laws)


def _at_their_zeros(pool: PooledServos) -> PooledServos:
    """The arms with measurements at the zeros that their servos have, where joints are recorded beside these by what a calibration leaves:
    in all of a take as much torque more or less than the model gives."""
    if pool.terms is None or pool.gains is None or not np.isfinite(pool.weight).all():
        return pool
    design, y, _ = pool.terms
    rest = (y - design @ np.array([*pool.gains, 1.0], float)) / pool.gains[0]  # (k, n) rad
    off = medians(rest)
    parts = np.array([medians(part) for part in np.array_split(rest, PARTS, axis=1)])
    even = np.abs(parts - off).max(axis=0) <= np.maximum(OF_ZERO * np.abs(off), QUIET / pool.gains[0])
    zeros = np.where(even & (np.abs(off) > QUIET / pool.gains[0]) & (np.abs(off) <= ZERO), off, 0.0)
    if not zeros.any():
        return pool
    channels = (c.but(measured=c.columns["measured"] - by) for c, by in zip(pool.channels, zeros))
    return replace(pool, channels=tuple(channels))


def _asked_of(group: Group, arms: Mapping[str, MeasuredArm]) -> tuple[dict[str, RecordedChannel], list[MeasuredArm]]:
    """Joints of which everything is recorded, by name, and the limbs of which each joint is among them."""
    by_name = {c.name: c for c in group.channels if c.unit == "rad" and set(c.columns) >= NEEDED}
    return by_name, [arm for arm in arms.values() if set(arm.chain.joints) <= set(by_name)]


def pool_of_arms(group: Group, arms: Mapping[str, MeasuredArm]) -> PooledServos | None:
    return _pool_of(group, tuple(arms.items()))


@lru_cache(maxsize=KEPT)
def _pool_of(group: Group, of: tuple[tuple[str, MeasuredArm], ...]) -> PooledServos | None:
    arms = dict(of)
    by_name, known = _asked_of(group, arms)
    both = [arm for arm in known if arm.chain.side != HEAD]
    if not both:
        return None
    links = [link for arm in both for link in arm.chain.links]
    limbs = tuple(arm.chain.side for arm in both for _ in arm.chain.links)
    weight, most = np.concatenate([arm.weight for arm in both], axis=1), np.array([link.most for link in links])
    stiffness, damping = map(float, np.median([link.gains for link in links], axis=0))
    channels = tuple(by_name[link.joint] for link in links)
    unsure = _is_unsure(group)
    blur = stiffness * scatter(channels) if unsure else 0.0
    return _at_their_zeros(PooledServos(channels, weight, most, limbs, (stiffness, damping), unsure, blur))


def late_column(
    group: Group, arms: Mapping[str, MeasuredArm], laws: Sequence[ServoLaw]
) -> tuple[str, int, tuple[RecordedChannel, ...]] | None:
    """The column of all joints of the arms that is so many rows late (negative: early) by the torques, and the joints.

    Torques that answer each command some rows away, with the model's own stiffness, and not in its own row, know of no other reason.
    Those that are nearly the weight alone answer at any row, but nowhere as exactly as in their own. None where they answer in their
    row, or at no shift.

    Args:
        laws: that hold in their own row; where torques count in another unit, nothing is late.
    """
    if not group.same_rows or any(abs(law.share - 1.0) > SHARE for law in laws):
        return None
    return _late_column(group, tuple(arms.items()), any(is_as_modelled(law) for law in laws))


@lru_cache(maxsize=KEPT)
def _late_column(
    group: Group, arms: tuple[tuple[str, MeasuredArm], ...], as_modelled: bool
) -> tuple[str, int, tuple[RecordedChannel, ...]] | None:
    pool = _pool_of(group, arms)
    if pool is None:
        return None
    middle, most = left_of_model(pool, "command", 0)
    if most <= SLACK:
        return None
    if middle <= QUIET or as_modelled:
        late = min((late for late in SHIFTS if late), key=lambda one: left_of_model(pool, "effort", one)[1])
        rest = left_of_model(pool, "effort", late)[1]
        found = ("effort", late, pool.channels) if rest <= min(SLACK, SHARPER * most) else None
    else:
        tried = [(left_of_model(pool, kind, late)[0], kind, late) for kind in ("command", "measured", "effort") for late in SHIFTS if late]
        least, kind, late = min(tried, key=lambda one: (one[0], abs(one[2])))
        # slow joints leave little in any row, and rows that are far apart leave out commands in their own
        found = (kind, late, pool.channels) if least <= (QUIET if group.dt <= COARSE else min(QUIET, SHARPER * middle)) else None
    # no law is exact beside computed speeds, and that of the right rows leaves least; so it may of rows that are far apart
    if found is None and pool.unsure and group.dt <= COARSE:
        late = min(SHIFTS, key=lambda one: left_of_model(pool, "effort", one)[0])
        left = left_of_model(pool, "effort", late)
        if not is_harmless(late, group.dt) and left[0] <= UNSURE and left[0] <= LESS * middle and left[1] <= LESS * most:
            return "effort", late, pool.channels
    return found


def left_of_model(pool: PooledServos, kind: str, late: int) -> tuple[float, float]:
    """[Nm] that the law of the model leaves in rows that move, the middle and nine tenths of them, with a column so many rows earlier."""
    moved = tuple(replace(c, columns={**c.columns, kind: shifted(c.columns[kind], late)}) for c in pool.channels if late)
    pool = replace(pool, channels=moved) if late else pool
    if pool.terms is None or pool.gains is None or not pool.tells:
        return np.inf, np.inf
    design, y, moving = pool.terms
    every = -(-int(moving.sum()) // EVERY)
    begin = np.array([*pool.gains, 1.0], float)
    numbers, rest, _ = robust(design[moving][::every], y[moving][::every], begin, np.full(3, 1e-9), 0.01)
    if abs(numbers[0] / pool.gains[0] - 1.0) >= 2.0 * WITHIN:
        return np.inf, np.inf
    return median_size(rest), percentile(np.abs(rest), 90.0)


def as_the_arms_had(group: Group, arms: Mapping[str, MeasuredArm]) -> Group:
    """The group with commands and torques on common rows, where a cycle or two between them is all that the law of the arms asks for."""
    pool = pool_of_arms(group, arms) if group.same_rows else None
    if pool is None or not np.isfinite(pool.weight).all():
        return group
    timing = timing_of(pool.channels, pool.weight, group.dt)
    if timing is None and (late := late_column(group, arms, laws_of(group, arms))) is not None and is_harmless(late[1], group.dt):
        timing = TorqueTiming({late[0]: late[1]})
    return group if timing is None else in_time(group, timing, (c.name for c in group.channels))


def is_as_modelled(law: ServoLaw) -> bool:
    """Whether these are the arms, and as stiff as in the model."""
    links = [link for chain in own_chains().values() for link in chain.links if link.joint == law.channels[0].name]
    return law.scale == 1.0 and bool(links) and abs(law.stiffness / links[0].gains[0] - 1.0) < AS_MODELLED


def _moving(design: np.ndarray) -> np.ndarray:
    """(k, n) rows that move."""
    return np.maximum(np.abs(design[:, :, 0]), np.abs(design[:, :, 1])) > MOVED


def law_of_arms(pool: PooledServos, doubted: Collection[str]) -> ServoLaw | None:
    """The law that fits these joints together, or that of the model where it explains one of them much better; in the unit that their
    torques are written in. Where none does, that with the torques of one limb turned round, if it carries its weight so."""
    law = _law_of_arms(pool, doubted)
    if law is not None or pool.gains is None or len(set(pool.limbs)) < 2 or not any(pool.turned):
        return law
    signs = [-1.0 if one else 1.0 for one in pool.turned]
    right = (c.but(effort=x * c.columns["effort"]) for c, x in zip(pool.channels, signs))
    law = _law_of_arms(replace(pool, channels=tuple(right)), doubted)
    return None if law is None else replace(law, channels=pool.channels, effort=law.effort * signs)


def _law_of_arms(pool: PooledServos, doubted: Collection[str]) -> ServoLaw | None:
    in_nm, unit = pool.in_newton_metres
    if in_nm is not pool:
        law = _law_of_arms(in_nm, doubted)
        return None if law is None else _in_unit(law, pool, unit)
    terms = pool.terms
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
    alone = [robust_fit(flat[one], torques[one], None, np.full(3, 1e-9), 0.01) for one in of_joint if len(one) > LEAST_OF_ONE]
    begin = np.median(alone, axis=0) if alone else None  # joints that are written wrongly pull at all, if they are asked together
    numbers = robust_fit(flat[rows], torques[rows], begin, np.full(3, 1e-9), 0.01)
    as_modelled = np.array([*pool.gains, 1.0]) if pool.gains is not None else numbers
    if pool.unsure:
        worst = [_usual(np.abs(y - design @ one), moving, pool.limbs, 90.0) for one in (as_modelled, numbers)]
        # positions that scatter tell of no stiffness, and a law of the weight alone holds where joints stand
        hidden = not _is_near(pool, numbers[0]) and worst[0] <= BLURRED * pool.blur
    if (pool.unsure and (worst[0] < worst[1] or hidden)) or _better(as_modelled, numbers, design, y, moving):
        numbers = as_modelled
    law = _law(pool, numbers, design, y, rows)
    rest, size = np.abs(law.effort - law.truth)[:, of], median_size(law.effort[:, of].reshape(-1))
    resolved = RESOLVED * pool.blur if _is_near(pool, numbers[0]) and abs(numbers[2] - 1.0) <= SHARE else 0.0
    explained = median(rest.reshape(-1)) <= max((1.0 - EXPLAINED) * max(size, 0.2), resolved)
    if not explained and pool.gains is not None and None not in pool.gains:
        return _of_parts(pool, design, y, rows)
    return law if explained and size > 0.0 and law.stiffness * law.share > 0.0 else None


def _in_unit(law: ServoLaw, pool: PooledServos, unit: float) -> ServoLaw:
    """A law of torques that were divided by a unit, of the torques as they are written."""
    size = abs(unit)
    return replace(
        law, channels=pool.channels, stiffness=law.stiffness * unit, damping=law.damping * unit, share=law.share * unit,
        effort=law.effort * unit, truth=law.truth * unit, asked=law.asked * unit, noise=law.noise * size, most=law.most * size,
        modelled=False, pushed=law.pushed * size,
    )  # fmt: skip


def _is_near(pool: PooledServos, stiffness: float) -> bool:
    """Whether it is the model's, as far as takes are."""
    return pool.gains is not None and bool(stiffness) and abs(stiffness / pool.gains[0] - 1.0) < 2.0 * WITHIN


def _of_parts(pool: PooledServos, design: np.ndarray, y: np.ndarray, rows: np.ndarray) -> ServoLaw | None:
    """The law of a part of the take that is near the model's and holds in a good many rows of all: the others are written wrongly."""
    flat, torques, model = design.reshape(-1, 3), y.reshape(-1), np.array([*pool.gains, 1.0]) if pool.gains else np.ones(3)
    for part in _parts(rows, y.shape[1]):
        numbers = robust_fit(flat[part], torques[part], model, (WITHIN * model) ** -2, 0.01)
        holds = float((np.abs(torques[rows] - flat[rows] @ numbers) < QUIET).mean())
        if holds > OF_ROWS and bool((np.abs(numbers / model - 1.0)[[0, 2]] < WITHIN).all()):
            return _law(pool, numbers, design, y, rows)
    return None


def _better(numbers: np.ndarray, other: np.ndarray, design: np.ndarray, y: np.ndarray, moving: np.ndarray) -> bool:
    """Whether some joint that moves follows these numbers, and not the other ones."""
    for terms, torques, rows in zip(design, y, moving):
        if rows.sum() > LEAST_OF_ONE:
            one, than = (median_size((torques - terms @ n)[rows] ** 2) ** 0.5 for n in (numbers, other))
            if one < BETTER * than and one < EXACT * percentile(np.abs(torques), 99.0):
                return True
    return False


def law_of_few(pool: PooledServos) -> ServoLaw | None:
    """The numbers that hold exactly in most rows, of those that parts of the take propose and of the model's.

    The weight is taken as it is, for it hardly changes.
    """
    terms = pool.terms
    if terms is None:
        return None
    design, y, moving = terms
    flat, torques = design.reshape(-1, 3)[:, :2], (y - design[:, :, 2]).reshape(-1)
    goes = np.flatnonzero(moving)
    n = y.shape[1]
    tried = [np.array([pool.gains[0], pool.gains[1] or 0.0])] if pool.gains is not None else []
    alone = [goes[goes // n == j] for j in range(len(y))] if len(y) > 1 else []  # one channel may be written wrongly in all rows
    for rows in (*_parts(goes, n), *(own[:: -(-len(own) // EVERY)] for own in alone if len(own) >= LEAST_OF_ONE)):
        if pool.gains is None:
            tried.append(robust_fit(flat[rows], torques[rows], None, np.full(2, 1e-9), 1e-3))
        elif pool.gains[1] is None:
            rest = torques[rows] - pool.gains[0] * flat[rows, 0]
            damping = robust_fit(flat[rows, 1:], rest, None, np.full(1, 1e-9), 1e-3)[0]
            if abs(damping) <= SLOWEST * pool.gains[0]:
                tried.append(np.array([pool.gains[0], damping]))
        else:
            model = np.array(pool.gains)
            own = robust_fit(flat[rows], torques[rows], model, (WITHIN * model) ** -2, 1e-3)
            tried += [own] if bool((np.abs(own / model - 1.0) < 2.0 * WITHIN).all()) else []
            fast = rows[np.abs(flat[rows, 1]) > FAST]
            if len(fast) > LEAST_FAST:  # what stands tells of no damping
                own = robust_fit(flat[fast], torques[fast], model, np.full(2, 1e-9), 1e-3)
                tried += [own] if bool((np.abs(own / model - 1.0) < WHILE_FAST).all()) else []
    if not tried:
        return None
    tolerance = EXACT * percentile(np.abs(y).reshape(-1), 99.0) + pool.blur + 1e-9
    rests = [np.abs(torques[goes] - flat[goes] @ numbers) for numbers in tried]
    hold = [int((rest < tolerance).sum()) for rest in rests]
    loud = max(tolerance, QUIET * HEADS) if pool.channels[0].unit == "rad" else tolerance
    left = [float(np.minimum((rest / loud) ** 2, 1.0).sum()) for rest in rests]
    given = np.abs(torques[goes]) > loud
    if pool.gains is None and given.any():  # a law is one of the torques that are given: none holds in a hand that gives nothing
        held = [int((rest < tolerance)[given].sum()) for rest in rests]
        left = [one if many == max(held) else np.inf for one, many in zip(left, held)]
    if (sound := _sound(rests, [goes // n == j for j in range(len(y))], given, tolerance)) is not None:
        left = [one if holds else np.inf for one, holds in zip(left, sound)]
    best = int(np.argmin(left))
    if pool.gains is None and (hold[best] < OF_ROWS * len(goes) or not _is_of_a_servo(tried[best], flat, torques, loud)):
        return None
    return _law(pool, np.append(tried[best], 1.0), design, y, goes if len(goes) else np.arange(y.size))


def _is_of_a_servo(numbers: np.ndarray, flat: np.ndarray, torques: np.ndarray, loud: float) -> bool:
    """Whether forces (m,) pull to where they are commanded, by terms (m, 2). Those that go with the speed, and are none of the law where
    the hand holds something and stands, belong to commands that come after the motion: to states of the next row behind a filter, which
    no servo had. Commands that are late have their force at rest."""
    stiffness, damping = numbers.tolist()
    if stiffness <= 0.0 or damping >= -HARMLESS * stiffness:
        return stiffness > 0.0
    holds = (np.abs(flat[:, 1]) < MOVED) & (np.abs(torques) > loud)
    left = np.abs(torques - flat @ numbers)[holds]
    return len(left) < LEAST_OF_ONE or float((left < loud).mean()) > HALF


def _sound(rests: Sequence[np.ndarray], of: Sequence[np.ndarray], given: np.ndarray, tolerance: float) -> list[bool] | None:
    """Which of some numbers hold exactly in all that one of several servos does, where any do: one that is recorded wrongly bends the
    numbers of all. None where none do.

    Args:
        rests: (m,) what each leaves; of: (m,) rows of each servo; given: (m,) those in which a servo gives anything.
    """
    asked = [own & given for own in of if int((own & given).sum()) >= LEAST_OF_ONE]
    if len(of) < 2 or not asked:
        return None
    most = [max(float((rest[own] < tolerance).mean()) for own in asked) for rest in rests]
    return [one > max(most) - SLIGHTLY for one in most] if max(most) > EXACTLY else None


def _parts(rows: np.ndarray, n: int) -> Iterator[np.ndarray]:
    """All rows, and those of parts of the take, each of at most `EVERY`."""
    edges = np.linspace(0, n, PARTS + 1)
    for first, last in ((0, n), *pairwise(edges)):
        part = rows[(rows % n >= first) & (rows % n < last)]
        if len(part) >= LEAST_OF_ONE:
            yield part[:: -(-len(part) // EVERY)]


def _law(pool: PooledServos, numbers: np.ndarray, design: np.ndarray, y: np.ndarray, rows: np.ndarray) -> ServoLaw:
    stiffness, damping, share = map(float, numbers)
    asked, most = (design @ numbers).T, abs(share) * pool.most
    truth = np.clip(asked, -most, most)
    hands = pool.channels[0].unit != "rad"
    scale = HANDS * stiffness if hands else 1.0 if len(pool.channels) > 1 else HEADS
    noise = TO_SIGMA * median_size((y - truth.T).reshape(-1)[rows])
    modelled = _is_near(pool, stiffness)
    of_weight = pool.gains is not None and not hands and not modelled  # positions that scatter hide the stiffness
    left, moving = np.abs(y - truth.T), _moving(design)
    inexact = (pool.unsure or of_weight) and _usual(left, moving, pool.limbs, 25.0) > INEXACT * scale
    if inexact or (pool.unsure and of_weight):
        noise = max(noise, _usual(left, moving, pool.limbs, 95.0) / 2.0)
    elif modelled:
        noise = min(noise, QUIET * scale)  # what a servo of the model leaves more is no noise
    if hands:  # of which the blur is what their grids leave at the most
        noise = max(noise, pool.blur / SIGMAS)
    unit = "N/%" if hands else "Nm"
    law = ServoLaw(pool.channels, stiffness, damping, share, y.T.copy(), truth, asked, noise, most, pool.limbs, scale, unit, modelled)
    if of_weight and pool.unsure and pool.gains is not None and None not in pool.gains:
        law = replace(law, pushed=(1.0 + 2.0 * WITHIN) * np.abs(design[:, :, :2] @ np.array(pool.gains, float)).T)
    return law


def _is_unsure(group: Group) -> bool:
    """Whether the record does not tell what servos of the model had."""
    links = [link for chain in own_chains().values() for link in chain.links]
    return unresolved(group, median_of(link.gains[0] for link in links), QUIET)


def _usual(rest: np.ndarray, moving: np.ndarray, limbs: Sequence[str], share: float) -> float:
    """[Nm] that a law leaves no more than, rest (k, n), in such a share of the rows that move (k, n) [%]: of the middle joint of the
    limb of which it is most, so that it is no matter of one joint's columns."""
    left = [percentile(of[rows], share) if rows.sum() > LEAST_OF_ONE else 0.0 for of, rows in zip(rest, moving)]
    return max(median_of(one for one, of in zip(left, limbs) if of == limb) for limb in set(limbs))
