"""Is the recording itself sound? What its set says of it first, then values and units, clocks, streams; nothing is mended.

Every check takes raw streams and returns findings, also when all is well, so that the report can show what was made.
`check_integrity` runs them in the order in which a cause precedes what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..recording.pictures import PictureSamples
from ..recording.recording import Recording
from ..robots.limits import Limits
from ..signals.channels import pair
from ..signals.clock import origin_ns, topic
from .arrival import check_repeated, check_skew
from .claws import check_polarity
from .clock import COLUMN, check_backwards, check_gap, check_jitter, check_stall
from .dataset import check_dataset, steps_back
from .finding import Finding
from .hands_idle import check_idle
from .images import check_images
from .poses import check_quaternion
from .ranges import Range, check_range
from .rules import Rules
from .streams import check_frozen, check_lag, check_missing, check_unmapped
from .values import check_nonfinite, check_sentinel, check_units
from .wiring import check_wiring

# faults after which a stream's values or times mean nothing, and what depends on them is not looked at
STOPS = ("value.nonfinite", "value.sentinel", "unit.degrees", "clock.backwards", "clock.gap", "clock.jitter")
MIXED_UP = ("stream.swapped", "stream.scaled")  # one of two streams is wrong, and nobody knows which
COMPARED = ("unit.polarity", "stream.swapped", "stream.scaled", "stream.frozen", "stream.repeated", "stream.lag")


def check_integrity(
    recording: Recording,
    limits: Limits,
    rules: Rules,
    *,
    needed: Sequence[str] = (),
    actuated: Sequence[str] = (),
    samples: Iterable[PictureSamples] = (),
    actuators: Mapping[str, Range] | None = None,
) -> list[Finding]:
    """All integrity findings of one recording, what its set says of it first.

    Args:
        needed: streams that must be there; see `check_missing`.
        actuated: names that can be commanded; see `check_unmapped`.
        actuators: what those that are no joints take; see `check_range`.
        samples: a look at its cameras, see `picture_samples_of`; without it the pictures are not checked.

    What a fault makes meaningless is not looked at: after NaN, a clock that runs backwards or degrees for radians no
    stream is compared with another, and after channels that are mixed up neither a lag nor a freeze is sought.
    """
    origin = origin_ns(recording)
    streams = [s for s in recording.streams.values() if s.n]
    command, state = pair(recording)
    found = check_dataset(recording.declared, rules)
    found += check_nonfinite(streams, rules, origin) + check_sentinel(streams, rules, origin)
    found += check_quaternion(streams, rules, origin) + check_range(streams, rules, origin, limits, actuators)
    found += check_units(command, state, limits, rules, origin)
    found += check_backwards(streams, rules, origin, steps_back(recording.declared))
    found += (
        check_gap(streams, rules, origin) + check_jitter(streams, rules, origin) + check_stall(streams, rules, origin)
    )
    found += check_skew(streams, rules, origin)
    found += check_missing(recording, rules, origin, needed) + check_unmapped(recording, rules, actuated)
    found += check_idle(recording, rules, *_told(recording))
    stops = [f for f in found if f.failed and f.code in STOPS and f.details.get("clock") != COLUMN]
    broken = next((f.code for f in stops), None)
    found += check_images(recording, list(samples), rules, broken)
    if broken:
        return [*found, *(rules[code].not_checked(f"integrity.{broken}") for code in COMPARED)]
    found += check_polarity(recording, rules, origin) + check_repeated(streams, rules, origin)
    found += check_wiring(command, state, rules, origin)
    mixed = next((f.code for f in found if f.failed and f.code in MIXED_UP), None)
    if mixed:
        return [*found, *(rules[code].not_checked(f"integrity.{mixed}") for code in ("stream.frozen", "stream.lag"))]
    lag = check_lag(command, state, rules, origin)
    late = next((f.value or 0.0 for f in lag if f.failed), 0.0)
    return found + check_frozen(command, state, rules, origin, late, limits) + lag


def _told(recording: Recording) -> tuple[str | None, bool | None]:
    """Task sentence and label of a recording, each None where it has none."""
    episode = recording.episode
    task = recording.metadata.get("task") if episode is None else episode.task.get("en") or episode.task.get("zh")
    label = recording.metadata.get("label") if episode is None else episode.label
    success = label.get("success") if isinstance(label, dict) else None
    return (task if isinstance(task, str) else None), success


def stopped_signals(findings: Sequence[Finding], recording: Recording) -> Mapping[str, str]:
    """Which signals later stages must not judge, and why: {"command" | "measured": "integrity.<code>"}."""
    stopped: dict[str, str] = {}
    for finding in findings:
        if not (finding.failed and finding.code in (*STOPS, *MIXED_UP)):
            continue
        named = {finding.details.get("stream"), *finding.subject, *finding.details.get("compared", ())}
        for stream in recording.streams.values():
            if {stream.name, topic(stream)} & named and stream.role in ("command", "measured"):
                stopped.setdefault(stream.role, f"integrity.{finding.code}")
    return stopped
