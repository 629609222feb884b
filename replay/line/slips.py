"""What is told of each take as soon as it is judged: its verdict as a file, and a line for the operator who made it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..judge.verdict import Verdict
from ..report import jsonl
from ..report.lines import SLIPS, TAKES
from ..report.story import Story
from ..report.text import Words
from .ledger import writing

UNKNOWN = "unknown"  # whose file it is where nobody is named
_NAMED = re.compile(r"(?<![A-Za-z0-9])P-[0-9]{3,6}(?![0-9])")
LONGEST = 150  # characters of a file's name


class Slips:
    """Writes into a folder; a take that is told twice has one file and one line.

    Args:
        out: the folder; lang: language of the lines.
    """

    def __init__(self, out: Path, lang: str) -> None:
        self.out, self.words = out, Words(lang)
        with writing(out):
            for name in (TAKES, SLIPS):
                (out / name).mkdir(parents=True, exist_ok=True)

    def path(self, source: str) -> Path:
        """The file of a take's verdict."""
        name = quote(source, safe="#")
        if len(name) > LONGEST:
            name = f"{name[:LONGEST]}-{hashlib.sha256(source.encode()).hexdigest()[:12]}"
        return self.out / TAKES / f"{name}.json"

    def known(self, source: str, state: Any) -> bool:
        """Whether a take was told in this state of its file."""
        try:
            return bool(json.loads(self.path(source).read_text(encoding="utf-8"))["state"] == list(state))
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def tell(self, verdict: Verdict, operator: str | None, state: Any, length_s: float | None, took_s: float) -> str:
        """Write line and file, in this order; returns the line.

        Args:
            operator: pseudonym; None takes the one in the path of the take, where one stands there.
            state: of the take's file; took_s: from when it was ready.
        """
        who = operator or next(iter(_NAMED.findall(verdict.source)), UNKNOWN)
        line = self._line(verdict)
        text = f"{line}\t{hashlib.sha256(f'{verdict.source} {list(state)}'.encode()).hexdigest()[:8]}\n"
        record = {
            "state": list(state),
            "operator": who,
            "length_s": length_s,
            "took_s": round(took_s, 3),
            "verdict": jsonl.as_dict(verdict, self.words),
        }
        with writing(self.out):
            file = self.out / SLIPS / f"{who}.txt"
            if text not in _texts(file):
                with file.open("ab") as lines:
                    lines.write(text.encode())
                    lines.flush()
                    os.fsync(lines.fileno())
            path = self.path(verdict.source)
            part = path.with_name(f".{path.name[-100:]}.part")
            part.write_text(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
            os.replace(part, path)
        return line

    def _line(self, verdict: Verdict) -> str:
        """Take, verdict, what was wrong, what to do."""
        story = Story(verdict, self.words)
        word = self.words.verdict(verdict.verdict or "unreadable")
        parts = (verdict.source, word, story.slip, story.advice)
        return "\t".join(" ".join(str(part).split()) for part in parts)


def _texts(file: Path) -> list[str]:
    """The lines that are there; one that was cut off is ended first, so that the next stands alone."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return []
    if data and not data.endswith(b"\n"):
        with file.open("r+b") as lines:  # torn by a process that died while it wrote
            lines.truncate(data.rfind(b"\n") + 1)
        data = data[: data.rfind(b"\n") + 1]
    return data.decode(errors="replace").splitlines(keepends=True)
