"""`summary.md`: what a pipeline shows of a run on its page: counts, causes, and the first recordings that need a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .exit_code import COUNTED, counts
from .story import Story, rank
from .text import Words

if TYPE_CHECKING:
    from ..judge.verdict import Verdict
    from .baseline import Baseline

_MARK = re.compile(r"[\\`*\[\]<>|~&]|(?<![^\W_])_|_(?![^\W_])|(?<!\w)#")  # what could be markup where it stands
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
ROWS = 20  # recordings that are listed; GitHub cuts a summary at 1 MiB


def summary(
    verdicts: Sequence[Verdict], words: Words, found: Mapping[str, int] | None = None, baseline: Baseline | None = None
) -> str:
    """Markdown.

    Args:
        verdicts: all of them, or those that need a person first.
        found: what `counts` gives of all, where `verdicts` are only some of them.
    """
    ui = words.ui
    found = found or counts(verdicts)
    total = sum(found[key] for key in COUNTED)
    names = [words.verdict(None if key == "unreadable" else key) for key in COUNTED]
    lines = [f"## shiliu{ui('colon')}{ui('passed_of', n=found['FEASIBLE'], of=total)}", ""]
    lines += _table(names, [[str(found[key]) for key in COUNTED]])
    if baseline is not None:
        lines += ["", ui("baseline_told", known=baseline.n_known, new=baseline.n_new)]
    need = sorted((v for v in verdicts if v.verdict != "FEASIBLE" and not v.cleared), key=rank)
    if need:
        new = [ui("new")] if baseline is not None else []
        rows = []
        for verdict in need[:ROWS]:
            story = Story(verdict, words)
            mark = ([""] if baseline.holds(verdict) else [ui("met")]) if baseline is not None else []
            advice = f" {story.advice}" if story.advice else ""
            rows.append([words.verdict(verdict.verdict), verdict.called, f"{story.slip}{advice}", story.who, *mark])
        lines += ["", *_table([ui("verdict"), ui("take"), ui("why"), ui("who_acts"), *new], rows)]
        left = total - found["FEASIBLE"] - min(len(need), ROWS) - sum(v.cleared for v in verdicts)
        if left > 0:
            lines += ["", ui("more_rows", n=left)]
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_row(head), "|" + "---|" * len(head), *(_row(row) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """The text as a cell of a table: neither a new row, nor markup of its own; `a_b` and `set#2` stay as they are."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return _MARK.sub(lambda found: _ENTITIES.get(found[0], f"&#{ord(found[0])};"), plain)
