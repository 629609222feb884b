"""Recorded poses of things against the hand that carries them: while it does, a thing stands still in it.

Where the frame of the poses stands is not needed: the way of the thing is laid upon that of the hand, by one move and one turn for each
carry, and a place of the thing in the hand. What has to be changed before the two fit is the reason: the unit (one factor), the moment
(one delay), the order of the numbers of a turn. A thing that is pushed, rolls, swings or falls fits no hand, and is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..signals.signal import runs
from ..signals.statistics import median
from .difference import Difference
from .hand_pose import matrices
from .mirrored_things import HELD, FrameOfThing, Way, fitted_frame, frame_of
from .posed_things import ROOM, CarryingHand, PosedThing

ABOUT = 0.1  # s about a row, over which a speed is taken: what trackers scatter by is little of it
MOVES = 0.15  # of how fast a thing is at its fastest, from where on it moves
WAY, STRETCH = 0.1, 0.3  # m that a hand carries a thing at the least, and for how long [s]
SCATTER = 20.0  # standard deviations of a coordinate that a thing goes at the least
LATEST = 2.0  # s
LATE = 0.1  # s: systems that follow things by cameras are late by up to half of it
APART = 0.02  # m by which a thing that is carried may be elsewhere
RIGID = 0.3  # of how far it departs as recorded, that it may depart once the reason is undone
UNLIKE = 0.05  # of the power of its speeds, that those of a hand leave with the delay taken away, before the ways are laid upon each other
MOST = 0.8  # of its way, on which a hand carries it
FACTORS, NEAR = (1000.0, 100.0, 1e-2, 1e-3), 0.3  # that units differ by; share by which a ratio of speeds may be beside one of them
WHILE, AS_FAR, MOSTLY = 1.0, 0.3, 0.6  # s in which a thing goes as far as its hand; share of its way; of the time, in a hand 0.75 and more
CLOSE = 0.005  # m: a thing that is mostly no further from where its hand carries it has no delay that counts
REACH = 0.3  # m from the middle of a grip to the place of a thing in it
SOFT = 1e-2  # of the turns of a hand, by which its place in the hand is held near the grip
TURNED = 0.25  # rad that a hand turns at the least, to tell the order of the numbers of a turn
OTHERWISE, LEFT = 0.15, 0.25  # rad by which turns are others than those of the hand; share that another order leaves of it
ORDERS = {"xyzw": (3, 0, 1, 2)}  # of what stands in w, x, y, z: where w, x, y and z are
SOME, LONGEST = 60, 4  # rows of a carry, beyond which not every one is asked; carries of a thing, of which no more are
EYE = np.eye(3)  # the frame of the hands
FASTEST = 60.0  # m/s: what is thrown goes at 30


@dataclass(frozen=True)
class Carry:
    """A thing in a hand, in some of its rows.

    Attributes:
        rows: of the thing; hand: on the rows of the thing.
        late: rows by which the thing is late; factor: what is recorded as metres, of a metre.
        frame: (3, 3) from the hand's frame to that of the poses.
        apart: (m,) m by which it is elsewhere in the hand, in each of these rows.
    """

    rows: np.ndarray
    hand: CarryingHand
    late: int
    factor: float
    frame: np.ndarray
    apart: np.ndarray


@dataclass(frozen=True)
class CarriedThing:
    """A thing that goes somewhere, beside the hands.

    Attributes:
        name; columns: of its place, and of its turn where no hand carries it.
        frame: of its poses; held: (3,) m from the hand to it, in the frame of the hands; None and empty where no hand carries it.
        way: m that it goes; alone: whether no hand goes with it, in whatever frame.
    """

    name: str
    columns: tuple[str, ...]
    way: float
    frame: FrameOfThing | None = None
    held: tuple[float, ...] = ()
    alone: bool = False


@dataclass(frozen=True)
class CarriedThings:
    """What hands say of things: what contradicts them, the columns that they bear out, and each thing that goes somewhere."""

    differences: tuple[Difference, ...] = ()
    compared: frozenset[str] = frozenset()
    things: tuple[CarriedThing, ...] = ()


def carried_things(things: Sequence[PosedThing], hands: Sequence[CarryingHand]) -> CarriedThings:
    """Each thing that a hand carries, against that hand; and those that move as no thing does, whoever carries them."""
    found: list[Difference] = []
    compared: set[str] = set()
    every: list[CarriedThing] = []
    unsure: list[tuple[PosedThing, FrameOfThing]] = []
    for thing in things:
        goes = float(np.ptp(thing.pos, axis=0).max())
        if not np.isfinite(goes) or goes < max(0.5 * WAY * 1e-3, SCATTER * thing.noise):
            continue
        best = _best(thing, hands)
        columns = tuple(f"{thing.topic}/{name}" for name in thing.names)
        if best is None:
            found += _too_fast(thing, things)
            if goes > WAY and _measured(hands):
                turns = tuple(f"{thing.topic}/{name}" for name in thing.turns)
                every.append(CarriedThing(thing.name, (*columns, *turns), goes, alone=_goes_alone(thing, hands)))
            continue
        carries, as_recorded = best
        one = carries[0]
        ways = [_way(thing, each) for each in carries]
        held = [median(each) for each in np.concatenate([x - p for x, p, _ in ways]).T]
        if not one.hand.measured:
            frame = FrameOfThing(one.frame)
        elif float(np.linalg.norm(held[:2])) < HELD and all(each.frame is EYE for each in carries):
            frame = FrameOfThing(EYE, own=True)
        else:
            frame = frame_of(ways, _in_the_hand)
        every.append(CarriedThing(thing.name, columns, goes, frame, tuple(held)))
        unsure += [] if frame.known and frame.axes is None else [(thing, frame)]
        compared |= set(columns) if frame.known else set()
        beside = [other for other in things if other.stream is thing.stream]
        if one.factor != 1.0:
            found.append(_in_another_unit(thing, beside, one.factor))
        elif one.late:
            late = _late(thing, carries, as_recorded)
            found += [late] if late is not None else []
        if thing.turns:
            turned = _turned_otherwise(thing, carries, frame, beside)
            compared |= {f"{thing.topic}/{name}" for name in thing.turns} if turned is not None else set()
            found += turned or ()
    own = {one.name for one in every if one.frame is not None and one.frame.own}
    for thing, frame in unsure:
        others = any(other.name in own for other in things if other is not thing and other.stream is thing.stream)
        if frame.axes is not None or (others and frame.likely):
            found.append(_mirrored(thing, frame, others))
        if frame.axes is not None or others:
            compared |= {f"{thing.topic}/{name}" for name in thing.names}
    return CarriedThings(tuple(_together(found)), frozenset(compared), tuple(every))


def _way(thing: PosedThing, carry: Carry) -> Way:
    """The places of a thing while it is carried, those of the hand, and its turns."""
    at = np.clip(carry.rows - carry.late, 0, len(thing.t) - 1)
    return thing.pos[carry.rows] / carry.factor, carry.hand.pos[at], carry.hand.turn[at]


def _mirrored(thing: PosedThing, frame: FrameOfThing, others_are: bool) -> Difference:
    """Axes of the places of a thing that are mirrored or exchanged; `others_are`: at the hands that carry them, as recorded, in its stream.
    """
    axes = frame.axes or frame.likely or "xyz"
    names = tuple(name for axis, name in zip("xyz", thing.names) if axis in axes)
    certain = frame.certain or others_are
    numbers: dict[str, float | str] = {"axes": axes} | ({} if certain else {"frame_angle": frame.angle})
    return Difference.over(
        thing.t, names, "pose", None, frame.size, "m", "copied" if len(axes) == 2 else "mirrored", certain=certain,
        limit=APART, weight=9.0 * len(names) * len(thing.t), numbers=numbers | ({"other": names[1]} if len(axes) == 2 else {}),
        undone=1.0 - min(1.0, frame.left / frame.size) ** 2, stream=thing.topic, bound="carried",
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- the best fit
def _best(thing: PosedThing, hands: Sequence[CarryingHand]) -> tuple[list[Carry], float] | None:
    """The carries of a thing by the hand, delay and factor that fit best, and how far [m] it departs with no delay; None: none fits."""
    near = max(1, round(ABOUT / thing.dt))
    n = len(thing.t)
    if n < 4 * near or not hands:
        return None
    speed = _speed(thing.pos, near, thing.dt)
    fast = float(np.partition(speed, -1 - n // 50)[-1 - n // 50])
    spans = [(a, b) for a, b in runs(speed > MOVES * fast) if (b - a) * thing.dt >= STRETCH]
    if not spans:
        return None
    spans = sorted(sorted(spans, key=lambda one: -float(speed[one[0] : one[1] + 1].sum()))[:LONGEST])
    rows = np.concatenate([np.arange(a, b + 1) for a, b in spans])
    some = rows[:: -(-len(rows) // SOME)]
    near_by = [one.at(thing.t) for one in hands]
    speeds = [_speed(one.pos, near, thing.dt) for one in near_by]
    likely = np.argsort([-_alike(speed[some], theirs[some]) for theirs in speeds], kind="stable").tolist()
    best: tuple[list[Carry], float] | None = None
    for k in likely:
        ratio = float(speed[some] @ speeds[k][some]) / max(float(speeds[k][some] @ speeds[k][some]), 1e-12)
        fitted = _carries(thing, near_by[k], spans, 0, _factor(ratio, near_by[k]))
        if fitted is not None and (best is None or _size(fitted) < _size(best[0])):
            best = fitted, 0.0
        if best is not None and all(median(one.apart) < CLOSE for one in best[0]):
            return best
    reach = round(LATEST / thing.dt)
    lags = np.arange(-reach, reach + 1)
    for hand, theirs in zip(near_by, speeds):
        of = theirs[np.clip(some[None, :] - lags[:, None], 0, n - 1)]
        power = np.maximum((of**2).sum(axis=1), 1e-12)
        apart = 1.0 - (of @ speed[some]) ** 2 / (power * float(speed[some] @ speed[some]))
        top = int(apart.argmin())
        late, factor = int(lags[top]), _factor(float(of[top] @ speed[some]) / float(power[top]), hand)
        if abs(late) * thing.dt < LATE or apart[top] > min(UNLIKE, RIGID * apart[reach]):
            continue
        fitted = _carries(thing, hand, spans, late, factor)
        if fitted is None or (best is not None and _size(fitted) > RIGID * _size(best[0])):
            continue
        fitted = _nearer(thing, hand, spans, late, factor, fitted)
        plain = _carries(thing, hand, spans, 0, factor, least=0.0)
        best = fitted, float(np.concatenate([one.apart for one in plain]).max()) if plain is not None else 0.0
    return best


def _goes_alone(thing: PosedThing, hands: Sequence[CarryingHand]) -> bool:
    """Whether a thing goes somewhere while mostly no measured hand goes as far as it does in the same time, in whatever frame."""
    rows = max(1, round(WHILE / thing.dt))
    if len(thing.t) <= rows:
        return False

    def far(pos: np.ndarray) -> np.ndarray:
        return np.asarray(np.linalg.norm(pos[rows:] - pos[:-rows], axis=1))

    goes = far(thing.pos)
    some = np.flatnonzero(goes > max(0.5 * WAY, SCATTER * thing.noise))
    beside = (np.abs(far(hand.at(thing.t).pos) - goes)[some] < AS_FAR * goes[some] + APART for hand in _measured(hands))
    return len(some) > 0 and all(float(one.mean()) < MOSTLY for one in beside)


def _measured(hands: Sequence[CarryingHand]) -> list[CarryingHand]:
    return [hand for hand in hands if hand.measured]


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    power = float(other @ other)
    return float(one @ other) ** 2 / power if power > 0.0 else 0.0


def _factor(ratio: float, hand: CarryingHand) -> float:
    """The known factor that a ratio of speeds may be, roughly; else one. A hand that is recorded may be in another unit itself."""
    return next((f for f in FACTORS if hand.measured and abs(ratio / f - 1.0) < NEAR), 1.0)


def _size(carries: Sequence[Carry]) -> float:
    """Root mean square [m] by which a thing is elsewhere in the hand."""
    return float(np.sqrt(np.mean(np.concatenate([one.apart for one in carries]) ** 2)))


def _mostly(carries: Sequence[Carry]) -> float:
    """The same of most of its rows: as it is taken and put down it may slip."""
    apart = np.sort(np.concatenate([one.apart for one in carries]))
    return float(np.sqrt(np.mean(apart[: 1 + int(MOST * len(apart))] ** 2)))


def _speed(pos: np.ndarray, near: int, dt: float) -> np.ndarray:
    """(n,) m/s over the rows about each."""
    out = np.zeros(len(pos))
    out[near:-near] = np.linalg.norm(pos[2 * near :] - pos[: -2 * near], axis=1) / (2.0 * near * dt)
    return out


def _nearer(
    thing: PosedThing, hand: CarryingHand, spans: Sequence[tuple[int, int]], late: int, factor: float, fitted: list[Carry]
) -> list[Carry]:
    """With the delay of the rows beside it that fits best."""
    best = fitted
    for k in range(late - 3, late + 4):
        other = _carries(thing, hand, spans, k, factor) if k != late else None
        if other is not None and _mostly(other) < _mostly(best):
            best = other
    return best


def _carries(
    thing: PosedThing, hand: CarryingHand, spans: Sequence[tuple[int, int]], late: int, factor: float, least: float = MOST
) -> list[Carry] | None:
    """Each stretch in which a thing moves, in the hand as it was `late` rows before; None where the hand carries too little of its way."""
    n, out = len(thing.t), list[Carry]()
    way = borne = 0.0
    for a, b in spans:
        rows = np.arange(a, b + 1)[:: -(-(b - a + 1) // SOME)]
        at = np.clip(rows - late, 0, n - 1)
        x = thing.pos[rows] / factor
        goes = float(np.linalg.norm(np.diff(x, axis=0), axis=1).sum())
        way += goes
        if goes < 0.5 * WAY:
            continue
        p, r = hand.pos[at], hand.turn[at]
        frame = EYE
        apart = _in_the_hand(x, p, r, frame)[0]
        fits_so = median(apart) <= 0.5 * APART and float((apart < APART).mean()) >= MOST
        for sign in () if fits_so and least > 0.0 else (1.0, -1.0):
            turned = fitted_frame([(x, p, r)], _in_the_hand, sign)
            other = _in_the_hand(x, p, r, turned)[0]
            if median(other) < RIGID * median(apart) or (other < APART).mean() >= MOST > (apart < APART).mean():
                frame, apart = turned, other
        fits = apart < APART
        if fits.mean() < 0.5 and least > 0.0:
            continue
        borne += goes * float(fits.mean())
        out.append(Carry(rows, hand, late, factor, frame, apart))
    if not out or way < WAY or borne < least * way or borne * float(least > 0.0) < WAY * float(least > 0.0):
        return None
    out.sort(key=lambda one: -len(one.rows))
    return out


def _in_the_hand(x: np.ndarray, p: np.ndarray, r: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m,) how far [m] a thing at x (m, 3) is from where a hand at p, turned by r (m, 3, 3), carries it, if the poses are in a frame; and
    (3,) where it is in the hand."""
    kept = np.arange(len(x))
    y = x @ frame - p  # in the hand's frame of reference: the place in the hand, turned with it, and one move
    apart, held = np.zeros(len(x)), np.zeros(3)
    for last in (False, True):
        mean_r, mean_y = r[kept].mean(axis=0), y[kept].mean(axis=0)
        turns, ways = r - mean_r, y - mean_y
        normal = np.einsum("tji,tjk->ik", turns[kept], turns[kept]) / len(kept) + SOFT * EYE
        held = np.linalg.solve(normal, np.einsum("tji,tj->i", turns[kept], ways[kept]) / len(kept))
        size = float(np.linalg.norm(held))
        held = held * min(1.0, REACH / size) if size > 0.0 else held
        away = ways - turns @ held
        away -= np.partition(away[kept], len(kept) // 2, axis=0)[len(kept) // 2]
        apart = np.linalg.norm(away, axis=1)
        if last or apart.max() < 0.5 * APART:
            break
        kept = np.flatnonzero(apart <= max(3.0 * median(apart), 1e-6))
    return apart, held


# ---------------------------------------------------------------------------------------------------------------- reasons
def _in_another_unit(thing: PosedThing, beside: Sequence[PosedThing], factor: float, bound: str = "carried") -> Difference:
    """Places of a thing, and of those of its stream that are as far away, in another unit."""
    size = float(np.linalg.norm(thing.pos, axis=1).max())
    alike = [one for one in beside if one is thing or (factor > 1.0 and float(np.abs(one.pos).max()) > ROOM)]
    names = tuple(name for one in alike for name in one.names)
    return Difference.over(
        thing.t, names, "pose", None, size, "m", "factor", certain=True, numbers={"factor": factor}, stream=thing.topic,
        limit=APART if bound == "carried" else ROOM, weight=9.0 * len(names) * len(thing.t), bound=bound,
    )  # fmt: skip


def _too_fast(thing: PosedThing, things: Sequence[PosedThing]) -> Iterator[Difference]:
    """A thing that is beyond any room, and goes faster than anything is thrown, row after row: it is in another unit."""
    if float(np.abs(thing.pos).max()) <= ROOM:
        return
    speed = np.linalg.norm(np.diff(thing.pos, axis=0), axis=1) / np.maximum(np.diff(thing.t), 1e-6)
    many = (speed > FASTEST).sum() >= 5
    if many and float(np.abs(thing.pos).max()) / FACTORS[0] <= ROOM and float(np.quantile(speed, 0.99)) / FACTORS[0] <= FASTEST:
        yield _in_another_unit(thing, [one for one in things if one.stream is thing.stream], FACTORS[0], "room")


def _late(thing: PosedThing, carries: Sequence[Carry], as_recorded: float) -> Difference | None:
    """A thing that goes with its hand some time later, or earlier."""
    late = carries[0].late * thing.dt
    size = _size(carries)
    if abs(late) < LATE or abs(late) > LATEST - LATE or as_recorded <= APART or size > RIGID * as_recorded:
        return None
    first, last = min(int(one.rows[0]) for one in carries), max(int(one.rows[-1]) for one in carries)
    return Difference.over(
        thing.t, (*thing.names, *thing.turns), "pose", (first, last), as_recorded, "m", "lag", certain=True, limit=APART,
        weight=(as_recorded / APART) ** 2 * (last - first + 1), numbers={"late": late}, undone=1.0 - size**2 / as_recorded**2,
        stream=thing.topic, bound="carried",
    )  # fmt: skip


def _turned_otherwise(
    thing: PosedThing, carries: Sequence[Carry], frame: FrameOfThing, beside: Sequence[PosedThing]
) -> list[Difference] | None:
    """A thing that turns about other axes than its hand, and about the same ones with its numbers in another order; empty where it turns
    with it, None where no hand turns enough to tell."""
    n = len(thing.t)
    for carry in carries:
        rows = carry.rows[carry.apart < APART]
        if len(rows) < 8:
            continue
        quat = thing.quat[rows]
        size = np.linalg.norm(quat, axis=1, keepdims=True)
        if not (np.isfinite(quat).all() and (np.abs(size - 1.0) < 0.01).all()):
            return None
        hand = carry.hand.turn[np.clip(rows - carry.late, 0, n - 1)]
        middle = len(rows) // 2
        turn = EYE if frame.axes is not None else carry.frame if np.linalg.det(carry.frame) > 0.0 else frame.turn
        theirs = turn @ (hand @ hand[middle].T) @ turn.T
        if float(_angle(theirs).max()) < TURNED:
            continue
        left = _left(theirs, quat / size, middle)
        if left <= OTHERWISE:
            return []
        for order, places in ORDERS.items():
            other = _left(theirs, quat[:, places] / size, middle)
            if other <= LEFT * left:
                names = tuple(name for one in beside for name in one.turns)
                found = Difference.over(
                    thing.t, names, "pose", None, left, "rad", "copied", certain=True, numbers={"order": order},
                    stream=thing.topic, limit=OTHERWISE, weight=9.0 * len(names) * n, undone=1.0 - other**2 / left**2, bound="carried",
                )  # fmt: skip
                return [found]
    return None


def _left(theirs: np.ndarray, quat: np.ndarray, middle: int) -> float:
    """Root mean square angle [rad] between the turns of a hand since some row and those of a thing."""
    turns = matrices(quat)
    mine = turns @ turns[middle].T
    return float(np.sqrt(np.mean(_angle(np.swapaxes(theirs, 1, 2) @ mine) ** 2)))


def _angle(turns: np.ndarray) -> np.ndarray:
    """(m,) rad of turns (m, 3, 3)."""
    return np.arccos(np.clip(0.5 * (np.trace(turns, axis1=1, axis2=2) - 1.0), -1.0, 1.0))


def _together(found: Sequence[Difference]) -> list[Difference]:
    """What several things show alike, once."""
    out: list[Difference] = []
    for one in sorted(found, key=lambda d: -len(d.channels)):
        same = next((k for k, d in enumerate(out) if d.name == one.name and d.stream == one.stream and _as_late(d, one)), None)
        if same is None:
            out.append(one)
            continue
        lead = out[same]
        out[same] = replace(
            lead, channels=tuple(dict.fromkeys((*lead.channels, *one.channels))), first=min(lead.first, one.first), t0=min(lead.t0, one.t0),
            last=max(lead.last, one.last), t1=max(lead.t1, one.t1), size=max(lead.size, one.size), weight=max(lead.weight, one.weight),
        )  # fmt: skip
    return out


def _as_late(one: Difference, other: Difference) -> bool:
    """Whether two differences of one name have the same numbers, delays to within a tenth of a second."""
    if one.name != "lag":
        return one.numbers == other.numbers
    return abs(float(one.numbers["late"]) - float(other.numbers["late"])) < LATE
