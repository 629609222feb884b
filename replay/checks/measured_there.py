"""A joint that is commanded and measured beyond its range in a part of a take, where a known fault of a recorder explains all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..recording.recording import Recording, Stream
from ..residual.coarse_values import rounded_by
from ..robots.limits import Limits
from ..signals.channels import in_radians, pair
from ..signals.clock import origin_ns
from .beyond_stops import MOST_FITS, ORDERS, beyond_stop, lasting
from .finding import Finding
from .rules import Rules

CODE, REASON = "joint.position", "measured_there"
EXCHANGES = ("order", "sides", *ORDERS)  # faults that put several joints where others are
NEXT, ALIKE, MOST = 30, 1e-6, 0.9  # rows by which commands may stand for what was measured, to the bit [in its unit], in most rows


def as_measured_there(findings: Sequence[Finding], recording: Recording, limits: Limits, rules: Rules) -> list[Finding]:
    """The findings; `joint.position` of commands is left open where the joint was measured beyond its range too, and one known fault
    (another zero, another sign) brings every row of both back into it.

    In a part of the take an operator may have gone there, so that `beyond_range` claims nothing. But what a real robot measurably did is
    not called impossible, where it may be counted from elsewhere. Measurements that are commands written again show nothing.
    """
    if recording.kind != "robot" or not any(one.code == CODE and one.failed and one.signal == "command" for one in findings):
        return list(findings)
    command, state = pair(recording)
    beyond = beyond_stop(command, state, limits, origin_ns(recording))
    if beyond is None or not beyond.fits or command is None or state is None:
        return list(findings)
    exchanged = {name for one in beyond.fits if one.kind in EXCHANGES for name in one.joints}  # less far beyond, by the same fault
    far = {name for name in exchanged if name in state.names and lasting(in_radians(state, [name])[:, 0], limits, name) > 0.0}
    there = {name for name in {*beyond.joints, *far} if not _is_copied(command, state, name)}
    kinds = list(dict.fromkeys(one.kind for one in beyond.fits))[:MOST_FITS]
    explained = {f"fit{k}": f"fit_{kind}" for k, kind in enumerate(kinds)} | ({"off": beyond.fits[0].by} if kinds == ["zero"] else {})
    return [_open(one, there, explained, rules) if one.code == CODE and one.failed and one.signal == "command" else one for one in findings]


def _open(finding: Finding, there: set[str], explained: Mapping[str, Any], rules: Rules) -> Finding:
    others = [one for one in finding.details.get("others", ()) if one["level"] == "FAIL"]
    if not set(finding.subject) <= there:
        return finding
    rest = [one for one in others if not set(one["subject"]) <= there]
    if rest:  # another joint was commanded beyond its range and did not go there
        worst = max(rest, key=lambda one: one["excess"] or 0.0)
        known = {key: worst[key] for key in ("value", "limit", "excess", "t0", "t1")}
        return finding.with_(subject=tuple(worst["subject"]), margin=-abs(worst["value"] - worst["limit"]), **known)
    assert finding.value is not None and finding.limit is not None
    details = {**finding.details, "past": abs(finding.value - finding.limit), **explained}
    return rules[CODE].not_checked(
        REASON, signal="command", subject=finding.subject, value=finding.value, limit=finding.limit, unit=finding.unit,
        t0=finding.t0, t1=finding.t1, share=finding.share, details=details,
    )  # fmt: skip


def _is_copied(command: Stream, state: Stream, name: str) -> bool:
    """Whether what was measured of a joint is its command of another row, to the bit, or to what the measurement is rounded to."""
    if command.n != state.n:
        return False
    c, q = command.column(name), state.column(name)
    within = max(ALIKE, rounded_by(q))
    goes = np.abs(np.diff(c, prepend=c[0])) > 2.0 * within  # a joint that follows is as near while it stands
    for k in range(min(NEXT, state.n // 4) + 1):
        alike = np.abs(q[k:] - c[: len(c) - k]) <= within
        if float(alike.mean()) > MOST and float(alike[goes[: len(c) - k]].mean() if goes[: len(c) - k].any() else within <= ALIKE) > MOST:
            return True
    return False
