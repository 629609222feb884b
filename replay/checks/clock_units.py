"""Do times count in the unit that they are read in? Milliseconds read as seconds make an hour of four seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..recording.recording import Stream
from ..signals.clock import by_topic, topic
from ..signals.statistics import median
from .check import Check
from .finding import Finding
from .fixes import rewrite
from .rules import Rules
from .set_times import SAME_UNIT, UNITS_OF_TIME

PLAUSIBLE = (1.0, 2000.0)  # Hz, rates at which robots are recorded
USUAL = (10, 12.5, 15, 20, 24, 25, 29.97, 30, 50, 60, 100, 120, 125, 200, 240, 250, 400, 500, 1000)  # Hz
FEWEST = 4  # samples that have a rate


def unit_of_times(step: float, fps: float | None = None) -> str | None:
    """The unit in which times count that make a sample every `step` seconds, read as seconds; None where none makes a plausible rate.

    Of several the one that makes the rate `fps` that is declared, else one of the `USUAL` rates, else the first of `UNITS_OF_TIME`.
    """
    rates = {unit: 1.0 / (step * size) for unit, size in UNITS_OF_TIME.items()}
    rates = {unit: rate for unit, rate in rates.items() if PLAUSIBLE[0] <= rate <= PLAUSIBLE[1]}
    for known in ((fps,) if fps else (), USUAL):
        for unit, rate in rates.items():
            if any(abs(rate / one - 1.0) <= SAME_UNIT for one in known):
                return unit
    return next(iter(rates), None)


def check_clock_unit(streams: Sequence[Stream], rules: Rules, fps: float | None = None) -> list[Finding]:
    """`clock.unit`: the median time between two samples of the fastest stream; no robot is recorded by the minute.

    Commands that are sent now and then are no clock: where anything is measured faster, that is looked at. `details["counts_in"]`
    is the unit in which the times would make such a rate, see `unit_of_times`.

    Args:
        fps: rows a second that the recording's set declares.
    """
    rule = rules["clock.unit"]
    steps, found = {}, dict[int, np.ndarray]()
    for stream in by_topic(streams):
        if id(stream.time_ns) not in found:  # fields of one message share their times
            found[id(stream.time_ns)] = np.diff(np.sort(stream.time_ns)) * 1e-9
        step = found[id(stream.time_ns)]
        if stream.role in ("command", "measured", "pose") and stream.n >= FEWEST and (step > 0).any():
            steps[topic(stream)] = median(step[step > 0])
    if not steps:
        return [rule.not_applicable("too_short")]
    value, shortest = min(steps.values()), float(rule.settings["shortest"])
    graded = rule.grade_value(value)
    if value < shortest:
        graded |= {"level": "FAIL", "limit": shortest, "margin": value - shortest, "excess": 1.0}
    if graded["level"] == "PASS":
        return [rule.finding(**graded)]
    unit = unit_of_times(value, fps)
    details = {"rate": 1.0 / value} | ({"counts_in": unit} if unit is not None else {})
    return [rule.finding(subject=tuple(steps), **graded, details=details)]


CHECKS = (
    Check(
        "clock.unit",
        run=lambda r: check_clock_unit(r.streams, r.rules, r.recording.declared.fps if r.recording.declared is not None else None),
        settings={"shortest": "time"},
        fix=rewrite,
        spoils="values",
        no_example="times of a demonstration are written in seconds",
        no_curve="one number is compared",
    ),
)
