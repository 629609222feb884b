"""What may have happened to a column, as a function from what it should have been to what was recorded.

Each hypothesis is one record: its name, its family, and `predict`, which fits its few free numbers and gives the recorded rows as
it would have made them. `compare` holds all of them against each other on the same footing (Schwarz's criterion: what remains, and a price
for each free number; a row that is given by itself costs as much as it holds), for all columns together that one thing happened to.
A new one is a function with a record; nothing else names it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from ..signals.signal import low_pass
from .case import Case, stands, turned_in

FAMILIES = ("values", "columns", "time", "short")
ENOUGH = 0.9  # of the squared difference that a hypothesis has to explain to be named
FACTORS = (180.0 / np.pi, np.pi / 180.0, 100.0, 0.01, 255.0, 1.0 / 255.0, 1000.0, 1e-3, 2.0, 0.5)
PLAIN = 0.05  # by which a slope differs from one where it is no more than an offset and its noise
ALMOST = 0.02  # by which an offset may explain less than a factor
OF_ITS_OWN = 0.5  # of the power of what is recorded, that a factor may leave
GROWS = 0.2  # of an offset, by which it has to grow to be called a drift
BEYOND_IT = 0.5  # of a level, by which a column is beyond it in its first row there at the most
SUMMED = 30  # rows, from where on a sum that began before them is asked for
FEW = 8  # rows, of which chance makes whatever is wanted
TURNS = 3  # that a column is away by, or that it goes to and fro, at the most
BEYOND = 2.5  # the price of an end that no row of a column shows: another column may
ABOUT = 0.1  # of an end, by which it is known where no row goes on to it
ONE_FACTOR = 0.2  # of it, by which it may be another one of each column
CLOSE = 0.02  # rad, or share of the way: root mean square by which a column may differ from the one that it is a copy of
LAGS = range(-30, 31)  # rows
WHOLE = 0.05  # of a row, by which a delay may be beside whole ones and be one of them
RATES = np.array([0.5, 2.0 / 3.0, 0.75, 0.8, 0.9, 1.1, 1.2, 1.25, 1.5, 2.0])
BEGUN = (0, 1, 2, 4)  # rows before a disagreement is seen, at which another rate may have begun
SLOWNESS = np.geomspace(0.3, 3000.0, 14)  # rows that a first-order low-pass takes
ALIKE = 2.0  # of the criterion: a smaller difference tells nothing (Kass and Raftery, doi:10.1080/01621459.1995.10476572)
BOTH_EDGES = 0.5  # of its band, that a play is to either side of what should be
FLAT = ("offset", "factor", "held_value", "held", "clipped")  # what a stretch of one value looks like
MODEL = 1e-3  # of the largest difference: no reason is a better model of what happened


@dataclass(frozen=True)
class Explanation:
    """One hypothesis fitted to a case: how many numbers were free, and what they are."""

    name: str
    family: str
    free: float
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    explained: float = 0.0
    score: float = 0.0


Predict = Callable[[Case], Iterator[tuple[np.ndarray, float, dict[str, float | str]]]]


@dataclass(frozen=True)
class ColumnReason:
    """`least`: rows that it needs to be distinguished from others; `exact`: no body or servo does it, only what records or converts;
    `by_rows`: it gives each row by itself."""

    name: str
    family: str
    predict: Predict
    least: int = 1
    exact: bool = False
    by_rows: bool = False


def compare(*cases: Case) -> list[Explanation]:
    """All hypotheses that fit, the best first: of one column, or of several that the same thing happened to.

    A column of which a hypothesis has nothing to tell is left as it is by it. Of those that explain it alike, the one with fewest free
    numbers is first: that an amount is minus twice the column by chance is less likely than another sign.
    """
    cases = tuple(case for case in cases if ((case.recorded - case.meant) ** 2).sum() > 0.0)
    nothing = [float(((case.recorded - case.meant) ** 2).sum()) for case in cases]
    found: dict[tuple[str, Predict], list[Explanation]] = {}
    rows, longest = sum(case.n for case in cases), max((case.n for case in cases), default=0)
    for one in HYPOTHESES:
        if rows < one.least or not cases:
            continue
        parts = [_fitted(one, case, power) for case, power in zip(cases, nothing)]
        if len(cases) == 1:
            found[one.name, one.predict] = parts[0][1:]
            continue
        lowest = [min(each, key=lambda e: e.score) for each in parts]
        largest = lowest[int(np.argmax(nothing))]
        rest = sum((1.0 - e.explained) * power for e, power in zip(lowest, nothing))
        score, free = sum(e.score for e in lowest), sum(e.free for e in lowest)
        if free >= rows and not one.by_rows:  # with a number for each row anything is explained
            continue
        if (longest < one.least and free > 0.0) or not _are_one_factor(lowest):  # of its numbers the rows of a column tell
            continue
        if rest < sum(nothing):
            found[one.name, one.predict] = [replace(largest, free=free, explained=1.0 - rest / sum(nothing), score=score)]
    every = sorted((e for each in found.values() for e in each), key=lambda e: e.score)
    alike = [e for e in every if e.score < every[0].score + ALIKE] if every else []
    least = min(every[0].explained, ENOUGH) if every else 0.0  # one that leaves more is no reason
    return sorted(alike, key=lambda e: (e.explained < least, e.free, NAMES.index(e.name))) + every[len(alike) :]


def _are_one_factor(fitted: Sequence[Explanation]) -> bool:
    """Whether columns that are each a factor of what they should be, and a number more, have one factor: by any line another course is as
    near in a few rows, and one thing that happened to all of them gave them one."""
    factors = [float(e.numbers["factor"]) for e in fitted if "factor" in e.numbers and "by" in e.numbers and e.name == "factor"]
    return not factors or max(factors) - min(factors) <= ONE_FACTOR * max(map(abs, factors))


def _fitted(one: ColumnReason, case: Case, nothing: float) -> list[Explanation]:
    """What a hypothesis makes of one column: nothing at all first, then what it proposes."""
    floor = _floor(case) ** 2
    found = [Explanation(one.name, one.family, 0.0, {}, 0.0, case.n * float(np.log(nothing / case.n + floor)))]
    for predicted, free, numbers in one.predict(case):
        rest = float(((case.recorded - predicted) ** 2).sum())
        if np.isfinite(rest):
            score = case.n * np.log(rest / case.n + floor) + free * np.log(max(case.n, 2))
            found.append(Explanation(one.name, one.family, free, numbers, 1.0 - rest / nothing, float(score)))
    return found


def best(*cases: Case, enough: float = ENOUGH) -> Explanation | None:
    """The best of all where it explains enough of the squared difference; the other sign, or an offset, rather than a factor that nobody
    knows, where the columns hardly move or rows are few, so that either would do."""
    found = [e for e in compare(*cases) if len(cases) == 1 or e.explained >= enough]  # a reason of some columns is none of all
    if not found or found[0].explained < enough:
        return _of_whole_steps(cases)
    if (flat := _of_flat_rows(cases, found)) is not None:
        return flat
    still = all(float(np.ptp(c.meant)) < float(np.abs(c.recorded - c.meant).max()) for c in cases)
    if found[0].name == "factor" and found[0].free >= 1.0 and (still or max(c.n for c in cases) <= FEW):
        power = float(np.mean([((c.recorded - c.meant) ** 2).mean() for c in cases]))
        left = min((3.0 * min(c.noise for c in cases)) ** 2 / power, ALMOST)
        goes = any(float(np.ptp(c.meant)) > 4.0 * c.noise for c in cases)  # of what stands a sign is as good as an offset
        known = next((e for e in found if e.name == "mirrored" and goes and 1.0 - e.explained < left), None)
        near = 1.0 - enough if max(c.n for c in cases) <= FEW else left
        better = next((e.score for e in found if e.name == "factor" and e.free <= 1.0), np.inf)  # with as few numbers as an offset
        return known or next((e for e in found if e.name == "offset" and 1.0 - e.explained < near and e.score < better + ALIKE), found[0])
    return found[0]


def _of_flat_rows(cases: Sequence[Case], found: Sequence[Explanation]) -> Explanation | None:
    """What columns that stand in these rows, to the bit, show beside them: whole steps in all of the take; another unit of the value that
    they have before and after, exactly; or that they go on elsewhere, so that they are kept where they are, and not off by an amount."""
    if found[0].name not in FLAT or not all(stands(c.recorded) for c in cases):
        return None
    amount = found[0].name in ("offset", "factor")
    if not amount and (steps := _of_whole_steps(cases)) is not None:
        return steps
    factors = {c.times_the_rest((*FACTORS, -1.0)) for c in cases}
    if len(factors) == 1 and (factor := factors.pop()):
        name, family = ("mirrored", "columns") if factor < 0.0 else ("factor", "values")
        return Explanation(name, family, 0.0, {"factor": factor}, found[0].explained, found[0].score)
    if amount and all(c.stands_there_alone for c in cases):
        return next((e for e in found if e.name in ("clipped", "held_value", "held") and e.explained >= found[0].explained), None)
    return None


def _of_whole_steps(cases: Sequence[Case]) -> Explanation | None:
    if not all(c.is_whole_steps for c in cases):
        return None
    return Explanation("quantised", "values", 1.0, {"step": max(c.step for c in cases)}, ENOUGH)


def _floor(c: Case) -> float:
    return max(c.noise, MODEL * float(np.abs(c.recorded - c.meant).max()))


def _price(c: Case) -> float:
    """Free numbers that it costs to tell each row by itself."""
    return float(np.log1p(np.abs(c.recorded - c.meant) / _floor(c)).sum() / np.log(max(c.n, 2)))


def is_exact(name: str) -> bool:
    return next((one.exact for one in HYPOTHESES if one.name == name), False)


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of y over x; slope zero if x does not change."""
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread if spread > 1e-12 else 0.0
    return slope, float(y.mean() - slope * x.mean())


