"""Do commands and measurements count in one unit? A factor and an offset of its own in each joint are none of a servo."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..recording.recording import Stream
from ..robots.limits import Limits
from ..signals.channels import SCALE, ends_of, in_radians, shared
from ..signals.pairing import Both, side_by_side
from ..signals.signal import find_lag
from ..signals.statistics import correlation
from .beyond_stops import is_ranged

# by which a factor is none of a servo; by which two are of two scales; of them, joints at least; of the squared motion that factor and
# offset explain; rad that a joint goes to be asked, or share of its way
OTHER, TWO, LEAST, EXPLAINED, GOES = 0.15, 1.1, 2, 0.97, {True: 0.1, False: 0.05}
CROSSED = 0.05  # of the squared difference, that is left where each of two joints is held against the other one's command
LATE = 1.0  # s, by which a measurement is looked for after its command
OUTSIDE = 0.05  # of its range: a joint that reads further outside than so cannot be there
# rad by which a joint of another unit is elsewhere in the other stream, and one that shows a unit is away from zero; share of the rows
# beside a part of a take that show it, at the least, and number of them that is too few
ELSEWHERE, SHOWS, MOST, ROWS = 0.5, 0.1, 0.5, 2


@dataclass(frozen=True)
class OwnScales:
    """Joints of two streams that go alike, each by a factor and an offset of its own.

    Attributes:
        joints: name -> (factor, offset, in the measured unit); largest: difference of the two streams in any of them, in that unit.
    """

    joints: Mapping[str, tuple[float, float]]
    largest: float


def part_elsewhere(stream: Stream, other: Stream | None, names: Sequence[str]) -> tuple[int, int] | None:
    """First and last row of the part of a take in which joints are elsewhere than in the other stream, if the rest shows that both count in
    one unit: a converter that was exchanged. None where the rest is too little, or rests near zero."""
    both = [name for name in names if other is not None and name in other.names]
    if other is None or not both or stream.n != other.n:
        return None
    here, there = (np.abs(in_radians(one, both)) for one in (stream, other))
    rows = np.flatnonzero((np.abs(here - there) > ELSEWHERE).any(axis=1))
    if not len(rows):
        return None
    first, last = int(rows[0]), int(rows[-1])
    shows = np.delete((np.maximum(here, there) > SHOWS).any(axis=1), slice(first, last + 1))
    return (first, last) if shows.sum() > ROWS and shows.mean() > MOST else None


def scales_apart(command: Stream | None, state: Stream | None, origin: int) -> OwnScales | None:
    """Where commands and measurements of one declared unit are of two scales; None where they are of one, or too little moves to tell.

    A unit that is mistaken for another one has one factor for all joints. Shares of each joint's own range beside angles have one for each.
    """
    if command is None or state is None or not (command.unit == state.unit or {command.unit, state.unit} <= set(SCALE)):
        return None
    ends = None if command.unit in SCALE else ends_of(command.unit)
    if command.unit not in SCALE and ends is None:
        return None
    sizes = (SCALE[command.unit], SCALE[state.unit]) if ends is None else (1.0 / (ends[1] - ends[0]),) * 2
    names = shared(command, state)
    both = side_by_side(command, state, names, origin, sizes) if names else None
    if both is None:
        return None
    if not _may_be_apart(both, GOES[ends is None]):
        return None
    alike = [(x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9) for x in (both.command, both.state)]
    lag = find_lag(both.t, alike[0], both.t, alike[1], search=LATE)
    if lag is None:
        return None
    rows = min(max(0, round(lag.pooled / both.step)), len(both.t) // 2)
    sent, went = both.command[: len(both.t) - rows], both.state[rows:]
    moving = fits = 0
    found: dict[str, tuple[float, float]] = {}
    for j, name in enumerate(both.names):
        c, q = sent[:, j], went[:, j]
        if min(np.ptp(c), np.ptp(q)) < GOES[ends is None]:
            continue
        moving += 1
        if correlation(c, q) ** 2 < EXPLAINED:
            continue
        fits += 1
        factor = float(((c - c.mean()) * (q - q.mean())).sum() / ((c - c.mean()) ** 2).sum())
        if abs(factor - 1.0) > OTHER and factor > 0.0:
            found[name] = (factor, float(q.mean() - factor * c.mean()) / sizes[1])
    for name in _exchanged(both.names, found, sent, went):
        del found[name]
    factors = [factor for factor, _ in found.values()]
    if len(found) < LEAST or 2 * fits < moving or max(factors) < TWO * min(factors):
        return None
    at = [both.names.index(name) for name in found]
    return OwnScales(found, float(np.abs(went[:, at] - sent[:, at]).max()) / sizes[1])


def _exchanged(names: Sequence[str], found: Mapping[str, tuple[float, float]], sent: np.ndarray, went: np.ndarray) -> set[str]:
    """Of joints with scales of their own those of which each goes as another one is commanded: they are exchanged, in one unit."""
    out: set[str] = set()
    at = [names.index(name) for name in found]
    for i, j in itertools.combinations(at, 2):
        own, crossed = (float(((went[:, [i, j]] - sent[:, of]) ** 2).sum()) for of in ([i, j], [j, i]))
        out |= {names[i], names[j]} if crossed < CROSSED * own else set()
    return out


def _may_be_apart(both: Both, goes: float) -> bool:
    """Whether enough joints may be of other scales, however late they are: a factor is the correlation times the ratio of what two columns
    scatter by, and a column scatters no less than a part of it does."""
    last = min(round(LATE / both.step) + 1, len(both.t) // 2)
    sent, part = _spread(both.command), _spread(both.command[: len(both.t) - last])
    went, later = _spread(both.state), _spread(both.state[last:])
    larger, smaller = went > (1.0 + OTHER) ** 2 * part, EXPLAINED * later < (1.0 - OTHER) ** 2 * sent
    moves = np.minimum(np.ptp(both.command, axis=0), np.ptp(both.state, axis=0)) >= goes
    return int((moves & (larger | smaller)).sum()) >= LEAST


def _spread(x: np.ndarray) -> np.ndarray:
    """(k,) the squared motion of columns (n, k) about their means."""
    return np.asarray(x.var(axis=0) * len(x))


def outside_of_ranges(stream: Stream, limits: Limits) -> tuple[str, float, float] | None:
    """Of a stream of angles the joint that reads furthest outside its range, by how much [rad], and its end; None where all are inside."""
    if stream.unit not in SCALE:
        return None
    names = [name for name in stream.names if is_ranged(name, limits)]
    worst: tuple[str, float, float] | None = None
    for name, x in zip(names, in_radians(stream, names).T):
        lower, upper = limits[name].lower, limits[name].upper
        for beyond, end in ((float(np.nanmax(x)) - upper, upper), (lower - float(np.nanmin(x)), lower)):
            if beyond > OUTSIDE * (upper - lower) and (worst is None or beyond > worst[1]):
                worst = (name, beyond, end)
    return worst
