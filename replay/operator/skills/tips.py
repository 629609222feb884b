"""How a claw's fingers end, for work with their tips: where the hand is when a tip or a pad is at a place, and how hard it presses.

One finger is thought to be below the other (the opening upright), unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....scenarios.robots.robot import load_robot
from .arm import hand_frame, turned_between
from .hands import UP
from .operator_state import (
    FORCE_PER_PERCENT,
    GAP_OPEN,
    GAP_PER_PERCENT,
    SIDES,
    Motion,
    OperatorState,
    percent_of_gap,
    unit,
)
from .reason import Reason

# m, of the hand's sheet, which says what they are
_TIPS = load_robot().hand_sheet["tips"]
ADVANCE, PAD_END, PAD_EDGE = _TIPS["advance"], _TIPS["pad_end"], _TIPS["pad_edge"]
TIP_END, TIP_BACK, TIP_FRONT = _TIPS["tip_end"], _TIPS["tip_back"], _TIPS["tip_front"]
GENTLY = 8.0  # N, with which a claw closes on cloth until it is felt
TIGHT = 0.003  # m, opening beyond which a claw does not close on cloth


def gap_of(percent: float) -> float:
    """Gap between the pads [m] at a claw's percent."""
    return GAP_OPEN - GAP_PER_PERCENT * percent


def pad_end(tcp: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
    """(3,) [m] where the lower ends of the pads are, in their middle, for a hand that is open by a gap."""
    ahead = (PAD_END - ADVANCE * gap) * frame[:, 2] * [1.0, 1.0, 0.0]
    return tcp + ahead - _reach_down(frame, gap) * UP


def tcp_over(end: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
    """(3,) [m] where the tcp is when the pads, open by a gap, have their lower ends at a place."""
    return 2.0 * end - pad_end(end, frame, gap)


def _reach_down(frame: np.ndarray, gap: float) -> float:
    """How far below the tcp the pads reach [m]."""
    down = -frame[2, 2]
    return float((PAD_END - ADVANCE * gap) * down + PAD_EDGE * np.sqrt(max(0.0, 1.0 - down * down)))


def hands_over(away: np.ndarray, pitch: float) -> list[np.ndarray]:
    """Rotations of a hand whose fingers point across the cloth and down by `pitch`, one over the other: either of the two that
    differ by which finger is which."""
    heading = float(np.arctan2(away[1], away[0]))
    return [hand_frame(heading, pitch, roll) for roll in (0.5 * np.pi, -0.5 * np.pi)]


def _above(frame: np.ndarray) -> np.ndarray:
    """(3,) the way from the lower finger of a hand to the upper one."""
    level = np.cross(UP, frame[:, 2])
    neither = Reason("the fingers point straight down or up, and none is the lower one", "no_lower_finger")
    return np.cross(frame[:, 2], unit(level, neither))


def tcp_from_tip(tip: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
    """(3,) [m] where the tcp is when the lower finger of a hand, open by a gap, touches a place with the lowest edge of its tip."""
    return tip - (TIP_END - ADVANCE * gap) * frame[:, 2] + (0.5 * gap + TIP_BACK) * _above(frame)


def tcp_from_nose(nose: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
    """(3,) [m] where the tcp is when the side of the lower finger that faces the other one ends at a place."""
    return nose - (TIP_END - ADVANCE * gap) * frame[:, 2] + (0.5 * gap + TIP_FRONT) * _above(frame)


def nose_from_tcp(tcp: np.ndarray, frame: np.ndarray, gap: float) -> np.ndarray:
    """(3,) [m] where the side of the lower finger that faces the other one ends, for a tcp at a place: `tcp_from_nose` backwards."""
    return tcp - tcp_from_nose(np.zeros(3), frame, gap)


def nearest(frames: Sequence[np.ndarray], to: np.ndarray) -> np.ndarray:
    """The rotation that is turned least from another."""
    return min(frames, key=lambda frame: turned_between(frame, to))


def squeeze(state: OperatorState, side: str, force: float, tight: float = TIGHT) -> None:
    """Let a claw press with a force [N] on whatever is between its pads, one layer or two, and no harder.

    It is told to close a little further than it is closed: pads that follow a command are driven through cloth. Where they feel
    less than half, it closes as fast as `GENTLY` brings it: its fingers are damped, and cloth that gets thinner slips out.
    """
    further = (force if state.touch(side).min() > 0.5 * force else max(force, GENTLY)) / FORCE_PER_PERCENT
    state.claws[side] = min(state.percent(side) + further, percent_of_gap(tight))


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
