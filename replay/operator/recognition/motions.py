"""Words of the robot that looks, points, waits, walks or bends its knees, and of a hand that only goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .evidence import AFTER, IDLE, PAUSE, Evidence, Phase, Step, shown

if TYPE_CHECKING:
    from .hand_features import HandFeatures


def look_at(see: HandFeatures, step: Step) -> Evidence:
    """The head turns while the hands rest.

    Begins: it begins to turn. Ends: it rests.
    """
    return shown(
        see.sets_off,
        Phase("turn", 1.0 - see.about(see.looks, 0.1) + 0.5 * (1.0 - see.quiet), True),
        begins=see.starts(see.looks),
        ends=see.stops(see.looks),
        unfinished=see.looks,
    )


def point_at(see: HandFeatures, step: Step) -> Evidence:
    """The free hand goes, and rests with its fingers along the line to a place.

    Begins: the hand sets off. Ends: it sets off anew.
    """
    off = see.fingers_off(step.arguments["at"])
    return shown(
        see.sets_off,
        Phase("go", see.holds() + see.works + IDLE * see.still),
        Phase("point", see.holds() + see.works + off + see.going, True),
        unfinished=off,
    )


def wait(see: HandFeatures, step: Step) -> Evidence:
    """Nothing moves; what is waited for has come when it ends.

    Begins: hands and base come to rest. Ends: one moves; not before its `until`.
    """
    rests = see.unbroken(see.quiet)
    return shown(
        see.sets_off,
        Phase("rest", 1.0 - see.quiet, True),
        begins=see.starts(rests),
        ends=see.stops(rests),
        unfinished=see.before(step.arguments.get("until")),
    )


def home(see: HandFeatures, step: Step) -> Evidence:
    """The free hand goes, touching nothing.

    Begins: the hand sets off. Ends: it sets off anew.
    """
    go = see.holds() + see.touches() + 1.0 - see.about(see.going, 0.3)
    return shown(see.sets_off, Phase("go", go, True))


def walk(see: HandFeatures, step: Step) -> Evidence:
    """The base goes over the floor, turning to its way first where it must; the trunk keeps its height.

    Begins: it sets off. Ends: it rests for a second.
    """
    return _base(see, np.maximum(see.walks, see.turns), see.trunk(1.0) + see.trunk(-1.0))


def squat(see: HandFeatures, step: Step) -> Evidence:
    """The trunk goes down.

    Begins: it begins to. Ends: it rests.
    """
    return _base(see, see.trunk(-1.0), see.walks + see.trunk(1.0))


def stand_up(see: HandFeatures, step: Step) -> Evidence:
    """The trunk goes up.

    Begins: it begins to. Ends: it rests.
    """
    return _base(see, see.trunk(1.0), see.walks + see.trunk(-1.0))


def _base(see: HandFeatures, moves: np.ndarray, other: np.ndarray) -> Evidence:
    moves = see.unbroken(moves, 2.0 * PAUSE)
    return shown(
        see.sets_off,
        Phase("move", 1.0 - see.about(moves, AFTER) + other, True),
        begins=see.starts(moves),
        ends=see.stops(moves),
        unfinished=moves,
    )


def motion(see: HandFeatures, step: Step) -> Evidence:
    """A word that no reading tells: the hand does something."""
    return shown(see.sets_off, Phase("move", IDLE + see.still, True))
