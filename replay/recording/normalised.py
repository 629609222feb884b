"""Sets that were written normalised: each column by statistics of its own, so that command and measurement count in no common unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from .quantities import POSITIONS
from .recording import Recording, Stream

Numbers = Mapping[str, NDArray[np.float64]]  # `min`, `max`, `mean`, `std`, `count`, each of one number a column

NORMALISED = "normalised"  # reason: no unit is known of the columns
# columns that move, at the least, and share of them that have it: a fault may have left its mark in a few. No body has so many joints that
# all turn from one end to the other of the same range, which is that of a unit
FEWEST, SHARE = 4, 0.75
EXACT, NEARLY = 1e-4, 0.02  # of the way between two ends; of a deviation of one
SPANS = {"-1..1": (-1.0, 1.0), "0..1": (0.0, 1.0)}
WAYS = {"-1..1": 2.0, "0..1": 1.0, "std": 4.0}  # about as far as a column goes, by the kind


def together(every: Iterable[Numbers]) -> dict[str, NDArray[np.float64]]:
    """Statistics of a set out of those of its episodes; empty where one of them lacks a number."""
    of = list(every)
    if not of or any(not {"min", "max", "mean", "std", "count"} <= set(one) or one["count"].size != 1 for one in of):
        return {}
    if len({one[key].size for one in of for key in ("min", "max", "mean", "std")}) != 1:
        return {}
    low, high, mean, std = (np.array([one[key] for one in of]) for key in ("min", "max", "mean", "std"))
    share = np.array([float(one["count"][0]) for one in of])
    share = (share / max(share.sum(), 1.0))[:, None]
    middle = (share * mean).sum(axis=0)
    spread = np.sqrt((share * (std**2 + (mean - middle) ** 2)).sum(axis=0))
    return {"min": low.min(axis=0), "max": high.max(axis=0), "mean": middle, "std": spread}


def kind_of(stats: Numbers) -> str | None:
    """How the columns of a feature were normalised, by the statistics of the set, a word of `WAYS`: each from its own least to its own
    largest value (`-1..1`, `0..1`), or to a mean of zero and a deviation of one (`std`). None where they were not."""
    if not {"min", "max", "mean", "std"} <= set(stats):
        return None
    low, high, mean, std = (stats[key] for key in ("min", "max", "mean", "std"))
    if len({one.size for one in (low, high, mean, std)}) != 1:
        return None
    moves = high > low
    fits = {kind: (np.abs(low - a) <= EXACT * (b - a)) & (np.abs(high - b) <= EXACT * (b - a)) for kind, (a, b) in SPANS.items()}
    fits["std"] = (np.abs(mean) <= NEARLY) & (np.abs(std - 1.0) <= NEARLY)
    if moves.sum() < FEWEST:
        return None
    return next((kind for kind, fit in fits.items() if float(fit[moves].mean()) >= SHARE), None)


def normalised(recording: Recording, *streams: Stream | None) -> str | None:
    """How streams of a take were normalised, each by statistics of its own; None where one of them was not, or its unit is announced.

    It takes joints to tell: fingers that all go from 0 to 1 are shares of their ways. So all positions of joints that are commanded
    or measured must be normalised, too.
    """
    known = recording.declared.normalised if recording.declared is not None else {}
    joints = [s for s in recording.streams.values() if s.role in ("command", "measured") and s.quantity == "joint_position" and s.n]
    if not known or len({s.role for s in joints}) < 2:
        return None
    found = [_of(known, s) for s in (*joints, *streams) if s is not None]
    return found[-1] if None not in found else None


def _of(known: Mapping[str, str], stream: Stream) -> str | None:
    if stream.declared_unit is not None or stream.meta.get("range") is not None or stream.quantity not in POSITIONS:
        return None
    return known.get(str(stream.meta.get("field", stream.name)).partition("[")[0])
