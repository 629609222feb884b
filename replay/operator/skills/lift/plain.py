"""Raise what is held straight up."""

from __future__ import annotations

from ...limbs.geometry import LEVEL, UP
from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import LIFT
from ...words.skill import Label, Motion, Skill


class LiftPlain(Skill, word="lift"):
    """Raise what is held straight up."""

    label = Label(
        en=("lift", "the {hand} hand lifts[[ the {about}]]"),
        zh=("提起", "{hand}手提起[[{about}]]"),
        shows=carrying.lift,
    )
    arguments = LIFT("hand", by=0.06, speed=0.2)

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + self.by * UP, frame)], self.speed, orient=LEVEL), tremor=0.5)
