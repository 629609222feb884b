"""Skills for what turns about a hinge or slides: pulled by its handle, pushed from inside, pushed shut."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..limbs.hand import unit
from ..recognition import pushing
from .arm import Path, turn_z
from .hands import TURNS, UP, facing
from .operator_state import Motion, OperatorState
from .primitives import MOVE_JOINT
from .reason import Reason
from .skill import Argument, Label, Skill

LATCH_RATE = 30.0  # N/s, slow enough that the latch lets go at its own force
CLOSE = 2.0  # crowd of an arm that is near several things and touches none
LEAP = 0.4  # rad, a joint that turns so far in one knot changes its branch
ROOM = 0.005  # m, by which a planned hand may miss its place
# ways of reaching over a door: a posture, and how near to the hinge [m] the hand slides while it pushes
OVER = (("from_above", 0.25), ("from_above", 0.19), ("from_above", 0.13), ("high", 0.25), ("high", 0.13))
SLIDES = 0.5  # rad, on which it does so: as long as a door is ajar, there is room for a hand only far from the hinge
BEYOND = 0.03  # m, that the hand is sent past the door's place: its knuckles lie before it
CLEAR, RAISED = 0.05, 0.07  # m, by which the hand leaves the inner face then, and rises
SUNK = 0.008  # m, deeper in the door the hand would press too hard
ASTRIDE = 0.02  # m, past the inner face, for the middle of a part of the hand
CROWDED = 3.0  # of a way that is rather not taken
FURTHER = ("ready", "elbow_out", "raised")  # postures from which a door is pushed on, from its inner face
OUTSIDE = ("outside_1", "outside_2", "outside_3", "outside_4")  # postures from which a door is pushed shut
ROUND = (("round_1", "round_2"),)  # postures by which a hand comes round the free edge of a door that stands wide open
AROUND = ((), ("raised",), ("raised", "round_2"), ("ready", "round_2"), *ROUND)
OTHERWISE = 40  # other ways to hold the arm for it that are tried where those have no room
HIGHER = 0.07  # m, and where else on the door
AJAR = 0.02  # rad, the latch has let go
HALF_HAND = 0.055  # m, palm with some play
BEHIND = 0.11  # m, hand clear of the door's inner face
SHUT = 0.003  # rad, a door that stands so far open is shut
NEARLY = 0.06  # rad, from where a door is pushed on slowly
STEP = 0.05  # rad, knots along a door's arc
PUSHING = ("elbow_out", "elbow_in", "raised", "outside_1", "ready")  # postures from which a drawer is pushed shut
ASIDE, PITCHED = np.deg2rad([-36.0, 36.0]), np.deg2rad([12.0, 30.0, -10.0])  # directions of the fingers then
POINT = (0.15, 0.15, 0.0)  # weights of the orientation: how the hand is rolled about its fingers is free


@dataclass(frozen=True)
class Course:
    """What is near and far along a joint [rad of a hinge, m of a slide].

    Attributes:
        step: between two knots of a way; ajar: from where on the latch has let go; least: as far as it is moved in any case.
        nearly: from where on it is shut slowly; shut: where it counts as shut.
    """

    step: float
    ajar: float
    least: float
    nearly: float
    shut: float


HINGE, SLIDE = Course(STEP, AJAR, 0.45, NEARLY, SHUT), Course(0.02, 0.006, 0.05, 0.025, 0.002)


def course_of(state: OperatorState, joint: str) -> Course:
    """That of a joint."""
    return SLIDE if state.slides(joint) else HINGE


class PullOpen(Skill):
    """Pull a door or a drawer by the handle that is held, along its arc or its slide; or push it by that.

    The pull grows until it comes free of its latch; where it does not yield to the largest force, the chain ends.
    """

    word = "move_joint"
    how = "pull"
    label = Label(
        en=("open door", "the {hand} hand pulls the {joint} open"),
        zh=("拉开门", "{hand}手拉开{joint}"),
        shows=pushing.pull_open,
    )
    arguments: ClassVar = MOVE_JOINT(
        "hand joint at until",
        to=MOVE_JOINT.at("to", "how far, as long as the arm can draw back from there"),
        at_least=MOVE_JOINT.at("at_least", "how far in any case; 26 deg, or 50 mm of a slide, where not said", None),
        retreat=MOVE_JOINT.at("retreat", "how far the hand has to be able to draw back", 0.08),
        yaw=MOVE_JOINT.at("yaw", "how far the hand turns on the way", 0.0),
        pitch=MOVE_JOINT.at("pitch", "how far the fingers sink on the way", 0.0),
        force=MOVE_JOINT.at(
            "force",
            "largest pull that is commanded; the arm gives about 0.85 of it, and where the latch does not yield, it ends",
            50.0,
        ),
        speed=0.25,
    )

    def run(self, state: OperatorState) -> Motion:
        arm, course = state.arms[self.hand], course_of(state, self.joint)
        shut = state.joint(self.joint)
        goal, sign = self.to, -1.0 if self.to < shut else 1.0
        least = course.least if self.at_least is None else self.at_least
        path, angles = self._arc(state, shut, shut, goal)
        while sign > 0.0 and goal > least:
            position, frame = arm.hand(path.end)
            off = arm.solve(position - self.retreat * frame[:, 2], frame, path.end, orient=0.15)[1]
            if max(off - 0.01, path.error) < ROOM:
                break
            goal = max(goal - course.step, least)
            path, angles = self._arc(state, shut, shut, goal)

        def base() -> np.ndarray:
            return path.spline(np.interp(sign * state.joint(self.joint), sign * angles, path.marks))

        def along() -> np.ndarray:
            hinge, axis, _ = state.hinge(self.joint)
            if state.slides(self.joint):
                return arm.yielding(sign * axis)
            away = sign * np.cross(axis, state.site(self.at)[0] - hinge)
            sentence = f"{self.at} lies on the axis of {self.joint}, and no pull there turns it"
            return arm.yielding(unit(away, Reason(sentence, "on_the_axis", at=self.at, of=self.joint)))

        # the latch is drawn by a growing force, the hand following the door, so that no more than its own force is used
        if not (
            yield from arm.press(
                self.force,
                LATCH_RATE,
                along,
                lambda: sign * (state.joint(self.joint) - shut) > course.ajar,
                base,
                hold=0.8,
            )
        ):
            state.given_up = Reason(
                f"{self.joint} did not yield to {self.force:.0f} N", "did_not_yield", of=self.joint, force=self.force
            )
            return
        path, _ = self._arc(state, state.joint(self.joint), state.joint(self.joint), goal)
        yield from arm.follow(path, state.until(self.until))
        yield from state.pause(0.05, 0.15)

    def _arc(self, state: OperatorState, start: float, opened: float, goal: float) -> tuple[Path, np.ndarray]:
        """The way of the hand from where it is, with the handle, and the door's angle [rad] at its marks."""
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        offset = frame.T @ (state.site(self.at)[0] - position)
        axis = state.hinge(self.joint)[1]
        turn_with = -1.0 if axis[2] < 0 else 1.0
        count = max(2, int(np.ceil(abs(goal - start) / course_of(state, self.joint).step)))
        vertical = Reason(
            f"the fingers of the {self.hand} hand point straight down or up", "fingers_vertical", side=self.hand
        )
        side = unit(np.cross(UP, frame[:, 2]), vertical)
        angles = start + np.linspace(0.0, 1.0, count + 1) * (goal - start)
        poses = []
        for angle in angles[1:]:
            handle, _ = state.site_at(self.at, self.joint, angle)
            done = (angle - opened) / (self.to - opened) if self.to != opened else 1.0
            turned = turn_z(turn_with * done * self.yaw) @ about(side, done * self.pitch) @ frame
            poses.append((handle - turned @ offset, turned))
        path = arm.line(poses, self.speed, orient=(0.03, 0.05, 0.15))
        return path, angles


