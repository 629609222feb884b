"""Streams onto one clock: rows as they are where they stand on it; else hold, interpolate or turn, each said by name and size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...scenarios.sheet.errors import EpisodeError
from ..recording.recording import Stream
from ..signals.channels import units_of
from ..signals.clock import lost_to_the_next
from ..signals.grid import UNAMBIGUOUS, RowGrid, fitted, in_force, nearest, rounding_ns
from .turns import TURN, leaping, turning, wrapped

METHODS = ("previous", "linear")
ROTATIONS = ("slerp", *METHODS)
UNIT_WITHIN = 0.05  # how far the norm of a quaternion may be from one
FAR = 0.25  # of a turn between two samples: beyond it the shorter way is a guess, and the nearer sample is taken
_QUATERNION = re.compile(r"^(?P<stem>.*?)(?:q|quat_?)(?P<axis>[wxyz])$")


@dataclass(frozen=True)
class Methods:
    """How streams are put on a grid, by their role; `quaternion` for groups of four columns that are rotations."""

    command: str = "previous"
    measured: str = "linear"
    pose: str = "linear"
    event: str = "previous"
    quaternion: str = "slerp"

    def of(self, stream: Stream) -> str:
        """The method of a stream."""
        return str(getattr(self, stream.role if stream.role in ("command", "measured", "pose") else "event"))


def quaternion_groups(names: tuple[str, ...]) -> list[int]:
    """First columns of four in a row that are the parts of one quaternion by their names, in whatever order."""
    found = []
    matches = [_QUATERNION.match(name) for name in names]
    i = 0
    while i + 4 <= len(names):
        four = matches[i : i + 4]
        if all(four) and {m["axis"] for m in four if m} == set("wxyz") and len({m["stem"] for m in four if m}) == 1:
            found.append(i)
            i += 4
        else:
            i += 1
    return found


def onto(
    stream: Stream, grid_ns: np.ndarray, methods: Methods, turns: Mapping[str, float] = TURN
) -> tuple[np.ndarray, dict[str, Any]]:
    """A stream at given times.

    Rows of a stream that stands on the same grid, to within the rounding of its stamps, are taken as they are. Where only
    the rate is the same, each time takes the held sample that is nearest. Else the sample in force is held: the latest that
    is not later than the rounding of stamps allows. What is linear is so between two samples; angles that wrap go the
    shorter way, and rotations turn. Across a leap over nearly all that a column goes nothing is interpolated: where no turn is known,
    the nearer sample is taken.

    Args:
        stream: its clock must not run backwards; of samples with the same time the last one counts.
        grid_ns: (m,) int64 times by the stream's own clock; beyond its first and last sample that sample is held.
        turns: one turn by unit, see `turns_of`.

    Returns:
        (m, k) float64 values, and what was done: method, samples, largest gap that was bridged; `lost_to_the_next`, how many samples
        have the time of the next one and other values; `nearer`, by column the rows
        that lie in a leap and have the nearer sample; `changed`, by column the largest difference to the sample recorded nearest
        to a row, of columns that differ anywhere.

    Raises:
        EpisodeError: the clock runs backwards, so that no value stands at a time.
    """
    t = stream.time_ns
    step = np.diff(t)
    if (step < 0).any():
        at = int(np.flatnonzero(step < 0)[0])
        raise EpisodeError(
            f"the clock runs backwards {int((step < 0).sum())} times, first at sample {at + 1}; samples are not sorted "
            "behind your back. `shiliu replay` tells more; choose another clock in the mapping.",
            field=stream.name,
        )
    last = np.append(step > 0, True)
    t, x = t[last], stream.values[last]
    inside = (t[1:] > grid_ns[0]) & (t[:-1] < grid_ns[-1])
    report: dict[str, Any] = {
        "method": methods.of(stream),
        "clock": stream.clock,
        "samples": stream.n,
        "rate_hz": None if not np.isfinite(stream.rate) else round(stream.rate, 6),
        "largest_gap_s": float(np.diff(t)[inside].max() * 1e-9) if inside.any() else 0.0,
    }
    if not last.all():
        report["samples_of_one_time"] = int((~last).sum())
        if len(lost := lost_to_the_next(stream)):
            report["lost_to_the_next"] = len(lost)
    rows = Rows(t, grid_ns)
    if rows.as_they_are is not None:
        return x[rows.as_they_are], {**report, "method": "none"}
    units = units_of(stream)
    wraps = turning(x, units, turns)
    groups = [
        g for g in quaternion_groups(stream.names) if _is_rotation(x[:, g : g + 4]) and methods.quaternion == "slerp"
    ]
    if report["method"] == "previous":
        values = x[rows.held]
        if rows.same_rate:
            report |= {"method": "nearest", "later_s": round(rows.later_ns * 1e-9, 9)}
    else:
        parts = {j for g in quaternion_groups(stream.names) for j in range(g, g + 4)}
        leaps = {j: size for j, size in leaping(x, units, turns).items() if j not in wraps and j not in parts}
        values, nearer = _between(x, rows, wraps, leaps)
        if wraps:
            report["angles"] = f"the shorter way round in {', '.join(stream.names[j] for j in wraps)}"
        if nearer:
            report["nearer"] = {stream.names[j]: count for j, count in nearer.items()}
    for g in groups:
        values[:, g : g + 4] = _turned(x[:, g : g + 4], rows)
    if groups:
        report["quaternions"] = f"slerp of {len(groups)}"
    if changed := _changed(values, x[rows.nearest], stream, wraps, groups):
        report["changed"] = changed
    return values, report


class Rows:
    """Which samples the rows of a grid are made of.

    Attributes:
        t: (n,) int64 times of the samples; of those that stand on the grid to within rounding, the times of their places.
        at: (m,) int64 times of the rows.
        as_they_are: (m,) the sample of each row, where every row has one of its own to within rounding; else None.
        same_rate: whether samples and rows come at one rate, so that they can be distinguished by number.
        later_ns: how much later than its row a sample stands, of the same rate; negative: earlier [ns].
        held: (m,) the sample that holds in each row; nearest: (m,) the one that was recorded nearest to it.
    """

    def __init__(self, t: np.ndarray, at: np.ndarray) -> None:
        self.t, self.at = t, at
        self.as_they_are: np.ndarray | None = None
        self.later_ns = 0.0
        own, rows = fitted(t), fitted(at)
        shift = None if own is None or rows is None else _shift(own, rows)
        self.same_rate = shift is not None
        if own is None or rows is None or shift is None:
            self.held = in_force(t, at, rounding_ns(t, rows.period_ns if rows is not None else np.inf))
            self.nearest = nearest(t, at)
            return
        first, self.later_ns = shift
        place = own.place + first  # of each sample, among the rows
        self.held = in_force(place, rows.place)
        self.nearest = nearest(place, rows.place)
        if own.exact and abs(self.later_ns) <= own.tolerance_ns:
            self.t = np.rint(rows.start_ns + place * rows.period_ns).astype(np.int64) + rows.begin_ns
            self.t[np.isin(place, rows.place)] = at[np.isin(rows.place, place)]
            if np.array_equal(place[self.held], rows.place):
                self.as_they_are = self.held

    def around(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(m,) samples before and after each row, and (m, 1) where it lies between them; exact in int64 up to the division."""
        before = in_force(self.t, self.at)
        after = np.minimum(before + 1, len(self.t) - 1)
        span = self.t[after] - self.t[before]
        share = (np.where(span > 0, self.at - self.t[before], 0) / np.maximum(span, 1))[:, None].clip(0.0, 1.0)
        return before, after, share


