"""One arm or both as they stand in the scene as it is seen, and the curve that an arm follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..limbs.arm import Arm
from .clearance import Clearance

Pose = tuple[np.ndarray, np.ndarray]  # position (3,) [m], rotation (3, 3)


class ArmGroup:
    """One arm or both in the scene as it is seen: postures of both stand one after the other.

    Args:
        limbs: one or two.
        clearance: of the same arms, in the same order.
        picture: (nq,) the scene as seen.
        drives: of each hand, how far they are closed [%].
    """

    def __init__(self, limbs: Sequence[Arm], clearance: Clearance, picture: np.ndarray, drives: Sequence[np.ndarray]):
        self.limbs, self.clearance = tuple(limbs), clearance
        self._picture, self._drives = picture, tuple(drives)
        self.q = np.concatenate([limb.q for limb in limbs])
        ranges = np.concatenate([limb.model.jnt_range for limb in limbs])
        self.low, self.high = ranges[:, 0].copy(), ranges[:, 1].copy()

    def see(self, held: Sequence[str]) -> None:
        """Look at the scene with some bodies as parts of the first hand."""
        if list(held) != self.clearance.borne:
            self.clearance.bear(held)
        self.clearance.see(self._picture, *self._drives)

    def near(self, q: np.ndarray) -> dict[tuple[int, int], float]:
        """As `Clearance.near`."""
        return self.clearance.near(q)

    def split(self, q: np.ndarray) -> list[np.ndarray]:
        """The posture of each arm."""
        return [q] if len(self.limbs) == 1 else np.split(q, np.cumsum([len(limb.q) for limb in self.limbs])[:-1])

    def hands(self, q: np.ndarray) -> list[Pose]:
        """Position and rotation of each hand."""
        return [limb.hand(part) for limb, part in zip(self.limbs, self.split(q))]

    def far(self, a: np.ndarray, b: np.ndarray) -> float:
        """About as long as it lasts to go straight: [m] that the hands move, and `TURNED` of it for each radian of the joints."""
        count = max(1, int(np.ceil(np.abs(b - a).max() / CHORD)))
        total, last = TURNED * float(np.linalg.norm(b - a)), [place for place, _ in self.hands(a)]
        for i in range(1, count + 1):
            q = a + i / count * (b - a)
            now = [place for place, _ in self.hands(q)]
            total, last = total + max(float(np.linalg.norm(p - o)) for p, o in zip(now, last)), now
        return total

    def kinematics(self, q: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Position and rotation of each hand, and its jacobian (6, k), place over turn, in the world."""
        return [limb.kinematics(part) for limb, part in zip(self.limbs, self.split(q))]


def spline_through(row: Sequence[np.ndarray]) -> Callable[[Any], np.ndarray]:
    """The curve that an arm follows through a row of postures: share of the way, 0..1, to joint angles."""
    from scipy.interpolate import CubicSpline

    q = np.array(row)
    u = np.r_[0.0, np.cumsum(np.maximum(np.abs(np.diff(q, axis=0)).max(axis=1), SHORTEST))]
    return CubicSpline(u / u[-1], q)


CHORD = 0.3  # rad, between the postures in which the hand is looked at for how far it moves
TURNED = 0.1  # m of the hand that last as long as a radian of the joints
SHORTEST = 1e-4  # rad, that a piece of a row counts at least
