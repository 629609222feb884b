"""The things of a take against the other takes of its set: in one unit, with numbers that somebody wrote, in one order, in one frame, at
one height, and carried by a hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from ..recording.recording import Recording
from ..residual.bodies import ComparedColumns
from ..residual.carried_things import ORDERS, WAY
from ..residual.posed_things import ROOM, things_of
from .finding import Finding
from .hand_bases import AMONG, CODE
from .rules import Rules

FACTORS = {1000.0: "why_millimetres", 100.0: "why_centimetres"}  # that undo a unit, and how the reason is called
BESIDE = 0.5  # m from where the thing is in the other takes, that it may be once its unit is undone
WRITTEN = 0.02  # m from zero, where a column is in the other takes at the least
BEGINS = 0.2  # s of a take, in which it is seen where a thing stands
SURE, ORDERED = 2, 3  # other takes at the least, for a FAIL; to tell an order
LENGTH, SPREAD = 0.01, 0.01  # by which a turn's length may be beside one; of the squares of its numbers, what few others have
TILTED, RIGHT, TIMES = 0.02, 1e-3, 4.0  # of them, beside those of the other takes: an odd one's, a right one's, and that in times of theirs
LEVEL, HIGHER, ALIKE = 0.005, 0.02, 0.3  # m by which heights of the other takes differ, and from where on one is another; share of it
TURNED = 0.1  # rad by which frames of takes differ, of which each would have to be turned otherwise
# hashes that are kept of the way of a thing; that two ways share at the least; share of those that may be in both
ROWS, COPIED, SHARE = 16, 4, 0.6
ODD = np.random.default_rng(0).integers(1 << 63, size=3, dtype=np.uint64) * np.uint64(2) + np.uint64(1)  # factors of a hash
HALF = 0.02  # of the numbers of half a turn about the vertical, by which one may be beside it


@dataclass(frozen=True)
class ThingShown:
    """A thing in a take.

    Attributes:
        name; stream: that holds it; names: of the columns of its place, turns: of its turn, where it has one.
        at: (3,) m, the median; zero: columns of its place that are zero in all rows; fixed: those of one value in all rows, to the bit.
        turn: (4,) as it begins, where it has one.
        t0, t1: of the take [s].
        stands: height of it as the take begins [m]; rows: the smallest hashes of the rows in which it moves (bottom-k sketch, Cohen and
            Kaplan, Summarizing data using bottom-k sketches, PODC 2007).
        way: m that it goes, in a measured hand or beside all; held: (3,) m from the hand that carries it, none where none does; own:
            whether its poses are in the frame of the hands; axes, angle: as `FrameOfThing` says, where they are not certain.
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
    stands: float = 0.0
    rows: tuple[int, ...] = ()
    way: float = 0.0
    held: tuple[float, ...] = ()
    own: bool = False
    axes: str = ""
    angle: float = 0.0

    @property
    def is_absent(self) -> bool:
        """Whether its whole pose is the one that stands for none: a set has columns for each thing, whether it is there or not."""
        return set(self.zero) == set(self.names) and not any(self.turn[1:])


def carriage_of(columns: ComparedColumns) -> dict[str, Any]:
    """Details of `column.differs`: how each thing goes that goes somewhere."""
    found: dict[str, Any] = {}
    for one in columns.carried.things:
        of = one.frame
        unsure = of is not None and of.axes is not None and not of.certain
        found[one.name] = {
            "way": one.way if one.alone or of is not None else 0.0, "held": list(one.held), "own": of is not None and of.own,
            "axes": of.axes if of is not None and unsure else "", "angle": of.angle if of is not None else 0.0,
        }  # fmt: skip
    return {"things": found} if found else {}


def shown_things(recording: Recording, findings: Sequence[Finding] = ()) -> tuple[ThingShown, ...]:
    """The things of a take of others; an own episode has its full states beside it.

    Args:
        findings: of the take, which hold how its things go.
    """
    if recording.episode is not None:
        return ()
    known: Mapping[str, Any] = next((f.details.get("things") or {} for f in findings if f.code == CODE), {})
    found = []
    for thing in things_of(recording):
        if np.isfinite(thing.pos).all():
            zero = tuple(name for name, x in zip(thing.names, thing.pos.T) if not x.any())
            turn = tuple(float(thing.stream.column(name)[0]) for name in thing.turns)
            at = tuple(float(x) for x in np.median(thing.pos, axis=0))
            ends = (float(thing.t[0]), float(thing.t[-1]))
            fixed = tuple(name for name, x in zip(thing.names, thing.pos.T) if (x == x[0]).all())
            goes = dict(known.get(thing.name, {}))
            more = {**goes, "held": tuple(goes["held"]), "rows": _some_rows(thing.pos)} if goes else {}
            stands = float(np.median(thing.pos[: 1 + int(BEGINS / thing.dt), 2]))
            found.append(
                ThingShown(thing.name, thing.topic, thing.names, thing.turns, at, zero, turn, *ends, fixed, stands=stands, **more)
            )
    return tuple(found)


