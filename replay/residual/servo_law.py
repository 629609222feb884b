"""The law of the servos as a take shows it: stiffness times what is left of the command, less damping times speed, and weight.

Stiffness and damping are fitted robustly, for all joints of both arms together. The weight of the arm is known from its model, so that
what the torques are counted in shows, too. Where no such law holds there is none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from ..signals.statistics import TO_SIGMA
from .arm_chain import HEAD, MeasuredArm
from .relations import robust, shifted
from .table import Group, RecordedChannel

NEEDED = {"command", "measured", "velocity", "effort"}
EXPLAINED = 0.95  # of the torques, by their median size, else the servos follow another law
MOVED = 1e-3  # rad or rad/s: a row that says nothing of stiffness and damping
LEAST_ROWS = 200
LEAST_OF_ONE = 30  # rows of a joint that it is asked by itself
EVERY = 4000  # rows of all joints that a fit takes at the most


@dataclass(frozen=True)
class ServoLaw:
    """What the servos of `channels` do: stiffness [Nm/rad], damping [Nm s/rad], and the share of the arms' weight [1] that they give.

    Attributes:
        effort, truth: (n, k) [Nm], recorded and by the law.
        noise: [Nm] that it leaves where joints move; most: (k,) [Nm] that a servo gives, in the units of the take.
        limbs: (k,) arm or head that each joint is of: what else moves its weight.
    """

    channels: tuple[RecordedChannel, ...]
    stiffness: float
    damping: float
    share: float
    effort: np.ndarray
    truth: np.ndarray
    noise: float
    most: np.ndarray
    limbs: tuple[str, ...]


def laws_of(group: Group, arms: Mapping[str, MeasuredArm], doubted: Collection[str] = ()) -> list[ServoLaw]:
    """The laws that servos follow: one of all joints of the arms, and one of each joint of the head; none where torques follow none.

    Args:
        doubted: joints that contradict themselves otherwise: the law is that of the others, where there are any.
    """
    if not group.same_rows:
        return []  # which command a servo had when its torque was measured is not recorded
    by_name = {c.name: c for c in group.channels if c.unit == "rad" and set(c.columns) >= NEEDED}
    known = [arm for arm in arms.values() if set(arm.chain.joints) <= set(by_name)]
    pools: list[tuple[list[RecordedChannel], np.ndarray, list[float], tuple[str, ...]]] = []
    both = [arm for arm in known if arm.chain.side != HEAD]
    for of in (both, *([arm] for arm in known if arm.chain.side == HEAD)):
        if of:
            links = [link for arm in of for link in arm.chain.links]
            limbs = [arm.chain.side for arm in of for _ in arm.chain.links]
            weight = np.concatenate([arm.weight() for arm in of], axis=1)
            each = [slice(0, len(links))] if of is both else [slice(j, j + 1) for j in range(len(links))]
            pools += [([by_name[k.joint] for k in links[at]], weight[:, at], [k.most for k in links[at]], tuple(limbs[at])) for at in each]
    fitted = (_fitted(tuple(channels), weight, np.array(most), doubted, limbs) for channels, weight, most, limbs in pools)
    return [law for law in fitted if law is not None]


def _terms(channel: RecordedChannel, weight: np.ndarray) -> np.ndarray:
    """(n, 3): what is left of the command of the row before [rad], the speed [rad/s], the weight [Nm]."""
    c, q, v = (channel.columns[kind] for kind in ("command", "measured", "velocity"))
    return np.column_stack([shifted(c, -1) - q, -v, weight])


def _fitted(
    channels: tuple[RecordedChannel, ...], weight: np.ndarray, most: np.ndarray, doubted: Collection[str], limbs: tuple[str, ...]
) -> ServoLaw | None:
    """The law that fits these joints together; the weight of a joint alone is taken as it is, for it hardly changes."""
    effort = np.column_stack([c.columns["effort"] for c in channels])
    terms = np.stack([_terms(channel, weight[:, j]) for j, channel in enumerate(channels)])
    design, y = terms.reshape(-1, 3), effort.T.reshape(-1)
    if not np.isfinite(design).all() or not np.isfinite(y).all():
        return None
    moving = np.abs(design[:, :2]).max(axis=1) > MOVED
    known = np.array([channel.name not in doubted for channel in channels])
    # joints that stand tell of no stiffness: then the law is that of all
    of = known if int(moving[np.repeat(known, len(effort))].sum()) > LEAST_ROWS else np.ones_like(known)
    asked = np.repeat(of, len(effort))
    moved = np.flatnonzero(asked & moving)
    taken = moved if len(moved) > LEAST_ROWS else np.flatnonzero(asked)
    taken = taken[:: -(-len(taken) // EVERY)]
    if len(channels) == 1:
        numbers = np.append(robust(design[taken, :2], y[taken] - design[taken, 2], None, np.full(2, 1e-9), 1e-3)[0], 1.0)
    else:
        of_joint = [taken[taken // len(effort) == j] for j in range(len(channels))]
        alone = [robust(design[rows], y[rows], None, np.full(3, 1e-9), 0.01)[0] for rows in of_joint if len(rows) > LEAST_OF_ONE]
        begin = np.median(alone, axis=0) if alone else None  # joints that are written wrongly pull at all, if they are asked together
        numbers = robust(design[taken], y[taken], begin, np.full(3, 1e-9), 0.01)[0]
    share = float(numbers[2])
    truth = np.clip((terms @ numbers).T, -abs(share) * most, abs(share) * most)
    rest = np.abs(effort - truth)
    size = float(np.median(np.abs(effort)[:, of]))
    if float(np.median(rest[:, of])) > (1.0 - EXPLAINED) * max(size, 0.2):
        return None
    if len(channels) > 1 and (size <= 0.0 or numbers[0] * share <= 0.0):
        return None
    noise = TO_SIGMA * float(np.median(rest.T.reshape(-1)[taken]))
    return ServoLaw(channels, float(numbers[0]), float(numbers[1]), share, effort, truth, noise, abs(share) * most, limbs)
