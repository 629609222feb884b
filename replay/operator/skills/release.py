"""Open the fingers and draw the hand back; what is held and wider than the gap makes them open all the way."""

from __future__ import annotations

from ..operator_state import OperatorState
from ..recognition import taking
from ..words.primitives import RELEASE
from ..words.skill import Label, Motion, Skill


class Release(Skill, word="release"):
    """Open the fingers and draw the hand back; what is held and wider than the gap makes them open all the way."""

    label = Label(
        en=("let go", "the {hand} hand lets go[[ of the {about}]] and draws back"),
        zh=("松手", "{hand}手松开[[{about}]]并收回"),
        shows=taking.release,
    )
    arguments = RELEASE("hand beside", opening=0.04, retreat=0.08, speed=0.3)

    def run(self, state: OperatorState) -> Motion:
        if self.beside == "yes":
            state.beside(self._let_go(state))
            return
        yield from self._let_go(state)

    def _let_go(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        gap = state.senses.gap(self.hand)
        holds = float(state.senses.touch(self.hand).min()) > 0.0
        yield from state.let_go(self.hand, state.hand.widest if holds and gap > self.opening else self.opening)
        arm.ease()  # of what it bore
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position - self.retreat * frame[:, 2], frame)], self.speed))
