"""Skills of doing nothing until something has happened."""

from __future__ import annotations

from typing import ClassVar

from ..recognition import motions
from .operator_state import Motion, OperatorState
from .skill import Argument, Label, Skill


class WaitEvent(Skill):
    """Keep still until a subgoal is reached, and a moment longer."""

    word = "wait_event"
    label = Label(
        en=("wait", "the robot waits"),
        zh=("等待", "机器人等待"),
        shows=motions.wait,
    )
    arguments: ClassVar = {
        "until": Argument("subgoal", "what is waited for"),
        "at_most": Argument("time", "after which the operator goes on in any case", 120.0),
    }

    def run(self, state: OperatorState) -> Motion:
        for _ in range(round(self.at_most / state.timestep)):
            if state.reached(self.until):
                break
            yield
        yield from state.pause()
