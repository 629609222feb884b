"""Does the verdict say what was done? The root has to name the column, lie on the span, and claim nothing of another family.

What a finding claims is read off the words of its code and of its details (`likely`, `cause`, ...). A finding that says that the
cause is unknown claims no family: that is right of what no explanation covers, and too little of what one does. What a
recorder did is no fault of the operator, of the scene or of the robot: a root that has one of these for its owner is wrong.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shiliu.replay.checks.finding import Finding, tidy
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.signals.statistics import wilson

from .compose import DrawnFault, FaultPart

Line = dict[str, Any]
REFUSED = ("INFEASIBLE", "UNSOUND")
CLAIMED_IN = ("likely", "cause", "hypothesis", "explained_by", "family", "kind")  # keys of details
QUATERNION = "value.quaternion"
UNKNOWN = {"unknown", "unexplained", "differs", "residual"}
NOT_THEIRS = ("operator", "scene", "robot")  # whom a recorder's fault is no matter of
LAST = "~"  # stands after every word
WAYS = {"%": 100.0, "-100..100": 200.0}  # the whole way, in a column's unit
SLACK = 0.2  # s, about a span
WIDER, BESIDES = 4.0, 2.0  # a finding spans at most so many times the fault, and so many seconds more

WORDS = {  # of a claim -> its family
    "offset": "offset constant drift zero bias jump step ramp bump",
    "gain": "scaled factor scale unit degrees sign polarity mirror mirrored inverted gain reversed",
    "range": "range clip clipped saturated saturation wrap wrapped backlash clamped play slew",
    "grain": "quantise quantised quantisation rounded grain resolution bits",
    "noise": "noise noisy burst spike single_row sentinel outlier nonfinite",
    "filter": "lowpass low_pass filter filtered smoothed smoothing",
    "time": "lag shift shifted late early delay rate other_rate fps skew timestamp jitter clock lead warp",
    "held": "frozen held hold repeated straight straight_line gap missing",
    "rows": "cut splice spliced shuffle shuffled dropped lost duplicate renumbered leap jump rows reordered repeated counter length",
    "columns": "swapped permutation permuted exchanged names other_names other_take arm copied command_is_state "
    "measurement_as_command mirror mirrored",
    "derived": "integrated differenced difference integral derivative delta steps relative",
}
NEAR = {  # families that say the same of it in other words
    "offset": {"offset"},
    "gain": {"gain", "columns"},
    "range": {"range", "held", "filter"},
    "grain": {"grain", "held", "noise"},
    "noise": {"noise", "offset"},
    "filter": {"filter", "time", "range"},
    "time": {"time", "filter"},
    "held": {"held", "rows", "noise"},
    "rows": {"rows", "held", "time", "offset"},
    "columns": {"columns", "gain", "offset"},
    "derived": {"derived", "gain", "columns"},
}
OF_FEATURE = {  # a feature with the same column names as another -> words by which a finding names it
    "observation.velocity": ("velocity", "speed"),
    "observation.effort": ("effort", "torque"),
    "observation.touch": ("touch",),
    "observation.wrench": ("wrench",),
}


def families_of(finding: Finding) -> set[str]:
    """What a finding claims, by families; `unknown` among them where it says so."""
    texts = [finding.code, *(str(v) for key in CLAIMED_IN if isinstance(v := finding.details.get(key), str))]
    if finding.code == QUATERNION:
        texts = [finding.code]  # the length that it means is one of a quaternion, and none of a take
    words = {word for text in texts for cut in (r"\W+", r"[\W_]+") for word in re.split(cut, text.lower())}
    found = {family for family, known in WORDS.items() if words & set(known.split())}
    return found | ({"unknown"} if words & UNKNOWN else set())


def names_it(finding: Finding, part: FaultPart) -> bool:
    """Whether a finding names one of the columns; of what takes half of them or more, the feature will do."""
    if part.group == "all":
        return True
    subject = [word for text in finding.subject for word in (text, *text.split("/"), text.removeprefix("observation."))]
    short = part.feature.removeprefix("observation.")
    of = OF_FEATURE.get(part.feature)
    if of is not None:
        where = " ".join((finding.code, finding.signal or "", *finding.subject, str(finding.details))).lower()
        if not any(word in where for word in (*of, part.feature)):
            return False
    things = {name.rpartition(".")[0] for name in part.columns if part.group == "pose"} - {""}
    # q and -q are one attitude: the other three columns turned round is the fourth one turned round
    fourth = {f"{thing}.qw" for thing in things} if part.operation == "attitude turned round" else set()
    wanted = {*part.columns, *part.joints, *things, *fourth, *(f"{part.feature}.{name}" for name in part.columns)}
    whole = {part.feature, short} if part.broad or part.group == "time" else set()
    return bool((wanted | whole) & set(subject))


def lies_on_it(finding: Finding, part: FaultPart) -> bool:
    """Whether a finding lies on the span, and says no more than about where it is."""
    if finding.t0 is None:
        return part.whole
    end = finding.t0 if finding.t1 is None else finding.t1
    if end < part.t0 - SLACK or finding.t0 > part.t1 + SLACK:
        return False
    return end - finding.t0 <= WIDER * (part.t1 - part.t0) + BESIDES


def agrees(finding: Finding, part: FaultPart) -> bool:
    """Whether what a finding claims is the family, or that it is unknown where no explanation covers it.

    `column.differs` is itself a word of that, so that of what no explanation covers it is right whatever it claims besides.
    """
    return claims_it(finding, part) or (part.beyond and "unknown" in families_of(finding))


def is_named(finding: Finding, part: FaultPart) -> bool:
    """The same, and no other family is claimed of what no explanation covers."""
    return claims_it(finding, part) or (part.beyond and families_of(finding) == {"unknown"})


def claims_it(finding: Finding, part: FaultPart) -> bool:
    """Whether what a finding claims is the family."""
    claimed = families_of(finding)
    if part.even and "offset" in claimed:  # all of it is one offset, whatever made it
        return True
    return bool(claimed & NEAR[part.family]) or (part.group == "time" and "time" in claimed)  # a stamp that is wrong is wrong in time


def is_read_so(verdict: Verdict, part: FaultPart) -> bool:
    """Whether a set is not read since the names of these columns contradict what is known of the device, and the error names one."""
    error = verdict.error or {}
    words = set(re.findall(r"\w+", str(error.get("message", ""))))
    return part.group == "names" and part.feature in str(error) and bool(words & {*part.columns, *part.joints})


def score_fault(fault: DrawnFault, check: str, verdict: Verdict) -> Line:
    """What the judge made of a generated fault, as a line of plain data."""
    root = verdict.findings[verdict.root] if verdict.root is not None else None
    refused = verdict.verdict in REFUSED or verdict.error is not None
    devices = verdict.owner not in NOT_THEIRS
    by_error = any(is_read_so(verdict, one) for one in fault.parts)
    found = [] if root is None else [one for one in fault.parts if names_it(root, one) and lies_on_it(root, one)]
    where = by_error or bool(found)
    right = by_error or any(agrees(root, one) for one in found if root is not None)
    named = by_error or any(is_named(root, one) for one in found if root is not None)
    beside = [f for f in verdict.findings if f.level in ("WARN", "FAIL") and f is not root]
    line = {
        **head_of(fault, check),
        "verdict": verdict.verdict,
        "refused": refused,
        "where": refused and where,
        "root": refused and right and devices,
        "named": refused and named and devices,
        "owner": verdict.owner,
        "root_code": None if root is None else root.code,
        "root_subject": None if root is None else list(root.subject),
        "root_t0": None if root is None else root.t0,
        "root_t1": None if root is None else root.t1,
        "seen": refused or any(names_it(f, one) for f in beside if f.code == "column.differs" for one in fault.parts),
        "claims": [] if root is None else sorted(families_of(root)),
        "beside": [f"{f.level} {f.code} {'/'.join(f.subject[:2])}" for f in beside[:6]],
        "error": None if verdict.error is None else verdict.error["message"],
    }
    return dict(tidy(line))


def head_of(fault: DrawnFault, check: str) -> Line:
    """What was drawn."""
    return {
        "seed": fault.seed,
        "kind": fault.kind,
        "check": check,
        "set": fault.source.name,
        "take": fault.take.index,
        "company": len(fault.company),
        "poses": "observation.environment_state" in fault.seen,
        "above": fault.above,
        "parts": [dataclasses.asdict(one) for one in fault.parts],
    }


def score_clean(source: str, kind: str, take: int, poses: bool, check: str, verdict: Verdict) -> Line:
    """What the judge made of a clean take."""
    root = verdict.findings[verdict.root] if verdict.root is not None else None
    line = {
        "clean": True, "kind": kind, "check": check, "set": source, "take": take, "poses": poses, "verdict": verdict.verdict,
        "refused": verdict.verdict in REFUSED or verdict.error is not None, "root_code": None if root is None else root.code,
        "error": None if verdict.error is None else verdict.error["message"],
        "stated": {one["channel"]: one["slow"] for f in verdict.findings for one in f.details.get("resolution", ())},
    }  # fmt: skip
    return dict(tidy(line))


def above_stated(line: Line, stated: Mapping[str, float]) -> bool:
    """Whether a fault exceeds the limits, and what the verdict of the clean take says that could be seen in it.

    Args:
        stated: channel -> [rad, or share of its way], of the channels of which anything is said.
    """
    return any(
        part["above"] and all(part["peak"] / WAYS.get(part["peak_unit"], 1.0) >= stated.get(joint, 0.0) for joint in part["joints"])
        for part in line["parts"]
    )


def of_clean(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """By what a clean take is known, and the one that a fault was put into."""
    return tuple(line[key] for key in ("kind", "check", "set", "take", "poses"))


def counted(lines: Iterable[Line]) -> tuple[list[Line], list[Line], list[Line]]:
    """Faults in takes that pass clean; faults in takes that are refused clean, which tell nothing; clean takes."""
    lines = list(lines)
    clean = [line for line in lines if line.get("clean")]
    refused = {of_clean(line) for line in clean if line["refused"]}
    faults = [line for line in lines if not line.get("clean")]
    return (
        [one for one in faults if of_clean(one) not in refused],
        [one for one in faults if of_clean(one) in refused],
        clean,
    )


def share_of(lines: Sequence[Line], key: str) -> str:
    """`hits/n  share (Wilson interval) %`."""
    if not lines:
        return "–"
    hits = sum(bool(line[key]) for line in lines)
    low, high = wilson(hits, len(lines))
    return f"{hits}/{len(lines)}  {100 * hits / len(lines):.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def grouped_by(lines: Iterable[Line], key: str) -> list[tuple[str, str, str, list[Line], list[Line]]]:
    """(check, kind, word, all, those above the limits) by a word of the first part, `all` after the words of each.

    Args:
        key: `family`, `group` (of columns), or `operation`.
    """
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        own = line["parts"][0][key]
        for word in ("every column" if own == "all" else own, LAST):
            groups.setdefault((line["check"], line["kind"], word), []).append(line)
    return [
        (check, kind, "all" if word == LAST else word, found, [line for line in found if line["above"]])
        for (check, kind, word), found in sorted(groups.items())
    ]


def missed(lines: Iterable[Line]) -> list[Line]:
    """Faults above the limits that were let through or called by another name, the largest against its limit first."""
    open_ = [line for line in lines if line["above"] and not line["root"]]
    return sorted(open_, key=lambda line: (line["refused"], -max(part["excess"] for part in line["parts"])))
