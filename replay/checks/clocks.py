"""Are the clocks sound? Steps back, gaps, jitter, a device clock that stands still, arrival in bursts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..recording.recording import Recording, Stream
from ..signals.channels import SCALE
from ..signals.clock import (
    FEW_AT_ONCE,
    by_topic,
    in_turns,
    never_stamped,
    origin_ns,
    repeats,
    seconds,
    topic,
    two_at_once,
)
from ..signals.signal import runs
from .check import Check
from .curves import MS, bounds, named
from .finding import Finding, Plot, worst_of
from .rules import Rule, Rules
from .set_times import steps_back

BURST = 1e-3  # s, messages closer than this came in one packet
COLUMN = "column"  # the clock of a finding that is of a set's own column of times, and of no stream
STOPPED, FEWEST = 0.1, 10  # of the samples, and least number of them, that carry the last time: a clock that has stopped, and no burst
BURSTY = 0.5  # share of messages that came in a packet with the one before


def check_backwards(
    streams: list[Stream], rules: Rules, origin: int, column: tuple[float, float, int] | None = None
) -> list[Finding]:
    """`clock.backwards`: does the named clock of every stream only rise? Equal times are a matter of jitter.

    Stamps that are 0 among others are no times at all: they are counted, and no step or gap is made of them.

    Args:
        column: of a set, where its column of times steps back though no stream is timed by it: second, size [s], times.
    """
    rule = rules["clock.backwards"]
    empty = {stream.name: rows for stream in by_topic(streams) if len(rows := never_stamped(stream.time_ns))}
    if empty:
        return [_unstamped([stream for stream in streams if stream.name in empty], empty, rule)]
    worst: tuple[float, Finding] | None = None
    others = []
    for stream in by_topic(streams):
        step = np.diff(stream.time_ns)
        back = np.flatnonzero(step < 0)
        if not len(back):
            continue
        t = seconds(stream, origin)
        size = float(-step[back].min() * 1e-9)
        graded = rule.grade_value(size)
        found = rule.finding(
            subject=(topic(stream),),
            t0=float(t[back[0]]),
            t1=float(t[back[-1] + 1]),
            share=len(back) / len(step),
            **graded,
            details={"count": len(back), "clock": stream.clock},
        )
        others.append({"subject": topic(stream), "value": size, "count": len(back)})
        if worst is None or size > worst[0]:
            worst = (size, found)
    if worst is None and column is not None:
        t0, size, count = column
        details = {"count": count, "clock": COLUMN}
        return [rule.finding(subject=("timestamp",), t0=t0, t1=t0, **rule.grade_value(size), details=details)]
    if worst is None:
        return [rule.passed(subject=tuple(topic(s) for s in by_topic(streams)), value=0.0, limit=0.0, margin=0.0)]
    worst[1].details["others"] = [other for other in others if other["subject"] != worst[1].subject[0]]
    return [worst[1]]


def _unstamped(streams: list[Stream], rows: Mapping[str, np.ndarray], rule: Rule) -> Finding:
    """Of the rows of streams that have no stamp, when they arrived."""
    count, total = sum(map(len, rows.values())), sum(stream.n for stream in streams)
    first = streams[0]
    at: list[float | None] = [None, None]
    if first.receive_ns is not None:
        at = [float(first.receive_ns[row] - first.receive_ns[0]) * 1e-9 for row in rows[first.name][[0, -1]]]
    details = {"kind": "unstamped", "count": count, "steps": total, "clock": first.clock}
    return rule.finding(
        level="FAIL", subject=tuple(map(topic, streams)), t0=at[0], t1=at[1], value=float(count), limit=0.0, margin=-float(count),
        excess=1.0, unit="1", share=count / total, details=details,
    )  # fmt: skip


def gaps(stream: Stream, origin: int, bound: float, intervals: float) -> list[dict[str, Any]]:
    """Silences of one stream, longest first: {t0, t1, value, held}.

    Args:
        bound: least length [s].
        intervals: least length in median intervals, so that a slow stream is not all gaps.

    A gap is `held` by this many units of the signal: the largest difference between the sample before and the one
    after.
    """
    t = np.sort(seconds(stream, origin))
    step = np.diff(t)
    if not len(step):
        return []
    least = max(bound, intervals * float(np.median(step)))
    found = []
    for i in np.flatnonzero(step > least):
        change = np.abs(stream.values[i + 1] - stream.values[i])
        found.append(
            {
                "t0": float(t[i]),
                "t1": float(t[i + 1]),
                "value": float(step[i]),
                "change": float(np.nanmax(change, initial=0.0)),
            }
        )
    return sorted(found, key=lambda gap: -gap["value"])


def check_gap(streams: list[Stream], rules: Rules, origin: int) -> list[Finding]:
    """`clock.gap`: the longest silence of any stream, each by its own clock.

    A command that is the same before and after a gap was held: no motion is lost, and the gap is a WARN at most. So
    is the
    gap of a stream that nothing is judged by (a headset's poses, before they are retargeted).
    """
    rule = rules["clock.gap"]
    findings, longest = [], 0.0
    for stream in by_topic(streams):
        if stream.clock == "grid" or stream.n < 3 or len(never_stamped(stream.time_ns)):
            continue
        found = gaps(stream, origin, rule.bound("warn"), rule.settings["intervals"])
        longest = max(longest, float(np.diff(np.sort(stream.time_ns)).max() * 1e-9))
        if not found:
            continue
        held = rule.settings["held"] / SCALE.get(stream.unit, 1.0)
        harmless = stream.role not in ("command", "measured")
        graded = [
            (rule.grade_value(gap["value"]), gap, stream.role == "command" and gap["change"] <= held) for gap in found
        ]
        for one, _, was_held in graded:
            if one["level"] == "FAIL" and (was_held or harmless):
                one["level"] = "WARN"
        level = max((one["level"] for one, _, _ in graded), key=["PASS", "WARN", "FAIL"].index)
        one, gap, was_held = next(item for item in graded if item[0]["level"] == level)
        if level == "WARN" and one["limit"] == rule.fail and one["value"] <= rule.fail:
            one["limit"] = rule.warn
        findings.append(
            rule.finding(
                subject=(topic(stream),),
                t0=gap["t0"],
                t1=gap["t1"],
                share=sum(g["value"] for g in found) / max(stream.duration_s, 1e-9),
                **one,
                details={
                    "count": len(found),
                    "held": was_held,
                    "rate": stream.rate,
                    "clock": stream.clock,
                    "over": {"50 ms": len(found), "100 ms": sum(g["value"] > 0.1 for g in found)},
                    "list": [{key: round(g[key], 6) for key in ("t0", "t1", "value")} for g in found[:20]],
                },
            )
        )
    return worst_of(findings) or [rule.passed(value=longest, limit=rule.warn, margin=rule.bound("warn") - longest)]


def check_jitter(streams: list[Stream], rules: Rules, origin: int) -> list[Finding]:
    """`clock.jitter`: how unevenly the named clock ticks; arrival in bursts is reported beside it as INFO."""
    rule = rules["clock.jitter"]
    findings, bursts = [], []
    for stream in by_topic(streams):
        bursts += [burst for burst in [_bursts(stream)] if burst]
        if stream.clock == "grid" or stream.n < 3:
            continue
        step = np.diff(np.sort(stream.time_ns)) * 1e-9
        deviation = float(np.percentile(np.abs(step - np.median(step)), 95))  # rare silences are gaps, not jitter
        found = rule.finding(
            subject=(topic(stream),),
            **rule.grade_value(deviation),
            details={
                "clock": stream.clock,
                "rate": stream.rate,
                "median": float(np.median(step)),
                "shortest": float(step.min()),
                "longest": float(step.max()),
            },
        )
        if stream.role not in ("command", "measured") and found.level == "FAIL":
            found.level = "WARN"  # poses of a person are resampled before anything is judged by them
        findings.append(found)
    result = worst_of(findings) or [rule.passed(details={"clock": "grid"})]
    for burst in bursts:
        details = {key: burst[key] for key in ("count", "messages", "at_once", "gap")}
        details |= {"what": "bursts", "timed_by": burst["clock"]}
        result.append(rule.finding(level="INFO", subject=(burst["subject"],), value=burst["gap"], details=details))
    return result


def _bursts(stream: Stream) -> dict[str, Any] | None:
    """How the samples arrived, where most came in packets: then arrival says nothing about when they were taken."""
    if stream.receive_ns is None or stream.n < 10:
        return None
    step = np.diff(stream.receive_ns) * 1e-9
    together = np.abs(step) < BURST
    if together.mean() < BURSTY:
        return None
    # packets may be sent in two or three slices a few milliseconds apart; the pauses between bursts are an order longer
    pause = 0.25 * float(np.percentile(step, 99))
    starts = np.flatnonzero(step > max(pause, 5.0 * BURST)) + 1
    edges = np.concatenate([[0], starts, [stream.n]])
    size = np.diff(edges)
    # how many of a burst come at once, before the first step of more than BURST
    at_once = [1 + int((~np.append(together[a : b - 1], False)).argmax()) for a, b in itertools.pairwise(edges)]
    return {
        "subject": topic(stream),
        "clock": stream.clock,
        "count": len(size),
        "messages": float(size.mean()),
        "at_once": float(np.median(at_once)),
        "gap": float(np.median(step[starts - 1])) if len(starts) else 0.0,
    }


def stopped_from(stream: Stream) -> int | None:
    """The row from which on each sample of a stream carries one and the same time; None where its clock goes on to the end."""
    if stream.clock == "grid" or stream.n < 3:
        return None
    rows = np.flatnonzero(stream.time_ns != stream.time_ns[-1])
    first = int(rows[-1]) + 1 if len(rows) else 0
    least = max(FEWEST, STOPPED * stream.n) if first else 3
    return first if stream.n - first >= least else None


def check_stall(streams: list[Stream], rules: Rules, origin: int) -> list[Finding]:
    """`clock.stall`: a clock that stops and never goes on (FAIL: nobody knows when these samples were taken), or gives two samples that
    lie apart one time, or times in turns (FAIL: nobody knows which of them was).

    As INFO: samples sent again while the device's own clock stood still, and the pace of that clock.
    """
    rule = rules["clock.stall"]
    found = []
    for stream in by_topic(streams):
        first = stopped_from(stream)
        if first is not None:
            t, count = seconds(stream, origin), stream.n - first
            found.append(
                rule.finding(
                    level="FAIL", subject=(topic(stream),), t0=float(t[first]), t1=float(t[-1]), value=count / stream.n, limit=0.0,
                    margin=-count / stream.n, excess=1.0, share=count / stream.n,
                    details={"kind": "stopped", "count": count, "steps": stream.n, "clock": stream.clock},
                )
            )  # fmt: skip
            continue
        twice, turns = two_at_once(stream), in_turns(stream)
        if len(twice) > FEW_AT_ONCE * stream.n or len(turns):
            kind, twice = ("in_turns", turns) if len(turns) > len(twice) else ("at_once", twice)
            t, share = seconds(stream, origin), len(twice) / stream.n
            found.append(
                rule.finding(
                    level="FAIL", subject=(topic(stream),), t0=float(t[twice[0]]), t1=float(t[twice[-1]]), value=share, limit=FEW_AT_ONCE,
                    margin=FEW_AT_ONCE - share, excess=share / FEW_AT_ONCE, share=share,
                    details={"kind": kind, "count": len(twice), "steps": stream.n, "clock": stream.clock},
                )
            )  # fmt: skip
            continue
        if stream.device_ns is None or stream.clock == "device" or stream.n < 3:
            continue
        step = np.diff(stream.device_ns)
        still = int((step == 0).sum())
        wall = float(stream.time_ns[-1] - stream.time_ns[0]) * 1e-9
        device = float(stream.device_ns[-1] - stream.device_ns[0]) * 1e-9
        factor = device / wall if wall > 0 else 1.0
        if not still and abs(1.0 - factor) <= rule.settings["behind"]:
            continue
        t = seconds(stream, origin)
        repeated = repeats(stream)
        found.append(
            rule.finding(
                level="INFO",
                subject=(topic(stream),),
                value=factor,
                t0=float(t[0]),
                t1=float(t[-1]),
                share=still / len(step),
                details={
                    "count": still,
                    "steps": len(step),
                    "repeated": int(repeated.sum()),
                    "factor": factor,
                    "device_s": device,
                    "wall_s": wall,
                    "longest_run": max((b - a + 1 for a, b in runs(step == 0)), default=0),
                },
            )
        )
    return found or [rule.passed()]


def _interval(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    stream = next((s for s in named(recording, finding) if s.clock != "grid"), None)
    if stream is None:
        return None
    t = seconds(stream, origin_ns(recording))
    step = np.diff(t)
    limits = bounds(rules[finding.code], MS)
    if finding.code == "clock.jitter":
        step = np.abs(step - np.median(step))
    elif finding.code == "clock.backwards":
        limits = [{"name": "limit", "value": 0.0}]
    title = "jitter" if finding.code == "clock.jitter" else "interval"
    return Plot(title, topic(stream), "ms", [{"name": "recording", "t": t[1:], "y": MS * step}], limits)


def _pace(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    stream = next(iter(named(recording, finding, lambda s: s.device_ns is not None and s.clock != "device")), None)
    if stream is None or stream.device_ns is None:
        return None
    t = seconds(stream, origin_ns(recording))
    device = (stream.device_ns - stream.device_ns[0]) * 1e-9
    return Plot("pace", topic(stream), "s", [{"name": "recording", "t": t, "y": device - (t - t[0])}])


CHECKS = (
    Check(
        "clock.backwards",
        run=lambda r: check_backwards(r.streams, r.rules, r.origin, steps_back(r.recording.declared)),
        curve=_interval,
        spoils="values",
        shown_by="clock steps back",
    ),
    Check(
        "clock.gap",
        run=lambda r: check_gap(r.streams, r.rules, r.origin),
        settings={"held": "angle", "intervals": "number"},
        curve=_interval,
        spoils="values",
        shown_by="messages lost",
    ),
    Check(
        "clock.jitter",
        run=lambda r: check_jitter(r.streams, r.rules, r.origin),
        curve=_interval,
        spoils="values",
        shown_by="link stutters",
    ),
    Check(
        "clock.stall",
        run=lambda r: check_stall(r.streams, r.rules, r.origin),
        settings={"behind": "share"},
        curve=_pace,
        spoils="values",
    ),
)
