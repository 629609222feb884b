"""A skill that takes hold of what must not be squeezed hard: the fingers close slowly until both feel as much as is wanted."""

from __future__ import annotations

import numpy as np

from ..operator_state import CLOSING, OperatorState
from ..words.skill import Motion

ROOM = 0.008  # m by which the gap is still wider than the thing when the fingers begin to close slowly
SLOWLY = 3.0  # percent/s then; at 35 percent/s, as `pinch` closes, a control step is 13 N
PATIENCE = 8.0  # s, for which they close so at most
FELT = 0.9  # share of the force at which both have touched: what they lag behind comes after
STEADY = 4  # control steps in a row on which both have touched: one pad alone throws the thing at the other
STILL = 0.3  # s, that the hand waits with it


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
        firm = state.senses.touch(side).min() >= FELT * force
        steady = steady + 1 if firm else 0
        if steady == STEADY:
            break
        if not firm:
            state.claws[side] = min(state.claws[side] + SLOWLY * state.timestep, 100.0)
        yield
    yield from state.wait(STILL)
