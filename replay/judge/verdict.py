"""From findings to a verdict: stages, the cause, and who moves. What the words mean is written down in the docs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...scenarios.sheet.errors import ShiliuError
from ...scenarios.sheet.near_matches import nearest
from ..checks.finding import ASKED, STAGES, Finding, VerdictEvidence, tidy
from ..checks.registry import check_of, registry
from ..checks.rules import OWNERS, Rules, load_rules
from .explanation.consequences import link, shared
from .explanation.lost_commands import after_losses

if TYPE_CHECKING:
    from PIL import Image

    from ... import face
    from ...scenarios.scene.scene import Scene

HEAD = ("episode", "source", "sha256", "scenario", "scenario_version", "cell", "claim", "verdict")  # of a line
WORDS = ("FEASIBLE", "INFEASIBLE", "UNSOUND", "INCONCLUSIVE", "NOT_CHECKED")
BEFORE = 0.1  # s, by which a step of the command into a place past its joint's range may show before
PLACE = "start.place"  # where it is decided that recorded things contradict each other; `odd`: the ones that no scene has there
BESIDE = ("pictures_absent",)  # reasons of gaps that leave open nothing of a motion: named, and no verdict waits for them
# who holds what is missing, where nothing failed: reasons by holder; all others: device
HELD_BY = {
    "scene": (
        "no_scenario", "no_scene", "bare_scene", "no_goal", "unknown_start", "unknown_values", "no_start_agrees",
        "hangs_on_start", "never_held", "near_success", "unmeasured", "left_lying", "things_apart", "no_variant",
        "other_scenario", "beyond_drawn", "no_start_state", "other_scene", "other_timestep",
    ),
    "operator": ("only_in_record", "no_label"),  # who did the task knows whether it was done
    "robot": ("no_published_limit", "no_limit", "no_legs", "no_model", "no_shapes"),
    "auditor": (
        "gliding_feet", "no_joint_commands", "no_retargeting", "other_robot", "other_names", "human_motion",
        "other_engine", "as_performed", "not_run",
    ),
}  # fmt: skip
HOLDERS = {reason: who for who, reasons in HELD_BY.items() for reason in reasons}


@dataclass
class StageResult:
    """What one stage came to; `reason` where it is NOT_CHECKED or INCONCLUSIVE."""

    stage: str
    verdict: str
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"verdict": self.verdict} if self.reason is None else {"verdict": self.verdict, "reason": self.reason}


@dataclass
class Combined:
    """What a list of findings comes to. `findings` has `because_of` filled in, levels raised where strict."""

    verdict: str
    stages: dict[str, StageResult]
    root: int | None
    owner: str | None
    findings: list[Finding]


@dataclass
class Verdict:
    """The judgement of one recording; one line of `verdicts.jsonl`.

    Attributes:
        episode, source: by what the recording is named, and where it was read from; sha256: of what was read.
        scenario, scenario_version, cell: where it was judged; None where that is not known.
        claim: what FEASIBLE would mean of this kind of recording: `simulation`, `robot`, `human`, ….
        verdict: FEASIBLE, INFEASIBLE, UNSOUND or INCONCLUSIVE; None where it could not be read, and `error` says why.
        outcome: whether the task was done: `success`, `failure` and `subgoals` (when each was reached [s]) in the replay, `label`.
        required: what the scenario requires; stages: the result of each stage, by name.
        findings: one for each check, with code, level, value, limit, moment and fix; root: number of the one that explains the others.
        owner: who acts: operator, device, scene, robot, auditor or nobody.
        provenance: versions, scene, origin of the start, and `notes` about what was assumed or converted.
        taken: what the recording says of itself: operator, centre, devices, when.
    """

    episode: str
    source: str
    sha256: str | None = None
    scenario: str | None = None
    scenario_version: int | None = None
    cell: str | None = None
    claim: str | None = None
    verdict: str | None = None
    outcome: dict = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    root: int | None = None
    owner: str | None = None
    stages: dict[str, StageResult] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    provenance: dict = field(default_factory=dict)
    error: dict | None = None
    repair: dict | None = None  # what `replay.repair` made of it, where it was asked to
    evidence: VerdictEvidence | None = None
    cleared: bool = False  # at intake: nothing was found in what was asked there, and nothing of that was left open
    titles: dict[str, Any] = field(default_factory=dict)  # what the scenario calls its steps and things, by language
    taken: dict[str, Any] = field(default_factory=dict)  # where the take comes from, as far as it says: see `taken`

    @property
    def called(self) -> str:
        """By what lists name it: episodes of two sets may have the same name, what they were read from differs."""
        return self.source or self.episode

    @property
    def unread(self) -> str:
        """Why it could not be read, after the file inside of a set that is to blame: `meta/info.json: ...`; empty where it was read."""
        error = self.error or {}
        message, take = str(error.get("message", "")), self.source.partition("#")[0]
        _, inside, place = f"/{error.get('file') or ''}".partition(f"/{take}/")
        return f"{place}: {message}" if take and inside and place and message else message

    def to_dict(self, words: Callable[[Finding], str | None] | None = None) -> dict[str, Any]:
        """Plain JSON types in a fixed order: no date of the run, no absolute path, no evidence.

        Args:
            words: gives a finding's `message`; without it the message is null.
        """
        if self.error is not None:
            error = {key: self._inside(value) if key == "file" else value for key, value in self.error.items()}
            return tidy({**self._as(HEAD[:3]), "verdict": None, "error": error})
        return {
            **self._as(HEAD),
            "outcome": tidy(self.outcome),
            **({"taken": tidy(self.taken)} if self.taken else {}),
            "required": list(self.required),
            **self._as(("root", "owner")),
            **({"cleared": True} if self.cleared else {}),
            "stages": {name: result.to_dict() for name, result in self.stages.items()},
            "findings": [finding.to_dict(words(finding) if words else None) for finding in self.findings],
            "provenance": tidy(self.provenance),
            **({} if self.repair is None else {"repair": tidy(self.repair)}),
        }

    def _inside(self, file: str | None) -> str | None:
        """A file as it is named wherever the take lies: from its set on, else by its name alone."""
        if file is None or not Path(file).is_absolute():
            return file
        take = self.source.partition("#")[0]
        _, found, place = file.rpartition(f"/{take}/")
        return f"{take}/{place}" if take and found else take if take and file.endswith(f"/{take}") else Path(file).name

    def _as(self, names: Sequence[str]) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}

    def to_json(self, words: Callable[[Finding], str | None] | None = None) -> str:
        """One line of `verdicts.jsonl`, without the line end."""
        return json.dumps(self.to_dict(words), ensure_ascii=False, allow_nan=False)

    def plot(self, code: str | None = None, lang: str = "en") -> face.Drawing:
        """A curve of what was found, with its limits and the moment: SVG, which a notebook shows and `save("a.svg")` keeps.

        Args:
            code: which check's; None for that of the cause, else the first there is.
            lang: `en` or `zh`.

        Raises:
            ShiliuError: there is no such curve; `shiliu.judge(…, curves=[code])` keeps those of checks that pass.
        """
        from ... import face  # what draws a verdict stands above the judge

        return face.plot(self, code, lang)

    def picture(self, at: float | None = None) -> Image.Image:
        """The picture nearest to a moment, as a Pillow image.

        Args:
            at: [s] in the episode; None for the moment of the cause, or the end where there is none.

        Raises:
            ShiliuError: no picture was drawn: `shiliu.judge(…, pictures=True)` draws them, where OpenGL is there.
        """
        from PIL import Image

        shots = self.evidence.pictures if self.evidence is not None else []
        if not shots:
            raise ShiliuError("The verdict has no pictures. Judge with pictures=True.", file=self.called, field="pictures")
        if at is None:
            at = self.findings[self.root].at if self.root is not None else None
        wanted = shots[-1].t if at is None else at
        return Image.open(BytesIO(min(shots, key=lambda shot: abs(shot.t - wanted)).png))

    def __str__(self) -> str:
        """One line: the recording, its verdict, and what it comes from, with its moment [s]."""
        if self.error is not None:
            return f"{self.called}: not read: {self.unread}"
        cause = self.findings[self.root] if self.root is not None else None
        moment = f" at {cause.at:.2f} s" if cause is not None and cause.at is not None else ""
        link = (self.provenance or {}).get("link")
        over = "" if link is None else f" over the assumed link {link.get('like', '')}".rstrip()
        return f"{self.called}: {self.verdict}{over}{f' by {cause.code}{moment}' if cause is not None else ''}"

    def __repr__(self) -> str:
        return f"<Verdict {self}>"

    def _repr_html_(self) -> str:
        from ... import face

        return face.card(self, "en")


def combine(findings: Sequence[Finding], required: Sequence[str], rules: Rules, *, strict: bool = False) -> Combined:
    """Findings to stages, verdict, cause and owner, as docs/verdict.md says.

    Args:
        findings: all findings; a `because_of` that is set is kept.
        required: stages (`kinematics`), groups (`replay.safety`) or codes with their stage (`replay.goal`).
        rules: which codes are never required, who owns a failure, and which of two codes comes first.
        strict: every WARN counts, and is listed, as a FAIL; but where `Check.counts` says that none does.
    """
    judged = [_strictly(finding) if strict and _counts(finding) else finding.with_() for finding in findings]
    judged = after_losses(judged)
    order = _order(judged, rules)
    link(judged, order)
    present = [stage for stage in STAGES if stage not in ASKED or any(finding.stage == stage for finding in judged)]
    stages = {stage: _stage(stage, judged, required, rules) for stage in present}
    needed = {word.split(".")[0] for word in required}
    verdicts = [stages[stage].verdict for stage in present if stage in needed]
    if stages["integrity"].verdict == "UNSOUND":
        verdict = "UNSOUND"
    elif "INFEASIBLE" in verdicts:
        verdict = "INFEASIBLE"
    elif "INCONCLUSIVE" in verdicts or "NOT_CHECKED" in verdicts:
        verdict = "INCONCLUSIVE"
    else:
        verdict = "FEASIBLE"
    root = _root(verdict, judged, order, needed, required, rules)
    owner = _owner(verdict, judged[root] if root is not None else None, rules, judged)
    return Combined(verdict, stages, root, owner, judged)


def _counts(finding: Finding) -> bool:
    """Whether a warning counts where all do."""
    return finding.level == "WARN" and check_of(finding.code).counts


def is_required(finding: Finding, required: Iterable[str], rules: Rules) -> bool:
    """Whether this check is required; one without a published or measured limit never is, nor one of what was not delivered."""
    if finding.code in rules.optional or finding.reason in BESIDE:
        return False
    for word in required:
        if word in (finding.stage, finding.code, f"{finding.stage}.{finding.code}"):
            return True
        if word and word == check_of(finding.code).group:
            return True
    return False


def note_required(scene: Scene) -> None:
    """Note in the scene's problems each word of `judge.required` that no check could ever meet: no verdict would be FEASIBLE."""
    config, rules = scene.config, load_rules(scene.config.thresholds)
    codes = {f"{rule.stage}.{code}": code for code, rule in rules.items() if code != "scenario"}
    codes |= {f"replay.scenario.{name}": f"scenario.{name}" for name, _ in config.never.items()}
    known = requirable(word for word, code in codes.items() if code not in rules.optional)
    for i, word in enumerate(config.required):
        if word in known or word.partition(".")[0] not in STAGES:  # the reader of the config notes the latter
            continue
        path = f"scenario.judge.required[{i}]"
        if word in codes:
            config.problems.note(
                path, f"{word!r} is never required: no limit of it is published or measured. Leave it out."
            )
        else:
            config.problems.note(path, f"{word!r} is no check of the judge.{nearest(word, known)}")


