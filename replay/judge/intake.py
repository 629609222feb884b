"""The first pass over a delivery of recordings: is each sound in itself? No scene is built, and MuJoCo is not imported.

Clocks, counters, numbers, units, digests and what a set says of itself, whether a take is in its set twice, and of our own
robot's joints their ranges and whether a command steps: what can be determined from the tables alone. Nothing is claimed of what it
does not ask: a recording in which nothing was found is INCONCLUSIVE and `cleared`, with the stages after integrity named as
not asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...scenarios.reading import composition
from ...scenarios.robots.robot_folder import DEFAULT_ROBOT, robot_folder, robots
from ...version import __version__
from ..checks.finding import Finding, VerdictEvidence
from ..checks.integrity import check_integrity, stopped_signals
from ..checks.kinematics import check_jump, check_position
from ..checks.measured_there import as_measured_there
from ..checks.rules import Rules, load_rules
from ..checks.takes import Key, TakesSeen, content, duplicate_of, set_of, shown_of
from ..recording.recording import Recording, Stream, Unreadable, note_words
from ..robots.limits import JointLimit, Limits
from ..robots.robot_sheet import hand_ranges_of, load_limits
from ..signals.channels import SCALE, in_radians, pair
from ..signals.clock import origin_ns, seconds
from ..signals.one_thread import on_one_thread
from .place.taken import taken
from .steps import error_line
from .verdict import HOLDERS, StageResult, Verdict, combine, is_required

INTAKE = "intake"
THRESHOLDS = "arm_manipulation"
AHEAD = 8  # takes that a verdict waits for, where they may tell that its take lacks an end, or that two of its joints are exchanged
REQUIRED = ("integrity", "kinematics.joint.position")  # all that is asked here


@lru_cache
def own_limits() -> Limits:
    """The published limits of our own robots' joints; those of others are in no table here, and their ranges are not asked."""
    joints: dict[str, JointLimit] = {}
    for name in (DEFAULT_ROBOT, *robots()):  # of a joint that two robots call alike, the default one's
        joints = {**load_limits(robot_folder(name)).joints, **joints}
    return replace(load_limits(robot_folder(DEFAULT_ROBOT)), joints=joints)


def rules_of(conf_dir: Path | None = None) -> Rules:
    """The thresholds, from the designer's folder where it has its own."""
    return load_rules(THRESHOLDS, composition.folder_of("check", THRESHOLDS, conf_dir))


def intake(
    recordings: Iterable[Recording | Unreadable],
    rules: Rules | None = None,
    *,
    strict: bool = False,
    robot: str | None = None,
    conf_dir: Path | None = None,
    asked: tuple[str, Mapping[str, Any]] | None = None,
) -> Iterator[Verdict]:
    """One verdict after the other, holding no more than one recording, and of those before it digests.

    Args:
        recordings: from `shiliu.read`; unreadable ones become verdicts with an error. The verdict of a take that begins or ends in a
            motion, or is commanded past a range, waits for the next ones of its set.
        rules: the thresholds; None takes the package's own.
        strict: a warning fails.
        robot: name or file of the sheet that tells how far the hands go; None takes that of the robot that each recording names.
        conf_dir: the designer's folder of configs.
        asked: name and tree of the scenario that the command names, with which task sentences are compared.
    """
    rules = rules or rules_of()
    hands = lru_cache(maxsize=None)(lambda name: hand_ranges_of(name, conf_dir))  # one sheet for a whole set
    seen: dict[Key, TakesSeen] = {}
    waiting: deque[tuple[Verdict, Key | None]] = deque()
    for item in recordings:
        key = None
        if isinstance(item, Unreadable):
            verdict = Verdict(item.name, item.source, error=error_line(item.error))
        else:
            try:
                verdict = judged(item, rules, strict, seen, hands(robot or item.metadata.get("robot")), asked)
                key = set_of(item)
            except Exception as error:
                verdict = Verdict(item.name, item.source, error=error_line(error))
        waiting.append((verdict, key))
        while waiting and (len(waiting) > AHEAD or not _waits(*waiting[0], seen)):
            yield _with_later(*waiting.popleft(), seen, rules, strict)
    for verdict, key in waiting:
        yield _with_later(verdict, key, seen, rules, strict)


