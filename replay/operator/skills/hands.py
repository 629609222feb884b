"""Skills of a hand alone: reach, pinch, let go, hand out of the way."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..recognition import motions, taking
from .operator_state import Motion, OperatorState
from .primitives import HAND as HAND
from .primitives import HOME, REACH, RELEASE, TAKE
from .skill import Argument, Label, Skill

TURNS = np.deg2rad(
    [0.0, -12.0, 12.0, -24.0, 24.0]
)  # other directions of the fingers, tried where the wanted one is out of reach
UP = np.array([0.0, 0.0, 1.0])
THERE = 0.01  # rad, so near its posture, or to where it began, a hand is not sent there beside another's work


def facing(rotation: np.ndarray) -> float:
    """Yaw [rad] into a site: against its x axis, which points out of the part."""
    return float(np.arctan2(-rotation[1, 0], -rotation[0, 0]))


class Reach(Skill):
    """Bring the open hand before a site, fingers towards it.

    It takes the direction of the fingers, near the one that is said, in which the arm has most room; `turn: keep` for what would be
    turned by pads that close on it askew, such as the handle of a pan.
    """

    word = "reach"
    label = Label(
        en=("reach", "the {hand} hand reaches for the {at}"),
        zh=("伸手", "{hand}手伸向{at}"),
        shows=taking.reach,
        about="at",
    )
    arguments: ClassVar = REACH(
        "hand at",
        yaw=0.0,
        pitch=0.2,
        standoff=0.10,
        opening=0.05,
        posture="elbow_out",
        turn=Argument("word", "whether the fingers may come from a little aside", "free", ("free", "keep")),
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.open_claw(self.hand, self.opening)
        position, rotation = state.site(self.at)
        like = state.arms[self.hand].posture(self.posture)
        turns = TURNS if self.turn == "free" else TURNS[:1]
        frames = [arm.frame(facing(rotation) + self.yaw + turn, self.pitch, like) for turn in turns]
        rows = [[(position - self.standoff * f[:, 2], f), (position, f)] for f in frames]
        goal = state.goal(self.hand, rows, like, touch=[state.part_of(self.at)])[1][0]
        yield from arm.follow(state.way(self.hand, goal, self.speed))
        yield from state.pause()


class Pinch(Skill):
    """Move the open fingers over a site and close them with a force.

    They close until both pads touch, then squeeze; it ends holding.
    """

    word = "take"
    how = "pinch"
    label = Label(
        en=("pinch", "the {hand} hand pinches the {at}"),
        zh=("夹住", "{hand}手夹住{at}"),
        shows=taking.pinch,
        about="at",
        grips=True,
    )
    arguments: ClassVar = TAKE("hand at", force=30.0, speed=0.2)

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, _ = state.site(self.at)
        _, frame = arm.hand()
        yield from arm.follow(arm.line([(position, frame)], self.speed), tremor=0.5)
        yield from arm.hold(0.2)
        yield from state.grip(self.hand, self.force)
        state.hold_on(self.hand, self.at)


class Release(Skill):
    """Open the fingers and draw the hand back; what is held and wider than the gap makes them open all the way."""

    word = "release"
    label = Label(
        en=("let go", "the {hand} hand lets go[[ of the {about}]] and draws back"),
        zh=("松手", "{hand}手松开[[{about}]]并收回"),
        shows=taking.release,
    )
    arguments: ClassVar = RELEASE("hand", opening=0.05, retreat=0.10, speed=0.3)

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        gap = state.gap(self.hand)
        holds = float(state.touch(self.hand).min()) > 0.0
        yield from state.let_go(self.hand, state.hand.widest if holds and gap > self.opening else self.opening)
        arm.ease()  # of what it bore
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position - self.retreat * frame[:, 2], frame)], self.speed))


class Home(Skill):
    """Take a hand to its resting posture; with `beside` the next skill does not wait for it."""

    word = "home"
    label = Label(
        en=("go home", "the {hand} hand goes home"),
        zh=("回位", "{hand}手回位"),
        shows=motions.home,
    )
    arguments: ClassVar = HOME(
        "hand posture", opening=0.02, speed=0.4, beside=HOME.shared["beside"], around=HOME.shared["around"]
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.open_claw(self.hand, self.opening)
        goal = state.arms[self.hand].posture(self.posture)
        resting = [goal] if self.posture != self.arguments["posture"].default else [goal, state.began[self.hand]]
        if self.beside == "yes" and min(np.abs(arm.q - q).max() for q in resting) < THERE:
            return
        if self.around == "yes":
            path = state.way(self.hand, goal, self.speed)
        else:
            path = arm.way([goal], self.speed)
        motion = arm.follow(path)
        if self.beside == "yes":
            state.beside(motion)
            return
        yield from motion


class PickFromAbove(Skill):
    """Come down on a thin thing, fingers pointing down on either side of it, and close."""

    word = "take"
    how = "above"
    label = Label(
        en=("pick up from above", "the {hand} hand picks up the {of} from above"),
        zh=("从上方拿起", "{hand}手从上方拿起{of}"),
        shows=taking.pick,
        grips=True,
    )
    arguments: ClassVar = TAKE(
        "hand of",
        at=TAKE.at("at", "what is pinched, x axis along it"),
        pitch=1.0,
        depth=-0.0095,
        above=0.07,
        opening=0.04,
        force=20.0,
        posture="outside_1",
        speed=0.35,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        like = state.arms[self.hand].posture(self.posture)
        state.open_claw(self.hand, self.opening)
        position, rotation = state.site(self.at)
        along = float(np.arctan2(rotation[1, 0], rotation[0, 0]))
        rows = []
        for turn in (0.0, np.pi, *np.deg2rad([10.0, -10.0, 20.0, -20.0])):
            frame = arm.frame(along + turn, self.pitch, like)
            low = position - self.depth * UP
            rows.append([(low + self.above * UP, frame), (low, frame)])
        high = state.goal(self.hand, rows, like, 0.6, [self.of])[1][0]
        frame = arm.hand(high)[1]
        yield from arm.follow(state.way(self.hand, high, self.speed))
        yield from state.pause()
        low = state.site(self.at)[0] - self.depth * UP
        yield from arm.follow(arm.line([(low, frame)], 0.12, orient=0.6), tremor=0.3)
        yield from arm.hold(0.2)
        yield from state.grip(self.hand, self.force)
        state.hold_on(self.hand, self.of)
