"""Draw what is held close to the trunk, upright as it is, the elbow beside the body: so it is carried through a door."""

from __future__ import annotations

import numpy as np

from ...limbs.base import wrapped
from ...limbs.geometry import LEVEL, turn_z
from ...operator_state import OperatorState
from ...words.primitives import CARRY
from ...words.skill import Argument, Label, Motion, Skill


class CarryClose(Skill, word="carry", how="close"):
    """Draw what is held close to the trunk, upright as it is, the elbow beside the body: so it is carried through a door.

    The fingers point ahead then.
    """

    label = Label(
        en=("draw close", "the {hand} hand draws the {about} close to the trunk"),
        zh=("收到身前", "{hand}手把{about}收到身前"),
        unseen="where it ends is no place of the scene",
    )
    arguments = CARRY(
        "hand",
        ahead=Argument("length", "how far before the floor mark the hand comes", 0.30),
        aside=Argument("length", "how far beside the middle of the trunk, to the hand's side", 0.28),
        rise=Argument("length", "how much higher than now", 0.0),
        speed=0.2,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        c, s = np.cos(state.heading), np.sin(state.heading)
        origin = np.zeros(3) if arm.place is None else arm.place.pos
        beside = self.aside if self.hand == "left" else -self.aside
        goal = np.array([origin[0] + self.ahead * c - beside * s, origin[1] + self.ahead * s + beside * c, position[2] + self.rise])
        turn = wrapped(state.heading - float(np.arctan2(frame[1, 2], frame[0, 2])))
        path = arm.line([(goal, turn_z(turn) @ frame)], self.speed, like=arm.posture("ready"), orient=LEVEL)
        yield from arm.follow(path, tremor=0.4)
        yield from arm.hold(0.2)
