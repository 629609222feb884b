"""Come down on a thin thing, fingers pointing down on either side of it, and close."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Label, Motion, Skill
from ..grasping import close_on, come

DEEPER = 0.008  # m: while the robot steps, what is tied to the room creeps out of the fingers, a hem by 22 mm in half a minute


class TakeAbove(Skill, word="take", how="above"):
    """Come down on a thin thing, fingers pointing down on either side of it, and close."""

    label = Label(
        en=("pick up from above", "the {hand} hand picks up the {of} from above"),
        zh=("从上方拿起", "{hand}手从上方拿起{of}"),
        shows=taking.pick,
        grips=True,
    )
    arguments = TAKE(
        "hand of",
        at=TAKE.at("at", "what is pinched, x axis along it"),
        pitch=1.0,
        depth=-0.0095,
        above=0.07,
        opening=0.04,
        force=20.0,
        posture="outside_1",
        speed=0.35,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, self.opening)
        like = arm.posture(self.posture)
        depth = self.depth + (DEEPER if state.sways_against(self.of) else 0.0)
        position, rotation = state.senses.site(self.at)
        along = float(np.arctan2(rotation[1, 0], rotation[0, 0]))
        rows = []
        for turn in (0.0, np.pi, *np.deg2rad([10.0, -10.0, 20.0, -20.0])):
            frame = arm.frame(along + turn, self.pitch, like)
            low = position - depth * UP
            rows.append([(low + self.above * UP, frame), (low, frame)])
        high = state.ways.goal(self.hand, rows, like, 0.6, [self.of])[1][0]
        frame = arm.hand(high)[1]
        yield from come(state, self.hand, high, self.speed)
        low = state.senses.site(self.at)[0] - depth * UP
        yield from close_on(state, self.hand, self.of, (low, frame), self.force, speed=0.12, orient=0.6, tremor=0.3)
