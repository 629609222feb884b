"""Press what is held into a hole with a growing force, until it has gone in as far as it shall, or the force is reached."""

from __future__ import annotations

from itertools import product

from ...operator_state import OperatorState
from ...recognition import fitting
from ...words.primitives import PUT
from ...words.skill import Argument, Label, Motion, Skill
from ..insertion import FEED, INTO, OF, PRESS_RATE

SPEED = 0.06  # m/s, brisk: the feet bear a click for a moment, and a slow press for long
BRISK = 30.0  # N that the hand may stay behind by; what stands against it harder is pressed on with a growing force
MISSED = 0.001  # m, by which a way of the arm may miss its line
# m/rad, of turn against place. On legs a hand whose joint is at its end is let turn a little rather than leave its line by centimetres;
# a planted or gliding robot presses as it always has
TURNING = (0.5, 0.1, 0.03)
THROUGH, BRAKE = 0.003, 0.4  # m further than it has to go, and share by which it brakes: what stops at once draws back what has clicked


class PutPressed(Skill, word="put", how="pressed"):
    """Press what is held into a hole with a growing force, until it has gone in as far as it shall, or the force is reached."""

    label = Label(
        en=("press in", "the {hand} hand presses the {about} into the {into}"),
        zh=("压入", "{hand}手把{about}压入{into}"),
        shows=fitting.insert_press,
    )
    arguments = PUT(
        "hand",
        of=OF,
        into=INTO,
        depth=Argument("length", "how deep the site has to be in the hole"),
        force=PUT.at("force", "largest push", 75.0),
        until=PUT.at("until", "the subgoal at which it ends, where the depth alone does not tell", None),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.stay(self.hand)
        mouth, rotation = state.senses.site(self.into)
        inward = -rotation[:, 0]

        def depth() -> float:
            return float((state.senses.site(self.of)[0] - mouth) @ inward)

        behind = min(self.force, BRISK) * float(inward @ arm.compliance() @ inward)  # a weak hand gives way at once

        def met() -> bool:
            return float(state.behind(self.hand) @ inward) > behind or depth() > self.depth

        position, frame = arm.hand()
        brisk = self.force >= BRISK  # who may press less than that feels its way
        ways, turns = [], TURNING if state.steady is not None else TURNING[:1]
        for turning, further in product(turns, (THROUGH, 0.0) if brisk else (0.0,)):
            to = position + (self.depth + further - depth()) * inward
            ways.append(arm.line([(to, frame)], SPEED if brisk else FEED, orient=turning))
            if ways[-1].error < MISSED:
                break
        else:  # an arm that is nearly straight goes no further
            del ways[len(ways) // len(turns) :]
        way = ways[-1]
        yield from arm.follow(way, met, tremor=0.0, brake=BRAKE if brisk else 1.0)

        def there() -> bool:
            return depth() > self.depth or state.senses.reached(self.until)

        if not there():
            yield from arm.press(self.force, PRESS_RATE, lambda: arm.yielding(inward), there, hold=0.6)
        arm.rest(state.senses.site(f"{self.hand}_tcp")[0])
        yield from arm.hold(0.4)
