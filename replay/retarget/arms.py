"""Both arms of the robot as the retargeting sees them: where its hands are at joint angles, and how far each reaches."""

from __future__ import annotations

from functools import cached_property

import mujoco
import numpy as np
from numpy.typing import NDArray

from ...scenarios.parts.pose import Pose, hanging
from ...scenarios.robots.robot import Robot
from ...scenarios.scene.scene import Scene
from .targets import HANDS

Array = NDArray[np.float64]


class Arms:
    """The robot's two arms, all else frozen where it stands.

    Args:
        robot: the robot of the arms; stands: where the floor mark between its feet lies.
        start: joint name -> angle [rad] that the arms keep to where nothing else is asked.

    `model` has the arms' joints alone and no shapes; `whole` has shapes and fingers too, with the arms at `index` of its qpos.
    `worn`: hand -> (3, 3) axes of its tcp, as columns, in the axes of a person's hand.
    """

    def __init__(self, robot: Robot, stands: Pose | None = None, start: dict[str, float] | None = None):
        self.robot = robot
        self.names = robot.arm_names
        self.worn: dict[str, Array] = {hand: np.array(robot.hand_sheet["worn"][hand], float) for hand in HANDS}
        fingers = _fingers(robot)
        beyond = {name for names in fingers.values() for name in names}
        self.model = robot.moving_only(set(self.names), stands)
        self.whole = robot.moving_only({*self.names, *beyond}, stands, shapes=True)
        self.index = np.array([self.whole.joint(name).qposadr[0] for name in self.names])
        self.fingers = {hand: [int(self.whole.joint(name).qposadr[0]) for name in fingers[hand]] for hand in HANDS}
        self._data = mujoco.MjData(self.model)
        self._sites = {hand: self.model.site(f"{hand}_tcp").id for hand in HANDS}
        pose = start or robot.pose("ready" if "ready" in robot.sheet["poses"] else "home")
        self.start = np.array([pose.get(name, 0.0) for name in self.names])

    @classmethod
    def of(cls, scene: Scene) -> Arms:
        """The arms of a scene's robot, standing where it stands."""
        x, y, yaw = scene.config.stands_at
        return cls(scene.robot, Pose.of((x, y, 0.0), yaw))

    def columns(self, hand: str) -> list[int]:
        """Indices of one arm's joints."""
        return [self.names.index(name) for name in self.robot.arm_of(hand)]

    @property
    def ranges(self) -> Array:
        """(k, 2) lowest and highest angle of each arm joint [rad]."""
        return self.model.jnt_range

    def _joint(self, hand: str, k: int) -> int:
        """Id of the k-th joint of an arm."""
        return int(self.model.joint(self.names[self.columns(hand)[k]]).id)

    def elbow(self, hand: str) -> str:
        """The body that turns about the elbow."""
        return str(self.model.body(self.model.jnt_bodyid[self._elbow(hand)]).name)

    def _elbow(self, hand: str) -> int:
        return int(self.model.joint(self.robot.elbow_of(hand)).id)

    def grasp(self, hand: str, closed: float) -> tuple[list[int], Array]:
        """Indices of a hand's finger joints in `whole` and where they are at a share of closing, 0 open to 1."""
        at = self.fingers[hand]
        joints = [int(np.flatnonzero(self.whole.jnt_qposadr == a)[0]) for a in at]
        low, high = self.whole.jnt_range[joints].T
        return at, low + closed * (high - low)

    def hand(self, q: Array, hand: str) -> tuple[Array, Array]:
        """Position (3,) [m] and rotation (3, 3) of a hand's tcp in the world at joint angles (k,)."""
        self._data.qpos[:] = q
        mujoco.mj_kinematics(self.model, self._data)
        site = self._sites[hand]
        return self._data.site_xpos[site].copy(), self._data.site_xmat[site].reshape(3, 3).copy()

    def jacobian(self, q: Array, hand: str) -> Array:
        """(6, k) of a hand's tcp in the world to the arms' joints, at joint angles (k,): its place, then its turn."""
        self.hand(q, hand)
        found = np.zeros((6, self.model.nv))
        mujoco.mj_comPos(self.model, self._data)
        mujoco.mj_jacSite(self.model, self._data, found[:3], found[3:], self._sites[hand])
        return found

    def follow(self, q: Array, hand: str) -> tuple[Array, Array]:
        """(n, 3) and (n, 3, 3): `hand` for each row of (n, k)."""
        seen = [self.hand(row, hand) for row in q]
        return np.array([p for p, _ in seen]), np.array([r for _, r in seen])

    @cached_property
    def bodies(self) -> dict[str, frozenset[str]]:
        """Hand -> the links of its arm, with the hand itself."""
        model = self.whole
        tops = {hand: int(model.jnt_bodyid[model.joint(self.robot.arm_of(hand)[0]).id]) for hand in HANDS}
        return {hand: frozenset(str(model.body(b).name) for b in hanging(model, top)) for hand, top in tops.items()}

    @cached_property
    def shoulder(self) -> dict[str, Array]:
        """Hand -> (3,) [m] where the shoulder's axes meet, in the world."""
        mujoco.mj_kinematics(self.model, self._data)
        return {hand: self._data.xanchor[self._joint(hand, 0)].copy() for hand in HANDS}

    @cached_property
    def facing(self) -> Array:
        """(3, 3) the robot's own axes in the world: x forward, y from the right to the left shoulder, z up."""
        y = self.shoulder["left"] - self.shoulder["right"]
        y = y / np.linalg.norm(y)
        z = np.array([0.0, 0.0, 1.0])
        x = np.cross(y, z)
        return np.stack([x / np.linalg.norm(x), y, z], axis=1)

    @cached_property
    def reach(self) -> dict[str, float]:
        """Hand -> largest distance [m] from the shoulder to the tcp that the joint ranges allow."""
        return {hand: _reach(self, hand) for hand in HANDS}

    @cached_property
    def upper_arm(self) -> dict[str, float]:
        """Hand -> distance [m] from the shoulder to the elbow's axis."""
        self._data.qpos[:] = 0.0
        mujoco.mj_kinematics(self.model, self._data)
        found = {}
        for hand in HANDS:
            shoulder, elbow = (self._data.xanchor[joint] for joint in (self._joint(hand, 0), self._elbow(hand)))
            found[hand] = float(np.linalg.norm(elbow - shoulder))
        return found

    def shapes(self, group: str) -> list[int]:
        """Collision geoms of `whole` in a group: `left_forearm` (elbow to fingertips), `right_forearm`, `trunk` (all that stands still)."""
        model = self.whole
        if group == "trunk":
            bodies = {int(b) for b in range(model.nbody) if model.body_weldid[b] == 0}
        else:
            bodies = hanging(model, model.body(self.elbow(group.partition("_")[0])).id)
        return [g for g in range(model.ngeom) if model.geom_contype[g] and int(model.geom_bodyid[g]) in bodies]