def _some_rows(pos: np.ndarray) -> tuple[int, ...]:
    """The smallest hashes of the rows of a way (n, 3) in which it changes."""
    changes = (pos[1:] != pos[:-1]).any(axis=1)
    bits = np.ascontiguousarray(pos[1:][changes] + 0.0).view(np.uint64)
    hashed = ((bits ^ (bits >> np.uint64(32))) * ODD).sum(axis=1, dtype=np.uint64)
    hashed = (hashed ^ (hashed >> np.uint64(33))) * ODD[0]
    return tuple(np.unique(hashed >> np.uint64(32))[:ROWS].tolist())


def check_things_among(things: Sequence[ThingShown], others: Sequence[Sequence[ThingShown]], rules: Rules) -> Finding | None:
    """`column.differs` of things that are written otherwise than in the other takes of their set; None where none are.

    Args:
        others: things of the other takes.
    """
    found: dict[str, list[tuple[ThingShown, tuple[str, ...], dict[str, Any]]]] = {}
    for one in things:
        theirs = [other for take in others for other in take if other.name == one.name]
        for kind, columns, known in chain(_otherwise(one, theirs), _goes_otherwise(one, things, others)) if theirs else ():
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
    kind = max(found, key=lambda one: (any(each[2]["level"] == "FAIL" for each in found[one]), len(found[one])))
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


def _goes_otherwise(
    one: ThingShown, take: Sequence[ThingShown], others: Sequence[Sequence[ThingShown]]
) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """What is otherwise with how a thing goes: no hand carries it, its frame, its height."""
    theirs = [other for each in others for other in each if other.name == one.name]
    carried = [other for other in theirs if other.held]
    if not one.way or not carried:
        return
    takes, details = {"takes": len(carried)}, dict[str, Any]()
    if not one.held:
        copied = any(_are_copied(one.rows, other.rows) for other in theirs)
        details = {"why": "why_other_take_of_set" if copied else "why_uncarried", "explained": float(copied), **takes}
        level = "FAIL" if copied else "WARN"
        yield "uncarried", one.names + one.turns, {"value": one.way, "limit": WAY, "unit": "m", "level": level, "details": details}
        return
    own = [other for other in carried if other.own]
    same = [one.angle, *(other.angle for other in carried if other.axes == one.axes)]
    spread = float(np.abs(np.angle(np.exp(1j * (np.array(same) - one.angle)))).max())
    if one.axes and (len(own) >= SURE or (len(same) > SURE and spread > TURNED)):
        names = tuple(name for axis, name in zip("xyz", one.names) if axis in one.axes)
        why, other = ("why_copied", names[1]) if len(names) == 2 else ("why_mirrored", None)
        details = {"why": why, "axes": one.axes, "other": other, **takes}
        apart = float(np.linalg.norm(one.held[:2]))
        yield "frame", names, {"value": apart, "limit": HIGHER, "unit": "m", "level": "FAIL", "details": details}
    if not one.axes and (height := _other_height(one, take, others)) is not None:
        yield height


def _other_height(
    one: ThingShown, take: Sequence[ThingShown], others: Sequence[Sequence[ThingShown]]
) -> tuple[str, tuple[str, ...], dict[str, Any]] | None:
    """A thing that stands higher or lower than in other takes, and is held as much higher or lower by the hand that carries it.

    How high it stands is taken beside the other things of the take, which may stand on the same. Where all things of a take are higher
    alike, the frame was set up anew, and nothing is claimed. Never a FAIL: another thing of that name, or a marker that is elsewhere on
    it, shows the same heights."""
    alike = [(each, {of.name: of for of in each}[one.name]) for each in others if any(of.name == one.name for of in each)]
    alike = [(each, of) for each, of in alike if of.held and of.own and one.own]
    if len(alike) < SURE:
        return None
    held = np.array([of.held[2] for _, of in alike])
    usual = float(np.median(held))
    by, scatter = one.held[2] - usual, float(np.abs(held - usual).max())
    if scatter > LEVEL or abs(by) < HIGHER:
        return None
    stands = []
    for beside in (None, *(other for other in take if other.name != one.name)):
        theirs = [of.stands - _stands(each, beside) for each, of in alike]
        if np.isfinite(theirs).all() and np.ptp(theirs) < LEVEL:
            stands.append((beside, one.stands - (0.0 if beside is None else beside.stands) - float(np.median(theirs))))
    relative = [more for beside, more in stands if beside is not None] or [more for _, more in stands]
    if any(abs(more) < LEVEL for more in relative) or not all(abs(more - by) < ALIKE * abs(by) for more in relative):
        return None  # it is taken elsewhere, or stands on something else
    details = {"why": "why_offset", "shift": by, "takes": len(alike)}
    known = {"value": abs(by), "limit": HIGHER, "unit": "m", "level": "WARN", "details": details}
    return "height", one.names[2:], known


def _stands(take: Sequence[ThingShown], beside: ThingShown | None) -> float:
    """How high a thing stands in another take; NaN where it is not there."""
    return 0.0 if beside is None else next((of.stands for of in take if of.name == beside.name), float("nan"))


def _are_copied(rows: Sequence[int], theirs: Sequence[int]) -> bool:
    """Whether two ways have the same rows, as far as the hashes of both are kept."""
    if not rows or not theirs:
        return False
    end = min(rows[-1] if len(rows) == ROWS else theirs[-1], theirs[-1] if len(theirs) == ROWS else rows[-1])
    one, other = ({row for row in each if row <= end} for each in (rows, theirs))
    return len(one & other) >= max(COPIED, SHARE * min(len(one), len(other)))


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