def requirable(codes: Iterable[str]) -> list[str]:
    """What `judge.required` may name: stages, groups of checks, and these codes, each after its stage."""
    return [*STAGES, *dict.fromkeys(check.group for check in registry().values() if check.group), *codes]


def _strictly(finding: Finding) -> Finding:
    return finding.with_(level="FAIL", details=finding.details | {"strict": True})


def _order(findings: Sequence[Finding], rules: Rules) -> list[int]:
    """Indices, causes first: by stage, then by time, then as the thresholds file lists the codes."""

    failed = [f for f in findings if f.failed and f.t0 is not None]
    past = [f for f in failed if f.code == "joint.position"]
    jumps = [f for f in failed if f.code == "joint.jump"]

    def key(i: int) -> tuple[int, float, int, int]:
        finding = findings[i]
        early = finding.at if finding.at is not None and finding.stage != "integrity" else 0.0
        check = check_of(finding.code)
        leads = check.leads
        if finding.failed and leads is not None:
            # a step past a joint's range is one wrong value: where it went is the cause, and how it got there is not
            into = [one.t0 for one in past if any(shared(one, also, finding) for also in jumps)]
            near = [t for t in into if t is not None and early <= t <= early + BEFORE]
            early = max(near) if near else early - leads
        place = rules.order(finding.code)
        if finding.failed and (precedes := check.precedes) is not None:
            place = min([place, *(rules.order(other.code) - 1 for other in findings if other.failed and precedes(finding, other))])
        return STAGES.index(finding.stage), early, place, i

    return sorted(range(len(findings)), key=key)


