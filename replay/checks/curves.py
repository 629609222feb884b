"""What the curves of several checks share: bounds as limits of a plot, the streams that a finding names, one channel.

A curve is the check's own quantity over the recording, beside the bounds that it is held against. It stands beside its check
where the recording tells it; those of what the motion asks or the replayed world does stand in `replay/judge/explanation/curves`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..recording.recording import Recording, Stream
from ..signals.clock import by_topic, origin_ns, seconds, topic
from .finding import Finding, Plot
from .rules import Rule, Rules

MS, MM = 1e3, 1e3


def bounds(rule: Rule, factor: float = 1.0) -> list[dict[str, Any]]:
    """The rule's own WARN and FAIL bounds as limits of a plot."""
    levels = (("warn", rule.warn), ("fail", rule.fail))
    return [{"name": name, "value": factor * value} for name, value in levels if isinstance(value, float)]


def named(
    recording: Recording, finding: Finding, wanted: Callable[[Stream], bool] = lambda stream: True
) -> list[Stream]:
    """One stream of each channel that the finding names; all that are wanted where it names none."""
    streams = [s for s in by_topic(recording.streams.values()) if s.n > 2 and wanted(s)]
    found = [s for s in streams if {s.name, topic(s)} & set(finding.subject)]
    return found or streams


def channel(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    """The command of the channel that the finding names first, and what it declares."""
    streams = [s for s in recording.select("command") if s.n > 1 and set(finding.subject[:1]) & set(s.names)]
    if not streams:
        return None
    stream, name = streams[0], finding.subject[0]
    limits = [{"name": end, "value": finding.details[end]} for end in ("lower", "upper") if end in finding.details]
    trace = {"name": "command", "t": seconds(stream, origin_ns(recording)), "y": stream.column(name)}
    unit = stream.unit if stream.unit.isascii() and " " not in stream.unit else "1"
    return Plot("command", name, unit, [trace], limits)
