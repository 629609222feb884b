"""What would make a failure pass: every FAIL gets a `fix`, which is data; its sentence is in the catalogue.

What makes a fix of a finding stands beside its check (`Check.fix`). A fix has a `kind` (a word of `fixes` in `conf/text`) and
the numbers that its sentence tells. It is `applicable` where a machine can make it, `shiliu replay repair=true` does so, and
the copy that comes out is judged FEASIBLE; how often that holds is measured by `benchmarks/repair.py`. All others are advice
for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...checks.finding import Finding
from ...checks.fixes import Fix, Known
from ...checks.registry import check_of
from ...edits.bounds import Bounds
from ...edits.planning import planned, thrown_off
from ..facts.results import Judged
from .fix_geometry import known_of

# kinds that a machine makes and after which the copy was judged FEASIBLE in at least 95 of 100: benchmarks/repair.py
APPLICABLE = frozenset({"slow", "clip", "spread", "unit"})
GENTLE = 0.5  # smallest factor that is promised: below it most of the way is between the samples, and guessed
SETTLED = 1.0  # s, by then a robot stands where the first commands want it


def advise(judged: Judged, findings: Sequence[Finding]) -> None:
    """Give each FAIL its fix, and say which of them lead to FEASIBLE.

    Args:
        findings: all findings of a verdict, `because_of` filled in; their `fix` is set in place.

    Where one of several failures cannot be mended by a machine, mending the others does not lead to FEASIBLE, so that none
    is applicable.
    """
    for finding in findings:
        if finding.failed:
            finding.fix = fix_of(finding, known_of(judged, finding), judged.recording.duration_s)
    # what follows from a failure passes with it, as long as slowing down is what it takes
    causes = [f for f in findings if f.failed and f.because_of is None]
    asked = [f for f in findings if f.failed and f.stage in ("kinematics", "dynamics") and f.signal == "command"]
    mended = bool(causes) and all(repairable(f) for f in causes) and all(repairable(f, True) for f in asked)
    changes = _plan(judged, causes, findings) if mended else None
    for finding in findings:
        if finding.failed and finding.fix is not None:
            finding.fix["applicable"] = bool(changes) and repairable(finding)
    if changes:
        _told_as_planned(causes, changes)
        if any(_doubtful(change) for change in changes):
            for finding in causes:
                finding.fix = {**(finding.fix or {}), "applicable": False}  # a repair tries it all the same


def _doubtful(change: dict[str, Any]) -> bool:
    """Whether a change is tried, but not promised: much slower, or a step right after the start.

    A command that begins far from the robot's own posture strains its motors before the step that ends it.
    """
    if change["kind"] == "slow":
        return change["factor"] < GENTLE
    return change["kind"] == "spread" and change["t"] < SETTLED


def _plan(judged: Judged, causes: list[Finding], findings: Sequence[Finding]) -> list[dict[str, Any]] | None:
    """What a repair would change: the factor that speed needs may not be enough for torque and balance."""
    if not judged.subject.robot.in_scene or judged.context.made_in is not None:
        return None  # what is judged as another robot, or elsewhere, is not repaired
    return planned(judged.recording, causes, judged.context.capability, Bounds(), thrown_off(findings))


def _told_as_planned(causes: list[Finding], changes: list[dict[str, Any]]) -> None:
    """Fixes with the numbers of the changes that a repair makes; all of them stand in the first cause's fix."""
    for finding in causes:
        fix = finding.fix or {}
        t0 = finding.t0 if finding.t0 is not None else 0.0
        t1 = finding.t1 if finding.t1 is not None else t0
        for change in changes:
            if change["kind"] == fix.get("kind") == "slow" and change["t0"] <= t1 and change["t1"] >= t0:
                fix |= {key: change[key] for key in ("t0", "t1", "factor", "longer_s")}
                break
            if (
                change["kind"] == "spread"
                and change["joint"] in finding.subject
                and fix.get("kind") in ("slow", "spread")
            ):
                fix = dict(change) | {"applicable": fix["applicable"]}  # what looked too fast is a single step
                break
        finding.fix = fix
    if len(changes) > 1 and causes[0].fix is not None:
        causes[0].fix["changes"] = changes


def repairable(finding: Finding, follows: bool = False) -> bool:
    """Whether a machine can make the fix of a finding: of a command, in the motion itself, not of what the world did.

    Args:
        follows: the finding may be a consequence of another one; then only that one's factor is reported.
    """
    fix, within = finding.fix or {}, Bounds()
    kind = fix.get("kind")
    if kind not in APPLICABLE:
        return follows and finding.code.startswith("collision.") and finding.because_of is not None
    if kind == "slow":  # of torque, balance and tracking the factor is an estimate
        return (follows or finding.code == "joint.velocity") and fix["factor"] >= within.slowest
    return kind != "clip" or fix.get("by", 0.0) <= within.back


def fix_of(finding: Finding, known: Known | None = None, end: float | None = None) -> Fix:
    """The fix of one failed finding.

    Args:
        known: what the model adds (see `clearing.known_of`): `holding` [Nm], or `move`, `from`, `by`, `side`.
        end: length of the recording [s].
    """
    context = dict(known or {}) | ({} if end is None else {"end": end})
    made = check_of(finding.code).fix(finding, context)
    return {key: value for key, value in made.items() if value is not None}
