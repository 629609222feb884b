"""Rub over a surface from one place to another and back, leaning on it with a force."""

from __future__ import annotations

from typing import ClassVar

from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import strokes
from ...words.motion import Motion
from ...words.primitives import STROKE
from ...words.skill import Argument, Label, Skill
from ..strokes import GROWING, POINT, SLOW, Leaning, ahead_of, pointing_down


class StrokeWipe(Skill):
    """Rub over a surface from one place to another and back, leaning on it with a force.

    The force that the fingers feel is kept near the one that is said: how hard the arm leans is mended at every control step.
    Bare rubber fingertips catch and skip on dry wood (friction 0.9); on what is wet or smooth (0.4) they glide.
    """

    word = "stroke"
    how = "wipe"
    label = Label(
        en=("wipe", "the {hand} hand wipes from the {from} to the {to}"),
        zh=("擦拭", "{hand}手从{from}擦到{to}"),
        shows=strokes.wipe,
        about="from",
    )
    arguments: ClassVar = STROKE(
        "hand from",
        to=STROKE.at("to", "where it turns"),
        force=15.0,
        strokes=Argument("word", "how often over it, back counted", "2", ("1", "2", "3", "4", "6", "8")),
        speed=0.12,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.open_claw(self.hand, 0.0)
        ends = [state.senses.site(getattr(self, "from"))[0], state.senses.site(self.to)[0]]
        surface = [state.senses.part_of(getattr(self, "from"))]
        tips = [ends[0] + 0.08 * UP, ends[0] + 0.004 * UP, ends[1] + 0.004 * UP]
        found, frame = pointing_down(state, self.hand, tips, ahead_of(state, self.hand, ends[0]), surface)
        yield from arm.follow(state.ways.way(self.hand, found[0], 0.4))
        feel = Leaning(state, self.hand, self.force)
        yield from arm.follow(
            arm.line([(ends[0] + 0.002 * UP - state.hand.tip_end * frame[:, 2], frame)], SLOW, orient=POINT), tremor=0.0
        )
        yield from feel.during(arm.hold(self.force / GROWING + 0.5))
        for k in range(int(self.strokes)):
            goal = ends[(k + 1) % 2] + 0.002 * UP - state.hand.tip_end * frame[:, 2]
            yield from feel.during(arm.follow(arm.line([(goal, frame)], self.speed, orient=POINT), tremor=0.0))
        yield from feel.off()
        position, _ = arm.hand()
        yield from arm.follow(arm.line([(position + 0.10 * UP, frame)], 0.3, orient=POINT))
