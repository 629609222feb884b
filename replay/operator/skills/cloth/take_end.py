"""Take up the short edge of a cloth where it hangs over the end of a table, beside its corners, one with each hand."""

from __future__ import annotations

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import TAKE
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, together
from ..walking import moving
from .draw_end import DrawEnd
from .draw_over import DrawOver
from .handling import BELOW, across, rising
from .spreading import BACK, CLEAR, DEPTHS, NEIGHBOURS, AtTableEnd, at_end
from .take_edge import TakeEdge
from .tips import both_squeezing

# arguments of drawing that picking has, too, with values of its own
AGAIN = {name: DrawOver.arguments[name].default for name in ("inset", "pitch", "force", "speed")}
AWAY = 0.08  # m, by which it goes back from an edge that it has lost
ENOUGH = 0.020  # m, from which a corner hangs down far enough


class TakeEnd(AtTableEnd, TakeEdge, word="take", how="end"):
    """Take up the short edge of a cloth where it hangs over the end of a table, beside its corners, one with each hand.

    How far it hangs is seen, and differs: each claw opens as wide as that is deep. The lower finger goes on below the edge that it
    has lifted, or comes back, until the edge lies a little beyond the middle of its pad: what lies less far in slips out, and what
    lies behind the pad catches there as the finger is drawn from under it. The fingers point up a little, since the edge of what hangs
    down deep slides off a finger that points down; for that the robot bends its knees.
    """

    label = Label(
        en=("pinch the short edge", "both hands pinch the {about} by its short edge"),
        zh=("捏起短边", "双手捏住{about}的短边"),
        shows=cloth.pick_cloth,
    )
    slips = 0.018  # m
    arguments = at_end(TakeEdge.arguments, without=["hangs"]) | TAKE(
        off=Argument(
            "length", "how far before the table's end the robot stands: its trunk leaves room for the forearms", 0.46
        ),
        inset=TakeEdge.arguments["inset"].but(default=0.026),  # nearer, its corner is folded round the pad as it is raised
        lies=TakeEdge.arguments["lies"].but(default=0.032),  # 10 mm beyond the middle of the pads
        pitch=float(np.deg2rad(-10.0)),
        squat=Argument("length", "how far it bends its knees meanwhile", 0.10),
        below=Argument(
            "word",
            "which finger comes below the cloth, or whichever reaches better",
            "either",
            ("front", "back", "either"),
        ),
        force=5.0,
        tries=TAKE.at("tries", "how often it is taken at most, and drawn on before", "3"),
    )

    def run(self, state: OperatorState) -> Motion:
        stand_at = moving(state).stand_at
        for _ in range(int(self.tries)):
            yield from self._stand(state, self.off, self._middle(state))
            yield from together(*(rising(state.arms[side], self.squat) for side in SIDES))
            yield from stand_at(-self.squat, 0.12, 0.005, 10.0)
            yield from super().run(state)
            if all(self._taken(state, side) for side in SIDES):
                yield from both_squeezing(state, self.force, stand_at(0.0, 0.08, 0.005, 10.0))
                return
            # away from the edge by walking: hands that come back by themselves bring the forearms to the trunk
            yield from together(*(state.let_go(side, self.gap) for side in SIDES))
            yield from self._stand(state, self.off + AWAY, self._beside(state))
            yield from together(*(rising(state.arms[side], 0.12) for side in SIDES))
            yield from stand_at(0.0, 0.12, 0.005, 10.0)
            yield from self._stand(state, BACK, self._middle(state))
            if max(self._inside(state).values()) > -ENOUGH:
                yield from DrawEnd(
                    {name: self.values.get(name, a.default) for name, a in DrawEnd.arguments.items()} | AGAIN
                ).run(state)
        state.given_up = Reason("the cloth is not held by both its corners", "corners_not_held")

    def _come(self, state: OperatorState, ways: list[Motion]) -> Motion:
        """One after the other, since each plans its way round the other hand where that is: they are near each other here."""
        for way in ways:
            yield from way

    def _depth(self, state: OperatorState, side: str) -> float:
        """How far the edge hangs down where it is pinched [m], as it is seen."""
        (edge, _), places, edges = self._end(state), state.senses.vertices(self.of), self._edges(state)
        row, (inwards, _) = self._row(edges), across(places, edges, side)
        beside = (places[row] - places[edges.near[side]]) @ inwards
        below = edge[2] + self.of.radius - places[row[np.abs(beside - self.inset) < NEIGHBOURS], 2]
        return float(np.clip(below.max(initial=0.0), *DEPTHS))

    def _frames(self, away: np.ndarray) -> list[np.ndarray]:
        frames = super()._frames(away)
        return frames if self.below == "either" else [frames[("back", "front").index(self.below)]]

    def _gap(self, depth: float) -> float:
        return max(self.gap, (depth + BELOW + CLEAR) / float(np.cos(self.pitch)))
