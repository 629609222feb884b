"""A joint with another zero for a part of a take: its command and its measurement leap by as much in the same row.

A servo needs a row at the least to answer, so no joint does that, and no person commands it. Where other joints go on meanwhile, no rows
are lost; where all of them stand, rows may be. Between its edges the joint follows its command as ever, and nothing else of these two
columns shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..signals.statistics import median
from .difference import Difference
from .relations import follows
from .resampled import is_resampled
from .table import Group

KINDS = ("command", "measured")
FAR = 0.1  # rad, that both columns leap at the least
ALIKE, REST = 0.1, 0.3  # of it, by which the two leaps differ, and that any other joint goes in that row, at the most
SUDDEN = 3.0  # times as far as in the rows before and after: what goes quickly goes on quickly
OTHER = 0.02  # rad, that a second joint leaps at the least
GOES = 5e-4  # rad from row to row, that another joint goes on by beside the leap
LATE = 0.5  # rows by which joints follow their commands at the least: what is written with its answer leaps with its command
EDGES = 8  # at the most: what leaps more often is another thing
AT_ONCE = 0.05  # s between rows at the most


@dataclass(frozen=True)
class MovedZero:
    """What was shifted, and the group with each joint at one zero."""

    differences: tuple[Difference, ...]
    group: Group


def moved_zero(group: Group) -> MovedZero | None:
    """Joints of which command and measurement are shifted alike in parts of a take; None where none are."""
    if group.hands or not group.same_rows or group.n < 8 or group.dt > AT_ONCE or is_resampled(group):
        return None
    of = [k for k, c in enumerate(group.channels) if set(KINDS) <= set(c.columns) and c.unit == "rad"]
    if len(of) < 3:
        return None
    steps = [np.diff(np.column_stack([group.channels[k].columns[kind] for k in of]), axis=0) for kind in KINDS]
    loud = (np.abs(steps[0]) > FAR) & (np.abs(steps[1]) > FAR) & (np.abs(steps[0] - steps[1]) < ALIKE * np.abs(steps[0]))
    if not loud.any() or not _answer_later(group):
        return None
    edges, found, channels = dict[int, list[int]](), list[Difference](), list(group.channels)
    for row in np.flatnonzero(loud.sum(axis=1) == 1).tolist():
        (j,) = np.flatnonzero(loud[row]).tolist()
        if not _is_an_edge(steps, row, j):
            continue
        if _others_go_on(steps[1], row, j) and not _another_leaps(steps, row, j):
            edges.setdefault(j, []).append(row + 1)
        else:
            size, name = abs(float(steps[1][row, j])), channels[of[j]].name
            found.append(Difference.over(
                group.t, (name,), "rows", (row + 1, row + 1), size, "rad", "cut", certain=True, limit=FAR, weight=1e3 * size,
            ))  # fmt: skip
    if not (edges or found) or sum(map(len, edges.values())) + len(found) > EDGES:
        return None
    for j, at in edges.items():
        channel = channels[of[j]]
        for first, last, by in _parts(steps[1][:, j], at, group.n):
            columns = dict(channel.columns)
            for kind in KINDS:
                columns[kind] = columns[kind].copy()
                columns[kind][first : last + 1] -= by
            channel = replace(channel, columns=columns)
            found.append(Difference.over(
                group.t, (channel.name,), "rows", (first, last), abs(by), "rad", "offset", certain=True, numbers={"by": by},
                limit=FAR, weight=1e4 * abs(by) * (last - first + 1),
            ))  # fmt: skip
        channels[of[j]] = channel
    return MovedZero(tuple(found), replace(group, channels=tuple(channels)))


def _answer_later(group: Group) -> bool:
    delays = [r.delay for r in follows(group) if r is not None and r.own and np.isfinite(r.delay)]
    return bool(delays) and median(np.array(delays)) >= LATE * group.dt


def _is_an_edge(steps: list[np.ndarray], row: int, j: int) -> bool:
    """Whether one joint leaps in a row, and no other one."""
    far = min(abs(float(step[row, j])) for step in steps)
    beside = max(abs(float(step[k, j])) for step in steps for k in _beside(row, len(step)))
    return far > SUDDEN * beside and max(float(np.abs(np.delete(step[row], j)).max()) for step in steps) < REST * far


def _others_go_on(steps: np.ndarray, row: int, j: int) -> bool:
    """Whether any other joint is in motion before the leap and after it."""
    others = np.abs(np.delete(steps, j, axis=1))
    return bool((others[_beside(row, len(steps))].min(axis=0) > GOES).any())


def _another_leaps(steps: list[np.ndarray], row: int, j: int) -> bool:
    """Whether another joint leaps as well, less far, in command and measurement alike: rows are lost, which are those of all joints."""
    far = np.minimum(*(np.abs(step[row]) for step in steps))
    beside = np.max([np.abs(step[_beside(row, len(step))]).max(axis=0) for step in steps], axis=0)
    return bool(np.delete((far > OTHER) & (far > SUDDEN * beside), j).any())


def _beside(row: int, n: int) -> list[int]:
    return [k for k in (row - 1, row + 1) if 0 <= k < n]


def _parts(steps: np.ndarray, at: list[int], n: int) -> Iterator[tuple[int, int, float]]:
    """(first row, last row, by how much) of the stretches that are shifted: beside the zero that most rows have, or the later of two."""
    bounds, levels = [0, *at, n], np.concatenate([[0.0], np.cumsum(steps[[row - 1 for row in at]])])
    alike = np.abs(levels[:, None] - levels) < FAR
    rows = alike @ np.diff(bounds)
    sound = np.flatnonzero(alike[len(rows) - 1 - int(rows[::-1].argmax())])
    for k in np.flatnonzero(~np.isin(np.arange(len(levels)), sound)).tolist():
        beside = min(sound.tolist(), key=lambda other: abs(other - k))
        yield bounds[k], bounds[k + 1] - 1, float(levels[k] - levels[beside])
