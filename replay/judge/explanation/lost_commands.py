"""What a command did to the robot because those before it were lost on the link: it is a longer step, which nobody commanded so."""

from __future__ import annotations

from collections.abc import Sequence

from ...checks.finding import Finding
from ...checks.registry import check_of

STEP, EARLIER = 0.2, 0.05  # s from a command after lost ones, in which its longer step shows; by how much a filter shows it before


def after_losses(findings: Sequence[Finding]) -> list[Finding]:
    """The same findings; those that come just after a command which followed lost ones have the link as their cause."""
    came = [t for finding in findings if finding.code == "link.loss" for t in finding.details.get("came", ())]
    return [_of_the_link(finding, came) for finding in findings]


def _of_the_link(finding: Finding, came: Sequence[float]) -> Finding:
    at = finding.at
    if at is None or finding.level not in ("WARN", "FAIL") or not check_of(finding.code).stepped:
        return finding
    near = [t for t in came if 0.0 <= at - t + EARLIER <= STEP]
    owner = finding.details["owner"] if "over_link" in finding.details else "device"  # of a link that the command assumes, it is known
    return finding.with_(details=finding.details | {"kind": "link", "owner": owner, "came": max(near)}) if near else finding
