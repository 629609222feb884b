"""Turn the head until the camera looks at a place, as far as the neck allows; it stays so."""

from __future__ import annotations

from ..operator_state import OperatorState
from ..recognition import motions
from ..words.primitives import LOOK
from ..words.skill import Label, Motion, Skill

HEAD_SPEED = 0.8  # rad/s, of a look that is not hurried


class Look(Skill, word="look"):
    """Turn the head until the camera looks at a place, as far as the neck allows; it stays so."""

    label = Label(
        en=("look at", "the robot looks at the {at}"),
        zh=("看向", "机器人看向{at}"),
        shows=motions.look_at,
        about="at",
    )
    arguments = LOOK("at beside", speed=HEAD_SPEED)

    def run(self, state: OperatorState) -> Motion:
        motion = state.turn_head(state.gaze(self.at), self.speed)
        if self.beside == "yes":
            state.beside(motion)
            return
        yield from motion
        yield from state.pause()
