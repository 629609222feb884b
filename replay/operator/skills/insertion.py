"""Skills that fit one part to another: brought before its hole, pressed in until it clicks, pulled to see whether it holds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..limbs.geometry import turn_z
from ..operator_state import OperatorState
from ..words.skill import Argument
from .fitting import Pose, hand_for, headings

FEED = 0.03  # m/s, of a part that comes to its hole
LIES = 5e-4  # m, over its place, at which something counts as lying there
BEHIND = 0.006  # m, of the hand behind its command as it lowers something: that stands
ROUND, TRIED = 24, 8  # ways in which a round thing may be turned about the vertical, and how many of them are tried
PRESS_RATE = 25.0  # N/s, slow enough that a click shows its own force
OF = Argument("site", "the site of what is held that goes in, x axis out of the hole")
INTO = Argument("site", "the hole's mouth, x axis out of it")


def free_turns(state: OperatorState, side: str, held: str, lying: Pose) -> list[float]:
    """[rad] by which a round thing may be turned where it comes to lie: those first with which the arm points to there."""
    turns = 2.0 * np.pi * np.arange(ROUND) / ROUND
    frames = [hand_for(state, side, held, (lying[0], turn_z(turn) @ lying[1]))[1] for turn in turns]
    order = headings(state, side, lying[0], frames)
    return [float(turns[next(i for i, f in enumerate(frames) if f is frame)]) for frame in order[:TRIED]]


def landing(
    state: OperatorState, side: str, held: str, place: np.ndarray, up: np.ndarray
) -> tuple[Callable[[], bool], Callable[[], bool]]:
    """Whether what a hand lowers lies at a place (3,); and whether it does, or something else bears it, so that the hand stays behind."""

    def lies() -> bool:
        return float((state.senses.site(held)[0] - place) @ up) < LIES

    def met() -> bool:
        return lies() or float(state.behind(side) @ up) < -BEHIND

    return lies, met