def _constant(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    level = float(c.recorded[0])
    if stands(c.recorded) and (level == 0.0 or np.ptp(c.meant) > c.noise):
        yield np.full(c.n, level), 0.5 if level == 0.0 else 1.0, {"level": level}


def _held(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """Stands at its value before, or takes a new one in every k-th row alone."""
    if c.first > 0 and np.ptp(c.recorded) == 0.0 and c.recorded[0] == c.x[c.first - 1]:
        yield np.full(c.n, c.x[c.first - 1]), 0.0, {}
    changes = np.flatnonzero(np.diff(c.recorded) != 0.0) + 1
    if len(changes) >= 2:
        every = int(np.median(np.diff(changes)))
        if every >= 2 and len(changes) <= 0.6 * c.n:
            marks = np.concatenate([[0], changes])
            taken = c.truth[c.first + marks]
            taken[0] = c.truth[c.taken_at(c.first)]
            yield taken[np.searchsorted(marks, np.arange(c.n), side="right") - 1], 1.0, {"every": float(every)}


def _offset(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    by = float(np.median(c.recorded - c.meant))
    turns = round(by / (2.0 * np.pi)) if c.angle else 0
    if turns and abs(by - turns * 2.0 * np.pi) < 0.05:
        yield c.meant + turns * 2.0 * np.pi, 0.0, {"by": turns * 2.0 * np.pi, "turns": float(turns)}
    yield c.meant + by, 1.0, {"by": by}


def _drift(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    rows = np.arange(c.n)
    slope, start = _line(rows, c.recorded - c.meant)
    if abs(slope) * c.n < GROWS * abs(start + 0.5 * slope * c.n):
        return  # an offset
    yield c.meant + start + slope * rows, 2.0, {"rate": slope / c.dt, "by": start + slope * (c.n - 1)}


def _factor(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """Of values that go as they should have gone: a small factor of anything else leaves as little; one of nought is none."""
    if stands(c.recorded) and np.ptp(c.meant) > c.noise:
        return
    for predicted, free, numbers in _factors(c):
        rest, own = c.recorded - predicted, c.recorded - (c.recorded.mean() if "by" in numbers else 0.0)
        if float((rest**2).sum()) < OF_ITS_OWN * float((own**2).sum()):
            yield predicted, free, numbers


def _factors(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    power = float((c.meant**2).sum())
    if power > 1e-12:
        factor = float((c.meant * c.recorded).sum()) / power
        for known in FACTORS:
            if abs(factor / known - 1.0) < 0.03:
                yield known * c.meant, 0.0, {"factor": known}
        yield factor * c.meant, 1.0, {"factor": factor}
    slope, start = _line(c.meant, c.recorded)
    # nobody writes a column the other way round and by another factor: it is another's
    if np.ptp(c.meant) > 4.0 * c.noise and abs(slope - 1.0) > PLAIN and (slope > 0.0 or abs(slope + 1.0) < 0.03):
        yield slope * c.meant + start, 2.0, {"factor": slope, "by": start}


def _mirror(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    yield -c.meant, 0.0, {"factor": -1.0}
    if c.way:
        yield c.way - c.meant, 0.0, {"factor": -1.0, "by": c.way}


def _clipped(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    top, low, edge = float(c.recorded.max()), float(c.recorded.min()), 3.0 * c.noise
    ends = 0
    for side, at in ((1.0, top), (-1.0, low)):
        there = c.recorded == at
        if there.sum() >= 3 and there[side * (c.meant - at) > edge].all():
            ends += 1
            yield np.minimum(c.meant, at) if side > 0.0 else np.maximum(c.meant, at), 1.0, {"at": at}
    if ends > 1:
        yield np.clip(c.meant, low, top), 2.0, {"at": max(top, low, key=abs)}


def _quantised(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """Whole steps: the nearest one, the one below, or the one nearer to zero. A row at the edge of a step may fall to either side."""
    values = np.unique(c.recorded)
    if len(values) == 1:
        yield c.recorded, 1.5, {}
    if not 2 <= len(values) <= 0.5 * c.n:
        return
    step = float(np.diff(values).min())
    whole = np.round((values - values[0]) / step)
    if step <= 4.0 * c.noise or np.abs(values - values[0] - whole * step).max() > 0.02 * step:
        return
    away, edge = c.recorded - c.meant, 3.0 * c.noise
    inwards = -away * np.sign(c.meant)
    for low, high, of in ((-0.5, 0.5, away), (-1.0, 0.0, away), (0.0, 1.0, inwards)):
        near = (of >= low * step - edge) & (of <= high * step + edge)
        if near.mean() > 0.9:
            yield np.where(near, c.recorded, c.meant), 1.0 + float((~near).sum()), {"step": step}


def _wrapped(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    for turn in (2.0 * np.pi, np.pi) if c.angle else ():
        times = np.round((c.recorded - c.meant) / turn)
        changes = int((np.diff(times) != 0.0).sum())
        if (changes or turn == np.pi) and changes <= 0.25 * c.n and min(float(np.abs(times).max()), changes) <= TURNS:
            yield c.meant + times * turn, float(1 + changes), {"turn": turn}
    # beyond a level it goes on from the other end, whatever it counts in
    away = np.abs(c.recorded - c.meant)
    level = 0.5 * float(np.median(away[away > 0.5 * away.max()]))
    edge = 2.0 * c.noise + float(np.abs(np.diff(c.truth[max(0, c.first - 1) : c.last + 2])).max(initial=0.0))
    edge = min(edge, (BEYOND_IT if c.n > FEW else GROWS) * level)  # a few rows of a quick motion are anywhere
    there = float(np.abs(c.meant)[away > 0.5 * away.max()].min())
    goes_on = np.abs(c.recorded).max() < level + c.noise
    # a column that is beyond it in all these rows is off by one amount, which is as good a reason for it alone
    far = away[away > 0.5 * away.max()]
    within = np.abs(c.recorded).max() < (1.0 + ABOUT) * level and there > (1.0 - ABOUT) * level
    if within and float(np.ptp(far)) <= ABOUT * level and len(far) == c.n > FEW and there >= level - edge:
        yield c.meant - 2.0 * level * np.sign(c.meant), BEYOND, {"turn": 2.0 * level}
    if goes_on and level - c.noise < there < level + edge:
        folded = (c.meant + level) % (2.0 * level) - level
        nearer = np.abs(c.recorded - folded) < np.abs(c.recorded - c.meant)
        gone = np.where(np.abs(np.abs(c.meant) - level) < edge, nearer, np.abs(c.meant) > level)
        yield np.where(gone, folded, c.meant), 0.5, {"turn": 2.0 * level}


def _differenced(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """The steps from row to row. A column that stands tells no more of them than of a value that is lost: one of several may."""
    steps = np.diff(c.truth, prepend=c.truth[0])[c.span]
    if np.ptp(c.recorded) or not (c.recorded.any() or np.abs(steps).max() > _floor(c)):
        yield steps, 0.0 if np.ptp(c.recorded) else 1.0, {}


def _integrated(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """The sum of what it should be from the first of these rows on, by time or from row to row; or from a row before them, in which it was
    hardly another one."""
    total = np.cumsum(c.meant)
    low, high = np.quantile(c.meant, (0.1, 0.9))
    goes = high - low > GROWS * float(np.abs(c.meant).max())  # the sum of what stands is a straight line, as slow motion is
    for step in (c.dt, 1.0):
        yield step * total, 0.0, {}
        if goes and c.n >= SUMMED:
            yield step * total + float(np.median(c.recorded - step * total)), 1.0, {}
    if c.n >= 0.5 * len(c.x):
        slope, start = _line(total, c.recorded)
        if slope:
            yield slope * total + start, 2.0, {}


def _partner(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """The measurement written as the command, or the other way round, to the bit, of the same row or the next one."""
    if c.partner is None or not np.ptp(c.recorded):
        return
    for later in (0, 1, -1):
        rows = np.clip(np.arange(c.first, c.last + 1) + later, 0, len(c.partner) - 1)
        same = np.isclose(c.partner[rows], c.recorded, rtol=0.0, atol=1e-7)
        if same.mean() > 0.9:
            yield c.partner[rows], 0.0, {"rows": float(later)}


def _other(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    for name, values in c.others.items():
        there = values[c.span]
        apart = float(np.sqrt(((c.recorded - np.sign(c.recorded @ there) * there) ** 2).mean()))
        if apart < (CLOSE if np.ptp(there) > max(0.05, 8.0 * c.noise) else 2.0 * c.noise):
            yield there, float(np.log2(len(c.others) + 1)), {"other": name}
            yield -there, float(np.log2(len(c.others) + 1)) + 1.0, {"other": name, "factor": -1.0}


def _lag(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """So many rows late, whole ones or a part of one: recorders put rows onto times of their own."""
    rows, every = np.arange(c.first, c.last + 1), np.arange(len(c.truth))
    errors, lags = [], [lag for lag in LAGS if abs(lag) <= c.n]  # a few rows of another value are found anywhere in a take
    for lag in lags:
        there = c.truth[np.clip(rows - lag, 0, len(c.truth) - 1)]
        errors.append(float(((c.recorded - there) ** 2).sum()))
    whole = lags[int(np.argmin(errors))]
    for part in (0.0, _between(c, rows - whole, every)):
        late = float(whole) + part
        if late:
            yield np.interp(rows - late, every, c.truth), 1.0, {"rows": late, "late": late * c.dt}


def _between(c: Case, rows: np.ndarray, every: np.ndarray) -> float:
    """Part of a row (-1..1) by which these rows of the truth are later still, by least squares on either side."""
    here = np.interp(rows, every, c.truth)
    best, part = float(((c.recorded - here) ** 2).sum()), 0.0
    for side in (-1.0, 1.0):  # between two rows a column goes straight, and so its share of the way to the next one is a line
        way = np.interp(rows - side, every, c.truth) - here
        power = float((way**2).sum())
        share = min(max(float((way * (c.recorded - here)).sum()) / power, 0.0), 1.0) if power > 0.0 else 0.0
        rest = float(((c.recorded - here - share * way) ** 2).sum())
        if rest < best and share > WHOLE:
            best, part = rest, side * share
    return part


def _lowpass(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """A first-order low-pass that goes on from the row before."""
    for begin in {float(c.x[max(c.first - 1, 0)]), float(c.x[c.first])}:
        slowness = SLOWNESS
        for _ in range(3):
            errors = [float(((c.recorded - low_pass(c.meant, rows, begin)) ** 2).sum()) for rows in slowness]
            at = int(np.argmin(errors))
            rows, low, high = (float(slowness[k]) for k in (at, max(at - 1, 0), min(at + 1, len(slowness) - 1)))
            slowness = np.geomspace(low, high, 9)
        if rows <= len(c.truth):  # what takes longer than the whole take is no filter
            yield low_pass(c.meant, rows, begin), 1.0, {"seconds": c.dt * rows}


def _straight(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    slope, start = _line(np.arange(c.n), c.recorded)
    line = start + slope * np.arange(c.n)
    if slope and np.abs(c.recorded - line).max() < max(1e-5, 1e-3 * abs(slope) * c.n):
        yield line, 2.0, {}


def _reversed(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    if c.is_rougher:
        yield c.meant[::-1], 0.0, {}


def _shuffled(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """The values of these rows in another order."""
    predicted = np.empty(c.n)
    predicted[np.argsort(c.recorded, kind="stable")] = np.sort(c.meant)
    if not c.is_rougher or np.array_equal(np.argsort(c.recorded, kind="stable"), np.argsort(c.meant, kind="stable")):
        return
    yield predicted, float(math.lgamma(c.n + 1.0) / np.log(max(c.n, 2))), {}


def _again(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """The same values as rows elsewhere in the column, to the bit."""
    if c.n < 3 or np.ptp(c.recorded) == 0.0:
        return
    size = c.n
    starts = np.flatnonzero(c.x[: len(c.x) - size + 1] == c.recorded[0])
    for start in starts:
        if start != c.first and np.array_equal(c.x[start : start + size], c.recorded):
            yield c.x[start : start + size], 1.0, {"rows": float(c.first - start)}
            return


def _warp(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """Played at another rate, until it breaks off or stands at what it should come to. It has begun a few rows before it is seen to."""
    for end, before in product({float(len(c.truth) - 1), float(c.last)}, BEGUN):
        rates = RATES
        for width in (0.05, 0.01, 0.002, 0.0):
            errors = [float(((c.recorded - c.played(rate, before, end)) ** 2).sum()) for rate in rates]
            rate = float(rates[int(np.argmin(errors))])
            rates = rate + width * np.arange(-4, 5)
        yield c.played(rate, before, end), 1.0 + float(before > 0), {"rate": rate}


def _turned(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """Rows that were exchanged two by two, or stand the other way round in threes and more."""
    for many in range(2, 7) if c.is_rougher else ():
        for begin in range(min(many, max(c.n - many, 0) + 1)):
            yield turned_in(c.meant, many, begin), 1.0, {"rows": float(many)}


def _backlash(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """Follows at the edge of a band: it stands until what it should be has gone through the band."""
    widest = float(np.abs(c.recorded - c.meant).max())
    for band in (widest, float(np.percentile(np.abs(c.recorded - c.meant), 90.0))):
        at, course = float(c.recorded[0]), np.empty(c.n)
        for k, x in enumerate(c.meant.tolist()):
            course[k] = at = min(max(at, x - band), x + band)
        away = course - c.meant
        both = min(float(away.max()), -float(away.min())) > BOTH_EDGES * band
        if both or band < float(np.ptp(c.meant)):  # else it is one distance, or stands
            yield course, 1.0, {"by": band}


def _row(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    if c.n <= 2:
        yield c.recorded, _price(c), {"by": float((c.recorded - c.meant)[np.abs(c.recorded - c.meant).argmax()])}


def _bump(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    away = c.recorded - c.meant
    for shape in (np.hanning(c.n + 2)[1:-1], np.sin(np.pi * (np.arange(c.n) + 0.5) / c.n)):
        by = float((away * shape).sum() / (shape**2).sum())
        yield c.meant + by * shape, 1.0, {"by": by}


def _burst(c: Case) -> Iterator[tuple[np.ndarray, float, dict[str, float | str]]]:
    """Rows that know nothing of each other: what is left is noise, and no smaller number of numbers tells it."""
    away = c.recorded - c.meant
    away = away - away.mean()
    power = float((away**2).sum())
    alike = float((away[1:] * away[:-1]).sum()) / power if power > 0.0 else 1.0
    if abs(alike) < 0.35 and (np.abs(away) > 3.0 * c.noise).mean() > 0.4:
        yield c.recorded, _price(c), {"rms": float(np.sqrt(power / c.n))}


HYPOTHESES: Sequence[ColumnReason] = (
    ColumnReason("held_value", "values", _constant, 3, exact=True),
    ColumnReason("wrap", "values", _wrapped, 1, exact=True),
    ColumnReason("offset", "values", _offset, 3),
    ColumnReason("drift", "values", _drift, 8),
    ColumnReason("factor", "values", _factor, 4),
    ColumnReason("mirrored", "columns", _mirror, 4, exact=True),
    ColumnReason("clipped", "values", _clipped, 4, exact=True),
    ColumnReason("quantised", "values", _quantised, 8, exact=True),
    ColumnReason("differenced", "values", _differenced, 20, exact=True),
    ColumnReason("integrated", "values", _integrated, 8, exact=True),
    ColumnReason("measurement_as_command", "values", _partner, 4, exact=True),
    ColumnReason("copied", "columns", _other, 6, exact=True),
    ColumnReason("lag", "time", _lag, 6),
    ColumnReason("smoothed", "time", _lowpass, 8),
    ColumnReason("held", "time", _held, 2, exact=True),
    ColumnReason("straight", "time", _straight, 4, exact=True),
    ColumnReason("reordered", "time", _reversed, 6, exact=True),
    ColumnReason("reordered", "time", _shuffled, 4, exact=True),
    ColumnReason("reordered", "time", _turned, 6, exact=True),
    ColumnReason("repeated", "time", _again, 3, exact=True),
    ColumnReason("rate", "time", _warp, 10),
    ColumnReason("single_row", "short", _row, 1, exact=True, by_rows=True),
    ColumnReason("bump", "short", _bump, 3),
    ColumnReason("burst", "short", _burst, 6, exact=True, by_rows=True),
    ColumnReason("backlash", "short", _backlash, 10),
)
NAMES = tuple(one.name for one in HYPOTHESES)  # of those that explain it alike with as many free numbers, the first one
