"""Turn on the spot, to a heading or by an angle."""

from __future__ import annotations

from typing import ClassVar

from ...limbs.base import wrapped
from ...operator_state import OperatorState
from ...recognition import motions
from ...words.motion import Motion
from ...words.primitives import WALK
from ...words.reason import Reason
from ...words.skill import Argument, Label
from ..walking import PATIENCE, Walking


class WalkTurn(Walking):
    """Turn on the spot, to a heading or by an angle."""

    word = "walk"
    how = "turn"
    label = Label(
        en=("turn", "the robot turns"),
        zh=("转身", "机器人转身"),
        shows=motions.turn,
    )
    arguments: ClassVar = WALK(
        "yaw within turning",
        angle=Argument("angle", "or how far to the left", None),
    )

    def run(self, state: OperatorState) -> Motion:
        base = self.base_of(state)
        yaw = self.yaw if self.yaw is not None else base.yaw + (self.angle or 0.0)
        time = abs(wrapped(yaw - base.yaw)) / self.turning
        if not (yield from base.walk(base.at.copy(), yaw, 0.1, self.turning, self.within, 0.01, time + PATIENCE)):
            state.given_up = Reason("the robot did not turn as far as it was told", "not_turned")
