"""Words of a hand that moves something on a hinge, a slide or a knob, or pushes what stands free."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .evidence import AFTER, IDLE, Evidence, Phase, Step, shown

if TYPE_CHECKING:
    from .hand_features import HandFeatures


def pull_open(see: HandFeatures, step: Step) -> Evidence:
    """The joint moves up while the body of `at` is held; the strain before and the stop after belong to it.

    Begins: the grip has settled. Ends: the claw begins to open.
    """
    held = see.holds(see.tracks.owner[step.arguments["at"]])
    up, down = _moves(see, step)
    return shown(
        see.sets_off,
        Phase("strain", 1.0 - held + 0.5 * (1.0 - see.settled) + down),
        Phase("pull", 1.0 - held + 1.0 - see.about(up, 0.2), True),
        Phase("stop", 1.0 - held + down + 0.5 * up),
        begins=np.maximum(see.settles, see.sets_off),
        ends=np.maximum(see.begins_to_open, 0.5 * see.sets_off),
    )


def push_open(see: HandFeatures, step: Step) -> Evidence:
    """The joint moves up while the hand is at its body and does not hold it.

    Begins: the hand sets off. Ends: it sets off anew, clear of the body and 3 cm from where it last moved it.
    """
    up, down = _moves(see, step)
    return _push(see, see.tracks.owner[step.arguments["joint"]], up, down, see.before(step.arguments.get("until")))


def push_close(see: HandFeatures, step: Step) -> Evidence:
    """As `push_open`, with the joint falling.

    Begins: the hand sets off. Ends: it sets off anew, clear of the body and 3 cm from where it last moved it; not before its `until`.
    """
    up, down = _moves(see, step)
    return _push(see, see.tracks.owner[step.arguments["joint"]], down, up, see.before(step.arguments.get("until")))


def move(see: HandFeatures, step: Step) -> Evidence:
    """The joint moves while the hand is at its body; the way there and back belong to it.

    Begins: the hand sets off. Ends: it sets off anew, clear of the body; not before its `until`.
    """
    body = see.tracks.owner[step.arguments["joint"]]
    up, down = _moves(see, step)
    touched, moves = see.about(see.touches(body), 0.5), np.maximum(up, down)
    return shown(
        see.sets_off,
        Phase("approach", moves + IDLE * see.still),
        Phase("move", 1.0 - see.about(moves, 0.3) + 1.0 - touched, True),
        Phase("away", moves + AFTER),
        unfinished=np.maximum(see.about(see.touches(body), 0.1), see.before(step.arguments.get("until"))),
    )


def push(see: HandFeatures, step: Step) -> Evidence:
    """The site of a thing goes while the hand is at it and does not hold it.

    Begins: the hand sets off. Ends: it sets off anew, with the thing at its place.
    """
    of, within = step.arguments["of"], float(step.arguments.get("within") or 0.015)
    short = see.far(step.arguments["to"], within + 0.01, within + 0.04, of)
    return _push(see, see.tracks.owner[of], see.moves(of), np.zeros(see.n), short)


def _push(see: HandFeatures, body: str, wanted: np.ndarray, other: np.ndarray, short: np.ndarray) -> Evidence:
    moving = wanted + other
    not_away = 1.0 - see.away_from(wanted * see.pushes(body), 0.01, 0.03)
    return shown(
        see.sets_off,
        Phase("approach", see.holds() + moving + IDLE * see.still),
        Phase("push", see.holds() + 1.0 - see.about(wanted, 0.4) + 1.0 - see.pushes(body), True),
        Phase("away", see.holds() + moving + AFTER),
        unfinished=np.max([not_away, see.about(see.touches(body), 0.1), moving, short], axis=0),
    )


def press_key(see: HandFeatures, step: Step) -> Evidence:
    """The key goes in while the hand touches it; the way there and back belong to it.

    Begins: the hand sets off. Ends: it sets off anew; not before its `until`.
    """
    site = step.arguments["at"]
    body = see.tracks.owner[site]
    touched = see.touches(body)
    keys = [joint for joint in see.tracks.joint if see.tracks.owner[joint] == body]
    down = see.pressed(keys[0]) if keys else touched
    return shown(
        see.sets_off,
        Phase("approach", see.holds() + see.works + down + IDLE * see.still),
        Phase("press", 1.0 - see.about(down, 0.15) + 1.0 - see.about(touched, 0.5), True),
        Phase("away", see.holds() + see.works + down + AFTER),
        unfinished=np.maximum(see.about(touched, 0.1), see.before(step.arguments.get("until"))),
    )


def turn_knob(see: HandFeatures, step: Step) -> Evidence:
    """The knob turns while the hand touches it; the way there and back, and other grips, belong to it.

    Begins: the hand sets off. Ends: it sets off anew; not before its `until`.
    """
    body = see.tracks.owner[step.arguments["at"]]
    touched, turns = see.touches(body), np.zeros(see.n)
    for joint in see.tracks.joint:
        if see.tracks.owner[joint] == body:
            turns = np.maximum(turns, see.grows(joint) + see.grows(joint, -1.0))
    held = see.about(touched, 0.5)
    return shown(
        see.sets_off,
        Phase("approach", turns + see.holds() * (1.0 - held) + IDLE * see.still),
        Phase("turn", 1.0 - see.about(turns, 0.15) + 1.0 - held, True),
        Phase("away", turns + see.holds() + AFTER),
        unfinished=np.maximum(see.about(touched, 0.1), see.before(step.arguments.get("until"))),
    )


def _moves(see: HandFeatures, step: Step) -> tuple[np.ndarray, np.ndarray]:
    """Whether the joint of a step moves up and down."""
    return see.grows(step.arguments["joint"]), see.grows(step.arguments["joint"], -1.0)
