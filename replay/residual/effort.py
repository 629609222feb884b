"""Recorded torques against the law of the servos: stiffness times what is left of the command, less damping times speed, and weight.

Stiffness and damping are those of the take: fitted robustly, for all joints of both arms together. The weight of the arm is known from
its model, so that what the torques are counted in shows, too. Where no such law holds nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .arm_chain import MeasuredArm
from .engine import Difference
from .relations import TO_SIGMA, robust, shifted
from .table import Group, RecordedChannel
from .witnessed import WitnessedColumn, departures, rows_of, together

NEEDED = {"command", "measured", "velocity", "effort"}
EXPLAINED = 0.95  # of the torques, by their median size, else the servos follow another law
LIMIT = 3.0  # Nm: what counts
# (rows, Nm): mean, and root of the mean square, over so many rows, of what the law leaves; 24 clean takes of six scenarios reach
# 7.7 in a row, 1.6 and 2.6 over 9 rows, 0.6 and 1.5 over 31, where a hand strikes something
SINGLE = 9.0
MEANS = ((9, 2.0), (31, 1.0))
ROOTS = ((9, 3.2), (31, 2.0))
STILL, QUIET = 0.02, 3.0  # rad/s: a joint that has not been faster within a few rows strikes nothing, and leaves less than so many Nm
SURE = 1.5  # times these bounds, from where on no blow does it
SEAM = 3  # joints that depart in one and the same row alone: rows are lost there, which is no matter of the torques
SHARE = 0.1  # by which all torques may be larger than the weight asks
LEAST = 8.0  # Nm of weight and stiffness that a take goes through, to tell what it is counted in
EVERY = 6000  # rows of all joints that a fit takes at the most


@dataclass(frozen=True)
class ServoLaw:
    """What the servos of `channels` do: stiffness [Nm/rad], damping [Nm s/rad], and the share of the arms' weight [1] that they give.

    Attributes:
        effort, truth: (n, k) [Nm], recorded and by the law.
    """

    channels: tuple[RecordedChannel, ...]
    stiffness: float
    damping: float
    share: float
    effort: np.ndarray
    truth: np.ndarray


def check_effort(group: Group, arms: Mapping[str, MeasuredArm], found: Sequence[Difference]) -> list[Difference]:
    """Where a torque of the arms is not what its servo gives.

    Args:
        arms: of the group, by side.
        found: what the group contradicts itself in; a joint that stands there explains its torque.
    """
    law = law_of(group, arms)
    if law is None:
        return []
    channels, effort = law.channels, law.effort
    truth = law.truth
    rest = effort - truth
    rest[0] = 0.0  # what was commanded before the first row is not recorded
    speed = np.abs(np.column_stack([c.columns["velocity"] for c in channels]))
    bad, sure = _judged(rest, speed)
    lost = [d for d in found if d.kind == "rows"]
    seams = (bad & (np.abs(rest) > SINGLE)).sum(axis=1) >= SEAM
    seams &= np.abs(np.diff(np.column_stack([c.columns["command"] for c in channels]), axis=0, prepend=0.0)).max(axis=1) > 0.04
    bad[rows_of(lost, group.n) | seams] = False
    out: list[Difference] = []
    for j, channel in enumerate(channels):
        bad[rows_of((d for d in found if channel.name in d.channels), group.n), j] = False
        noise = max(TO_SIGMA * float(np.median(np.abs(rest[:, j]))), 0.01)
        column = WitnessedColumn(
            channel.name, "effort", "Nm", channel.topics["effort"], group.t, effort[:, j], truth[:, j], bad[:, j], bad[:, j] & sure[:, j],
            LIMIT, noise, {c.name: truth[:, k] for k, c in enumerate(channels) if k != j},
        )  # fmt: skip
        out += departures(column)
    return together([*out, *_all(group, law)])


def law_of(group: Group, arms: Mapping[str, MeasuredArm]) -> ServoLaw | None:
    """The law that the servos of the arms follow; None where torques are not recorded, or follow none."""
    by_name = {c.name: c for c in group.channels if c.unit == "rad" and set(c.columns) >= NEEDED}
    known = [arm for arm in arms.values() if set(arm.chain.joints) <= set(by_name)]
    if not known:
        return None
    channels = tuple(by_name[name] for arm in known for name in arm.chain.joints)
    weight = np.concatenate([arm.weight() for arm in known], axis=1)
    return _fitted(channels, weight, np.column_stack([c.columns["effort"] for c in channels]))


def _terms(channel: RecordedChannel, weight: np.ndarray) -> np.ndarray:
    """(n, 3): what is left of the command of the row before [rad], the speed [rad/s], the weight [Nm]."""
    c, q, v = (channel.columns[kind] for kind in ("command", "measured", "velocity"))
    return np.column_stack([shifted(c, -1) - q, -v, weight])


def _fitted(channels: tuple[RecordedChannel, ...], weight: np.ndarray, effort: np.ndarray) -> ServoLaw | None:
    terms = [_terms(channel, weight[:, j]) for j, channel in enumerate(channels)]
    design, y = np.concatenate(terms), effort.T.reshape(-1)
    step = -(-len(y) // EVERY)
    moved = np.flatnonzero(np.abs(design[:, :2]).max(axis=1) > 1e-3)
    taken = (moved if len(moved) > 200 else np.arange(len(y)))[:: max(1, -(-len(moved) // EVERY) if len(moved) > 200 else step)]
    if not np.isfinite(design).all() or not np.isfinite(y).all():
        return None
    numbers, _, _ = robust(design[taken], y[taken], None, np.full(3, 1e-9), 0.01)
    truth = np.column_stack([one @ numbers for one in terms])
    rest, size = np.median(np.abs(effort - truth)), np.median(np.abs(effort))
    if size <= 0.0 or rest > (1.0 - EXPLAINED) * max(size, 0.2) or not (numbers[0] * numbers[2] > 0.0):
        return None
    return ServoLaw(channels, float(numbers[0]), float(numbers[1]), float(numbers[2]), effort, truth)


def _judged(rest: np.ndarray, speed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) rows that the law does not explain, and those that no blow explains either."""
    near = speed
    for shift in (1, 2, 3):
        near = np.maximum(near, np.maximum(_moved(speed, shift), _moved(speed, -shift)))
    single = np.where(near < STILL, QUIET, SINGLE)
    over = np.abs(rest) / single
    for rows, limit in MEANS:
        over = np.maximum(over, np.abs(_mean(rest, rows)) / limit)
    for rows, limit in ROOTS:
        over = np.maximum(over, np.sqrt(_mean(rest**2, rows)) / limit)
    return over > 1.0, over > SURE


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
    return out


def _all(group: Group, law: ServoLaw) -> Iterator[Difference]:
    """All torques counted in another unit, or with the other sign: their share of the arms' weight is not one."""
    share, truth, channels = law.share, law.truth, law.channels
    if abs(share - 1.0) <= SHARE or float(np.ptp(truth / share, axis=0).max()) < LEAST:
        return
    size = abs(share - 1.0) * float(np.abs(truth / share).max())
    mirrored = abs(share + 1.0) <= SHARE
    yield Difference(
        tuple(c.name for c in channels), "effort", 0, group.n - 1, float(group.t[0]), float(group.t[-1]), size, "Nm",
        "mirror" if mirrored else "factor", "columns" if mirrored else "values", 1.0, 1.0, True,
        {"factor": -1.0 if mirrored else share}, channels[0].topics["effort"], {}, LIMIT, group.n, 9.0 * group.n * len(channels),
    )  # fmt: skip