def _waits(verdict: Verdict, key: Key | None, seen: Mapping[Key, TakesSeen]) -> bool:
    """Whether the takes that come next may tell more of one."""
    return key is not None and key in seen and seen[key].waits(verdict.source)


def _with_later(verdict: Verdict, key: Key | None, seen: Mapping[Key, TakesSeen], rules: Rules, strict: bool) -> Verdict:
    """The verdict, with what the takes about it tell of its ends, and of joints that are driven past their ranges."""
    later = seen[key].of_later(verdict.source, own_limits(), rules) if key is not None and key in seen else []
    found = {f.code: f.level for f in verdict.findings if f.level in ("WARN", "FAIL")}
    found |= {f.code: "FAIL" for f in verdict.findings if f.failed}
    new = [one for one in later if found.get(one.code) not in (one.level, "FAIL")]
    if not new:
        return verdict
    findings = verdict.findings
    for one in new:
        findings = _instead(findings, one)
    return _concluded(verdict, findings, rules, strict)


@on_one_thread
def judged(
    recording: Recording,
    rules: Rules,
    strict: bool = False,
    seen: dict[Key, TakesSeen] | None = None,
    hands: Mapping[str, tuple[float, float]] | None = None,
    asked: tuple[str, Mapping[str, Any]] | None = None,
) -> Verdict:
    """The verdict of one recording at intake.

    Args:
        seen: what the takes of each set before it hold, to which that of this one are added; None asks for no copies.
        hands: ranges of hands that a robot's sheet gives.
        asked: as for `intake`.
    """
    findings = check_integrity(recording, own_limits(), rules, hands=hands, asked=asked)
    findings = [_not_asked(finding) for finding in findings]
    if seen is not None:
        findings = _among(findings, recording, rules, seen)
    stopped = dict(stopped_signals(findings, recording))
    findings += check_ranges(recording, rules, stopped)
    findings += check_steps(recording, rules, stopped)
    verdict = Verdict(
        episode=recording.name,
        source=recording.source,
        sha256=recording.sha256,
        scenario=recording.scenario,
        cell=recording.cell,
        claim=recording.kind,
        required=list(REQUIRED),
        provenance={
            "shiliu": __version__,
            "check": INTAKE,
            "thresholds": f"{rules.name} {rules.digest[:12]}",
            "mapping": recording.mapping,
            "notes": list(recording.notes),
            "unmapped": list(recording.unmapped),
        },
        evidence=VerdictEvidence(recording.duration_s),
        titles={"notes": note_words(recording)},
        taken=taken(recording),
    )
    return _concluded(verdict, with_skills(findings, recording), rules, strict)


def _concluded(verdict: Verdict, findings: list[Finding], rules: Rules, strict: bool) -> Verdict:
    """The verdict with what was found of a take."""
    required = list(REQUIRED)
    combined = combine(findings, required, rules, strict=strict)
    stages = combined.stages
    for stage in list(stages)[1:]:
        if stages[stage].verdict != "INFEASIBLE":
            some = any(finding.stage == stage and finding.checked for finding in combined.findings)
            stages[stage] = StageResult(stage, "INCONCLUSIVE" if some else "NOT_CHECKED", INTAKE)
    failed = combined.verdict in ("UNSOUND", "INFEASIBLE")
    left_out = (i for i, f in enumerate(combined.findings) if f.level == "NOT_CHECKED" and f.reason != INTAKE)
    gap = next((i for i in left_out if is_required(combined.findings[i], required, rules)), None)
    root, owner = (combined.root, combined.owner) if failed else (gap, None)
    if gap is not None and not failed:
        owner = HOLDERS.get(combined.findings[gap].reason or "", "device")
    return replace(
        verdict,
        verdict=combined.verdict if failed else "INCONCLUSIVE",
        root=root,
        owner=owner,
        stages=stages,
        findings=combined.findings,
        cleared=not failed and gap is None,
    )


