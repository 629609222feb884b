"""Curves of what the recording itself tells: its clocks, its values, its pictures, its link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...checks.finding import Finding, Plot
from ...checks.images import joints_of
from ...checks.link import ages, missing
from ...checks.rules import Rule
from ...recording.recording import Stream
from ...signals.channels import pair
from ...signals.clock import by_topic, origin_ns, seconds, topic
from ..results import Judged

MS, MM = 1e3, 1e3


def bounds(rule: Rule, factor: float = 1.0) -> list[dict[str, Any]]:
    """The rule's own WARN and FAIL bounds as limits of a plot."""
    told = (("warn", rule.warn), ("fail", rule.fail))
    return [{"name": name, "value": factor * value} for name, value in told if isinstance(value, float)]


def _named(judged: Judged, finding: Finding, wanted: Callable[[Stream], bool] = lambda stream: True) -> list[Stream]:
    """One stream of each channel that the finding names; all that are wanted where it names none."""
    streams = [s for s in by_topic(judged.recording.streams.values()) if s.n > 2 and wanted(s)]
    named = [s for s in streams if {s.name, topic(s)} & set(finding.subject)]
    return named or streams


def _interval(judged: Judged, finding: Finding) -> Plot | None:
    streams = [s for s in _named(judged, finding) if s.clock != "grid"][:1]
    if not streams:
        return None
    (stream,) = streams
    t = seconds(stream, origin_ns(judged.recording))
    step = np.diff(t)
    limits = bounds(judged.rules[finding.code], MS)
    if finding.code == "clock.jitter":
        step = np.abs(step - np.median(step))
    elif finding.code == "clock.backwards":
        limits = [{"name": "limit", "value": 0.0}]
    title = "jitter" if finding.code == "clock.jitter" else "interval"
    return Plot(title, topic(stream), "ms", [{"name": "recording", "t": t[1:], "y": MS * step}], limits)


def _delay(judged: Judged, finding: Finding) -> Plot | None:
    streams = _named(judged, finding, lambda s: s.capture_ns is not None and s.receive_ns is not None)
    traces = [
        {"name": topic(s), "t": seconds(s, origin_ns(judged.recording)), "y": (s.receive_ns - s.capture_ns) * 1e-9}
        for s in streams[:3]
        if s.capture_ns is not None and s.receive_ns is not None
    ]
    return Plot("delay", "", "s", traces) if traces else None


def _pace(judged: Judged, finding: Finding) -> Plot | None:
    streams = _named(judged, finding, lambda s: s.device_ns is not None and s.clock != "device")[:1]
    if not streams:
        return None
    (stream,) = streams
    t = seconds(stream, origin_ns(judged.recording))
    assert stream.device_ns is not None  # only such are named
    device = (stream.device_ns - stream.device_ns[0]) * 1e-9
    return Plot("pace", topic(stream), "s", [{"name": "recording", "t": t, "y": device - (t - t[0])}])


def _length(judged: Judged, finding: Finding) -> Plot | None:
    streams = [s for s in judged.recording.streams.values() if s.n > 1 and len(s.names) == 4]
    named = [s for s in streams if {s.name, topic(s)} & set(finding.subject)]
    if not named:
        return None
    rule, t = judged.rules[finding.code], seconds(named[0], origin_ns(judged.recording))
    off = [one for sign in (-1, 1) for one in bounds(rule, sign)]
    limits = [{"name": one["name"], "value": 1.0 + one["value"]} for one in off]
    length = np.linalg.norm(named[0].values, axis=1)
    return Plot("length", named[0].name, "1", [{"name": "recording", "t": t, "y": length}], limits)


def _since_new(judged: Judged, finding: Finding) -> Plot | None:
    streams = [s for s in judged.recording.streams.values() if s.n > 2 and s.name in finding.subject] or _named(
        judged, finding
    )
    if not streams:
        return None
    stream = streams[0]
    t = seconds(stream, origin_ns(judged.recording))
    new = np.concatenate([[True], (np.diff(stream.values, axis=0) != 0).any(axis=1)])
    since = t - t[np.maximum.accumulate(np.where(new, np.arange(len(t)), 0))]
    longest = judged.rules[finding.code].settings["longest"]
    limits = [{"name": "limit", "value": MS * longest}]
    return Plot("since_new", stream.name, "ms", [{"name": "recording", "t": t, "y": MS * since}], limits)


def _channel(judged: Judged, finding: Finding) -> Plot | None:
    """The command of the channel that the finding names first, and what it declares."""
    streams = [s for s in judged.recording.select("command") if s.n > 1 and set(finding.subject[:1]) & set(s.names)]
    if not streams:
        return None
    stream, name = streams[0], finding.subject[0]
    limits = [{"name": end, "value": finding.details[end]} for end in ("lower", "upper") if end in finding.details]
    trace = {"name": "command", "t": seconds(stream, origin_ns(judged.recording)), "y": stream.column(name)}
    unit = stream.unit if stream.unit.isascii() and " " not in stream.unit else "1"
    return Plot("command", name, unit, [trace], limits)


