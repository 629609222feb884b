"""Do times count in the unit that they are read in? Milliseconds read as seconds make an hour of four seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..recording.recording import Stream
from ..signals.clock import by_topic, topic
from .check import Check
from .finding import Finding
from .fixes import rewrite
from .rules import Rules
from .set_times import UNITS_OF_TIME

PLAUSIBLE = (1.0, 2000.0)  # Hz, rates at which robots are recorded
FEWEST = 4  # samples that have a rate


def check_clock_unit(streams: Sequence[Stream], rules: Rules) -> list[Finding]:
    """`clock.unit`: the median time between two samples of the fastest stream; no robot is recorded by the minute.

    Commands that are sent now and then are no clock: where anything is measured faster, that is looked at. `details["counts_in"]`
    is the unit in which the times would make a rate of `PLAUSIBLE`.
    """
    rule = rules["clock.unit"]
    steps = {}
    for stream in by_topic(streams):
        step = np.diff(np.sort(stream.time_ns)) * 1e-9
        if stream.role in ("command", "measured", "pose") and stream.n >= FEWEST and (step > 0).any():
            steps[topic(stream)] = float(np.median(step[step > 0]))
    if not steps:
        return [rule.not_applicable("too_short")]
    value, shortest = min(steps.values()), float(rule.settings["shortest"])
    graded = rule.grade_value(value)
    if value < shortest:
        graded |= {"level": "FAIL", "limit": shortest, "margin": value - shortest, "excess": 1.0}
    if graded["level"] == "PASS":
        return [rule.finding(**graded)]
    rates = {unit: 1.0 / (value * size) for unit, size in UNITS_OF_TIME.items()}
    unit = next((unit for unit, rate in rates.items() if PLAUSIBLE[0] <= rate <= PLAUSIBLE[1]), None)
    details = {"rate": 1.0 / value} | ({"counts_in": unit} if unit is not None else {})
    return [rule.finding(subject=tuple(steps), **graded, details=details)]


CHECKS = (
    Check(
        "clock.unit",
        run=lambda r: check_clock_unit(r.streams, r.rules),
        settings={"shortest": "time"},
        fix=rewrite,
        spoils="values",
        no_example="times of a demonstration are written in seconds",
        no_curve="one number is compared",
    ),
)
