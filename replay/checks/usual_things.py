"""Where the things of a take are, against the other takes of its set: in one unit, with numbers that somebody wrote, in one order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..recording.recording import Recording
from ..residual.carried_things import ORDERS
from ..residual.posed_things import ROOM, things_of
from .finding import Finding
from .hand_bases import AMONG, CODE
from .rules import Rules

FACTORS = {1000.0: "why_millimetres", 100.0: "why_centimetres"}  # that undo a unit, and how the reason is called
BESIDE = 0.5  # m from where the thing is in the other takes, that it may be once its unit is undone
WRITTEN = 0.02  # m from zero, where a column is in the other takes at the least
SURE, ORDERED = 2, 3  # other takes at the least, for a FAIL; to tell an order
LENGTH, SPREAD = 0.01, 0.01  # by which a turn's length may be beside one; of the squares of its numbers, what few others have
TILTED, RIGHT, TIMES = 0.02, 1e-3, 4.0  # of them, beside those of the other takes: an odd one's, a right one's, and that in times of theirs
HALF = 0.02  # of the numbers of half a turn about the vertical, by which one may be beside it


@dataclass(frozen=True)
class ThingShown:
    """A thing in a take.

    Attributes:
        name; stream: that holds it; names: of the columns of its place, turns: of its turn, where it has one.
        at: (3,) m, the median; zero: columns of its place that are zero in all rows; fixed: those of one value in all rows, to the bit.
        turn: (4,) as it begins, where it has one.
        t0, t1: of the take [s].
    """

    name: str
    stream: str
    names: tuple[str, ...]
    turns: tuple[str, ...]
    at: tuple[float, ...]
    zero: tuple[str, ...]
    turn: tuple[float, ...]
    t0: float
    t1: float
    fixed: tuple[str, ...] = ()

    @property
    def is_absent(self) -> bool:
        """Whether its whole pose is the one that stands for none: a set has columns for each thing, whether it is there or not."""
        return set(self.zero) == set(self.names) and not any(self.turn[1:])


def shown_things(recording: Recording) -> tuple[ThingShown, ...]:
    """The things of a take of others; an own episode has its full states beside it."""
    if recording.episode is not None:
        return ()
    found = []
    for thing in things_of(recording):
        if np.isfinite(thing.pos).all():
            zero = tuple(name for name, x in zip(thing.names, thing.pos.T) if not x.any())
            turn = tuple(float(thing.stream.column(name)[0]) for name in thing.turns)
            at = tuple(float(x) for x in np.median(thing.pos, axis=0))
            ends = float(thing.t[0]), float(thing.t[-1])
            fixed = tuple(name for name, x in zip(thing.names, thing.pos.T) if (x == x[0]).all())
            found.append(ThingShown(thing.name, thing.topic, thing.names, thing.turns, at, zero, turn, *ends, fixed))
    return tuple(found)


def check_things_among(things: Sequence[ThingShown], others: Sequence[Sequence[ThingShown]], rules: Rules) -> Finding | None:
    """`column.differs` of things that are written otherwise than in the other takes of their set; None where none are.

    Args:
        others: things of the other takes.
    """
    found: dict[str, list[tuple[ThingShown, tuple[str, ...], dict[str, Any]]]] = {}
    for one in things:
        theirs = [other for take in others for other in take if other.name == one.name]
        for kind, columns, known in _otherwise(one, theirs) if theirs else ():
            found.setdefault(kind, []).append((one, columns, known))
    if "copied" in found:  # one order for all things; that all are put down the other way round is no order
        odd, turned = found["copied"], [one for one in things if one.turns]
        sure = [one for one in odd if one[2]["level"] == "FAIL"]
        if not sure and (len(odd) < len(turned) or len(turned) < SURE):
            del found["copied"]
        else:
            found["copied"] = [*sure, *(one for one in odd if one not in sure)]
    if not found:
        return None
    kind = max(found, key=lambda one: len(found[one]))
    first, _, known = found[kind][0]
    subject = tuple(name for _, columns, _ in found[kind] for name in columns)
    details: dict[str, Any] = {
        "what": "column_pose", "why": f"why_{kind}", "kind": kind, "family": "values", "column": "pose", "stream": first.stream,
        "explained": 1.0, "undone": None, "others": [], **known["details"],
    }  # fmt: skip
    return rules[CODE].beyond(
        known["value"], known["limit"], level=known["level"], signal="measured", subject=subject, t0=first.t0, t1=first.t1,
        unit=known["unit"], share=1.0, details=details, limit_source=AMONG,
    )  # fmt: skip


def _otherwise(one: ThingShown, theirs: Sequence[ThingShown]) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """What is otherwise with a thing: a kind, the columns, and what is known of it."""
    at, places = np.array(one.at), np.array([other.at for other in theirs])
    sure = "FAIL" if len(theirs) >= SURE else "WARN"
    takes = {"takes": len(theirs)}
    if np.abs(at).max() > ROOM >= np.abs(places).max():
        low, high = places.min(axis=0) - BESIDE, places.max(axis=0) + BESIDE
        factor = next((f for f in FACTORS if (at / f > low).all() and (at / f < high).all()), None)
        if factor is not None:
            size = float(np.abs(at).max())
            details = {"factor": factor, "why": FACTORS[factor], **takes}
            yield "factor", one.names, {"value": size, "limit": ROOM, "unit": "m", "level": sure, "details": details}
    written = np.abs(places).min(axis=0) > WRITTEN
    lost = tuple(name for name, there in zip(one.names, written) if there and name in one.zero)
    if lost:
        size = max(abs(float(np.median(x))) for name, x in zip(one.names, places.T) if name in lost)
        placed = all(x.min() < 0.0 < x.max() for name, x in zip(one.names, places.T) if name in lost)
        if one.is_absent or (placed and all(set(lost) <= set(other.fixed) for other in theirs)):
            sure = "WARN"  # it is not there, or somebody wrote where it stands
        known = {"value": size, "limit": WRITTEN, "unit": "m", "level": sure, "details": {"level": 0.0, **takes}}
        yield "held_value", lost, known
    turns = np.array([other.turn for other in theirs if len(other.turn) == 4])
    if len(one.turn) == 4 and len(turns) >= ORDERED:
        order = _other_order(np.array(one.turn), turns)
        if order is not None:
            half = bool(np.abs(np.abs(one.turn) - np.array([0.0, 0.0, 0.0, 1.0])).max() < HALF)
            details = {"order": order, "why": "why_order", "other": None, **takes}
            known = {"value": 1.0, "limit": TILTED, "unit": "1", "level": "WARN" if half else "FAIL", "details": details}
            yield "copied", one.turns, known


def _other_order(turn: np.ndarray, turns: np.ndarray) -> str | None:
    """The order in which the numbers of a turn are those of the other takes, where they are not so as they stand; None where there is none.

    What a thing is turned about in the other takes leaves some of the four numbers near zero; a turn in another order has others there.
    """
    if not (np.abs(np.linalg.norm(np.vstack([turn, turns]), axis=1) - 1.0) < LENGTH).all():
        return None
    powers, axes = np.linalg.eigh(turns.T @ turns / len(turns))
    beside = axes[:, powers < SPREAD]
    theirs = float(((turns @ beside) ** 2).sum(axis=1).max(initial=0.0))
    right = max(RIGHT, TIMES * theirs)
    if not beside.size or float(((turn @ beside) ** 2).sum()) < max(TILTED, TIMES * right):
        return None
    return next((order for order, places in ORDERS.items() if float(((turn[list(places)] @ beside) ** 2).sum()) < right), None)
