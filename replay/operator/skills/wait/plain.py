"""Stay as one is for a while."""

from __future__ import annotations

from typing import ClassVar

from ...operator_state import OperatorState
from ...recognition import motions
from ...words.motion import Motion
from ...words.primitives import WAIT
from ...words.skill import Label, Skill


class WaitPlain(Skill):
    """Stay as one is for a while."""

    word = "wait"
    label = Label(
        en=("wait", "the robot waits"),
        zh=("等待", "机器人等待"),
        shows=motions.wait,
    )
    arguments: ClassVar = WAIT("time")

    def run(self, state: OperatorState) -> Motion:
        yield from state.wait(self.time)
