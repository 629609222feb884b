"""Move the open fingers over a site and close them with a force."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Label, Motion, Skill


class TakePinch(Skill, word="take", how="pinch"):
    """Move the open fingers over a site and close them with a force.

    They close until both pads touch, then squeeze; it ends holding.
    """

    label = Label(
        en=("pinch", "the {hand} hand pinches the {at}"),
        zh=("夹住", "{hand}手夹住{at}"),
        shows=taking.pinch,
        about="at",
        grips=True,
    )
    arguments = TAKE("hand at", force=30.0, speed=0.2)

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, _ = state.senses.site(self.at)
        _, frame = arm.hand()
        yield from arm.follow(arm.line([(position, frame)], self.speed), tremor=0.5)
        yield from arm.hold(0.2)
        yield from state.grip(self.hand, self.force)
        state.hold_on(self.hand, self.at)
