"""Draw a crumpled cloth near to the end of the table by its open short edge, which lies further inside than the arms draw."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import DRAW
from ...words.skill import Argument, Label, Motion, together
from ..walking import moving
from .handling import FIRM, PATIENCE, across, choose, rising
from .spreading import AT_EASE, FURTHEST, LOST, NEARLY, AtTableEnd, Pressing
from .tips import TIGHT, hands_over, nearest

PITCH = float(np.deg2rad(30.0))  # how far the fingers point down that reach far
BESIDE = (0.05, 0.08, 0.11, 0.14)  # m from a corner along its edge, where a hand may press
BEHIND = 0.035  # m from the edge, where it does
ONTO = 0.01  # m, how far from the edge a hand presses at least
# m: askew by so much an edge is squared first, until it is as square as that; and what is left inside then at least
SKEW, SQUARE, LEAST = 0.06, 0.02, 0.03
ASIDE = 0.20  # m, by which the hands are to be apart that press on one edge


class DrawNear(AtTableEnd, word="draw", how="near"):
    """Draw a crumpled cloth near to the end of the table by its open short edge, which lies further inside than the arms draw.

    The robot steps close to the table and bends its knees, presses on the cloth beside both corners and walks back with it, and
    sideways where it lies beside the table's middle, since it might hang over the front or back. An edge that lies askew is first towed by
    the hand of the further corner alone, until it is square or the other corner comes near to the table's end.
    """

    label = Label(
        en=("draw near", "both hands draw the {about} near as the robot walks back"),
        zh=("拖近", "机器人后退，双手把{about}拖近"),
        shows=cloth.draw_over,
    )
    arguments = DRAW(
        "of left right",
        close=Argument("length", "how far before the table's end the robot stands to reach far", 0.125),
        off=Argument("length", "how far before the table's end it stands when the hands are up again", 0.40),
        squat=Argument("length", "how far it bends its knees to reach far", 0.10),
        near=Argument("length", "how far inside the table's end a corner is to come to lie", 0.07),
        force=DRAW.at("force", "force with which each hand presses", 5.0),
        speed=0.12,
        reach=0.4,
        tries=DRAW.at("tries", "how often it is towed at most", "5"),
    )

    def run(self, state: OperatorState) -> Motion:
        base = moving(state)
        for side in SIDES:
            state.open_claw(side, TIGHT)
        yield from together(*(self._over(state, side) for side in SIDES))
        for _ in range(int(self.tries)):
            inside = self._inside(state)
            furthest, skew = max(inside.values()), float(np.ptp(list(inside.values())))
            if min(inside.values()) < LEAST or (skew < SKEW and furthest < self.near + 2.0 * NEARLY):
                break
            before = float(np.clip(AT_EASE - BEHIND - furthest, self.close, self.off))
            yield from self._stand(state, before, self._middle(state))
            if furthest + BEHIND + before > AT_EASE + 0.01:
                yield from base.stand_at(-self.squat, 0.12, 0.005, 10.0)
            left, right = (self._pressed(state, side) for side in SIDES)
            # one hand alone squares an edge that lies askew, and tows one so far away that it is reached near its middle only
            alone = skew > SKEW or np.linalg.norm(left - right) < ASIDE
            sides = (max(SIDES, key=lambda side: inside[side]),) if alone else SIDES
            yield from together(*(self._lean(state, side) for side in sides))
            yield from self._walk_back(state, sides, skew > SKEW)
            yield from together(*(rising(state.arms[side], 0.10) for side in sides))
            yield from base.stand_at(0.0, 0.15, 0.005, 10.0)
        yield from self._stand(state, self.off, self._middle(state))

    def _over(self, state: OperatorState, side: str) -> Motion:
        """Bring a hand over the table, before the robot steps close to it and bends its knees."""
        arm, away = state.arms[side], self._end(state)[1][:, 0]
        place = self._place(state, 0.24, self._beside(state) + (0.17 if side == "left" else -0.17), 0.12 + self.squat)
        _, q = choose(arm, hands_over(away, PITCH), lambda frame: [place], partial(self._crowd, state, side))
        yield from arm.follow(state.ways.way(side, q, self.reach))

    def _pressed(self, state: OperatorState, side: str) -> np.ndarray:
        """(3,) [m] where a hand presses on the cloth: beside its corner, no further than it reaches."""
        places, edges = state.senses.vertices(self.of), self._edges(state)
        inwards, away = across(places, edges, side)
        ahead = self._end(state)[1][:2, 0]
        for beside in BESIDE:
            place = places[edges.near[side]] + beside * inwards + self.of.radius * UP
            before = float((place[:2] - moving(state).at) @ ahead)
            if before < FURTHEST - BEHIND:
                break
        return place + float(np.clip(FURTHEST - before, ONTO, BEHIND)) * away

    def _lean(self, state: OperatorState, side: str) -> Motion:
        """Bring a closed claw onto the cloth."""
        arm, place = state.arms[side], self._pressed(state, side)
        frames = hands_over(self._end(state)[1][:, 0], PITCH)
        frame = nearest(frames, arm.hand()[1])
        poses = [(state.hand.tcp_from_tip(place + h * UP, frame, TIGHT), frame) for h in (0.05, 0.004)]
        path = arm.line(poses, 0.25, orient=FIRM)
        yield from arm.follow(path, tremor=0.0)

    def _walk_back(self, state: OperatorState, sides: Sequence[str], squaring: bool) -> Motion:
        """Press with hands until there is a force, and walk back with them, until a corner is near the table's end or, where that is what
        it is for, the edge lies square."""
        base, pressing = moving(state), Pressing(state, sides, self.force)
        away = self._end(state)[1][:, 0]
        start, heading = base.at.copy(), state.heading
        far = (max if squaring else min)(self._inside(state).values())
        goal = start - max(far - self.near, 0.0) * away[:2]
        if not squaring:
            goal -= self._aside(state) * np.cross(UP, away)[:2]
        for _ in range(round(PATIENCE / state.timestep)):
            pressing.go_on()
            if pressing.pressed:
                left, inside = base.go(goal, heading, self.speed, 0.2), self._inside(state)
                near, skew = min(inside.values()), float(np.ptp(list(inside.values())))
                if (
                    left < 0.01
                    or pressing.lost > LOST
                    or near < (LEAST if squaring else self.near)
                    or (squaring and skew < SQUARE)
                ):
                    break
            elif pressing.lost > 4.0 * LOST:  # where one hand does not come down to the cloth the other one tows it alone
                if not pressing.pulling:
                    break
                pressing.sides, pressing.pressed, pressing.lost = pressing.pulling, True, 0.0
            yield
        yield from base.stop()
