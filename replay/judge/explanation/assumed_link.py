"""A link that the command names and the recording did not pass: what a take meets there is assumed, and no device of its centre did it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ....scenarios.link.link import LOCAL
from ...checks.finding import Finding
from ...checks.registry import check_of
from ...recording.recording import Recording
from ..context import SceneContext
from .lost_commands import after_losses

OWNER = "auditor"  # who asked what the take would meet there


def assumed_link(context: SceneContext, recording: Recording) -> dict[str, Any] | None:
    """The numbers of the link over which a take is judged, where the command named it; None where it is the recording's own.

    A recording without its scene does not say which link it passed: any link of it is the command's.
    """
    link, made = context.scene.config.link, context.made_in
    if link.local if recording.episode is None else made is None or made.config.link == link:
        return None
    name = {"like": link.like} if link.local == (link.like == LOCAL) else {}
    outs = {"every": link.every, "longest": link.longest} if math.isfinite(link.every) else {}
    return {**name, "delay": link.delay, "jitter": link.jitter, "loss": link.loss, **outs}


def under_assumed(findings: Sequence[Finding], link: dict[str, Any] | None) -> list[Finding]:
    """The findings; those that the assumed link causes say so, and are nobody's but who asked.

    These are the findings of the link itself, what came just after lost commands, and the replay where the same commands do the task
    without it.
    """
    found = after_losses(findings)
    if link is None:
        return found
    spoiled = any(one.code == "goal" and one.details.get("kind") == "link" for one in found)
    return [
        one.with_(details=one.details | {"owner": OWNER, "over_link": link}) if _by_link(one, spoiled) else one for one in found
    ]


def _by_link(finding: Finding, spoiled: bool) -> bool:
    if finding.level not in ("WARN", "FAIL"):
        return False
    if check_of(finding.code).of == "link" or finding.details.get("kind") == "link":
        return True
    return spoiled and finding.stage == "replay" and finding.failed
