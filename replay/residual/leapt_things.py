"""Things that are elsewhere from one row to the next and stay there: two that are exchanged, one of which the pose was held, or one that
is off from there on.

Whatever is pushed, dropped or struck comes into motion before it is elsewhere, and comes to rest after it. A step between two rows that
those beside it show nothing of asks for more than a blow gives. Where hands step as well, rows are lost, and no thing leapt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .departures import WitnessedColumn, departures, together
from .difference import Difference
from .posed_things import CarryingHand, PosedThing

LEAP = 0.04  # m beyond the steps beside it
LONE = 4.0  # times as far as these
STRUCK = 80.0  # m/s2 there and back within a row: what a hand shakes a thing by is 40
SCATTER = 12.0  # standard deviations of a coordinate
WITH_IT = 0.3  # of a leap, by which a hand that steps in this row shows that rows are lost
MANY = 4  # leaps of a thing, beyond which it is not said what each is
BACK = 0.3  # of a leap, from where it began that the next one comes back to
THERE = 0.2  # of a leap, by which a thing is beside the place that another one left
HELD, ABRUPT = 0.2, 0.05  # s that a pose stands, to the bit, before it leaps; m/s of what stops so from one row to the next
AS_FAR = 0.3  # of a leap, by which the way of a hand may be longer or shorter
LIMIT = 0.02  # m, as of what comes back
BELT, CREEPS = 0.5, 0.02  # s of a way before and after a leap that tell a belt; m/s that it goes at the least
EVEN, ALONG = 0.1, 0.95  # of that way, by which a thing may be beside an even one; cosine of a leap with it
APART = 0.5  # of a leap, that a thing goes before it leaps there again
PLAIN = 0.25  # of a leap, from where on a number of a place leapt, or turned


def leapt_things(things: Sequence[PosedThing], hands: Sequence[CarryingHand], found: Sequence[Difference]) -> list[Difference]:
    """Each leap of a thing that it does not come back from.

    Args:
        found: leaps there and back, which are named already.
    """
    leaps: list[tuple[PosedThing, list[int]]] = []
    for thing in things:
        rows = [row for row in _leaps(thing) if thing.seen[row - 1 : row + 1].all() and not _with_hands(thing, row, hands)]
        known = [d for d in found if set(d.channels) & {*thing.names, *thing.turns}]
        rows = [row for row in rows if not any(d.first - 1 <= row <= d.last + 2 for d in known)]
        if rows:
            leaps.append((thing, rows))
    out: list[Difference] = []
    for thing, rows in leaps:
        others = [other for other in things if other is not thing and other.stream is thing.stream]
        for row in rows[:1] if len(rows) > MANY else _without_ways_back(thing, rows):
            one = _exchanged(thing, row, others) or _held(thing, row, hands)
            new = [one] if one is not None else _off(thing, row, rows)
            out += [replace(d, certain=False) for d in new] if _is_put_back(thing, row, rows) else new
    return _once(out)


def _leaps(thing: PosedThing) -> list[int]:
    """Rows in which it is elsewhere at once."""
    steps = np.abs(np.diff(thing.pos, axis=0))
    if not np.nanmax(steps, initial=0.0) > LEAP / 2.0:
        return []
    every, phase = thing.every
    pos = thing.pos[phase::every]
    if len(pos) < 4:
        return []
    step = np.diff(pos, axis=0)
    beside = np.linalg.norm(step, axis=1)
    alone = np.linalg.norm(step[1:-1] - 0.5 * (step[:-2] + step[2:]), axis=1)
    most = np.maximum(beside[:-2], beside[2:])
    least = max(LEAP, SCATTER * thing.noise, 0.25 * STRUCK * (every * thing.dt) ** 2)
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((alone > least) & (alone > LONE * most)) + 2
    at = [int(phase + every * row) for row in rows]
    way = np.concatenate([[0.0], np.linalg.norm(np.diff(thing.pos, axis=0), axis=1)])
    return [row - every + 1 + int(np.argmax(way[row - every + 1 : row + 1])) for row in at]


def _without_ways_back(thing: PosedThing, rows: Sequence[int]) -> list[int]:
    """The leaps, without those that undo the one before."""
    kept, away = list[int](), np.zeros(3)
    for row in rows:
        leap = thing.pos[row] - thing.pos[row - 1]
        back = np.linalg.norm(leap + away) < BACK * np.linalg.norm(leap)
        kept += [] if back else [row]
        away = np.zeros(3) if back else leap
    return kept


def _is_put_back(thing: PosedThing, row: int, rows: Sequence[int]) -> bool:
    """Whether a thing may have been put back there, or the next one of its name: it leaps from the same place to the same one again and
    again, or on a belt, back along a straight and even way."""
    pos = thing.pos
    leap = pos[row] - pos[row - 1]
    size = float(np.linalg.norm(leap))
    for other in rows:
        ends = max(float(np.linalg.norm(pos[other + k] - pos[row + k])) for k in (-1, 0))
        between = np.linalg.norm(pos[min(row, other) : max(row, other)] - pos[row], axis=1)
        if other != row and ends < THERE * size and between.max() > APART * size:
            return True
    many = round(BELT / thing.dt)
    if row <= many or row + many >= len(pos):
        return False
    before, after = np.diff(pos[row - 1 - many : row], axis=0), np.diff(pos[row : row + many + 1], axis=0)
    by = 0.5 * (before.mean(axis=0) + after.mean(axis=0))
    pace = float(np.linalg.norm(by))
    uneven = max(float(np.linalg.norm(np.cumsum(each - by, axis=0), axis=1).max()) for each in (before, after))
    return pace > CREEPS * thing.dt and uneven < EVEN * pace * many and float(leap @ by) < -ALONG * size * pace


def _with_hands(thing: PosedThing, row: int, hands: Sequence[CarryingHand]) -> bool:
    """Whether a hand steps in this row as well."""
    leap = float(np.linalg.norm(thing.pos[row] - thing.pos[row - 1]))
    for hand in hands:
        k = int(np.abs(hand.t - thing.t[row]).argmin())
        for at in range(max(k - 1, 2), min(k + 2, len(hand.t) - 1)):
            p = hand.pos
            alone = np.linalg.norm(p[at] - p[at - 1] - 0.5 * (p[at - 1] - p[at - 2] + p[at + 1] - p[at]))
            if alone > WITH_IT * leap:
                return True
    return False


def _exchanged(thing: PosedThing, row: int, others: Sequence[PosedThing]) -> Difference | None:
    """Two things, each of which is from this row on where the other one was."""
    leap = np.linalg.norm(thing.pos[row] - thing.pos[row - 1])
    for other in others:
        here = np.linalg.norm(thing.pos[row] - other.pos[row - 1])
        there = np.linalg.norm(other.pos[row] - thing.pos[row - 1])
        if max(here, there) < THERE * leap:
            last = len(thing.t) - 1
            return Difference.over(
                thing.t, (*thing.names, *thing.turns, *other.names, *other.turns), "pose", (row, last), float(leap), "m", "copied",
                certain=True, numbers={"other": other.name}, stream=thing.topic, limit=LIMIT, weight=1e4 * (last - row + 1),
                bound="before",
            )  # fmt: skip
    return None


def _held(thing: PosedThing, row: int, hands: Sequence[CarryingHand]) -> Difference | None:
    """The pose before the leap, where it stands to the bit and stood so from one row to the next: it was written again while the thing
    went on. It goes on after the leap, or a hand went as far meanwhile."""
    pos, every = thing.pos, thing.every[0]
    same = (pos[1:row] == pos[: row - 1]).all(axis=1)
    stands = int(np.argmin(same[::-1])) if not same.all() else len(same)
    first = row - stands
    if stands * thing.dt < HELD or stands < 3 * every or first < 1 + every:
        return None
    before = float(np.linalg.norm(pos[first - 1] - pos[first - 1 - every])) / (every * thing.dt)
    if before < ABRUPT:
        return None
    after = float(np.linalg.norm(pos[min(row + every, len(pos) - 1)] - pos[row])) / (every * thing.dt)
    leap = float(np.linalg.norm(pos[row] - pos[first - 1]))
    ways = [float(np.linalg.norm(np.diff(hand.at(thing.t[[first - 1, row]]).pos, axis=0))) for hand in hands]
    if after < ABRUPT and not any(abs(way - leap) < AS_FAR * leap for way in ways):
        return None
    share = np.arange(1, row - first + 1)[:, None] / (row - first + 1)
    apart = np.linalg.norm(share * (pos[row] - pos[first - 1]), axis=1)  # from a straight way
    size = float(apart.max())
    if size <= LIMIT:
        return None
    return Difference.over(
        thing.t, (*thing.names, *thing.turns), "pose", (first, row - 1), size, "m", "held", certain=True, stream=thing.topic, limit=LIMIT,
        weight=float(((apart / LIMIT) ** 2).sum()), bound="before",
    )  # fmt: skip


def _off(thing: PosedThing, row: int, rows: Sequence[int]) -> list[Difference]:
    """A place that is another one from this row on, up to the next leap."""
    pos, n = thing.pos, len(thing.pos)
    last = n - 1 if len(rows) > MANY else min([other - 1 for other in rows if other > row], default=n - 1)
    leap = pos[row] - pos[row - 1] - 0.5 * (pos[row - 1] - pos[row - 2] + pos[min(row + 1, n - 1)] - pos[row])
    found: list[Difference] = []
    for j in np.flatnonzero(np.abs(leap) > PLAIN * np.linalg.norm(leap)).tolist():
        truth = pos[:, j] - leap[j] * ((np.arange(n) >= row) & (np.arange(n) <= last))
        found += departures(_column(thing, j, truth, row, last))
    out = together(found)
    return [replace(d, name=None, explained=0.0, numbers={}) for d in out] if len(rows) > MANY else out


def _column(thing: PosedThing, j: int, truth: np.ndarray, first: int, last: int) -> WitnessedColumn:
    bad = np.zeros(len(truth), bool)
    bad[first : last + 1] = np.abs(thing.pos[first : last + 1, j] - truth[first : last + 1]) > LIMIT
    others = {name: x for k, (name, x) in enumerate(zip(thing.names, thing.pos.T)) if k != j}
    return WitnessedColumn(
        thing.names[j], "pose", "m", thing.topic, thing.t, thing.pos[:, j], np.where(bad, truth, thing.pos[:, j]), bad, bad, LIMIT,
        max(thing.noise, 1e-3), others, bound="before",
    )  # fmt: skip


def _once(found: Sequence[Difference]) -> list[Difference]:
    """Of two things that are exchanged the one difference, and of their rows no other."""
    out: list[Difference] = []
    for one in found:
        if not any(d.name == "copied" and set(one.channels) <= set(d.channels) and one.first >= d.first for d in out):
            out.append(one)
    return out
