"""A skill for a cloth that is too wide for the arms: it is drawn out over the table's edge by a robot that steps back with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import numpy as np

from ....scenarios.robot_folder import SIDES
from ..recognition import cloth
from .base import Base
from .cloth import FIRM, edges_of, together
from .hands import UP
from .operator_state import Motion, OperatorState
from .reason import Reason
from .skill import Argument, Label
from .tips import both_squeezing
from .walking import TURNING, WITHIN, Walking

LAST = 0.003  # m, that may be missing when a cloth has been drawn out
GIVES = 0.03  # m, by which hands and cloth may give


def back_with(
    state: OperatorState,
    base: Base,
    missing: Callable[[], float],
    away: np.ndarray,
    speed: float,
    turning: float,
    within: float = 0.01,
) -> Motion:
    """Step back with a cloth, no further than it has to come and a little that hands and cloth give.

    Args:
        missing: by how much it is still to come [m]; away: (2,) the way across the table.
        speed, turning: [m/s] and [rad/s] at most; within: how near to the place counts as there [m].
    """
    target, yaw = base.at - (missing() + GIVES) * away, base.yaw
    while missing() > LAST:
        if base.go(target, yaw, speed, turning) < within and base.stands:
            state.given_up = Reason("the cloth did not come as the robot stepped back", "cloth_did_not_come")
            break
        yield
    yield from base.stop()


class DrawOut(Walking):
    """Draw a cloth that both hands hold by its near edge towards the robot, until its far corners come within reach.

    The robot steps back with it, raises it, and steps up again: what was drawn out hangs between its hands and the table's edge.
    """

    word = "draw"
    how = "out"
    label = Label(
        en=("draw out", "both hands draw the {about} out as the robot steps back"),
        zh=("拉出", "机器人后退，双手把{about}拉出"),
        shows=cloth.draw_out,
    )
    hands = "Both hands"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "over": Argument("site", "of the table's edge"),
        "near": Argument(
            "length", "how far inside that edge its furthest corner is to lie; raised, it comes nearer by some cm more"
        ),
        "height": Argument("length", "by which it is raised as the robot steps up again", 0.1),
        "forth": Argument(
            "length", "by which it is brought ahead meanwhile: away from the trunk, over the table", 0.06
        ),
        "closer": Argument("length", "how much nearer to the table than before it stands at the end", 0.0),
        "force": Argument("force", "of each pad", 3.0),
        "speed": Argument("speed", "largest speed over the floor", 0.1),
        "within": WITHIN,
        "turning": TURNING,
    }

    def run(self, state: OperatorState) -> Motion:
        base = self.base_of(state)
        stood, yaw = base.at.copy(), base.yaw
        yield from self._held(state, self._back(state))
        if state.given_up:
            return
        yield from self._held(state, together(*(self._raise(state, side) for side in SIDES)))
        nearer = stood + self.closer * state.site(self.over)[1][:2, 0]
        yield from self._held(state, self.go(state, nearer, yaw))

    def _held(self, state: OperatorState, motion: Motion) -> Motion:
        """A motion, while both claws go on pressing."""
        yield from both_squeezing(state, self.force, motion)

    def _raise(self, state: OperatorState, side: str) -> Motion:
        """Up, and ahead of the trunk."""
        arm, away = state.arms[side], state.site(self.over)[1][:, 0]
        at, frame = arm.hand()
        goal = at + self.forth * away + self.height * UP
        yield from arm.follow(arm.line([(goal, frame)], 0.2, orient=FIRM), tremor=0.0)

    def _missing(self, state: OperatorState) -> float:
        """How much further it is to be drawn [m]."""
        places, (edge, turn) = state.vertices(self.of), state.site(self.over)
        return (
            max(float((places[spot] - edge) @ turn[:, 0]) for spot in edges_of(state, self.of).far.values()) - self.near
        )

    def _back(self, state: OperatorState) -> Motion:
        """Step back with the cloth."""
        away = state.site(self.over)[1][:2, 0]
        missing = partial(self._missing, state)
        yield from back_with(state, self.base_of(state), missing, away, self.speed, self.turning, self.within)
