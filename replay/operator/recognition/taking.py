"""Words of a hand that takes something, passes it to the other hand, or lets go of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .evidence import AFTER, IDLE, Evidence, Phase, Step, shown

if TYPE_CHECKING:
    from .hand_features import HandFeatures


def reach(see: HandFeatures, step: Step) -> Evidence:
    """The free hand goes; it ends where it comes to rest before the site.

    Begins: the hand sets off. Ends: it comes to rest before the site (`standoff`).
    """
    off = float(step.arguments.get("standoff") or 0.1)
    close = 1.0 - see.far(step.arguments["at"], 0.3 * off, 0.8 * off)
    go = see.holds() + see.works + close + IDLE * see.still
    return shown(see.sets_off, Phase("go", go, True), unfinished=see.far(step.arguments["at"], 1.5 * off, 3.0 * off))


def pinch(see: HandFeatures, step: Step) -> Evidence:
    """Near the site the claw closes until two fingers press its body from opposite sides and the grip has settled.

    Begins: the hand sets off. Ends: the claw has stood for 0.35 s.
    """
    site = step.arguments["at"]
    return _grip(see, site, see.tracks.owner[site], see.far(site, 0.12, 0.25), see.sets_off)


def pick(see: HandFeatures, step: Step) -> Evidence:
    """As `pinch`, the whole way there included.

    Begins: the hand sets off. Ends: the claw has stood for 0.35 s.
    """
    return _grip(see, step.arguments["at"], step.arguments["of"], np.zeros(see.n), see.sets_off)


def take(see: HandFeatures, step: Step) -> Evidence:
    """As `pick`; anywhere on the thing where no site is named, and raised where it says by how much.

    Begins: the hand sets off. Ends: the claw has stood for 0.35 s, or the hand sets off anew, as high as `by` says.
    """
    of, by = step.arguments["of"], float(step.arguments.get("by") or 0.0)
    grip = _grip(see, step.arguments.get("at"), of, np.zeros(see.n), see.sets_off)
    return _raised(see, grip, of, by) if by > 0.0 else grip


def regrasp(see: HandFeatures, step: Step) -> Evidence:
    """As `pinch`, the whole way there included, and what is taken is raised a little.

    Begins: the hand sets off. Ends: it sets off anew, with what it took as high as `by` says.
    """
    return _raised(see, pick(see, step), step.arguments["of"], float(step.arguments.get("by") or 0.012))


def _raised(see: HandFeatures, grip: Evidence, of: str, by: float) -> Evidence:
    raised = Phase("raise", 1.0 - see.holds(of) + 0.5 * see.aside + AFTER)
    low = 1.0 - see.raised(of, by)
    return shown(see.sets_off, *grip.phases, raised, begins=grip.begins, unfinished=np.maximum(grip.unfinished, low))


def _grip(see: HandFeatures, site: str | None, body: str, away: np.ndarray, begins: np.ndarray) -> Evidence:
    held = see.holds(body)
    letting_go = see.about(see.opens * see.about(see.holds(), 0.3), 0.1)
    approach = see.holds() + see.works + letting_go + away + IDLE * see.still + see.base_moves
    off = see.far(site, 0.04, 0.10) if site else 0.0
    close = np.minimum(1.0 - see.closes, 1.0 - held) + off + see.settled
    ends = np.maximum(see.settles, see.sets_off)
    return shown(
        see.sets_off,
        Phase("approach", approach),
        Phase("close", close, True),
        begins=begins,
        ends=ends,
        unfinished=1.0 - held,
    )


def release(see: HandFeatures, step: Step) -> Evidence:
    """The claw opens on something held, and the hand draws back.

    Begins: the claw begins to open on something held. Ends: the hand, clear of everything and 5 cm away, sets off anew.
    """
    return shown(
        see.sets_off,
        Phase("open", 1.0 - see.about(see.opens, 0.15), True),
        Phase("back", see.holds() + see.works + see.base_moves + AFTER),
        begins=see.begins_to_open,
        unfinished=np.maximum(1.0 - see.drawn_back, see.about(see.touches(), 0.1)),
    )
