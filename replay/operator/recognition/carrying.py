"""Words of what is held: it is raised, carried, set down or handed over, by one hand or by both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .evidence import AFTER, IDLE, Evidence, Phase, Step, shown

if TYPE_CHECKING:
    from .hand_features import HandFeatures


def lift(see: HandFeatures, step: Step) -> Evidence:
    """The hand goes straight up with what it holds.

    Begins: the grip has settled, or the hand sets off. Ends: the hand sets off anew.
    """
    loose = 1.0 - see.holds()
    return shown(
        see.sets_off,
        Phase("strain", loose + 0.5 * (1.0 - see.settled) + see.aside),
        Phase("rise", loose + 1.0 - see.about(see.rising, 0.1) + see.askew, True),
        Phase("stop", loose + see.aside + see.base_moves + AFTER),
        begins=np.maximum(see.settles, see.sets_off),
    )


def carry_level(see: HandFeatures, step: Step) -> Evidence:
    """What is held goes aside, and comes to rest over its place.

    Begins: the hand sets off. Ends: it sets off anew, with `of` over `upon`.
    """
    of, upon = step.arguments["of"], step.arguments["upon"]
    return carried(see, of, see.far(upon, 0.08, 0.16, of))


def carry_over(see: HandFeatures, step: Step) -> Evidence:
    """As `carry_level`, to so far above the place, and beside it, as given.

    Begins: the hand sets off. Ends: it sets off anew, with `of` over `upon`.
    """
    return carried(see, step.arguments["of"], _off(see, step, float(step.arguments.get("above") or 0.0)))


def unload(see: HandFeatures, step: Step) -> Evidence:
    """As `carry_over`, out of an opening.

    Begins: the hand sets off. Ends: it sets off anew, with `of` over `upon`, out of the opening `into`.
    """
    off = _off(see, step, float(step.arguments.get("above") or 0.0))
    return carried(see, step.arguments["of"], np.maximum(off, see.inside(step.arguments["into"])))


def offer(see: HandFeatures, step: Step) -> Evidence:
    """What is held goes to a person, its handle to the distance that is given, or to the hand that comes for it.

    Begins: the hand sets off. Ends: it sets off anew, with the handle there.
    """
    away, handle = float(step.arguments.get("distance") or 0.45), step.arguments["handle"]
    short = see.far(step.arguments["person"], away + 0.15, away + 0.3, handle)
    if grips := [step.arguments[name] for name in ("left_grip", "right_grip") if step.arguments.get(name)]:
        before = float(step.arguments.get("before") or 0.0)
        apart = [see.far(grip, before + 0.08, before + 0.16, handle) for grip in grips]
        short = np.maximum(short, np.min(apart, axis=0))
    return carried(see, step.arguments["of"], short)


def carried(see: HandFeatures, of: str, unfinished: np.ndarray) -> Evidence:
    loose = 1.0 - see.holds(see.tracks.owner[of])
    return shown(
        see.sets_off,
        Phase("carry", loose + 1.0 - see.going + 0.5 * see.rising + see.base_moves, True),
        Phase("hold", loose + see.aside + see.sinking + see.base_moves),
        unfinished=unfinished,
    )


def place(see: HandFeatures, step: Step) -> Evidence:
    """Over its place what is held is lowered and let go of, and the hand draws back, out of the opening where there is one.

    Begins: the hand sets off. Ends: it sets off anew, out of the opening `into`.
    """
    off = _off(see, step)
    held = see.holds(see.tracks.owner[step.arguments["of"]])
    return _put(see, step, Phase("lower", 1.0 - held + off + see.aside), off)


def set_down(see: HandFeatures, step: Step) -> Evidence:
    """As `place`, the way there included.

    Begins: the hand sets off. Ends: it sets off anew.
    """
    held = see.holds(see.tracks.owner[step.arguments["of"]])
    return _put(see, step, Phase("carry", 1.0 - held + 0.5 * see.rising), _off(see, step))


def _put(see: HandFeatures, step: Step, first: Phase, off: np.ndarray) -> Evidence:
    held, into = see.holds(see.tracks.owner[step.arguments["of"]]), step.arguments.get("into")
    not_out = np.maximum(1.0 - see.drawn_back, see.inside(into) if into else 0.0)
    return shown(
        see.sets_off,
        first,
        Phase("let go", 1.0 - see.about(see.opens, 0.15) + off, True),
        Phase("out", held + off + see.works + AFTER),
        unfinished=np.maximum(not_out, see.about(see.touches(), 0.1)),
    )


def _off(see: HandFeatures, step: Step, above: float = 0.0) -> np.ndarray:
    """How far `of` is from its place, which may lie beside, beyond and above `upon`."""
    beyond = step.arguments.get("ahead") or 0.0
    shift = (float(beyond), float(step.arguments.get("aside") or 0.0), above)
    return see.far(step.arguments["upon"], 0.08, 0.16, step.arguments["of"], shift)


def bimanual_lift(see: HandFeatures, step: Step) -> Evidence:
    """Both hands come, hold a thing and go up.

    Begins: the left hand sets off. Ends: it sets off anew, as high as `by` says.
    """
    of = see.tracks.owner[step.arguments["of"]]
    loose = 1.0 - see.both_hold(of)
    return shown(
        see.sets_off,
        Phase("approach", see.works + see.other.works + see.base_moves + IDLE * see.still),
        Phase("rise", loose + 1.0 - see.about(see.rising, 0.1), True),
        Phase("stop", loose + see.aside + see.base_moves + AFTER),
        unfinished=1.0 - see.raised(of, float(step.arguments.get("by") or 0.05)),
    )


def carry_tray(see: HandFeatures, step: Step) -> Evidence:
    """Both hands carry a thing to its place, let go of it there and draw back.

    Begins: the left hand sets off. Ends: it sets off anew, touching nothing.
    """
    both, off = see.both_hold(see.tracks.owner[step.arguments["of"]]), _off(see, step)
    return shown(
        see.sets_off,
        Phase("carry", 1.0 - both + 0.5 * see.rising + see.base_moves),
        Phase("let go", 1.0 - see.about(see.opens, 0.15) + off, True),
        Phase("out", both + off + see.works + see.base_moves + AFTER),
        unfinished=np.maximum(1.0 - see.drawn_back, see.about(see.touches(), 0.1)),
    )


def hold_until_pulled(see: HandFeatures, step: Step) -> Evidence:
    """The hand keeps still with what it holds; then the claw opens.

    Begins: it comes to rest. Ends: the claw has opened, and what it held is gone.
    """
    rests = see.unbroken((1.0 - see.going) * see.holds())
    hold = Phase("hold", 1.0 - see.holds() + see.going, True)
    opens = Phase("let go", 1.0 - see.about(see.opens, 0.15) + see.going)
    return shown(see.sets_off, hold, opens, begins=see.starts(rests), ends=see.stops(see.opens), unfinished=see.holds())


def withdraw(see: HandFeatures, step: Step) -> Evidence:
    """The free hand goes back along its fingers.

    Begins: the claw has opened, or the hand sets off. Ends: it sets off anew.
    """
    go = see.holds() + see.works + 1.0 - see.about(see.backwards, 0.2)
    return shown(
        see.sets_off,
        Phase("go", go, True),
        Phase("stop", see.holds() + see.going),
        begins=np.maximum(see.sets_off, see.stops(see.opens)),
    )
