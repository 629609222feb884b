"""Skills that fold the outer thirds of a cloth over at the ends of a table, and bring it from the one end to the other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np

from ....scenarios.robot_folder import SIDES
from ..recognition import cloth
from .cloth import (
    FIRM,
    HOVER,
    PATIENCE,
    AtEdge,
    Edges,
    FoldHalf,
    choose,
    held_by_both,
    on_arc,
    rising,
    send,
    together,
)
from .drawing import back_with
from .flinging import LEAST
from .hands import UP
from .operator_state import Motion, OperatorState
from .reason import Reason
from .skill import Argument, Label
from .spreading import LOST, AtTableEnd, Pressing, at_end, moving
from .tips import TIGHT, both_squeezing, hands_over
from .walking import walked

SEEN = (0.3, 0.8)  # share of the way over between which it is seen where the edge is to be laid
SEEING = 4.0  # 1/s, with how much of a difference the hands go there
ARRIVED, REST = (
    0.01,
    0.2,
)  # m, that the robot may be short of where it walks; shares of the way in a second, in which the rest is made
EMPTY = 0.5  # s, for which a pad that holds cloth may feel nothing
NEAR = 0.03  # m, from a place, within which it is seen how high the cloth lies there


class FoldThird(AtTableEnd, FoldHalf):
    """Fold the outer third of a cloth over that both hands hold by its short edge, at the end of a table, and let go of it.

    The robot walks back with it until the line to fold at lies near the table's end, and up to the table again; the hands go
    over in an arc as it comes nearer. The edge is laid where the cloth is two thirds away from it. A hand that feels no cloth on the
    way over for half a second has lost it, and the chain ends there.
    """

    word = "fold"
    how = "third"
    label = Label(
        en=("fold a third over", "both hands fold a third of the {about} over as the robot walks up"),
        zh=("折三分之一", "机器人走近，双手把{about}的三分之一折过来"),
        shows=cloth.fold,
    )
    needs = "mobile"
    arguments: ClassVar = {
        **at_end(FoldHalf.arguments, without=["speed"]),
        "beyond": replace(
            FoldHalf.arguments["beyond"], doc="how far beyond that place it is laid; less than nothing before it"
        ),
        "height": replace(FoldHalf.arguments["height"], default=0.7),  # higher, more is raised than a third
        "low": replace(FoldHalf.arguments["low"], default=0.006),
        "line": Argument("length", "how far inside the table's end the line to fold at is to lie", 0.10),
        "ahead": Argument("length", "how far before the robot the hands lay the edge", 0.50),
        "walking": Argument("speed", "largest speed over the floor", 0.12),
        "after": Argument("length", "how far before the table's end it stands at the end", 0.45),
    }

    def run(self, state: OperatorState) -> Motion:
        if not held_by_both(state):
            return
        near = self._edges(state).near
        yield from both_squeezing(
            state, self.force, self._back(state, [self._after(near[s], 1.0 / 3.0) for s in SIDES])
        )
        if state.given_up:
            return
        edges = Edges(near, {side: self._after(near[side], 2.0 / 3.0) for side in SIDES})
        yield from both_squeezing(state, self.force, self._over(state, edges))
        if state.given_up:
            return
        yield from state.wait(0.3)
        yield from together(*(self._release(state, side) for side in SIDES))
        yield from self._step(state, self.after, self._beside(state))

    def _after(self, corner: int, share: float) -> int:
        """The vertex on the long edge that begins at a corner, after a share of its length."""
        flat, long = self.of.flat, int(np.argmax(self.of.size))
        place = flat[corner].copy()
        place[long] += share * (flat[:, long].min() + flat[:, long].max() - 2.0 * place[long])
        return int(np.argmin(((flat - place) ** 2).sum(axis=1)))

    def _back(self, state: OperatorState, line: list[int]) -> Motion:
        """Walk back with the cloth, until the line to fold at lies where it is to."""
        edge, turn = self._end(state)

        def missing() -> float:
            return float((state.vertices(self.of)[line].mean(axis=0) - edge) @ turn[:, 0]) - self.line

        yield from back_with(state, moving(state), missing, turn[:2, 0], self.walking, 0.2)

    def _over(self, state: OperatorState, edges: Edges) -> Motion:
        """Walk up to the table; the hands go over as the robot comes nearer, as long as they feel the cloth."""
        base, (edge, turn) = moving(state), self._end(state)
        away, heading, u = turn[:, 0], state.heading, 0.0
        start = {side: state.arms[side].hand() for side in SIDES}
        goals = {side: self._laid(state, side, edges) for side in SIDES}
        inside = float(np.mean([(at - edge) @ away for at, _ in goals.values()]))
        way = self._before(state) - (self.ahead - inside)
        target, empty = base.at + way * away[:2], 0.0
        while u < 1.0 and not state.given_up:
            left = base.go(target, heading, self.walking, 0.2)
            u = max(u, 1.0 - left / way) if left > ARRIVED else min(u + REST * state.timestep, 1.0)
            for side in SIDES:
                if SEEN[0] < u < SEEN[1]:
                    at, _ = goals[side]
                    goal, last = self._laid(state, side, edges)
                    goals[side] = at + SEEING * state.timestep * (goal - at), last
                send(state.arms[side], *on_arc(start[side], goals[side], self.height, np.pi * u), FIRM)
            empty = 0.0 if min(state.touch(side).min() for side in SIDES) > LEAST else empty + state.timestep
            if empty > EMPTY:
                state.given_up = Reason("a hand has lost the cloth", "cloth_lost")
            yield
        yield from base.stop()


class TowAside(AtEdge):
    """Draw a cloth that lies on a table towards an end of it: the robot stands before the table, presses on it and walks sideways."""

    word = "draw"
    how = "aside"
    label = Label(
        en=("draw aside", "both hands draw the {about} aside as the robot walks sideways"),
        zh=("横向拖动", "机器人横走，双手把{about}拖到一侧"),
        shows=cloth.draw_over,
    )
    hands = "Both hands"
    needs = "mobile"
    arguments: ClassVar = {
        "of": Argument("cloth", "the cloth"),
        "over": Argument("site", "of the table's edge before which the robot stands"),
        "towards": Argument("site", "middle of the table's end, x across the table"),
        "near": Argument("length", "how far inside that end the cloth is to come to lie", 0.10),
        "off": Argument("length", "how far before the table's edge the robot stands", 0.20),
        "apart": Argument("length", "how far from each other the hands press", 0.34),
        "force": Argument("force", "with which each hand presses", 5.0),
        "pitch": Argument("angle", "how far the fingers point down", float(np.deg2rad(40.0))),
        "speed": Argument("speed", "with which it walks sideways", 0.12),
        "reach": Argument("speed", "largest speed of the free hands", 0.4),
    }

    def run(self, state: OperatorState) -> Motion:
        base, (edge, turn), places = moving(state), self._end(state), state.vertices(self.of)
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
        arm, places = state.arms[side], state.vertices(self.of)
        state.open_claw(side, TIGHT)
        close = np.linalg.norm((places - place)[:, :2], axis=1) < NEAR
        top = np.append(place[:2], places[close, 2].max() + self.of.radius)
        frame, high = choose(
            arm,
            hands_over(self._end(state)[1][:, 0], self.pitch),
            lambda frame: [state.hand.tcp_from_tip(top + h * UP, frame, TIGHT) for h in (0.0, HOVER)],
            partial(self._crowd, state, side),
        )
        yield from arm.follow(state.way(side, high, self.reach))
        low = state.hand.tcp_from_tip(top + 0.004 * UP, frame, TIGHT)
        yield from arm.follow(arm.line([(low, frame)], 0.2, orient=FIRM), tremor=0.0)

    def _missing(self, state: OperatorState) -> float:
        """How much further it is to be drawn [m]."""
        end, turn = state.site(self.towards)
        return float(((state.vertices(self.of) - end) @ turn[:, 0]).min()) - self.near

    def _tow(self, state: OperatorState) -> Motion:
        """Press with both hands until it is felt, and walk sideways with them, until the cloth lies near the table's end."""
        base, pressing = moving(state), Pressing(state, SIDES, self.force)
        heading, pressed, lost = state.heading, False, 0.0
        goal = base.at - self._missing(state) * state.site(self.towards)[1][:2, 0]
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
