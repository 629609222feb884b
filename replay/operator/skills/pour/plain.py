"""Bring the held bottle over a mouth, tilt it until it runs, keep the stream even, and right it at an amount."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...limbs.arm import Arm
from ...limbs.geometry import LEVEL, turned_about
from ...operator_state import OperatorState
from ...recognition import strokes
from ...words.primitives import POUR
from ...words.skill import Argument, Label, Motion, Skill
from ..pouring import BEGIN, END, FORWARD, TURN_BACK, Tilting

RUNS = 0.0008  # m, rise of the level at which it certainly runs
GAIN = np.deg2rad(0.35)  # rad/s for each ml/s that the stream is too thin
AHEAD = 0.16  # s of stream that still comes after the turn back has begun: lag of the arm and the way back


class PourPlain(Skill, word="pour"):
    """Bring the held bottle over a mouth, tilt it until it runs, keep the stream even, and right it at an amount.

    Without an `amount` it ends as it begins to run.
    """

    label = Label(
        en=("pour", "the {hand} hand pours into the {into}"),
        zh=("倒水", "{hand}手往{into}里倒"),
        shows=strokes.pour,
        about="into",
    )
    arguments = POUR(
        "hand lip into gauge posture speed",
        bore=Argument("length", "inner radius of what is filled", None),
        amount=Argument("volume", "how much shall be in it", None, needs="bore"),
        rate=Argument("volume", "how much shall run in a second", 4.0e-5),
        at_most=20.0,
    )
    begins = True  # whether it does not run yet

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        like = arm.posture(self.posture)
        if self.begins:
            yield from self._begin(state, arm, like)
        if self.amount is not None:
            yield from self._fill(state, Tilting(state, self.hand, *arm.hand(), self.lip, self.into).plan(like))

    def _begin(self, state: OperatorState, arm: Arm, like: np.ndarray) -> Motion:
        """Bring it over the mouth and tilt it until it runs."""
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

    def _fill(self, state: OperatorState, way: Tilting) -> Motion:
        """Keep the stream even until the amount is nearly there, and turn back."""
        area = np.pi * self.bore**2
        last, stream, tilt = state.senses.joint(self.gauge), 0.0, float(np.clip(way.now, BEGIN, END))
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
