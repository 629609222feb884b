"""Arms that come near something go slowly: how fast a part of an arm may approach what is not the robot's.

A servo brings an arm to its command a tenth of a second late, and an arm of some kilogrammes that strikes at the speed of a person's hand
does so with more than is allowed, before any force could be answered. So what comes near is approached at `TOUCH` and no more in the end:
the speed falls with the distance, over `OVER`. Only the way towards a thing is slow, along it or back an arm is as fast as ever. What is
between the fingers of a hand is carried, not approached. The simulation gives the distances: a person sees them with two eyes.
"""

from __future__ import annotations

import copy

import mujoco
import numpy as np

from ...scenarios.parts.pose import hanging
from ...scenarios.scene.scene import Scene
from ..retarget.arms import Arms, Array
from ..retarget.targets import HANDS

LOOK = 0.15  # m, from which on a thing is near
TOUCH = 0.05  # m/s, at which it may be touched
OVER = 0.5  # s, over which an arm slows down to that: five times what its servos need
CLOSE = 0.01  # m: what is nearer may be what a force comes from
STANDS = 0.25  # share of `TOUCH` that is left of it where the thing comes towards the arm
Pair = tuple[str, str]


class Approach:
    """What both arms are near to in the postures of one model.

    Args:
        scene: of the robot; arms: its arms; model: of the draw that is performed.

    Attributes:
        close: pairs of bodies (link, thing), nearest first, within `CLOSE` of each other.
        slowed: those for which an arm was slowed down last, one an arm.
    """

    def __init__(self, scene: Scene, arms: Arms, model: mujoco.MjModel):
        self.model = wide = copy.copy(model)
        wide.geom_margin[:], wide.geom_gap[:] = 0.0, 0.0
        wide.flex_contype[:], wide.flex_conaffinity[:] = 0, 0  # a cloth strikes nobody
        self._data = mujoco.MjData(wide)
        self._root = int(wide.body_rootid[wide.joint(arms.names[0]).bodyid[0]])
        self._hand = np.full(wide.nbody, -1)
        self._claw = np.zeros(wide.nbody, bool)
        for side, hand in enumerate(HANDS):
            joints = scene.robot.arm_of(hand)
            for name, which in ((joints[0], self._hand), (joints[-1], self._claw)):
                below = hanging(wide, int(wide.joint(name).bodyid[0]))
                which[list(below)] = side if which is self._hand else True
        arm, own = self._hand[wide.geom_bodyid] >= 0, wide.body_rootid[wide.geom_bodyid] == self._root
        solid = (wide.geom_contype | wide.geom_conaffinity) != 0
        wide.geom_contype[:], wide.geom_conaffinity[:] = solid & arm, solid & ~own  # an arm with a thing, and nothing else
        wide.geom_margin[arm] = LOOK
        wide.body_margin[:] = np.where(self._hand >= 0, LOOK, 0.0)
        self._columns = [arms.columns(hand) for hand in HANDS]
        self._dofs = [int(wide.joint(name).dofadr[0]) for name in arms.names]
        self._rows: list[tuple[int, Array, float, Pair]] = []
        self.close: list[Pair] = []
        self.slowed: list[Pair] = []

    def look(self, qpos: Array, qvel: Array) -> None:
        """Find what is near in a posture (nq,) at a speed (nv,)."""
        model, data = self.model, self._data
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_collision(model, data)
        met = []
        for i in range(data.ncon):
            one = data.contact[i]
            bodies = [int(model.geom_bodyid[geom]) if geom >= 0 else 0 for geom in one.geom]
            mine = [self._root == int(model.body_rootid[body]) for body in bodies]
            if mine[0] == mine[1]:
                continue
            arm, thing = bodies if mine[0] else bodies[::-1]
            if self._hand[arm] >= 0:
                met.append((float(one.dist), arm, thing, one.pos.copy(), one.frame[:3] * (1.0 if mine[0] else -1.0)))
        met.sort(key=lambda one: one[0])
        between: dict[tuple[int, int], set[int]] = {}
        for dist, arm, thing, *_ in met:
            if self._claw[arm] and dist < CLOSE:
                between.setdefault((int(self._hand[arm]), thing), set()).add(arm)
        carried = {key for key, links in between.items() if len(links) > 1}
        self._rows, self.close, slope, seen = [], [], np.zeros((3, model.nv)), set()
        for dist, arm, thing, at, way in met:
            if (arm, thing) in seen:  # the nearest of both
                continue
            seen.add((arm, thing))
            side, pair = int(self._hand[arm]), (model.body(arm).name, model.body(thing).name)
            if dist < CLOSE:
                self.close.append(pair)
            if (side, thing) in carried:
                continue
            mujoco.mj_jac(model, data, slope, None, at, thing)
            fled = float(way @ slope @ qvel)
            mujoco.mj_jac(model, data, slope, None, at, arm)
            may = max(TOUCH + max(dist, 0.0) / OVER + fled, STANDS * TOUCH)
            self._rows.append((side, (way @ slope)[self._dofs], may, pair))

    def slow(self, step: Array, dt: float) -> Array:
        """(k,) a step of the arms' joints [rad] of a control period [s], shorter for an arm that would come too fast to something."""
        least: dict[int, tuple[float, Pair]] = {}
        for side, way, may, pair in self._rows:
            asked = float(way @ step) / dt
            if asked > may and may / asked < least.get(side, (1.0, pair))[0]:
                least[side] = may / asked, pair
        found = step.copy()
        for side, (share, _) in least.items():
            found[self._columns[side]] *= share
        self.slowed = [pair for _, pair in least.values()]
        return found
