"""Carry what is held level to over a place, by a way that leaves room; round what stands there."""

from __future__ import annotations

from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import CARRY
from ...words.skill import Argument, Label, Motion, Skill
from ..facing import face
from ..placing import brought


class CarryOver(Skill, word="carry", how="over"):
    """Carry what is held level to over a place, by a way that leaves room; round what stands there.

    It arrives turned as the arm likes it; with `turn: keep` as it is turned now, for what is not round; with `face` and `towards` so
    that one side of it faces somebody. It ends over the place, without setting down.
    """

    label = Label(
        en=("carry over", "the {hand} hand carries the {about} over to the {upon}[[, turned to face the {towards}]]"),
        zh=("平端过去", "{hand}手把{about}端到{upon}上方[[，朝向{towards}]]"),
        shows=carrying.carry_over,
    )
    arguments = CARRY(
        "hand of upon turn ahead aside",
        face=Argument("site", "the side of what is held that shall face somebody, seen from `of`", None, needs="towards"),
        towards=Argument("site", "whom or what it shall face", None, needs="face"),
        within=Argument("angle", "by how much it may face past at most", 0.44),
        above=0.05,
        speed=0.25,
    )

    def run(self, state: OperatorState) -> Motion:
        if self.face is not None:
            yield from face(state, self)
            return
        yield from state.arms[self.hand].follow(brought(state, self), tremor=0.4)
        yield from state.arms[self.hand].hold(0.2)
