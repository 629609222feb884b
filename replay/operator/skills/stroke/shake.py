"""Tip a shaker over a place and shake it up and down, so that it strews; then right it."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import LEVEL, UP
from ...operator_state import OperatorState
from ...words.primitives import STROKE
from ...words.skill import Argument, Label, Motion, Skill
from ..tipping import right_again, tip, tips


class StrokeShake(Skill, word="stroke", how="shake"):
    """Tip a shaker over a place and shake it up and down, so that it strews; then right it."""

    label = Label(
        en=("shake", "the {hand} hand shakes the {about} over the {into}"),
        zh=("摇撒", "{hand}手在{into}上方摇撒{about}"),
        unseen="what is strewn shows in no reading that a recording of any scene has",
        about="of",
    )
    arguments = STROKE(
        "hand",
        of=STROKE.at("of", "the middle of its holes, z out of them"),
        into=STROKE.at("into", "the place over which it is shaken"),
        above=Argument("length", "height of the holes over the place", 0.24),
        by=Argument("length", "length of a stroke", 0.045),
        strokes=Argument("word", "how often up and down", "4", ("1", "2", "3", "4", "6", "8", "12", "16")),
        rate=Argument("time", "time that a stroke up and down takes", 0.6, low=0.3),
        **tips(short=0.085, keeps_off=0.11, tilt=np.deg2rad(125.0), tipping=0.20, speed=0.4),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        holes, turned = state.senses.site(self.of)
        things: list[str] = []
        way, like, shares = yield from tip(state, self, holes, turned[:, 2], 0.0, things)
        low = arm.q.copy()
        position, frame = arm.hand()
        high, _ = arm.solve(position + self.by * UP, frame, low, low, LEVEL)
        count = max(4, round(self.rate / state.timestep))
        for k in range(count * int(self.strokes)):
            phase = 2.0 * np.pi * (k + 1) / count
            share, rate = 0.5 * (1.0 - np.cos(phase)), np.pi * np.sin(phase) / self.rate
            arm.q = low + share * (high - low)
            arm.command = arm.q + arm.lag * rate * (high - low)
            yield
        yield from arm.hold(0.2)
        yield from right_again(state, self, way, like, shares)
