"""Whether a hand could ever come to where a skill sends it, seen before it moves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..operator_state import OperatorState
from ..words.reason import Reason
from ..words.skill import Skill

SLACK = 0.10  # m, further than a straight arm: a hand that points, presses with its tip or stands off need not come to the site itself
PLACES = ("to", "at", "from")  # arguments that name a site where the hand is needed
FROM_AFAR = ("look", "point", "walk")  # primitives that need not come there


def beyond_reach(skill: Skill, state: OperatorState) -> Reason | None:
    """Why no arm can do this from where the robot stands: `can/middle is 210 mm beyond the left arm's reach`; None where one may."""
    if skill.word in FROM_AFAR:
        return None
    for site, sides in wanted(skill):
        place = state.senses.site(site)[0]
        far, side = min((float(np.linalg.norm(place - state.senses.site(f"{side}_shoulder")[0])), side) for side in sides)
        if far > state.arms[side].reach + SLACK:
            name, beyond = site.replace("/", "."), far - state.arms[side].reach
            sentence = f"{name} is {1e3 * beyond:.0f} mm beyond the {side} arm's reach"
            return Reason(sentence, "out_of_reach", at=name, side=side, beyond=beyond)
    return None


def wanted(skill: Skill) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Sites that a skill names for a hand, and which hands may do it."""
    hand = skill.values.get("hand")
    sides = ("left", "right") if hand == "either" else (str(hand),)
    for name, argument in skill.arguments.items():
        site = skill.values.get(name)
        if argument.kind != "site" or site is None:
            continue
        if hand and name in PLACES:
            yield site, sides
        elif skill.name == "take.both_hands" and name in ("left", "right"):
            yield site, (name,)
