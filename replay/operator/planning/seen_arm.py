"""An arm as it stands in the scene as it is seen, and the curve that it follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..limbs.arm import Arm
from .clearance import Clearance

Pose = tuple[np.ndarray, np.ndarray]  # position (3,) [m], rotation (3, 3)
CHORD = 0.3  # rad, between the postures in which the hand is looked at for how far it moves
TURNED = 0.1  # m of the hand that last as long as a radian of the joints
SHORTEST = 1e-4  # rad, that a piece of a row counts at least


class SeenArm:
    """An arm in the scene as it is seen.

    Args:
        limb: the arm; clearance: of it, with what its hand bears.
        picture: (nq,) the scene as seen.
        drives: of the hand, how far they are closed [%].
    """

    def __init__(self, limb: Arm, clearance: Clearance, picture: np.ndarray, drives: np.ndarray):
        self.limb, self.clearance = limb, clearance
        self._picture, self._drives = picture, drives
        self.q = limb.q.copy()
        self.low, self.high = limb.model.jnt_range.T.copy()

    def see(self) -> None:
        """Look at the scene."""
        self.clearance.see(self._picture, self._drives)

    def near(self, q: np.ndarray) -> dict[tuple[int, int], float]:
        """As `Clearance.near`."""
        return self.clearance.near(q)

    def far(self, a: np.ndarray, b: np.ndarray) -> float:
        """About as long as it lasts to go straight: [m] that the hand moves, and `TURNED` of it for each radian of the joints."""
        count = max(1, int(np.ceil(np.abs(b - a).max() / CHORD)))
        total, last = TURNED * float(np.linalg.norm(b - a)), self.limb.hand(a)[0]
        for i in range(1, count + 1):
            now = self.limb.hand(a + i / count * (b - a))[0]
            total, last = total + float(np.linalg.norm(now - last)), now
        return total


def spline_through(row: Sequence[np.ndarray]) -> Callable[[Any], np.ndarray]:
    """The curve that an arm follows through a row of postures: share of the way, 0..1, to joint angles."""
    from scipy.interpolate import CubicSpline

    q = np.array(row)
    u = np.r_[0.0, np.cumsum(np.maximum(np.abs(np.diff(q, axis=0)).max(axis=1), SHORTEST))]
    return CubicSpline(u / u[-1], q)
