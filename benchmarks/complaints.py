"""Other tools that judge LeRobot sets: how each is called, and what it complains of, in one form.

Each runs as its own command in an environment of its own, with its default settings. Nothing of what it says is left out but
what it calls information: a complaint has the tool's own code and its own level.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fault_scoring import ALARM
from shiliu.replay.judge.verdict import Verdict

REFUSED, WARNED = "refused", "warned"
UNREADABLE = "unreadable"  # the code where a tool ends without a report
PHYSLINT_MOST = 50  # findings of a rule of physlint, by default
LIMIT = 600.0  # s, after which a tool has not answered

Report = Mapping[str, Any]


@dataclass(frozen=True)
class Complaint:
    """One thing that a tool says against a set.

    Attributes:
        code: the tool's own; level: `REFUSED` where the tool itself would not have the take, else `WARNED`.
        take: index of the take, None where it is said of the whole set.
        subject: a column or joint as the tool writes it, so that the same thing is known again in another report.
    """

    code: str
    level: str
    take: int | None = None
    subject: str = ""


def of_rdq(report: Report) -> list[Complaint]:
    """`rdq check --json`. A critical finding and a warning make an episode unusable there; the rest is information."""
    found = []
    for one in report["findings"]:
        if one["severity"] in ("critical", "warning"):
            subject = str(one["details"].get("feature", ""))
            found += [Complaint(one["check"], REFUSED, take, subject) for take in one["episodes"] or [None]]
    return found


def of_report_card(report: Report) -> list[Complaint]:
    """`rrc score --json-out`. A hard flag or a combined z beyond its threshold flags an episode; a single z is a reason."""
    found, at = [], report["thresholds"]
    for one in report["episodes"]:
        take = int(one["episode_index"])
        found += [Complaint(flag.partition(":")[0], REFUSED, take) for flag in one["hard_flags"]]
        flagged = (one["combined"] or 0.0) > at["flag_z"]
        beyond = [(z, name) for name, z in one["z"].items() if z is not None and z >= at["reason_z"]]
        found += [Complaint(name, REFUSED if flagged else WARNED, take) for _, name in sorted(beyond, reverse=True)]
    return found


# messages of lerobot-doctor have no code: words of the message -> what it is called here; the first that fits counts
WORDS = (
    ("zero variance|constant|stuck|zero std", "constant"), ("NaN|Inf", "nonfinite"), ("near-duplicate", "duplicate"),
    ("frame_index", "frame_index"), ("non-monotonic", "monotonic"), ("dropped", "dropped"), ("interval", "interval"),
    ("frozen", "frozen"), ("jump", "jumps"), ("outlier", "outliers"), ("at minimum|at maximum|clipping", "clipped"),
    ("shift", "shift"), ("too short|too long|abnormally", "length"), ("fps", "fps"),
)  # fmt: skip


def of_doctor(report: Report) -> list[Complaint]:
    """`lerobot-doctor check --json`. FAIL refuses, WARN warns; reasons of one episode stand in one message."""
    found = []
    for check in report["checks"]:
        for one in check["messages"]:
            if one["severity"] not in ("WARN", "FAIL"):
                continue
            of_take = re.match(r"(?:(\S+): )?Episode (\d+)(?: has)?:? ?(.*)", one["message"], re.DOTALL)
            take = int(of_take[2]) if of_take else None
            level = REFUSED if one["severity"] == "FAIL" else WARNED
            for words in (of_take[3] if of_take else one["message"]).split("; "):
                code = next((code for word, code in WORDS if re.search(word, words)), check["name"])
                subject = re.match(r"[\w.]+(\[[\w.]+\])?", words)
                found.append(Complaint(code, level, take, subject[0] if subject and take is None else ""))
    return found


def of_lint(report: Report) -> list[Complaint]:
    """`lelint check --json`. An error refuses, a warning warns."""
    levels = {"error": REFUSED, "warning": WARNED}
    return [
        Complaint(one["check"], levels[one["severity"]], one["episode"], str(one["joint"] or ""))
        for one in report["findings"]
        if one["severity"] in levels
    ]


def of_rda(report: Report) -> list[Complaint]:
    """`rda audit -o`. What makes an episode EXCLUDE refuses; any other metric that did not pass warns."""
    found = []
    for one in report["episodes"]:
        for name, metric in one["metrics"].items():
            if metric["availability"] == "available" and not metric["passed"]:
                excludes = one["verdict"] == "EXCLUDE" and metric["evidence_level"] == "HARD_FAIL"
                found.append(Complaint(name, REFUSED if excludes else WARNED, int(one["episode_index"])))
    return found


def of_physlint(report: Report) -> list[Complaint]:
    """`physlint check --json-output`. An error refuses, a warning warns.

    A rule stops at `PHYSLINT_MOST` findings, however many takes it has not come to: that counts for the whole set.
    """
    levels = {"critical": REFUSED, "error": REFUSED, "warning": WARNED}
    found = []
    for rule in report["results"]:
        findings = [one for one in rule["findings"] if one["severity"] in levels]
        for one in findings:
            place = one["location"]
            take = re.search(r"\d+$", place["episode"] or "")
            found.append(
                Complaint(
                    one["rule_id"], levels[one["severity"]], int(take[0]) if take else None, place["stream"] or ""
                )
            )
        if len(findings) >= PHYSLINT_MOST:
            found.append(Complaint(rule["rule_id"], levels[findings[0]["severity"]]))
    return found


def timed(command: Sequence[str], cwd: Path) -> tuple[str, float]:
    """Standard output of a command, and the processor time [s] of it and its children, start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=LIMIT, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@dataclass(frozen=True)
