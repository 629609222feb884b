"""Point at a place with the closed fingers, from a distance, and stay a moment."""

from __future__ import annotations

import numpy as np

from ..limbs.geometry import AIMED, unit
from ..operator_state import OperatorState
from ..recognition import motions
from ..words.primitives import POINT
from ..words.reason import Reason
from ..words.skill import Label, Motion, Skill


class Point(Skill, word="point"):
    """Point at a place with the closed fingers, from a distance, and stay a moment."""

    label = Label(
        en=("point at", "the {hand} hand points at the {at}"),
        zh=("指向", "{hand}手指向{at}"),
        shows=motions.point_at,
        about="at",
    )
    arguments = POINT("hand at", standoff=0.20, time=1.0, posture="elbow_out", speed=0.4)

    def run(self, state: OperatorState) -> Motion:
        arm, like = state.arms[self.hand], state.arms[self.hand].posture(self.posture)
        state.open_claw(self.hand, 0.0)
        place = state.senses.site(self.at)[0]
        inside = Reason(f"{self.at} lies in the {self.hand} shoulder", "in_the_shoulder", at=self.at, side=self.hand)
        along = unit(place - state.senses.site(f"{self.hand}_shoulder")[0], inside)
        yaw, pitch = float(np.arctan2(along[1], along[0])), float(-np.arcsin(along[2]))
        rows = []
        for turn in np.deg2rad([0.0, 15.0, -15.0, 30.0, -30.0]):
            frame = arm.frame(yaw + turn, pitch, like)
            rows.append([(place - (self.standoff + state.hand.tip_end) * frame[:, 2], frame)])
        goal = state.ways.goal(self.hand, rows, like, AIMED)[1][0]
        yield from arm.follow(state.ways.way(self.hand, goal, self.speed))
        yield from arm.hold(self.time)
