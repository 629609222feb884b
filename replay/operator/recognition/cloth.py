"""Words of both hands with a cloth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .evidence import AFTER, IDLE, PAUSE, Evidence, Phase, Step, shown

if TYPE_CHECKING:
    from .hand_features import HandFeatures


def draw_over(see: HandFeatures, step: Step) -> Evidence:
    """Both hands press on a cloth with claws that stay as they are, and go with it.

    Begins: the left hand sets off. Ends: a hand sets off anew, with none at the cloth.
    """
    at = see.both_touch(step.arguments["of"])
    goes = see.about(np.maximum(see.going, see.other.going), 0.3)
    return shown(
        see.sets_off,
        Phase("come", at + IDLE * see.still * see.other.still),
        Phase("draw", 1.0 - at + 1.0 - goes + np.maximum(see.closes, see.opens), True),
        Phase("up", at + AFTER),
        ends=np.maximum(see.sets_off, see.other.sets_off),
        unfinished=at,
    )


def pick_cloth(see: HandFeatures, step: Step) -> Evidence:
    """The claws of both hands close at a cloth at once, and raise it a little.

    Begins: the left hand sets off. Ends: a hand sets off anew, with both at the cloth.
    """
    at = see.both_touch(step.arguments["of"])
    closes = np.maximum(see.closes, see.other.closes)
    return shown(
        see.sets_off,
        Phase("hover", see.works + see.other.works + IDLE * see.still * see.other.still),
        Phase("close", 1.0 - at + 1.0 - see.about(closes, 0.3), True),
        Phase("raise", 1.0 - at + see.aside + AFTER),
        ends=np.maximum(see.sets_off, see.other.sets_off),
        unfinished=np.maximum(1.0 - at, closes),
    )


def fold(see: HandFeatures, step: Step) -> Evidence:
    """Both hands go with a cloth between their pads, open them, and draw back.

    Begins: a hand sets off. Ends: the left hand sets off anew, with none at the cloth.
    """
    at = see.both_touch(step.arguments["of"])
    opens = np.maximum(see.opens, see.other.opens)
    return shown(
        see.sets_off,
        Phase("carry", 1.0 - at + 1.0 - see.about(see.going * see.other.going, 0.3) + opens, True),
        Phase("let go", 1.0 - see.about(opens, 0.3)),
        Phase("back", see.closes + see.other.closes + AFTER),
        begins=np.maximum(see.sets_off, see.other.sets_off),
        unfinished=at,
    )


def draw_out(see: HandFeatures, step: Step) -> Evidence:
    """The base goes over the floor with a cloth between the pads of both hands.

    Begins: it sets off. Ends: it rests for a second.
    """
    moves = see.unbroken(see.walks, 2.0 * PAUSE)
    off = 1.0 - see.both_touch(step.arguments["of"])
    opens = np.maximum(see.opens, see.other.opens)
    return shown(
        see.sets_off,
        Phase("walk", 1.0 - see.about(moves, AFTER) + off + opens, True),
        begins=see.starts(moves),
        ends=see.stops(moves),
        unfinished=moves,
    )
