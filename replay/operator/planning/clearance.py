"""Ways round things: the operator imagines a way in its own picture of the scene and takes one that touches nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import mujoco
import numpy as np

from ....scenarios.cloth.contact import TILE
from ....scenarios.parts.pose import hanging, matrix_of
from ....scenarios.robots.hand_shape import strokes
from ....scenarios.robots.robot_folder import SIDES
from ..limbs.arm_model import RANGE

MARGIN = 0.025  # m, kept from everything that the hand is not meant to touch
COARSE, FINE = 16, 64  # places on a way that are looked at: first, and where it seems clear
ENDS = 0.12  # share of a way at either end where what is near there may stay near
LENGTH = 0.02  # cost of a radian of way, so that of two clear ways the shorter is taken
STEP = 0.03  # rad, between the places that are looked at on a way that shall be sure, however long it is
LEAN = 0.5  # rad, by which what is borne may be tilted further on the way than at its ends
# rad, by which a way may swing beyond the share of a joint's range that the operator uses. Further, and the servo's setpoint,
# which a loaded joint follows 0.06 rad behind, ends at the joint's end: the hand leaves the way that was looked at
SWING = 0.03
LOOSE = 0.15  # rad, by which a joint is off at most while nothing but a weight acts
WIRE = 5e-4  # kg
SELF = 0.001  # m, from which neighbours within an arm count as touching
TOUCHES = 3.0  # crowdedness of a pair that touches, over that of one that nearly does


# kinds of geoms: what is not of the arm, its links, its hand, what is held
ELSE, LINK, HAND, HELD = range(4)


def _counting() -> np.ndarray:
    """(4, 4) [m] below which a pair of kinds counts as near. Neighbours within an arm are always close: there only touching counts;
    within a hand, and between a hand and what it holds, nothing does."""
    limits = np.full((4, 4), MARGIN)
    limits[LINK, LINK:] = limits[LINK:, LINK] = SELF
    limits[HAND:, HAND:] = limits[ELSE, ELSE] = -np.inf
    return limits


COUNTS = _counting()


def _arm_links(model: mujoco.MjModel) -> tuple[dict[str, list[int]], list[int]]:
    """Bodies between the trunk, of which both hands hang, and each hand: the arm's links from the shoulder on; and the trunk's."""
    lines = {}
    for hand in SIDES:
        body, line = int(model.site_bodyid[model.site(f"{hand}_tcp").id]), []
        while body := int(model.body_parentid[body]):
            line.append(body)
        lines[hand] = line[::-1]
    trunk = set.intersection(*map(set, lines.values()))
    return {hand: [body for body in line if body not in trunk] for hand, line in lines.items()}, sorted(trunk)


def _tendons(model: mujoco.MjModel, hand: Sequence[int]) -> list[str]:
    """Tendons of a hand's drives, in its order: those that move joints of these bodies."""
    first = [int(model.wrap_objid[model.tendon_adr[t]]) for t in range(model.ntendon)]
    return [model.tendon(t).name for t, joint in enumerate(first)
            if model.wrap_type[model.tendon_adr[t]] == mujoco.mjtWrap.mjWRAP_JOINT and int(model.jnt_bodyid[joint]) in hand]  # fmt: skip


def _wires(model: mujoco.MjModel) -> list[int]:
    """Bodies that a touch of the hand bends aside: lighter than `WIRE`, on springy hinges."""
    hinges = (model.jnt_type == mujoco.mjtJoint.mjJNT_HINGE) & (model.jnt_stiffness > 0.0)
    return [int(b) for b in np.unique(model.jnt_bodyid[hinges]) if model.body_mass[b] < WIRE]


def gives_way(model: mujoco.MjModel, tied: Sequence[str]) -> np.ndarray:
    """(ngeom,) which geoms belong to what moves of some parts of the scene."""
    moves = np.array([model.body(b).name.split("/")[0] in tied for b in range(model.nbody)]) & (model.body_weldid != 0)
    return moves[model.geom_bodyid]


class Load(NamedTuple):
    """What a hand bears, to which its arm gives way.

    Attributes:
        weight: [N] that the hand feels.
        commanded: (7,) [rad] where the arm is commanded to be now; where it is stands in the picture.
        stiffness: [Nm/rad] of its servos.
    """

    weight: float
    commanded: np.ndarray
    stiffness: float


class Curve(Protocol):
    """A way of an arm: joint angles over the share of it that is made."""

    @property
    def spline(self) -> Callable[[Any], np.ndarray]: ...

    @property
    def end(self) -> np.ndarray: ...