class PushOpen(Skill):
    """Reach over a door that stands ajar and push it further open from its inner face.

    It ends when the door stands as far open as is said, or as far as the arm can follow it.
    """

    word = "move_joint"
    how = "push"
    label = Label(
        en=("push open", "the {hand} hand pushes the {joint} further open"),
        zh=("推开", "{hand}手把{joint}推得更开"),
        shows=pushing.push_open,
    )
    arguments: ClassVar = MOVE_JOINT(
        "hand joint edge",
        to=MOVE_JOINT.at("to", "how far, for a part that faces the robot; one that is turned, as much more or less"),
        at_least=1.38,
        enough=Argument("angle", "a door that stands less open is pushed on with the arm held otherwise", 1.50),
        radius=0.25,
        height=0.07,
        over=Argument("length", "height above the site at which the hand passes over the door", 0.25),
        thickness=Argument("length", "of the door", 0.029),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.open_claw(self.hand, 0.03)
        angle = state.joint(self.joint)
        turned = facing(state.site_at(self.edge, self.joint, 0.0)[1])
        wanted = self.to + (turned if state.hinge(self.joint)[1][2] < 0 else -turned)
        most = float(state.model.joint(self.joint).range[1]) - STEP
        wide = min(max(wanted, self.at_least, self.enough), most)
        start, poses, like, speed = self._over(state, angle, wide)
        if not poses:
            state.given_up = Reason(
                f"no place behind {self.joint} was found from which to push it", "no_place_behind", of=self.joint
            )
            return
        room = self._room(angle)
        high, _ = arm.solve(self._behind(state, angle, self.radius, room, self.over), None, start, like)
        yield from arm.follow(state.way(self.hand, high, self.speed))
        state.open_claw(self.hand, 0.0)
        first = self._behind(state, angle, self.radius, room, self.height)
        yield from arm.follow(arm.line([(first, None)], self.speed, like=like))
        yield from arm.follow(arm.line(poses, speed, like=like), lambda: state.joint(self.joint) >= wide)
        # up as well: the palm stands over the door's edge, and a door that has been pushed goes on by itself
        out = state.site_at(self.edge, self.joint, state.joint(self.joint))[1][:, 0]
        hand, frame = arm.hand()
        yield from arm.follow(arm.line([(hand - CLEAR * out + RAISED * UP, frame)], self.speed))
        if state.joint(self.joint) < wide - STEP:
            yield from self._further(state, wide)

    def _room(self, angle: float) -> float:
        """Behind the door there is no more room for the hand than it stands open [m]."""
        return min(BEHIND, self.radius * np.tan(min(angle, 1.2)) - HALF_HAND)

    def _behind(self, state: OperatorState, theta: float, radius: float, gap: float, height: float) -> np.ndarray:
        """A place before the door's inner face."""
        return on_door(state, self.joint, self.edge, theta, radius, -self.thickness - gap, height)

    def _over(
        self, state: OperatorState, angle: float, goal: float
    ) -> tuple[np.ndarray, list[tuple[np.ndarray, None]], np.ndarray, float]:
        """How an arm that reaches over the door pushes it furthest.

        Returns:
            Joint angles where it begins, places of the hand along the door, the posture that is preferred, and the hand's
            speed [m/s], smaller near to the hinge, so that the door turns no faster.
        """
        arm, door = state.arms[self.hand], state.part_of(self.edge)
        best: tuple[np.ndarray, list[tuple[np.ndarray, None]], np.ndarray, float] = (arm.q, [], arm.q, self.speed)
        reach = -np.inf
        for name, last in OVER:
            like = state.arms[self.hand].posture(name)
            start, off = arm.solve(
                self._behind(state, angle, self.radius, self._room(angle), self.height), None, like, like
            )
            if off > ROOM:
                continue
            poses: list[tuple[np.ndarray, None]] = []
            q, theta, past = start, angle, BEYOND / last
            for theta in np.arange(angle, goal + past, STEP):
                radius = self.radius + (last - self.radius) * min((theta - angle) / SLIDES, 1.0)
                pose = self._behind(state, theta, radius, 0.04, self.height)
                before, (q, off) = q, arm.solve(pose, None, q, like, steps=12)
                sink = SUNK if theta > angle + 2 * STEP else np.inf
                crowd = state.crowd(self.hand, q, [door], self.joint, theta, sink)
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
        position, rotation = state.site_at(self.edge, self.joint, theta)
        points = (state.hand_points(self.hand, q) - position) @ rotation
        inward = (state.hinge(self.joint)[0] - position) @ rotation
        beside = points[:, 1] * np.sign(inward[1])
        return bool(((points[:, 0] + self.thickness > ASTRIDE) & (beside > -0.02)).any())

    def _further(self, state: OperatorState, goal: float) -> Motion:
        """Push on from the inner face with the arm held otherwise: whoever has reached over the door stands too high."""
        arm, door, angle = state.arms[self.hand], state.part_of(self.edge), state.joint(self.joint)

        def behind(theta: float, gap: float) -> np.ndarray:
            return on_door(state, self.joint, self.edge, theta, radius, -self.thickness - gap, height)

        best: tuple[float, Path | None, np.ndarray, float, float, float] = (np.inf, None, arm.q, 0.0, 0.0, 0.0)
        for name, radius, height in itertools.product(FURTHER, (0.25, 0.30, 0.20), (self.height, 0.05, 0.0)):
            like = state.arms[self.hand].posture(name)
            start, off = arm.solve(behind(angle, BEHIND), None, like, like)
            if off > ROOM or state.crowd(self.hand, start) > 0.5:
                continue
            q, theta = start, angle
            for theta in np.arange(angle, goal + STEP, STEP):
                before, (q, off) = q, arm.solve(behind(theta, 0.04), None, q, like, steps=12)
                crowd = state.crowd(self.hand, q, [door], self.joint, theta)
                if off > ROOM or crowd > CLOSE or (theta > angle and np.abs(q - before).max() > LEAP):
                    break
                if self._astride(state, q, theta):
                    break
            if theta < angle + 2 * STEP:
                continue
            way = state.free_way(self.hand, start, self.speed)
            if way is None:
                continue
            score = state.room_on(self.hand, way) + 4.0 * max(goal - theta, 0.0)
            if score < best[0]:
                best = (score, way, like, radius, height, theta)
            if score < 0.5:
                break
        score, path, like, radius, height, reach = best
        if path is None or score > CROWDED:
            return
        yield from arm.follow(path)
        poses = [(behind(theta, 0.04), None) for theta in np.arange(angle, min(goal, reach) + 0.1, STEP)]
        yield from arm.follow(arm.line(poses, 0.5 * self.speed, like=like), lambda: state.joint(self.joint) >= goal)
        away = behind(state.joint(self.joint), BEHIND)
        yield from arm.follow(arm.line([(away, None)], self.speed, like=like))


class PushClose(Skill):
    """Reach round a door that stands open and push it shut from its outer face until it latches.

    The last of the way is slow. It ends with the subgoal, with the door shut, or when it presses with the largest force.
    """

    word = "move_joint"
    how = "shut"
    label = Label(
        en=("close door", "the {hand} hand pushes the {joint} shut"),
        zh=("关门", "{hand}手推上{joint}"),
        shows=pushing.push_close,
    )
    arguments: ClassVar = MOVE_JOINT(
        "hand joint edge until",
        radius=0.27,
        height=0.0,
        force=MOVE_JOINT.at("force", "largest push against the latch", 40.0),
        speed=0.35,
        slow_from=Argument(
            "travel", "from where on it is pushed slowly; 3.4 deg, or 25 mm of a slide, where not said", None
        ),
    )

    def run(self, state: OperatorState) -> Motion:
        if state.slides(self.joint):
            yield from self._slide(state)
            return
        slow = NEARLY if self.slow_from is None else self.slow_from
        arm = state.arms[self.hand]
        state.open_claw(self.hand, 0.0)
        angle = state.joint(self.joint)

        radius, height, like, start = self._outside(state, angle)

        def outside(theta: float, gap: float) -> np.ndarray:
            return self._before(state, theta, gap, radius, height)

        yield from arm.follow(state.way(self.hand, start, self.speed))
        angle = state.joint(self.joint)
        poses = [(outside(theta, 0.03), None) for theta in np.arange(angle, slow, -STEP)]
        path = arm.line([*poses, (outside(slow, 0.03), None)], self.speed, like=like)
        yield from arm.follow(path, state.until(self.until))
        # the latch is met slowly and by a growing force, so that nothing is squeezed once it has caught
        caught = state.until(self.until) or (lambda: False)
        # a hand that stays so far behind its command presses with about the largest force
        behind = self.force * float(np.linalg.norm(arm.compliance() @ state.site(self.edge)[1][:, 0]))

        def pressed() -> bool:
            shut = state.joint(self.joint) < SHUT
            return caught() or shut or float(np.linalg.norm(arm.hand()[0] - state.site(f"{self.hand}_tcp")[0])) > behind

        yield from arm.follow(arm.line([(outside(-0.1, 0.0), None)], 0.05, like=like), pressed, tremor=0.0, brake=1.0)
        yield from arm.hold(0.3, caught)
        yield from arm.follow(arm.line([(outside(0.0, 0.12), None)], self.speed, like=like))

    def _slide(self, state: OperatorState) -> Motion:
        """Push a drawer shut with the closed fingertips on its front."""
        arm, stood = state.arms[self.hand], state.joint(self.joint)
        state.open_claw(self.hand, 0.0)
        slow = min(SLIDE.nearly if self.slow_from is None else self.slow_from, stood)
        out = state.site(self.edge)[1][:, 0]

        def tip(at: float, gap: float) -> np.ndarray:
            return state.site_at(self.edge, self.joint, at)[0] + gap * out + self.height * UP + state.aim()

        best: tuple[float, list[np.ndarray], np.ndarray] = (np.inf, [], np.eye(3))
        for name in PUSHING:
            like = state.arms[self.hand].posture(name)
            for turn, pitch in itertools.product((*TURNS, *ASIDE), PITCHED):
                frame = arm.frame(facing(state.site(self.edge)[1]) + turn, pitch, like)
                row = [
                    (tip(at, gap) - state.hand.tip_end * frame[:, 2], frame)
                    for at, gap in ((stood, CLEAR), (stood, 0.0), (0.0, 0.0))
                ]
                score, found = state.goal(self.hand, [row], like, POINT, [state.part_of(self.edge)])
                if score < best[0]:
                    best = (score, found, frame)
                if score < 0.5:
                    break
            if best[0] < 0.5:
                break
        _, found, frame = best
        yield from arm.follow(state.way(self.hand, found[0], self.speed))
        yield from state.pause()
        frame = arm.hand()[1]

        def to(at: float, gap: float, speed: float) -> Path:
            return arm.line([(tip(at, gap) - state.hand.tip_end * frame[:, 2], frame)], speed, orient=POINT)

        caught = state.until(self.until) or (lambda: False)
        yield from arm.follow(to(stood, 0.0, 0.1), tremor=0.3)
        yield from arm.follow(to(slow, 0.0, 0.5 * self.speed), caught, tremor=0.3)
        behind = self.force * float(np.linalg.norm(arm.compliance() @ out))

        def pressed() -> bool:
            missed = float(np.linalg.norm(arm.hand()[0] - state.site(f"{self.hand}_tcp")[0]))
            return caught() or state.joint(self.joint) < SLIDE.shut or missed > behind

        yield from arm.follow(to(0.0, -0.02, 0.05), pressed, tremor=0.0, brake=1.0)
        yield from arm.hold(0.3, caught)
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + 2.0 * CLEAR * out, frame)], self.speed, orient=POINT))

    def _before(self, state: OperatorState, theta: float, gap: float, radius: float, height: float) -> np.ndarray:
        """A place before the door's outer face."""
        return on_door(state, self.joint, self.edge, theta, radius, gap, height)

    def _outside(self, state: OperatorState, angle: float) -> tuple[float, float, np.ndarray, np.ndarray]:
        """Where on the door, and the arm held how, there is most room from the first touch to the last.

        Returns:
            Radius and height [m] on the door, the posture that is preferred, and the joint angles where it begins.
        """
        arm, door = state.arms[self.hand], state.part_of(self.edge)
        best: tuple[float, float, float, np.ndarray, np.ndarray] = (np.inf, 0.0, 0.0, arm.q, arm.q)
        likes = [state.arms[self.hand].posture(name) for name in OUTSIDE]
        rows = [(like, r, up) for up in (0.0, HIGHER) for like in likes for r in (0.0, -0.05, 0.04)]
        for k in range(len(rows) + OTHERWISE):
            if k < len(rows):
                like, further, higher = rows[k]
            elif best[0] < CLOSE:
                break
            else:  # no way that is known has room: others are imagined
                like = likes[k % len(likes)] + state.rng.normal(0.0, 0.3, 7)
                further, higher = state.rng.uniform((-0.06, -HIGHER), (0.05, HIGHER))
            where = self.radius + further, self.height + higher
            start, off = arm.solve(self._before(state, angle, 0.14, *where), None, like, like)
            score, q = state.crowd(self.hand, start) + 400.0 * off, start
            for share in (1.0, 0.8, 0.5, 0.25, 0.0):
                q, off = arm.solve(self._before(state, share * angle, 0.03, *where), None, q, like)
                score += state.crowd(self.hand, q, [door], self.joint, share * angle) + 400.0 * off
                if score > best[0]:
                    break
            if score < best[0]:
                best = (score, *where, like, start)
            if score < 0.5:
                break
        return best[1:]


def on_door(
    state: OperatorState, joint: str, edge: str, theta: float, radius: float, out: float, height: float
) -> np.ndarray:
    """A place beside a door at an angle: so far from its hinge, out of its outer face and above a site of its edge [m]."""
    position, rotation = state.site_at(edge, joint, theta)
    inward = state.hinge(joint)[0] - position
    inward -= inward @ UP * UP
    width = float(np.linalg.norm(inward))
    unit(inward, Reason(f"{edge} lies on the axis of {joint}, and is no edge of a door", "no_edge", at=edge, of=joint))
    return position + (width - radius) / width * inward + out * rotation[:, 0] + height * UP


def about(axis: np.ndarray, angle: float) -> np.ndarray:
    """Rotation matrix about a unit axis."""
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
