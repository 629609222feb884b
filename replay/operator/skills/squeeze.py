"""Press what is held with another force than before, for a while."""

from __future__ import annotations

from typing import ClassVar

from ..operator_state import OperatorState
from ..words.motion import Motion
from ..words.primitives import SQUEEZE
from ..words.skill import Label, Skill


class Squeeze(Skill):
    """Press what is held with another force than before, for a while."""

    word = "squeeze"
    label = Label(
        en=("squeeze", "the {hand} hand squeezes[[ the {about}]]"),
        zh=("捏紧", "{hand}手捏紧[[{about}]]"),
        unseen="a force changes, and nothing moves",
    )
    arguments: ClassVar = SQUEEZE("hand force", time=1.0)

    def run(self, state: OperatorState) -> Motion:
        yield from state.grip(self.hand, self.force, 0.0)
        yield from state.arms[self.hand].hold(self.time)
