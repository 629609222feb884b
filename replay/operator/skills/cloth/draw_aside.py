"""Draw a cloth that lies on a table towards an end of it: the robot stands before the table, presses on it and walks sideways."""

from __future__ import annotations

from functools import partial

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import DRAW
from ...words.skill import Argument, Label, Motion, together
from ..walking import walked
from .handling import FIRM, HOVER, PATIENCE, AtEdge, choose, rising
from .spreading import LOST, Pressing, moving
from .tips import TIGHT, hands_over

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
    hands = "Both hands"
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
        base, (edge, turn), places = moving(state), self._end(state), state.senses.vertices(self.of)
        away, leftwards = turn[:, 0], np.cross(UP, turn[:, 0])
        middle = 0.5 * (places.min(axis=0) + places.max(axis=0))
        before = edge + float((middle - edge) @ leftwards) * leftwards - self.off * away
        walk = base.walk(before[:2], float(np.arctan2(away[1], away[0])), 0.2, 0.4, 0.012, 0.03, 20.0)
        if not (yield from walked(state, self.name, walk)):
            return
        for side in SIDES:  # one after the other, since each plans its way round the other hand where that is
            yield from self._press(state, side, middle + (0.5 if side == "left" else -0.5) * self.apart * leftwards)
        yield from self._tow(state)
        yield from together(*(rising(state.arms[side], HOVER) for side in SIDES))

    def _press(self, state: OperatorState, side: str, place: np.ndarray) -> Motion:
        """Bring a closed claw onto the cloth, above a place (3,)."""
        arm, places = state.arms[side], state.senses.vertices(self.of)
        state.open_claw(side, TIGHT)
        close = np.linalg.norm((places - place)[:, :2], axis=1) < NEAR
        top = np.append(place[:2], places[close, 2].max() + self.of.radius)
        frame, high = choose(
            arm,
            hands_over(self._end(state)[1][:, 0], self.pitch),
            lambda frame: [state.hand.tcp_from_tip(top + h * UP, frame, TIGHT) for h in (0.0, HOVER)],
            partial(self._crowd, state, side),
        )
        yield from arm.follow(state.ways.way(side, high, self.reach))
        low = state.hand.tcp_from_tip(top + 0.004 * UP, frame, TIGHT)
        yield from arm.follow(arm.line([(low, frame)], 0.2, orient=FIRM), tremor=0.0)

    def _missing(self, state: OperatorState) -> float:
        """How much further it is to be drawn [m]."""
        end, turn = state.senses.site(self.towards)
        return float(((state.senses.vertices(self.of) - end) @ turn[:, 0]).min()) - self.near

    def _tow(self, state: OperatorState) -> Motion:
        """Press with both hands until there is a force, and walk sideways with them, until the cloth lies near the table's end."""
        base, pressing = moving(state), Pressing(state, SIDES, self.force)
        heading, pressed, lost = state.heading, False, 0.0
        goal = base.at - self._missing(state) * state.senses.site(self.towards)[1][:2, 0]
        for _ in range(round((PATIENCE + self._missing(state) / self.speed) / state.timestep)):
            forces = pressing.forces()
            pressed = pressed or min(forces.values()) > 0.7 * self.force
            lost = 0.0 if min(forces.values()) > 0.1 * self.force else lost + state.timestep
            pressing.go_on(forces)
            if pressed and (
                base.go(goal, heading, self.speed, 0.2) < ARRIVED or self._missing(state) < 0.0 or lost > LOST
            ):
                break
            yield
        yield from base.stop()
