"""The reports of any number of recordings, verdict by verdict: the lines go to the disk, and the page keeps those that need a person.

The files are the same, to the byte, as `write_reports` makes of all verdicts at once; but for the page, which shows the first `KEPT`.
"""

from __future__ import annotations

import heapq
import os
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from ...scenarios.sheet.errors import ShiliuError, printable
from ..formats.partial import beside
from . import jsonl, junit, markdown
from .sarif import Sarif
from .story import rank
from .terminal import COUNTED, count
from .text import Words

if TYPE_CHECKING:
    from ..judge.verdict import Verdict
    from .baseline import Baseline

KEPT = 200  # verdicts that are held in memory for the page and for the last table
NAMES = ("verdicts.jsonl", "junit.xml", "verdicts.sarif", "passed.txt", "refused.txt")


class Reports:
    """Reports that are written as the verdicts come, and lie in `out` when all are there; a context manager.

    Args:
        out: the folder; lang: language of page and messages; baseline: what a former run had found already.

    Attributes:
        counted: of the verdicts so far, as `counts` gives it; cleared: how many of them were cleared at intake.
        gated: of those that count for the exit code: all, or those that are not in the baseline.
    """

    def __init__(self, out: Path | str, lang: str = "en", baseline: Baseline | None = None) -> None:
        self.out, self.words, self.baseline = Path(out), Words(lang), baseline
        self.counted: dict[str, int] = dict.fromkeys((*COUNTED, "warned"), 0)
        self.gated = dict(self.counted)
        self.cleared = self._n = 0
        self._sarif: Sarif | None = None
        self._cases: Counter[str] = Counter()
        self._kept: list[tuple[tuple[int, int], Verdict]] = []
        self._files: dict[str, IO[str]] = {}
        self._part: Path | None = None

    def __enter__(self) -> Reports:
        parent = self.out.absolute().parent
        try:
            parent.mkdir(parents=True, exist_ok=True)
            self._part = beside(self.out)
            self._part.mkdir()
            for name in NAMES:
                self._files[name] = (self._part / name).open("w", encoding="utf-8", errors=jsonl.ODD, newline="\n")
            self._sarif = Sarif(self._files["verdicts.sarif"], self.words, self.baseline)
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            try:
                file.close()
            except OSError:
                pass  # what could not be written was told when it was tried
        if self._part is not None:
            shutil.rmtree(self._part, ignore_errors=True)

    def add(self, verdict: Verdict) -> None:
        """One more, in the order of the data."""
        count(verdict, self.counted)
        if self.baseline is None or self.baseline.counts(verdict):
            count(verdict, self.gated)
        self.cleared += verdict.cleared
        name = f"{printable(str(jsonl.without_paths(verdict.called)))}\n"
        try:
            self._files["verdicts.jsonl"].write(jsonl.as_line(verdict, self.words) + "\n")
            if self._sarif is not None:
                self._sarif.add(verdict)
            self._files["junit.xml"].write(junit.case_lines(verdict, self.words, self._cases))
            if verdict.verdict == "FEASIBLE" or verdict.cleared:
                self._files["passed.txt"].write(name)
            elif verdict.verdict in ("INFEASIBLE", "UNSOUND", None):
                self._files["refused.txt"].write(name)
        except OSError as error:
            raise self._unwritable(error) from error
        heapq.heappush(self._kept, ((-rank(verdict), -self._n), verdict))  # of the least grave ones the last goes first
        if len(self._kept) > KEPT:
            heapq.heappop(self._kept)
        self._n += 1

    @property
    def kept(self) -> list[Verdict]:
        """Those that need a person first, in the order of the data."""
        return [verdict for _, verdict in sorted(self._kept, key=lambda item: -item[0][1])]

    @property
    def found(self) -> Mapping[str, int] | None:
        """The counts of all, where not all are kept."""
        return self.counted if self._n > KEPT else None

    def finish(self, command: str, header: dict[str, Any], threads: int | None = None) -> Path:
        """Complete the files and lay them into `out`, the lines last; former ones are replaced.

        Raises:
            ShiliuError: they cannot be written; the former ones are as they were.
        """
        from .html import render  # brings the template engine

        assert self._part is not None
        page = render(self.kept, self.words, command, header, threads, self.found)
        try:
            if self._sarif is not None:
                self._sarif.finish(str(header.get("version") or ""))
            for file in self._files.values():
                file.flush()
                os.fsync(file.fileno())
                file.close()
            self._junit(self._part / "junit.xml")
            (self._part / "report.html").write_text(page, encoding="utf-8", errors=jsonl.ODD)
            summary = markdown.summary(self.kept, self.words, self.counted, self.baseline)
            (self._part / "summary.md").write_text(summary, encoding="utf-8", errors=jsonl.ODD)
            self.out.mkdir(parents=True, exist_ok=True)
            for name in ("junit.xml", "verdicts.sarif", "summary.md", "report.html", "passed.txt", "refused.txt", "verdicts.jsonl"):
                os.replace(self._part / name, self.out / name)
        except OSError as error:
            raise self._unwritable(error) from error
        return self.out

    def _junit(self, path: Path) -> None:
        """Put the counts, which stand at the head of the document, before its test cases."""
        head, tail = junit.around(self._cases)
        whole = path.with_suffix(".whole")
        with (
            whole.open("w", encoding="utf-8", newline="\n") as file,
            path.open(encoding="utf-8", newline="\n") as cases,
        ):
            file.write(head)
            shutil.copyfileobj(cases, file)
            file.write(tail)
        os.replace(whole, path)

    def _unwritable(self, error: OSError) -> ShiliuError:
        return ShiliuError(
            f"cannot be written: {(error.strerror or str(error)).lower()}. What is judged already is kept; make room or choose "
            "another out=, and run the same command again.",
            file=self.out,
            field="out",
        )
