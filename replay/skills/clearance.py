"""Ways round things: the operator imagines a way in its own picture of the scene and takes one that touches nothing."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import mujoco
import numpy as np

from .arm import Arm, Path

MARGIN = 0.025  # m, kept from everything that the hand is not meant to touch
COARSE, FINE = 16, 64  # places on a way that are looked at: first, and where it seems clear
TRIES = 60  # ways that are imagined before the best is taken
SCATTER = 0.22  # rad, by which a way is changed from one try to the next
ENDS = 0.12  # share of a way at either end where what is near there may stay near
LENGTH = 0.02  # cost of a radian of way, so that of two clear ways the shorter is taken


class Clearance:
    """Distances of one arm from everything else, in a picture of the scene of its own.

    Args:
        model: the scene as the operator knows it; it is copied.
        side: whose arm.
    """

    def __init__(self, model: mujoco.MjModel, side: str):
        self.model = copy.copy(model)
        self.data = mujoco.MjData(self.model)
        self.side = side
        names = [self.model.body(int(b)).name for b in self.model.geom_bodyid]
        hand = self._hand_names = (f"{side}_claw", f"{side}_finger_front", f"{side}_finger_back")
        self._hand = np.array([n in hand for n in names])
        self._arm = np.array([n.startswith(f"zarm_{side[0]}") for n in names]) | self._hand
        self.model.geom_margin[self._arm] = MARGIN
        # the search for pairs looks at the bodies' margins, which are worked out when a model is compiled
        self.model.body_margin[np.unique(self.model.geom_bodyid[self._arm])] = MARGIN
        # only what this arm meets is of interest
        solid = self._solid = (self.model.geom_contype | self.model.geom_conaffinity) != 0
        self.model.geom_contype[:] = np.where(solid & self._arm, 1, 0)
        self.model.geom_conaffinity[:] = np.where(solid, 1, 0)
        self.model.flex_contype[:] = self.model.flex_conaffinity[:] = 0  # a cloth gives way
        self._joints = np.array([self.model.joint(f"zarm_{side[0]}{i}_joint").qposadr[0] for i in range(1, 8)])
        self._fingers = [self.model.joint(f"{side}_finger_{w}_joint").qposadr[0] for w in ("front", "back")]
        self._stroke = float(self.model.jnt_range[self.model.joint(f"{side}_finger_front_joint").id, 1])

    def near(self, q: np.ndarray) -> dict[tuple[int, int], float]:
        """Pairs of bodies closer than the margin at joint angles q, and their distance [m]; only pairs with this arm."""
        self.data.qpos[self._joints] = q
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_collision(self.model, self.data)
        contact = self.data.contact
        geoms = contact.geom
        counts = (self._arm[geoms].any(axis=1)) & ~self._hand[geoms].all(axis=1)
        found: dict[tuple[int, int], float] = {}
        for (a, b), distance in zip(geoms[counts], contact.dist[counts]):
            pair = (int(self.model.geom_bodyid[a]), int(self.model.geom_bodyid[b]))
            # neighbours within the arm are always close: there only touching counts
            if distance < (0.001 if self._arm[a] and self._arm[b] else MARGIN):
                found[pair] = min(found.get(pair, MARGIN), float(distance))
        return found

    def crowd(
        self,
        q: np.ndarray,
        picture: np.ndarray,
        percent: float,
        touch: Sequence[str] = (),
        joint: str | None = None,
        angle: float = 0.0,
    ) -> float:
        """How crowded it is at joint angles; 0 where the margin is kept from everything.

        Args:
            q: (7,) of the arm.
            picture: (nq,) the scene as seen.
            percent: how far the claw is closed.
            touch: bodies that the hand (not the arm) may touch there.
            joint, angle: a door and where it stands then, where that is not as seen.
        """
        self.data.qpos[:] = picture
        self.data.qpos[self._fingers] = percent / 100.0 * self._stroke
        if joint is not None:
            self.data.qpos[self.model.joint(joint).qposadr[0]] = angle
        total = 0.0
        for (a, b), distance in self.near(q).items():
            names = {self.model.body(a).name, self.model.body(b).name}
            if names & set(touch) and names & set(self._hand_names):
                continue
            total += (MARGIN - distance) / MARGIN + (3.0 if distance < 0.0 else 0.0)
        return total

    def hand_points(self, q: np.ndarray) -> np.ndarray:
        """(n, 3) middles of the hand's geoms [m] at joint angles, the claw as it was last looked at."""
        self.data.qpos[self._joints] = q
        mujoco.mj_kinematics(self.model, self.data)
        return self.data.geom_xpos[self._hand & self._solid]

    def cost(self, path: Path, picture: np.ndarray, percent: float, stop: float = np.inf) -> float:
        """How little room a path leaves; 0 (plus a little for its length) where it keeps the margin everywhere."""
        self.data.qpos[:] = picture
        self.data.qpos[self._fingers] = percent / 100.0 * self._stroke
        start, end = self.near(path.spline(0.0)), self.near(path.end)
        shares = np.linspace(0.0, 1.0, FINE + 1)
        total = LENGTH * float(np.abs(np.diff(path.spline(shares), axis=0)).max(axis=1).sum())
        coarse = np.zeros(FINE + 1, bool)
        coarse[:: FINE // COARSE] = True
        for share in (*shares[coarse], *shares[~coarse]):
            for pair, distance in self.near(path.spline(share)).items():
                # what is near at an end is left, or come to, by and by; never through it
                if share < ENDS and distance > start.get(pair, MARGIN) - 0.003:
                    continue
                if share > 1.0 - ENDS and distance > end.get(pair, MARGIN) - 0.003:
                    continue
                total += ((MARGIN - distance) / MARGIN + (3.0 if distance < 0.002 else 0.0)) * COARSE / FINE
            if total > stop:
                break
        return total

    def choose(
        self,
        arm: Arm,
        options: Sequence[Sequence[np.ndarray]],
        goal: np.ndarray,
        speed: float,
        picture: np.ndarray,
        percent: float,
    ) -> Path:
        """A way from where the arm is to a goal that leaves room, by one of several rows of postures or one like it.

        Args:
            arm: as it stands.
            options: rows of postures to pass; an empty row goes straight.
            goal: (7,) joint angles at the end.
            speed: [m/s] of the hand.
            picture: (nq,) the scene as seen.
            percent: how far the claw is closed.
        """
        low, high = arm.model.jnt_range.T
        best: list[tuple[float, list[np.ndarray], Path]] = []
        for k in range(len(options) + TRIES):
            if k < len(options):
                row = [np.asarray(q) for q in options[k]]
            else:
                if best[0][0] < LENGTH * 12.0:
                    break
                parent = best[int(arm.rng.integers(min(3, len(best))))][1]
                row = list(parent) if parent else [0.5 * (arm.q + goal)]
                row = [np.clip(q + arm.rng.normal(0.0, SCATTER, 7), low, high) for q in row]
            path = arm.way([*row, goal], speed, scatter=0.0)
            cost = self.cost(path, picture, percent, best[2][0] if len(best) > 2 else np.inf)
            best.append((cost, row, path))
            best.sort(key=lambda b: b[0])
        return best[0][2]
