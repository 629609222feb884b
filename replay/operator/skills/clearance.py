"""Ways round things: the operator imagines a way in its own picture of the scene and takes one that touches nothing."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence

import mujoco
import numpy as np

from ....scenarios.cloth.contact import TILE
from ....scenarios.robot_folder import SIDES
from .arm import RANGE, Arm, Path
from .seeking import connect

MARGIN = 0.025  # m, kept from everything that the hand is not meant to touch
COARSE, FINE = 16, 64  # places on a way that are looked at: first, and where it seems clear
TRIES = 60  # ways that are imagined before the best is taken
SCATTER = 0.22  # rad, by which a way is changed from one try to the next
ENDS = 0.12  # share of a way at either end where what is near there may stay near
LENGTH = 0.02  # cost of a radian of way, so that of two clear ways the shorter is taken
STEP = 0.03  # rad, between the places that are looked at on a way that shall be sure, however long it is
CLEAR = 0.1  # cost of a way that is neither near to anything nor a long one
BLOCKED = 1.0  # cost from which a way is sought in any case: it leads through something, or is near to things for long
LEAN = 0.5  # rad, by which what is borne may be tilted further on the way than at its ends
# rad, by which a way may swing beyond the share of a joint's range that the operator uses. Further, and the servo's setpoint,
# which a loaded joint follows 0.06 rad behind, ends at the joint's end: the hand leaves the way that was looked at
SWING = 0.03
TOUCHES = 3.0  # crowdedness of a pair that touches, over that of one that nearly does
NEED = 0.015  # m, kept on ways that are sought: less than the margin, so that there is one through a narrow place


def _arm_links(model: mujoco.MjModel, side: str) -> list[int]:
    """Bodies between the trunk, of which both hands hang, and the hand of one side: the arm's links from the shoulder on."""
    lines = {}
    for hand in SIDES:
        body, line = int(model.site_bodyid[model.site(f"{hand}_tcp").id]), []
        while body := int(model.body_parentid[body]):
            line.append(body)
        lines[hand] = line
    trunk = set.intersection(*map(set, lines.values()))
    return [body for body in lines[side][::-1] if body not in trunk]


