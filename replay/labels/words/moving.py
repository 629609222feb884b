"""Words of the robot that looks, points, waits, walks or bends its knees, and of a hand that only goes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..evidence import AFTER, IDLE, Evidence, Phase, Step
from ..signs import PAUSE, Signs


def look_at(see: Signs, step: Step) -> Evidence:
    """The head turns while the hands rest."""
    return Evidence(
        (Phase("turn", 1.0 - see.about(see.looks, 0.1) + 0.5 * (1.0 - see.quiet), True),),
        see.starts(see.looks),
        see.stops(see.looks),
        see.looks,
    )


def point_at(see: Signs, step: Step) -> Evidence:
    """The free hand goes, and rests with its fingers along the line to a place."""
    off = see.fingers_off(step.arguments["at"])
    return Evidence(
        (
            Phase("go", see.holds() + see.works + IDLE * see.still),
            Phase("point", see.holds() + see.works + off + see.going, True),
        ),
        see.sets_off,
        see.sets_off,
        off,
    )


def wait(see: Signs, step: Step) -> Evidence:
    """Nothing moves; what is waited for has come when it ends."""
    rests = see.unbroken(see.quiet)
    return Evidence(
        (Phase("rest", 1.0 - see.quiet, True),),
        see.starts(rests),
        see.stops(rests),
        see.before(step.arguments.get("until")),
    )


def home(see: Signs, step: Step) -> Evidence:
    """The free hand goes, touching nothing."""
    go = see.holds() + see.touches() + 1.0 - see.about(see.going, 0.3)
    return Evidence((Phase("go", go, True),), see.sets_off, see.sets_off, np.zeros(see.n))


def walk(see: Signs, step: Step) -> Evidence:
    """The robot walks, turning to its way first where it must."""
    return _base(see, np.maximum(see.walks, see.turns), see.trunk(1.0) + see.trunk(-1.0))


def turn(see: Signs, step: Step) -> Evidence:
    """The robot turns and stays where it is."""
    return _base(see, see.turns, see.walks)


def squat(see: Signs, step: Step) -> Evidence:
    """The trunk goes down."""
    return _base(see, see.trunk(-1.0), see.walks + see.trunk(1.0))


def stand_up(see: Signs, step: Step) -> Evidence:
    """The trunk goes up."""
    return _base(see, see.trunk(1.0), see.walks + see.trunk(-1.0))


def _base(see: Signs, moves: np.ndarray, other: np.ndarray) -> Evidence:
    moves = see.unbroken(moves, 2.0 * PAUSE)
    return Evidence(
        (Phase("move", 1.0 - see.about(moves, AFTER) + other, True),), see.starts(moves), see.stops(moves), moves
    )


def motion(see: Signs, step: Step) -> Evidence:
    """A word that no reading tells: the hand does something."""
    return Evidence((Phase("move", IDLE + see.still, True),), see.sets_off, see.sets_off, np.zeros(see.n))


WORDS: dict[str, Callable[[Signs, Step], Evidence]] = {
    "look_at": look_at,
    "point_at": point_at,
    "wait": wait,
    "wait_event": wait,
    "home": home,
    "walk_to": walk,
    "go_to_end": walk,
    "approach": walk,
    "turn": turn,
    "squat": squat,
    "stand_up": stand_up,
}
