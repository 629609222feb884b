"""Was an injected fault called by its right name, and in its right place? Lines of plain data, and tables of them.

The root of the verdict counts, since people act on it. If the fault is named in the list but something else is called the cause,
the answer is wrong. Whether the fault is named at all is a column of its own. A fault that leads to a warning at most has no root:
such kinds are listed apart (`warned`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from known_faults.fault import Fault, FaultMark
from known_faults.injecting import Injected
from shiliu.replay.checks.finding import Finding, tidy
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.signals.statistics import wilson

SHORT = 0.5  # s, a shorter fault is asked for its onset, a longer one for its overlap
ONSET, OVERLAP = 0.1, 0.8  # s and IoU that are aimed at
RECALL, ROOT, ALARMS = 0.99, 0.97, 0.01  # shares that are aimed at
LEVELS = {"WARN": ("WARN", "FAIL"), "FAIL": ("FAIL",)}
ALARM = ("INFEASIBLE", "UNSOUND")

Line = dict[str, Any]


def score(injected: Injected, verdict: Verdict) -> Line:
    """What the judge made of one broken copy, as a line of plain data."""
    job, line = injected.job, head(injected)
    first, mark = job.faults[0], injected.marks[0]
    root = verdict.findings[verdict.root] if verdict.root is not None else None
    found = _found(first, mark, verdict)
    line |= {
        "verdict": verdict.verdict,
        "refused": verdict.verdict in ALARM or verdict.error is not None,
        "found": found is not None,
        "root": None if root is None else root.code,
        "root_right": (root is not None and root.code in first.codes and root.level == "FAIL")
        if first.level == "FAIL"
        else None,
        "excess": None if found is None else found.excess,
        "subject_right": None if found is None or not mark.subject else bool(set(mark.subject) & set(found.subject)),
        **_place(mark, found),
    }
    if verdict.error is not None:
        line["error"] = verdict.error["message"]
    if len(job.faults) > 1:
        line["also_found"] = all(_found(f, m, verdict) for f, m in zip(job.faults[1:], injected.marks[1:]))
    return tidy(line)


def head(injected: Injected) -> Line:
    """What was injected; all that there is of a copy that could not be made."""
    job = injected.job
    line: Line = {
        "episode": job.episode.seed,
        "kind": " + ".join(fault.name for fault in job.faults),
        "code": job.faults[0].codes[0],
        "stage_of": job.faults[0].way,
        "size": job.size,
    }
    return line if injected.recording is not None else line | {"not_made": injected.reason}


def clean(name: str, seed: int, verdict: Verdict) -> Line:
    """What the judge made of a clean demonstration."""
    root = verdict.findings[verdict.root] if verdict.root is not None else None
    return tidy(
        {
            "episode": seed,
            "clean": name,
            "verdict": verdict.verdict,
            "alarm": verdict.verdict in ALARM,
            "root": None if root is None else root.code,
            "subject": None if root is None else list(root.subject),
            "excess": None if root is None else root.excess,
            "failed": [f.code for f in verdict.findings if f.failed],
            "nearby": next((f.details["nearby"] for f in verdict.findings if "nearby" in f.details), None),
            "findings": [
                {
                    "code": f.code,
                    "level": f.level,
                    "subject": list(f.subject),
                    "value": f.value,
                    "limit": f.limit,
                    "unit": f.unit,
                }
                for f in verdict.findings
                if f.level in LEVELS["WARN"]
            ],
        }
    )


def undecided(line: Line) -> bool:
    """Whether the judge neither passed a clean demonstration nor refused it."""
    return line["verdict"] == "INCONCLUSIVE"


def clean_findings(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Each thing that the judge fails or warns of on clean demonstrations, FAIL first.

    Args:
        lines: of `clean`; others are left out.

    Returns:
        For each clean set, level and code: `demonstrations` that have it, `of` how many, how many `findings`, the seeds of
        the `episodes`, and of the one that is `worst` (furthest from its limit, where it has one) episode, subject, value,
        limit and unit.
    """
    lines = [line for line in lines if "clean" in line and "findings" in line]
    groups: dict[tuple[str, str, str], list[tuple[int, dict[str, Any]]]] = {}
    for line in lines:
        for one in line["findings"]:
            groups.setdefault((line["clean"], one["level"], one["code"]), []).append((line["episode"], one))
    rows = []
    for (name, level, code), found in sorted(groups.items(), key=lambda item: (item[0][1] != "FAIL", item[0])):
        seed, worst = max(found, key=lambda item: _beyond(item[1]))
        rows.append(
            {
                "clean": name, "level": level, "code": code, "findings": len(found),
                "episodes": sorted({episode for episode, _ in found}),
                "demonstrations": len({episode for episode, _ in found}),
                "of": sum(line["clean"] == name for line in lines),
                "worst": {"episode": seed, **{key: worst[key] for key in ("subject", "value", "limit", "unit")}},
            }
        )  # fmt: skip
    return rows


