"""Keep still with what is held until a subgoal is reached or someone pulls at the hand; then go on."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.motion import Motion
from ...words.primitives import WAIT
from ...words.skill import Label, Skill


class WaitPulled(Skill):
    """Keep still with what is held until a subgoal is reached or someone pulls at the hand; then go on.

    A pull is told by how far the hand is drawn from where the arm holds it, over how far the arm gives way to a newton; the
    weight that it bears when it begins does not count. Where nothing happens, it goes on after `at_most`.
    """

    word = "wait"
    how = "pulled"
    label = Label(
        en=("hold", "the {hand} hand keeps still[[ with the {about}]]"),
        zh=("保持", "{hand}手[[拿着{about}]]保持不动"),
        shows=carrying.hold_until,
    )
    arguments: ClassVar = WAIT("hand until force", at_most=10.0)

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        yield from arm.hold(0.3)
        before = state.pulled(self.hand)

        def ends() -> bool:
            if state.senses.reached(self.until):
                return True
            return self.force is not None and float(np.linalg.norm(state.pulled(self.hand) - before)) > self.force

        yield from arm.hold(self.at_most, ends)
