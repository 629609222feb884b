"""Pull at what has been pressed in, for a time, to see whether it holds."""

from __future__ import annotations

from ..operator_state import OperatorState
from ..recognition import fitting
from ..words.primitives import VERIFY
from ..words.skill import Label, Motion, Skill


class Verify(Skill, word="verify"):
    """Pull at what has been pressed in, for a time, to see whether it holds."""

    label = Label(
        en=("pull to check", "the {hand} hand pulls at the {about} to see whether it holds"),
        zh=("拉拔确认", "{hand}手拉一下{about}，看是否装牢"),
        shows=fitting.verify_seat,
    )
    arguments = VERIFY("hand of into until", force=14.0, time=1.4)

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.stay(self.hand)
        out = state.senses.site(self.into)[1][:, 0]
        held = state.senses.until(self.until) or (lambda: False)
        yield from arm.press(self.force, 20.0, lambda: arm.yielding(out, loose=0.0), held, hold=self.time)
        yield from arm.hold(0.3)
