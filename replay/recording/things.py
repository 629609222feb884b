"""Recorded poses of things: which streams tell of them, and in which unit each column was announced."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .features import ENVIRONMENT, units_of
from .recording import Stream

OF_THINGS = ("object_pose", "object_joint", "environment_state")
METRIC = {"mm": 1e-3, "cm": 1e-2, "deg": float(np.pi / 180.0)}  # what a unit is in metres or radians; others stay as they are


def tells_of_things(stream: Stream) -> bool:
    """Whether its columns are poses of things, or joints of parts."""
    return stream.quantity in OF_THINGS or stream.meta.get("field") == ENVIRONMENT


def units_in(stream: Stream) -> list[str]:
    """(k,) the unit of each column, as it was announced."""
    return units_of(stream.declared_unit or stream.unit, len(stream.names), stream.name)


def factors_of(stream: Stream) -> np.ndarray | None:
    """(k,) what the columns of such a stream are multiplied with to be metres and radians; None where they are."""
    units = units_in(stream)
    return np.array([METRIC.get(unit, 1.0) for unit in units]) if set(units) & set(METRIC) else None


def in_metres(stream: Stream) -> Stream:
    """The stream with places in metres and joints in radians, as its columns were announced."""
    factors = factors_of(stream)
    return stream if factors is None else replace(stream, values=stream.values * factors, declared_unit=None, unit="1")
