"""Keep the stream even, and right the bottle so that the level ends at an amount."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...operator_state import OperatorState
from ...recognition import strokes
from ...words.primitives import POUR
from ...words.skill import Argument, Label, Motion, Skill
from ..pouring import BEGIN, END, FORWARD, TURN_BACK, Tilting

GAIN = np.deg2rad(0.35)  # rad/s for each ml/s that the stream is too thin
AHEAD = 0.16  # s of stream that still comes after the turn back has begun: lag of the arm and the way back


class PourLevel(Skill, word="pour", how="level"):
    """Keep the stream even, and right the bottle so that the level ends at an amount."""

    label = Label(
        en=("stop at the level", "the {hand} hand pours into the {into} and stops at the level"),
        zh=("到液位停住", "{hand}手往{into}里倒，到液位停住"),
        shows=strokes.stop_at_level,
        about="into",
    )
    arguments = POUR(
        "hand lip into gauge posture speed",
        bore=Argument("length", "inner radius of what is filled"),
        amount=Argument("volume", "how much shall be in it"),
        rate=Argument("volume", "how much shall run in a second", 4.0e-5),
        at_most=20.0,
    )

    def run(self, state: OperatorState) -> Motion:
        like = state.arms[self.hand].posture(self.posture)
        way = Tilting(state, self.hand, *state.arms[self.hand].hand(), self.lip, self.into).plan(like)
        area = np.pi * self.bore**2
        tilt, last, stream = way.now, state.senses.joint(self.gauge), 0.0
        tilt = float(np.clip(tilt, BEGIN, END))
        for _ in range(round(self.at_most / state.timestep)):
            level = state.senses.joint(self.gauge)
            stream += 0.5 * ((level - last) * area / state.timestep - stream)
            last = level
            if level * area + AHEAD * stream >= self.amount:
                break
            rate = float(np.clip(GAIN * (self.rate - stream) * 1e6, -FORWARD, FORWARD))
            tilt = float(np.clip(tilt + rate * state.timestep, BEGIN, END))
            way.follow(tilt, rate)
            yield
        yield from self._right(state, way, tilt)

    def _right(self, state: OperatorState, way: Tilting, tilt: float) -> Iterator[None]:
        """Turn back, coming to speed and to rest within a tenth of a second."""
        rate = 0.0
        while tilt > BEGIN + 1e-3:
            most = min(way.rate(tilt, self.speed), max(8.0 * (tilt - BEGIN), 0.1))
            rate = min(rate + 10.0 * TURN_BACK * state.timestep, most)
            tilt = max(tilt - rate * state.timestep, BEGIN)
            way.follow(tilt, -rate)
            yield
        way.arm.q = way.spline(BEGIN)
        way.arm.command = way.arm.q
        yield from way.arm.hold(0.2)
