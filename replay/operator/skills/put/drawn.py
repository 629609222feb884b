"""Draw what is held over the surface that it lies on until a site of it has come to a place; let go, and draw the hand back."""

from __future__ import annotations

import numpy as np

from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Argument, Label, Motion, Skill
from ..fitting import WEIGHT, slide
from ..lift.slid import LOOKS


class PutDrawn(Skill, word="put", how="drawn"):
    """Draw what is held over the surface that it lies on until a site of it has come to a place; let go, and draw the hand back.

    It is looked at when it has come to rest, and drawn on by what is missing. What is taut is not drawn on: it ends when it pulls back.
    """

    label = Label(
        en=("draw to its place", "the {hand} hand draws the {of} to the {upon}"),
        zh=("拉到位", "{hand}手把{of}拉到{upon}"),
        shows=carrying.set_down,
    )
    arguments = PUT(
        "hand upon",
        of=PUT.at("of", "the site that comes to the place; what is held may be another part of the thing"),
        within=Argument("length", "how near it has to come", 0.012),
        opening=0.06,
        retreat=0.12,
        force=PUT.at("force", "force with which it is drawn at most, whichever way it resists", 40.0),
        speed=0.08,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        for _ in range(LOOKS):
            way = state.senses.site(self.upon)[0] + state.aim() - state.senses.site(self.of)[0]
            way[2] = 0.0
            missing = float(np.linalg.norm(way))
            if missing < self.within:
                break

            def taut() -> bool:
                return float(np.linalg.norm(np.linalg.solve(arm.compliance()[:2, :2], state.behind(self.hand)[:2]))) > self.force

            position, frame = arm.hand()
            path = arm.line([(position + way, frame)], self.speed, orient=WEIGHT)
            if (yield from arm.follow(path, taut, tremor=0.0, brake=1.0)):
                break
            yield from arm.hold(0.3)
        yield from state.let_go(self.hand, self.opening, 0.6)
        yield from slide(arm, -self.retreat * arm.hand()[1][:, 2], 0.2)
