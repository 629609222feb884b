"""What `shiliu replay` says on a terminal, and what it says without one.

On a terminal: a progress bar, then one table. Without (a CI log): the same rows as plain lines, each as soon as its
recording is done, without colour, never wider than 100 columns. `quiet` leaves the last lines only.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ...scenarios.sheet.errors import printable
from ..judge.verdict import Verdict
from .exit_code import COUNTED, counts
from .numerals import number
from .story import Story, rank
from .text import Words
from .used import named_cell, names_proposed, not_used, one_line, used

WIDEST = 100
TAKE, LENGTH, WHO = 20, 8, 14  # columns [cells]; the reason gets the rest
ROWS = 20  # rows shown of a large folder, and first ones with their whole reason
LINES_AS_DONE = 200  # a folder larger than this is summed up instead of listed line by line
SPOKEN_EACH = 30.0  # s between two lines that tell how far a long run is, where there is no terminal
COLOURS = {
    "FEASIBLE": "green",
    "INFEASIBLE": "bold red",
    "UNSOUND": "bold magenta",
    "INCONCLUSIVE": "yellow",
    None: "dim",
}


def span(length_s: float) -> str:
    """A duration as a person says it: `41.3 s`, `3 min 58 s`, `2 h 05 min`."""
    if length_s < 60:
        return f"{length_s:.1f} s"
    if length_s < 3600:
        return f"{int(length_s // 60)} min {int(length_s % 60)} s"
    return f"{int(length_s // 3600)} h {int(length_s % 3600 // 60):02d} min"


def fit(text: str, width: int) -> str:
    """Exactly `width` cells: padded, or cut with an ellipsis. A Chinese character takes two."""
    text = one_line(text)
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def fit_name(text: str, width: int) -> str:
    """As `fit`, but cut in the middle: names of takes differ at their ends."""
    text = one_line(text)
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    head = set_cell_size(text, width // 2).rstrip()
    tail = text[-1:]
    while cell_len(head) + 1 + cell_len(text[-len(tail) - 1 :]) <= width:
        tail = text[-len(tail) - 1 :]
    return set_cell_size(f"{head}…{tail}", width)


def cells(story: Story, room: int = WIDEST) -> tuple[str, str, str, str, str]:
    """The five columns of a row: take, length, verdict, why, who acts; consequences are counted if there is `room`."""
    verdict, words = story.verdict, story.words
    name = verdict.verdict or words.ui("unreadable")
    if verdict.verdict and words.lang != "en":
        name = f"{words.verdict(verdict.verdict)} {name}"
    if verdict.verdict == "FEASIBLE" and story.listed:
        name += " !"
    length = f"{story.duration:.1f} s" if story.duration is not None else ""
    owner = {"FEASIBLE": "", None: words.owner("device")}.get(verdict.verdict, words.owner(verdict.owner))
    why = story.why_all if cell_len(story.why_all) <= room else story.why
    return verdict.called, length, name, why, owner


class Terminal:
    """The running commentary of one `shiliu replay`.

    Args:
        lang: reader's language.
        quiet: only the last lines.
        stream: where to; standard output by default. A bar and colours only if it is a terminal.
        width: columns, at most 100; by default what the terminal has.

    Use: `begin`, then `add` for each verdict, then `finish`.
    """

    def __init__(
        self, lang: str = "en", *, quiet: bool = False, stream: IO[str] | None = None, width: int | None = None
    ) -> None:
        self.words, self.quiet = Words(lang), quiet
        self.stream = stream or sys.stdout
        self.live = bool(getattr(self.stream, "isatty", lambda: False)())
        probe = Console(file=self.stream)
        self.width = min(WIDEST, width or (probe.width if self.live else WIDEST))
        self.console = Console(file=self.stream, width=self.width, highlight=False, soft_wrap=False)
        self.verdict_width = 13 if lang == "en" else 21
        self.why_width = max(8, self.width - 2 - TAKE - LENGTH - self.verdict_width - WHO - 4)
        self.total = self.done = 0
        self.begun = self.spoken = 0.0
        self.estimate = False
        self.progress: Progress | None = None
        self.task: Any = None

    def begin(self, header: dict[str, Any], total: int = 0, estimate: bool = False) -> None:
        """The first line.

        Args:
            header: version, scene, cell, thresholds, threads, whichever are known.
            total: how many recordings, 0 if unknown.
            estimate: recordings are done in another order than they are reported in, see `reached`; the time left is estimated.
        """
        self.total, self.estimate = total, estimate
        self.begun = self.spoken = time.monotonic()
        if self.quiet:
            return
        self._print(first_line(header, total, self.words))
        if self.live:
            text = TextColumn(self.words.ui("judging"))
            self.progress = Progress(
                text,
                BarColumn(40),
                MofNCompleteColumn(),
                *((TimeRemainingColumn(),) if estimate else ()),
                TextColumn("{task.fields[what]}"),
                console=self.console,
                transient=True,
            )
            self.progress.start()
            self.task = self.progress.add_task("", total=total or None, what="")

    def reached(self, done: int, total: int | None) -> None:
        """So many recordings are done, though not all of them are reported yet; without a terminal a line each half minute."""
        if self.quiet:
            return
        if self.progress is not None:
            self.progress.update(self.task, completed=done, total=total)
        elif done and time.monotonic() - self.spoken > SPOKEN_EACH:
            self.spoken = time.monotonic()
            left = span((self.spoken - self.begun) / done * (total - done)) if total else "?"
            self._print("  " + self.words.ui("reached", done=done, of=total or "?", left=left))

    def add(self, verdict: Verdict) -> None:
        """One recording is done."""
        if self.quiet:
            return
        if self.progress is not None and self.estimate:
            self.progress.update(self.task, what=one_line(verdict.called)[:24])
        elif self.progress is not None:
            self.progress.update(self.task, advance=1, what=one_line(verdict.called)[:24])
        elif not self.live and self.total <= LINES_AS_DONE:
            self.done += 1
            if self.done == 1:
                self._print("")
                self._rows([self.words.ui(key) for key in ("take", "length", "verdict", "why", "who_acts")])
            if self.done == LINES_AS_DONE + 1:
                self._print("  …")
            elif self.done <= LINES_AS_DONE:
                story = Story(verdict, self.words)
                self._rows(cells(story, self.why_width if self.done > ROWS else WIDEST), self.done <= ROWS)
                for part in self._wrapped(story.on_legs, self.width - 4) if story.on_legs else ():
                    self._print("    " + part)

    def finish(
        self,
        verdicts: Sequence[Verdict],
        out: str | None,
        code: int,
        header: dict[str, Any] | None = None,
        found: Mapping[str, int] | None = None,
    ) -> None:
        """The table (on a terminal, or for a large folder), counts, what was checked in none, files and exit code.

        Args:
            found: what `counts` gives of all, where `verdicts` are only some of them.
        """
        self.close()
        header, ui = header or {}, self.words.ui
        if not self.quiet:
            if header.get("elapsed_s") and found is None:
                self._print(speed_line(verdicts, header["elapsed_s"], self.words))
            if self.live or len(verdicts) > LINES_AS_DONE:
                self._table(verdicts)
            self._print("")
            settings = {key: value for key, value in used(verdicts, self.words).items() if header.get(key) != value}
            if settings:
                self._print("  " + ui("judged_in", where=self.words.join(_judged_in(settings, self.words))))
            for line in (not_used(verdicts, self.words), names_proposed(verdicts, self.words)):
                for i, part in enumerate(self._wrapped(line, self.width - 4) if line else ()):
                    self._print(("  " if i == 0 else "    ") + part)
        some, found = found is not None, found or counts(verdicts)
        self._print(
            "  " + "   ".join(f"{ui('unreadable') if key == 'unreadable' else key} {found[key]}" for key in COUNTED)
        )
        if header.get("check") == "intake":
            self._print("  " + ui("cleared", n=sum(v.cleared for v in verdicts), of=len(verdicts)))
        for line in () if some else not_checked_in_any(verdicts, self.words, self.width - 2):
            deep = "  " * (1 + line.startswith(" "))  # what does not fit goes on below, its reason with it
            for i, part in enumerate(self._wrapped(line.strip(), self.width - len(deep) - 2)):
                self._print(deep + "  " * (i > 0) + part)
        files = (
            "   ".join(f"{printable(out.rstrip('/'))}/{name}" for name in ("report.html", "verdicts.jsonl", "junit.xml"))
            if out
            else ""
        )
        tail = ui("exit", code=code)
        if cell_len(files) + cell_len(tail) + 4 <= self.width:
            self._print("  " + files + " " * (self.width - 2 - cell_len(files) - cell_len(tail)) + tail)
        else:
            for line in (*files.split("   "), tail):
                self._print("  " + line, whole=True)

    def close(self) -> None:
        """Take the bar away; safe to call at any time, as after an error."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None

    # -- inside ------------------------------------------------------------------------------------------------------
    def _print(self, line: str, whole: bool = False) -> None:
        line = line.rstrip() if whole else self._clip(line)
        self.stream.write(line + "\n")
        self.stream.flush()

    def _clip(self, line: str) -> str:
        return (line if cell_len(line) <= self.width else fit(line, self.width)).rstrip()

    def _row(self, columns: Sequence[str]) -> str:
        widths = (TAKE, LENGTH, self.verdict_width, self.why_width, WHO)
        return "  " + " ".join([fit_name(columns[0], TAKE), *map(fit, columns[1:], widths[1:])])

    def _rows(self, columns: Sequence[str], whole: bool = True) -> None:
        """A row; what of its reason does not fit stands below, or, where the row is one of many, is cut."""
        if not whole:
            self._print(self._row(columns))
            return
        take, length, verdict, why, who = columns
        for i, part in enumerate(self._wrapped(one_line(why), self.why_width) or [""]):
            self._print(self._row([take, length, verdict, part, who] if i == 0 else ["", "", "", part, ""]))

    def _wrapped(self, text: str, width: int) -> list[str]:
        return [line.plain.rstrip() for line in Text(text).wrap(self.console, width)]

    def _table(self, verdicts: Sequence[Verdict]) -> None:
        if len(verdicts) > ROWS:
            self._grouped(verdicts)
            return
        if not self.live:
            return
        ui = self.words.ui
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column(ui("take"), overflow="fold", max_width=TAKE)
        table.add_column(ui("length"), justify="right", no_wrap=True)
        table.add_column(ui("verdict"), no_wrap=True)
        table.add_column(ui("why"), overflow="fold", ratio=1)
        table.add_column(ui("who_acts"), overflow="fold", max_width=WHO)
        for verdict in verdicts:
            story = Story(verdict, self.words)
            take, length, name, why, who = cells(story)
            why = "\n".join(part for part in (one_line(why), one_line(story.on_legs)) if part)
            table.add_row(
                *map(Text, map(one_line, (take, length))),
                Text(name, COLOURS[verdict.verdict]),
                Text(why),
                Text(one_line(who)),
            )
        self.console.print()
        self.console.print(table)

    def _grouped(self, verdicts: Sequence[Verdict]) -> None:
        """The first rows that need a person, grouped by cause, the largest group first."""
        self._print("")
        left = ROWS
        for _, members in groups(verdicts, self.words):
            if left <= 0:
                break
            if len(members) > 1:
                cells_known = {cell for m in members if (cell := named_cell(m.verdict))}
                line = [members[0].cause_key or members[0].tone, self.words.ui("group", n=len(members))]
                line += [self.words.ui("cells", n=len(cells_known))] if cells_known else []
                self._print("  " + self.words.join(line))
            for story in members[:left]:
                self._print(self._row(cells(story, self.why_width)))
            left -= len(members)
        need = sum(v.verdict != "FEASIBLE" for v in verdicts)
        if need > ROWS:
            self._print("  " + self.words.ui("top", n=ROWS, where="verdicts.jsonl"))


