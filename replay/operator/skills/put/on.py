"""Lower what is held until it is seated, let go, and draw the hand back the way that is asked."""

from __future__ import annotations

import numpy as np

from ...limbs.arm import Path
from ...limbs.geometry import LEVEL, UP
from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Label, Motion, Skill
from ..placing import TRAILS

SEATED = 0.004  # m, by which what is held stays behind the hand that lowers it once something bears it
SLOWLY = 0.06  # m/s; a hand that is lowered faster, with what it holds, stays behind its command as it begins
WIDER = 0.034  # m, by which the pads open further than what they held is wide
ROUNDABOUT, BEGINS = 2.0, 0.5  # so many times as long as straight, a way out swings the arm over to another branch; s, to begin and end
LOOSE = 0.05  # weight of the orientation then, with which no joint comes to its end
PAST = 0.012  # m, below the place, for a place that lies lower than it is said to


class PutOn(Skill, word="put", how="on"):
    """Lower what is held until it is seated, let go, and draw the hand back the way that is asked.

    It stops lowering when what is held no longer follows the hand, because something bears it, or a little below the place.
    With a `force` it stops as soon as the fingers feel so much less of its weight: what must not be knocked is put down so.
    """

    label = Label(
        en=("put down", "the {hand} hand puts the {about} down on the {upon}"),
        zh=("放下", "{hand}手把{about}放到{upon}上"),
        shows=carrying.place,
    )
    arguments = PUT(
        "hand of upon leave",
        opening=0.034,
        back=0.055,
        retreat=0.12,
        lowering=0.06,
        force=PUT.at("force", "force that bears it as lowering ends, where the force shall be measured", None),
        speed=0.25,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        hangs = state.senses.feel(self.hand)[2]
        drop = (state.senses.site(self.of)[0] - state.senses.site(self.upon)[0])[2]
        start = position[2] - state.senses.site(self.of)[0][2]
        behind = SEATED + TRAILS * max(0.0, self.lowering - SLOWLY)

        def seated() -> bool:
            if self.force is not None and state.senses.feel(self.hand)[2] - hangs > self.force:
                return True
            return (arm.hand()[0][2] - state.senses.site(self.of)[0][2]) - start < -behind

        low = position - (drop + PAST) * UP
        yield from arm.follow(arm.line([(low, frame)], self.lowering, orient=LEVEL), seated, tremor=0.0, brake=1.0)
        yield from arm.hold(0.2)
        gap = state.senses.gap(self.hand) + WIDER if self.opening is None else self.opening
        yield from state.let_go(self.hand, min(gap, state.hand.widest), 0.6)
        yield from arm.follow(self._away(state), tremor=0.0)

    def _away(self, state: OperatorState) -> Path:
        """The way by which the hand leaves; of `free` ones the one with most room."""
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        back, up = -frame[:, 2], self.retreat * UP
        ways = {
            "up": [position + up],
            "back": [position + self.retreat * back],
            "over": [position + self.back * back, position + self.back * back + up],
        }

        def path(way: list[np.ndarray]) -> Path:
            poses, far = [(place, frame) for place in way], np.linalg.norm(np.diff([position, *way], axis=0), axis=1).sum()
            kept = arm.line(poses, self.speed, orient=LEVEL)
            if kept.duration < ROUNDABOUT * (far / self.speed + BEGINS):
                return kept
            return arm.line(poses, self.speed, orient=LOOSE)

        if self.leave != "free":
            return path(ways[self.leave])
        return min((path(way) for way in ways.values()), key=lambda one: state.ways.tightness(self.hand, one, ()))
