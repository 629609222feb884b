"""What an upgrade changes: the last judgement of each take is kept beside its key, whoever the judge was.

A take with the same recording, scene, bounds and settings keeps the verdict of an earlier judge, until it is asked for again.
Then the two are held together: which verdict changed, by which finding, and in what the two judges differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..checks.finding import Finding
from ..judge.verdict import Verdict
from ..report.text import Words
from .kept import Torn, packed, unpacked
from .ledger import LAST, Ledger

Judge = Mapping[str, str]  # see `key.judge_parts`
FILE = "changed.md"
LEVELS = ("NOT_APPLICABLE", "PASS", "NOT_CHECKED", "WARN", "FAIL")  # the worst last


@dataclass(frozen=True)
class Former:
    """What an earlier judge made of a take: its key in the ledger, and that judge."""

    key: str
    judge: Judge


@dataclass(frozen=True)
class VerdictChange:
    """One take with another verdict or another root.

    Attributes:
        verdicts, roots: before and after; findings: those that changed their level, before and after; judge: the earlier one.
    """

    take: str
    source: str
    verdicts: tuple[str, str]
    roots: tuple[str, str]
    findings: tuple[tuple[Finding | None, Finding | None], ...]
    judge: Judge


def former_of(ledger: Ledger, take: str, key: str) -> Former | None:
    """What another judge than that of `key` said last of a take, where it is still there and can be read."""
    try:
        kept = unpacked(ledger.get(take, LAST) or b"")
        found = kept["before"] if kept["key"] == key else kept
        if found is None or not ledger.has(found["key"]):
            return None
        unpacked(ledger.get(found["key"]) or b"")
        return Former(str(found["key"]), dict(found["judge"]))
    except (Torn, KeyError, TypeError):
        return None


def remember(ledger: Ledger, take: str, key: str, judge: Judge, former: Former | None) -> None:
    """Keep which judgement of a take is the last one, and which was before."""
    before = None if former is None else {"key": former.key, "judge": dict(former.judge)}
    ledger.put(take, packed({"key": key, "judge": dict(judge), "before": before}), LAST)


def change_of(before: Verdict, after: Verdict, judge: Judge) -> VerdictChange | None:
    """How two verdicts on one take differ; None where verdict and root are the same."""
    verdicts, roots = (before.verdict or "", after.verdict or ""), (_root(before), _root(after))
    if verdicts[0] == verdicts[1] and roots[0] == roots[1]:
        return None
    was, now = _worst(before.findings), _worst(after.findings)
    pairs = ((was.get(code), now.get(code)) for code in dict.fromkeys([*now, *was]))
    findings = tuple((a, b) for a, b in pairs if (a and a.level) != (b and b.level))
    return VerdictChange(after.episode, after.source, verdicts, roots, findings, judge)


def _root(verdict: Verdict) -> str:
    return verdict.findings[verdict.root].code if verdict.root is not None else ""


def _worst(findings: Sequence[Finding]) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    for one in sorted(findings, key=lambda one: -LEVELS.index(one.level)):
        found.setdefault(one.code, one)
    return found


def _line(before: Finding | None, after: Finding | None, book: Mapping[str, str]) -> str:
    """`CODE BEFORE → AFTER`, and which number moved: what was measured, or the limit."""
    code = (after or before).code  # type: ignore[union-attr]  # one of the two is there
    levels = " → ".join(one.level if one else book["none"] for one in (before, after))
    if before is None or after is None:
        return f"{code} {levels}"
    pairs = ((book["measured"], before.value, after.value), (book["limit"], before.limit, after.limit))
    moved = [f"{name} {a:.4g} → {b:.4g}" for name, a, b in pairs if a is not None and b is not None and a != b]
    return f"{code} {levels}" + (f" ({', '.join(moved)})" if moved else "")


def between(before: Judge, after: Judge) -> str:
    """In what two judges differ."""
    keys = [key for key in after if before.get(key) != after[key]]
    return ", ".join(f"{key} {before.get(key, '?')} → {after[key]}" for key in keys) or "the same"


def write_changes(out: Path, changes: Sequence[VerdictChange], compared: int, judge: Judge, lang: str = "en") -> Path:
    """Write what the upgrade changed as a table, in a language; returns its file."""
    words = Words(lang)
    book = words.book["changed"]
    lines = [f"# {book['title']}", "", words.fill(book["summary"], {"n": compared, "changed": len(changes)}), ""]
    if changes:
        lines += [f"| {book['columns']} |", "|---" * len(book["columns"].split(" | ")) + "|"]
    for one in changes:
        verdict, root = (" → ".join(dict.fromkeys(word or book["none"] for word in pair)) for pair in (one.verdicts, one.roots))
        findings = words.ui("semicolon").join(_line(*pair, book) for pair in one.findings)
        cells = (f"{one.take} ({one.source})", verdict, root, findings or book["none"], between(one.judge, judge))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    (out / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return out / FILE
