"""Press a strip down along its length, once, with the closed fingertips and a force."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import strokes
from ...words.primitives import STROKE
from ...words.skill import Label, Motion, Skill
from ..move_joint.fold import STEEP, whole
from ..strokes import POINT, SLOW, Leaning, ahead_of, pointing_down


class StrokeAlong(Skill, word="stroke", how="along"):
    """Press a strip down along its length, once, with the closed fingertips and a force.

    Where the hand is at its beginning already, it goes on from there without letting up.
    """

    label = Label(
        en=("press along", "the {hand} hand presses from the {from} to the {to}"),
        zh=("沿线按压", "{hand}手从{from}压到{to}"),
        shows=strokes.wipe,
        about="from",
    )
    arguments = STROKE(
        "hand from",
        to=STROKE.at("to", "where it ends"),
        force=12.0,
        speed=0.06,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        first, _ = state.senses.site(getattr(self, "from"))
        position, frame = arm.hand()
        tip = position + state.hand.tip_end * frame[:, 2]
        if np.linalg.norm(tip[:2] - first[:2]) > 0.06:
            state.open_claw(self.hand, 0.0)
            last, _ = state.senses.site(self.to)
            tips = [first + 0.08 * UP, first, last]
            touch = whole(state, getattr(self, "from"))
            found, frame = pointing_down(state, self.hand, tips, ahead_of(state, self.hand, first), touch, STEEP)
            yield from arm.follow(state.ways.way(self.hand, found[0], 0.4))
        feel = Leaning(state, self.hand, self.force)
        yield from arm.follow(arm.line([(first - state.hand.tip_end * frame[:, 2], frame)], SLOW, orient=POINT), tremor=0.0)
        yield from feel.during(arm.hold(0.6))
        goal = state.senses.site(self.to)[0] - state.hand.tip_end * frame[:, 2]
        yield from feel.during(arm.follow(arm.line([(goal, frame)], self.speed, orient=POINT), tremor=0.0))
        yield from feel.during(arm.hold(0.2))
        yield from feel.off()
        position, _ = arm.hand()
        yield from arm.follow(arm.line([(position + 0.12 * UP, frame)], 0.3, orient=POINT))