def _beyond(finding: dict[str, Any]) -> float:
    value, limit = finding["value"], finding["limit"]
    return -1.0 if value is None or limit is None else abs(value - limit)


def _found(fault: Fault, mark: FaultMark, verdict: Verdict) -> Finding | None:
    """The finding that tells of the fault: of its code, and best of the right thing at the right time."""
    fits = [f for f in verdict.findings if f.code in fault.codes and f.level in LEVELS[fault.level]]

    def better(finding: Finding) -> tuple[bool, bool, float]:
        is_root = verdict.root is not None and finding is verdict.findings[verdict.root]
        overlap = _place(mark, finding)["iou"] or 0.0
        return bool(set(mark.subject) & set(finding.subject)), is_root, overlap

    return max(fits, key=better, default=None)


def _place(mark: FaultMark, finding: Finding | None) -> Line:
    """Where it was put, where it was found, and how far apart these are."""
    line: Line = {"t0": mark.t0, "t1": mark.t1, "found_t0": None, "found_t1": None, "onset": None, "iou": None}
    if finding is None or finding.t0 is None or mark.t0 is None or mark.t1 is None:
        return line
    end = finding.t0 if finding.t1 is None else finding.t1
    line |= {"found_t0": finding.t0, "found_t1": end}
    if mark.t1 - mark.t0 < SHORT:
        line["onset"] = abs(finding.t0 - mark.t0)
    else:
        shared = max(0.0, min(end, mark.t1) - max(finding.t0, mark.t0))
        line["iou"] = shared / max(max(end, mark.t1) - min(finding.t0, mark.t0), 1e-9)
    return line


def share(hits: int, n: int) -> dict[str, Any]:
    """A share with its Wilson interval."""
    low, high = wilson(hits, n) if n else (0.0, 1.0)
    return {"hits": hits, "n": n, "share": hits / n if n else None, "low": low, "high": high}


def summary(lines: Iterable[Line]) -> dict[str, Any]:
    """Figures by code, by kind, over all, and false alarms on each clean set."""
    lines = list(lines)
    of_sets = [line for line in lines if "set" in line]
    lines = [line for line in lines if "set" not in line]
    made = [line for line in lines if "kind" in line and "not_made" not in line]
    faults = [line for line in made if line["root_right"] is not None]
    warned = [line for line in made if line["root_right"] is None]
    single = [line for line in faults if " + " not in line["kind"]]
    return {
        "all": _figures(faults),
        "single": _figures(single),
        "combined": _figures([line for line in faults if " + " in line["kind"]]),
        "by_code": _by(single, lambda line: line["code"]),
        "by_kind": _by(faults, lambda line: line["kind"]),
        "by_size": _by([line for line in single if line["size"] is not None], lambda line: f"{line['size']:g}"),
        "warned": _by(warned, lambda line: line["kind"]),
        "sets": sets(of_sets),
        "not_made": [line for line in lines if "not_made" in line],
        "clean": {
            name: share(sum(line["alarm"] for line in lines if line.get("clean") == name),
                        sum(line.get("clean") == name for line in lines))
            for name in dict.fromkeys(line["clean"] for line in lines if "clean" in line)
        },
        "undecided": {
            name: share(sum(undecided(line) for line in lines if line.get("clean") == name),
                        sum(line.get("clean") == name for line in lines))
            for name in dict.fromkeys(line["clean"] for line in lines if "clean" in line)
        },
        "alarms": [line for line in lines if line.get("alarm")],
        "open": [line for line in lines if "clean" in line and undecided(line)],
        "clean_findings": clean_findings(lines),
        "short": [line for line in made if falls_short(line)],
    }  # fmt: skip


