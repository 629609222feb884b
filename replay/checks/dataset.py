"""What a LeRobot set says of itself, held against the rest: the digest first, then counters, times, tables, statistics."""

from __future__ import annotations

from ..recording.declared import Declared
from ..recording.recording import Recording
from ..robots.limits import Limits
from .finding import Finding
from .inputs import Recorded
from .registry import asked_of, registry
from .rules import Rules


def check_dataset(declared: Declared | None, rules: Rules) -> list[Finding]:
    """Findings of every code that is asked of a set, in the order in which a cause precedes what follows from it.

    Args:
        declared: what the set says of the episode; None for a recording that is of no set.
    """
    recorded = Recorded(Recording("", "", "", "robot", {}, declared=declared), Limits({}), rules)
    runs = dict.fromkeys(registry()[code].run for code in asked_of("set"))
    return [finding for run in runs if run is not None for finding in run(recorded)]
