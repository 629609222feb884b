"""Draw a cloth that lies flat towards the robot, until its near long edge hangs over the edge of the table."""

from __future__ import annotations

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import DRAW
from ...words.skill import Argument, Label, Motion, together
from .handling import HOVER, PATIENCE, SINK, YIELD, AtEdge, across, lead, rising

NEARING, NEAR = 0.4, 0.0015  # s, in which a hand makes up what does not hang over; m, that may be missing at the end


class DrawOver(AtEdge, word="draw", how="over"):
    """Draw a cloth that lies flat towards the robot, until its near long edge hangs over the edge of the table.

    Both hands press on it with closed claws, each beside a near corner, and come back until their own corner hangs over far
    enough: so the edge comes to lie along that of the table.
    """

    label = Label(
        en=("draw over the edge", "both hands draw the {about} over the table's edge"),
        zh=("拉到桌边", "双手把{about}拉出桌沿"),
        shows=cloth.draw_over,
    )
    arguments = DRAW(
        "of over",
        overhang=Argument("length", "how far it is to hang over", 0.022),
        inset=Argument("length", "how far from the ends of the edge the hands press", 0.06),
        ahead=Argument("length", "how far inside the edge they press", 0.08),
        pitch=float(np.deg2rad(40.0)),
        force=DRAW.at("force", "force with which each hand presses", 4.0),
        speed=0.05,
        reach=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        left = set(SIDES)
        yield from together(*(self._press(state, side) for side in SIDES))
        yield from together(*(self._draw(state, side, left) for side in SIDES))
        yield from together(*(rising(state.arms[side], HOVER) for side in SIDES))

    def _press(self, state: OperatorState, side: str) -> Motion:
        """Bring a closed claw onto the place on the cloth where it is to press."""
        places, edges = state.senses.vertices(self.of), self._edges(state)
        inwards, away = across(places, edges, side)
        place = places[edges.near[side]] + self.inset * inwards + self.ahead * away + self.of.radius * UP
        yield from self._press_at(state, side, place, away)

    def _draw(self, state: OperatorState, side: str, left: set[str]) -> Motion:
        """Press until the force is enough; then come back by what does not yet hang over, until that is right on both sides."""
        arm = state.arms[side]
        at, frame = arm.hand()
        down, back, pressed = 0.0, 0.0, False
        edge, turn = self._end(state)
        away = turn[:, 0]
        for _ in range(round(PATIENCE / state.timestep)):
            force = float(state.senses.touch(side).sum())
            pressed = pressed or force > 0.7 * self.force
            down += state.timestep * float(np.clip(YIELD * (self.force - force), -SINK, SINK))
            missing = self.overhang - self._hanging(state, side, edge, away)
            if pressed:
                back += state.timestep * float(np.clip(missing / NEARING, -self.speed, self.speed))
            (left.add if abs(missing) > NEAR else left.discard)(side)
            if not left:
                break
            lead(arm, at - back * away - down * UP, frame)
            yield

    def _hanging(self, state: OperatorState, side: str, edge: np.ndarray, away: np.ndarray) -> float:
        """How far the cloth hangs over the table's edge at a corner [m]: what does not lie on the table."""
        cloth, places = self.of, state.senses.vertices(self.of)
        edges = self._edges(state)
        width = float(np.linalg.norm(cloth.flat[edges.far[side]] - cloth.flat[edges.near[side]]))
        return width - float((places[edges.far[side]] - edge) @ away)
