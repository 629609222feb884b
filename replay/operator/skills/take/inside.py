"""Reach into an opening, take what stands there by the rim, which is the coolest of it, and raise it a little."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import LEVEL, UP, facing
from ...operator_state import OperatorState
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Argument, Label, Motion, Skill
from ..grasping import close_on

# other directions of the fingers along the rim, positive into the vessel: there the rim leaves them no room beyond 15 deg
TURNS = np.deg2rad([0.0, 10.0, -10.0, 15.0, -20.0, -32.0])


class TakeInside(Skill, word="take", how="inside"):
    """Reach into an opening, take what stands there by the rim, which is the coolest of it, and raise it a little.

    A hand that comes down on the rim from above, as `take.rim` does, strikes the opening's ceiling with its wrist.
    """

    label = Label(
        en=("take by the rim again", "the {hand} hand takes the {of} by its rim again"),
        zh=("再次捏住边沿", "{hand}手再次捏住{of}的边沿"),
        shows=taking.regrasp,
        grips=True,
    )
    arguments = TAKE(
        "hand of fingers",
        at=TAKE.at("at", "a site of the rim, x axis outwards"),
        into=TAKE.at("into", "what it stands in: a site at the opening's front, x axis inwards"),
        pitch=0.462,
        depth=0.007,
        opening=0.030,
        clear=Argument("length", "how far before the rim, along the fingers, the hand comes straight", 0.09),
        standoff=TAKE.at("standoff", "how far before the rim the hand begins to go in", 0.21),
        force=80.0,
        by=0.012,
        posture="elbow_in",
        speed=0.5,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, self.opening)
        like = arm.posture(self.posture)
        position, rotation = state.senses.site(self.at)
        inward = state.senses.site(self.into)[1][:, 0]
        sign = 1.0 if self.fingers == "left" else -1.0
        rows = []
        for turn in TURNS:
            frame = arm.frame(facing(rotation) + sign * (np.pi / 2 - turn), self.pitch, like)
            grip = position - self.depth * UP
            clear = grip - self.clear * frame[:, 2]
            out = clear - (self.standoff - (grip - clear) @ inward) * inward
            rows.append([(out, frame), (clear, frame), (grip, frame)])
        start, _, end = state.ways.goal(self.hand, rows, like, LEVEL, [self.of])[1]
        # the rim is bent and the fingers are as long as they are: the pads' middle on it, one of them would come down on it
        aside = state.ways.centring(self.hand, end, self.of)
        frame = arm.hand(start)[1]
        yield from arm.follow(state.ways.way(self.hand, start, self.speed))
        grip = state.senses.site(self.at)[0] - self.depth * UP + aside
        clear = grip - self.clear * frame[:, 2]
        yield from arm.follow(arm.line([(clear, frame)], self.speed, orient=LEVEL))
        yield from close_on(state, self.hand, self.of, (grip, frame), self.force, still=0.15)
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + self.by * UP, frame)], 0.1, orient=LEVEL), tremor=0.3)