def _shift(own: RowGrid, rows: RowGrid) -> tuple[int, float] | None:
    """At which row the first place of a grid of the same rate is, and how much later it stands [ns]; None for another rate."""
    drift = abs(own.period_ns - rows.period_ns) * max(own.place[-1], rows.place[-1])
    if drift > UNAMBIGUOUS * rows.period_ns or not own.distinct:
        return None
    # in the middle of the samples, so that half of the drift lies on either side
    middle = 0.5 * float(own.place[-1])
    time = (own.begin_ns - rows.begin_ns) + own.start_ns + middle * own.period_ns - rows.start_ns
    off = time / rows.period_ns - middle
    first = int(np.ceil(off - 0.5))  # half a period away it is the one before, which is in force
    return first, (off - first) * rows.period_ns


def _is_rotation(q: np.ndarray) -> bool:
    return bool((np.abs(np.linalg.norm(q, axis=1) - 1) < UNIT_WITHIN).all())


def _between(
    x: np.ndarray, rows: Rows, turns: Mapping[int, float], leaps: Mapping[int, float]
) -> tuple[np.ndarray, dict[int, int]]:
    """(m, k) on the line between two samples; angles the shorter way round, and the nearer sample where that is a guess.

    Args:
        turns: columns that wrap, with their turn; leaps: others, with the size from where on a step is a leap across.

    Returns:
        The values, and by column how many rows between two samples have the nearer one.
    """
    before, after, share = rows.around()
    step = x[after] - x[before]
    far = np.zeros(step.shape, bool)
    for j, turn in turns.items():
        step[:, j] -= turn * np.rint(step[:, j] / turn)
        far[:, j] = np.abs(step[:, j]) > FAR * turn
    for j, size in leaps.items():
        far[:, j] = np.abs(step[:, j]) > size
    values = x[before] + share * step
    for j, turn in turns.items():
        values[:, j] = wrapped(values[:, j], x[:, j], turn)
    near = np.where(share > 0.5, x[after], x[before])
    inside = ((share > 0) & (share < 1) & far).sum(axis=0)
    # a sample that stands on the grid stays as it is, to the bit
    whole = np.where(share == 0, x[before], np.where(share == 1, x[after], np.where(far, near, values)))
    return whole, {int(j): int(inside[j]) for j in np.flatnonzero(inside)}


