"""Bring the open hand to the side of a standing bottle or cup, fingers level, and close it."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import LEVEL, facing
from ...operator_state import OperatorState
from ...planning.ways import best_of
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Argument, Label, Motion, Skill
from ..grasping import close_on, come
from ..pouring import SLACK, Tilting

GRASPS = np.deg2rad([0.0, -8.0, 8.0, -16.0, 16.0, -24.0, 24.0, -34.0, 34.0])  # directions of the fingers that are tried


class TakeBottle(Skill, word="take", how="bottle"):
    """Bring the open hand to the side of a standing bottle or cup, fingers level, and close it.

    It is taken so that it can be tilted over what it is poured into: taken from whatever side has most room (`take.side`), it spills.
    """

    label = Label(
        en=("grasp bottle", "the {hand} hand takes hold of the {of}"),
        zh=("握住瓶子", "{hand}手握住{of}"),
        shows=taking.pick,
        grips=True,
    )
    arguments = TAKE(
        "hand of",
        at=TAKE.at("at", "where the pads' middle goes; x axis towards the hand"),
        yaw=0.0,
        pitch=0.0,
        standoff=0.12,
        opening=0.11,
        force=45.0,
        posture="ready",
        lip=Argument("site", "its mouth, where it is grasped to be poured; the hand takes it so that it can", None),
        into=TAKE.at("into", "the mouth of what it will fill", None),
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, self.opening)
        like = arm.posture(self.posture)
        position, rotation = state.senses.site(self.at)

        def tried(turn: float) -> tuple[float, np.ndarray]:
            frame = arm.frame(facing(rotation) + self.yaw + turn, self.pitch, like)
            row = [(position - self.standoff * frame[:, 2], frame), (position, frame)]
            score, found = state.ways.goal(self.hand, [row], like, LEVEL, [self.of])
            if self.lip is not None and self.into is not None:
                error, _ = Tilting.best(state, self.hand, position, frame, self.lip, self.into, found[1], like)
                score += 100.0 * max(error - SLACK, 0.0)
            return score, found[0]

        _, first = best_of(map(tried, GRASPS), 0.1, (np.inf, arm.q))
        frame = arm.hand(first)[1]
        yield from come(state, self.hand, first, self.speed)
        position, _ = state.senses.site(self.at)
        yield from close_on(state, self.hand, self.of, (position, frame), self.force, speed=0.18, still=0.15)
