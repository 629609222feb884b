"""Move the open fingers over a site and close them slowly, until both pads feel as much as is said."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Argument, Label, Motion, Skill
from ..gentle import close_gently


class TakeGently(Skill, word="take", how="gently"):
    """Move the open fingers over a site and close them slowly, until both pads feel as much as is said.

    For things that bear little: a pill bottle, a carton. What stands off the middle is pushed there by the first pad.
    """

    label = Label(
        en=("pinch gently", "the {hand} hand pinches the {at} gently"),
        zh=("轻轻夹住", "{hand}手轻轻夹住{at}"),
        shows=taking.pinch,
        about="at",
        grips=True,
    )
    arguments = TAKE(
        "hand",
        at=TAKE.at("at", "what is pinched"),
        width=Argument("length", "how wide it is there, between the pads", low=0.0),
        force=8.0,
        speed=0.12,
    )

    def run(self, state: OperatorState) -> Motion:
        arm, side = state.arms[self.hand], self.hand
        position, _ = state.senses.site(self.at)
        _, frame = arm.hand()
        yield from arm.follow(arm.line([(position, frame)], self.speed), tremor=0.3)
        yield from arm.hold(0.2)
        yield from close_gently(state, side, self.width, self.force)
        state.hold_on(side, self.at)
