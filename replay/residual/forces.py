"""Forces that physics knows something of: a robot that stands weighs what it weighs, and fingers push and never pull."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from ...scenarios.robots.robot_folder import robot_folder
from ...scenarios.sheet.own_files import read_own
from ..recording.quantities import PUSHES
from ..recording.recording import Recording, Stream
from ..signals.channels import LOAD_SCALE
from ..signals.clock import origin_ns, seconds, topic
from .arm_chain import GRAVITY
from .departures import WitnessedColumn, departures
from .difference import Difference

UPWARDS = "pelvis.fz"
LIGHTER, HEAVIER = 0.7, 1.4  # of the robot's weight in the middle of a take: with all that it can carry, and what it leans on
NEVER = (0.4, 2.5)  # the same of an arm that is caught at a table all along: 0.64
PULLS = 1.0  # N


@lru_cache
def _weight() -> float:
    """[N] of our own robot with its hands."""
    return float(str(read_own(robot_folder() / "robot.yaml")["mass"]).removesuffix("kg")) * GRAVITY


def check_forces(recording: Recording) -> list[Difference]:
    """A weight of another sign or unit, and fingers that pull."""
    return [d for stream in recording.streams.values() if stream.role == "measured" and stream.n > 7 for d in _of(recording, stream)]


def held_forces(recording: Recording) -> set[str]:
    """Columns, as `RecordedColumns.alone` spells them, that `check_forces` compares with anything: not those of touch, of which it knows
    no more than the sign."""
    streams = (stream for stream in recording.select("measured") if _newtons(stream) is not None and UPWARDS in stream.names)
    return {f"{topic(stream)}/{UPWARDS}" for stream in streams}


def _newtons(stream: Stream) -> float | None:
    """What makes newtons of a stream's forces, by the unit of its first column; None where it has none."""
    unit = stream.unit.split()[:1]
    return LOAD_SCALE[unit[0]] if unit and unit[0] in PUSHES else None


def _of(recording: Recording, stream: Stream) -> Iterator[Difference]:
    by = _newtons(stream)
    if by is None or not np.isfinite(stream.values).all():
        return
    t = seconds(stream, origin_ns(recording))
    if UPWARDS in stream.names:
        x = by * stream.column(UPWARDS)
        share = float(np.median(x)) / _weight()
        if not LIGHTER <= share <= HEAVIER:
            name = "mirrored" if LIGHTER <= -share <= HEAVIER else "factor"
            size = abs(share - 1.0) * _weight()
            yield Difference.over(
                t, (UPWARDS,), "wrench", None, size, "N", name, certain=not NEVER[0] <= share <= NEVER[1], limit=0.3 * _weight(),
                weight=9.0 * stream.n, numbers={"factor": -1.0 if name == "mirrored" else share}, stream=topic(stream),
            )  # fmt: skip
    if stream.quantity == "touch":
        for name in stream.names:
            x = by * stream.column(name)
            bad = x < -PULLS
            yield from departures(
                WitnessedColumn(name, "touch", "N", topic(stream), t, x, np.maximum(x, 0.0), bad, bad, PULLS, 0.1)
            )
