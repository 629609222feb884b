"""Are the rotations rotations? Quaternions that are not unit, and ones that change their sign from sample to sample."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..recording.recording import Recording, Stream
from ..signals.clock import origin_ns, seconds, topic
from .check import Check
from .curves import bounds
from .finding import Finding, Plot, lasted, worst_of
from .rules import Rules

_PART = re.compile(r"^(?P<of>.*?)(?:^|[._/])q(?:uat_)?(?P<part>[wxyz])$")
SAME = 0.5  # cosine between two quaternions: with less, the sign may hide a turn of more than 120 degrees


def quaternions(stream: Stream) -> dict[str, list[int]]:
    """Columns of every whole quaternion of a stream, by what it is of; the order of w, x, y, z does not matter here."""
    groups: dict[str, dict[str, int]] = {}
    for k, name in enumerate(stream.names):
        if match := _PART.match(name):
            groups.setdefault(match["of"], {})[match["part"]] = k
    return {of: sorted(parts.values()) for of, parts in groups.items() if len(parts) == 4}


def check_quaternion(streams: Sequence[Stream], rules: Rules, origin: int) -> list[Finding]:
    """`value.quaternion`: quaternions of pose and inertial streams that are no rotation, or jump in sign.

    A length other than one is no rotation (FAIL beyond its bound: a tracker that has lost its target writes zeros). A
    sign that jumps means the same rotation, and is a WARN: whoever takes differences or means of it is misled.
    Samples that are not finite are left to `value.nonfinite`.
    """
    rule, found, looked_at = rules["value.quaternion"], [], 0
    for stream in streams:
        for of, columns in quaternions(stream).items():
            q = stream.values[:, columns]
            t = seconds(stream, origin)
            length = np.linalg.norm(q, axis=1)
            known = np.isfinite(length)
            if not known.any():
                continue
            looked_at += 1
            subject = (stream.name, of) if of else (stream.name,)
            off = np.where(known, np.abs(length - 1.0), 0.0)
            graded = rule.grade_value(float(off.max()))
            if graded["level"] != "PASS":
                bad = off > (graded["limit"] or 0.0)
                found.append(
                    rule.finding(
                        subject=subject,
                        **lasted(t, bad, int(off.argmax())),
                        **graded,
                        details={
                            "kind": "length",
                            "stream": stream.name,
                            "count": int(bad.sum()),
                            "length": float(length[int(off.argmax())]),
                        },
                    )
                )
            with np.errstate(invalid="ignore"):
                size = length[1:] * length[:-1]
                jumps = np.flatnonzero((q[1:] * q[:-1]).sum(axis=1) < -SAME * np.where(size > 0, size, np.inf)) + 1
            if len(jumps):
                found.append(
                    rule.beyond(
                        float(len(jumps)),
                        level="WARN",
                        subject=subject,
                        t0=float(t[jumps[0]]),
                        t1=float(t[jumps[-1]]),
                        unit="1",
                        excess=0.0,
                        share=len(jumps) / max(len(q) - 1, 1),
                        details={"kind": "sign", "stream": stream.name, "count": len(jumps), "samples": len(q)},
                    )
                )
    if not looked_at:
        return [rule.not_applicable("no_rotation")]
    return worst_of(found) or [rule.passed(value=0.0, details={"count": looked_at})]


def _length(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    streams = [s for s in recording.streams.values() if s.n > 1 and len(s.names) == 4]
    named = [s for s in streams if {s.name, topic(s)} & set(finding.subject)]
    if not named:
        return None
    t = seconds(named[0], origin_ns(recording))
    off = [one for sign in (-1, 1) for one in bounds(rules[finding.code], sign)]
    limits = [{"name": one["name"], "value": 1.0 + one["value"]} for one in off]
    length = np.linalg.norm(named[0].values, axis=1)
    return Plot("length", named[0].name, "1", [{"name": "recording", "t": t, "y": length}], limits)


CHECKS = (
    Check(
        "value.quaternion",
        run=lambda r: check_quaternion(r.streams, r.rules, r.origin),
        curve=_length,
        shown_by="attitude no rotation",
    ),
)
