"""Words of a hand that presses on something, wipes it, stirs or pours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .evidence import AFTER, IDLE, Evidence, Phase, Step, ramp, shown

if TYPE_CHECKING:
    from .hand_features import HandFeatures


def pour(see: HandFeatures, step: Step) -> Evidence:
    """What is held is brought and tips over, until the level of what is filled begins to rise.

    Begins: the hand sets off. Ends: the level begins to rise.
    """
    lip, runs = step.arguments["lip"], see.runs(step.arguments["gauge"])
    loose = 1.0 - see.holds(see.tracks.owner[lip])
    return shown(
        see.sets_off,
        Phase("bring", loose + runs + 0.5 * see.rising + IDLE * see.still),
        Phase("tilt", loose + runs + 1.0 - see.about(see.tips(lip), 0.1), True),
        ends=see.starts(runs),
        unfinished=1.0 - see.leans(lip),
    )


def stop_at_level(see: HandFeatures, step: Step) -> Evidence:
    """The level rises while what is held leans, and stops; what is held may be righted.

    Begins: the level begins to rise. Ends: the hand sets off anew, after the level has come to rest.
    """
    lip, runs = step.arguments["lip"], see.runs(step.arguments["gauge"])
    loose = 1.0 - see.holds(see.tracks.owner[lip])
    return shown(
        see.sets_off,
        Phase("run", loose + 1.0 - see.about(runs, 0.2) + 1.0 - see.leans(lip), True),
        Phase("right", loose + runs + see.tips(lip) + AFTER),
        begins=see.starts(runs),
        unfinished=runs,
    )


def press_on(see: HandFeatures, step: Step) -> Evidence:
    """The hand comes down on a place, rests there touching it, and leaves.

    Begins: the hand sets off. Ends: it sets off anew, touching nothing there.
    """
    site = step.arguments["at"]
    touched = see.touches(see.tracks.owner[site])
    press = 1.0 - see.about(touched, 0.2) + see.going + see.far(site, 0.06, 0.12)
    return _stroke(see, touched, press)


def wipe(see: HandFeatures, step: Step) -> Evidence:
    """The hand goes to and fro between two places, touching what they are on.

    Begins: the hand sets off. Ends: it sets off anew, touching nothing there.
    """
    ends = step.arguments["from"], step.arguments["to"]
    touched = see.touches(see.tracks.owner[ends[0]])
    once = step.arguments.get("strokes") == "1"
    swing = see.going if once else see.swings(see.tracks.position[ends[1]] - see.tracks.position[ends[0]])
    rub = 1.0 - see.about(touched, 0.5) + 1.0 - see.about(swing, 0.1) + see.off_line(*ends, 0.08, 0.15)
    return _stroke(see, touched, rub)


def wipe_area(see: HandFeatures, step: Step) -> Evidence:
    """The hand goes about with the cloth within 3 cm over the area, no further than 35 cm from its middle.

    Begins: the hand sets off. Ends: it sets off anew, with the cloth higher.
    """
    of, at = (see.tracks.position[step.arguments[name]] for name in ("of", "at"))
    loose, way = 1.0 - see.holds(see.tracks.owner[step.arguments["of"]]), of - at
    off = np.maximum(ramp(way[:, 2], 0.03, 0.06), ramp(np.hypot(way[:, 0], way[:, 1]), 0.35, 0.5))
    return shown(
        see.sets_off,
        Phase("approach", loose + 1.0 - off + IDLE * see.still),
        Phase("work", loose + off + IDLE * see.still, True),
        Phase("away", loose + 1.0 - off + see.aside + AFTER),
        unfinished=1.0 - off,
    )


def _stroke(see: HandFeatures, touched: np.ndarray, work: np.ndarray) -> Evidence:
    """The way there, work on a surface, the way back."""
    return shown(
        see.sets_off,
        Phase("approach", touched + see.works + IDLE * see.still),
        Phase("work", work, True),
        Phase("away", touched + see.works + AFTER),
        unfinished=see.about(touched, 0.1),
    )
