"""Reach over a door that stands ajar and push it further open from its inner face."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from ...limbs.arm import Path
from ...limbs.geometry import UP, facing
from ...operator_state import OperatorState
from ...recognition import pushing
from ...words.primitives import MOVE_JOINT
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, Skill
from ..doors import CLEAR, CLOSE, RAISED, ROOM, STEP, on_door

LEAP = 0.4  # rad, a joint that turns so far in one knot changes its branch
# ways of reaching over a door: a posture, and how near to the hinge [m] the hand slides while it pushes
SLID = (0.25, 0.19, 0.13)
OVER = (("from_above", 0.25), ("from_above", 0.19), ("from_above", 0.13), ("high", 0.25), ("high", 0.13))
SLIDES = 0.5  # rad, on which it does so: as long as a door is ajar, there is room for a hand only far from the hinge
BEYOND = 0.03  # m, that the hand is sent past the door's place: its knuckles lie before it
SUNK = 0.008  # m, deeper in the door the hand would press too hard
ASTRIDE = 0.02  # m, past the inner face, for the middle of a part of the hand
CROWDED = 3.0  # of a way that is rather not taken
FURTHER = ("ready", "elbow_out", "raised")  # postures from which a door is pushed on, from its inner face
HALF_HAND = 0.055  # m, palm with some play
BEHIND = 0.11  # m, hand clear of the door's inner face


class MoveJointPush(Skill, word="move_joint", how="push"):
    """Reach over a door that stands ajar and push it further open from its inner face.

    It ends when the door stands as far open as asked, or as far as the arm can follow it. Pulled as far by its handle (a plain
    `move_joint`), an oven's door stood where no way led past it with a bowl.
    """

    label = Label(
        en=("push open", "the {hand} hand pushes the {joint} further open"),
        zh=("推开", "{hand}手把{joint}推得更开"),
        shows=pushing.push_open,
    )
    arguments = MOVE_JOINT(
        "hand joint edge",
        to=MOVE_JOINT.at(
            "to", "how far, for a part that faces the robot; one that is turned, as much more or less", float(np.deg2rad(98.0))
        ),
        at_least=1.38,
        enough=Argument("angle", "a door that stands less open is pushed on with the arm held otherwise", 1.50),
        radius=0.25,
        height=0.105,
        over=Argument("length", "height above the site at which the hand passes over the door", 0.25),
        thickness=Argument("length", "thickness of the door", 0.029),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, 0.03)
        angle = state.senses.joint(self.joint)
        turned = facing(state.senses.site_at(self.edge, self.joint, 0.0)[1])
        wanted = self.to + (turned if state.senses.hinge(self.joint)[1][2] < 0 else -turned)
        most = float(state.model.joint(self.joint).range[1]) - STEP
        wide = min(max(wanted, self.at_least, self.enough), most)
        start, poses, like, speed = self._over(state, angle, wide, [(arm.posture(name), last) for name, last in OVER])
        if not poses:
            state.given_up = Reason(
                f"no place behind {self.joint} was found from which to push it", "no_place_behind", of=self.joint
            )
            return
        room = self._room(angle)
        high, _ = arm.solve(self._behind(state, angle, self.radius, room, self.over), None, start, like)
        path = state.ways.way(self.hand, high, self.speed)
        if np.abs(path.end - high).max() > LEAP:
            # the arm comes there held otherwise. It pushes so: on a line down to the posture that was meant, it would turn about itself,
            # swing the hand away, and come down on the door
            _, further, like, speed = self._over(state, angle, wide, [(path.end, last) for last in SLID])
            poses = further or poses
        yield from arm.follow(path)
        state.open_claw(self.hand, 0.0)
        first = self._behind(state, angle, self.radius, room, self.height)
        yield from arm.follow(arm.line([(first, None)], self.speed, like=like))
        yield from arm.follow(arm.line(poses, speed, like=like), lambda: state.senses.joint(self.joint) >= wide)
        # up as well: the palm stands over the door's edge, and a door that has been pushed goes on by itself
        out = state.senses.site_at(self.edge, self.joint, state.senses.joint(self.joint))[1][:, 0]
        hand, frame = arm.hand()
        yield from arm.follow(arm.line([(hand - CLEAR * out + RAISED * UP, frame)], self.speed))
        if state.senses.joint(self.joint) < wide - STEP:
            yield from self._further(state, wide)

    def _room(self, angle: float) -> float:
        """Behind the door there is no more room for the hand than it stands open [m]."""
        return min(BEHIND, self.radius * np.tan(min(angle, 1.2)) - HALF_HAND)

    def _behind(self, state: OperatorState, theta: float, radius: float, gap: float, height: float) -> np.ndarray:
        """A place before the door's inner face."""
        return on_door(state, self.joint, self.edge, theta, radius, -self.thickness - gap, height)

    def _over(
        self, state: OperatorState, angle: float, goal: float, ways: Sequence[tuple[np.ndarray, float]]
    ) -> tuple[np.ndarray, list[tuple[np.ndarray, None]], np.ndarray, float]:
        """How an arm that reaches over the door pushes it furthest.

        Args:
            ways: a posture (7,) and how near to the hinge [m] the hand slides, of each that is looked at.

        Returns:
            Joint angles where it begins, places of the hand along the door, the posture that is preferred, and the hand's
            speed [m/s], smaller near to the hinge, so that the door turns no faster.
        """
        arm, door = state.arms[self.hand], state.senses.part_of(self.edge)
        best: tuple[np.ndarray, list[tuple[np.ndarray, None]], np.ndarray, float] = (arm.q, [], ways[0][0], self.speed)
        reach = -np.inf
        for like, last in ways:
            start, off = arm.solve(
                self._behind(state, angle, self.radius, self._room(angle), self.height), None, like, like
            )
            if off > ROOM or state.ways.crowd(self.hand, start, [door], self.joint, angle, SUNK) > CLOSE:
                continue
            poses: list[tuple[np.ndarray, None]] = []
            q, theta, past = start, angle, BEYOND / last
            for theta in np.arange(angle, goal + past, STEP):
                radius = self.radius + (last - self.radius) * min((theta - angle) / SLIDES, 1.0)
                pose = self._behind(state, theta, radius, 0.04, self.height)
                before, (q, off) = q, arm.solve(pose, None, q, like, steps=12)
                sink = SUNK if theta > angle + 2 * STEP else np.inf
                crowd = state.ways.crowd(self.hand, q, [door], self.joint, theta, sink)
                if off > ROOM or crowd > CLOSE or (poses and np.abs(q - before).max() > LEAP):
                    break
                poses.append((pose, None))
            if poses and theta - past > reach + 0.02:
                reach, best = theta - past, (start, poses, like, self.speed * last / self.radius)
            if reach > goal - 2 * STEP:
                break
        return best

    def _astride(self, state: OperatorState, q: np.ndarray, theta: float) -> bool:
        """Whether a part of the hand would stand on the other side of the door, which then is clamped, not pushed."""
        position, rotation = state.senses.site_at(self.edge, self.joint, theta)
        points = (state.ways.hand_points(self.hand, q) - position) @ rotation
        inward = (state.senses.hinge(self.joint)[0] - position) @ rotation
        beside = points[:, 1] * np.sign(inward[1])
        return bool(((points[:, 0] + self.thickness > ASTRIDE) & (beside > -0.02)).any())

    def _further(self, state: OperatorState, goal: float) -> Motion:
        """Push on from the inner face with the arm held otherwise: whoever has reached over the door stands too high."""
        arm, door, angle = state.arms[self.hand], state.senses.part_of(self.edge), state.senses.joint(self.joint)

        def behind(theta: float, gap: float) -> np.ndarray:
            return on_door(state, self.joint, self.edge, theta, radius, -self.thickness - gap, height)

        best: tuple[float, Path | None, np.ndarray, float, float, float] = (np.inf, None, arm.q, 0.0, 0.0, 0.0)
        for name, radius, height in itertools.product(FURTHER, (0.25, 0.30, 0.20), (self.height, 0.05, 0.0)):
            like = arm.posture(name)
            start, off = arm.solve(behind(angle, BEHIND), None, like, like)
            if off > ROOM or state.ways.crowd(self.hand, start) > 0.5:
                continue
            q, theta = start, angle
            for theta in np.arange(angle, goal + STEP, STEP):
                before, (q, off) = q, arm.solve(behind(theta, 0.04), None, q, like, steps=12)
                crowd = state.ways.crowd(self.hand, q, [door], self.joint, theta)
                if off > ROOM or crowd > CLOSE or (theta > angle and np.abs(q - before).max() > LEAP):
                    break
                if self._astride(state, q, theta):
                    break
            if theta < angle + 2 * STEP:
                continue
            way = state.ways.free_way(self.hand, start, self.speed)
            if way is None:
                continue
            score = state.ways.room_on(self.hand, way) + 4.0 * max(goal - theta, 0.0)
            if score < best[0]:
                best = (score, way, like, radius, height, theta)
            if score < 0.5:
                break
        score, path, like, radius, height, reach = best
        if path is None or score > CROWDED:
            return
        yield from arm.follow(path)
        poses = [(behind(theta, 0.04), None) for theta in np.arange(angle, min(goal, reach) + 0.1, STEP)]
        yield from arm.follow(arm.line(poses, 0.5 * self.speed, like=like), lambda: state.senses.joint(self.joint) >= goal)
        away = behind(state.senses.joint(self.joint), BEHIND)
        yield from arm.follow(arm.line([(away, None)], self.speed, like=like))
