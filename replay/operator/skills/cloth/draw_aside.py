"""Draw a cloth that lies on a table towards an end of it: the robot stands before the table, presses on it and walks sideways."""

from __future__ import annotations

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import DRAW
from ...words.skill import Argument, Label, Motion, together
from ..walking import moving
from .handling import HOVER, PATIENCE, AtEdge, rising
from .spreading import LOST, Pressing

# m, that the robot may be short of where it walks; shares of the way in a second, in which the rest is made
ARRIVED, REST = 0.01, 0.2
EMPTY = 0.5  # s, for which a pad that holds cloth may feel nothing
NEAR = 0.03  # m, from a place, within which it is seen how high the cloth lies there


class DrawAside(AtEdge, word="draw", how="aside"):
    """Draw a cloth that lies on a table towards an end of it: the robot stands before the table, presses on it and walks sideways."""

    label = Label(
        en=("draw aside", "both hands draw the {about} aside as the robot walks sideways"),
        zh=("横向拖动", "机器人横走，双手把{about}拖到一侧"),
        shows=cloth.draw_over,
    )
    needs = "mobile"
    arguments = DRAW(
        "of over",
        towards=Argument("site", "middle of the table's end, x across the table"),
        near=Argument("length", "how far inside that end the cloth is to come to lie", 0.10),
        off=Argument("length", "how far before the table's edge the robot stands", 0.20),
        apart=Argument("length", "how far from each other the hands press", 0.34),
        force=DRAW.at("force", "force with which each hand presses", 5.0),
        pitch=float(np.deg2rad(40.0)),
        speed=0.12,
        reach=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        (edge, turn), places = self._end(state), state.senses.vertices(self.of)
        leftwards = np.cross(UP, turn[:, 0])
        middle = 0.5 * (places.min(axis=0) + places.max(axis=0))
        if not (yield from self._stand(state, self.off, float((middle - edge) @ leftwards))):
            return
        for side in SIDES:  # one after the other, since each plans its way round the other hand where that is
            yield from self._press(state, side, middle + (0.5 if side == "left" else -0.5) * self.apart * leftwards)
        yield from self._tow(state)
        yield from together(*(rising(state.arms[side], HOVER) for side in SIDES))

    def _press(self, state: OperatorState, side: str, place: np.ndarray) -> Motion:
        """Bring a closed claw onto the cloth, above or below a place (3,)."""
        places = state.senses.vertices(self.of)
        close = np.linalg.norm((places - place)[:, :2], axis=1) < NEAR
        top = np.append(place[:2], places[close, 2].max() + self.of.radius)
        yield from self._press_at(state, side, top, self._end(state)[1][:, 0])

    def _missing(self, state: OperatorState) -> float:
        """How much further it is to be drawn [m]."""
        end, turn = state.senses.site(self.towards)
        return float(((state.senses.vertices(self.of) - end) @ turn[:, 0]).min()) - self.near

    def _tow(self, state: OperatorState) -> Motion:
        """Press with both hands until there is a force, and walk sideways with them, until the cloth lies near the table's end."""
        base, pressing, heading = moving(state), Pressing(state, SIDES, self.force), state.heading
        goal = base.at - self._missing(state) * state.senses.site(self.towards)[1][:2, 0]
        for _ in range(round((PATIENCE + self._missing(state) / self.speed) / state.timestep)):
            pressing.go_on()
            if pressing.pressed and (
                base.go(goal, heading, self.speed, 0.2) < ARRIVED or self._missing(state) < 0.0 or pressing.lost > LOST
            ):
                break
            yield
        yield from base.stop()
