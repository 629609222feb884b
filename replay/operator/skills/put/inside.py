"""Set down what is held, let go of its rim, and draw the hand out again, back along its fingers and then straight."""

from __future__ import annotations

import itertools

import numpy as np

from ...limbs.arm import Path
from ...limbs.geometry import LEVEL, UP, fingers_vertical, turn_about, unit
from ...operator_state import OperatorState
from ...planning.ways import REACHED
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Label, Motion, Skill

CROWDED = 12.0  # cost of a way out that is rather not taken; the rim that is left is near in any case
CLEARS = (1.0, 0.8)  # shares of the way back along the fingers
FLATTER = np.deg2rad([0.0, 8.0, 16.0])  # by which the fingers are raised meanwhile


class PutInside(Skill, word="put", how="inside"):
    """Set down what is held, let go of its rim, and draw the hand out again, back along its fingers and then straight."""

    label = Label(
        en=("put inside", "the {hand} hand sets the {about} down on the {upon} and draws back"),
        zh=("放入内部", "{hand}手把{about}放到{upon}上并收回"),
        shows=carrying.place,
    )
    arguments = PUT(
        "hand of upon",
        into=PUT.at("into", "the opening: a site with its x axis inwards, the way the hand came"),
        opening=0.028,
        back=0.09,
        retreat=0.21,
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        drop = (state.senses.site(self.of)[0] - state.senses.site(self.upon)[0])[2]
        position = position - (drop + 0.002) * UP
        yield from arm.follow(arm.line([(position, frame)], 0.06, orient=LEVEL), tremor=0.0)
        yield from arm.hold(0.2)
        yield from state.let_go(self.hand, self.opening, 0.6)
        yield from self._out(state)

    def _out(self, state: OperatorState) -> Motion:
        """Back along the fingers, so that the inner one leaves over the rim where it came in, then straight out.

        Of several ways to rise over the rim the one that leaves most room between the palm and the opening.
        """
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        inward = state.senses.site(self.into)[1][:, 0]
        side = unit(np.cross(UP, frame[:, 2]), fingers_vertical(self.hand))
        ways: list[tuple[float, Path, Path]] = []
        q = arm.q
        for like, share, flatter in itertools.product((arm.posture("elbow_in"), None), CLEARS, FLATTER):
            if like is None and min(ways, key=lambda way: way[0])[0] < CROWDED:
                break
            back, level = share * self.back, turn_about(side, -flatter) @ frame
            clear = position - back * frame[:, 2]
            out = clear - (self.retreat - (clear - position) @ -inward) * inward
            arm.q = q
            first = arm.line([(clear, level)], 0.15, orient=LEVEL)
            arm.q = first.end
            second = arm.line([(out, level)], self.speed, like=like, orient=(0.1, 0.3, 0.3))
            arm.q = q
            costs = state.ways.room_on(self.hand, first), state.ways.room_on(self.hand, second)
            cost = sum(costs) + 200.0 * max(first.error - REACHED, 0.0)
            ways.append((cost, first, second))
        _, first, second = min(ways, key=lambda way: way[0])
        yield from arm.follow(first, tremor=0.0)
        yield from arm.follow(second)
