"""Come down with the closed fingertips until they touch a surface, lean on it with a force for a while, and draw back."""

from __future__ import annotations

from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import strokes
from ...words.primitives import PRESS
from ...words.skill import Argument, Label, Motion, Skill
from ..strokes import GROWING, POINT, Leaning, ahead_of, pointing_down

TOUCH = 1.0  # N, of a contact that counts


class PressSurface(Skill, word="press", how="surface"):
    """Come down with the closed fingertips until they touch a surface, lean on it with a force for a while, and draw back.

    It stops where the surface is, wherever that is; one that lies lower by more than `past` is not reached, and not pressed.
    """

    label = Label(
        en=("press on", "the {hand} hand presses on the {at}"),
        zh=("压住", "{hand}手压住{at}"),
        shows=strokes.press_on,
        about="at",
    )
    arguments = PRESS(
        "hand",
        at=PRESS.at("at", "where, on the surface, z out of it"),
        force=20.0,
        time=0.5,
        past=Argument("length", "how far below the site it feels for the surface", 0.03),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, 0.0)
        at = state.senses.site(self.at)[0]
        found, frame = pointing_down(
            state, self.hand, [at + 0.08 * UP, at + 0.01 * UP], ahead_of(state, self.hand, at), [state.senses.part_of(self.at)]
        )
        yield from arm.follow(state.ways.way(self.hand, found[0], 0.4))
        low = at - self.past * UP - state.hand.tip_end * frame[:, 2]

        def touched() -> bool:
            return float(state.senses.touch(self.hand).sum()) > TOUCH

        if (yield from arm.follow(arm.line([(low, frame)], 0.03, orient=POINT), touched, tremor=0.0, brake=1.0)):
            feel = Leaning(state, self.hand, self.force)
            yield from feel.during(arm.hold(self.force / GROWING + self.time))
            yield from feel.off()
        position, _ = arm.hand()
        yield from arm.follow(arm.line([(position + 0.10 * UP, frame)], 0.3, orient=POINT))
