"""Stir round in a vessel with the closed fingertips, or with the end of what is held."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import strokes
from ...words.motion import Motion
from ...words.primitives import STROKE
from ...words.skill import Argument, Label, Skill
from ..strokes import POINT, SLOW, ahead_of, pointing_down


class StrokeStir(Skill):
    """Stir round in a vessel with the closed fingertips, or with the end of what is held."""

    word = "stroke"
    how = "stir"
    label = Label(
        en=("stir", "the {hand} hand stirs in the {into}"),
        zh=("搅拌", "{hand}手在{into}里搅拌"),
        shows=strokes.stir,
        about="into",
    )
    arguments: ClassVar = STROKE(
        "hand into",
        radius=STROKE.at("radius", "of the round", 0.025),
        height=STROKE.at("height", "height of the tip over the floor", 0.015),
        over=Argument("length", "height over the floor from which it comes down and to which it goes up", 0.15),
        tip=Argument("length", "how far the end of what is held lies before the fingertips", 0.0),
        rounds=Argument("word", "how often round", "3", ("1", "2", "3", "5", "8")),
        speed=STROKE.at("speed", "of the tip", 0.10),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        if self.tip == 0.0:
            state.open_claw(self.hand, 0.0)
        middle = state.senses.site(self.into)[0]
        reach = state.hand.tip_end + self.tip

        def at(angle: float, height: float) -> np.ndarray:
            return middle + self.radius * np.array([np.cos(angle), np.sin(angle), 0.0]) + height * UP

        tips = [at(0.0, self.over), at(0.0, self.height), at(np.pi / 2, self.height), at(np.pi, self.height)]
        shift = self.tip * UP  # the search is for the fingertips: what is held hangs about straight below them
        vessel = state.senses.part_of(self.into)
        found, frame = pointing_down(
            state, self.hand, [t + shift for t in tips], ahead_of(state, self.hand, middle), [vessel]
        )
        yield from arm.follow(state.ways.way(self.hand, found[0], 0.4))
        yield from arm.follow(arm.line([(tips[1] - reach * frame[:, 2], frame)], SLOW, orient=POINT), tremor=0.0)
        angles = np.linspace(0.0, 2.0 * np.pi * int(self.rounds), 12 * int(self.rounds) + 1)[1:]
        poses = [(at(angle, self.height) - reach * frame[:, 2], frame) for angle in angles]
        yield from arm.follow(arm.line(poses, self.speed, orient=POINT), tremor=0.3)
        yield from arm.follow(arm.line([(tips[0] - reach * frame[:, 2], frame)], 0.2, orient=POINT))