def _turned(q: np.ndarray, rows: Rows) -> np.ndarray:
    """Rotations at constant speed along the shorter way; the order of a quaternion's parts does not matter for it."""
    before, after, share = rows.around()
    a, b = q[before], q[after]
    cosine = (a * b).sum(axis=1, keepdims=True)
    b, cosine = np.where(cosine < 0, -b, b), np.abs(cosine).clip(0.0, 1.0)
    angle = np.arccos(cosine)
    sine = np.sin(angle)
    near = sine < 1e-9
    safe = np.where(near, 1.0, sine)
    first = np.where(near, 1 - share, np.sin((1 - share) * angle) / safe)
    second = np.where(near, share, np.sin(share * angle) / safe)
    values = first * a + second * b
    return np.where(share == 0, a, np.where(share == 1, q[after], values))


def _changed(
    values: np.ndarray, recorded: np.ndarray, stream: Stream, turns: Mapping[int, float], groups: list[int]
) -> dict[str, float]:
    """By column the largest difference to what was recorded; of angles the shorter way round, of rotations of either sign."""
    off = np.abs(values - recorded)
    for j, turn in turns.items():
        off[:, j] = np.minimum(off[:, j], np.abs(off[:, j] - turn * np.rint(off[:, j] / turn)))
    for g in groups:
        four = slice(g, g + 4)
        other = np.abs(values[:, four] + recorded[:, four])
        off[:, four] = np.where(
            other.sum(axis=1, keepdims=True) < off[:, four].sum(axis=1, keepdims=True), other, off[:, four]
        )
    largest = (
        np.nanmax(np.where(np.isfinite(off), off, np.nan), axis=0, initial=0.0) if len(off) else np.zeros(off.shape[1])
    )
    return {name: float(size) for name, size in zip(stream.names, largest) if size > 0}
