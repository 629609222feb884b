"""What is kept all along a way: what a hand holds stays level, two hands stay together on a load."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np

from ..limbs.geometry import turn_between
from .limbs import ArmGroup

UP = np.array([0.0, 0.0, 1.0])
ROUNDS = 8  # steps of Newton's method by which a posture is brought back
DAMPING = 1e-9  # of the equations, where an arm is straight
SMALL = 0.3  # rad, largest step of one of them


class Keep(Protocol):
    """What is kept: a posture is brought to the nearest one that keeps it."""

    def project(self, q: np.ndarray) -> np.ndarray | None: ...

    def missed(self, q: np.ndarray) -> str | None: ...


class _Newton(ABC):
    """Least squares by Newton's method within the joints' range."""

    def __init__(self, arms: ArmGroup, tolerance: float):
        self._arms, self._tolerance = arms, tolerance

    @abstractmethod
    def off(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is off (m,) [m, rad], and (m, k) by how much more where the joints move on."""

    def project(self, q: np.ndarray) -> np.ndarray | None:
        """The posture near by in which it is kept; None where that is not found."""
        q = np.array(q, float)
        for _ in range(ROUNDS):
            off, rates = self.off(q)
            if np.abs(off).max() < 0.5 * self._tolerance:
                return q
            step = rates.T @ np.linalg.solve(rates @ rates.T + DAMPING * np.eye(len(off)), -off)
            q = np.clip(
                q + step * min(1.0, SMALL / max(float(np.abs(step).max()), 1e-9)), self._arms.low, self._arms.high
            )
        return q if np.abs(self.off(q)[0]).max() < self._tolerance else None


class Level(_Newton):
    """What a hand holds stays as level as it is now, and dips no deeper than given.

    Args:
        arms: one arm, as it stands.
        tolerance: [rad] by which it may be tilted.
        lowest: [m] height below which the hand does not go.
    """

    def __init__(self, arms: ArmGroup, tolerance: float = 0.02, lowest: float = -np.inf):
        super().__init__(arms, tolerance)
        self._axis = arms.hands(arms.q)[0][1].T @ UP  # what points up, seen from the hand
        self._lowest = lowest

    def off(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ((place, turned, rates),) = self._arms.kinematics(q)
        tilt, tilting = _tilt(turned @ self._axis, rates[3:])
        if place[2] >= self._lowest:
            return tilt, tilting
        return np.append(tilt, place[2] - self._lowest), np.vstack([tilting, rates[2]])

    def missed(self, q: np.ndarray) -> str | None:
        tilt = float(np.arccos(np.clip(self._arms.hands(q)[0][1] @ self._axis @ UP, -1.0, 1.0)))
        return f"what is held would be tilted by {np.rad2deg(tilt):.1f} deg" if tilt > 2.0 * self._tolerance else None


class Together(_Newton):
    """Two hands stay as they are to each other, and what they hold between them as level as it is now.

    Args:
        arms: both, as they stand.
        tolerance: [m, rad] by which they may be off.
    """

    def __init__(self, arms: ArmGroup, tolerance: float = 0.002):
        super().__init__(arms, tolerance)
        (first, turned), (second, other) = arms.hands(arms.q)
        self._apart, self._turn, self._axis = turned.T @ (second - first), turned.T @ other, turned.T @ UP

    def off(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        (first, turned, a), (second, other, b) = self._arms.kinematics(q)
        reach = turned @ self._apart
        # where the second hand is against where the first one wants it, how it is turned against that, how the load is tilted
        place = second - first - reach
        turn = turn_between(turned @ self._turn, other)
        rates = np.block([[-a[:3] + _skew(reach) @ a[3:], b[:3]], [-a[3:], b[3:]]])
        tilt, tilting = _tilt(turned @ self._axis, a[3:])
        return np.concatenate([place, turn, tilt]), np.vstack([rates, np.hstack([tilting, np.zeros((2, b.shape[1]))])])

    def missed(self, q: np.ndarray) -> str | None:
        off = self.off(q)[0]
        if np.abs(off).max() <= 2.0 * self._tolerance:
            return None
        return f"the hands would be {1e3 * np.linalg.norm(off[:3]):.0f} mm from where the load has them"


def _tilt(axis: np.ndarray, turning: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(2,) how far an axis (3,) is from upright about the world's x and y, and (2, k) by how much more where joints move on.

    The sine, which is large enough where it is turned over, too.
    """
    x, y, z = axis
    off = np.array([-y, x]) if z > 0.0 else np.array([1.0, 1.0])
    return off, np.array([[z, 0.0, -x], [0.0, z, -y]]) @ turning


def _skew(v: np.ndarray) -> np.ndarray:
    """(3, 3) that takes a vector to its cross product with v."""
    return np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
