"""Take a hand to its resting posture; with `beside` the next skill does not wait for it."""

from __future__ import annotations

import numpy as np

from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import HOME
from ...words.skill import Label, Motion, Skill

THERE = 0.01  # rad, so near its posture, or to where it began, a hand is not sent there beside another's work


class HomePlain(Skill, word="home"):
    """Take a hand to its resting posture; with `beside` the next skill does not wait for it."""

    label = Label(
        en=("go home", "the {hand} hand goes home"),
        zh=("回位", "{hand}手回位"),
        shows=motions.home,
    )
    arguments = HOME(
        "hand posture", opening=0.02, speed=0.4, beside=HOME.shared["beside"], around=HOME.shared["around"]
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, self.opening)
        goal = arm.posture(self.posture)
        resting = [goal] if self.posture != self.arguments["posture"].default else [goal, state.began[self.hand]]
        if self.beside == "yes" and min(np.abs(arm.q - q).max() for q in resting) < THERE:
            return
        if self.around == "yes":
            path = state.ways.way(self.hand, goal, self.speed)
        else:
            path = arm.way([goal], self.speed)
        motion = arm.follow(path)
        if self.beside == "yes":
            state.beside(motion)
            return
        yield from motion
