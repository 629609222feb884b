"""Come down on a rim with one pad on either side, and close."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import LEVEL, UP, facing
from ...operator_state import OperatorState
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Argument, Label, Motion, Skill
from ..grasping import close_on, come


class TakeRim(Skill, word="take", how="rim"):
    """Come down on a rim with one pad on either side, and close.

    The pads close until both touch, then squeeze; it ends holding.
    """

    label = Label(
        en=("pick up by the rim", "the {hand} hand picks up the {of} by its rim"),
        zh=("捏起边沿", "{hand}手捏住{of}的边沿"),
        shows=taking.pick,
        grips=True,
    )
    arguments = TAKE(
        "hand of fingers",
        at=TAKE.at("at", "a site of the rim, x axis outwards"),
        pitch=0.462,
        lean=Argument("angle", "how far the fingers point into the vessel, so that the palm stays outside", 0.0),
        depth=0.007,
        tips=Argument("length", "how far before the pads' middle, towards their tips, the rim lies", 0.0),
        above=0.07,
        opening=0.036,
        force=80.0,
        posture="elbow_out",
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, self.opening)
        like = arm.posture(self.posture)
        position, rotation = state.senses.site(self.at)
        quarter = np.pi / 2 - self.lean
        quarter = quarter if self.fingers == "left" else -quarter
        # first further across, where the forearm has more room before the chest
        across = -1.0 if self.hand == "left" else 1.0
        turns = (0.0, *(across * np.deg2rad([12.0, 20.0, -12.0, -24.0])))
        frames = [arm.frame(facing(rotation) + quarter + turn, self.pitch, like) for turn in turns]
        rows = []
        for frame in frames:
            back = self.tips * frame[:, 2]
            rows.append([(position + self.above * UP - back, frame), (position - self.depth * UP - back, frame)])
        high = state.ways.goal(self.hand, rows, like, LEVEL, [self.of])[1][0]
        frame = arm.hand(high)[1]
        yield from come(state, self.hand, high, self.speed)
        position, _ = state.senses.site(self.at)
        goal = position - self.depth * UP - self.tips * frame[:, 2]
        yield from close_on(state, self.hand, self.of, (goal, frame), self.force)
