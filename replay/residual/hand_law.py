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
from ..signals.statistics import median_size
from .case import Case
from .departures import joined
from .difference import JOIN, Difference
from .hands import COUNTED
from .hypotheses import best
from .relations import shifted
from .table import Group, RecordedChannel

STEP = 0.004  # of its way in a row, from where on a hand moves
FEW, MANY = 8, 100  # rows in which it moves: of fewer no law is fitted, of more so many are taken
LATEST = 0.6  # s
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
HOLDS, HALF = 0.05, 0.5  # of its way, that a hand is short of its command; share of its drive, that one that is held back does less than
GIVES = 0.15  # of what its command changes meanwhile, by which a thing in its fingers lets it come along or pushes it back
BEGINS = 1.0  # s that what was commanded before the first row may last
BESIDE = 0.05  # of its way, that a row counts as beside what the drive does
SURE = 0.9  # of the squared distance, that a reason explains


@dataclass(frozen=True)
class HandLaw:
    """late, held: rows; lag: [s]; fastest: [1/s]; left: share of its steps that it leaves, of those that it explains best."""

    late: int
    lag: float
    fastest: float
    held: int
    left: float

    def beyond(self, c: np.ndarray, q: np.ndarray, dt: float) -> np.ndarray:
        """(n,) how far a hand is from where it can have got within 1 to 30 rows, the most of these, in the limit."""
        n, longest = len(q), max(AHEAD)
        after = np.concatenate([q, np.full(longest, q[-1])])
        most_away = np.maximum(over_runs(np.maximum, after, longest + 1) - q, q - over_runs(np.minimum, after, longest + 1))
        rows = np.flatnonzero(most_away > min(AHEAD.values()))  # from the others on it goes nowhere that may be too far
        out, begins = np.zeros(n), min(n, round(BEGINS / dt))
        if not len(rows):
            return out
        share, most, sent = _share(self.lag, dt), self.fastest * dt, shifted(c, -self.late)
        low, high, least, largest = q[rows], q[rows], sent[rows], sent[rows]
        short, before = sent[rows] - low, q[np.maximum(rows - 1, 0)]
        goes, drive = (low - before) * np.sign(short), np.clip(share * np.abs(sent[rows] - before), 0.0, most)
        limits = np.where(np.abs(short) <= HOLDS, PUSHED, np.where(goes < HALF * drive, HELD_BACK, PUSHED))
        ahead, behind = short > HOLDS, short < -HOLDS
        for k in range(1, longest + self.held + 1):
            now = sent[np.minimum(rows + k, n - 1)]
            low, high = low + np.clip(share * (now - low), -most, 0.0), high + np.clip(share * (now - high), 0.0, most)
            least, largest = np.minimum(least, now), np.maximum(largest, now)
            count = k - self.held
            if count not in AHEAD:
                continue
            ends, gives = np.minimum(rows + count, n - 1), GIVES * (largest - least)
            for away, towards in ((q[ends] - high, ahead), (low - q[ends], behind)):
                np.maximum.at(out, ends, (away - gives) / np.where(towards, AHEAD[count], limits))
        out[:begins] = 0.0
        return out

    def nearest(self, c: np.ndarray, q: np.ndarray, dt: float, first: int, last: int) -> np.ndarray:
        """(n,) what its drive can do from row `first` on that is nearest to what is measured (n,), until it is there after row `last`."""
        sent, way = shifted(c, -self.late), q.copy()
        share, most, at = _share(self.lag, dt), self.fastest * dt, float(q[first])
        for row in range(first + 1, len(q)):
            by = min(max(share * (float(sent[row]) - at), -most), most)
            at = min(max(float(q[row]), at + min(by, 0.0)), at + max(by, 0.0))
            way[row] = at
            if row > last and abs(at - q[row]) < STEP:
                break
        return way


