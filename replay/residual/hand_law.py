"""How a hand goes to where it is commanded, from one take, and what of its way no drive and nothing in its fingers does.

A hand is a delay, a lag and a largest speed; what it closes on stops it. So from one row to the next it goes as far as its drive takes it,
or less, down to nothing. It goes no faster, and by itself nowhere else. Of all laws that explain most of its steps the one counts that
leaves least: a take does not tell a delay from a lag where a hand moves seldom.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..signals.signal import over_runs
from ..signals.statistics import median, median_size, percentile
from .case import Case, whole_step
from .departures import joined
from .difference import JOIN, Difference
from .hands import COUNTED
from .hypotheses import best
from .relations import shifted
from .table import Group, RecordedChannel
from .whole_speeds import WHILE

STEP = 0.004  # of its way in a row, from where on a hand moves
FEW, MANY = 8, 100  # rows in which it moves: of fewer no law is fitted, of more so many are taken
LATEST, PART = 0.6, 0.5  # s; of a row, by which delays are distinguished
LAGS = (0.0, 0.02, 0.04, 0.07, 0.1, 0.15, 0.22, 0.35)  # s
PERCENTILES, ABOUT = (60, 80, 95), 1.02  # of the speeds at which it moves: its largest one may be about that
MOST = 0.75  # of its steps, those that a law explains best: the rest are of things that it meets
KNOWN = 0.2  # of its steps, that the law leaves of these at the most; clean hands of four real sets leave 0.06 to 0.6
NEARLY, AS_WELL, OF_EACH = 1.5, 0.03, 4  # times what the best law leaves, and share of the steps, that others may; laws of a delay
# rows -> of its way, that a hand may be ahead of what its drive can do in so many, on its way there; clean hands whose law is known reach
# half of it in five real sets, and all of it in none of 423 that `benchmarks/unseen_servos.py` steps (seeds 0 to 299)
AHEAD = {1: 0.12, 2: 0.10, 4: 0.07, 8: 0.06, 15: 0.06, 30: 0.06}
# of its way, that things and other fingers push a hand that has come to its command, and one that they hold back from it; clean thumbs of a
# real set reach 0.11 of the first
PUSHED, HELD_BACK = 0.13, 0.18
# of its steps, that a law leaves at the most of a hand that nothing pushes much; the same limits of it. Clean ones of five real sets and of
# `benchmarks/unseen_servos.py` (seeds 0 to 249) reach 0.019 and 0.035
SHARP, PUSHED_LITTLE, HELD_LITTLE = 0.15, 0.06, 0.08
HOLDS, HALF = 0.05, 0.5  # of its way, that a hand is short of its command; share of its drive, that one that is held back does less than
GIVES = 0.15  # of what its command changes meanwhile, by which a thing in its fingers lets it come along or pushes it back
WITHIN = 6  # rows in which a hand goes less far than its drive takes it
BEGINS = 1.0  # s that what was commanded before the first row may last
THERE = 0.02  # of its way, within which it is where it is measured
BESIDE = 0.05  # of its way, that a row counts as beside what the drive does
SURE = 0.9  # of the squared distance, that a reason explains


LIMITS = np.array([*AHEAD.values(), PUSHED, HELD_BACK])
SHARPER = np.array([*AHEAD.values(), PUSHED_LITTLE, HELD_LITTLE])


@dataclass(frozen=True)
class HandLaw:
    """late: rows, whole ones or a half; lag: [s]; fastest: [1/s]; held: rows; left: share of its steps that it leaves, of those that it
    explains best."""

    late: float
    lag: float
    fastest: float
    held: int
    left: float

    def beyond(self, c: np.ndarray, q: np.ndarray, dt: float) -> np.ndarray:
        """(n,) how far a hand is from where it can have got within 1 to 30 rows, the most of these, in the limit of each."""
        limits = SHARPER if self.left <= SHARP else LIMITS
        return np.asarray((self.overruns(c, q, dt, float(limits.min())) / limits[:, None]).max(axis=0))

    def overruns(self, c: np.ndarray, q: np.ndarray, dt: float, least: float) -> np.ndarray:
        """(8, n) how far a hand is ahead of what its drive can do in each of `AHEAD`, on its way there; away from its command; and the
        same of one that is held back. From where it goes no further than `least`, nothing is asked."""
        n, longest = len(q), max(AHEAD)
        after = np.concatenate([q, np.full(longest, q[-1])])
        most_away = np.maximum(over_runs(np.maximum, after, longest + 1) - q, q - over_runs(np.minimum, after, longest + 1))
        rows = np.flatnonzero(most_away > least)  # from the others on it goes nowhere that may be too far
        out, begins = np.zeros((len(LIMITS), n)), min(n, round(BEGINS / dt))
        if not len(rows):
            return out
        share, most, sent = _share(self.lag, dt), self.fastest * dt, _later(c, self.late)
        low, high, lowest, largest = q[rows], q[rows], sent[rows], sent[rows]
        short, before = sent[rows] - low, q[np.maximum(rows - 1, 0)]
        goes, drive = (low - before) * np.sign(short), np.clip(share * np.abs(sent[rows] - before), 0.0, most)
        held_back = (np.abs(short) > HOLDS) & (goes < HALF * drive)
        ahead, behind = short > HOLDS, short < -HOLDS
        for k in range(1, longest + self.held + 1):
            now = sent[np.minimum(rows + k, n - 1)]
            low, high = low + np.clip(share * (now - low), -most, 0.0), high + np.clip(share * (now - high), 0.0, most)
            lowest, largest = np.minimum(lowest, now), np.maximum(largest, now)
            count = k - self.held
            if count not in AHEAD:
                continue
            ends, gives = np.minimum(rows + count, n - 1), GIVES * (largest - lowest)
            of = tuple(AHEAD).index(count)
            for away, towards in ((q[ends] - high, ahead), (low - q[ends], behind)):
                which = np.where(towards, of, np.where(held_back, len(LIMITS) - 1, len(LIMITS) - 2))
                np.maximum.at(out, (which, ends), away - gives)
        out[:, :begins] = 0.0
        return out

    def short(self, c: np.ndarray, q: np.ndarray, dt: float) -> np.ndarray:
        """(2, n) by how much less far a hand goes in `WITHIN` rows than its drive takes it all that time: up, and down. What it closes on
        does so in one of the two."""
        share, most, sent, n = _share(self.lag, dt), self.fastest * dt, _later(c, self.late), len(q)
        at, up, down, rows = q.copy(), np.ones(n, bool), np.ones(n, bool), np.arange(n)
        due = at
        for k in range(1, WITHIN + self.held + 1):
            by = np.clip(share * (sent[np.minimum(rows + k, n - 1)] - at), -most, most)
            at, up, down = at + by, up & (by >= 0.0), down & (by <= 0.0)
            due = at if k == WITHIN else due
        ends, out = np.minimum(rows + WITHIN + self.held, n - 1), np.zeros((2, n))
        for side, which, size in ((0, up, due - q[ends]), (1, down, q[ends] - due)):
            np.maximum.at(out[side], ends[which], size[which])
        out[:, : min(n, round(BEGINS / dt) + WITHIN)] = 0.0
        return out

    def nearest(self, c: np.ndarray, q: np.ndarray, dt: float, first: int, last: int) -> np.ndarray:
        """(n,) what its drive can do from row `first` on that is nearest to what is measured (n,), until it is there after row `last`."""
        way = q.copy()
        at = float(q[first])
        share, most = _share(self.lag, dt), self.fastest * dt
        for row, to in enumerate(_later(c, self.late)[first + 1 :].tolist(), first + 1):
            step = min(max(share * (to - at), -most), most)
            way[row] = at = min(max(float(q[row]), at + min(step, 0.0)), at + max(step, 0.0))
            if row > last and abs(at - q[row]) < STEP:
                break
        return way

    def freely(self, c: np.ndarray, q: np.ndarray, dt: float, first: int, last: int) -> np.ndarray:
        """(n,) what its drive does from row `first` on where nothing stops it, until it stays there after row `last`."""
        way, there = q.copy(), 0
        at = float(q[first])
        share, most = _share(self.lag, dt), self.fastest * dt
        for row, to in enumerate(_later(c, self.late)[first + 1 :].tolist(), first + 1):
            way[row] = at = at + min(max(share * (to - at), -most), most)
            there = there + 1 if row > last and abs(at - q[row]) < THERE else 0
            if there > FEW:
                way[row - there + 1 :] = q[row - there + 1 :]
                break
        return way


def beside_drives(group: Group) -> list[Difference]:
    """Where the hands of a group are measured to be where no drive and nothing in their fingers has them."""
    found: list[Difference] = []
    for channel in group.both:
        if channel.is_of_two_places:
            continue
        c, q = channel.columns["command"], channel.columns["measured"]
        if median_size(c) > COUNTED or (known := against_law(c, q, group.dt, group.held_commands)) is None:
            continue
        law, away = known
        named = -1  # the last row that a difference of this hand holds
        for first, last in joined(away > 1.0):
            if first > named:
                found.append(_beside(group, channel, law, first, last))
                named = found[-1].last
    return found


def _beside(group: Group, channel: RecordedChannel, law: HandLaw, first: int, last: int) -> Difference:
    """The rows around first..last in which a hand is beside the nearest that its drive can do, with what explains them."""
    q = channel.columns["measured"]
    way = law.nearest(channel.columns["command"], q, group.dt, max(0, first - JOIN), last)
    return of_way(group, channel, law, way, first, last, "hand_law")


def of_way(group: Group, channel: RecordedChannel, law: HandLaw, way: np.ndarray, first: int, last: int, bound: str) -> Difference:
    """The rows around first..last in which a hand is beside a way (n,), with what explains them.

    Args:
        bound: what the limit comes from, a word of `SOURCES`.
    """
    c, q = channel.columns["command"], channel.columns["measured"]
    bad = np.abs(q - way) > BESIDE
    bad[first : last + 1] = True
    first, last = next((a, b) for a, b in joined(bad) if a <= first <= b)
    truth = q.copy()
    truth[first : last + 1] = way[first : last + 1]
    case = Case(q, truth, first, last, group.dt, law.left * STEP, partner=c, way=1.0)
    why = best(case)
    sure = why if why is not None and why.explained > SURE else None
    return Difference.over(
        group.t, (channel.name,), "measured", (first, last), float(np.abs(q - truth).max()), "1", sure, certain=True, undone=1.0,
        stream=channel.topics["measured"], limit=BESIDE, weight=float(np.abs(q - truth).sum()) / BESIDE, cases=(case,), bound=bound,
    )  # fmt: skip


def against_law(c: np.ndarray, q: np.ndarray, dt: float, held: int = 1) -> tuple[HandLaw, np.ndarray] | None:
    """The law of a hand, measured (n,) and commanded (n,) in shares of its way, and (n,) how far it is beyond what its drive does, in the
    limit; None where no law explains how it moves. `held`: rows for which a command is written."""
    found: tuple[float, HandLaw, np.ndarray] | None = None
    for law in laws_of_hand(c, q, dt, held):
        away = law.beyond(c, q, dt)
        most = float(away.max())
        if found is None or most < found[0]:
            found = most, law, away
        if most < 0.5:
            break
    return None if found is None else (found[1], found[2])


def laws_of_hand(c: np.ndarray, q: np.ndarray, dt: float, held: int) -> Iterator[HandLaw]:
    """Laws that explain most of the steps nearly as well as the best one does, that one first.

    Steps are those within `WHILE` at the least: where rows are closer, a hand goes by one count of its encoder in one row and by two in the
    next, and neither is how fast it is.
    """
    held, apart = max(held, _held(q)), max(1, int(WHILE / dt + 1e-6))
    c, q, dt = c[::apart], q[::apart], dt * apart
    steps = np.diff(q)
    moves = np.flatnonzero(np.abs(steps) > STEP)
    if len(moves) < FEW:
        return
    moves = moves[:: -(-len(moves) // MANY)]
    steps = steps[moves]
    size = float(np.abs(steps).mean())
    over = np.abs(q[FEW:] - q[:-FEW]) / FEW  # of a coarse encoder a step is one of its values or two, and the speed lies between
    if not over.any():
        return
    paces = (*(percentile(np.abs(steps), of) for of in PERCENTILES), percentile(over[over > 0.0], PERCENTILES[-1]))
    different = np.unique(np.round(paces, 9))  # of an encoder most are the same, and would stand for others
    fastest = np.array([*(ABOUT * different), np.inf])[:, None]
    shares = np.array([_share(lag, dt) for lag in LAGS])[:, None, None]
    most = max(FEW // 2, round(MOST * len(moves)))
    delays = np.arange(0.0, round(LATEST / dt) + PART, PART)
    rounded = HALF * whole_step(q, STEP, few=HALF)
    short = np.array([_later(c, late)[moves + 1] for late in delays]) - q[moves]
    away = np.abs(steps - np.clip(shares * short[:, None, None], -fastest, fastest))
    left = np.partition(np.maximum(away - rounded, 0.0), most - 1, axis=-1)[..., :most].mean(axis=-1)
    best = float(left.min())
    if best > KNOWN * size:
        return
    enough = NEARLY * best + AS_WELL * size
    near = [(left[late].ravel()[k], late, k) for late in range(len(left)) for k in left[late].argsort(axis=None, kind="stable")[:OF_EACH]]
    laws = []
    for leaves, late, k in near:
        lag, speed = np.unravel_index(k, left[late].shape)
        laws.append((leaves, late, LAGS[lag], float(fastest[speed, 0]) / dt))
    for late, of in enumerate(short):  # a hand that is only led slowly does not show how fast it can go
        lag, leaves = _unbounded(steps, of, dt, most)
        laws.append((leaves, late, lag, np.inf))
    for leaves, late, lag, speed in sorted(each for each in laws if each[0] <= enough):
        yield HandLaw(apart * float(delays[late]), lag, speed, held, float(leaves) / size)


def _unbounded(steps: np.ndarray, short: np.ndarray, dt: float, most: int) -> tuple[float, float]:
    """The lag [s] of a hand of any speed by its steps (n,) where it is short of its command by so much (n,), and what it leaves of `most`
    of the steps in the mean."""
    asked = np.abs(short) > STEP
    share = median(steps[asked] / short[asked]) if asked.any() else 0.0
    if not 0.0 < share <= 1.0:
        return 0.0, np.inf
    away = np.abs(steps - share * short)
    return (-dt / float(np.log1p(-share)) if share < 1.0 else 0.0), float(np.partition(away, most - 1)[:most].mean())


def _later(x: np.ndarray, rows: float) -> np.ndarray:
    """(n,) so many rows later, whole ones or a part of one."""
    whole = int(rows)
    part = rows - whole
    return shifted(x, -whole) if part == 0.0 else (1.0 - part) * shifted(x, -whole) + part * shifted(x, -whole - 1)


def _share(lag: float, dt: float) -> float:
    """Of its way to the command that a hand goes in a row."""
    return 1.0 - float(np.exp(-dt / lag)) if lag > 0.0 else 1.0


def _held(q: np.ndarray) -> int:
    """Rows for which a measurement is written while the hand moves."""
    apart = np.diff(np.flatnonzero(np.diff(q)))
    apart = apart[apart < FEW]
    return int(np.median(apart)) if len(apart) > FEW // 2 else 1