def groups(verdicts: Iterable[Verdict], words: Words) -> list[tuple[tuple, list[Story]]]:
    """What needs a person, grouped by verdict and cause: the gravest verdict first, then the largest group."""
    found: dict[tuple, list[Story]] = {}
    for verdict in verdicts:
        if verdict.verdict != "FEASIBLE":
            story = Story(verdict, words)
            found.setdefault((rank(verdict), story.cause_key), []).append(story)
    return sorted(found.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1]))


def first_line(header: dict[str, Any], total: int, words: Words) -> str:
    """`shiliu 0.4.0 · 6 recordings, microwave v1, cell bj_mw_03, thresholds arm_manipulation, 2 threads`."""
    parts = [f"{total} {words.ui('recording' if total == 1 else 'recordings')}"] if total else []
    parts += _judged_in(header, words)
    parts += [words.ui("threads", n=header["threads"])] if header.get("threads") else []
    return " · ".join(one for one in (f"shiliu {header.get('version', '')}".rstrip(), words.join(parts)) if one)


def _judged_in(settings: dict[str, Any], words: Words) -> list[str]:
    """Scene, cell, robot and thresholds of a header, whichever are known."""
    parts = [str(settings["scene"])] if settings.get("scene") else []
    parts += [f"{words.ui(key)} {settings[key]}" for key in ("cell", "link", "robot") if settings.get(key)]
    return parts + ([words.ui("thresholds", name=settings["thresholds"])] if settings.get("thresholds") else [])


