"""What is reported of each take as soon as it is judged: its verdict as a file, and a line for the operator who made it."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...scenarios.sheet.errors import printable
from ...scenarios.sheet.json_reader import json_of
from ..judge.verdict import Verdict
from ..report import jsonl
from ..report.lines import SLIPS, TAKES
from ..report.story import Story
from ..report.text import Words
from .ledger import writing

UNKNOWN = "unknown"  # the file's owner if nobody is named
_NAMED = re.compile(r"(?<![A-Za-z0-9])P-[0-9]{3,6}(?![0-9])")
LONGEST = 150  # characters of a file's name


class Slips:
    """Writes into a folder; a take that is reported twice has one file and one line.

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
        """Whether a take was reported in this state of its files."""
        return (self._record(self.path(source)) or {}).get("state") == list(state)

    def judged(self, source: str, state: Any) -> bool:
        """Whether there is a verdict of it in this state. What could not be read is tried again by every run."""
        record = self._record(self.path(source)) or {}
        return record.get("state") == list(state) and record.get("key") is not None

    def renewed(self, source: str, key: str, state: Any) -> bool:
        """Whether this judgement of the take was reported before; then the state of its files is brought up to date."""
        record = self._record(self.path(source))
        if record is None or record.get("key") != key:
            return False
        if record.get("state") != list(state):
            self._write(self.path(source), record | {"state": list(state)})
        return True

    def keep_only(self, source: str, takes: Collection[str]) -> None:
        """Take away the files of what was reported of a set while it was another one: as unreadable, or longer.

        Args:
            source: of the set; takes: what is in it now.
        """
        start = glob.escape(quote(source, safe="#")[:LONGEST])
        for path in (self.out / TAKES).glob(f"{start}*.json"):
            verdict = (self._record(path) or {}).get("verdict")
            of = verdict.get("source") if isinstance(verdict, dict) else None
            if isinstance(of, str) and of not in takes and (of == source or of.startswith(f"{source}#")):
                with writing(self.out):
                    path.unlink(missing_ok=True)

    def tell(
        self,
        verdict: Verdict,
        operator: str | None,
        state: Any,
        length_s: float | None,
        took_s: float,
        key: str | None = None,
    ) -> str:
        """Write line and file, in this order; returns the line.

        Args:
            operator: pseudonym; None takes the one in the path of the take, where one stands there.
            state: of the take's files; took_s: from when it was ready; key: of its judgement, where there is one.
        """
        who = operator or next(iter(_NAMED.findall(verdict.source)), UNKNOWN)
        line = self._line(verdict)
        text = f"{line}\t{hashlib.sha256(f'{verdict.source} {key or list(state)}'.encode()).hexdigest()[:8]}\n"
        record = {
            "state": list(state),
            "key": key,
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
        self._write(self.path(verdict.source), record)
        return line

    def _write(self, path: Path, record: dict[str, Any]) -> None:
        with writing(self.out):
            part = path.with_name(f".{path.name[-100:]}.part")
            try:
                part.write_text(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n", "utf-8", jsonl.ODD)
                os.replace(part, path)
            finally:
                part.unlink(missing_ok=True)

    @staticmethod
    def _record(path: Path) -> dict[str, Any] | None:
        try:
            found = json_of(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _line(self, verdict: Verdict) -> str:
        """Take, verdict, what was wrong, what to do."""
        story = Story(verdict, self.words)
        word = self.words.verdict(verdict.verdict or "unreadable")
        parts = (verdict.source, word, story.slip, story.advice)
        return "\t".join(printable(" ".join(str(part).split())) for part in parts)


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
