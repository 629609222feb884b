"""Words of a part that is fitted into another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .carrying import carried
from .evidence import AFTER, Evidence, Phase, Step, shown

if TYPE_CHECKING:
    from .hand_features import HandFeatures


def align(see: HandFeatures, step: Step) -> Evidence:
    """What is held goes, and comes to rest before a hole.

    Begins: the hand sets off. Ends: it sets off anew, with `of` at its `standoff` before `into`.
    """
    left = float(step.arguments.get("standoff") or 0.015)
    return carried(
        see, step.arguments["of"], see.far(step.arguments["into"], left + 0.02, left + 0.05, step.arguments["of"])
    )


def insert_press(see: HandFeatures, step: Step) -> Evidence:
    """What is held goes into a hole, at its mouth, and stays there.

    Begins: the hand sets off. Ends: it sets off anew; not before its `until`.
    """
    of, into = step.arguments["of"], step.arguments["into"]
    loose, away = 1.0 - see.holds(see.tracks.owner[of]), see.far(into, 0.025, 0.05, of)
    return shown(
        see.sets_off,
        Phase("press", loose + away + 1.0 - see.about(see.goes_in(of, into), 0.3), True),
        Phase("stay", loose + away + see.going + AFTER),
        unfinished=see.before(step.arguments.get("until")),
    )


def verify_seat(see: HandFeatures, step: Step) -> Evidence:
    """The hand keeps still with what it holds in a hole: a pull to which nothing yields shows by nothing else.

    Begins: it comes to rest. Ends: it opens or moves; not before its `until`.
    """
    of, into = step.arguments["of"], step.arguments["into"]
    rests = see.unbroken((1.0 - see.going) * see.holds())
    pull = 1.0 - see.holds(see.tracks.owner[of]) + see.going + see.far(into, 0.025, 0.05, of)
    return shown(
        see.sets_off,
        Phase("pull", pull, True),
        begins=see.starts(rests),
        ends=np.maximum(see.stops(rests), see.begins_to_open),
        unfinished=see.before(step.arguments.get("until")),
    )
