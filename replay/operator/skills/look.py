"""Turn the head until the camera looks at a place, as far as the neck allows; it stays so."""

from __future__ import annotations

from typing import ClassVar

from ..operator_state import OperatorState
from ..recognition import motions
from ..words.motion import Motion
from ..words.primitives import LOOK
from ..words.skill import Label, Skill

HEAD_SPEED = 0.8  # rad/s, of a look that is not hurried


class Look(Skill):
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
