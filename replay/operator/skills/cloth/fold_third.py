"""Fold the outer third of a cloth over that both hands hold by its short edge, at the end of a table, and let go of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import FOLD
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, together
from ..walking import moving
from .draw_aside import ARRIVED, EMPTY, REST
from .fling import LEAST
from .fold_half import FoldHalf
from .handling import FIRM, Edges, back_with, held_by_both, on_arc, send
from .spreading import AtTableEnd, at_end
from .tips import both_squeezing

SEEN = (0.3, 0.8)  # share of the way over between which it is seen where the edge is to be laid
SEEING = 4.0  # 1/s, with how much of a difference the hands go there


class FoldThird(AtTableEnd, FoldHalf, word="fold", how="third"):
    """Fold the outer third of a cloth over that both hands hold by its short edge, at the end of a table, and let go of it.

    The robot walks back with it until the line to fold at lies near the table's end, and up to the table again; the hands go
    over in an arc as it comes nearer. The edge is laid where the cloth is two thirds away from it. A hand that feels no cloth on the
    way over for half a second has lost it, and the chain ends there.
    """

    label = Label(
        en=("fold a third over", "both hands fold a third of the {about} over as the robot walks up"),
        zh=("折三分之一", "机器人走近，双手把{about}的三分之一折过来"),
        shows=cloth.fold,
    )
    arguments = at_end(FoldHalf.arguments, without=["speed"]) | FOLD(
        beyond=replace(
            FoldHalf.arguments["beyond"], doc="how far beyond that place it is laid; less than nothing before it"
        ),
        height=FoldHalf.arguments["height"].but(default=0.7),  # higher, more is raised than a third
        low=FoldHalf.arguments["low"].but(default=0.006),
        line=Argument("length", "how far inside the table's end the line to fold at is to lie", 0.10),
        ahead=Argument("length", "how far before the robot the hands lay the edge", 0.50),
        walking=Argument("speed", "largest speed over the floor", 0.12),
        after=Argument("length", "how far before the table's end it stands at the end", 0.45),
    )

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
        yield from self._stand(state, self.after, self._beside(state))

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
            return float((state.senses.vertices(self.of)[line].mean(axis=0) - edge) @ turn[:, 0]) - self.line

        yield from back_with(state, missing, turn[:2, 0], self.walking, 0.2)

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
            empty = 0.0 if min(state.senses.touch(side).min() for side in SIDES) > LEAST else empty + state.timestep
            if empty > EMPTY:
                state.given_up = Reason("a hand has lost the cloth", "cloth_lost")
            yield
        yield from base.stop()
