"""What is asked of the hands at each sample, and how far and in which way joint angles miss it: the rows of a least-squares problem.

Many postures are looked at in one go, since the beginning of a motion is sought from many; one posture is the case of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from ...scenarios.sheet.errors import EpisodeError
from .arms import Arms, Array
from .settings import RetargetSettings
from .targets import HANDS, HandTargets

TINY = 1e-9  # of half an angle, below which its logarithm is a series


@dataclass(frozen=True)
class Miss:
    """How postures (m, ...) miss what is asked, by hand in the order of `HANDS` (h = 2); a hand that is not asked for misses nothing.

    Attributes:
        slope: (m, h, 9, k) change of each weighted error with the joints.
        error: (m, h, 9) weighted errors: place, turn and elbow of the hand, three each.
    """

    slope: Array
    error: Array


class Asked:
    """Targets of both hands as the robot's claws should meet them.

    Attributes:
        hands: that were seen, left first.
        wanted: hand -> (n, 3) [m]; turned: hand -> (n, 3, 3) of the claw, only where the source tells.
        asked: hand -> (n,) whether the sample is to be followed.
        columns: (h, j) joints of each arm.

    Raises:
        EpisodeError: what is said to be a rotation mirrors.
    """

    def __init__(self, targets: HandTargets, arms: Arms, settings: RetargetSettings):
        self.targets, self.arms = targets, arms
        self.hands = targets.hands
        self.wanted = {hand: targets.position[hand] for hand in self.hands}
        self.turned = {
            hand: _orthonormal(targets.rotation[hand]) @ arms.worn[hand] for hand in self.hands if hand in targets.rotation
        }
        self.asked = {hand: self._asked(hand) for hand in self.hands}
        self.columns = np.array([arms.columns(hand) for hand in HANDS])
        n = len(targets.t)
        self.any = np.any([self.asked[hand] for hand in self.hands], axis=0) if self.hands else np.zeros(n, bool)
        # per sample and hand: targets, finite everywhere, and what each of the nine errors weighs
        self.rests = np.ones((n, len(HANDS)), bool)
        self._target = np.zeros((n, len(HANDS), 9))  # its turn stands in `_back`, as a quaternion of the way back
        self._back = np.tile([1.0, 0.0, 0.0, 0.0], (n, len(HANDS), 1))
        self._weight = np.zeros((n, len(HANDS), 9))
        for h, hand in enumerate(HANDS):
            if hand not in self.hands:
                continue
            given = self.asked[hand]
            self.rests[:, h] = ~given
            self._target[given, h, :3] = self.wanted[hand][given]
            self._weight[given, h, :3] = settings.position
            if hand in self.turned:
                for i in np.flatnonzero(given):
                    mujoco.mju_mat2Quat(self._back[i, h], self.turned[hand][i].T.reshape(9))
                self._weight[given, h, 3:6] = settings.rotation
            if settings.elbow and hand in targets.elbow and hand in targets.shoulder:
                elbow = self._elbow_of(hand)
                seen = given & np.isfinite(elbow).all(axis=1)
                self._target[seen, h, 6:] = elbow[seen]
                self._weight[seen, h, 6:] = settings.elbow
        self._elbows = bool(self._weight[:, :, 6:].any())
        self._data = mujoco.MjData(arms.model)
        self._frames = [(arms.model.site(f"{hand}_tcp").id, arms.model.body(arms.elbow(hand)).id) for hand in HANDS]

    def _asked(self, hand: str) -> NDArray[np.bool_]:
        given: NDArray[np.bool_] = np.asarray(np.isfinite(self.wanted[hand]).all(axis=1))
        if hand in self.turned:
            given &= np.isfinite(self.turned[hand]).all(axis=(1, 2))
        trusted = self.targets.valid.get(hand)
        return given if trusted is None else np.logical_and(given, trusted)

    def _elbow_of(self, hand: str) -> Array:
        """(n, 3) where the robot's elbow would be if its upper arm pointed as the person's does."""
        arrow = self.targets.elbow[hand] - self.targets.shoulder[hand]
        length = np.linalg.norm(arrow, axis=1, keepdims=True)
        return self.arms.shoulder[hand] + self.arms.upper_arm[hand] * arrow / np.where(length > 1e-6, length, np.nan)

    def resting(self, i: int) -> NDArray[np.bool_]:
        """(k,) joints of arms that nothing is asked of at a sample."""
        held = np.zeros(len(self.arms.names), bool)
        held[self.columns] = self.rests[i][:, None]
        return held

    def miss(self, q: Array, rows: NDArray[np.int64], slopes: bool = True) -> Miss:
        """How postures q (m, k) [rad] miss what samples `rows` (m,) ask; without `slopes` those are 0."""
        m, h = len(q), len(HANDS)
        error, turn, slope = np.zeros((m, h, 9)), np.empty((m, h, 4)), np.zeros((m, h, 9, q.shape[1]))
        target, model, data, quat = self._target[rows], self.arms.model, self._data, np.empty(4)
        places, turns, elbows = data.site_xpos, data.site_xmat, data.xpos
        for r in range(m):
            data.qpos[:] = q[r]
            mujoco.mj_kinematics(model, data)
            if slopes:
                mujoco.mj_comPos(model, data)
            for side, (site, body) in enumerate(self._frames):
                if slopes:
                    own = slope[r, side]
                    mujoco.mj_jacSite(model, data, own[:3], own[3:6], site)
                    if self._elbows:
                        mujoco.mj_jacBody(model, data, own[6:], None, body)
                mujoco.mju_mat2Quat(quat, turns[site])
                mujoco.mju_mulQuat(turn[r, side], quat, self._back[rows[r], side])
                error[r, side, :3] = places[site]
                if self._elbows:
                    error[r, side, 6:] = elbows[body]
        error -= target
        error[..., 3:6], change = _log(turn)
        weight = self._weight[rows]
        error *= weight
        if slopes:
            slope[..., 3:6, :] = change @ slope[..., 3:6, :]
            slope *= weight[..., None]
        return Miss(slope, error)


_LEVI = np.zeros((3, 3, 3))
for _a, _b, _c in [(0, 1, 2), (1, 2, 0), (2, 0, 1)]:
    _LEVI[_a, _c, _b], _LEVI[_a, _b, _c] = 1, -1
_CROSS = _LEVI.reshape(3, 9)  # v @ _CROSS is the matrix that takes the cross product with v
_EYE = np.eye(3)


def _log(quat: Array) -> tuple[Array, Array]:
    """The vectors (..., 3) [rad] that rotations turn about, and (..., 3, 3) how these change as the rotations are turned on in the world.

    Args:
        quat: (..., 4) unit quaternions, w first.
    """
    flat = quat.reshape(-1, 4)
    way = np.where(flat[:, :1] < 0.0, -flat, flat)
    cosine, axis = way[:, 0], way[:, 1:]
    sine = np.sqrt(np.einsum("ij,ij->i", axis, axis))
    safe = np.maximum(sine, TINY)
    half = np.arctan2(safe, cosine)
    about = axis * (2.0 * half / safe)[:, None]
    # 1 - half cot(half) over the square of the angle; its limit is a twelfth
    second = np.where(half < 1e-3, 1.0 / 12.0, (1.0 - half * cosine / safe) / np.square(2.0 * half))
    cross = (about @ _CROSS).reshape(-1, 3, 3)
    change = _EYE - 0.5 * cross + second[:, None, None] * (cross @ cross)
    return about.reshape(*quat.shape[:-1], 3), change.reshape(*quat.shape[:-1], 3, 3)


def _orthonormal(turns: Array) -> Array:
    """(n, 3, 3) the nearest rotations, since sources round theirs; NaN rows stay NaN.

    Raises:
        EpisodeError: what is said to be a rotation mirrors.
    """
    out = np.full(turns.shape, np.nan)
    known = np.isfinite(turns).all(axis=(1, 2))
    u, _, v = np.linalg.svd(turns[known])
    out[known] = u @ v
    if (np.linalg.det(out[known]) < 0.0).any():
        raise EpisodeError(
            "a hand's axes are left-handed; they must be x along the fingers, y = z x x, z out of its back.",
            field="rotation",
        )
    return out