def _among(findings: list[Finding], recording: Recording, rules: Rules, seen: dict[Key, TakesSeen]) -> list[Finding]:
    """The findings, with what the takes of its set that came before show of this one, and `take.duplicate`; it is kept in `seen`.

    A hand may be in another base than theirs, commands those of one of them, joints exchanged.
    """
    key = set_of(recording)
    if key is None:
        return [*findings, rules["take.duplicate"].not_applicable("no_set")]
    before = seen.setdefault(key, TakesSeen())
    shown = shown_of(recording, own_limits(), findings)
    failed = any(finding.failed for finding in findings)  # then it is no matter of another take's commands
    for one in before.against(replace(shown, moving=None) if failed else shown, own_limits(), rules, more=True):
        findings = _instead(findings, one)
    before.show(shown)
    holds = content(recording)
    copy = duplicate_of(holds, before, rules, shown.moving)
    before.keep(holds, recording.source)
    return [*findings, copy]


def _instead(findings: list[Finding], one: Finding) -> list[Finding]:
    """The findings, one of them in place of what its check found in the take alone, unless that failed."""
    return [one if f.code == one.code and not f.failed else f for f in findings]


def check_ranges(recording: Recording, rules: Rules, stopped: dict[str, str]) -> list[Finding]:
    """`joint.position` of the joints that are our own robot's: of what was commanded, and of what a robot measured.

    Args:
        stopped: signal -> reason, from `stopped_signals`.
    """
    rule, limits, found = rules["joint.position"], own_limits(), []
    for role, stream, names in _own_joints(recording):
        if role in stopped:
            found.append(rule.not_checked(stopped[role], signal=role))
        else:
            t = seconds(stream, origin_ns(recording))
            found += check_position(t, in_radians(stream, names), names, limits, rules, role)
    return as_measured_there(found, recording, limits, rules) or [rule.not_checked(INTAKE)]


def check_steps(recording: Recording, rules: Rules, stopped: dict[str, str]) -> list[Finding]:
    """`joint.jump` of the commands to joints that are our own robot's.

    Args:
        stopped: as for `check_ranges`.
    """
    rule = rules["joint.jump"]
    for role, stream, names in _own_joints(recording):
        if role == "command" and role in stopped:
            return [rule.not_checked(stopped[role], signal=role)]
        if role == "command":
            t = seconds(stream, origin_ns(recording))
            return check_jump(t, in_radians(stream, names), names, own_limits(), rules, role)
    return [rule.not_checked(INTAKE)]


def _own_joints(recording: Recording) -> Iterator[tuple[str, Stream, list[str]]]:
    """What was commanded to joints of our own robot, and what a robot measured of them: role, stream, names of joints."""
    if recording.kind == "human":
        return
    for role, stream in zip(("command", "measured"), pair(recording)):
        if stream is None or stream.unit not in SCALE or (role == "measured" and recording.kind == "simulation"):
            continue
        names = [name for name in stream.names if name in own_limits()]
        if names:
            yield role, stream, names


def trimmed(verdict: Verdict) -> Verdict:
    """A verdict without what passed, for a delivery of which not every finding fits into memory."""
    kept = [i for i, finding in enumerate(verdict.findings) if finding.level not in ("PASS", "NOT_APPLICABLE")]
    place = {old: new for new, old in enumerate(kept)}
    for old in kept:
        finding = verdict.findings[old]
        finding.because_of = None if finding.because_of is None else place.get(finding.because_of)
    verdict.root = None if verdict.root is None else place.get(verdict.root)
    verdict.findings = [verdict.findings[i] for i in kept]
    verdict.provenance["findings"] = "what passed is left out"
    verdict.evidence = VerdictEvidence(verdict.evidence.duration_s) if verdict.evidence is not None else None
    return verdict


def _not_asked(finding: Finding) -> Finding:
    """What intake leaves out on purpose: no picture is decoded."""
    if finding.level == "NOT_CHECKED" and finding.reason == "not_run":
        finding.reason = INTAKE
    return finding


def with_skills(findings: Sequence[Finding], recording: Recording) -> list[Finding]:
    """The findings, each with the skill of the demonstration in which it begins."""
    segments = recording.episode.segments if recording.episode is not None else []

    def skill_of(finding: Finding) -> str | None:
        at = finding.at
        if at is None or finding.skill is not None or finding.level not in ("WARN", "FAIL"):
            return finding.skill
        return next((s["skill"] for s in segments if s["t0"] <= at < s["t1"]), None)

    return [finding.with_(skill=skill_of(finding)) for finding in findings]
