"""Raise a thing that both hands hold by one side a little, draw and turn it until it lies as a place says, let it down and let go."""

from __future__ import annotations

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP, turn_z
from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Argument, Label, Motion, Skill, together
from ..fitting import WEIGHT, slide
from ..lift.slid import LOOKS
from ..trays import even, shift

LOWERED = 0.5  # share of what it was raised by that both hands come down again before they let go
STRIDES = 0.15  # rad, by which what both hands hold turns from one pose of a way to the next, at most


class PutStraight(Skill, word="put", how="straight"):
    """Raise a thing that both hands hold by one side a little, draw and turn it until it lies as a place says, let it down and let go.

    Only how it lies seen from above counts. It is looked at when it has come to rest, and moved by what is missing.
    """

    label = Label(
        en=("lay straight", "both hands lay the {of} straight on the {upon}"),
        zh=("摆正", "双手把{of}在{upon}摆正"),
        shows=carrying.carry_tray,
    )
    hands = "Both hands"
    arguments = PUT(
        of=PUT.at("of", "the thing's site that comes to lie at the place"),
        upon=PUT.at("upon", "how and where it shall lie"),
        within=Argument("length", "how near it has to come", 0.02),
        turned=Argument("angle", "how much it may be turned then", 0.05),
        opening=0.05,
        retreat=0.05,
        rise=Argument("length", "how far they rise then: beside the trunk there is no room for elbows", 0.08),
        speed=0.10,
        **{"raise": Argument("length", "how far the side that is held is raised meanwhile", 0.03)},
    )

    def run(self, state: OperatorState) -> Motion:
        up = getattr(self, "raise") * UP
        yield from shift(state, up, 0.06)
        for _ in range(LOOKS):
            way, turn = self._missing(state)
            if np.linalg.norm(way) < self.within and abs(turn) < self.turned:
                break
            yield from self._move(state, way, turn)
            yield from state.wait(0.3)
        # the rest of the way it falls: below the fingers there has to be room
        yield from shift(state, -LOWERED * up, 0.06)
        yield from together(*(state.let_go(side, self.opening, 0.6) for side in SIDES))
        arms = state.arms
        yield from together(*(slide(arms[s], -self.retreat * arms[s].hand()[1][:, 2], 0.15) for s in SIDES))
        yield from shift(state, self.rise * UP, 0.15)

    def _missing(self, state: OperatorState) -> tuple[np.ndarray, float]:
        """Seen from above: the way (3,) [m] to the place, and the angle [rad] to the left by which it has to be turned."""
        at, lies = state.senses.site(self.of)
        place, shall = state.senses.site(self.upon)
        way = place + state.aim() - at
        way[2] = 0.0
        turn = np.arctan2(shall[1, 0], shall[0, 0]) - np.arctan2(lies[1, 0], lies[0, 0])
        return way, float(np.arctan2(np.sin(turn), np.cos(turn)))

    def _move(self, state: OperatorState, way: np.ndarray, turn: float) -> Motion:
        centre = state.senses.site(self.of)[0]
        count = max(2, int(np.ceil(abs(turn) / STRIDES)))
        paths = []
        for side in SIDES:
            arm = state.arms[side]
            position, frame = arm.hand()
            poses = []
            for share in np.arange(1, count + 1) / count:
                part = turn_z(share * turn)
                poses.append((centre + share * way + part @ (position - centre), part @ frame))
            paths.append(arm.line(poses, self.speed, orient=WEIGHT))
        yield from together(*(state.arms[s].follow(p, tremor=0.0) for s, p in zip(SIDES, even(paths))))
