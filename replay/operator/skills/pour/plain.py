"""Bring the held bottle over a mouth and tilt it until it runs."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import LEVEL, turned_about
from ...operator_state import OperatorState
from ...recognition import strokes
from ...words.primitives import POUR
from ...words.skill import Label, Motion, Skill
from ..pouring import BEGIN, END, FORWARD, Tilting


class PourPlain(Skill, word="pour"):
    """Bring the held bottle over a mouth and tilt it until it runs."""

    label = Label(
        en=("pour", "the {hand} hand begins to pour into the {into}"),
        zh=("倒水", "{hand}手开始往{into}里倒"),
        shows=strokes.pour,
        about="into",
    )
    arguments = POUR("hand lip into gauge posture speed")

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        like = arm.posture(self.posture)
        way = Tilting.best(state, self.hand, *arm.hand(), self.lip, self.into, arm.q, like)[1].plan(like)
        first, frame = way.pose(BEGIN)
        # first up and across with the bottle upright enough to hold all that is in it, then over the mouth
        hand, _ = arm.hand()
        over = np.array([*(first[:2] + 0.06 * way.away[:2]), max(first[2], hand[2])])
        half = turned_about(way.across, 0.5 * BEGIN) @ way.upright
        yield from arm.follow(arm.line([(over, half), (first, frame)], self.speed, like=like, orient=LEVEL), tremor=0.3)
        yield from arm.hold(0.1)
        start, tilt = state.senses.joint(self.gauge), BEGIN
        while tilt < END and state.senses.joint(self.gauge) < start + RUNS:
            tilt = min(tilt + FORWARD * state.timestep, END)
            way.follow(tilt, FORWARD)
            yield
RUNS = 0.0008  # m, rise of the level at which it certainly runs
