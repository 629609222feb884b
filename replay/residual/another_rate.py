"""Rows of another rate than their times say: speeds are all the same number of times what positions rise by, and all joints follow their
commands so much sooner or later than this robot does. A factor of the speeds alone leaves the delay as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..signals.statistics import median_of
from .difference import Difference
from .relations import follows
from .table import Group

# of our robot: s by which joints follow their commands, and how many times what positions rise by its speeds are; in clean takes of sixteen
# scenarios, at 10 to 60 rows a second, 0.117 to 0.120 and 0.88 to 0.90
DELAY, SPEEDS = 0.12, 0.895
ALIKE, ANOTHER, JOINTS = 0.1, 0.15, 4  # by which both rates may differ; by which one is another; joints that tell
WHOLE = 0.9  # of the rows


def as_of_another_rate(groups: Sequence[Group], found: Sequence[Difference]) -> list[Difference]:
    """What columns contradict, with speeds of another unit as rows of another rate where the delays of the joints say so as well.

    Args:
        groups: of our own robot's bodies.
    """
    for group in groups:
        names = {c.name for c in group.channels}
        of = next((d for d in found if _is_factor(d) and set(d.channels) <= names and len(d.channels) >= JOINTS), None)
        delays = [
            r.delay for c, r in zip(group.channels, follows(group) if of else ()) if r is not None and r.own and c.unit == "rad"
        ]
        if of is None or len(delays) < JOINTS or not np.isfinite(delays).all():
            continue
        by_speeds, by_delays = float(of.numbers["factor"]) / SPEEDS, median_of(delays) / DELAY
        if by_delays <= 0.0 or abs(by_speeds / by_delays - 1.0) > ALIKE or abs(by_delays - 1.0) < ANOTHER:
            continue
        declared = 1.0 / group.dt
        rate = replace(
            of, kind="rows", name="rate", certain=True, size=abs(declared * by_delays - declared), unit="Hz", limit=ANOTHER * declared,
            numbers={"rows_rate": declared * by_delays, "declared_rate": declared},
        )  # fmt: skip
        return [rate, *(d for d in found if not _is_factor(d))]
    return list(found)


def _is_factor(one: Difference) -> bool:
    """Whether all of a take's speeds of some joints are of another unit."""
    return one.kind == "velocity" and one.name == "factor" and one.last - one.first >= WHOLE * (one.rows - 1)
