"""Keep still until a subgoal is reached, and a moment longer."""

from __future__ import annotations

from typing import ClassVar

from ...operator_state import OperatorState
from ...recognition import motions
from ...words.motion import Motion
from ...words.primitives import WAIT
from ...words.skill import Label, Skill


class WaitEvent(Skill):
    """Keep still until a subgoal is reached, and a moment longer."""

    word = "wait"
    how = "event"
    label = Label(
        en=("wait", "the robot waits"),
        zh=("等待", "机器人等待"),
        shows=motions.wait,
    )
    arguments: ClassVar = WAIT(until=WAIT.at("until", "what is waited for"), at_most=120.0)

    def run(self, state: OperatorState) -> Motion:
        for _ in range(round(self.at_most / state.timestep)):
            if state.senses.reached(self.until):
                break
            yield
        yield from state.pause()
