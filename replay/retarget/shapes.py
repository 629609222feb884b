"""The robot's own shapes at a posture: which come near each other, how near, and how that changes with the joints."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from ...scenarios.parts.pose import hanging
from .arms import Arms, Array
from .settings import RetargetSettings

SKIN = 0.1  # m, that the middles of shapes may move before all pairs are gone through again
BUFFER = 5e-3  # m, before what is kept, where hard: shapes that slide along each other come nearer than linearised


@dataclass(frozen=True)
class NearPairs:
    """Pairs of shapes within the distance that is watched.

    Attributes:
        pairs: (m,) indices into `Shapes.couples`; gaps: (m,) [m] between them, negative where they overlap.
        ends: (m, 6) [m] the nearest points, of the first and of the second shape.
        closest: [m] between the nearest of all, or what they keep where all are further apart.
    """

    pairs: NDArray[np.int64]
    gaps: Array
    ends: Array
    closest: float


class Shapes:
    """Which of the robot's own shapes are held apart.

    Attributes:
        couples: (m, 2) geoms of the arms' `whole` model, ascending; bodies: their names.
        looks: how often postures were looked at.
    """

    def __init__(self, arms: Arms, settings: RetargetSettings):
        self.model, self.index = arms.whole, arms.index
        self.keep, self.look = settings.keep, settings.look
        self.gap = self.keep + (BUFFER if settings.bounds["collision"].be == "hard" else 0.0)
        self.looks = 0
        model = self.model
        groups = {name: arms.shapes(name) for pair in settings.pairs for name in pair}
        found = {
            (min(a, b), max(a, b))
            for one, other in settings.pairs
            for a in groups[one]
            for b in groups[other]
            if _may_touch(model, a, b)
        }
        self.couples = np.array(sorted(found), int).reshape(-1, 2)
        self.bodies = tuple(
            (model.body(model.geom_bodyid[a]).name, model.body(model.geom_bodyid[b]).name) for a, b in self.couples
        )
        self._pairs = self.couples.tolist()
        # of the box about each shape, in its frame
        self._middle, self._half = model.geom_aabb[:, :3], model.geom_aabb[:, 3:]
        self._round = np.square(model.geom_rbound + self.look)
        self._there = np.full((model.ngeom, 3), np.inf)  # where the middles were when all pairs were gone through
        self._data = mujoco.MjData(model)
        bodies = model.geom_bodyid[self.couples]
        joints = [int(np.flatnonzero(model.jnt_qposadr == at)[0]) for at in self.index]
        self._joints = np.array(joints, int)
        moved = [hanging(model, int(model.jnt_bodyid[j])) for j in joints]
        above = np.array([[b in bodies_of for bodies_of in moved] for b in range(model.nbody)], float)
        self._moves = above[bodies[:, 0]], above[bodies[:, 1]]  # which joints move the first and the second shape

    def near(self, q: Array) -> NearPairs:
        """Pairs that are near at a posture (nq,) of the `whole` model."""
        self.looks += 1
        model, data = self.model, self._data
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        pairs, gaps, ends = [], [], []
        for p in self._within():
            points = np.empty(6)
            gap = mujoco.mj_geomDistance(model, data, *self._pairs[p], self.look, points)
            if gap < self.look - 1e-12:
                pairs.append(p)
                gaps.append(gap)
                ends.append(points)
        closest = min([*gaps, self.keep])
        return NearPairs(np.array(pairs, np.int64), np.array(gaps), np.array(ends).reshape(-1, 6), closest)

    def _within(self) -> list[int]:
        """Pairs of which neither's sphere stays clear of the box about the other, at the posture of the data."""
        place, turn = self._data.geom_xpos, self._data.geom_xmat
        moved = place - self._there
        if not _square(moved).max() <= SKIN**2:
            self._gather(place)
        near = self._listed[_square(place[self._one] - place[self._other]) <= self._reach]
        if not len(near):
            return []
        one, other = self.couples[near].T
        of, box = np.concatenate([one, other]), np.concatenate([other, one])
        away = (place[of] - place[box])[:, None, :] @ turn[box].reshape(-1, 3, 3)
        out = np.maximum(np.abs(away[:, 0] - self._middle[box]) - self._half[box], 0.0)
        clear = (_square(out) > self._round[of]).reshape(2, -1)
        return near[~(clear[0] | clear[1])].tolist()

    def _gather(self, place: Array) -> None:
        """List the pairs that can come within the watched distance before any middle has moved by `SKIN`."""
        self._there, sizes = place.copy(), self.model.geom_rbound[self.couples].sum(axis=1) + self.look
        away = _square(place[self.couples[:, 0]] - place[self.couples[:, 1]])
        self._listed = np.flatnonzero(away <= np.square(sizes + 2 * SKIN))
        self._one, self._other = self.couples[self._listed].T.copy()
        self._reach = np.square(sizes[self._listed])

    def rows(self, near: NearPairs) -> tuple[Array, Array]:
        """(m, k) slopes and (m,) rooms [m] of the arms' joints: slopes @ step <= rooms keeps shapes apart, to first order.

        The posture is the last one that was looked at.
        """
        if not len(near.pairs):
            return np.zeros((0, len(self.index))), np.zeros(0)
        one, other = near.ends[:, :3], near.ends[:, 3:]
        way = (other - one) * np.where(near.gaps < 0.0, -1.0, 1.0)[:, None]
        way /= np.maximum(np.sqrt(_square(way)), 1e-15)[:, None]
        axes, anchors = self._data.xaxis[self._joints], self._data.xanchor[self._joints]
        # a joint moves a point p along w by a . (p x w) - w . (a x o), with its axis a through o
        still = way @ _cross(axes, anchors).T
        moved = [
            (_cross(ends, way) @ axes.T - still) * moves[near.pairs] for ends, moves in zip((one, other), self._moves)
        ]
        return moved[0] - moved[1], np.maximum(near.gaps - self.gap, 0.0)


def _square(a: Array) -> Array:
    """(m,) squared lengths of rows."""
    found: Array = np.einsum("ij,ij->i", a, a)
    return found


def _cross(a: Array, b: Array) -> Array:
    """(m, 3) cross products of rows."""
    return a[:, [1, 2, 0]] * b[:, [2, 0, 1]] - a[:, [2, 0, 1]] * b[:, [1, 2, 0]]


def _may_touch(model: mujoco.MjModel, a: int, b: int) -> bool:
    """Neither of one body or welded to it, nor of neighbours in a chain, and of kinds that touch."""
    one, other = (int(model.body_weldid[model.geom_bodyid[g]]) for g in (a, b))
    above = [int(model.body_weldid[model.body_parentid[body]]) for body in (one, other)]
    touch = (model.geom_contype[a] & model.geom_conaffinity[b]) or (model.geom_contype[b] & model.geom_conaffinity[a])
    return one != other and one != above[1] and other != above[0] and bool(touch)