def _hand_steps(judged: Judged, finding: Finding) -> Plot | None:
    if judged.motions.carried is None:
        return None
    traces = []
    for hand, track in judged.motions.carried.result.hands.items():
        step = np.linalg.norm(np.diff(track.target, axis=0), axis=1)
        traces.append({"name": f"{hand}_hand", "t": judged.motions.carried.result.t[1:], "y": MM * step})
    return Plot("hand_step", "", "mm", traces, bounds(judged.rules[finding.code], MM))


def _brightness(judged: Judged, finding: Finding) -> Plot | None:
    seen = next((one for one in judged.integrity.brightness if one.camera in finding.subject), None)
    return (
        None
        if seen is None
        else Plot("brightness", seen.camera, "1", [{"name": "recording", "t": seen.t, "y": seen.brightness}])
    )


def _change(judged: Judged, finding: Finding) -> Plot | None:
    """How much a picture differs from the one before, and how fast the joints move, each as a share of its largest."""
    seen = next((one for one in judged.integrity.brightness if one.camera in finding.subject), None)
    joints = joints_of(judged.recording)
    if seen is None or joints is None or len(seen.t) < 3:
        return None
    t = 0.5 * (seen.t[1:] + seen.t[:-1])
    traces = []
    for name, y in (("pictures", seen.change), ("joints", joints.speed(t, 5 * float(np.median(np.diff(seen.t)))))):
        y = np.sqrt(np.convolve(y, np.full(5, 0.2), "same"))
        traces.append({"name": name, "t": t, "y": y / max(float(np.nanmax(y)), 1e-9)})
    return Plot("change", seen.camera, "1", traces)


def _age(judged: Judged, finding: Finding) -> Plot | None:
    command, _ = pair(judged.recording)
    if command is None or command.capture_ns is None or command.receive_ns is None:
        return None
    rules, t = judged.rules, seconds(command, origin_ns(judged.recording))
    age, _ = ages(command, rules["clock.skew"].bound("warn"))
    order = np.argsort(t + age, kind="stable")
    trace = {"name": "command", "t": (t + age)[order], "y": MS * age[order]}
    return Plot("age", topic(command), "ms", [trace], bounds(rules[finding.code], MS))


def _off_grid(judged: Judged, finding: Finding) -> Plot | None:
    """How far each row's `timestamp` stands from frame_index / fps."""
    told = judged.recording.declared
    if told is None or told.timestamp is None or not told.fps or len(told.timestamp) < 2:
        return None
    frame = told.frame
    due = (frame - frame[0]) / told.fps
    bound = judged.rules["set.timestamp"].bound("fail")
    limits = [{"name": "limit", "value": MS * sign * bound} for sign in (-1, 1)]
    trace = {"name": "timestamp", "t": due, "y": MS * (told.timestamp - told.timestamp[0] - due)}
    return Plot("off_grid", "timestamp", "ms", [trace], limits)


def _counted(judged: Judged, finding: Finding) -> Plot | None:
    """A counter of the set, less the number of the row."""
    told = judged.recording.declared
    if told is None or not told.fps or told.n < 2:
        return None
    name = next((one for one in finding.subject if one in told.counters), "frame_index")
    if name not in told.counters or name not in ("frame_index", "index"):
        return None
    values, k = told.counters[name], np.arange(told.n)
    return Plot("counted", name, "1", [{"name": name, "t": k / told.fps, "y": (values - values[0] - k).astype(float)}])


def _lost(judged: Judged, finding: Finding) -> Plot | None:
    command, _ = pair(judged.recording)
    rule = judged.rules[finding.code]
    told = missing(command, rule.settings["intervals"], rule.settings["held"]) if command is not None else None
    if command is None or told is None:
        return None
    t = seconds(command, origin_ns(judged.recording))
    sent = np.cumsum(1 + told[0])
    limits = [{"name": "warn", "value": rule.bound("warn")}, {"name": "fail", "value": rule.bound("fail")}]
    traces = [{"name": "command", "t": t, "y": np.cumsum(told[0]) / sent[-1]}]
    return Plot("lost", topic(command), "1", traces, limits)


CURVES = {
    "set.timestamp": _off_grid,
    "set.counter": _counted,
    "clock.gap": _interval,
    "clock.jitter": _interval,
    "clock.backwards": _interval,
    "clock.skew": _delay,
    "clock.stall": _pace,
    "value.quaternion": _length,
    "stream.repeated": _since_new,
    "hand.jump": _hand_steps,
    "hand.idle": _channel,
    "value.range": _channel,
    "image.black": _brightness,
    "image.frozen": _change,
    "image.late": _change,
    "link.stale": _age,
    "link.loss": _lost,
}
