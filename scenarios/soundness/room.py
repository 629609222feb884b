"""Is there room for two loose things near their places? Each is laid there in many ways and pushed out of what it is inside."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import product

import mujoco
import numpy as np

from ..parts.pose import turned_by

SUNK = 0.002  # m, by which things may be inside one another: more than contacts give way at rest
TRIES = 240  # ways to lay two things; what fits is mostly found among the first ten
PUSHES = 12  # of one try, each by as much as the things are inside one another
_HALF = 0.5**0.5
# quaternions (wxyz): as it stands, turned over, and laid on each of four sides
SIDES: tuple[tuple[float, ...], ...] = (
    (1.0, 0.0, 0.0, 0.0),
    (0.0, 1.0, 0.0, 0.0),
    *((_HALF, x * _HALF, y * _HALF, 0.0) for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))),
)
# to the faces, edges and corners of a cube
WAYS = tuple(
    np.array(way) for way in sorted(product((-1, 0, 1), repeat=3), key=lambda way: np.abs(way).sum()) if any(way)
)
ENDS = ((1, 0), (0, 1), (1, 1))  # of the two, which goes as far from its place as it may: the further apart the better


@dataclass(frozen=True)
class Placing:
    """A loose body of which a point shall be near a place: `point` (3,) where it is at the start, `place` (3,), `within` [m]."""

    body: int
    point: np.ndarray
    place: np.ndarray
    within: float


class Room:
    """Two loose things beside all that does not move.

    Args:
        start: of the scene; what else is loose, or moves on a joint, is taken away.
        wanted: the two things, and where.
    """

    def __init__(self, start: mujoco.MjData, wanted: Sequence[Placing]):
        self._model = model = copy(start.model)
        self._wanted = wanted
        bodies = [one.body for one in wanted]
        self._owner = np.where(model.body_weldid[model.geom_bodyid] == 0, -1, model.body_rootid[model.geom_bodyid])
        others = ~np.isin(self._owner, [-1, *bodies])
        model.geom_contype[others] = model.geom_conaffinity[others] = 0
        self._data = mujoco.MjData(model)
        self._data.qpos[:] = start.qpos
        self._at = [int(model.jnt_qposadr[model.body_jntadr[body]]) for body in bodies]
        stood = [start.qpos[at : at + 7] for at in self._at]
        self._stood = [one[3:].copy() for one in stood]
        self._arms = [_turned(one.point - pose[:3], _inverse(pose[3:])) for one, pose in zip(wanted, stood)]
        self._size = [max(float(np.max(model.geom_rbound[self._owner == body], initial=0.0)), 0.01) for body in bodies]

    def found(self, number: int, rng: np.random.Generator) -> bool:
        """Whether a try ends with room for both.

        Args:
            number: of the try: the first leave both as they stand; later ones turn them about the vertical, lay them on their sides,
                or turn them any way.
            rng: where the rest is drawn from.
        """
        away = WAYS[number % len(WAYS)] if number % 2 or number < len(WAYS) else rng.normal(size=3)
        away = away / np.linalg.norm(away)
        for thing, one in enumerate(self._wanted):
            way = (1 - 2 * thing) * one.within * away * ENDS[number // 2 % len(ENDS)][thing]
            quat = self._stood[thing]
            if number >= len(WAYS):
                side = SIDES[rng.integers(len(SIDES)) if number % 3 == 0 else 0]
                yaw = rng.integers(8) * np.pi / 4 if number % 2 else rng.uniform(0.0, 2 * np.pi)
                quat = turned_by((np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)), turned_by(side, quat))
            if number >= len(WAYS) and number % 5 == 0:
                quat = rng.normal(size=4)
                quat /= np.linalg.norm(quat)
            self._put(thing, quat, one.place + way)
        return any(self._free() for _ in range(PUSHES))

    def _put(self, thing: int, quat: np.ndarray, point: np.ndarray) -> None:
        """Lay a thing down with its point as near to its place as is wanted."""
        one, at = self._wanted[thing], self._at[thing]
        off = point - one.place
        point = one.place + off * min(1.0, one.within / max(float(np.linalg.norm(off)), 1e-9))
        self._data.qpos[at : at + 3] = point - _turned(self._arms[thing], quat)
        self._data.qpos[at + 3 : at + 7] = quat

    def _free(self) -> bool:
        """Whether nothing is inside anything; else both are pushed on."""
        model, data = self._model, self._data
        mujoco.mj_kinematics(model, data)
        mujoco.mj_collision(model, data)
        owner, depth = self._owner[data.contact.geom], -data.contact.dist
        meets = (owner[:, 0] != owner[:, 1]) & (depth > SUNK / 2)
        if not (meets & (depth > SUNK)).any():
            return True
        normal, where = data.contact.frame[:, :3], data.contact.pos
        for thing, one in enumerate(self._wanted):
            mine = np.flatnonzero(meets & (owner == one.body).any(axis=1))
            if not len(mine):
                continue
            sign = np.where(owner[mine, 1] == one.body, 1.0, -1.0)
            share = np.where((owner[mine] == -1).any(axis=1), 1.0, 0.5)
            push = (sign * share * depth[mine])[:, None] * normal[mine]
            at = self._at[thing]
            position, quat = data.qpos[at : at + 3].copy(), data.qpos[at + 3 : at + 7].copy()
            turn = np.cross(where[mine] - position, push).mean(axis=0) / self._size[thing] ** 2
            angle = float(np.linalg.norm(turn))
            if angle > 1e-9:
                quat = turned_by((np.cos(angle / 2), *(np.sin(angle / 2) * turn / angle)), quat)
            furthest = push[np.argmax(np.linalg.norm(push, axis=1))]
            self._put(thing, quat, position + furthest + _turned(self._arms[thing], quat))
        return False


def _turned(vector: np.ndarray, quat: np.ndarray) -> np.ndarray:
    turned = np.zeros(3)
    mujoco.mju_rotVecQuat(turned, vector, quat)
    return turned


def _inverse(quat: np.ndarray) -> np.ndarray:
    return quat * np.array([1.0, -1.0, -1.0, -1.0])