class ScenePicture:
    """A picture of the scene of its own, in which it is looked how near what moves comes to all else.

    Args:
        model: the scene as the operator knows it; it is copied.
    """

    def __init__(self, model: mujoco.MjModel):
        self.model = copy.copy(model)
        self.data = mujoco.MjData(self.model)
        # tiles by which the robot meets cloth lie in what it meets all else with
        self._solid = ((self.model.geom_contype & ~TILE) | self.model.geom_conaffinity) != 0
        self._margins = self.model.geom_margin.copy(), self.model.body_margin.copy()
        self.model.flex_contype[:] = self.model.flex_conaffinity[:] = 0  # a cloth gives way

    def _hold_against(self, moves: np.ndarray, other: np.ndarray, margin: float, tied: Sequence[str]) -> None:
        """From now on pairs of what moves and other geoms (ngeom,) are found that are closer than a margin [m]; not of `tied` parts."""
        model = self.model
        model.geom_margin[:], model.body_margin[:] = self._margins
        model.geom_margin[moves] = margin
        # the search for pairs looks at the bodies' margins, which are worked out when a model is compiled
        model.body_margin[np.unique(model.geom_bodyid[moves])] = margin
        solid = self._solid & ~gives_way(model, tied)
        model.geom_contype[:] = np.where(solid & moves, 1, 0)
        model.geom_conaffinity[:] = np.where(solid & other, 1, 0)

    def _pairs(self, margin: float, limits: Callable[[np.ndarray], np.ndarray] | None = None) -> dict[tuple[int, int], float]:
        """Pairs of bodies that are closer than a margin [m] now, and their distance; of pairs of geoms (n, 2) those below their limits."""
        mujoco.mj_collision(self.model, self.data)
        contact, found = self.data.contact, dict[tuple[int, int], float]()
        if not self.data.ncon:
            return found
        near = np.arange(self.data.ncon) if limits is None else np.flatnonzero(contact.dist < limits(contact.geom))
        for (a, b), distance in zip(contact.geom[near], contact.dist[near]):
            pair = (int(self.model.geom_bodyid[a]), int(self.model.geom_bodyid[b]))
            found[pair] = min(found.get(pair, margin), float(distance))
        return found