def _fingers(robot: Robot) -> dict[str, list[str]]:
    """Hand -> joints beyond the last of the arm's."""
    model = robot.spec().compile()
    found: dict[str, list[str]] = {}
    for hand in HANDS:
        last = robot.arm_of(hand)[-1]
        bodies = hanging(model, int(model.jnt_bodyid[model.joint(last).id]))
        names = [model.joint(j).name for j in range(model.njnt) if int(model.jnt_bodyid[j]) in bodies]
        found[hand] = [name for name in names if name != last]
    return found


def _reach(arms: Arms, hand: str) -> float:
    """Joint after joint is turned to where the hand is furthest from the shoulder, which for one joint is exact, until none gains."""
    columns, model, data = arms.columns(hand), arms.model, mujoco.MjData(arms.model)
    low, high = arms.ranges[columns].T
    shoulder, site = arms.shoulder[hand], model.site(f"{hand}_tcp").id
    joints = [int(model.joint(arms.names[c]).id) for c in columns]

    def away() -> float:
        mujoco.mj_kinematics(model, data)
        return float(np.linalg.norm(data.site_xpos[site] - shoulder))

    furthest = 0.0
    for start in (np.clip(np.zeros(len(columns)), low, high), 0.5 * (low + high)):
        data.qpos[:] = arms.start
        data.qpos[columns] = start
        before, now = 0.0, away()
        while now - before > 1e-12:
            before = now
            for j, c, least, most in zip(joints, columns, low, high):
                axis, anchor = data.xaxis[j], data.xanchor[j]
                arm, base = data.site_xpos[site] - anchor, anchor - shoulder
                along = float(arm @ base - (arm @ axis) * (base @ axis))
                across = float(np.cross(axis, arm) @ base)
                best = data.qpos[c] + np.arctan2(across, along)  # the distance grows with the cosine of the angle to it
                turns = best + 2 * np.pi * np.arange(-1, 2)
                inside = turns[(turns >= least) & (turns <= most)]
                data.qpos[c] = inside[0] if len(inside) else max((least, most), key=lambda end: np.cos(end - best))
                now = away()
        furthest = max(furthest, now)
    return furthest


_KNOWN: dict[tuple[str, str, str, tuple[float, float, float]], Arms] = {}


def arms_of(scene: Scene) -> Arms:
    """`Arms.of`, compiled once for all recordings of one scene."""
    x, y, yaw = scene.config.stands_at
    robot = scene.robot
    key = str(robot.folder), robot.hand, robot.base, (float(x), float(y), float(yaw))
    if key not in _KNOWN:
        while len(_KNOWN) > 3:
            _KNOWN.pop(next(iter(_KNOWN)))
        _KNOWN[key] = Arms.of(scene)
    return _KNOWN[key]
