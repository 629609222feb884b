"""What is kept all along a way: what a hand holds stays level."""

from __future__ import annotations

import numpy as np

from ..limbs.geometry import UP
from .seen_arm import SeenArm

ROUNDS = 8  # steps of Newton's method by which a posture is brought back
DAMPING = 1e-9  # of the equations, where an arm is straight
SMALL = 0.3  # rad, largest step of one of them


class Level:
    """What a hand holds stays as level as it is now, and dips no deeper than given.

    Args:
        arm: as it stands.
        tolerance: [rad] by which it may be tilted.
        lowest: [m] height below which the hand does not go.
    """

    def __init__(self, arm: SeenArm, tolerance: float = 0.02, lowest: float = -np.inf):
        self._arm, self._tolerance, self._lowest = arm, tolerance, lowest
        self._axis = arm.limb.hand(arm.q)[1].T @ UP  # what points up, seen from the hand

    def project(self, q: np.ndarray) -> np.ndarray | None:
        """The posture near by in which it is level, by least squares and Newton's method within the joints' range; None where that is not
        found."""
        q = np.array(q, float)
        for _ in range(ROUNDS):
            off, rates = self._off(q)
            if np.abs(off).max() < 0.5 * self._tolerance:
                return q
            step = rates.T @ np.linalg.solve(rates @ rates.T + DAMPING * np.eye(len(off)), -off)
            q = np.clip(q + step * min(1.0, SMALL / max(float(np.abs(step).max()), 1e-9)), self._arm.low, self._arm.high)
        return q if np.abs(self._off(q)[0]).max() < self._tolerance else None

    def missed(self, q: np.ndarray) -> str | None:
        """By how much a posture is off; None where it is level."""
        tilt = float(np.arccos(np.clip(self._arm.limb.hand(q)[1] @ self._axis @ UP, -1.0, 1.0)))
        return f"what is held would be tilted by {np.rad2deg(tilt):.1f} deg" if tilt > 2.0 * self._tolerance else None

    def _off(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is off (m,) [m, rad], and (m, k) by how much more where the joints move on."""
        place, turned, rates = self._arm.limb.kinematics(q)
        x, y, z = turned @ self._axis
        # how far it is from upright about the world's x and y: the sine, which is large enough where it is turned over, too
        tilt = np.array([-y, x]) if z > 0.0 else np.array([1.0, 1.0])
        tilting = np.array([[z, 0.0, -x], [0.0, z, -y]]) @ rates[3:]
        if place[2] >= self._lowest:
            return tilt, tilting
        return np.append(tilt, place[2] - self._lowest), np.vstack([tilting, rates[2]])
