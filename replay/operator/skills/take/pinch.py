"""Move the open fingers over a site and close them with a force."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Argument, Label, Motion, Skill
from ..grasping import close_on


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
        pose = state.senses.site(self.at)[0], state.arms[self.hand].hand()[1]
        speed, tremor = (0.2, 0.5) if self.width is None else (0.12, 0.3)
        yield from close_on(state, self.hand, self.at, pose, self.force, self.speed or speed, 0.3, tremor, width=self.width)
