"""Draw the open short edge of a crumpled cloth over the end of the table."""

from __future__ import annotations

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import DRAW
from ...words.skill import Argument, Label, Motion, together
from ..walking import moving
from .draw_over import DrawOver
from .handling import HOVER, rising
from .spreading import AT_EASE, NEARLY, AtTableEnd, at_end

TIMES, SHORT = 3, 0.020  # how often it is drawn at most; m, to which it may draw back when the hands let go


class DrawEnd(AtTableEnd, DrawOver, word="draw", how="end"):
    """Draw the open short edge of a crumpled cloth over the end of the table."""

    label = Label(
        en=("draw over the end", "both hands draw the {about} over the table's end"),
        zh=("拉到桌端", "双手把{about}拉出桌端"),
        shows=cloth.draw_over,
    )
    arguments = at_end(DrawOver.arguments) | DRAW(
        overhang=Argument(
            "length", "how far it is to hang down; with more than a row of its mesh it slides over by two", 0.036
        ),
    )

    def run(self, state: OperatorState) -> Motion:
        for _ in range(TIMES):
            left = set(SIDES)
            # hands that have to stretch come down too high, and draw nothing
            off = AT_EASE - self.ahead - max(self._inside(state).values())
            if self._before(state) > off + NEARLY:
                yield from self._stand(state, off, self._middle(state))
            for side in SIDES:  # one after the other, since each plans its way round the other hand where that is
                yield from self._press(state, side)
            yield from self._going_along(state, together(*(self._draw(state, side, left) for side in SIDES)))
            yield from together(*(rising(state.arms[side], HOVER) for side in SIDES))
            if max(self._inside(state).values()) < -SHORT:
                return

    def _hanging(self, state: OperatorState, side: str, edge: np.ndarray, away: np.ndarray) -> float:
        """As of the others, but no more than is asked for [m]: what hangs further is not pushed back, since it would buckle."""
        return min(super()._hanging(state, side, edge, away), self.overhang)

    def _going_along(self, state: OperatorState, motion: Motion) -> Motion:
        """A motion of the hands, while the robot walks back as they come back: so they stay as far before it."""
        base = moving(state)
        away, start, heading = self._end(state)[1][:2, 0], base.at.copy(), state.heading
        begun = self._ahead(state)
        for _ in motion:
            base.go(start - max(begun - self._ahead(state), 0.0) * away, heading, 0.2, 0.2)
            yield
        yield from base.stop()

    def _ahead(self, state: OperatorState) -> float:
        """How far inside the table's end the hands are, at a mean [m]."""
        edge, turn = self._end(state)
        return float(np.mean([(state.arms[side].hand()[0] - edge) @ turn[:, 0] for side in SIDES]))
