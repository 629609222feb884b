"""Stay as one is for a while."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import WAIT
from ...words.skill import Label, Motion, Skill


class WaitPlain(Skill, word="wait"):
    """Stay as one is for a while."""

    label = Label(
        en=("wait", "the robot waits"),
        zh=("等待", "机器人等待"),
        shows=motions.wait,
    )
    arguments = WAIT("time")

    def run(self, state: OperatorState) -> Motion:
        yield from state.wait(self.time)
