"""The arm of a person as a chain of hinges: where the grip is, which angles bring it somewhere, which torques push there.

All for n arms of different length at once, in closed form: shoulder (flexion, abduction, turn), elbow, turn of the forearm.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from ..parts.pose import length

JOINTS = ("shoulder_flex", "shoulder_abduct", "shoulder_turn", "elbow", "forearm_turn", "wrist")
STRAIGHT = 0.985  # of its length an arm reaches at most; stretched out, it could not push any more
ELBOW = np.array([-0.35, 0.35, -1.0])  # where a relaxed elbow points: back, outwards (times side), down
_NEXT, _LAST = [1, 2, 0], [2, 0, 1]  # of x, y, z
_STEP = 1e-4  # rad, of the difference quotient of the grip


def turned(axis: int, angle: np.ndarray) -> np.ndarray:
    """(n, 3, 3) rotations about x, y or z."""
    c, s = np.cos(angle), np.sin(angle)
    matrix = np.zeros((*np.shape(angle), 3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1.0
    matrix[..., i, i], matrix[..., j, j] = c, c
    matrix[..., i, j], matrix[..., j, i] = -s, s
    return matrix


def matrix_of(quat: np.ndarray) -> np.ndarray:
    """(n, 3, 3) rotations of quaternions (n, 4), wxyz."""
    w, x, y, z = quat[..., 0], quat[..., 1], quat[..., 2], quat[..., 3]
    matrix = np.empty((*quat.shape[:-1], 3, 3))
    matrix[..., 0, 0], matrix[..., 0, 1] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z)
    matrix[..., 0, 2], matrix[..., 1, 0] = 2 * (x * z + w * y), 2 * (x * y + w * z)
    matrix[..., 1, 1], matrix[..., 1, 2] = 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    matrix[..., 2, 0], matrix[..., 2, 1] = 2 * (x * z - w * y), 2 * (y * z + w * x)
    matrix[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return matrix


def _unit(v: np.ndarray) -> np.ndarray:
    return v / np.maximum(length(v), 1e-9)[..., None]


@dataclass(frozen=True)
class ArmChain:
    """One arm of a part, in the frame of the body that carries it.

    Attributes:
        side: left or right; sign: of outwards along y.
        shoulder: (3,) where it begins; upper, lower: lengths to the elbow and to the wrist; grip: (3,) in the hand's frame;
            all in metres, of a person of `height`.
        posture: (3, 3) each, how upper arm, forearm and hand are turned at joint angles zero.
        ranges: (6, 2) [rad]; gains, springs: (6,) [Nm/rad] of the muscles, and of the joints that draw them back to the posture.
    """

    side: str
    sign: float
    carrier: str
    shoulder: np.ndarray
    upper: float
    lower: float
    grip: np.ndarray
    posture: tuple[np.ndarray, np.ndarray, np.ndarray]
    ranges: np.ndarray
    gains: np.ndarray
    springs: np.ndarray
    height: float

    @classmethod
    def of_part(cls, spec: mujoco.MjSpec, side: str, height: float) -> ArmChain:
        """The arm of a person's part, read from its spec as its file has it."""
        upper, lower, hand = (spec.body(f"{side}_{word}") for word in ("upper_arm", "forearm", "hand"))
        names = [f"{side}_{word}" for word in JOINTS]
        posture = tuple(matrix_of(np.array(body.quat, float)) for body in (upper, lower, hand))
        return cls(
            side,
            1.0 if side == "left" else -1.0,
            upper.parent.name,
            np.array(upper.pos, float),
            float(np.linalg.norm(lower.pos)),
            float(np.linalg.norm(hand.pos)),
            np.array(spec.site(f"{side}_grip").pos, float),
            (posture[0], posture[1], posture[2]),
            np.array([spec.joint(name).range for name in names], float),
            np.array([float(spec.actuator(name).gainprm[0]) for name in names]),
            np.array([float(np.atleast_1d(spec.joint(name).stiffness)[0]) for name in names]),
            height,
        )

    def where(self, q: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """(n, 3) the grip at angles q (n, 6), of arms `scale` (n,) times as long."""
        up = self.posture[0] @ turned(1, -q[:, 0]) @ turned(0, self.sign * q[:, 1]) @ turned(2, self.sign * q[:, 2])
        fore = up @ self.posture[1] @ turned(1, -q[:, 3])
        hand = fore @ self.posture[2] @ turned(2, self.sign * q[:, 4]) @ turned(0, self.sign * q[:, 5])
        size = scale[:, None]
        return size * (self.shoulder - up[..., 2] * self.upper - fore[..., 2] * self.lower + hand @ self.grip)

    def angles(self, target: np.ndarray, upright: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Angles that bring the grip to a place, thumb up, elbow down; the nearest place where it is out of reach.

        Args:
            target: (n, 3) in the carrier's frame; upright: (n, 3) the vertical there; scale: (n,) length of the arm.

        Returns:
            (n, 6) within the ranges.
        """
        size = scale[:, None]
        l1, l2 = self.upper * scale, (self.lower - self.grip[2]) * scale
        aside = np.array([self.grip[0], self.grip[1], 0.0])
        way = target - self.shoulder * size
        nearest, furthest = np.abs(l1 - l2) * 1.05, (l1 + l2) * STRAIGHT
        squares, twice = l1**2 + l2**2, 2 * l1 * l2
        ways, hints = np.zeros((2, *way.shape)), np.zeros((2, *way.shape))  # of the arm as it is bent, and in the room
        hints[0, :, 2], hints[1] = -l1, ELBOW * [1.0, self.sign, 1.0]
        hand: np.ndarray | None = None
        for _ in range(4):  # the grip lies beside the forearm's axis, which turns with it
            w = way if hand is None else way - size * (hand @ aside)
            d = np.minimum(np.maximum(length(w), nearest), furthest)
            bent = np.pi - np.arccos(np.minimum(np.maximum((squares - d**2) / twice, -1.0), 1.0))
            ways[0, :, 0], ways[0, :, 2], ways[1] = l2 * np.sin(bent), -l1 - l2 * np.cos(bent), w
            own, there = _frame(ways, hints)
            up = there @ np.swapaxes(own, -1, -2)
            fore = up @ turned(1, -bent)
            # about its own axis the hand is turned until the thumb is up
            vertical = np.einsum("nji,nj->ni", fore, upright)
            roll = np.arctan2(vertical[:, 1], vertical[:, 0])
            hand = fore @ turned(2, roll)
        rest = np.swapaxes(self.posture[0], -1, -2) @ up
        b = np.arcsin(np.clip(-rest[:, 1, 2], -1.0, 1.0))
        a, c = np.arctan2(rest[:, 0, 2], rest[:, 2, 2]), np.arctan2(rest[:, 1, 0], rest[:, 1, 1])
        rest_bent = np.arctan2(-self.posture[1][0, 2], self.posture[1][2, 2])
        rest_roll = np.arctan2(self.posture[2][1, 0], self.posture[2][0, 0])
        turn = (roll - rest_roll + np.pi) % (2 * np.pi) - np.pi
        q = np.stack([-a, self.sign * b, self.sign * c, bent - rest_bent, self.sign * turn, 0 * a], axis=-1)
        return np.minimum(np.maximum(q, self.ranges[:, 0]), self.ranges[:, 1])

    def lean(self, q: np.ndarray, force: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """(n, 6) by how much the muscles' targets lie ahead of angles q, so that the grip pushes with a force (n, 3) [N]."""
        here = self.where(q, scale)
        columns = []
        for k in range(6):
            moved = q.copy()
            moved[:, k] += _STEP
            columns.append(((self.where(moved, scale) - here) / _STEP * force).sum(axis=-1) / self.gains[k])
        return np.stack(columns, axis=-1)


def _frame(first: np.ndarray, hint: np.ndarray) -> np.ndarray:
    """(..., 3, 3) columns: along `first` (..., 3), towards `hint` square to it, and the third."""
    frame = np.empty((*first.shape, 3))
    e1 = frame[..., 0] = _unit(first)
    e2 = frame[..., 1] = _unit(hint - np.add.reduce(hint * e1, axis=-1)[..., None] * e1)
    frame[..., 2] = e1[..., _NEXT] * e2[..., _LAST] - e1[..., _LAST] * e2[..., _NEXT]  # e1 x e2
    return frame
