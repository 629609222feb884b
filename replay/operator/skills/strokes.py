"""Skills that move along a surface or in a vessel: pushed over a table, wiped with a force, stirred, pressed upon."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ..limbs.geometry import UP, hand_frame, turned_between
from ..operator_state import OperatorState
from ..planning.ways import best_of
from ..words.skill import Motion

STEEP = np.deg2rad([62.0, 50.0, 75.0])  # how far the closed fingers point down while they stroke
ASIDE = np.deg2rad([0.0, 25.0, -25.0, 50.0, -50.0])
HELD_AS = ("elbow_out", "from_above", "elbow_in")
POINT = (0.15, 0.15, 0.03)  # weights of the orientation: the fingers' direction counts, not how the hand is rolled
GROWING = 100.0  # N/s, at which a hand leans on a surface, or lets up
LARGEST = 60.0  # N, that it leans or lets up at most: the way itself may lie a little in the surface or over it
SLOW = 0.08  # m/s, towards a surface


def pointing_down(
    state: OperatorState, hand: str, tips: list[np.ndarray], heading: float, touch: list[str], steeps: np.ndarray = STEEP
) -> tuple[list[np.ndarray], np.ndarray]:
    """Joint angles for fingertip places, one after the other, and the hand's rotation: steep, about along a heading, with room."""
    arm = state.arms[hand]

    def tries() -> Iterator[tuple[float, list[np.ndarray], np.ndarray]]:
        for name, turn, steep in itertools.product(HELD_AS, ASIDE, steeps):
            like = arm.posture(name)
            near = arm.hand(like)[1]
            frame = min(
                (hand_frame(heading + turn, steep, roll) for roll in (0.0, np.pi)), key=lambda f: turned_between(f, near)
            )
            row = [(tip - state.hand.tip_end * frame[:, 2], frame) for tip in tips]
            yield *state.ways.goal(hand, [row], like, POINT, touch), frame

    _, found, frame = best_of(tries(), 0.3, (np.inf, [], np.eye(3)))
    return found, frame


def ahead_of(state: OperatorState, hand: str, at: np.ndarray) -> float:
    """Direction [rad] from a hand's shoulder to a place."""
    away = at - state.senses.site(f"{hand}_shoulder")[0]
    return float(np.arctan2(away[1], away[0]))


class Leaning:
    """Keeps the force of a hand on what is below it, whatever the hand does beside.

    Attributes:
        learning, easing: shares of a force's error that are mended in a control step where it is too small, and too large.
        eases: how many times as fast it lets up as it leans at most.
        spare: [N] by which the hand leans harder than it shall press at most, where the way itself lies over the surface.
    """

    learning = easing = 0.25
    eases, spare = 1.0, np.inf

    def __init__(self, state: OperatorState, hand: str, force: float):
        self.state, self.hand, self.force = state, hand, force
        self._now = 0.0

    def measured(self) -> float:
        """[N] with which it bears on what is below."""
        return float(self.state.senses.touch(self.hand).sum())

    def during(self, motion: Motion, share: float = 1.0) -> Motion:
        """Go on with a motion while leaning with a share of the force."""
        arm, rate, force = self.state.arms[self.hand], GROWING * self.state.timestep, share * self.force
        most = min(force + self.spare, LARGEST)
        for _ in motion:
            missing = force - self.measured()
            change = np.clip((self.learning if missing > 0 else self.easing) * missing, -self.eases * rate, rate)
            self._now = float(np.clip(self._now + change, -most, most))
            arm.lean(self._now * arm.yielding(-UP))
            yield

    def off(self) -> Motion:
        """Lean no longer."""
        self.state.arms[self.hand].ease()
        yield from self.state.arms[self.hand].hold(0.3)
