"""Rows that stand from the last to the first, in a stretch or in all of a take: the motion runs backwards there.

At both edges of such a stretch the motion leaps, and it leaps so that the row after the one edge is beside the row after the other, and
the row before the one beside that before the other. No other leap of a motion does that in all joints. Or all joints go against their
speeds, and leap where these rows begin and end. A whole take has no edges: its
joints have speeds that are those of their motion with the other sign, and they go where they are only commanded to go later.

Where no speeds are recorded, joints that are ahead of their commands may be those of two clocks that differ. But a servo answers suddenly
what it is commanded, and comes to rest slowly. Where low-passes that begin before their cause explain the joints, and none behind it does
as well at any delay, the rows stand from the last to the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from .departures import joined
from .difference import LEAP, Difference
from .late_arm import SLOWEST, delay_of
from .put_right import PutRight
from .slower_servo import left_by_the_best
from .table import Group, RecordedChannel

KINDS = ("command", "measured")
FAR, SHARP, MOST = 0.05, 3.0, 24  # rad of all joints together, and steps beside it, by which an edge leaps; edges that are looked at
BESIDE, EXACT, LEFT = 2.0, 1e-3, 0.3  # steps, rad, and share of an edge by which two rows are beside one another
LEAST, COLUMNS = 4, 2  # rows of a stretch, columns that move
BETTER = 0.5  # of the distance between command and measurement that is left once the rows are turned back
AGAINST = -0.7  # correlation of speeds and steps: a motion that runs backwards has nearly -1
UNLIKE, BACKWARDS, USUAL = 0.5, 0.4, 0.7  # likeness of speeds and rises of all joints, and s of rows in which it is the opposite; of others
QUICK, MOVED, NEAR = 0.05, 0.02, 4  # rad/s of all joints together; rad that a joint goes; rows about both ends of such a stretch
BESIDE_S = 0.2  # s about a stretch, in which hands contradict themselves by its edges
LED, EARLIEST = 0.4, 1.0  # s by which joints that run backwards go ahead of their commands at most; by which it is asked for
NAMED = 0.1 * LEAP  # rad by which a column is changed, to be named
GOES, JOINTS, ASKED = 0.1, 3, 5  # rad, or share of the way, that a joint goes; such joints at the least; those that are asked
AHEAD, OF_ALL = 0.06, 0.8  # s by which joints are ahead of their commands; share of the joints
# of what servos leave of the rows as they stand, that they leave of them turned round, in the mean of the joints' logarithms: takes that
# run forwards have 1.0 to 2.2, and 0.92 to 1.1 where noise is all that is left; those that run backwards 0.3 to 0.9
NEARER = 0.9


def turned_back(group: Group) -> PutRight | None:
    """What runs backwards in a group; None where nothing does. The longest stretch, where several do."""
    if group.hands or not group.same_rows or group.n < 4 * LEAST:
        return None
    moving = [c for c in group.channels if any(_goes(c, kind) for kind in KINDS) and not c.is_switch]
    if len(moving) < COLUMNS:
        return None
    spans = {kind: _stretches(_table(moving, kind)) for kind in KINDS}
    found: list[tuple[tuple[int, int], tuple[str, ...]]] = []
    for kind, other in (KINDS, KINDS[::-1]):
        for span in spans[kind]:
            both = span in spans[other]
            if _runs_back(moving, kind, span, both, span[0] > 0 and span[1] < group.n - 1):
                found.append((span, KINDS if both else (kind,)))
    if not found:
        found = [(span, KINDS) for span in _by_speeds(moving, group.dt)]
    if not found and _whole_runs_back(moving, group.dt):
        found = [((0, group.n - 1), KINDS)]
    if not found:
        return None
    span, kinds = max(found, key=lambda one: (one[0][1] - one[0][0], len(one[1])))
    return _undone(group, moving, span, kinds)


def backwards(group: Group) -> Difference | None:
    """All rows of a group of joints, if they run backwards."""
    both = [c for c in group.channels if set(KINDS) <= set(c.columns) and not c.is_switch]
    far = {c.name: min(c.goes(kind) for kind in KINDS) for c in both}
    moving = sorted((c for c in both if far[c.name] > GOES), key=lambda c: -far[c.name])
    if group.hands or not group.same_rows or group.dt > SLOWEST or len(moving) < JOINTS:
        return None
    asked = moving[:ASKED]
    ahead = [-delay_of(c, group.dt, EARLIEST) for c in asked]
    if float(np.mean([AHEAD <= by <= LED for by in ahead])) < OF_ALL:
        return None
    turned = replace(group, channels=tuple(replace(c, columns={kind: c.columns[kind][::-1] for kind in KINDS}) for c in asked))
    left = [left_by_the_best(turned, c.name) / max(left_by_the_best(group, c.name), 1e-12) for c in asked]
    if float(np.exp(np.mean(np.log(np.maximum(left, 1e-12))))) >= NEARER:
        return None
    size = max(float(np.abs(c.columns[kind] - c.columns[kind][::-1]).max()) for c in moving for kind in KINDS)
    return Difference.over(
        group.t, tuple(c.name for c in group.channels), "rows", None, size, group.channels[0].unit, "reordered", certain=True, limit=LEAP,
        weight=1e6 * len(moving),
    )  # fmt: skip


def of_rows_backwards(groups: Sequence[Group], found: Sequence[Difference]) -> list[Difference]:
    """What the groups contradict themselves in; nothing but that where rows run backwards, for all of it follows from that."""
    if not found or any(d.kind == "rows" and d.name == "reordered" and d.last - d.first == d.rows - 1 for d in found):
        return list(found)
    return [d for d in map(backwards, groups) if d is not None] or list(found)


def with_hands(found: Sequence[Difference], hands: Collection[str]) -> list[Difference]:
    """The same; what hands contradict themselves in, within rows that run backwards in the joints, is of the same rows.

    Args:
        hands: names of channels.
    """
    out, within = list(found), set[int]()
    for k, lead in enumerate(out):
        if lead.name != "reordered" or not lead.certain or set(lead.channels) & set(hands):
            continue
        of = [
            i for i, one in enumerate(out)
            if i not in within and set(one.channels) <= set(hands) and lead.t0 - BESIDE_S <= one.t0 and one.t1 <= lead.t1 + BESIDE_S
        ]  # fmt: skip
        within |= set(of)
        out[k] = replace(lead, channels=tuple(dict.fromkeys((*lead.channels, *(name for i in of for name in out[i].channels)))))
    return [one for i, one in enumerate(out) if i not in within]


def _goes(channel: RecordedChannel, kind: str) -> bool:
    return kind in channel.columns and channel.goes(kind) > LEAP


def _table(channels: Sequence[RecordedChannel], kind: str) -> np.ndarray:
    """(n, k) of the channels that have such a column."""
    columns = [c.columns[kind] for c in channels if kind in c.columns]
    return np.column_stack(columns) if columns else np.zeros((0, 0))


def _stretches(x: np.ndarray) -> list[tuple[int, int]]:
    """First and last row of stretches with edges as of one that stands the other way round; the ends of the take are no edges."""
    if x.shape[1] < COLUMNS:
        return []
    step = np.r_[0.0, np.linalg.norm(np.diff(x, axis=0), axis=1), 0.0]  # into each row; behind the last one there is none
    beside = np.r_[0.0, np.maximum(step[:-2], step[2:]), 0.0]
    edges = np.flatnonzero((step > FAR) & (step > SHARP * beside))
    edges = np.sort(edges[np.argsort(-step[edges])[:MOST]])
    found = []
    for k, i in enumerate(edges):
        for j in edges[k + 1 :]:
            near = BESIDE * max(beside[i], beside[j]) + EXACT
            if j - i < LEAST or near > LEFT * min(step[i], step[j]):
                continue
            if max(np.linalg.norm(x[i] - x[j]), np.linalg.norm(x[i - 1] - x[j - 1])) <= near:
                found.append((int(i), int(j) - 1))
    last = len(x) - 1
    for i in edges:
        near = BESIDE * beside[i] + EXACT
        if near > LEFT * step[i]:
            continue
        if last - i >= LEAST and np.linalg.norm(x[i - 1] - x[last]) <= near:
            found.append((int(i), last))
        if i >= LEAST and np.linalg.norm(x[i] - x[0]) <= near:
            found.append((0, int(i) - 1))
    return found


def _by_speeds(channels: Sequence[RecordedChannel], dt: float) -> Iterator[tuple[int, int]]:
    """First and last row of stretches in which all joints go against their speeds, and leap where these rows begin and end."""
    of = [c for c in channels if {"measured", "velocity"} <= set(c.columns)]
    if len(of) < JOINTS:
        return
    q, v = _table(of, "measured"), _table(of, "velocity")
    rise = np.gradient(q, dt, axis=0)
    power = 0.5 * (v**2 + rise**2).sum(axis=1)
    goes = power > QUICK**2
    alike = np.where(goes, (v * rise).sum(axis=1) / np.maximum(power, QUICK**2), 0.0)
    if not goes.any() or float((alike[goes] > UNLIKE).mean()) < USUAL:
        return
    for first, last in joined(alike < -UNLIKE, NEAR):
        if (last - first + 1) * dt < BACKWARDS or first <= 2 * NEAR or last >= len(q) - 1 - 2 * NEAR:
            continue
        rows = slice(first, last + 1)
        against = (v[rows] * rise[rows]).sum(axis=0) < 0.0
        moved = np.ptp(q[rows], axis=0) > MOVED
        near = [slice(row - NEAR, row + NEAR + 1) for row in (first, last)]
        leaps = [float((np.abs(np.diff(q[at], axis=0)) - 2.0 * dt * np.abs(v[at]).max(axis=0)).max()) for at in near]
        if moved.sum() >= JOINTS and not (moved & ~against).any() and min(leaps) >= 2.0 * MOVED:
            yield min(
                ((i, j) for i in range(first - NEAR, first + NEAR + 1) for j in range(last - NEAR, last + NEAR + 1)),
                key=lambda ends: np.linalg.norm(q[ends[1]] - q[ends[0] - 1]) + np.linalg.norm(q[ends[0]] - q[ends[1] + 1]),
            )


def _runs_back(channels: Sequence[RecordedChannel], kind: str, span: tuple[int, int], both: bool, inside: bool) -> bool:
    """Whether the other columns say so: joints do not go there by their speeds, and where only one of command and measurement is turned,
    the two are much nearer to each other once it is turned back. Two edges of both in the same rows say it themselves (`inside`)."""
    rows = slice(span[0], span[1] + 1)
    of = [c for c in channels if set(KINDS) <= set(c.columns)]
    if both or not of:
        against = _against_speeds(channels, rows)
        return both and inside if against is None else against < AGAINST
    here, there = _table(of, kind)[rows], _table(of, next(k for k in KINDS if k != kind))[rows]
    return float(np.abs(here[::-1] - there).mean()) < BETTER * float(np.abs(here - there).mean())


def _against_speeds(channels: Sequence[RecordedChannel], rows: slice) -> float | None:
    """Correlation of the measured steps of all joints with their speeds in some rows; None without speeds, or where nothing moves."""
    of = [c for c in channels if {"measured", "velocity"} <= set(c.columns)]
    if not of:
        return None
    step, speed = np.diff(_table(of, "measured")[rows], axis=0), _table(of, "velocity")[rows]
    middle = 0.5 * (speed[1:] + speed[:-1])
    power = float((step**2).sum() * (middle**2).sum())
    return float((step * middle).sum()) / power**0.5 if power > 0.0 else None


def _whole_runs_back(channels: Sequence[RecordedChannel], dt: float) -> bool:
    """Whether all joints have their speeds the other way round, and are where they will be commanded to be."""
    first = _against_speeds(channels[:1], slice(None))  # one joint mostly tells that nothing is wrong
    if first is not None and first > AGAINST:
        return False
    against = _against_speeds(channels, slice(None))
    of = [c for c in channels if set(KINDS) <= set(c.columns)]
    if against is None or against > AGAINST or len(of) < COLUMNS:
        return False
    c, q = _table(of, "command"), _table(of, "measured")
    reach = min(max(1, round(LED / dt)), len(c) // 4)
    ahead = min(float(np.abs(q[:-k] - c[k:]).mean()) for k in range(1, reach + 1))
    behind = min(float(np.abs(q[k:] - c[:-k]).mean()) for k in range(1, reach + 1))
    return ahead < behind and ahead < float(np.abs(q - c).mean())


def _undone(group: Group, moving: Sequence[RecordedChannel], span: tuple[int, int], kinds: tuple[str, ...]) -> PutRight:
    rows = slice(span[0], span[1] + 1)
    named, most = [], 0.0
    turned = {c.name: {kind: _turned(c.columns[kind], rows) for kind in kinds if kind in c.columns} for c in group.channels}
    speeds = [c for c in moving if {"measured", "velocity"} <= set(c.columns)] if "measured" in kinds else []
    if speeds:
        as_it_is = [c.but(**turned[c.name]) for c in speeds]
        as_turned = [c.but(velocity=_turned(c.columns["velocity"], rows)) for c in as_it_is]
        fits = [_against_speeds(of, rows) or 0.0 for of in (as_it_is, as_turned)]
        if fits[1] > fits[0]:
            for c in group.channels:
                turned[c.name] |= {"velocity": _turned(c.columns["velocity"], rows)} if "velocity" in c.columns else {}
    for channel in group.channels:
        of = {kind: x for kind, x in turned[channel.name].items() if kind in KINDS}
        far = max((float(np.abs(x - channel.columns[kind]).max()) for kind, x in of.items()), default=0.0)
        if far > NAMED:
            named.append(channel.name)
            most = max(most, far)
    difference = Difference.over(
        group.t, tuple(named), "rows" if len(kinds) > 1 else kinds[0], span, most, group.channels[0].unit, "reordered",
        certain=True, limit=LEAP, weight=1e6 * len(named),
    )  # fmt: skip
    return PutRight(difference, group.but(turned))


def _turned(x: np.ndarray, rows: slice) -> np.ndarray:
    out = x.copy()
    out[rows] = x[rows][::-1]
    return out
