"""Pass what one hand holds to the other, before the chest."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...limbs.arm import Path
from ...limbs.geometry import UP, hand_frame, turn_z, turned_between
from ...operator_state import OperatorState
from ...planning.ways import REACHED
from ...recognition import taking
from ...words.motion import Motion
from ...words.primitives import HAND_OVER
from ...words.skill import Argument, Label, Skill
from ..placing import turning
from ..vessels import LEVEL

TURNED = np.deg2rad([0.0, 25.0, -25.0, 50.0, -50.0, 75.0, -75.0])  # of what is passed, about the vertical
HEADINGS = np.deg2rad([45.0, 65.0, 25.0, 85.0, 5.0])  # of the hand that takes, from straight ahead to across
HELD_AS = ("elbow_in", "elbow_out", "ready")
FIRM = 0.15  # weight of the orientation [m/rad]
SKEWED = 6.0  # cost of a radian by which the hand cannot be turned as it should


class HandOverSwitch(Skill):
    """Pass what one hand holds to the other, before the chest.

    The hand that holds it brings it there upright; the other one comes from its own side, closes until both pads touch and
    squeezes; only then the first lets go and draws back along its fingers. Two grips need room on the thing: `offset` is how
    far over the site that is named the second one lies.
    """

    word = "hand_over"
    how = "switch"
    label = Label(
        en=("pass to the other hand", "the {hand} hand takes the {of} from the other one"),
        zh=("换手", "{hand}手从另一只手接过{of}"),
        shows=taking.switch_hands,
        grips=True,
    )
    hands = "Both: the hand that is named takes, the other one gives"
    arguments: ClassVar = HAND_OVER(
        "at",
        hand=HAND_OVER.at("hand", "which hand takes"),
        of=Argument("body", "what is passed"),
        offset=Argument("length", "how far over the site the taking hand grips", 0.035),
        ahead=Argument("length", "how far before the shoulders it is passed", 0.42),
        drop=Argument("length", "how far below the shoulders it is passed", 0.26),
        opening=HAND_OVER.at("opening", "gap between the pads of a hand that comes or goes", 0.11),
        force=HAND_OVER.at("force", "of each pad of the taking hand", 40.0),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        giver = "right" if self.hand == "left" else "left"
        state.open_claw(self.hand, self.opening)
        yield from state.arms[giver].follow(self._bring(state, giver), tremor=0.4)
        yield from state.arms[giver].hold(0.3)
        arm = state.arms[self.hand]
        frame, start = self._take(state)
        yield from arm.follow(state.ways.way(self.hand, start, self.speed))
        yield from state.pause()
        grip = state.senses.site(self.at)[0] + self.offset * UP
        yield from arm.follow(arm.line([(grip, frame)], 0.12, orient=FIRM), tremor=0.3)
        yield from arm.hold(0.2)
        yield from state.grip(self.hand, self.force)
        state.hold_on(self.hand, self.of)
        yield from state.let_go(giver, self.opening, 0.6)
        first = state.arms[giver]
        position, held = first.hand()
        yield from first.follow(first.line([(position - 0.12 * held[:, 2], held)], 0.2, orient=FIRM), tremor=0.0)

    def _bring(self, state: OperatorState, giver: str) -> Path:
        """The way of the hand that gives to before the chest."""
        arm = state.arms[giver]
        hand, frame = arm.hand()
        held = state.senses.site(self.at)[0]
        left, right = state.senses.site("left_shoulder")[0], state.senses.site("right_shoulder")[0]
        across = (left - right) / np.linalg.norm(left - right)
        goal = (left + right) / 2.0 + self.ahead * np.cross(across, UP) - self.drop * UP
        parts = state.ways.with_contents(self.of.split("/")[0])
        best: tuple[float, Path | None] = (np.inf, None)
        for turn in TURNED:
            poses = turning(held, goal, hand, frame, turn)
            for name in HELD_AS:
                like = state.arms[giver].posture(name)
                if arm.solve(*poses[-1], like, orient=LEVEL)[1] > 2.0 * REACHED:
                    continue
                path = arm.line(poses, self.speed, like=like, orient=LEVEL)
                # fingers that point across leave the other side free
                heading = (turn_z(turn) @ frame)[:, 2] @ across * (1.0 if giver == "left" else -1.0)
                cost = (
                    state.ways.room_on(giver, path, parts)
                    + 200.0 * max(path.error - REACHED, 0.0)
                    + 0.5 * (heading + 0.7) ** 2
                )
                if cost < best[0]:
                    best = (cost, path)
        return best[1] or arm.line([(goal + hand - held, frame)], self.speed, orient=LEVEL)

    def _take(self, state: OperatorState) -> tuple[np.ndarray, np.ndarray]:
        """How the taking hand is turned, and joint angles from which it comes straight."""
        arm = state.arms[self.hand]
        grip = state.senses.site(self.at)[0] + self.offset * UP
        sign = -1.0 if self.hand == "left" else 1.0
        left, right = state.senses.site("left_shoulder")[0], state.senses.site("right_shoulder")[0]
        ahead = float(np.arctan2(*(np.cross(left - right, UP)[[1, 0]])))
        best: tuple[float, np.ndarray, np.ndarray] = (np.inf, np.eye(3), arm.q)
        for name in HELD_AS:
            like = state.arms[self.hand].posture(name)
            near = arm.hand(like)[1]
            for heading in HEADINGS:
                for pitch in (0.1, 0.4):
                    frame = min(
                        (hand_frame(ahead + sign * heading, pitch, roll) for roll in (0.0, np.pi)),
                        key=lambda f: turned_between(f, near),
                    )
                    row = [(grip - 0.12 * frame[:, 2], frame), (grip, frame)]
                    score, found = state.ways.goal(self.hand, [row], like, FIRM, [self.of])
                    score += SKEWED * turned_between(arm.hand(found[-1])[1], frame)
                    if score < best[0]:
                        best = (score, frame, found[0])
        return best[1], best[2]