class OtherTool:
    """A tool of others.

    Attributes:
        name: as it is installed, and its folder among the environments.
        command: its program and words; `{set}` and `{report}` are filled in.
        complaints: reads its report. A report on standard output is taken where the command names no file.
    """

    name: str
    command: tuple[str, ...]
    complaints: Callable[[Report], list[Complaint]]

    def ask(self, environments: Path, folder: Path, work: Path) -> tuple[list[Complaint], float]:
        """What it says of a set, and the processor time [s] that it took.

        Args:
            environments: folder that holds its virtual environment; folder: the set; work: where reports and caches may lie.
        """
        file = work / f"{self.name}.json"
        file.unlink(missing_ok=True)
        program, *words = self.command
        filled = [word.format(set=folder, report=file) for word in words]
        printed, seconds = timed([str(environments / self.name / "bin" / program), *filled], work)
        try:
            report = json.loads(file.read_text(encoding="utf-8") if file.is_file() else printed)
            return self.complaints(report), seconds
        except (json.JSONDecodeError, KeyError):
            return [Complaint(UNREADABLE, REFUSED)], seconds


TOOLS = (
    OtherTool("rdq", ("rdq", "check", "{set}", "--json", "{report}"), of_rdq),
    OtherTool("robot-report-card", ("rrc", "score", "{set}", "--json-out", "{report}", "--overwrite"), of_report_card),
    OtherTool("lerobot-doctor", ("lerobot-doctor", "check", "{set}", "--json"), of_doctor),
    OtherTool("lerobot-lint", ("lelint", "check", "{set}", "--json", "{report}"), of_lint),
    OtherTool("robot-data-audit", ("rda", "audit", "{set}", "-o", "{report}"), of_rda),
    OtherTool("physlint", ("physlint", "check", "{set}", "--json-output", "{report}"), of_physlint),
)

_OUT = (
    "numeric.configured_bounds",
    "outliers",
    "numeric_sanity",
    "joint_limit",
    "ACTION_RANGE_MISMATCH",
    "SATURATED_JOINT",
)
_STEP = (
    "episodes.spikes",
    "jumps",
    "DISCONTINUITY",
    "action_discontinuity",
    "velocity_acceleration",
    "numeric.discontinuity",
)
_STOOD = (
    "FROZEN_STATE",
    "frozen",
    "temporal_structure",
    "episodes.no_motion",
    "idle_ratio",
    "idle_frac",
    "episodes.idle",
    "frozen joint",
)
_APART = ("sync.action_state_lag", "sync.action_state_uncorrelated", "ACTION_STATE_DIVERGENCE", "track_err")
_LATE = ("sync.action_state_lag", "temporal.observation_action_delay", "ACTION_STATE_DIVERGENCE", "track_err")
_CLOCK = (
    "time.non_monotonic", "time.dropped_frames", "time.fps_mismatch", "monotonic", "dropped", "TIMESTAMP_NON_MONOTONIC",
    "FRAME_DROPS", "timestamp_validity", "missing_dropout", "sampling_jitter", "temporal.monotonic", "temporal.max_gap",
    "temporal.sampling_interval", "timestamp gap",
)  # fmt: skip
_RATE = (
    "time.fps_mismatch",
    "interval",
    "FPS_MISMATCH",
    "sampling_jitter",
    "temporal.sampling_interval",
    "timestamp gap",
)
_NAN = ("values.non_finite", "non-finite", "nonfinite", "invalid_values", "numeric.finite_values")
_NUMBER = (
    "time.frame_index",
    "frame_index",
    "FRAME_DROPS",
    "missing_dropout",
    "episode.valid_boundaries",
    "temporal.stream_overlap",
)
_SAME = ("episodes.duplicate", "duplicate", "duplication.exact_episodes", "LOW_DIVERSITY")
_DEAD = ("frozen joint", "GRIPPER_INERT", "DEAD_JOINT", "values.dead_dimension", "constant")

