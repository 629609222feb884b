"""Hold still until the person pulls, then let go."""

from __future__ import annotations

import numpy as np

from ...limbs.arm import Arm
from ...limbs.geometry import LEVEL, flat_unit
from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import HAND_OVER
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, Skill

SETTLE = 0.5  # s, after which a hand that has not measured the load before takes its reading for it
ASIDE, ROOM = 0.08, 0.02  # m/s, m: how fast and how far an opening hand moves aside


class HandOverPulled(Skill, word="hand_over", how="pulled"):
    """Hold still until the person pulls, then let go.

    A hand that closes round a handle pushes it away, twists it and slips, and leans on it less and less. What counts is a pull
    that lasts, against the load that the fingers bore while nobody else held on.
    """

    label = Label(
        en=("hold until pulled", "the {hand} hand holds[[ the {about}]] until it is pulled, and lets go"),
        zh=("拿住等拉", "{hand}手拿住[[{about}]]，被拉时松开"),
        shows=carrying.hold_until_pulled,
    )
    arguments = HAND_OVER(
        "hand",
        person=HAND_OVER.at("person", "who takes it: the pull comes from there"),
        force=HAND_OVER.at("force", "pull at which it lets go", 1.7),
        lasting=Argument("time", "how long the pull has to last", 0.1),
        opening=HAND_OVER.at("opening", "gap between the pads when it has let go", 0.12),
        release=Argument("time", "how long the opening takes", 0.25),
        unasked=Argument("time", "time after which it lets go without a pull", None),
        at_most=HAND_OVER.at("at_most", "how long it waits", 20.0),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        out = flat_unit(state.senses.site(self.person)[0] - arm.hand()[0])
        load, waited, lasted = state.loads.get(self.hand), 0.0, 0.0
        while waited < self.at_most:
            arm.command = arm.q
            yield
            waited += state.timestep
            force = state.senses.feel(self.hand)
            if load is None and waited >= SETTLE:
                load = force
            pull = 0.0 if load is None else float((force - load) @ out)
            lasted = lasted + state.timestep if pull > self.force else 0.0
            if lasted >= self.lasting - 1e-6 or (self.unasked is not None and waited >= self.unasked):
                yield from self._let_go(state, arm)
                return
        state.given_up = Reason(f"nobody pulled with {self.force:.1f} N", "not_pulled", force=self.force)

    def _let_go(self, state: OperatorState, arm: Arm) -> Motion:
        """Open, and make room on the side where what is taken still leans on a finger as it turns in the other's hand."""
        (start, frame), aside, rate = arm.hand(), 0.0, 0.0
        for _ in state.let_go(self.hand, self.opening, self.release):
            front, back = state.senses.touch(self.hand)  # the front finger lies where the hand's y axis points
            wanted = ASIDE * float(np.sign(front - back)) if abs(aside) < ROOM else 0.0
            rate += float(np.clip(wanted - rate, -ASIDE / 3.0, ASIDE / 3.0))
            aside += rate * state.timestep
            before = arm.q
            arm.q = arm.solve(start + aside * frame[:, 1], frame, arm.q, orient=LEVEL, steps=5)[0]
            arm.command = arm.q + arm.lag * (arm.q - before) / state.timestep
            yield
        arm.command = arm.q
