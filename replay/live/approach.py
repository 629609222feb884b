"""Arms that come near something: how fast they may approach what is not the robot's, and how hard they may lean on it.

A servo brings an arm to its command a tenth of a second late, and an arm of some kilogrammes that strikes at the speed of a person's hand
does so with more than is allowed, before any force could be answered. So what comes near is approached at `TOUCH` and no more in the end:
the speed falls with the distance, over `OVER`.

An arm presses as far as its command lies beyond what it touches, and an arm that is stretched out is ten times as stiff along itself. So
no command lies further beyond a thing than the servos need for the force that may be borne there (`BORNE`, `LINK`, and what the feet bear,
`steadiness.py`). That holds for every shape of an arm and for what a hand holds, an elbow's as well as a finger's, and before the touch.

Both are bounds on the way towards a thing; along it or back an arm is as fast as ever, and the solver finds the step that is best under
them: an elbow goes round and its hand goes on. What is between the fingers of a hand is carried, not approached. The simulation gives the
distances: a person sees them with two eyes.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from ...scenarios.scene.scene import Scene
from ..retarget.arms import Arms, Array
from ..retarget.programme import Rows
from ..retarget.targets import HANDS
from .steadiness import Steadiness

LOOK = 0.15  # m, from which on a thing is near
TOUCH = 0.05  # m/s, at which it may be touched
OVER = 0.5  # s, over which an arm slows down to that: five times what its servos need
SHAPES = 0.03  # m, from which on each shape of a thing counts, not only the nearest
STRETCHED = 5e-4  # m², added to levers: an arm that is stretched out does not give along itself
TOUCHES = 0.001  # m, from which on it is touched
CLOSE = 0.01  # m: what is nearer may be what a force comes from
STANDS = 0.25  # share of `TOUCH` that is left of it where the thing comes towards the arm
BORNE, LINK = 30.0, 20.0  # N, with which a hand or what it holds may lean on something, and another link: 50 N is allowed, a blow included
YIELDS = 0.5  # share of what an arm leans too far that a control step takes back
FASTEST = 2.0  # rad/s, that no joint of an arm passes: 1 m/s of a hand that is half a metre away
AGAINST = -0.5  # cosine between the ways of links to a thing that is between them
ABOVE = 0.7  # of a way upwards, from which on what is above a thing that is held lies on it
Pair = tuple[str, str]


@dataclass(frozen=True)
class NearThings:
    """Things that arms are near to, nearest first.

    Attributes:
        way: (m, k) m towards each for a radian of each of the arms' joints; apart: (m,) [m]; fled: (m,) [m/s] at which it goes away itself.
        push: (m, k) m by which a command lies beyond each, for a radian, as the servos' torques at a point that does not slip say it.
        lean: (m,) [m] that it may; bodies: (m, 2) the arm's, and its own.
    """

    way: Array
    push: Array
    apart: Array
    fled: Array
    lean: Array
    bodies: NDArray[np.int64]


@dataclass(frozen=True)
class _Met:
    """Contacts and what nearly is one, nearest first: (n,) distance [m], bodies, shape of the thing; (n, 3) place, and way to the thing."""

    dist: Array
    arm: NDArray[np.int64]
    thing: NDArray[np.int64]
    shape: NDArray[np.int64]
    at: Array
    way: Array

    def of(self, rows: NDArray[Any]) -> _Met:
        return _Met(self.dist[rows], self.arm[rows], self.thing[rows], self.shape[rows], self.at[rows], self.way[rows])


class Approach:
    """What both arms are near to in the postures of one model.

    Args:
        scene: of the robot; arms: its arms; model: of the draw that is performed.

    Attributes:
        close: pairs of bodies (link, thing), nearest first, within `CLOSE` of each other.
        slowed: those for which an arm was slowed down last; kept: hands whose arm something slowed down or stopped.
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
                top = int(wide.joint(name).bodyid[0])
                below = {top}
                for body in range(top + 1, wide.nbody):  # parents come first
                    if int(wide.body_parentid[body]) in below:
                        below.add(body)
                which[list(below)] = side if which is self._hand else True
        self._arm, own = self._hand[wide.geom_bodyid] >= 0, wide.body_rootid[wide.geom_bodyid] == self._root
        solid = (wide.geom_contype | wide.geom_conaffinity) != 0
        self._things, self._arm = solid & ~own, solid & self._arm
        free = wide.body_jntadr[wide.body_rootid]
        self._free = (free >= 0) & (wide.jnt_type[free] == mujoco.mjtJoint.mjJNT_FREE) & (wide.body_rootid > 0)
        self._steadiness = Steadiness(scene, wide, self._root) if scene.wrench else None
        self._qpos = [int(wide.joint(name).qposadr[0]) for name in arms.names]
        gain, bias = (of[[wide.actuator(name).id for name in arms.names]] for of in (wide.actuator_gainprm, wide.actuator_biasprm))
        self._yields, self._late = 1.0 / gain[:, 0], float((-bias[:, 2] / gain[:, 0]).min())  # rad/Nm; s
        self._holds: dict[int, int] = {}  # root of what is held -> the link that holds it
        self._mask()
        self._moves = np.array([[_hangs(wide, body, int(wide.joint(name).bodyid[0])) for name in arms.names] for body in range(wide.nbody)])
        self._dofs = [int(wide.joint(name).dofadr[0]) for name in arms.names]
        self._joints = [int(wide.joint(name).id) for name in arms.names]
        self._q, none = np.zeros(len(arms.names)), np.zeros(0)
        ways = np.zeros((0, len(arms.names)))
        self._near, self._borne = NearThings(ways, ways, none, none, none, np.zeros((0, 2), int)), self._q
        self._bound = ways, none, none.astype(int)
        self.close: list[Pair] = []
        self.slowed: list[Pair] = []
        self.kept: set[str] = set()

    def _mask(self) -> None:
        """Let arms, and what they hold, meet things and nothing else."""
        wide, held = self.model, self._things & np.isin(self.model.body_rootid[self.model.geom_bodyid], list(self._holds))
        self._link = np.array([self._holds.get(int(root), body) for body, root in enumerate(wide.body_rootid)])
        wide.geom_contype[:], wide.geom_conaffinity[:] = self._arm + 2 * held, 3 * self._things
        wide.geom_margin[:] = np.where(self._arm | held, LOOK, 0.0)
        wide.body_margin[:] = 0.0
        wide.body_margin[wide.geom_bodyid[self._arm | held]] = LOOK

    def look(self, qpos: Array, qvel: Array) -> None:
        """Find what is near in a posture (nq,) at a speed (nv,)."""
        model, data, self._q = self.model, self._data, qpos[self._qpos].copy()
        self._borne = self._q + self._late * qvel[self._dofs]  # a command there has the servos bear nothing
        data.qpos[:], data.qvel[:] = qpos, qvel
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_comVel(model, data)
        mujoco.mj_collision(model, data)
        met = self._met()
        side, close = self._hand[self._link[met.arm]], met.dist < CLOSE
        touched: dict[tuple[int, int], list[int]] = {}
        for i in np.flatnonzero(close & self._claw[met.arm]):
            touched.setdefault((int(side[i]), int(met.thing[i])), []).append(int(i))
        carried = {key: int(met.arm[rows[0]]) for key, rows in touched.items() if (met.way[rows] @ met.way[rows].T).min() < AGAINST}
        told = list(zip(met.arm[close].tolist(), met.thing[close].tolist()))
        self.close = [self._names(pair) for pair in dict.fromkeys(told) if self._hand[pair[0]] >= 0]
        loose = np.array([key not in carried for key in zip(side.tolist(), met.thing.tolist())], bool) | ~self._claw[met.arm]
        self._near = self._things_near(met.of(loose), side[loose])
        holds = {thing: link for (_, thing), link in carried.items() if self._free[thing] and thing == model.body_rootid[thing]}
        if holds != self._holds:
            self._holds = holds
            self._mask()

    def _names(self, bodies: Sequence[int]) -> Pair:
        return self.model.body(bodies[0]).name, self.model.body(bodies[1]).name

    def _met(self) -> _Met:
        """How far links, and what they hold, are from things: for each link and thing once, and once for each shape that is really near."""
        model, contact, n = self.model, self._data.contact, self._data.ncon
        geoms, frame = contact.geom[:n].reshape(n, 2), contact.frame[:n].reshape(n, 9)[:, :3]
        bodies = model.geom_bodyid[geoms]
        roots, links = model.body_rootid[bodies], self._hand[bodies] >= 0
        mine = np.where(links.any(axis=1)[:, None], links, np.isin(roots, list(self._holds)))
        first, rows = mine[:, 0], np.arange(n)
        thing = bodies[rows, first.astype(int)]
        arm = bodies[rows, 1 - first.astype(int)]
        way = np.where(first[:, None], frame, -frame)
        lies = (self._hand[arm] < 0) & self._free[thing] & (way[:, 2] > ABOVE)
        order = np.flatnonzero((geoms >= 0).all(axis=1) & (roots[:, 0] != roots[:, 1]) & mine.any(axis=1) & ~lies)
        order = order[np.argsort(contact.dist[:n][order], kind="stable")]
        met = _Met(contact.dist[:n].copy(), arm, thing, geoms[rows, first.astype(int)], contact.pos[:n].reshape(n, 3).copy(), way).of(order)
        nearest = np.unique(met.arm * model.nbody + met.thing, return_index=True)[1]
        shapes = np.unique(met.arm * model.ngeom + met.shape, return_index=True)[1]
        return met.of(np.union1d(nearest, shapes[met.dist[shapes] < SHAPES]))

    def _things_near(self, met: _Met, side: NDArray[np.int64]) -> NearThings:
        """What arms may do towards each thing; `side`: (n,) which arm."""
        data, link = self._data, self._link[met.arm]
        lever = np.cross(data.xaxis[self._joints], met.at[:, None] - data.xanchor[self._joints]) * self._moves[link][:, :, None]
        way = np.einsum("nj,nkj->nk", met.way, lever)
        give = np.einsum("nki,k,nkj->nij", lever, self._yields, lever) + STRETCHED * self._yields.max() * np.eye(3)
        stiff = np.linalg.solve(give, met.way[:, :, None])[:, :, 0]  # N for a metre that is commanded beyond
        along = np.maximum((stiff * met.way).sum(axis=1), 1e-9)
        push = np.einsum("nj,nkj->nk", stiff, lever) / along[:, None]
        speed = data.cvel[met.thing]
        speed = speed[:, 3:] + np.cross(speed[:, :3], met.at - data.subtree_com[self.model.body_rootid[met.thing]])
        most = np.where((self._hand[met.arm] < 0) | self._claw[met.arm], BORNE, LINK)
        close = met.dist < CLOSE
        if self._steadiness is not None:
            both = len(set(side[close].tolist())) > 1
            self._steadiness.look(data)
            most = np.minimum(most, self._steadiness.bears(met.at, met.way) * (0.5 if both else 1.0))
        lean = most / along
        pressed = [set(met.thing[close & (side == one)].tolist()) for one in (0, 1)]
        squeezed = [thing for thing in pressed[0] & pressed[1] if self._free[thing]]
        lean[np.isin(met.thing, squeezed)] = np.inf  # by both arms, and neither tips the robot over
        return NearThings(way, push, met.dist, (met.way * speed).sum(axis=1), lean, np.stack([met.arm, met.thing], axis=1))

    def yielded(self, q: Array) -> Array:
        """(k,) commanded angles of the arms, taken back where they lean on something by more than may be borne."""
        near, found = self._near, q.copy()
        over = near.push @ (q - self._borne) - near.lean
        for i in np.flatnonzero((near.apart < TOUCHES) & (over > 0.0)):
            way, soft = near.push[i], self._yields * near.push[i]
            still = float(way @ (found - q)) + over[i]  # of it, after what others took back
            found -= YIELDS * max(still, 0.0) * soft / max(float(way @ soft), 1e-9)
        return found

    def rows(self, q: Array, dt: float) -> Rows:
        """(m, k), (m,) bounds on a step of a control period [s] from commanded angles (k,), of what it could bring too near."""
        near = self._near
        apart, touches = np.maximum(near.apart, 0.0), near.apart < TOUCHES
        speed = np.maximum(TOUCH + apart / OVER + near.fled, STANDS * TOUCH)
        ahead = np.minimum(apart + near.lean, np.where(touches, np.inf, self._late * speed))  # of where the arm is
        may = np.minimum(speed * dt, ahead - near.way @ (q - self._q))
        leans = (near.lean - near.push @ (q - self._borne))[touches]
        ways, may = np.vstack([near.way, near.push[touches]]), np.maximum(np.concatenate([may, leans]), 0.0)
        which = np.flatnonzero(np.abs(ways).sum(axis=1) * FASTEST * dt > may)
        self._bound = ways[which], may[which], np.concatenate([np.arange(len(apart)), np.flatnonzero(touches)])[which]
        return ways[which], may[which]

    def held_back(self, step: Array) -> None:
        """Note for what an arm was slowed down or stopped, by the step (k,) that it makes."""
        ways, may, which = self._bound
        bound = ways @ step > may - 1e-7
        at = which[bound & (may > 0.0)]
        self.kept = {HANDS[self._hand[self._link[body]]] for body in self._near.bodies[which[bound], 0].tolist()}
        self.slowed = [self._names(pair) for pair in dict.fromkeys(map(tuple, self._near.bodies[at].tolist()))]


def _hangs(model: mujoco.MjModel, body: int, top: int) -> bool:
    """Whether a body is moved with another one."""
    while body > top:
        body = int(model.body_parentid[body])
    return body == top
