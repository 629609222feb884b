"""A claw on cloth: how it is turned there, and how hard it presses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import hand_frame, turned_between
from ...operator_state import OperatorState
from ...words.skill import Motion

GENTLY = 8.0  # N, with which a claw closes on cloth until there is contact
TIGHT = 0.003  # m, opening beyond which a claw does not close on cloth


def hands_over(away: np.ndarray, pitch: float) -> list[np.ndarray]:
    """Rotations of a hand with fingers across the cloth and down by `pitch`, one over the other: either of the two that
    differ by which finger is which."""
    heading = float(np.arctan2(away[1], away[0]))
    return [hand_frame(heading, pitch, roll) for roll in (0.5 * np.pi, -0.5 * np.pi)]


def nearest(frames: Sequence[np.ndarray], to: np.ndarray) -> np.ndarray:
    """The rotation that is turned least from another."""
    return min(frames, key=lambda frame: turned_between(frame, to))


def squeeze(state: OperatorState, side: str, force: float, tight: float = TIGHT) -> None:
    """Let a claw press with a force [N] on whatever is between its pads, one layer or two, and no harder.

    It is commanded to close a little further than it is closed: pads that follow a command are driven through cloth. Where they feel
    less than half, it closes as fast as `GENTLY` brings it: its fingers are damped, and cloth that gets thinner slips out.
    """
    further = state.hand.percent_of_force(force if state.senses.touch(side).min() > 0.5 * force else max(force, GENTLY))
    state.claws[side] = min(state.senses.percent(side) + further, state.hand.percent(tight))


def squeezing(state: OperatorState, side: str, force: float, motion: Motion, tight: float = TIGHT) -> Motion:
    """A motion, while a claw presses with a force [N] on what it holds, as long as it holds it."""
    for _ in motion:
        if side in state.held:
            squeeze(state, side, force, tight)
        yield


def both_squeezing(state: OperatorState, force: float, motion: Motion, tight: float = TIGHT) -> Motion:
    """A motion, while both claws press with a force [N], less by what a fault takes of it, on what they hold."""
    for side in SIDES:
        motion = squeezing(state, side, force * float(state.faults.get("grip_force", 1.0)), motion, tight)
    yield from motion
