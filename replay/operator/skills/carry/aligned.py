"""Bring what is held before a hole, in line with it, and look whether it is."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import fitting
from ...words.primitives import CARRY
from ...words.skill import Label, Motion, Skill
from ..fitting import Pose, bring, correct, move_held
from ..insertion import INTO, OF


class CarryAligned(Skill, word="carry", how="aligned"):
    """Bring what is held before a hole, in line with it, and look whether it is."""

    label = Label(
        en=("align", "the {hand} hand brings the {about} before the {into}"),
        zh=("对准", "{hand}手把{about}对准{into}"),
        shows=fitting.align,
    )
    arguments = CARRY(
        "hand",
        of=OF,
        into=INTO,
        standoff=CARRY.at("standoff", "distance that is left before the mouth", 0.015),
        aside=CARRY.at("aside", "how far beside the hole's axis it is brought, along the hole's y axis", 0.0),
        speed=0.15,
    )

    def run(self, state: OperatorState) -> Motion:
        further, target, home = (
            before(state, self.into, d, self.aside) for d in (self.standoff + 0.06, self.standoff, 0.0)
        )
        row = [further, target, home]
        yield from bring(state, self.hand, self.of, row, [state.senses.part_of(self.into)], self.speed)
        yield from state.pause()
        yield from move_held(state, self.hand, self.of, target, 0.1)
        yield from correct(state, self.hand, self.of, target)


def before(state: OperatorState, site: str, distance: float, aside: float = 0.0) -> Pose:
    """A pose in line with a hole's mouth, so far [m] out of it, and so far beside it."""
    position, rotation = state.senses.site(site)
    return position + distance * rotation[:, 0] + aside * rotation[:, 1], rotation
