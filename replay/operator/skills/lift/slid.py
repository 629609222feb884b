"""Slide what is held aside over what it sticks to, towards a wall that holds the other one back, then raise it."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import LIFT
from ...words.skill import Argument, Label, Motion, Skill
from ..fitting import WEIGHT, slide

LOOKS = 4  # how often what was drawn is looked at and drawn on
LOOSENS = 0.012  # m, by which what may still stick is raised slowly


class LiftSlid(Skill, word="lift", how="slid"):
    """Slide what is held aside over what it sticks to, towards a wall that holds the other one back, then raise it.

    What sticks flat is hard to pull off straight, and easily slid. Sliding ends once it is seen to lie far enough aside, when
    its side is before the wall, or when something pushes back. It is raised slowly at first, so that the other one stays behind.
    """

    label = Label(
        en=("slide off and lift", "the {hand} hand slides the {of} aside and lifts it off"),
        zh=("错开并提起", "{hand}手把{of}错开后提起"),
        shows=carrying.lift,
    )
    arguments = LIFT(
        "hand by",
        of=Argument("site", "the middle of what is held"),
        against=Argument("site", "a site in the wall, x axis into it"),
        radius=Argument("length", "from that middle to the side of what is held"),
        past=Argument("site", "the middle of what it sticks to"),
        enough=Argument("length", "how far aside of that it has to lie", 0.02),
        short=Argument("length", "how far before the wall it ends", 0.003),
        force=Argument("force", "force with which it pushes at most", 25.0),
        sliding=Argument("speed", "speed with which it is slid", 0.05),
        loosening=Argument("speed", "speed of the first part of the rise", 0.02),
        speed=0.15,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        wall, rotation = state.senses.site(self.against)
        into = rotation[:, 0]

        def enough() -> bool:
            return float((state.senses.site(self.of)[0] - state.senses.site(self.past)[0]) @ into) > self.enough

        behind = self.force * float(np.linalg.norm(arm.compliance() @ into))

        def met() -> bool:
            return float(state.behind(self.hand) @ into) > behind or enough()

        left = float((wall - state.senses.site(self.of)[0]) @ into) - self.radius - self.short
        if left > 0.0:
            position, frame = arm.hand()
            path = arm.line([(position + left * into, frame)], self.sliding, orient=WEIGHT)
            yield from arm.follow(path, met, tremor=0.0, brake=1.0)
        yield from arm.hold(0.2)
        yield from slide(arm, LOOSENS * UP, self.loosening)
        yield from slide(arm, (self.by - LOOSENS) * UP, self.speed)