def _hanging_from(model: mujoco.MjModel, body: int) -> list[int]:
    """A body and all that hangs from it; ids grow from parent to child."""
    found = [body]
    for b in range(body + 1, model.nbody):
        if int(model.body_parentid[b]) in found:
            found.append(b)
    return found


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
        self._tcp = self.model.site(f"{side}_tcp").id
        palm = int(self.model.site_bodyid[self._tcp])
        links = _arm_links(self.model, side)
        hand, own = (_hanging_from(self.model, body) for body in (palm, links[0]))
        self._hand_names = tuple(self.model.body(b).name for b in hand)
        self._hand, self._own = np.isin(self.model.geom_bodyid, hand), np.isin(self.model.geom_bodyid, own)
        # tiles by which the robot meets cloth lie in what it meets all else with
        self._solid = ((self.model.geom_contype & ~TILE) | self.model.geom_conaffinity) != 0
        self._margins = self.model.geom_margin.copy(), self.model.body_margin.copy()
        self.model.flex_contype[:] = self.model.flex_conaffinity[:] = 0  # a cloth gives way
        self._bodies: list[int] = []  # that are borne
        self._borne: list[int] = []  # where in qpos their free joints begin
        self._in_hand: list[tuple[np.ndarray, np.ndarray]] = []  # place and turn of each against the tcp
        self.bear(())
        joints = [int(self.model.body_jntadr[b]) for b in links]
        self._joints, ends = self.model.jnt_qposadr[joints], self.model.jnt_range[joints]
        middle = ends.mean(axis=1, keepdims=True)
        self._ends = (middle + RANGE * (ends - middle)).T
        slides = [j for j in range(self.model.njnt) if int(self.model.jnt_bodyid[j]) in hand]
        self._fingers, self._stroke = self.model.jnt_qposadr[slides], self.model.jnt_range[slides, 1]
        self._finger_bodies = [b for b in hand if self.model.body_parentid[b] == palm]

    def bear(self, bodies: Sequence[str]) -> None:
        """From now on these bodies, with all of their trees, move with the hand as they are seen in it: they are part of it.

        Args:
            bodies: names; what stands fast is left out, and an empty row ends it.
        """
        model = self.model
        roots = {int(model.body_rootid[model.body(name).id]) for name in bodies}
        free = {b: int(model.body_jntadr[b]) for b in roots if model.body_jntnum[b]}
        free = {b: j for b, j in free.items() if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE}
        self._bodies, self._borne = list(free), [int(model.jnt_qposadr[j]) for j in free.values()]
        held = np.isin(model.body_rootid[model.geom_bodyid], list(free))
        self._grasp = self._hand | held
        self._arm = self._own | held
        self._touching = {*self._hand_names, *(model.body(int(b)).name for b in np.unique(model.geom_bodyid[held]))}
        model.geom_margin[:], model.body_margin[:] = self._margins
        model.geom_margin[self._arm] = MARGIN
        # the search for pairs looks at the bodies' margins, which are worked out when a model is compiled
        model.body_margin[np.unique(model.geom_bodyid[self._arm])] = MARGIN
        # only what this arm meets is of interest
        model.geom_contype[:] = np.where(self._solid & self._arm, 1, 0)
        model.geom_conaffinity[:] = np.where(self._solid, 1, 0)

    def _see(self, picture: np.ndarray, percent: float) -> None:
        """Take in the scene as seen (nq,) and the claw [%]; how what is borne lies in the hand is seen there, too."""
        self.data.qpos[:] = picture
        if self._borne:
            mujoco.mj_kinematics(self.model, self.data)
            self._in_hand = []
            hand, frame = self._hand_pose()
            for at in self._borne:
                turn = np.zeros(9)
                mujoco.mju_quat2Mat(turn, picture[at + 3 : at + 7])
                self._in_hand.append((frame.T @ (picture[at : at + 3] - hand), frame.T @ turn.reshape(3, 3)))
        self.data.qpos[self._fingers] = percent / 100.0 * self._stroke

    def _hand_pose(self) -> tuple[np.ndarray, np.ndarray]:
        return self.data.site_xpos[self._tcp].copy(), self.data.site_xmat[self._tcp].reshape(3, 3).copy()

    def _pose(self, q: np.ndarray) -> None:
        """Bring the arm, and what it bears, to joint angles q."""
        self.data.qpos[self._joints] = q
        mujoco.mj_kinematics(self.model, self.data)
        if self._borne:
            hand, frame = self._hand_pose()
            for at, (place, turn) in zip(self._borne, self._in_hand):
                self.data.qpos[at : at + 3] = hand + frame @ place
                mujoco.mju_mat2Quat(self.data.qpos[at + 3 : at + 7], (frame @ turn).ravel())
            mujoco.mj_kinematics(self.model, self.data)

    def near(self, q: np.ndarray) -> dict[tuple[int, int], float]:
        """Pairs of bodies closer than the margin at joint angles q, and their distance [m]; only pairs with this arm."""
        self._pose(q)
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_collision(self.model, self.data)
        contact = self.data.contact
        geoms = contact.geom
        counts = (self._arm[geoms].any(axis=1)) & ~self._grasp[geoms].all(axis=1)
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
        sink: float = np.inf,
    ) -> float:
        """How crowded it is at joint angles; 0 where the margin is kept from everything.

        Args:
            q: (7,) of the arm.
            picture: (nq,) the scene as seen.
            percent: how far the claw is closed.
            touch: bodies that the hand and what it bears (not the arm) may touch there.
            joint, angle: a door and where it stands then, where that is not as seen.
            sink: [m] how deep they may be in each other where they may touch.
        """
        self._see(picture, percent)
        if joint is not None:
            self.data.qpos[self.model.joint(joint).qposadr[0]] = angle
        total = 0.0
        for (a, b), distance in self.near(q).items():
            names = {self.model.body(a).name, self.model.body(b).name}
            if names & set(touch) and names & self._touching and distance > -sink:
                continue
            total += (MARGIN - distance) / MARGIN + (TOUCHES if distance < 0.0 else 0.0)
        return total

    def centring(self, q: np.ndarray, picture: np.ndarray, percent: float, thing: str) -> np.ndarray:
        """(3,) [m] by which a hand has to be moved for what is between its fingers to be in their middle; 0 where no finger stands in it.

        It is moved from the finger that stands in it towards the other one, along the line between their bodies; a finger further
        away than `MARGIN` counts as that far. Where there is no room for the thing between them, one still stands in it afterwards.

        Args:
            q, picture, percent: as in `crowd`.
            thing: the body between them.
        """
        self._see(picture, percent)
        near, body = self.near(q), self.model.body(thing).id
        fingers = self._finger_bodies
        front, back = (min((near[p] for p in ((f, body), (body, f)) if p in near), default=MARGIN) for f in fingers)
        if min(front, back) > 0.0:
            return np.zeros(3)
        apart = np.subtract(*self.data.xipos[fingers])
        return (front - back) / 2.0 * -apart / np.linalg.norm(apart)

    def hand_points(self, q: np.ndarray) -> np.ndarray:
        """(n, 3) middles of the hand's geoms [m] at joint angles, the claw as it was last looked at."""
        self._pose(q)
        return self.data.geom_xpos[self._hand & self._solid]

    def cost(self, path: Path, picture: np.ndarray, percent: float, stop: float = np.inf, sure: bool = False) -> float:
        """How little room a path leaves; 0 (plus a little for its length) where it keeps the margin, and the joints' range, everywhere.

        Args:
            stop: a cost at which it need not be known any better.
            sure: look at as many places as the way is long, and see that what is borne is not tilted.
        """
        self._see(picture, percent)
        start, end = self.near(path.spline(0.0)), self.near(path.end)
        length = float(np.abs(np.diff(path.spline(np.linspace(0.0, 1.0, FINE + 1)), axis=0)).max(axis=1).sum())
        fine = max(FINE, int(np.ceil(length / STEP))) if sure else FINE
        most = self._upright(path) if sure else np.inf
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
                # what is near at an end is left, or come to, by and by; never through it
                if share < ENDS and distance > start.get(pair, MARGIN) - 0.003:
                    continue
                if share > 1.0 - ENDS and distance > end.get(pair, MARGIN) - 0.003:
                    continue
                total += ((MARGIN - distance) / MARGIN + (3.0 if distance < 0.002 else 0.0)) * COARSE / fine
            if self._tilt() > most:
                total += COARSE / fine
            if total > stop:
                break
        return total

    def _tilt(self) -> float:
        """[rad] by which the z axis of what is borne is tilted against the vertical now, the largest; 0 of nothing."""
        return max((float(np.arccos(np.clip(self.data.xmat[b, 8], -1.0, 1.0))) for b in self._bodies), default=0.0)

    def _upright(self, path: Path) -> float:
        """How far [rad] what is borne may be tilted on a way."""
        tilts = []
        for q in (path.spline(0.0), path.end):
            self._pose(q)
            tilts.append(self._tilt())
        return max(tilts) + LEAN

    def choose(
        self,
        arm: Arm,
        options: Sequence[Sequence[np.ndarray]],
        goal: np.ndarray,
        speed: float,
        picture: np.ndarray,
        percent: float,
        seek: bool = False,
    ) -> Path:
        """A way from where the arm is to a goal that leaves room, by one of several rows of postures or one like it.

        Args:
            arm: as it stands.
            options: rows of postures to pass; an empty row goes straight.
            goal: (7,) joint angles at the end.
            speed: [m/s] of the hand.
            picture: (nq,) the scene as seen.
            percent: how far the claw is closed.
            seek: whether it is made sure, and sought by growing trees where none of those imagined is clear and short;
                it is sought in any case where the best of them costs more than `BLOCKED`.
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
            cost = self.cost(path, picture, percent, best[2][0] if len(best) > 2 else np.inf, seek)
            best.append((cost, row, path))
            best.sort(key=lambda b: b[0])
        if best[0][0] > (CLEAR if seek else BLOCKED):
            for row in self._sought(arm, goal, picture, percent):
                path = arm.way([*row, goal], speed, scatter=0.0)
                best.append((self.cost(path, picture, percent, sure=True), row, path))
            best.sort(key=lambda b: b[0])
        return best[0][2]

    def _sought(self, arm: Arm, goal: np.ndarray, picture: np.ndarray, percent: float) -> list[list[np.ndarray]]:
        """Rows of postures of a way that was sought: its corners, and the same with more postures between them; or none."""
        self._see(picture, percent)
        ends, most = [], LEAN
        for q in (arm.q, goal):
            ends.append(self.near(q))
            most = max(most, self._tilt() + LEAN)

        def free(q: np.ndarray) -> bool:
            # what is near at an end may be as near on the way
            return (
                all(
                    distance > min(NEED, *(end.get(pair, MARGIN) - 0.002 for end in ends))
                    for pair, distance in self.near(q).items()
                )
                and self._tilt() <= most
            )

        low, high = arm.model.jnt_range.T
        corners = connect(arm.q, np.asarray(goal), free, low, high, arm.rng)
        if corners is None:
            return []
        denser = [a + share * (b - a) for a, b in itertools.pairwise(corners) for share in (0.0, 0.5)]
        return [corners[1:-1], denser[1:]]
