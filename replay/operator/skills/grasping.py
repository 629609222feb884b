"""How a hand comes to a thing and takes hold of it: on a free way first, then straight, and it closes when it stands still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..limbs.geometry import LEVEL
from ..operator_state import OperatorState
from ..words.skill import Motion
from .gentle import close_gently


def come(state: OperatorState, side: str, goal: np.ndarray, speed: float) -> Motion:
    """Bring a hand on a free way to a posture (n,) [rad], at most so fast [m/s], and pause there as a person does."""
    yield from state.arms[side].follow(state.ways.way(side, goal, speed))
    yield from state.pause()


def close_on(
    state: OperatorState,
    side: str,
    of: str,
    pose: tuple[np.ndarray, np.ndarray],
    force: float,
    speed: float = 0.15,
    orient: Sequence[float] | float = LEVEL,
    tremor: float = 0.5,
    still: float = 0.2,
    width: float | None = None,
) -> Motion:
    """Bring a hand straight to a pose, wait until it stands still [s], close it with a force [N], and hold on to what is there.

    With a width [m] between the pads it closes slowly from a little more than that on: what it takes bears little.
    """
    arm = state.arms[side]
    yield from arm.follow(arm.line([pose], speed, orient=orient), tremor=tremor)
    yield from arm.hold(still)
    yield from state.grip(side, force) if width is None else close_gently(state, side, width, force)
    state.hold_on(side, of)