def _stage(stage: str, findings: Sequence[Finding], required: Sequence[str], rules: Rules) -> StageResult:
    here = [finding for finding in findings if finding.stage == stage]
    if any(finding.failed for finding in here):
        return StageResult(stage, "UNSOUND" if stage == "integrity" else "INFEASIBLE")
    here = [finding for finding in here if check_of(finding.code).of != "takes"]  # company answers no stage's question
    checked = [finding for finding in here if finding.checked]
    open_ = [finding for finding in here if finding.level == "NOT_CHECKED"]
    if not checked:
        reason = next(
            (finding.reason for finding in open_ if is_required(finding, required, rules)),
            open_[0].reason if open_ else "not_run",
        )
        return StageResult(stage, "NOT_CHECKED", reason)
    asked = stage in ASKED  # who asks wants to know: what may be so or not is no yes
    missing = next((f for f in open_ if is_required(f, required, rules) or (asked and f.reason not in (*BESIDE, "not_run"))), None)
    if missing is not None:
        return StageResult(stage, "INCONCLUSIVE", missing.reason)
    # a single check that is required must be among the findings
    for word in required:
        if word.startswith(stage + ".") and not any(is_required(finding, (word,), rules) for finding in here):
            return StageResult(stage, "INCONCLUSIVE", "not_run")
    return StageResult(stage, "FEASIBLE")


