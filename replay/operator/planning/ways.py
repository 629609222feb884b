"""Free ways of the arms and of the base, as the scene is seen, and how much room there is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from ....scenarios.robots.robot_folder import SIDES
from ....scenarios.scene.scene import Scene
from ..limbs.arm import Arm, Path
from ..senses.attachment import corded_part
from ..senses.senses import Senses
from ..words.reason import GivenUp, Reason
from . import Level, Plan, SeenArm, plan
from .clearance import MARGIN, Clearance, Load
from .planner import LOOKS, least_room
from .seen_arm import spline_through
from .standing import Standing, walk

BLOCKED = 1.0  # cost of a way that leads through something, or is near to things for long
ENOUGH = 0.3  # cost of a way on which something is a little near for a moment
ROWS = 4  # ends of a carry of which one is sought by trees
# where none of these is reached, all ends are sought, in so many times as many looks: before an oven that stands near and is turned
# to the right, 4 of 12 searches among four ends found a way in 20000 looks, and 9 of 12 among all ends in 40000
LONGER = 3
TRIES = 2  # how often the trees are asked for a way, each time with other draws, before there is none
TIGHT = 0.004  # m of room at its end that are enough
ALIKE = 0.15  # rad, by which its beginning differs from those of the others
DIP = 0.005  # m, that what is carried level may come lower than at the ends of its way
LIGHT = 0.5  # N, to which no arm gives way
CARRIED = (0.020, 0.008)  # m of room, asked for as something is carried
# m/s2, of an arm's middle on a planned way at most: a robot that is jerked further by it leaves its balance
SWIFT = 1.2
REACHED = 2e-3  # m, within which a pose counts as reached


def best_of(tries: Iterable[tuple[Any, ...]], enough: float, otherwise: tuple[Any, ...]) -> tuple[Any, ...]:
    """The try that scores least, its score first; they go on until one scores less than `enough`. `otherwise` where none scores less."""
    best = otherwise
    for one in tries:
        if one[0] < best[0]:
            best = one
        if one[0] < enough:
            break
    return best


class Ways:
    """Finds ways for one copy of a scene.

    Args:
        senses: what is seen there; arms: by side.
        claws, held: side -> how far a claw is commanded to close [%], and what it holds.
        put_into: part -> the part into which it has been put, and with which it is carried since.
        rng: of the searches.
    """

    def __init__(
        self,
        senses: Senses,
        arms: Mapping[str, Arm],
        claws: Mapping[str, float],
        held: Mapping[str, str],
        put_into: Mapping[str, str],
        rng: np.random.Generator,
    ):
        self._senses, self._arms, self._claws, self._held, self._put_into, self._rng = senses, arms, claws, held, put_into, rng
        self._scene: Scene = senses.scene
        self._model = senses.model
        robot = self._scene.robot
        self._clearance = {side: Clearance(self._model, side) for side in SIDES}
        # made at once: a chain that goes on from the middle recalls what is kept of it
        self._standing = Standing(self._model, robot.root) if robot.goes else None
        self.why = ""  # of the last way that was not found

    def _drives(self, side: str) -> np.ndarray:
        """(n,) what the drives of a hand are commanded [%]."""
        return self._senses.hand(side).shape.drives_at(self._claws[side])

    def bear(self, side: str, rigid: Sequence[str] = (), corded: Sequence[str] = ()) -> None:
        """From now on what a hand holds is part of its ways: things as they are, or what hangs on a cord of theirs."""
        self._clearance[side].bear(rigid, corded)

    def borne(self, side: str) -> Sequence[str]:
        """What a hand's ways look past, as it bears it."""
        return self._clearance[side].borne

    def way(self, side: str, goal: np.ndarray, speed: float = 0.45) -> Path:
        """A free way of a hand, and of what it holds, to joint angles, that keeps clear of what is seen.

        Raises:
            GivenUp: none was found, and the straight way is blocked.
        """
        path = self.free_way(side, goal, speed)
        if path is None:
            path = self._arms[side].gently(self._arms[side].way([goal], speed, scatter=0.0), SWIFT)
            if self.room_on(side, path, sure=True) > BLOCKED:
                raise GivenUp(Reason(f"no free way was found for the {side} hand: {self.why}", "no_way", side=side))
        return path

    def free_way(self, side: str, goal: np.ndarray, speed: float) -> Path | None:
        """As `way`; None where none was found. Where none leads to these joint angles, the arm is held otherwise for the same pose."""
        arm = self._arms[side]
        for goals in (goal, arm.hand(goal)) * TRIES:
            found = self.plan(side, [goals], speed=speed)
            if found.path is not None:
                break
        self.why = found.why
        return None if found.path is None else arm.gently(arm.way(list(found.path[1:]), speed, scatter=0.0), SWIFT)

    def plan(
        self,
        side: str,
        goals: Sequence[np.ndarray | tuple[np.ndarray, np.ndarray]],
        speed: float = 0.45,
    ) -> Plan:
        """A free way of a hand, with what it holds, to one of several goals (see `planning.plan`), quick at a speed [m/s]."""
        arm = self._arms[side]
        return plan(self._seen(side), goals, lasts=lambda row: arm._path(row, speed).duration, rng=self._rng)

    def _seen(self, side: str) -> SeenArm:
        """An arm in the scene as it is seen, which gives way to what its hand bears."""
        return SeenArm(self._arms[side], self._laden(side), self._around(side), self._drives(side))

    def level_way(
        self, side: str, rows: Iterable[Sequence[np.ndarray]], speed: float, begin: Sequence[np.ndarray] = ()
    ) -> Path | None:
        """A way on which what a hand holds stays level, to the first posture of one of several rows, and on through the row.

        Args:
            side: of the hand.
            rows: (7,) joint angles from where it is free to the end; the first `ROWS` that leave room; where none is reached, all.
            speed: [m/s] of the hand.
            begin: joint angles that it passes first, such as out of an opening.
        """
        arm, seen = self._arms[side], self._seen(side)
        if begin:
            seen.q = begin[-1]
        roomy = self._roomy(seen, rows)
        chosen = sorted(itertools.islice(roomy, ROWS), key=lambda one: -one[0])
        found = self._kept_level(seen, [row for _, row in chosen], CARRIED, LOOKS)
        if found.path is None:
            chosen += roomy
            found = self._kept_level(seen, [row for _, row in chosen], CARRIED[-1:], LONGER * LOOKS)
        if found.path is None or found.goal is None:
            self.why = found.why or "nowhere is there room for it at the end"
            return None
        knots = [arm.q, *begin, *found.path[1:], *chosen[found.goal][1][1:]]
        return arm.gently(arm._path(knots, speed), SWIFT)

    def _kept_level(
        self, seen: SeenArm, rows: Sequence[Sequence[np.ndarray]], room: Sequence[float], looks: int
    ) -> Plan:
        """A way to where one of several rows begins, on which what is held stays level."""
        heights = [float(seen.limb.hand(q)[0][2]) for q in (seen.q, *(row[0] for row in rows))]
        keep = Level(seen, lowest=min(heights) - DIP)
        return plan(seen, [row[0] for row in rows], keep, room, looks, rng=self._rng)

    def _roomy(
        self, seen: SeenArm, rows: Iterable[Sequence[np.ndarray]]
    ) -> Iterator[tuple[float, Sequence[np.ndarray]]]:
        """Rows that leave room [m], each with the least there is, and each begun otherwise than those before."""
        begun: list[np.ndarray] = []
        for row in rows:
            seen.see()  # as a row is made it is looked past what is held
            least = least_room(seen, spline_through(row), [seen.near(row[-1])]) if len(row) > 1 else MARGIN
            if least > TIGHT and all(np.abs(row[0] - other).max() > ALIKE for other in begun):
                begun.append(row[0])
                yield least, row

    def walk(self, straight: list[tuple[np.ndarray, float]]) -> list[tuple[np.ndarray, float]] | None:
        """Places (2,) [m] and headings [rad] of a walk, one after the other: straight, or round what stands there; None where it cannot be.

        What the hands hold goes with the robot; what it is so near to at the start or at the end does not count.
        """
        assert self._standing is not None
        held = [name for side in SIDES for name in self._clearance[side].borne]
        inside = [name for thing in held for name in self.with_contents(thing.split("/")[0])[1:]]
        tied = [part for part in (corded_part(self._model, what) for what in self._held.values()) if part is not None]
        start = self._standing.see(self._past(inside).copy(), list(dict.fromkeys(held)), tied)
        yaws = np.unwrap([start[2], *(yaw for _, yaw in straight)])
        row = [start, *(np.array([*place, yaw]) for (place, _), yaw in zip(straight, yaws[1:]))]
        found = walk(self._standing, row, self._rng, sways=self._scene.robot.base == "legs")
        if found is None or found is row:
            return None if found is None else straight
        legs = []
        for a, b in itertools.pairwise(found):
            legs += [(a[:2], float(b[2])), (b[:2], float(b[2]))]
        return legs

    def crowd(
        self,
        side: str,
        q: np.ndarray,
        touch: Sequence[str] = (),
        joint: str | None = None,
        angle: float = 0.0,
        sink: float = np.inf,
        without: Sequence[str] = (),
    ) -> float:
        """How crowded it is for an arm at joint angles (see `Clearance.crowd`), looking past some parts."""
        clearance = self._laden(side)
        borne = clearance.borne
        bare = any(name.split("/")[0] in without for name in borne)
        if bare:
            clearance.bear(())
        found = clearance.crowd(q, self._past(without), self._drives(side), touch, joint, angle, sink)
        if bare:
            clearance.bear(borne)
        return found

    def from_trunk(self, side: str, rows: Iterable[np.ndarray]) -> float:
        """[m] between an arm and the robot's own body at the tightest of several joint angles (see `Clearance.from_trunk`)."""
        return self._clearance[side].from_trunk(rows, self._senses.picture().qpos, self._drives(side))

    def centring(self, side: str, q: np.ndarray, thing: str) -> np.ndarray:
        """(3,) [m] by which an open hand has to be moved for a body to be in the middle of its fingers (see `Clearance.centring`)."""
        return self._clearance[side].centring(q, self._senses.picture().qpos, self._drives(side), thing)

    def hand_points(self, side: str, q: np.ndarray) -> np.ndarray:
        """(n, 3) middles of the hand's geoms [m] at joint angles."""
        return self._clearance[side].hand_points(q)

    def with_contents(self, thing: str) -> list[str]:
        """A part of the scene and whatever stands in it or on it, or has been put into it to stay, by their names in the YAML."""
        names = [thing]
        for placed in self._scene.config.parts:
            begins = None if placed.stands_on is None else placed.stands_on[0]
            if self._put_into.get(placed.name, begins) in names:
                names.append(placed.name)
        return names

    def room_on(self, side: str, path: Path, held: Sequence[str] = (), sure: bool = False) -> float:
        """What a path costs (see `Clearance.cost`), looking past the parts that the hand holds."""
        return self._laden(side).cost(path, self._around(side, held), self._drives(side), sure=sure)

    def least_room(self, side: str, path: Path, places: int, held: Sequence[str]) -> float:
        """[m] of room of arm and hand at the tightest of so many places of a way, its ends too, looking past the parts that are held."""
        clearance = self._clearance[side]
        borne = clearance.borne
        if borne:
            clearance.bear(())
        clearance.see(self._past(held), self._drives(side))
        near = (clearance.near(path.spline(share)).values() for share in np.linspace(0.0, 1.0, places))
        least = min((distance for distances in near for distance in distances), default=np.inf)
        if borne:
            clearance.bear(borne)
        return least

    def _laden(self, side: str) -> Clearance:
        """The picture of an arm that gives way to what its hand bears now."""
        clearance, arm = self._clearance[side], self._arms[side]
        weight = max(0.0, -float(self._senses.feel(side)[2])) if clearance.borne else 0.0
        clearance.hang(Load(weight, arm.q, arm.stiffness) if weight > LIGHT else None)
        return clearance

    def _around(self, side: str, held: Sequence[str] = ()) -> np.ndarray:
        """(nq,) the scene as seen, without what lies in the things that a hand holds, and without other parts that it holds."""
        borne = {name.split("/")[0] for name in self._clearance[side].borne}
        inside = {name for thing in borne for name in self.with_contents(thing)}
        return self._past(sorted((inside | set(held)) - borne)).copy()

    def _past(self, parts: Sequence[str]) -> np.ndarray:
        """(nq,) the scene as seen, but some parts far below the floor."""
        if not parts:
            return self._senses.picture().qpos
        picture = self._senses.picture().qpos.copy()
        for j in range(self._model.njnt):
            name = self._model.joint(j).name
            if self._model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE and name.split("/")[0] in parts:
                picture[self._model.jnt_qposadr[j] + 2] -= 10.0
        return picture

    def tightness(self, side: str, path: Path, held: Sequence[str]) -> float:
        """What a path costs, looking past the parts that the hand holds, and what it misses of where it was wanted."""
        return self.room_on(side, path, held) + 200.0 * max(path.error - REACHED, 0.0)

    def freest(self, side: str, paths: Iterable[Path], held: Sequence[str]) -> Path | None:
        """The first of several ways that is free enough, or else the one that costs least; None where there is none.

        Args:
            paths: imagined one after the other, as long as none is free enough.
            held: the parts that the hand holds.
        """
        return best_of(((self.tightness(side, path, held), path) for path in paths), ENOUGH, (np.inf, None))[1]

    def goal(
        self,
        side: str,
        poses: Sequence[Sequence[tuple[np.ndarray, np.ndarray | None]]],
        like: np.ndarray,
        orient: Sequence[float] | float = 0.3,
        touch: Sequence[str] = (),
        held: Sequence[str] = (),
    ) -> tuple[float, list[np.ndarray]]:
        """Of several rows of hand poses the one that is within reach and leaves room; its score and joint angles.

        Args:
            poses: rows of (position, rotation); each pose of a row is searched from the one before.
            like: posture that is preferred; the first row that scores well is taken.
            orient: as in `Arm.solve`.
            touch: bodies that the hand may touch in the last pose of a row.
            held: the parts that the hand holds: they are not where they are seen now.
        """
        arm = self._arms[side]

        def tried(row: Sequence[tuple[np.ndarray, np.ndarray | None]]) -> tuple[float, list[np.ndarray]]:
            seed, score, found = like, 0.0, []
            for i, (position, rotation) in enumerate(row):
                seed, off = arm.solve(position, rotation, seed, like, orient)
                found.append(seed)
                may = touch if i == len(row) - 1 else ()
                score += 400.0 * max(off - REACHED, 0.0) + self.crowd(side, seed, may, without=held)
            return score, found

        score, found = best_of(map(tried, poses), 0.5, (np.inf, []))
        return score, found
