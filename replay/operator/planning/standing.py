"""Ways of a base that moves: the whole robot, with what it holds, goes round what stands in the room."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import mujoco
import numpy as np

from ....scenarios.robots.mobile import JOINTS
from .clearance import ScenePicture
from .trees import connect

ROOM = (0.08, 0.03)  # m, kept from everything, asked for one after the other
LOOKS = 6_000  # places that are looked at in each of these searches
LEAVING = 0.004  # m, by which what is near at an end may be nearer on the way
BEYOND = 2.0  # m, by which a way may leave the place between its ends
STEP = 0.03  # m, and rad, between the places that are looked at on a way
FACES = 0.2  # rad: turned further from an end, a robot that sways keeps its room from what is near there as well
PIECES = (1, 2, 4)  # into which the pieces of a way that was found are cut for places from which to turn
ARM = 0.5  # m, of the robot's reach by which a turn counts as a way


class Standing(ScenePicture):
    """Distances of a robot that stands on its base, with what it holds, from everything else, in a picture of its own.

    Args:
        model: the scene as the operator knows it; it is copied.
        root: the robot's top body. What carries it, or on its own legs shows where it is commanded to be, are the joints of a base.
    """

    def __init__(self, model: mujoco.MjModel, root: str):
        super().__init__(model)
        self._root = int(self.model.body(root).id)
        self._joints = [int(self.model.joint(name).qposadr[0]) for name in JOINTS[:3]]
        own = self.model.body_rootid[self.model.geom_bodyid] == self.model.body_rootid[self._root]
        self._robot = own
        self._held: list[tuple[int, np.ndarray]] = []  # where in qpos its free joint begins, and its pose as seen

    def see(self, picture: np.ndarray, held: Sequence[str], tied: Sequence[str] = ()) -> np.ndarray:
        """Take in the scene as seen (nq,), some free bodies as parts of the robot; (3,) where it stands.

        Args:
            tied: parts that a hand holds by a cord: what of them moves gives way like a cloth.
        """
        model = self.model
        roots = [int(model.body_rootid[model.body(name).id]) for name in held]
        moves = self._robot | np.isin(model.body_rootid[model.geom_bodyid], roots)
        self._hold_against(moves, ~moves, ROOM[0], tied)  # what moves together does not meet
        self.data.qpos[:] = picture
        first = model.body_jntadr[self._root]
        roots += [self._root] if model.jnt_type[first] == mujoco.mjtJoint.mjJNT_FREE else []  # on its legs
        at = [int(model.jnt_qposadr[model.body_jntadr[root]]) for root in roots]
        self._held = [(a, picture[a : a + 7].copy()) for a in at]
        self._seen = picture[self._joints].copy()
        return self._seen.copy()

    def near(self, q: np.ndarray) -> dict[tuple[int, int], float]:
        """Pairs of bodies that are closer than the largest of `ROOM` where the base stands at q (3,), and their distance [m]."""
        data, turn = self.data, q[2] - self._seen[2]
        c, s = np.cos(turn), np.sin(turn)
        data.qpos[self._joints] = q
        for at, pose in self._held:
            x, y = pose[:2] - self._seen[:2]
            data.qpos[at : at + 2] = q[0] + c * x - s * y, q[1] + s * x + c * y
            mujoco.mju_mulQuat(
                data.qpos[at + 3 : at + 7], np.array([np.cos(turn / 2), 0.0, 0.0, np.sin(turn / 2)]), pose[3:]
            )
        mujoco.mj_kinematics(self.model, data)
        return self._pairs(ROOM[0])


def walk(
    standing: Standing, straight: list[np.ndarray], rng: np.random.Generator, sways: bool = False
) -> list[np.ndarray] | None:
    """Places (x, y, yaw) of a way of the base: at each it turns as it does at the next, and walks straight there.

    Args:
        standing: as it sees the scene.
        straight: (3,) [m, m, rad] each, from where it stands: the way that is taken where it is free.
        rng: of the trees; the same gives the same way to the bit.
        sways: on its legs, by 50 mm to either side: it keeps the larger room, and steps away from what it is near to before it turns. Where
            no such way is found, it goes as one that glides.

    Returns:
        The start first, the goal last; None where no way was found.
    """
    start, goal = straight[0], straight[-1].copy()
    goal[2] = start[2] + (goal[2] - start[2] + np.pi) % (2.0 * np.pi) - np.pi
    ends = [(start, standing.near(start)), (goal, standing.near(goal))]

    def excused(faces: float, q: np.ndarray) -> dict[tuple[int, int], float]:
        """What is near at an end may stay as near, as long as the robot faces as it does there."""
        found: dict[tuple[int, int], float] = {}
        for at, near in ends:
            if abs(q[2] - at[2]) <= faces:
                for pair, far in near.items():
                    found[pair] = min(found.get(pair, np.inf), far - LEAVING)
        return found

    def free(need: float, faces: float, q: np.ndarray) -> bool:
        allowed = excused(faces, q)
        return all(far > min(need, allowed.get(pair, need)) for pair, far in standing.near(q).items())

    def leaves(need: float, faces: float, way: Sequence[np.ndarray]) -> bool:
        return all(free(need, faces, q) for q in _places(way))

    if leaves(ROOM[0] if sways else ROOM[-1], FACES if sways else np.inf, straight):
        return straight
    low, high = np.minimum(start, goal) - BEYOND, np.maximum(start, goal) + BEYOND
    for need, faces in (*(((ROOM[0], FACES),) if sways else ()), *((need, np.inf) for need in ROOM)):
        row = connect(start, [goal], partial(free, need, faces), low, high, rng, looks=LOOKS, far=_far)
        for count in PIECES if row is not None else ():
            assert row is not None
            dense = [a + i / count * (b - a) for a, b in itertools.pairwise(row) for i in range(1, count + 1)]
            legs = _fewest(start, dense, partial(leaves, need - LEAVING, faces))
            if legs is not None:
                return legs
    return straight if leaves(0.0, np.inf, straight) else None


def _fewest(
    start: np.ndarray, row: Sequence[np.ndarray], free: Callable[[Sequence[np.ndarray]], bool]
) -> list[np.ndarray] | None:
    """Few of a row's places, each as far on as it can be walked to from the one before, without a turn where that is free."""
    legs, at = [start], 0
    while at < len(row):
        for k in range(len(row) - 1, at - 1, -1):
            here = np.array([*row[k][:2], legs[-1][2]])
            way = next((w for w in ([here], [row[k]]) if free([legs[-1], *w])), None)
            if way is not None:
                break
        else:
            return None
        legs, at = [*legs, *way], k + 1
    if legs[-1][2] == row[-1][2]:
        return legs
    return [*legs, row[-1]] if free([legs[-1], row[-1]]) else None


def _places(way: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Places on a way on which it first turns and then walks."""
    for a, b in itertools.pairwise(way):
        turned = np.array([*a[:2], b[2]])
        for c, d in ((a, turned), (turned, b)):
            count = int(np.ceil(np.abs(d - c).max() / STEP))
            yield from (c + i / count * (d - c) for i in range(1, count + 1))


def _far(a: np.ndarray, b: np.ndarray) -> float:
    """How far it is between two places: [m], with what the turn is worth."""
    return float(np.hypot(*(b - a)[:2]) + ARM * abs(b[2] - a[2]))
