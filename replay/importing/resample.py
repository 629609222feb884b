"""Streams onto one clock: hold the last sample, interpolate, or turn, each said by name and none by default elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...scenarios.errors import EpisodeError
from ..recording.recording import Stream

METHODS = ("previous", "linear")
ROTATIONS = ("slerp", *METHODS)
UNIT_WITHIN = 0.05  # how far the norm of a quaternion may be from one
_QUATERNION = re.compile(r"^(?P<stem>.*?)(?:q|quat_?)(?P<axis>[wxyz])$")


@dataclass(frozen=True)
class Methods:
    """How streams are put on a grid, by their role; `quaternion` for groups of four columns that are rotations."""

    command: str = "previous"
    measured: str = "linear"
    pose: str = "linear"
    event: str = "previous"
    quaternion: str = "slerp"


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


def onto(stream: Stream, grid_ns: np.ndarray, methods: Methods) -> tuple[np.ndarray, dict[str, Any]]:
    """A stream at given times.

    Args:
        stream: its clock must not run backwards; of samples with the same time the last one counts.
        grid_ns: (m,) int64 times by the stream's own clock, within its first and last sample (a held one may end earlier).

    Returns:
        (m, k) float64 values, and what was done: method, samples, largest gap that was bridged.

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
    method = getattr(methods, stream.role if stream.role in ("command", "measured", "pose") else "event")
    groups = [
        g for g in quaternion_groups(stream.names) if _is_rotation(x[:, g : g + 4]) and methods.quaternion == "slerp"
    ]
    before = np.clip(np.searchsorted(t, grid_ns, side="right") - 1, 0, len(t) - 1)
    after = np.minimum(before + 1, len(t) - 1)
    if method == "previous":
        values = x[before]
    else:
        values = _between(x, t, grid_ns, before, after)
    for g in groups:
        values[:, g : g + 4] = _turned(x[:, g : g + 4], t, grid_ns, before, after)
    inside = (t[1:] > grid_ns[0]) & (t[:-1] < grid_ns[-1])
    report: dict[str, Any] = {
        "method": method,
        "clock": stream.clock,
        "samples": stream.n,
        "rate_hz": None if not np.isfinite(stream.rate) else round(stream.rate, 6),
        "largest_gap_s": float(np.diff(t)[inside].max() * 1e-9) if inside.any() else 0.0,
    }
    if groups:
        report["quaternions"] = f"slerp of {len(groups)}"
    if not last.all():
        report["samples_of_one_time"] = int((~last).sum())
    return values, report


def _is_rotation(q: np.ndarray) -> bool:
    return bool((np.abs(np.linalg.norm(q, axis=1) - 1) < UNIT_WITHIN).all())


def _share(t: np.ndarray, grid: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(m, 1) where between its two samples each grid time lies; exact in int64 up to the last division."""
    span = t[after] - t[before]
    return (np.where(span > 0, grid - t[before], 0) / np.maximum(span, 1))[:, None].clip(0.0, 1.0)


def _between(x: np.ndarray, t: np.ndarray, grid: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    share = _share(t, grid, before, after)
    exact = share[:, 0] == 0  # a sample that stands on the grid stays as it is, to the bit
    values = x[before] + share * (x[after] - x[before])
    values[exact] = x[before][exact]
    return values


def _turned(q: np.ndarray, t: np.ndarray, grid: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Rotations at constant speed along the shorter way; the order of a quaternion's parts does not matter for it."""
    share = _share(t, grid, before, after)
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
    exact = share[:, 0] == 0
    values[exact] = a[exact]
    return values
