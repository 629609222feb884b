"""Move the open fingers over a site and close them with a force."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Argument, Label, Motion, Skill
from ..gentle import close_gently


class TakePinch(Skill, word="take", how="pinch"):
    """Move the open fingers over a site and close them with a force.

    They close until both pads touch, then squeeze; it ends holding. For what bears little, such as a pill bottle or a carton, they close
    slowly from a little more than its `width` on; what stands off the middle is pushed there by the first pad.
    """

    label = Label(
        en=("pinch", "the {hand} hand pinches the {at}"),
        zh=("夹住", "{hand}手夹住{at}"),
        shows=taking.pinch,
        about="at",
        grips=True,
    )
    arguments = TAKE(
        "hand at",
        width=Argument("length", "how wide it is between the pads, where they shall close slowly", None, low=0.0),
        force=40.0,
        speed=TAKE.at("speed", "largest speed of the hand; 0.2 m/s, 0.12 m/s where they close slowly, if not given", None),
    )

    def run(self, state: OperatorState) -> Motion:
        arm, slowly = state.arms[self.hand], self.width is not None
        position, _ = state.senses.site(self.at)
        _, frame = arm.hand()
        speed = self.speed or (0.12 if slowly else 0.2)
        yield from arm.follow(arm.line([(position, frame)], speed), tremor=0.3 if slowly else 0.5)
        yield from arm.hold(0.2)
        if slowly:
            yield from close_gently(state, self.hand, self.width, self.force)
        else:
            yield from state.grip(self.hand, self.force)
        state.hold_on(self.hand, self.at)
