"""A skill that takes hold of what must not be squeezed hard: the fingers close slowly until both feel as much as is wanted."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..recognition import taking
from .hands import HAND
from .operator_state import CLOSING, Motion, OperatorState
from .skill import Argument, Label, Skill

ROOM = 0.008  # m by which the gap is still wider than the thing when the fingers begin to close slowly
SLOWLY = 3.0  # percent/s then; at 35 percent/s, as `pinch` closes, a control step is 13 N
PATIENCE = 8.0  # s, for which they close so at most
FELT = 0.9  # share of the force at which both have touched: what they lag behind comes after
STEADY = 4  # control steps in a row on which both have touched: one pad alone throws the thing at the other
STILL = 0.3  # s, that the hand waits with it


class PinchGently(Skill):
    """Move the open fingers over a site and close them slowly, until both pads feel as much as is said.

    For things that bear little: a pill bottle, a carton. What stands off the middle is pushed there by the first pad.
    """

    word = "take"
    how = "gently"
    label = Label(
        en=("pinch gently", "the {hand} hand pinches the {at} gently"),
        zh=("轻轻夹住", "{hand}手轻轻夹住{at}"),
        shows=taking.pinch,
        about="at",
        grips=True,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "at": Argument("site", "what is pinched"),
        "width": Argument("length", "how wide it is there, between the pads", low=0.0),
        "force": Argument("force", "of each pad", 8.0),
        "speed": Argument("speed", "largest speed of the hand", 0.12),
    }

    def run(self, state: OperatorState) -> Motion:
        arm, side = state.arms[self.hand], self.hand
        position, _ = state.site(self.at)
        _, frame = arm.hand()
        yield from arm.follow(arm.line([(position, frame)], self.speed), tremor=0.3)
        yield from arm.hold(0.2)
        yield from close_gently(state, side, self.width, self.force)
        state.hold_on(side, self.at)


def close_gently(state: OperatorState, side: str, width: float, force: float) -> Motion:
    """Close the claw to a little more than a width [m], and from there slowly until both pads feel a force [N]."""
    near = state.hand.percent(width + ROOM)
    start = state.claws[side]
    for share in np.linspace(0.0, 1.0, max(2, round((near - start) / CLOSING / state.timestep)))[1:]:
        state.claws[side] = start + share * (near - start)
        yield
    yield from state.wait(0.3)
    force, steady = force * float(state.faults.get("grip_force", 1.0)), 0
    for _ in range(round(PATIENCE / state.timestep)):
        firm = state.touch(side).min() >= FELT * force
        steady = steady + 1 if firm else 0
        if steady == STEADY:
            break
        if not firm:
            state.claws[side] = min(state.claws[side] + SLOWLY * state.timestep, 100.0)
        yield
    yield from state.wait(STILL)
