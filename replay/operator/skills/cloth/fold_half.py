"""Carry the near edge of a cloth, held by both hands, in an arc over to the far edge, lower it there and let go of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .....scenarios.cloth.cloth import Cloth
from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP, fingers_vertical, unit
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import FOLD
from ...words.skill import Argument, Label, Motion, together
from .handling import FIRM, AtEdge, Edges, _towards, flat_at, on_arc, opening_up, side_by_side
from .tips import both_squeezing, hands_over, nearest

# letting go: m ahead and up from where the lower finger opened, m/s: it tips what stood between the pads over, and goes
TIPPING = ((0.0, 0.008, 0.05), (0.015, 0.016, 0.08), (0.050, 0.022, 0.1), (0.0, 0.12, 0.25))


class FoldHalf(AtEdge, word="fold", how="half"):
    """Carry the near edge of a cloth, held by both hands, in an arc over to the far edge, lower it there and let go of it.

    The hands end above the upper layer, fingers pointing away and down, so that nothing of the cloth lies on them. What stands
    between the pads, up to the edge, is tipped over to the front when they have opened; how much that is is seen on the way, and the
    hands come down as much short of the far corners.
    """

    label = Label(
        en=("fold in half", "both hands fold the {about} in half"),
        zh=("对折", "双手把{about}对折"),
        shows=cloth.fold,
    )
    arguments = FOLD(
        "of",
        beyond=Argument(
            "length", "how far beyond the far edge the near one is laid; less than nothing before it", -0.012
        ),
        height=Argument("share", "height of the arc's middle above its ends, as a share of its radius", 0.9),
        low=Argument("length", "height above the lower layer at which the pads open", 0.003),
        pitch=FOLD.at("pitch", "how far the fingers point down at the end", float(np.deg2rad(62.0))),
        opening=Argument("length", "gap to which the claws open", 0.04),
        force=3.0,
        speed=0.25,
    )

    def run(self, state: OperatorState) -> Motion:
        edges = self._edges(state)
        start = {side: state.arms[side].hand() for side in SIDES}
        # twice planned: what hangs from the pads shows on the way how far they are to go
        yield from self._carry(state, edges, start, (30.0, 60.0, 90.0, 120.0))
        yield from self._carry(state, edges, start, (150.0, 180.0))
        yield from state.wait(0.3)
        yield from together(*(self._release(state, side) for side in SIDES))

    def _release(self, state: OperatorState, side: str) -> Motion:
        """Open; tip what stood between the pads over to the front with the lower finger; draw back."""
        arm = state.arms[side]
        frame = arm.hand()[1]
        away = unit(frame[:, 2] * [1.0, 1.0, 0.0], fingers_vertical(side))
        yield from opening_up(state, side, self.opening, 0.8)
        nose = state.hand.nose_from_tcp(arm.hand()[0], frame, self.opening)
        for ahead, up, speed in TIPPING:
            pose = state.hand.tcp_from_nose(nose + ahead * away + up * UP, frame, self.opening), frame
            yield from arm.follow(arm.line([pose], speed, orient=FIRM), tremor=0.0)

    def _carry(
        self,
        state: OperatorState,
        edges: Edges,
        start: dict[str, tuple[np.ndarray, np.ndarray]],
        angles: Sequence[float],
    ) -> Motion:
        """Along the arc from where the hands began, to angles [deg] between 0 and 180."""
        goals = {side: self._laid(state, side, edges) for side in SIDES}
        ways = {s: [on_arc(start[s], goals[s], self.height, float(np.deg2rad(angle))) for angle in angles] for s in SIDES}
        motions = side_by_side(state, ways, self.speed, FIRM, tremor=0.3)
        yield from both_squeezing(state, self.force, together(*motions))

    def _laid(self, state: OperatorState, side: str, edges: Edges) -> tuple[np.ndarray, np.ndarray]:
        """(3,) [m] and (3, 3): tcp and rotation of a hand that lays the near edge on the far one, by what is seen of both."""
        cloth: Cloth = self.of
        arm, places, gap = state.arms[side], state.senses.vertices(cloth), state.senses.gap(side)
        other = "right" if side == "left" else "left"
        far = places[edges.far[side]]
        outwards = _towards(places[edges.far[other]], far)
        away = np.cross(outwards, UP) * (1.0 if side == "left" else -1.0)
        at, frame = arm.hand()
        held = flat_at(cloth, places, state.hand.pads_end(at, frame, gap))
        ends = cloth.flat[[edges.near[side], edges.near[other]]]
        along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
        beside = float((held - ends[0]) @ along)
        flap = float(np.linalg.norm(held - ends[0] - beside * along))
        end = far + (self.beyond - flap) * away - beside * outwards + (cloth.radius + self.low) * UP + state.aim()
        last = nearest(hands_over(away, self.pitch), frame)
        return state.hand.tcp_over(end, last, gap), last
