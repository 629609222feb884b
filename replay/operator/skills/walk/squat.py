"""Lower the trunk by bending hips and knees, so far, or until the shoulders are so high above a place."""

from __future__ import annotations

import numpy as np

from ...limbs.base import Base
from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import WALK
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion
from ..walking import PATIENCE, Walking, moving


class WalkSquat(Walking, word="walk", how="squat"):
    """Lower the trunk by bending hips and knees, so far, or until the shoulders are so high above a place."""

    label = Label(
        en=("squat", "the robot squats"),
        zh=("下蹲", "机器人下蹲"),
        shows=motions.squat,
    )
    arguments = WALK(
        by=WALK.at("by", "how far below standing", 0.0),
        to=WALK.at("to", "a site above which the shoulders come, whatever `by` says", None),
        above=Argument("length", "how high above it", 0.4),
        speed=WALK.at("speed", "speed of the trunk", 0.12),
        within=WALK.at("within", "how far from that height it may end", 0.005),
    )

    def run(self, state: OperatorState) -> Motion:
        base = moving(state)
        height = -self.by if self.to is None else self._over(state, base)
        height = min(max(height, base.lowest), 0.0)
        if not (yield from base.stand_at(height, self.speed, self.within, -base.lowest / self.speed + PATIENCE)):
            state.given_up = Reason("the robot did not squat to the commanded height", "not_squatted")

    def _over(self, state: OperatorState, base: Base) -> float:
        """Height [m] against standing at which the shoulders are as high above the place as they shall be."""
        shoulders = np.mean([state.senses.site(f"{side}_shoulder")[0][2] for side in ("left", "right")])
        return base.height + float(state.senses.site(self.to)[0][2]) + self.above - float(shoulders)
