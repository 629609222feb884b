"""The different ways in which an arm can be held for a pose of its hand, found by inverse kinematics from seeds that are drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..limbs.arm import Arm

SEEDS = 40  # postures from which the hand is sought
MISSES = 2e-3  # m, by which it may miss its place
SKEWED = 0.05  # rad, by which it may be turned otherwise
ALIKE = 0.3  # rad, postures that are nearer to one another are the same
FIRM = 0.6  # weight of the orientation against the position [m/rad]


def branches(
    limb: Arm,
    position: np.ndarray,
    rotation: np.ndarray,
    rng: np.random.Generator,
    seeds: int = SEEDS,
    orient: Sequence[float] | float = FIRM,
) -> tuple[list[np.ndarray], float]:
    """Distinct postures that bring a hand to a pose, the nearest to how the arm is held now first.

    Args:
        position, rotation: (3,) [m] and (3, 3) of the hand.
        rng: of the postures from which it is sought, but for the first, which is the arm's own.
        seeds: how many there are; it ends by that.
        orient: weight of the orientation, as in `Arm.solve`.

    Returns:
        (k,) joint angles each, and the least distance [m] that any of them misses the place by.
    """
    low, high = limb.model.jnt_range.T
    found: list[np.ndarray] = []
    least = np.inf
    for seed in (limb.q, *(rng.uniform(low, high) for _ in range(seeds - 1))):
        q, off = limb.solve(position, rotation, seed, seed, orient)
        least = min(least, off)
        turned = limb.hand(q)[1]
        skew = float(np.arccos(np.clip((np.trace(turned.T @ rotation) - 1.0) / 2.0, -1.0, 1.0)))
        if off < MISSES and skew < SKEWED and all(np.abs(q - other).max() > ALIKE for other in found):
            found.append(q)
    return sorted(found, key=lambda q: float(np.abs(q - limb.q).max())), least
