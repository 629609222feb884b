"""A drift on the terminal, as JSON and as a page of Markdown, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from ...version import __version__
from ..formats.atomic_folder import write_whole
from ..report.text import Words
from .kept_take import EVERY, machine
from .outcome import exit_code

FIGURES, PAGE = "drift.json", "drift.md"
COLUMNS = ("take", "verdict", "why", "success", "start", "first", "visible")
FLIPS = (COLUMNS.index("verdict"), COLUMNS.index("success"))
CHANGES = " → "
WIDE = 160  # columns of the table where no terminal says how many there are
Line = Mapping[str, Any]


def figures(lines: Sequence[Line]) -> dict[str, Any]:
    """All lines with their counts; nothing in it depends on the day or on where files lie."""
    flips = {what: sum(what in one["flips"] for one in lines) for what in ("verdict", "success")}
    return {
        "shiliu": __version__,
        "machine": dict(machine()),
        "takes": len(lines),
        "flipped": flips,
        "unplayable": sum(one["error"] is not None for one in lines),
        "differing": sum(bool(one["differences"]) for one in lines),
        "starts_moved": sum(one["start"] is not None for one in lines),
        "exit": exit_code(lines),
        "lines": [{key: value for key, value in one.items() if key not in ("key", "seconds")} for one in lines],
    }


def cells(line: Line, words: Words) -> list[str]:
    """One take in the columns of the table."""
    say = words.book["drift"]
    if line["error"] is not None:
        return [line["take"], say["broken"], line["error"], "", "", "", ""]
    verdicts = [words.verdict(one) for one in line["verdict"]]
    successes = [say["succeeded" if one else "failed"] for one in line["success"]]
    cause = line["cause"]
    why = "" if cause is None else f"{say['by'][cause['by']]}: {', '.join(cause['codes'][:2]) or say['no_code']}"
    start, first, visible = line["start"], line["first"], line["visible"]
    parted = "" if first is None or first["joint"] is None else f", {_size(first)}"
    return [
        line["take"],
        _change(verdicts),
        why,
        _change(successes),
        say["same"] if start is None else _size(start),
        say["same"] if first is None else f"{first['t']:.2f} s{parted}",
        say["none"] if visible is None else f"{visible['t']:.2f} s, {_size(visible)}",
    ]


def table(lines: Sequence[Line], words: Words) -> Table:
    """For the terminal."""
    made = Table()
    for one in COLUMNS:
        made.add_column(words.book["drift"]["columns"][one], overflow="fold")
    for line in lines:
        made.add_row(*cells(line, words), style="bold" if line["flips"] or line["error"] else "")
    return made


def summary(lines: Sequence[Line], words: Words) -> str:
    """One sentence, and what of the machine is another one."""
    found = figures(lines)
    text = words.fill(
        words.book["drift"]["summary"],
        {
            "n": found["takes"],
            "verdicts": found["flipped"]["verdict"],
            "successes": found["flipped"]["success"],
            "broken": found["unplayable"],
            "differing": found["differing"],
        },
    )
    elsewhere = sorted({one["elsewhere"] for one in lines if one["elsewhere"]})
    return text if not elsewhere else f"{text} {words.book['drift']['elsewhere']} {'; '.join(elsewhere)}."


def page(lines: Sequence[Line], words: Words) -> str:
    """The report: the sentence, the table, and every difference of each take, flips first."""
    say = words.book["drift"]
    rows = [[say["columns"][one] for one in COLUMNS], ["---"] * len(COLUMNS)]
    rows += [[f"**{one}**" if k in FLIPS and CHANGES in one else one for k, one in enumerate(cells(line, words))] for line in lines]
    text = [f"# {say['title']}", "", summary(lines, words), ""]
    text += ["| " + " | ".join(one.replace("|", "\\|") for one in row) + " |" for row in rows]
    text += ["", words.fill(say["note"], {"every": EVERY})]
    for line in sorted(lines, key=lambda one: not (one["flips"] or one["error"])):
        if line["differences"]:
            text += ["", f"## {line['take']}", "", *(f"- {one}" for one in line["differences"])]
    return "\n".join(text) + "\n"


def write(lines: Sequence[Line], out: Path, words: Words) -> None:
    """`drift.json` and `drift.md` into the folder, each whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / FIGURES, json.dumps(figures(lines), ensure_ascii=False, indent=1) + "\n")
    write_whole(out / PAGE, page(lines, words))


def _change(pair: Sequence[str]) -> str:
    return pair[0] if pair[0] == pair[1] else f"{pair[0]}{CHANGES}{pair[1]}"


def _size(one: Mapping[str, Any]) -> str:
    return f"{one['joint']} {one['size']:.2g}"
