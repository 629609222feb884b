"""Which fault of a recorder put a joint beyond its stop, where command and measurement both have it there?

An operator may command past a stop. Some recorders write commands, or a simulation's states, for what was measured, and some published
ends are doubtful: so a stretch beyond a stop stays a matter of the command (`joint.position`). A fault of the recorder is claimed where it
brings every row back into the ranges, and what it explains is no stretch: whole turns, two exchanged joints, or nearly all rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Any

import numpy as np

from ..recording.recording import Stream
from ..robots.limits import Limits
from ..signals.channels import PER_DEGREE, SCALE, in_radians
from ..signals.clock import seconds
from ..signals.sides import other_side
from .finding import Finding
from .rules import Rules

# rad and rows: what a zero of a joint is off by in real sets (0.12 rad, `calibration.offset`) and some more; a joint that is measured so
# far past its stop for so long is not where it is written
BEYOND, ROWS = 0.2, 3
BOTH = 0.5  # of how far a joint is measured beyond its stop, that its command is at least
# of all rows that are beyond a stop: so many are no stretch that an operator went there, by a sign or a zero, and by an exchange
NEARLY_ALL, MANY = 0.8, 0.2
NOWHERE = 0.8  # rad beyond a stop, which no doubtful end of a range is off by
WITHIN = 0.05  # rad by which joints may pass their ranges once a fault is undone
TURN = 2.0 * np.pi
ZEROS = (0.5 * np.pi, -0.5 * np.pi, np.pi, -np.pi)  # rad by which one robot's description counts a joint from elsewhere than another's
ALIKE = 0.15  # rad by which two arms may begin further from one another's posture than with another fault undone: else it is that one
MIRRORED, ASKEW = 0.05, 0.25  # rad by which two joints of an arm begin from those of the other one at the most, and at the least
# of a range, by which degrees may leave it; of the rows, in which they are out of it when they are read as radians
SLACK, OFTEN = 0.1, 0.1
MOST_FITS = 3  # faults that a sentence names
# orders of whole limbs: from the tip to the base, one column further or back, one joint of the left arm after one of the right, and limbs
# (arms, head) one after the other as in another robot's list
ORDERS, MOST_LIMBS = ("reversed", "shifted", "interleaved", "blocks"), 4
# joints of a limb whose order is asked for; joints that have to be beyond their stops, or rad by which a single one has to be
LIMB, WITNESSES, FAR = 3, 2, 0.4
DIGITS = re.compile(r"\d+")

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Undone:
    """A fault, and what it would change back.

    Attributes:
        kind: `turns`, `order` (two joints of a limb, one after the other, exchanged), `sides`, `sign`, `zero` or one of `ORDERS`.
        joints: that it is about; by: [rad] that was added to them, of turns and zeros.
        back: from the columns of a stream [rad] to those that it changes, as they were.
    """

    kind: str
    joints: tuple[str, ...]
    back: Callable[[Columns], Columns]
    by: float = 0.0


@dataclass(frozen=True)
class BeyondStop:
    """Joints that are commanded and measured beyond their stops.

    Attributes:
        joints: the furthest first; past: [rad] how far; value, limit: of the furthest [rad].
        t0, t1: [s] between which it is there; share: of all rows.
        fits: faults of which each explains all of it by itself; none where no known one does.
        is_shown: whether the posture of the other side shows the one that fits.
    """

    joints: tuple[str, ...]
    past: float
    value: float
    limit: float
    t0: float
    t1: float
    share: float
    fits: tuple[Undone, ...]
    is_shown: bool = False


def beyond_stop(command: Stream | None, state: Stream | None, limits: Limits, origin: int) -> BeyondStop | None:
    """None where each joint is measured within its range, or its command alone is beyond: that is asked elsewhere. And without commands:
    what a robot measurably did is a warning, as a single witness may be a doubtful limit.

    Args:
        command, state: joints, in units of angles.
    """
    if command is None or state is None or not command.n or not state.n or not {command.unit, state.unit} <= set(SCALE):
        return None
    names = [name for name in state.names if is_ranged(name, limits) and name in command.names]
    if not names:
        return None
    both = [dict(zip(names, in_radians(stream, names).T)) for stream in (state, command)]
    if not any(float(_past(q, limits, name).max()) > BEYOND for name, q in both[0].items()):
        return None
    far = {name: lasting(both[0][name], limits, name) for name in names}
    out = [name for name in names if far[name] > BEYOND and all(lasting(x[name], limits, name) > BOTH * far[name] for x in both[1:])]
    if not out:
        return None
    if all(set(out) <= in_degrees({name: x[name] for name in out}, limits) for x in both):
        return None  # that is a matter of `unit.degrees`
    out.sort(key=lambda name: -far[name])
    q, past = both[0][out[0]], _past(both[0][out[0]], limits, out[0])
    rows, row, t = np.flatnonzero(past > 0.0), int(past.argmax()), seconds(state, origin)
    limit = limits[out[0]].upper if q[row] > limits[out[0]].upper else limits[out[0]].lower
    share = len(rows) / len(q)
    fits = [one for one in faults(names, out, both[0], limits) if all(_is_within(one.back(x), limits) for x in both)]
    if not fits and share >= MANY and (len(out) >= WITNESSES or past[row] > FAR):
        fits = [one for one in orders(names) if all(_is_within(one.back(x), limits) for x in both)]
    likely = _likeliest(fits, out, both[0])
    return BeyondStop(
        tuple(out), float(past[row]), float(q[row]), float(limit), float(t[rows[0]]), float(t[rows[-1]]), share, tuple(likely),
        len(likely) == 1 and is_shown(likely[0], both[0]),
    )  # fmt: skip


def beyond_range(beyond: BeyondStop | None, rules: Rules) -> list[Finding]:
    """`value.range` of joints that a recorder put beyond their stops; empty where there are none, or two columns of them were exchanged."""
    if beyond is None or not beyond.fits or _is_exchange(beyond):
        return []
    if beyond.fits[0].kind != "turns" and beyond.share < (MANY if beyond.past > NOWHERE else NEARLY_ALL):
        return []
    rule, kinds = rules["value.range"], list(dict.fromkeys(one.kind for one in beyond.fits))
    by = beyond.fits[0].by
    details: dict[str, Any] = {"kind": kinds[0], "of": "both", "off": by, "turns": abs(round(by / TURN))}
    if len(kinds) > 1:
        details = {"kind": "several", "of": "both"} | {f"fit{k}": f"fit_{kind}" for k, kind in enumerate(kinds[:MOST_FITS])}
        details |= {"pairs": _pairs(beyond.fits[0])} if beyond.fits[0].kind == "order" else {}
    return [
        rule.finding(
            level="FAIL", subject=beyond.joints, signal="measured", value=beyond.value, limit=beyond.limit, margin=-beyond.past,
            excess=beyond.past / BEYOND, unit="rad", t0=beyond.t0, t1=beyond.t1, share=beyond.share, details=details,
        )
    ]  # fmt: skip


def beyond_by_exchange(beyond: BeyondStop | None, rules: Rules) -> list[Finding]:
    """`stream.swapped` of columns in another order in command and measurement alike; empty where that alone does not explain it."""
    if beyond is None or not _is_exchange(beyond):
        return []
    fault = beyond.fits[0]
    pairs = len(fault.joints) // 2
    details: dict[str, Any] = {"kind": fault.kind, "count": pairs, "past": beyond.past, "of": "both",
                               "joint": beyond.joints[0], "at": beyond.value, "stop": beyond.limit}  # fmt: skip
    if fault.kind in ORDERS:
        fits = [f"fit_{kind}" for kind in dict.fromkeys(one.kind for one in beyond.fits)]
        details |= {"kind": "limbs", **{f"fit{k}": fit for k, fit in enumerate(fits)}}
    else:
        details["pairs"] = _pairs(fault)
    return [
        rules["stream.swapped"].beyond(
            float(pairs), 0.0, subject=fault.joints, t0=beyond.t0, t1=beyond.t1, share=beyond.share, details=details
        )
    ]


def _is_exchange(beyond: BeyondStop) -> bool:
    kinds = {one.kind for one in beyond.fits}
    return bool(kinds) and (kinds <= set(ORDERS) or (len(beyond.fits) == 1 and kinds <= {"order", "sides"})) and (
        beyond.share >= MANY or beyond.is_shown
    )


def _pairs(fault: Undone) -> str:
    return ", ".join(f"{one} / {other}" for one, other in zip(fault.joints[::2], fault.joints[1::2]))


def is_ranged(name: str, limits: Limits) -> bool:
    return name in limits and bool(np.isfinite(limits[name].lower + limits[name].upper))


def turns_of(q: np.ndarray, lower: float, upper: float) -> int:
    """Whole turns that are too many in all rows of (n,) [rad]; 0 where there are none, or they do not explain it."""
    middle = 0.5 * (float(np.nanmin(q)) + float(np.nanmax(q)))
    turns = round((middle - 0.5 * (lower + upper)) / TURN)
    return turns if np.nanmin(q) - turns * TURN > lower - WITHIN and np.nanmax(q) - turns * TURN < upper + WITHIN else 0


def in_degrees(columns: Mapping[str, np.ndarray], limits: Limits, overshoot: float = 1.0) -> set[str]:
    """Joints of which values (n,) that are called rad leave the range by more than such a share of it, and are within it as degrees.
    None where whole turns would bring all of them back: any angle in rad is small in degrees."""
    bad, turned = set(), set()
    for name, x in columns.items():
        q, lower, upper = x[np.isfinite(x)], limits[name].lower, limits[name].upper
        if not len(q):
            continue
        past, read = np.maximum(lower - q, q - upper), q * PER_DEGREE
        inside = max(lower - float(read.min()), float(read.max()) - upper) < SLACK * (upper - lower)
        if inside and float(past.max()) > overshoot * (upper - lower) and float((past > 0.0).mean()) > OFTEN:
            bad.add(name)
            turned |= {name} if turns_of(q, lower, upper) else set()
    return bad if len(turned) < len(bad) else set()


def faults(names: Sequence[str], out: Sequence[str], q: Mapping[str, np.ndarray], limits: Limits) -> Iterator[Undone]:
    """Faults of which each may have put all joints `out` where they are, the plainest first.

    Args:
        names: of all joints that have a range, in the order of the columns; q: name -> (n,) measured [rad].
    """
    turns = {name: turns_of(q[name], limits[name].lower, limits[name].upper) for name in out}
    if all(turns.values()) and len(set(turns.values())) == 1:
        yield _moved("turns", tuple(out), turns[out[0]] * TURN)
    for name, other in pairwise(names):
        if limb_of(other) == limb_of(name) and set(out) <= {name, other}:
            yield _exchanged("order", [(name, other)])
    for limb in _limbs(names) if len(out) <= 2 else ():  # any two of a limb, where the posture of the other side shows it
        for k, name in enumerate(limb):
            pairs = [(name, other) for other in limb[k + 1 :] if set(out) <= {name, other} and names.index(other) != names.index(name) + 1]
            yield from (one for one in (_exchanged("order", [pair]) for pair in pairs) if is_shown(one, dict(q)))
    pairs = [(one, other_side(one)) for one in names if other_side(one) in names and names.index(one) < names.index(other_side(one))]
    if pairs:
        yield _exchanged("sides", pairs)
    yield Undone("sign", tuple(out), lambda x: {name: -x[name] for name in out})
    for by in ZEROS:
        yield _moved("zero", tuple(out), by)


def orders(names: Sequence[str]) -> Iterator[Undone]:
    """Other orders of the joints of whole limbs, as of two sets that were put together without a look at their names.

    Args:
        names: of all joints that have a range, in the order of the columns.
    """
    limbs = [limb for limb in _limbs(names) if len(limb) >= LIMB]
    if not limbs:
        return
    yield _ordered("reversed", [(name, other) for limb in limbs for name, other in zip(limb, limb[::-1])])
    for by in (1, -1):
        yield _ordered("shifted", [(limb[k], limb[(k + by) % len(limb)]) for limb in limbs for k in range(len(limb))])
    if len(limbs) == 2 and len(limbs[0]) == len(limbs[1]):
        blocks, turns = [*limbs[0], *limbs[1]], [name for pair in zip(*limbs) for name in pair]
        yield _ordered("interleaved", list(zip(blocks, turns)))
        yield _ordered("interleaved", list(zip(turns, blocks)))
    every = _limbs(names)
    if 1 < len(every) <= MOST_LIMBS:
        for order in permutations(every):
            written = [name for limb in order for name in limb]
            if written != list(names) and [len(limb) for limb in order] != [len(limb) for limb in every]:  # else it is an exchange
                yield _ordered("blocks", list(zip(written, names)))


def _limbs(names: Sequence[str]) -> list[list[str]]:
    """The names of each limb, in the order of the columns."""
    limbs: dict[str, list[str]] = {}
    for name in names:
        limbs.setdefault(limb_of(name), []).append(name)
    return list(limbs.values())


def _ordered(kind: str, places: Sequence[tuple[str, str]]) -> Undone:
    """A joint and the one under whose name it was written, each."""
    of = dict(places)
    return Undone(kind, tuple(of), lambda x: {name: x[other] for name, other in of.items()})


def _moved(kind: str, joints: tuple[str, ...], by: float) -> Undone:
    return Undone(kind, joints, lambda x: {name: x[name] - by for name in joints}, by)


def _exchanged(kind: str, pairs: Sequence[tuple[str, str]]) -> Undone:
    change = {a: b for one, other in pairs for a, b in ((one, other), (other, one))}
    return Undone(kind, tuple(name for pair in pairs for name in pair), lambda x: {a: x[b] for a, b in change.items()})


def _likeliest(fits: Sequence[Undone], out: Sequence[str], q: Columns) -> list[Undone]:
    """Of faults that explain it, those that no witness speaks against: whole turns are exact; two joints that are each other's on both
    sides are one exchange and no two faults; and arms begin in the posture that the other one has."""
    turns = [one for one in fits if one.kind == "turns"]
    sides = [one for one in fits if one.kind == "sides" and any(other_side(name) in out for name in out if other_side(name) != name)]
    if turns or sides:
        return turns or sides
    apart = [_apart(one.back(q), q) for one in fits]
    return [one for one, away in zip(fits, apart) if away <= min(apart) + ALIKE]


def is_shown(fault: Undone, q: Columns) -> bool:
    """Whether two joints that are exchanged back begin where those of the other side do, and as they are written far from there: nobody
    drives two joints of one arm so, however few rows are beyond a stop."""
    others = fault.kind == "order" and all(other_side(name) in q for name in fault.joints)
    return others and _apart(fault.back(q), q) < MIRRORED and _apart({name: q[name] for name in fault.joints}, q) > ASKEW


def _apart(back: Columns, q: Columns) -> float:
    """[rad] how far joints begin from where those of the other side do, a fault undone; signs aside, which are mirrored in some."""
    now = q | back
    return sum(
        abs(abs(float(now[name][0])) - abs(float(now[other_side(name)][0]))) for name in back if other_side(name) in now
    )


def limb_of(name: str) -> str:
    return DIGITS.sub("", name)


def _past(q: np.ndarray, limits: Limits, name: str) -> np.ndarray:
    """(n,) [rad] beyond the range of a joint; what is no number is another check's matter."""
    return np.nan_to_num(np.maximum(limits[name].lower - q, q - limits[name].upper), nan=-np.inf)


def lasting(q: np.ndarray, limits: Limits, name: str, rows: int = ROWS) -> float:
    """[rad] by which a joint is beyond its range in so many rows."""
    past, last = _past(q, limits, name), min(rows, len(q))
    return float(np.partition(past, (len(past) - last, len(past) - 1))[len(past) - last])  # asked for two, NumPy is three times as fast


def _is_within(columns: Columns, limits: Limits) -> bool:
    return all(float(_past(x, limits, name).max(initial=-np.inf)) <= WITHIN for name, x in columns.items())
