"""Recorded poses of things: which streams tell of them, and in which unit each column was announced."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .features import ENVIRONMENT, units_of
from .recording import Stream

OF_THINGS = ("object_pose", "object_joint", "environment_state")
POSE = ("x", "y", "z", "qw", "qx", "qy", "qz", "yaw")  # columns of the pose of a thing
METRIC = {"mm": 1e-3, "cm": 1e-2, "deg": float(np.pi / 180.0)}  # what a unit is in metres or radians; others stay as they are


def tells_of_things(stream: Stream) -> bool:
    """Whether its columns are poses of things, or joints of parts."""
    return stream.quantity in OF_THINGS or stream.meta.get("field") == ENVIRONMENT


def units_in(stream: Stream) -> list[str]:
    """(k,) the unit of each column, as it was announced."""
    return units_of(stream.declared_unit or stream.unit, len(stream.names), stream.name)


def holds_unseen(stream: Stream) -> bool:
    """Whether all in it that is no number is a whole pose of a thing, NaN from its first column to its last: a tracker that did not see
    the thing says so."""
    if not tells_of_things(stream) or np.isinf(stream.values).any():
        return False
    none = np.isnan(stream.values)
    of: dict[str, list[int]] = {}
    for j, (thing, _, part) in enumerate(name.rpartition(".") for name in stream.names):
        if thing and part in POSE:
            of.setdefault(thing, []).append(j)
    poses = [places for places in of.values() if len(places) >= len("xyz")]
    whole = all((none[:, places].any(axis=1) == none[:, places].all(axis=1)).all() for places in poses)
    return whole and not np.delete(none, [j for places in poses for j in places], axis=1).any()


def factors_of(stream: Stream) -> np.ndarray | None:
    """(k,) what the columns of such a stream are multiplied with to be metres and radians; None where they are."""
    units = units_in(stream)
    return np.array([METRIC.get(unit, 1.0) for unit in units]) if set(units) & set(METRIC) else None


def in_metres(stream: Stream) -> Stream:
    """The stream with places in metres and joints in radians, as its columns were announced."""
    factors = factors_of(stream)
    return stream if factors is None else replace(stream, values=stream.values * factors, declared_unit=None, unit="1")
