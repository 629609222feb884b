"""Push a door further open with the fingertips of one hand, walk through and hold it open as long as the arm reaches it."""

from __future__ import annotations

import numpy as np

from ...limbs.arm import Arm
from ...limbs.base import OnLegs, wrapped
from ...limbs.geometry import UP, facing
from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import HAND, MOVE_JOINT, WALK
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion
from ..walking import PATIENCE, Walking, moving

LOOSELY = (0.06, 0.06, 0.0)  # the same while the hand follows the door
NEAREST, FARTHEST = 0.50, 0.76  # m from the hinge, between which the hand pushes
ACROSS = 0.10  # m, from its shoulder to the latch, where the hand pushes as long as the door is nearly shut
SLIDES, RISES = 0.08, 0.08  # m/s, with which it goes along the leaf, and up it
SETTLES = 0.5  # s, in which it comes to where it is to push: tips that begin to slide at once push the robot back with a jerk
LARGEST = 0.045  # m, by which the hand is sent into the leaf at most: the arm gives way
INWARDS, OUTWARDS = np.deg2rad([25.0, 30.0])  # how far the fingers point across the trunk at first, and away from it at the end
TURNS_WITH = 0.6  # share of the door's turn by which they turn
TURNING_RATE, QUICKENS = 0.10, 0.12  # rad/s, with which the door is opened, and rad/s2, with which that begins
CLEAR = 0.03  # m, below where it pushes, from where on the hand is off the lever
FOLLOWS = 0.14  # m/s, with which the robot follows its hand at most
PITCH = 0.12  # rad, how far the fingers point down
STEPS = 8  # of the search for joint angles, in a control step
BEYOND = 0.05  # rad, that it is sent beyond how far the door is to stand open
SWINGS, QUICKEST = 0.4, 1.2  # rad/s, with which the fingers turn, and with which a joint does
SWAYS = 3.0  # rad/s, the same on legs: the trunk sways by up to 0.4 m/s
# on legs: m that it stays further behind its hand, and nearer to the hinge, since its left hand touched the frame; posture that keeps
# the elbow off the leaf, and the weight of the fingers' direction against it; share of their turn with the door, and how far they turn
FURTHER, NEARER = 0.04, 0.008
ELBOW, LIGHTLY, FOLLOWING, ASKEW = "elbow_down", (0.02, 0.02, 0.0), 1.6, np.deg2rad([30.0, 60.0])
LOWERS = 0.5  # rad/s, with which the arm comes to that posture, off the lever: at once, on the lever, the wrist bore 43 Nm
MEANS, LEANS = 1.4, 0.06  # s (two steps), over which the mean of the sway is taken, and m of it that the mark makes up for
# N/m, by which the hand gives way to a force that comes and goes; s, over which a force comes, and over which it lasts
GIVES, COMES, LASTS = 10_000.0, 0.15, 1.0
EVENS = 0.1  # s, over which the arm's speed is taken that makes up for its lag: with that of one step hand and trunk trembled by 8 N
CREEPS = 400.0  # Ns/m, by which it gives way along the leaf: pads that stick to it turned the robot by 18 Nm, and one sole holds 16
OFF, LEAVES = 0.04, 0.25  # m that the hand is taken off the leaf, and ahead, and m/s of it
AWAY = 0.5  # m that the mark has gone since, from where on the hand goes with the trunk, and until then with the mark
ASIDE, AHEAD = 0.07, 0.1  # m/s, with which it steps aside and ahead on legs: the faster, the further it sways
ASLANT = 0.10  # m, that it has still to go aside, beyond which it goes aside as fast as ahead once the hand has let go
NEARLY, INSIDE = 0.07, 0.30  # rad short of `wide`, and m past the doorway: until then the robot keeps behind its hand
BESIDE, OUTSIDE = 0.06, -0.20  # m beside its line, with which it comes no nearer than so far before the doorway
PAST = 0.25  # m past the doorway, from where on it goes aside
CLEARED, SHORT = 0.30, 0.02  # m aside that it is on legs before it lets go of the leaf, and how far short of there it waits
MIDDLE = 0.03  # m, from the line through the doorway, nearer than which the door is pushed on