def beside_drives(group: Group) -> list[Difference]:
    """Where the hands of a group are measured to be where no drive and nothing in their fingers has them."""
    found: list[Difference] = []
    for channel in group.channels:
        if not {"command", "measured"} <= set(channel.columns) or channel.is_of_two_places:
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
    c, q = channel.columns["command"], channel.columns["measured"]
    way = law.nearest(c, q, group.dt, max(0, first - JOIN), last)
    bad = np.abs(q - way) > BESIDE
    bad[first : last + 1] = True
    first, last = next((a, b) for a, b in joined(bad) if a <= first <= b)
    way[:first], way[last + 1 :] = q[:first], q[last + 1 :]
    case = Case(q, way, first, last, group.dt, law.left * STEP, partner=c, way=1.0)
    why = best(case)
    sure = why if why is not None and why.explained > SURE else None
    return Difference.over(
        group.t, (channel.name,), "measured", (first, last), float(np.abs(q - way).max()), "1", sure, certain=True, undone=1.0,
        stream=channel.topics["measured"], limit=BESIDE, weight=float(np.abs(q - way).sum()) / BESIDE, cases=(case,), bound="hand_law",
    )  # fmt: skip


def against_law(c: np.ndarray, q: np.ndarray, dt: float, held: int = 1) -> tuple[HandLaw, np.ndarray] | None:
    """The law of a hand, measured (n,) and commanded (n,) in shares of its way, and (n,) how far it is beyond what its drive does, in the
    limit; None where no law explains how it moves. `held`: rows for which a command is written."""
    found: tuple[float, HandLaw, np.ndarray] | None = None
    for law in _laws(c, q, dt, held):
        away = law.beyond(c, q, dt)
        most = float(away.max())
        if found is None or most < found[0]:
            found = most, law, away
        if most < 0.5:
            break
    return None if found is None else (found[1], found[2])


def _laws(c: np.ndarray, q: np.ndarray, dt: float, held: int) -> Iterator[HandLaw]:
    """Laws that explain most of the steps nearly as well as the best one does, that one first."""
    steps = np.diff(q)
    moves = np.flatnonzero(np.abs(steps) > STEP)
    if len(moves) < FEW:
        return
    held = max(held, _held(q))
    moves = moves[:: -(-len(moves) // MANY)]
    steps = steps[moves]
    size = float(np.abs(steps).mean())
    fastest = np.array([*(ABOUT * np.percentile(np.abs(steps), PERCENTILES) / dt), np.inf])[:, None] * dt
    shares = np.array([_share(lag, dt) for lag in LAGS])[:, None, None]
    most = max(FEW // 2, round(MOST * len(moves)))
    left = np.empty((round(LATEST / dt) + 1, len(LAGS), len(fastest)))
    for late, each in enumerate(left):
        away = np.abs(steps - np.clip(shares * (shifted(c, -late)[moves + 1] - q[moves]), -fastest, fastest))
        each[:] = np.partition(away, most - 1, axis=-1)[..., :most].mean(axis=-1)
    best = float(left.min())
    if best > KNOWN * size:
        return
    enough = NEARLY * best + AS_WELL * size
    near = [(left[late].ravel()[k], late, k) for late in range(len(left)) for k in left[late].argsort(axis=None, kind="stable")[:OF_EACH]]
    for leaves, late, k in sorted(each for each in near if each[0] <= enough):
        lag, speed = np.unravel_index(k, left[late].shape)
        yield HandLaw(late, LAGS[lag], float(fastest[speed, 0]) / dt, held, float(leaves) / size)


def _share(lag: float, dt: float) -> float:
    """Of its way to the command that a hand goes in a row."""
    return 1.0 - float(np.exp(-dt / lag)) if lag > 0.0 else 1.0


def _held(q: np.ndarray) -> int:
    """Rows for which a measurement is written while the hand moves."""
    apart = np.diff(np.flatnonzero(np.diff(q)))
    apart = apart[apart < FEW]
    return int(np.median(apart)) if len(apart) > FEW // 2 else 1