def sets(lines: Sequence[Line]) -> dict[str, Any]:
    """Kinds of fault in sets with our own files and in ordinary ones, each scored by its root; clean takes beside.

    Returns:
        `kinds`: kind -> form -> `refused`, `root` and `found` as shares, and `called`: the roots that were named instead, by
        how often; `refused` and `by_root`: form -> how many kinds, of how many, of which every copy was refused, or was
        refused for its own root; `clean`: form -> share of clean takes that were refused; `not_made`.
    """
    broken = [line for line in lines if "kind" in line]
    made = [line for line in broken if "not_made" not in line]
    forms = list(dict.fromkeys(line["set"] for line in lines))
    kinds: dict[str, Any] = {}
    for kind in dict.fromkeys(line["kind"] for line in made):
        for form in forms:
            of = [line for line in made if line["kind"] == kind and line["set"] == form]
            wrong = [str(line["root"] or line["verdict"] or "unreadable") for line in of if not line["root_right"]]
            kinds.setdefault(kind, {"code": next(line["code"] for line in made if line["kind"] == kind)})[form] = {
                "refused": share(sum(line["refused"] for line in of), len(of)),
                "root": share(sum(bool(line["root_right"]) for line in of), len(of)),
                "found": share(sum(line["found"] for line in of), len(of)),
                "called": {word: wrong.count(word) for word in dict.fromkeys(wrong)},
            }

    def whole(form: str, word: str) -> dict[str, int]:
        every = [kind[form][word] for kind in kinds.values() if kind[form]["root"]["n"]]
        return {"kinds": sum(one["hits"] == one["n"] for one in every), "of": len(every)}

    clean = [line for line in lines if "clean" in line]
    return {
        "kinds": kinds,
        "refused": {form: whole(form, "refused") for form in forms},
        "by_root": {form: whole(form, "root") for form in forms},
        "clean": {
            form: share(sum(c["alarm"] for c in clean if c["set"] == form), sum(c["set"] == form for c in clean))
            for form in forms
        },
        "alarms": [line for line in clean if line["alarm"]],
        "not_made": [line for line in broken if "not_made" in line],
    }


def falls_short(line: Line) -> str | None:
    """In what way one line is not as aimed at, or None."""
    if line["root_right"] is False:
        where = "named further down" if line["found"] else "missed"
        return f"{where}; root {line['root']}, {line['verdict']}"
    if not line["found"]:
        return f"missed; {line['verdict']}"
    if line.get("also_found") is False:
        return "the second fault was missed"
    if line["onset"] is not None and line["onset"] > ONSET:
        return f"onset off by {line['onset']:.2f} s"
    if line["iou"] is not None and line["iou"] < OVERLAP:
        return f"overlap {line['iou']:.2f}"
    return None


def _by(lines: Sequence[Line], of: Callable[[Line], str]) -> dict[str, Any]:
    return {name: _figures([line for line in lines if of(line) == name]) for name in dict.fromkeys(map(of, lines))}


def _figures(lines: Sequence[Line]) -> dict[str, Any]:
    judged = [line for line in lines if line["root_right"] is not None]
    both = [line for line in lines if "also_found" in line]
    onset = [line["onset"] for line in lines if line["onset"] is not None]
    iou = [line["iou"] for line in lines if line["iou"] is not None]
    return {
        "recall": share(sum(line["found"] for line in lines), len(lines)),
        "root": share(sum(line["root_right"] for line in judged), len(judged)),
        "subject": share(sum(bool(line["subject_right"]) for line in lines if line["subject_right"] is not None),
                         sum(line["subject_right"] is not None for line in lines)),
        "also": share(sum(line["also_found"] for line in both), len(both)) if both else None,
        "onset": None if not onset else {"n": len(onset), "median": float(np.median(onset)), "worst": max(onset),
                                         "within": share(sum(o <= ONSET for o in onset), len(onset))},
        "iou": None if not iou else {"n": len(iou), "median": float(np.median(iou)), "worst": min(iou),
                                     "within": share(sum(o >= OVERLAP for o in iou), len(iou))},
    }  # fmt: skip
