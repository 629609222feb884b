"""The reports of any number of recordings, verdict by verdict: the lines go to the disk, and the page keeps those that need a person.

They are `verdicts.jsonl`, `junit.xml`, `verdicts.sarif`, `summary.md`, `report.html`, `passed.txt` and `refused.txt`. The last two
name one recording a line, for pipes: passed are the FEASIBLE ones (and, at intake, those in which nothing was found), refused the
INFEASIBLE, the UNSOUND and the unreadable ones; an INCONCLUSIVE recording is in neither, because a person has to decide.
"""

from __future__ import annotations

import heapq
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from ...scenarios.sheet.errors import ShiliuError, printable
from ..formats.atomic_folder import parents, refuse_unwritable
from ..formats.partial import beside
from . import jsonl, junit, markdown
from .exit_code import COUNTED, Gate, code_of, count, left_code
from .sarif import Sarif
from .story import rank
from .text import Words

if TYPE_CHECKING:
    from ..judge.verdict import Verdict
    from .baseline import Baseline
    from .html import Players

STREAMED = ("junit.xml", "verdicts.sarif", "passed.txt", "refused.txt", "verdicts.jsonl")
FILES = ("summary.md", "report.html", *STREAMED)  # the lines last: whoever watches for them finds the page there


class Reports:
    """Reports that are written as the verdicts come, and lie in `out` when all are there; a context manager.

    Args:
        out: the folder; lang: language of page and messages; baseline: what a former run had found already.
        most: how many verdicts are held in memory for the page and for the last table: those that need a person first; None for all.

    Attributes:
        counted: of the verdicts so far, as `counts` gives it; cleared: how many of them were cleared at intake.
        gated: of those that count for the exit code: all, or those that are not in the baseline.
    """

    def __init__(
        self, out: Path | str, lang: str = "en", baseline: Baseline | None = None, most: int | None = None
    ) -> None:
        self.out, self.words, self.baseline, self.most = Path(out), Words(lang), baseline, most
        self.counted: dict[str, int] = dict.fromkeys((*COUNTED, "warned"), 0)
        self.gated = dict(self.counted)
        self.cleared = self._n = 0
        self._sarif: Sarif | None = None
        self._cases: Counter[str] = Counter()
        self._kept: list[tuple[tuple[int, int], Verdict]] = []
        self._files: dict[str, IO[str]] = {}
        self._part: Path | None = None
        self._above = parents(self.out)

    def __enter__(self) -> Reports:
        try:
            self._above.__enter__()
            self._part = beside(self.out)
            self._part.mkdir()
            for name in STREAMED:
                self._files[name] = (self._part / name).open("w", encoding="utf-8", errors=jsonl.ODD, newline="\n")
            self._sarif = Sarif(self._files["verdicts.sarif"], self.words, self.baseline)
        except OSError as error:
            self._above.__exit__(None, None, None)
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            try:
                file.close()
            except OSError:
                pass  # what could not be written was reported when it was tried
        if self._part is not None:
            shutil.rmtree(self._part, ignore_errors=True)
        self._above.__exit__(None, None, None)

    def add(self, verdict: Verdict) -> None:
        """One more, in the order of the data."""
        count(verdict, self.counted)
        if self.baseline is None or self.baseline.counts(verdict):
            count(verdict, self.gated)
        self.cleared += verdict.cleared
        name = f"{printable(jsonl.source_of(verdict))}\n"
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
        if self.most is not None and len(self._kept) > self.most:
            heapq.heappop(self._kept)
        self._n += 1

    @property
    def kept(self) -> list[Verdict]:
        """Those that need a person first, in the order of the data."""
        return [verdict for _, verdict in sorted(self._kept, key=lambda item: -item[0][1])]

    @property
    def found(self) -> Mapping[str, int] | None:
        """The counts of all, where not all are kept."""
        return self.counted if self._n > len(self._kept) else None

    def code(self, gate: Gate | None = None) -> int:
        """The exit code, of what the baseline does not know: see `code_of`."""
        code = code_of(self.counted, self.cleared, gate)
        return code if code == 2 or self.baseline is None else left_code(self.gated, self.cleared, gate)

    def finish(
        self,
        command: str = "",
        header: Mapping[str, Any] | None = None,
        threads: int | None = None,
        folders: Mapping[str, Path | None] | None = None,
        players: Players | None = None,
    ) -> Path:
        """Complete the files and lay them into `out`, the lines last; former ones are replaced.

        Args:
            command: the command line of this run.
            header: version, scene, cell, thresholds, engine, elapsed_s, utc_offset_h: whichever are known; threads: how many were used.
            folders: name in `out` -> a finished folder on the same disk that is moved there; None removes a former one.
            players: of the takes that play in the page.

        Raises:
            ShiliuError: they cannot be written; the former ones are as they were.
        """
        from .html import render  # brings the template engine

        assert self._part is not None
        header, folders, part, out = dict(header or {}), folders or {}, self._part, self.out
        page = render(self.kept, self.words, command, header, threads, self.found, players)
        try:
            if self._sarif is not None:
                self._sarif.finish(str(header.get("version") or ""))
            for file in self._files.values():
                file.flush()
                os.fsync(file.fileno())
                file.close()
            self._junit(part / "junit.xml")
            (part / "report.html").write_text(page, encoding="utf-8", errors=jsonl.ODD)
            summary = markdown.summary(self.kept, self.words, self.counted, self.baseline)
            (part / "summary.md").write_text(summary, encoding="utf-8", errors=jsonl.ODD)
            for name, folder in folders.items():
                if folder is not None:
                    os.rename(folder, part / name)
            if not out.is_dir():
                os.rename(part, out)
                return out
            for name in folders:
                if (out / name).exists():
                    os.rename(out / name, part / f"former {name}")
                if (part / name).exists():
                    os.rename(part / name, out / name)
            for name in FILES:
                os.replace(part / name, out / name)
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
            f"cannot be written: {(error.strerror or str(error)).lower()}. Former reports are as they were, and what is in a ledger is "
            "kept. Make room or choose another out=, and run the same command again.",
            file=self.out,
            field="out",
        )


def write_reports(
    verdicts: Iterable[Verdict], out: Path | str, lang: str = "en", command: str = "", header: Mapping[str, Any] | None = None
) -> Path:
    """Write all reports of a run, in one go; see `Reports`.

    Args:
        verdicts: in the order in which they were judged; unreadable files have `verdict` None and an `error`.

    Raises:
        ShiliuError: the folder holds foreign files or cannot be written, or the language is unknown.
    """
    with Reports(check_out(out), lang) as reports:
        for verdict in verdicts:
            reports.add(verdict)
        return reports.finish(command, header)


def check_out(out: Path | str, also: Sequence[str] = ()) -> Path:
    """The output folder, if it may be written: it does not exist, or holds nothing but former reports.

    To be asked before judging.

    Args:
        also: folders of this run that will be replaced.

    Raises:
        ShiliuError: it is a file, it holds files that are not ours, or nothing can be written there.
    """
    out = Path(out)
    foreign = sorted(item.name for item in out.iterdir() if item.name not in (*FILES, *also)) if out.is_dir() else []
    if foreign:
        some = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        raise ShiliuError(
            f"The folder holds files that are not reports ({some}). Choose an empty or a new out=.",
            file=out,
            field="out",
        )
    refuse_unwritable(out, holds=FILES)
    return out
