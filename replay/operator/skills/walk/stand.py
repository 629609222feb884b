"""Straighten up from a squat."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import WALK
from ...words.reason import Reason
from ...words.skill import Label, Motion
from ..walking import PATIENCE, Walking, moving


class WalkStand(Walking, word="walk", how="stand"):
    """Straighten up from a squat."""

    label = Label(
        en=("stand up", "the robot stands up"),
        zh=("起立", "机器人起立"),
        shows=motions.stand_up,
    )
    arguments = WALK(
        speed=WALK.at("speed", "speed of the trunk", 0.12),
        within=WALK.at("within", "how far from standing it may end", 0.005),
    )

    def run(self, state: OperatorState) -> Motion:
        base = moving(state)
        if not (yield from base.stand_at(0.0, self.speed, self.within, -base.lowest / self.speed + PATIENCE)):
            state.given_up = Reason("the robot did not stand up", "not_stood_up")