# kind of fault -> codes that name it. Generous: what a fault visibly does (a step, values elsewhere) counts as its name
NAMES: dict[str, tuple[str, ...]] = {
    "elbow past its range": (*_OUT, *_STEP),
    "hands 255 times too large": (*_OUT, *_STEP),
    "hand never closes": _DEAD,
    "state stands for 25 rows": _STOOD,
    "every command three times": (*_STOOD, "action_hf_energy", "action_tv_ratio"),
    "action runs early": _LATE,
    "action runs late": _LATE,
    "state columns exchanged": (*_APART, *_OUT),
    "state column reversed": (*_APART, *_OUT),
    "state column off zero": (*_APART, *_OUT),
    "state column without reading": (*_OUT, *_STEP),
    "take twice in the set": _SAME,
    "fps of the set wrong": _RATE,
    "gap in frame_index": _NUMBER,
    "timestamp steps back": _CLOCK,
    "degrees for radians": (*_OUT, *_APART),
    "commands not numbers": _NAN,
    "joint past its limit": _OUT,
    "too fast a reach": (*_STEP, "JITTER"),
    "command jumps": _STEP,
    "arm against the legs": ("collision",),
    "grip opened early": ("GRIPPER_INERT", "drop", "take.release"),
    "object elsewhere": ("goal", "take.grip"),
}


def of_verdict(take: int, verdict: Verdict) -> list[Complaint]:
    """Our own judge's verdict of a take: its root first, then all else that failed or is warned of."""
    if verdict.error is not None:
        return [Complaint(UNREADABLE, REFUSED, take)]
    rooted = [] if verdict.root is None else [verdict.findings[verdict.root]]
    others = [one for one in verdict.findings if not rooted or one is not rooted[0]]
    refused = verdict.verdict in ALARM
    return [
        Complaint(one.code, REFUSED if one.failed and refused else WARNED, take, ", ".join(one.subject))
        for one in [*rooted, *others]
        if one.level in ("FAIL", "WARN")
    ]


def new(
    complaints: Iterable[Complaint], clean: Collection[Complaint], takes: Collection[int], names: Collection[str]
) -> list[Complaint]:
    """What is said against a take that was not said of the same set while it was clean, the worst first.

    Args:
        complaints: of the set with faults; clean: of the set without.
        takes: index of a faulty take; of two that are the same, both.
        names: codes that name its fault. A complaint of the whole set counts only with one of these.
    """
    anew = [one for one in complaints if one not in clean]
    of_take = [one for one in anew if one.take in takes or (one.take is None and one.code in names)]
    return sorted(of_take, key=lambda one: (one.level != REFUSED, one.take is None))


def scored(complaints: Sequence[Complaint]) -> dict[str, Any]:
    """Whether a faulty take is complained of, whether it is refused, and the codes in their order; `complaints` as `new` has them."""
    return {
        "found": bool(complaints),
        "refused": any(one.level == REFUSED for one in complaints),
        "codes": list(dict.fromkeys(one.code for one in complaints)),
    }


def alarms(
    complaints: Iterable[Complaint], faulty: Collection[int], takes: int, clean: Collection[Complaint] = ()
) -> dict[str, int]:
    """How many takes without a fault a tool refuses, and how many it complains of at all.

    Args:
        faulty: indices of takes with a fault; takes: how many there are; clean: complaints that are known and not counted again.
    """
    by_level: dict[str, set[int]] = {REFUSED: set(), WARNED: set()}
    for one in complaints:
        if one.take is not None and one.take not in faulty and one.take < takes and one not in clean:
            by_level[one.level].add(one.take)
    return {
        "refused": len(by_level[REFUSED]),
        "found": len(by_level[REFUSED] | by_level[WARNED]),
        "of": takes - len(faulty),
    }