class WalkThrough(Walking, word="walk", how="through"):
    """Push a door further open with the fingertips of one hand, walk through and hold it open as long as the arm reaches it.

    The robot steps before the middle of the doorway while the door is nearly shut, follows its hand ahead, and walks on when the door
    stands open wide. Past the wall it goes aside, out of the way of a door that falls shut.
    """

    label = Label(
        en=("walk through", "the robot walks through the {to}, pushing the {joint} with its {hand} hand"),
        zh=("推门通过", "机器人用{hand}手推着{joint}走过{to}"),
        shows=motions.walk,
    )
    arguments = WALK(
        "within turning",
        hand=HAND,
        joint=MOVE_JOINT.at("joint", "the door's hinge"),
        at=MOVE_JOINT.at("at", "a site on the face that is pushed, at the height of the hand, x axis out of it"),
        to=WALK.at("to", "a site in the middle of the doorway on the floor, x axis to where one comes from"),
        wide=Argument("angle", "how far the door is pushed open", 1.5),
        ahead=Argument("length", "how far before the floor mark the hand pushes", 0.46),
        aside=Argument("length", "how far from the middle of the doorway to the latch it walks through", 0.02),
        hold=Argument("length", "how far beyond the doorway it lets go of the door", 0.50),
        beyond=Argument("length", "how far beyond the doorway it ends", 1.25),
        off=Argument("length", "how far from the middle to the latch it stands then", 0.60),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        base, arm = moving(state), state.arms[self.hand]
        middle, rotation = state.senses.site(self.to)
        yaw = facing(rotation)
        into = np.array([np.cos(yaw), np.sin(yaw)])
        left = np.array([-into[1], into[0]])
        hinge = state.senses.hinge(self.joint)[0]
        side = -float(np.sign((hinge[:2] - middle[:2]) @ left))  # 1 where the latch is to the left
        hold_back = float((base.at - middle[:2]) @ into)  # m, that it comes no nearer until it stands before the middle
        leaf, legs = _Leaf(self, state, left * side), state.steady is not None
        ahead, aside = (self.ahead + FURTHER, self.aside - NEARER) if legs else (self.ahead, self.aside)
        near_way, middle_of, leans = (BESIDE + LEANS, MIDDLE + LEANS, 0.0) if legs else (BESIDE, MIDDLE, 0.0)
        if state.steady is not None:
            state.steady.sent.add(self.hand)
        for _ in range(round((PATIENCE + 30.0) / state.timestep)):
            along, across = float((base.at - middle[:2]) @ into), float((base.at - middle[:2]) @ left) * side
            angle, contact = state.senses.joint(self.joint), leaf.place()
            goal, beside = self.beyond, aside
            if angle < self.wide - NEARLY and along < INSIDE:
                goal = min(goal, max(float((contact[:2] - middle[:2]) @ into) - ahead, hold_back))
            if abs(across - aside) > near_way and along < OUTSIDE:
                goal = min(goal, hold_back)
            if along > PAST:
                beside = self.off
                if legs and along < self.hold and across < CLEARED:
                    goal = min(goal, self.hold - SHORT)
            fast = self.speed if goal == self.beyond else min(self.speed, FOLLOWS)
            if legs and along < self.hold:
                fast = min(fast, ASIDE if abs(across - aside) > BESIDE and along < OUTSIDE else AHEAD)
            if isinstance(base, OnLegs):  # it leans against the door's push to the side: the mark goes as far the other way
                leans += state.timestep / MEANS * (float((base.pelvis[:2] - base.at) @ left) * side - leans)
                beside -= float(np.clip(leans, -LEANS, LEANS)) if leaf.clear and abs(across - aside) < near_way else 0.0
            if along > self.hold and self.off - across > ASLANT:  # the leaf falls shut: the elbow leaves its way first
                goal, beside = along + 1.0, across + 1.0
            target = middle[:2] + goal * into + beside * side * left if leaf.clear else base.at.copy()
            base.go(target, yaw, fast, self.turning)
            if along < self.hold:
                leaf.push(arm, abs(across - aside) < middle_of)
            elif legs and leaf.near(base.at):
                leaf.leave(arm, base.at)
            else:
                arm.command = arm.q.copy()  # an arm that went home beside the door would strike it with its elbow
            near = np.hypot(*(target - base.at)) < self.within and abs(wrapped(yaw - base.yaw)) < 0.02
            if goal == self.beyond and near and base.stands:
                break
            yield
        else:
            state.given_up = Reason("the robot did not come through the door", "not_arrived")
        yield from base.stop()
        if state.steady is not None:
            state.steady.sent.discard(self.hand)


class _Leaf:
    """The leaf as a hand pushes it: where it is touched, and to which angle the hand is sent, a little ahead of the leaf that resists.

    Args:
        skill: its arguments say how far; state: the operator's; latch: (2,) level way from the hinge to the latch of the shut door.
    """

    def __init__(self, skill: WalkThrough, state: OperatorState, latch: np.ndarray):
        self.skill, self.state, self.latch = skill, state, latch
        hand, frame = state.arms[skill.hand].hand()
        tip = hand + state.hand.tip_end * frame[:, 2]
        self.sent = state.senses.joint(skill.joint)
        face, out, along, far = self._face(self.sent)
        self.radius = float((tip - face) @ along) + far
        self.height = float(tip[2] - face[2])
        self.sent += float(np.clip((face - tip) @ out, -LARGEST, LARGEST)) / self.radius
        self.yaw, self.pitch = float(np.arctan2(frame[1, 2], frame[0, 2])), -float(np.arcsin(frame[2, 2]))
        self.rate = self.off = 0.0
        self.speed = np.zeros(7)  # rad/s of the arm's joints
        # place (3,) [m] of the hand beside the mark and its rotation, once it has let go of the leaf; where the mark was then
        self.left: tuple[np.ndarray, np.ndarray] | None = None
        self.mark = np.zeros(2)
        self.like: np.ndarray | None = None  # (7,) [rad] the posture that the arm is brought to, once the hand is off the lever
        self.lasting, self.coming = state.senses.feel(skill.hand)[:3], np.zeros(3)

    @property
    def clear(self) -> bool:
        """Whether the hand has risen off the lever."""
        return abs(self.height) < CLEAR

    def near(self, mark: np.ndarray) -> bool:
        """Whether the mark (2,) [m] is still near to where it was as the hand let go of the leaf."""
        return self.left is None or float(np.hypot(*(mark - self.mark))) < AWAY

    def _face(self, angle: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """Of the leaf at an angle: the site on it, the ways out of its face and along it from the hinge, how far from it the site is."""
        face, rotation = self.state.senses.site_at(self.skill.at, self.skill.joint, angle)
        out = rotation[:, 0]
        away = face - self.state.senses.hinge(self.skill.joint)[0]
        away = away - away @ UP * UP - away @ out * out
        far = float(np.linalg.norm(away))
        return face, out, away / far, far

    def place(self) -> np.ndarray:
        """Where the hand is sent (3,) [m]."""
        face, _, along, far = self._face(self.sent)
        return np.asarray(face + (self.radius - far) * along + self.height * UP)

    def push(self, arm: Arm, on: bool) -> None:
        """Command the arm for a control step; the door is pushed `on`, or kept where it stands."""
        skill, state, step = self.skill, self.state, self.state.timestep
        self.rate = min(self.rate + QUICKENS * step, TURNING_RATE) if on else 0.0
        if on:
            most = min(state.senses.joint(skill.joint) + LARGEST / self.radius, skill.wide + BEYOND)
            self.sent = max(min(self.sent + self.rate * step, most), self.sent - TURNING_RATE * step)
        _, _, along, _ = self._face(self.sent)
        before = float((state.senses.site(f"{skill.hand}_shoulder")[0] - state.senses.hinge(skill.joint)[0])[:2] @ self.latch) + ACROSS
        wanted = float(np.clip(before / max(float(along[:2] @ self.latch), 0.2), NEAREST, FARTHEST))
        if self.clear:
            self.radius += step * float(np.clip((wanted - self.radius) / SETTLES, -SLIDES, SLIDES))
        self.height += float(np.clip(-self.height, -RISES * step, RISES * step))
        outward = -1.0 if skill.hand == "right" else 1.0
        turns, (inwards, outwards) = (TURNS_WITH, (INWARDS, OUTWARDS)) if state.steady is None else (FOLLOWING, ASKEW)
        yaw = state.heading + outward * float(np.clip(turns * self.sent - inwards, -inwards, outwards))
        if self.clear:
            self.yaw += float(np.clip(wrapped(yaw - self.yaw), -SWINGS * step, SWINGS * step))
        self.pitch += float(np.clip(PITCH - self.pitch, -SWINGS * step, SWINGS * step))
        self._send(arm, self.place() if state.steady is None else self.place() + self._given())

    def leave(self, arm: Arm, mark: np.ndarray) -> None:
        """Take the hand off the leaf and ahead for a control step, and along with the mark (2,) [m], however the trunk sways."""
        if self.left is None:
            self.left = (arm.hand()[0] - np.append(mark, 0.0), arm.hand()[1])
            self.mark = mark.copy()
        (beside, frame), (_, out, along, _) = self.left, self._face(self.sent)
        if self.off < OFF:
            self.off += LEAVES * self.state.timestep
            beside += LEAVES * self.state.timestep * (out + along)
        self._go(arm, arm.solve(beside + np.append(mark, 0.0), frame, arm.q, self._posture(arm), LIGHTLY, STEPS)[0], SWAYS)

    def _given(self) -> np.ndarray:
        """(3,) [m] by which a hand on a trunk that sways gives way to a force that comes and goes; along the leaf it goes on to."""
        step, force = self.state.timestep, self.state.senses.feel(self.skill.hand)[:3]
        self.lasting = self.lasting + step / LASTS * (force - self.lasting)
        self.coming = self.coming + step / COMES * (force - self.lasting - self.coming)
        if self.clear:
            self.radius += step / CREEPS * float(force @ self._face(self.sent)[2])
        return np.asarray(self.coming / GIVES)

    def _send(self, arm: Arm, tip: np.ndarray) -> None:
        """Command the arm so that the fingertips come to a place (3,) [m]."""
        state = self.state
        frame = arm.frame(self.yaw, self.pitch, arm.q)
        like, loosely, quickest = arm.q, LOOSELY, QUICKEST if state.steady is None else SWAYS
        if state.steady is not None and self.clear:
            like, loosely = self._posture(arm), LIGHTLY
        q, _ = arm.solve(tip - state.hand.tip_end * frame[:, 2], frame, arm.q, like, loosely, STEPS)
        self._go(arm, q, quickest)

    def _posture(self, arm: Arm) -> np.ndarray:
        """(7,) [rad] that the arm is to be like now, on its way to the posture with the elbow low."""
        most = LOWERS * self.state.timestep
        self.like = arm.q if self.like is None else self.like + np.clip(arm.posture(ELBOW) - self.like, -most, most)
        return self.like

    def _go(self, arm: Arm, q: np.ndarray, quickest: float) -> None:
        """Command joint angles (7,) [rad], at most so fast [rad/s]."""
        step = self.state.timestep
        moved = np.clip(q - arm.q, -quickest * step, quickest * step)
        arm.q = arm.q + moved
        if self.state.steady is None:
            arm.command = arm.q + arm.lag * moved / step
        else:
            self.speed = self.speed + step / (EVENS + step) * (moved / step - self.speed)
            arm.command = arm.q + arm.lag * self.speed