def speed_line(verdicts: Sequence[Verdict], elapsed_s: float, words: Words) -> str:
    """How long the recordings are, how long judging took, and the ratio."""
    recorded = sum(v.evidence.duration_s for v in verdicts if v.evidence and v.evidence.duration_s)
    factor = number(float(f"{recorded / max(elapsed_s, 1e-9):.2g}"))
    return "  " + words.ui("speed", recorded=span(recorded), taken=span(elapsed_s), factor=factor)


def not_checked_in_any(verdicts: Sequence[Verdict], words: Words, width: int = WIDEST) -> list[str]:
    """The checks that could be made in none of the recordings, with reasons, in lines of `width` cells if possible."""
    read = [v for v in verdicts if v.verdict is not None]
    answered = {f.code for v in read for f in v.findings if f.level != "NOT_CHECKED"}
    asked: dict[str, Counter[str]] = {}
    for verdict in read:
        for finding in verdict.findings:
            if finding.level == "NOT_CHECKED" and finding.code not in answered:
                asked.setdefault(finding.code, Counter())[words.reason(finding.reason)] += 1
    reasons: dict[str, list[str]] = {}
    for code, why in asked.items():  # a code is reported once, with its commonest reason
        reasons.setdefault(why.most_common(1)[0][0], []).append(code)
    bracket = "（{}）" if words.lang == "zh" else " ({})"
    groups = [words.join(codes) + bracket.format(reason) for reason, codes in reasons.items()]
    lines: list[str] = []
    for group in groups:
        if not lines:
            lines.append(words.ui("not_checked_any", list=group))
        elif cell_len(longer := words.join((lines[-1], group))) <= width:
            lines[-1] = longer
        else:
            lines.append(f"  {group}")
    return lines
