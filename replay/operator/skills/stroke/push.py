"""Push a thing over the surface that it stands on, with the closed fingertips, until a site of it has come to a place."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import pushing
from ...words.primitives import STROKE
from ...words.skill import Argument, Label, Motion, Skill
from ..strokes import POINT, ahead_of, pointing_down

STRIDE = 0.03  # m, after which a push is aimed anew
ASTRAY = 0.003  # m, off the line through the thing and its place, from where the fingertips go round it
CLEAR = 0.012  # m, that they keep from it on the way


class StrokePush(Skill, word="stroke", how="push"):
    """Push a thing over the surface that it stands on, with the closed fingertips, until a site of it has come to a place.

    One point alone pushes a thing off to a side by and by. So it is aimed anew every 30 mm, and where the fingertips no longer
    stand behind the thing, they go back and round it first. It ends when the site is within `within` of the place, or past it.
    """

    label = Label(
        en=("push", "the {hand} hand pushes the {about} to the {to}"),
        zh=("推动", "{hand}手把{about}推到{to}"),
        shows=pushing.push,
    )
    arguments = STROKE(
        "hand",
        of=STROKE.at("of", "the site of the thing that shall come to the place, at its foot"),
        to=STROKE.at("to", "the place"),
        radius=STROKE.at("radius", "how far behind the site the thing is touched"),
        height=STROKE.at("height", "height above the site where it is touched", 0.06),
        within=Argument("length", "how near the site has to come", 0.02),
        speed=0.10,
    )

    def run(self, state: OperatorState) -> Motion:
        arm, thing = state.arms[self.hand], state.senses.part_of(self.of)
        state.open_claw(self.hand, 0.0)
        start, way, left = self._line(state)
        behind = start - (self.radius + 0.03) * way + self.height * UP
        high = behind + 0.12 * UP
        ends = start + (left - self.radius) * way + self.height * UP
        found, frame = pointing_down(state, self.hand, [high, behind, ends], ahead_of(state, self.hand, start), [thing])
        yield from arm.follow(state.ways.way(self.hand, found[0], 0.4))
        yield from arm.follow(arm.line([(behind - state.hand.tip_end * frame[:, 2], frame)], 0.2, orient=POINT), tremor=0.3)
        first = way

        def there() -> bool:
            _, now, rest = self._line(state)
            return rest < self.within or float(now @ first) < 0.0

        for _ in range(2 * int(left / STRIDE) + 12):
            at, way, left = self._line(state)
            position, _ = arm.hand()
            tip = position + state.hand.tip_end * frame[:, 2]
            beside = at - tip - float((at - tip) @ way) * way
            if np.linalg.norm(beside[:2]) > ASTRAY:
                round_it = at - (self.radius + CLEAR) * way + self.height * UP
                poses = [(position - CLEAR * way, frame), (round_it - state.hand.tip_end * frame[:, 2], frame)]
                yield from arm.follow(arm.line(poses, 0.15, orient=POINT), tremor=0.0)
            goal = at + (min(STRIDE, left) - self.radius) * way + self.height * UP
            done = yield from arm.follow(
                arm.line([(goal - state.hand.tip_end * frame[:, 2], frame)], self.speed, orient=POINT),
                there,
                tremor=0.3,
                brake=1.0,
            )
            if done:
                break
        position, _ = arm.hand()
        yield from arm.follow(
            arm.line([(position - 0.04 * way, frame), (position + 0.12 * UP, frame)], 0.3, orient=POINT)
        )

    def _line(self, state: OperatorState) -> tuple[np.ndarray, np.ndarray, float]:
        """Where the thing is, the level direction to its place, and how far that is [m]."""
        at = state.senses.site(self.of)[0]
        rest = state.senses.site(self.to)[0] - at
        rest[2] = 0.0
        left = float(np.linalg.norm(rest))
        return at, rest / max(left, 1e-9), left