class Clearance(ScenePicture):
    """Distances of one arm from everything else, in a picture of the scene of its own.

    Args:
        model: the scene as the operator knows it; it is copied.
        side: of the arm.
    """

    def __init__(self, model: mujoco.MjModel, side: str):
        super().__init__(model)
        self._tcp = self.model.site(f"{side}_tcp").id
        wires = np.isin(self.model.geom_bodyid, _wires(self.model))  # the lead of a coil gives way as well
        self.model.geom_contype[wires] = self.model.geom_conaffinity[wires] = 0
        self._solid &= ~wires
        self._kinds = np.full(self.model.ngeom, ELSE)  # what each geom is, as far as an arm is concerned
        arms, trunk = _arm_links(self.model)
        limbs = {body for links in arms.values() for body in hanging(self.model, links[0])}
        self._trunk = hanging(self.model, trunk[0]) - limbs
        palm, links = int(self.model.site_bodyid[self._tcp]), arms[side]
        hand, own = (sorted(hanging(self.model, body)) for body in (palm, links[0]))
        self._kinds[np.isin(self.model.geom_bodyid, own)] = LINK
        self._kinds[np.isin(self.model.geom_bodyid, hand)] = HAND
        self._hand = self._kinds == HAND
        self._hand_names = tuple(self.model.body(b).name for b in hand)
        self._finger_bodies = [b for b in hand if self.model.body_parentid[b] == palm]
        moved = strokes(self.model, _tendons(self.model, hand))
        self._fingers = self.model.jnt_qposadr[[joint for joint, _, _ in moved]]
        # which drive moves each finger joint, and how far
        self._drives, self._strokes = [drive for _, drive, _ in moved], np.array([far for _, _, far in moved])
        self._bodies: list[int] = []  # that are borne
        self._load: Load | None = None
        self._off = np.zeros(len(links))  # rad, by which the joints are off where they are commanded to be, but for the weight
        self._borne: list[int] = []  # where in qpos their free joints begin
        self._in_hand: list[tuple[np.ndarray, np.ndarray]] = []  # place and turn of each against the tcp
        self._own = self._kinds.copy()
        self.bear(())
        self._joint_ids = self.model.body_jntadr[links]
        self._joints, ends = self.model.jnt_qposadr[self._joint_ids], self.model.jnt_range[self._joint_ids]
        middle = ends.mean(axis=1, keepdims=True)
        self._ends = (middle + RANGE * (ends - middle)).T

    @property
    def borne(self) -> list[str]:
        """Names of the bodies that move with the hand."""
        return [self.model.body(b).name for b in self._bodies]

    def bear(self, bodies: Sequence[str], tied: Sequence[str] = ()) -> None:
        """From now on these bodies, with all of their trees, move with the hand as they are seen in it: they are part of it.

        Args:
            bodies: names; what stands fast is left out, and an empty row ends it.
            tied: parts that the hand holds by a cord: what of them moves gives way, and is no obstacle.
        """
        model = self.model
        roots = {int(model.body_rootid[model.body(name).id]) for name in bodies}
        free = {b: int(model.body_jntadr[b]) for b in sorted(roots) if model.body_jntnum[b]}
        free = {b: j for b, j in free.items() if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE}
        self._bodies, self._borne = list(free), [int(model.jnt_qposadr[j]) for j in free.values()]
        held = np.isin(model.body_rootid[model.geom_bodyid], list(free))
        self._kinds = np.where(held, HELD, self._own)
        self._arm = self._kinds != ELSE
        self._touching = {*self._hand_names, *(model.body(int(b)).name for b in np.unique(model.geom_bodyid[held]))}
        self._hold_against(self._arm, np.ones(model.ngeom, bool), MARGIN, tied)

    def see(self, picture: np.ndarray, drives: np.ndarray) -> None:
        """Take in the scene as seen (nq,) and the drives of the hand (n,) [%]; how what is borne lies in the hand is seen there, too."""
        self.data.qpos[:] = picture
        if self._borne or self._load is not None:
            mujoco.mj_kinematics(self.model, self.data)
            self._in_hand = []
            hand, frame = self._hand_pose()
            for at in self._borne:
                self._in_hand.append((frame.T @ (picture[at : at + 3] - hand), frame.T @ matrix_of(picture[at + 3 : at + 7])))
            if self._load is not None:
                off = picture[self._joints] - self._load.commanded
                self._off = np.clip(off, -LOOSE, LOOSE) - self._sags(self._load)
        self.data.qpos[self._fingers] = drives[self._drives] / 100.0 * self._strokes

    def hang(self, load: Load | None) -> None:
        """From now on the arm gives way to what its hand bears; see `Load`."""
        self._load = load

    def _sags(self, load: Load) -> np.ndarray:
        """(7,) [rad] by which the joints give way to a weight where the bodies stand: its torque over their stiffness."""
        hand, frame = self._hand_pose()
        at = hand + frame @ self._in_hand[0][0] if self._borne else hand
        arm, axis = at - self.data.xanchor[self._joint_ids], self.data.xaxis[self._joint_ids]
        # the third component of axis x arm is how fast what is borne rises with the joint
        return -load.weight / load.stiffness * (axis[:, 0] * arm[:, 1] - axis[:, 1] * arm[:, 0])

    def _hand_pose(self) -> tuple[np.ndarray, np.ndarray]:
        return self.data.site_xpos[self._tcp].copy(), self.data.site_xmat[self._tcp].reshape(3, 3).copy()

    def pose(self, q: np.ndarray) -> None:
        """Bring the arm, and what it bears, to where it is commanded to joint angles q."""
        self.data.qpos[self._joints] = q
        mujoco.mj_kinematics(self.model, self.data)
        if self._load is not None:
            self.data.qpos[self._joints] += self._off + self._sags(self._load)
            mujoco.mj_kinematics(self.model, self.data)
        if self._borne:
            hand, frame = self._hand_pose()
            for at, (place, turn) in zip(self._borne, self._in_hand):
                self.data.qpos[at : at + 3] = hand + frame @ place
                mujoco.mju_mat2Quat(self.data.qpos[at + 3 : at + 7], (frame @ turn).ravel())
            mujoco.mj_kinematics(self.model, self.data)

    def near(self, q: np.ndarray) -> dict[tuple[int, int], float]:
        """Pairs of bodies closer than the margin at joint angles q, and their distance [m]; only pairs with this arm."""
        self.pose(q)
        return self._pairs(MARGIN, lambda geoms: COUNTS[tuple(self._kinds[geoms].T)])

    def crowd(
        self,
        q: np.ndarray,
        picture: np.ndarray,
        drives: np.ndarray,
        touch: Sequence[str] = (),
        joint: str | None = None,
        angle: float = 0.0,
        sink: float = np.inf,
    ) -> float:
        """How crowded it is at joint angles; 0 where the margin is kept from everything.

        Args:
            q: (7,) of the arm.
            picture: (nq,) the scene as seen.
            drives: (n,) how far those of the hand are closed [%].
            touch: bodies that the hand and what it bears (not the arm) may touch there.
            joint, angle: a door and where it stands then, where that is not as seen.
            sink: [m] how deep they may be in each other where they may touch.
        """
        self.see(picture, drives)
        if joint is not None:
            self.data.qpos[self.model.joint(joint).qposadr[0]] = angle
        total = 0.0
        for (a, b), distance in self.near(q).items():
            names = {self.model.body(a).name, self.model.body(b).name}
            if names & set(touch) and names & self._touching and distance > -sink:
                continue
            total += (MARGIN - distance) / MARGIN + (TOUCHES if distance < 0.0 else 0.0)
        return total

    def from_trunk(self, rows: Iterable[np.ndarray], picture: np.ndarray, drives: np.ndarray) -> float:
        """[m] between the arm and the robot's own body without the other arm, at the tightest of several joint angles (7,).

        Below 0 where they are in each other, `MARGIN` where they are nowhere nearer than that.
        """
        self.see(picture, drives)
        near = (item for q in rows for item in self.near(q).items())
        return min((distance for pair, distance in near if self._trunk & set(pair)), default=MARGIN)

    def centring(self, q: np.ndarray, picture: np.ndarray, drives: np.ndarray, thing: str) -> np.ndarray:
        """(3,) [m] by which a hand has to be moved for what is between its fingers to be in their middle; 0 where no finger stands in it.

        It is moved from the finger that stands in it towards the other one, along the line between their bodies; a finger further
        away than `MARGIN` counts as that far. Where there is no room for the thing between them, one still stands in it afterwards.

        Args:
            q, picture, drives: as in `crowd`.
            thing: the body between them.
        """
        self.see(picture, drives)
        near, body = self.near(q), self.model.body(thing).id
        fingers = self._finger_bodies
        front, *others = (min((near[p] for p in ((f, body), (body, f)) if p in near), default=MARGIN) for f in fingers)
        back = min(others)
        if min(front, back) > 0.0:
            return np.zeros(3)
        apart = self.data.xipos[fingers[0]] - self.data.xipos[fingers[1:]].mean(axis=0)
        return (front - back) / 2.0 * -apart / np.linalg.norm(apart)

    def hand_points(self, q: np.ndarray) -> np.ndarray:
        """(n, 3) middles of the hand's geoms [m] at joint angles, the claw as it was last looked at."""
        self.pose(q)
        return self.data.geom_xpos[self._hand & self._solid]

    def cost(self, path: Curve, picture: np.ndarray, drives: np.ndarray, sure: bool = False) -> float:
        """How little room a path leaves; 0 (plus a little for its length) where it keeps the margin, and the joints' range, everywhere.

        Args:
            sure: look at as many places as the way is long, and see that what is borne is not tilted.
        """
        self.see(picture, drives)
        model = self.model
        start, end = self.near(path.spline(0.0)), self.near(path.end)
        length = float(np.abs(np.diff(path.spline(np.linspace(0.0, 1.0, FINE + 1)), axis=0)).max(axis=1).sum())
        fine = max(FINE, int(np.ceil(length / STEP))) if sure else FINE
        most = self.upright((path.spline(0.0), path.end)) if sure else np.inf
        shares = np.linspace(0.0, 1.0, fine + 1)
        total = LENGTH * length
        coarse = np.zeros(fine + 1, bool)
        coarse[:: fine // COARSE] = True
        for share in (*shares[coarse], *shares[~coarse]):
            q = path.spline(share)
            beyond = float(np.maximum(q - self._ends[1], self._ends[0] - q).max())
            if beyond > SWING:
                total += beyond / SWING * COARSE / fine
            for pair, distance in self.near(q).items():
                # what is near at an end is left, or come to, by and by; never through it. What is held may be carried as near
                # all along, such as low over a table
                carried = bool({model.body_rootid[b] for b in pair} & {*self._bodies})
                if (share < ENDS or carried) and distance > start.get(pair, MARGIN) - 0.003:
                    continue
                if (share > 1.0 - ENDS or carried) and distance > end.get(pair, MARGIN) - 0.003:
                    continue
                total += ((MARGIN - distance) / MARGIN + (3.0 if distance < 0.002 else 0.0)) * COARSE / fine
            if self.tilt() > most:
                total += COARSE / fine
        return total

    def tilt(self) -> float:
        """[rad] by which the z axis of what is borne is tilted against the vertical now, the largest; 0 of nothing."""
        return max((float(np.arccos(np.clip(self.data.xmat[b, 8], -1.0, 1.0))) for b in self._bodies), default=0.0)

    def upright(self, ends: Iterable[np.ndarray]) -> float:
        """How far [rad] what is borne may be tilted on a way with these ends."""
        tilts = []
        for q in ends:
            self.pose(q)
            tilts.append(self.tilt())
        return max(tilts) + LEAN
