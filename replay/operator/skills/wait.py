"""Keep still for a while, or until a subgoal is reached and a moment longer."""

from __future__ import annotations

from ..operator_state import OperatorState
from ..recognition import motions
from ..words.primitives import WAIT
from ..words.skill import Label, Motion, Skill


class Wait(Skill, word="wait"):
    """Keep still for a while, or until a subgoal is reached and a moment longer."""

    label = Label(
        en=("wait", "the robot waits"),
        zh=("等待", "机器人等待"),
        shows=motions.wait,
    )
    arguments = WAIT("until", time=WAIT.at("time", "how long; or `until`", instead="until"), at_most=120.0)

    def run(self, state: OperatorState) -> Motion:
        if self.until is None:
            yield from state.wait(self.time)
            return
        for _ in range(round(self.at_most / state.timestep)):
            if state.senses.reached(self.until):
                break
            yield
        yield from state.pause()
