"""The verdict of an episode that was made in another scenario than the command names: it is not played. What its tables show holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from ..checks.rules import Rules
from ..recording.recording import Recording
from ..robots.robot_sheet import hand_ranges_of
from .intake import INTAKE, judged
from .verdict import Verdict, combine

CODE, REASON = "reproduces", "other_scenario"
REQUIRED = ("integrity", "kinematics.joint.position", CODE)


def of_other_scenario(recording: Recording, rules: Rules, strict: bool = False) -> Verdict:
    """What its tables say of it by themselves, and `reproduces` not checked, with the scenario that it names."""
    named = recording.scenario or ""
    first = judged(recording, rules, strict, hands=_hands_of(recording.metadata.get("robot")))
    findings = [rules[f.code].not_checked(REASON) if f.reason == INTAKE else f for f in first.findings if f.code != CODE]
    own = rules[CODE].not_checked(REASON, details={"missing": [named]})
    combined = combine([*findings, own], list(REQUIRED), rules, strict=strict)
    failed = combined.verdict in ("UNSOUND", "INFEASIBLE")
    provenance = {key: value for key, value in first.provenance.items() if key != "check"}
    return replace(
        first, verdict=combined.verdict if failed else "INCONCLUSIVE", required=list(REQUIRED),
        root=combined.root if failed else combined.findings.index(own),
        owner=combined.owner if failed else "scene", stages=combined.stages, findings=combined.findings, provenance=provenance,
        cleared=False,
    )  # fmt: skip


@lru_cache(maxsize=8)
def _hands_of(robot: str | None) -> Mapping[str, tuple[float, float]] | None:
    return hand_ranges_of(robot)