def _root(
    verdict: str, findings: Sequence[Finding], order: list[int], needed: set[str], required: Sequence[str], rules: Rules
) -> int | None:
    """Index of the finding that decides: the first failure that follows from nothing, or the first required gap."""
    if verdict == "UNSOUND":
        failed = [i for i in order if findings[i].failed and findings[i].stage == "integrity"]
        return next((i for i in failed if findings[i].because_of is None), failed[0] if failed else None)
    if verdict == "INFEASIBLE":
        failed = [i for i in order if findings[i].failed and findings[i].stage in needed]
        return next((i for i in failed if findings[i].because_of is None), failed[0] if failed else None)
    if verdict == "INCONCLUSIVE":
        gap = next((i for i in order if findings[i].level == "NOT_CHECKED" and is_required(findings[i], required, rules)), None)
        if gap is None or findings[gap].stage not in ("replay", "robustness"):
            return gap
        return next((i for i, one in enumerate(findings) if one.code == PLACE and "odd" in one.details), gap)  # what leaves the start open
    return None


def _owner(verdict: str, root: Finding | None, rules: Rules, findings: Sequence[Finding] = ()) -> str | None:
    if verdict == "FEASIBLE":
        return None
    if root is None:
        return "auditor"
    if verdict == "INCONCLUSIVE":
        if (root.reason or "").startswith("integrity.") or (root.code == PLACE and "odd" in root.details):
            return "device"
        return HOLDERS.get(root.reason or "", "device")
    if root.details.get("owner") in OWNERS:  # a check that knows its cause knows who can mend it
        return str(root.details["owner"])
    placed = root.code == "collision.scene" or root.stage == "replay"  # it hangs on where things stand
    goals = [f for f in findings if f.code == "goal" and (f.failed or f.reason == "near_success")]
    if placed and any(goal.details.get("kind") == "survey" for goal in goals):
        return "scene"  # the same commands do the task without the cell
    try:
        return rules[root.code].owner
    except KeyError:
        return "auditor"
