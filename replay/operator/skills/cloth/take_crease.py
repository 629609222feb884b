"""Take up a folded cloth by a crease that hangs over the edge of a table, near both its ends, with all its layers."""

from __future__ import annotations

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import TAKE
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, together
from .handling import BELOW, FURTHER, RIGHT, rising
from .spreading import DEPTHS, NEIGHBOURS
from .take_edge import TakeEdge
from .tips import hands_over

ABOVE = 0.035  # m, by which the upper finger comes above the table: over what lies there folded
ENOUGH = 0.020  # m, from which a crease hangs down far enough to be taken
AWAY = 0.10  # m, by which the robot steps back from what it could not take


class TakeCrease(TakeEdge, word="take", how="crease"):
    """Take up a folded cloth by a crease that hangs over the edge of a table, near both its ends, with all its layers.

    As `take.edge` takes up an edge; the fingers go further below it, so that the inner layers lie between the pads, too.
    """

    label = Label(
        en=("pinch the folded cloth", "both hands pinch the folded {about} by its crease"),
        zh=("捏起叠好的布", "双手捏住叠好的{about}的折边"),
        shows=cloth.pick_cloth,
    )
    needs = "mobile"
    slips = 0.030  # m
    # how far it hangs down is seen
    arguments = {name: one for name, one in TakeEdge.arguments.items() if name != "hangs"} | TAKE(
        off=Argument("length", "how far before the table's edge the robot stands", 0.46),
        inset=TakeEdge.arguments["inset"].but(default=0.030),
        lies=TakeEdge.arguments["lies"].but(default=0.042),
        pitch=float(np.deg2rad(20.0)),
        force=5.0,
        tries="3",
    )

    def run(self, state: OperatorState) -> Motion:
        for _ in range(int(self.tries)):
            seen = self._seen(state)
            if -seen[:, 2].min() < ENOUGH:
                break
            beside = float(np.mean(self._ends(seen)))
            yield from self._stand(state, self.off, beside, 0.2)
            yield from super().run(state)
            if all(self._taken(state, side) for side in SIDES):
                return
            yield from together(*(state.let_go(side, self._gap(ENOUGH)) for side in SIDES))
            yield from self._stand(state, self.off + AWAY, beside, 0.1)
            yield from together(*(rising(state.arms[side], 0.12) for side in SIDES))
        state.given_up = Reason("the folded cloth is not held by both ends of its crease", "crease_not_held")

    def _ends(self, seen: np.ndarray) -> tuple[float, float]:
        """How far to the left the ends of what hangs over the edge are [m]: left and right."""
        hangs = seen[seen[:, 2] < 0.5 * seen[:, 2].min(), 1]
        return float(hangs.max()), float(hangs.min())

    def _near(self, state: OperatorState, side: str) -> np.ndarray:
        """(k, 3) of `_seen`: the vertices near where a hand pinches."""
        seen = self._seen(state)
        return seen[np.abs(seen[:, 1] - self._pinched(seen, side)) < NEIGHBOURS]

    def _pinched(self, seen: np.ndarray, side: str) -> float:
        """How far to the left of the edge's middle a hand pinches [m]."""
        left, right = self._ends(seen)
        return left - self.inset if side == "left" else right + self.inset

    def _depth(self, state: OperatorState, side: str) -> float:
        return float(np.clip(self.of.radius - self._near(state, side)[:, 2].min(), *DEPTHS))

    def _gap(self, depth: float) -> float:
        return max(self.gap, (depth + BELOW + ABOVE) / float(np.cos(self.pitch)))

    def _aim(self, state: OperatorState, side: str) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        away = self._end(state)[1][:, 0]
        place = self._place(state, 0.0, self._pinched(self._seen(state), side))
        return place, away, hands_over(away, self.pitch)[1:]  # the front finger below

    def _lying(self, state: OperatorState, side: str, nose: np.ndarray, frame: np.ndarray) -> float:
        """How far behind the lower finger's end the crease is seen to lie along it [m], where it is pinched."""
        places, leftwards = state.senses.vertices(self.of), np.cross(UP, self._end(state)[1][:, 0])
        close = places[np.abs((places - nose) @ leftwards) < NEIGHBOURS]
        return float(((nose - close) @ frame[:, 2]).max(initial=0.0))

    def _on(self, lying: float) -> float:
        missing = self.lies - lying
        return 0.0 if missing < RIGHT else min(missing, FURTHER)
