"""Carry what is held level to over a place, by a way that leaves room, turned as the arm likes it; round what stands there."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import CARRY
from ...words.skill import Label, Motion, Skill
from ..placing import brought


class CarryOver(Skill, word="carry", how="over"):
    """Carry what is held level to over a place, by a way that leaves room, turned as the arm likes it; round what stands there.

    It ends over the place, without setting down. `turn: keep` brings it there as it is turned now, for what is not round.
    """

    label = Label(
        en=("carry over", "the {hand} hand carries the {about} over to the {upon}"),
        zh=("平端过去", "{hand}手把{about}端到{upon}上方"),
        shows=carrying.carry_over,
    )
    arguments = CARRY("hand of upon turn ahead aside", above=0.05, speed=0.25)

    def run(self, state: OperatorState) -> Motion:
        yield from state.arms[self.hand].follow(brought(state, self), tremor=0.4)
        yield from state.arms[self.hand].hold(0.2)
