"""What a kept line of a verdict says, in the language and with the words of a reader: the line itself holds the sentences of its run."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ..checks.finding import Finding
from ..judge.verdict import StageResult, Verdict
from ..report.lines import VerdictLine
from ..report.story import Story
from ..report.text import Words


def shown_of(finding: dict[str, Any], words: Words) -> dict[str, Any]:
    """What the page shows of a finding: `level`, `label` of it, `code`, `t0`, `t1` [s], `text`."""
    t0, t1 = finding.get("t0"), finding.get("t1")
    return {
        "level": finding["level"],
        "label": words.level(finding["level"]),
        "code": str(finding.get("code")),
        "t0": t0,
        "t1": t0 if t1 is None else t1,
        "text": _message(finding, words) or str(finding.get("message") or finding.get("code")),
    }


def why_undecided(line: VerdictLine, words: Words) -> str:
    """Why there is no answer, as a report gives it; empty where there is one, or where the line does not tell."""
    if line.verdict != "INCONCLUSIVE":
        return ""
    tree = line.tree
    try:
        stages = {name: StageResult(name, one["verdict"], one.get("reason")) for name, one in tree["stages"].items()}
        verdict = Verdict(
            str(tree["episode"]),
            line.source,
            verdict="INCONCLUSIVE",
            outcome=tree.get("outcome") or {},
            required=tree.get("required") or [],
            root=tree.get("root"),
            stages=stages,
            findings=[_finding(one) for one in line.findings],
            cleared=bool(tree.get("cleared")),
        )
        return Story(verdict, words).why
    except Exception:  # lines of other versions may lack anything
        return ""


def _finding(tree: dict[str, Any]) -> Finding:
    known = {one.name for one in fields(Finding)}
    return Finding(**{key: value for key, value in tree.items() if key in known})


def _message(tree: dict[str, Any], words: Words) -> str:
    """A finding's sentence; empty where the line has not all that belongs into it."""
    try:
        return words.message(_finding(tree))
    except Exception:  # lines of other versions may lack anything
        return ""
