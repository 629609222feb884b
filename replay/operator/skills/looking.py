"""Skills that touch nothing: look at a place, point at it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..limbs.hand import unit
from ..recognition import motions
from .operator_state import Motion, OperatorState
from .primitives import LOOK, POINT
from .reason import Reason
from .skill import Label, Skill

HEAD_SPEED = 0.8  # rad/s, of a look that is not hurried
LEVEL_ROLL = (0.15, 0.15, 0.0)  # weights of the orientation: how the hand is rolled about its fingers is free


class LookAt(Skill):
    """Turn the head until the camera looks at a place, as far as the neck allows; it stays so."""

    word = "look"
    label = Label(
        en=("look at", "the robot looks at the {at}"),
        zh=("看向", "机器人看向{at}"),
        shows=motions.look_at,
        about="at",
    )
    arguments: ClassVar = LOOK("at beside", speed=HEAD_SPEED)

    def run(self, state: OperatorState) -> Motion:
        motion = state.turn_head(state.gaze(self.at), self.speed)
        if self.beside == "yes":
            state.beside(motion)
            return
        yield from motion
        yield from state.pause()


class PointAt(Skill):
    """Point at a place with the closed fingers, from a distance, and stay a moment."""

    word = "point"
    label = Label(
        en=("point at", "the {hand} hand points at the {at}"),
        zh=("指向", "{hand}手指向{at}"),
        shows=motions.point_at,
        about="at",
    )
    arguments: ClassVar = POINT("hand at", standoff=0.20, time=1.0, posture="elbow_out", speed=0.4)

    def run(self, state: OperatorState) -> Motion:
        arm, like = state.arms[self.hand], state.arms[self.hand].posture(self.posture)
        state.open_claw(self.hand, 0.0)
        place = state.site(self.at)[0]
        inside = Reason(f"{self.at} lies in the {self.hand} shoulder", "in_the_shoulder", at=self.at, side=self.hand)
        along = unit(place - state.site(f"{self.hand}_shoulder")[0], inside)
        yaw, pitch = float(np.arctan2(along[1], along[0])), float(-np.arcsin(along[2]))
        rows = []
        for turn in np.deg2rad([0.0, 15.0, -15.0, 30.0, -30.0]):
            frame = arm.frame(yaw + turn, pitch, like)
            rows.append([(place - (self.standoff + state.hand.tip_end) * frame[:, 2], frame)])
        goal = state.goal(self.hand, rows, like, LEVEL_ROLL)[1][0]
        yield from arm.follow(state.way(self.hand, goal, self.speed))
        yield from arm.hold(self.time)
