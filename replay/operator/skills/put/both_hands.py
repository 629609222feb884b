"""Carry what both hands hold level to a place, put it down there and let go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Argument, Label, Motion, Skill, together
from ..fitting import slide
from ..trays import even, shift, straight

LOWER = 0.06  # m/s, of a tray that is put down
RESTS = 8e-4  # m, above its place a tray counts as standing
PRESSED = 0.004  # m, of the hands below where they are seen: the tray stands, whatever its height says


class PutBothHands(Skill, word="put", how="both_hands"):
    """Carry what both hands hold level to a place, put it down there and let go."""

    label = Label(
        en=("carry with both hands", "both hands carry the {about} to the {upon}"),
        zh=("双手搬运", "双手把{about}端到{upon}"),
        shows=carrying.carry_tray,
    )
    hands = "Both hands"
    arguments = PUT(
        "upon",
        of=PUT.at("of", "the load's site that comes to lie at the place"),
        opening=0.045,
        leave=Argument(
            "word", "how the hands leave: up, or back along their fingers, as out of grip holes", "up", ("up", "back")
        ),
        retreat=PUT.at("retreat", "how far the hands are raised then, or drawn back", 0.07),
        speed=0.14,
    )

    def run(self, state: OperatorState) -> Motion:
        def missing() -> np.ndarray:
            return state.senses.site(self.upon)[0] + state.aim() - state.senses.site(self.of)[0]

        way = missing()
        yield from shift(state, way - (way @ UP) * UP, self.speed)
        yield from state.wait(0.3)
        way = missing()
        yield from shift(state, way - (way @ UP) * UP, 0.05)
        yield from state.wait(0.2)
        yield from self._lower(state, missing)
        yield from state.wait(0.2)
        yield from together(*(state.let_go(side, self.opening, 0.6) for side in SIDES))
        arms = state.arms
        if self.leave == "back":
            yield from together(*(slide(arms[s], -self.retreat * arms[s].hand()[1][:, 2], 0.15) for s in SIDES))
            return
        up = self.retreat * UP  # straight up: behind a hand before the chest there is no room
        yield from together(*(slide(arms[s], up - 0.02 * arms[s].hand()[1][:, 2], 0.2) for s in SIDES))
        yield from together(*(slide(arms[s], _outwards(state, s), 0.3) for s in SIDES))

    def _lower(self, state: OperatorState, missing: Callable[[], np.ndarray]) -> Motion:
        def stands() -> bool:
            return float(-missing() @ UP) < RESTS or max(float(state.behind(s) @ UP) for s in SIDES) < -PRESSED

        way = float(missing() @ UP) - 0.002
        paths = even([straight(state, side, way * UP, LOWER) for side in SIDES])
        yield from together(*(state.arms[s].follow(p, stands, tremor=0.0, brake=1.0) for s, p in zip(SIDES, paths)))


def _outwards(state: OperatorState, side: str) -> np.ndarray:
    """The way by which a hand that has crossed before the chest comes before its own shoulder again; none where it has not."""
    shoulder, sign = state.senses.site(f"{side}_shoulder")[0], 1.0 if side == "left" else -1.0
    left = np.array([-np.sin(state.heading), np.cos(state.heading), 0.0])
    missing = sign * float((shoulder - state.arms[side].hand()[0]) @ left)
    return sign * max(missing, 0.002) * left
