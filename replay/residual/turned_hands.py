"""Hands that count from the other end: for a part of a take, or in command and measurement alike, where nothing contradicts either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..signals.statistics import correlation
from .difference import JOIN, Difference
from .hands import COUNTED, MEMORY
from .relations import shifted
from .table import Group, RecordedChannel

LEAPS, BACK = 0.2, 0.3  # of its way that a hand leaps at an edge; share of it by which it is beside its place, counted from the other end
APART, NEARER = 0.25, 0.3  # of its way that a hand is from its command, root mean square; share of it that is left from the other end
LEAST, SNAP = 0.3, 0.3  # s of a part, and of what is left of the take; s from an edge, within which a part begins or ends there
AGAINST, GOES = -0.8, 0.3  # correlation of speeds with rises, and of forces with the way that is left; of its way that a hand goes
PUSHES = -0.3
# edges of a part in which both columns are turned; of their leap, that a hand goes from row to row elsewhere; rows that it comes later than
# its command
MOST_EDGES, STEP, BEHIND = 2, 0.5, 2
MIRRORED = 0.06  # of its way, by which both are beside the mirrored place at an edge: a quick hand goes so far in a row


def hands_turned_in_part(group: Group) -> Iterator[Difference]:
    """The part in which the command or the measurement of a hand counts from the other end.

    At its edges one of the two leaps to as far from the other end as it was from its own, and in between it is far from the other
    column, and near once it is counted so.
    """
    for channel in group.both:
        if channel.is_switch:
            continue
        c, q = channel.columns["command"], channel.columns["measured"]
        if max(np.abs(c).max(), np.abs(q).max()) > COUNTED or min(np.ptp(c), np.ptp(q)) < GOES:
            continue
        for kind, x in (("measured", q), ("command", c)):
            if (part := _part(x, c, q, group.dt)) is not None:
                size = float(np.abs(2.0 * x[part[0] : part[1] + 1] - 1.0).max())
                yield Difference.over(
                    group.t, (channel.name,), kind, part, size, "1", "mirrored", certain=True, numbers={"factor": -1.0},
                    stream=channel.topics[kind], limit=APART, weight=1e3 * size * (part[1] - part[0] + 1),
                )  # fmt: skip
                break


def _part(x: np.ndarray, c: np.ndarray, q: np.ndarray, dt: float) -> tuple[int, int] | None:
    """First and last row of the part that is nearest to the other column counted from the other end, by a largest sum of successive
    numbers (Bentley, Programming Pearls, CACM 27, 1984), if x leaps so where it begins or ends; None where there is none."""
    edges = _edges(x)
    if not edges:
        return None
    delays = range(0, round(2.0 * MEMORY / dt) + 1, max(1, round(MEMORY / dt) // 12))
    beside = [((q - sent) ** 2, (1.0 - q - sent) ** 2) for sent in (shifted(c, -late) for late in delays)]
    gains = [np.concatenate([[0.0], np.cumsum(as_it_is - turned)]) for as_it_is, turned in beside]
    ends = [(int((sums - np.minimum.accumulate(sums)).argmax()) - 1, sums) for sums in gains]
    parts = [(int(sums[: last + 2].argmin()), last, sums) for last, sums in ends]
    left = [float(each[0].sum() - (sums[last + 1] - sums[first])) for each, (first, last, sums) in zip(beside, parts)]
    best = int(np.argmin(left))
    if left[best] > NEARER**2 * min(float(as_it_is.sum()) for as_it_is, _ in beside):
        return None  # at another delay it is where its command sends it: a hand that is open or shut is as far from every other command
    (as_it_is, turned), (first, last, _) = beside[best], parts[best]
    near = [min(edges, key=lambda edge: abs(edge - row)) for row in (first, last + 1)]
    leap = [abs(edge - row) * dt <= SNAP for edge, row in zip(near, (first, last + 1))]
    first, last = near[0] if leap[0] else first, near[1] - 1 if leap[1] else last
    here = np.zeros(len(x), bool)
    here[first : last + 1] = True
    inside = [row for row, leaps in zip((first, last + 1), leap) if not leaps and 0 < row < len(x)]
    if any(_would_leap(x, row, round(SNAP / dt)) for row in inside):
        return None
    if not any(leap) or min(here.sum(), (~here).sum()) * dt < LEAST:
        return None
    off, turned_left = (float(np.sqrt(each[here].mean())) for each in (as_it_is, turned))
    outside = float(as_it_is[~here].sum()) < float(turned[~here].sum())
    return (first, last) if off > APART and turned_left < NEARER * off and outside else None


def _would_leap(x: np.ndarray, row: int, near: int) -> bool:
    """Whether a hand that is turned from this row on, or one beside it, would leap there: it is nowhere near the middle of its way."""
    return float(np.abs(2.0 * x[max(0, row - near) : row + near + 1] - 1.0).min()) > LEAPS


def hands_turned_alike(group: Group) -> Iterator[Difference]:
    """The part in which command and measurement of a hand both count from the other end, so that neither contradicts the other.

    At its edges both leap, in one row, to as far from the other end as they were from their own. No hand does so: elsewhere it moves, comes
    behind its command, and goes much less from row to row. From a single edge on; speeds and forces tell of which side of it.
    """
    for channel in group.both if group.same_rows else ():
        c, q = channel.columns["command"], channel.columns["measured"]
        edges = sorted(set(_edges(c, MIRRORED)) & set(_edges(q, MIRRORED))) if max(np.abs(c).max(), np.abs(q).max()) <= COUNTED else []
        if not 1 <= len(edges) <= MOST_EDGES or not _moves_elsewhere(c, q, edges, round(MEMORY / group.dt)):
            continue
        first, last = edges[0], edges[1] - 1 if len(edges) > 1 else group.n - 1
        if len(edges) == 1 and _is_turned(channel, slice(0, first)) and not _is_turned(channel, slice(first, None)):
            first, last = 0, first - 1
        size = float(np.abs(2.0 * q[first : last + 1] - 1.0).max())
        yield Difference.over(
            group.t, (channel.name,), "measured", (first, last), size, "1", "mirrored", certain=True,
            numbers={"factor": -1.0, "turned": "alike"}, stream=channel.topics["measured"], limit=APART,
            weight=1e3 * size * (last - first + 1),
        )  # fmt: skip


def not_at_cuts(found: Sequence[Difference]) -> list[Difference]:
    """Without hands that both columns say to have leapt where rows are lost, or `JOIN` rows beside it, and without those that are then
    where no drive has them: there they are where they are by then."""
    cuts = [d for d in found if d.of_all_columns]
    alike = [d for d in found if d.numbers.get("turned") == "alike" and any(_is_cut(edge, cuts) for edge in (d.first, d.last + 1))]
    alike += [d for d in found if d.bound == "hand_law" and any(d.is_near(cut) for cut in cuts if cut.certain)]
    return [d for d in found if not any(d is one for one in alike)]


def _is_cut(row: int, cuts: Sequence[Difference]) -> bool:
    return any(d.first - JOIN <= row <= d.last + JOIN if d.certain else row in (d.first, d.last + 1) for d in cuts)


def _moves_elsewhere(c: np.ndarray, q: np.ndarray, edges: list[int], reach: int) -> bool:
    """Whether a hand goes some of its way between these rows, in much smaller steps, and later than it is commanded: by fewer rows than
    `reach`, so that rows which are too far apart do not tell."""
    if reach <= BEHIND:
        return False
    steps = np.abs(np.diff(q))
    least = float(steps[[edge - 1 for edge in edges]].min())
    steps[[edge - 1 for edge in edges]] = 0.0
    if float(steps.max(initial=0.0)) > STEP * least or max(float(np.ptp(part)) for part in np.split(q, edges)) < GOES:
        return False
    away = np.ones(len(q), bool)
    for edge in edges:
        away[max(0, edge - 1) : edge + reach] = False
    left = [float(np.abs(q - shifted(c, -late))[away].mean()) for late in range(reach)] if away.any() else [0.0]
    return int(np.argmin(left)) >= BEHIND


def _is_turned(channel: RecordedChannel, rows: slice) -> bool:
    """Whether speeds or forces of these rows have the other sign than the rises, and the way that is left, of a hand."""
    c, q = channel.columns["command"], channel.columns["measured"]
    if "velocity" in channel.columns and float(np.ptp(q[rows])) > GOES:
        return correlation(np.gradient(q[rows]), channel.columns["velocity"][rows]) < AGAINST  # the leap at the edge is of neither side
    if "effort" not in channel.columns:
        return False
    return correlation((shifted(c, -1) - q)[rows], channel.columns["effort"][rows]) < PUSHES


def _edges(x: np.ndarray, within: float = np.inf) -> list[int]:
    """Rows into which a column leaps to as far from the other end as it was from its own, to within so much of its way."""
    step = np.abs(np.diff(x))
    return (np.flatnonzero((step > LEAPS) & (np.abs(1.0 - x[1:] - x[:-1]) < np.minimum(BACK * step, within))) + 1).tolist()


def hands_turned_round(group: Group) -> Iterator[Difference]:
    """Hands with command and measurement counted from the other end: their speeds are those of the rises with the other sign, and their
    servos would push away from the command. Speeds alone of the other sign leave the forces as they are. Both of the other sign, and both
    places as they are, look the same: which two of the four are turned nothing recorded tells."""
    for channel in group.channels:
        if not {"command", "measured", "velocity", "effort"} <= set(channel.columns):
            continue
        c, q, v, effort = (channel.columns[kind] for kind in ("command", "measured", "velocity", "effort"))
        if np.abs(c).max() > COUNTED or min(np.ptp(c), np.ptp(q)) < GOES:
            continue
        if correlation(np.gradient(q), v) < AGAINST and correlation(shifted(c, -1) - q, effort) < PUSHES:
            way = float(np.ptp(q))
            yield Difference.over(
                group.t, (channel.name,), "measured", None, way, "1", "mirrored", certain=True,
                numbers={"factor": -1.0, "turned": "either"}, stream=channel.topics["measured"], limit=APART, weight=1e3 * group.n * way,
            )  # fmt: skip


def as_the_turned_ones(one: Difference, groups: Sequence[Group], found: Sequence[Difference]) -> Difference:
    """A difference; of the command of a hand that is measured at the other end all along, beside one of its group that is measured the
    other way round, the same of its measurement."""
    group = next((group for group in groups if group.hands and {c.name for c in group.channels} >= set(one.channels)), None)
    if group is None or one.kind != "command" or not one.certain:
        return one
    of = {c.name: c for c in group.channels}
    turned = next((d for d in found if d.name == "mirrored" and "correlation" in d.numbers and d.channels[0] in of), None)
    if turned is None or not all(_is_at_the_other_end(of[name]) for name in one.channels):
        return one
    return replace(
        one, kind="measured", name="mirrored", numbers=turned.numbers, stream=of[one.channels[0]].topics["measured"]
    )


def _is_at_the_other_end(channel: RecordedChannel) -> bool:
    c, q = channel.columns["command"], channel.columns["measured"]
    return float(np.abs(1.0 - q - c).mean()) < MIRRORED and float(np.abs(q - c).mean()) > LEAPS
