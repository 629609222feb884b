"""`-m`: one run for each combination of comma-separated values, each in a folder of its own, and a table of what came of them."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from ...scenarios.sheet.errors import ShiliuError, printable
from ..formats.atomic_folder import refuse_unwritable, write_whole
from ..formats.partial import sweep_all
from ..report.message_catalogue import terms
from ..report.translation import translated
from .command_request import CommandRequest
from .wrapping import columns

TABLE = "sweep.csv"
SEVERITY = (0, 3, 1, 2)  # of exit codes: all well, inconclusive, infeasible, not even judged


@dataclass(frozen=True)
class RunOfSweep:
    """One combination.

    Attributes:
        overrides: of this run; varied: what it has that others have otherwise, by key.
        out: its folder or file, or None where the verb writes nothing.
    """

    overrides: list[str]
    varied: dict[str, str]
    out: str | None


def multirun(request: CommandRequest, run: Callable[[CommandRequest], int]) -> int:
    """Run every combination; returns the worst of the exit codes.

    With one `out=` run k writes to `out/k`, and `out/sweep.csv` has a row a run: its number, folder, what was varied, the exit code,
    and the last line that it printed. A run that fails by what the user can mend ends alone.

    Raises:
        ShiliuError: the settings cannot be read, or two runs would write to one folder.
    """
    combinations = _combinations(request.overrides)
    runs = _runs(combinations)
    base = _base(combinations)
    if base is not None:
        refuse_unwritable(base, holds=(TABLE,))
    worst, rows, printed = 0, [], set()
    for number, one in enumerate(runs, 1):
        print(printable(f"[{number}/{len(runs)}] {' '.join(one.overrides)}"), flush=True)
        heard = _Heard(sys.stdout)
        sys.stdout, before = heard, sys.stdout  # type: ignore[assignment]
        try:
            code = int(run(replace(request, overrides=one.overrides)))
            result = heard.last
        except ShiliuError as error:
            reported = translated(str(error), request.lang)
            code, result = error.exit_code, reported.splitlines()[0]
            if reported not in printed:  # one mistake is reported once, however many runs it stops
                print(f"shiliu: {reported}", file=sys.stderr, flush=True)
            printed.add(reported)
        finally:
            sys.stdout = before
        worst = max(worst, code, key=lambda c: SEVERITY.index(c) if c in SEVERITY else len(SEVERITY))
        row = [str(number), *([one.out or ""] if base is not None else []), *one.varied.values(), str(code), result]
        rows.append([printable(cell) for cell in row])
    head = ["run", *(["out"] if base is not None else []), *runs[0].varied, "exit", "result"]
    print()
    words = terms("messages", request.lang, "heads")
    for line in _table([[words.get(word, word) for word in head], *rows]):
        print(line)
    if base is not None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([head, *rows])
        write_whole(base / TABLE, text.getvalue())
        print(printable(base / TABLE))
    return worst


def _combinations(overrides: Sequence[str]) -> list[list[str]]:
    """Every combination, as Hydra's own sweeper makes them."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from ...scenarios.reading.override import refuse_unreadable

    refuse_unreadable(overrides, sweep=True)
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return [list(one) for one in BasicSweeper.split_arguments(parsed, max_batch_size=None)[0]]


def _outs(combinations: Sequence[Sequence[str]]) -> list[str]:
    return [word.partition("=")[2] for words in combinations for word in words if word.startswith("out=")]


def _base(combinations: Sequence[Sequence[str]]) -> Path | None:
    """The folder in which the runs have theirs; None where each names its own, or none is named."""
    outs = _outs(combinations)
    if len(combinations) < 2 or not outs or len(set(outs)) > 1 or "${" in outs[0]:
        return None
    return Path(_bare(outs[0])).with_suffix("")


def _runs(combinations: Sequence[Sequence[str]]) -> list[RunOfSweep]:
    outs, base = _outs(combinations), _base(combinations)
    if base is None and len(set(outs)) < len(outs) and len(combinations) > 1 and "${" not in outs[0]:
        raise ShiliuError("Two runs would write to one folder. Write one out= for all, or one for each run.", field="out")
    if base is not None:
        sweep_all(base)
    if base is not None and base.exists() and (not base.is_dir() or any(base.iterdir())):
        raise ShiliuError("exists already and is not empty. Choose another out=.", file=base, field="out")
    found = []
    values: dict[str, set[str]] = {}
    for words in combinations:
        for word in words:
            key, _, value = word.partition("=")
            values.setdefault(key, set()).add(value)
    for number, words in enumerate(combinations, 1):
        varied = {
            key: _bare(value)
            for key, _, value in (word.partition("=") for word in words)
            if len(values[key]) > 1 and key != "out"
        }
        own = list(words)
        out = next((_bare(word.partition("=")[2]) for word in own if word.startswith("out=")), None)
        if base is not None:
            out = str(base / f"{number}{Path(_bare(_outs(combinations)[0])).suffix}")
            own = [_quoted_out(out) if word.startswith("out=") else word for word in own]
        found.append(RunOfSweep(own, varied, out))
    return found


def _quoted_out(path: str) -> str:
    from ...scenarios.reading.override import quoted

    return quoted(f"out={path}")


def _bare(value: str) -> str:
    from ...scenarios.reading.override import unquoted

    text = unquoted(f"out={value}").partition("=")[2]
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns that stand below one another."""
    widths = [max(columns(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell + " " * (width - columns(cell)) for cell, width in zip(row, widths)).rstrip() for row in rows]


class _Heard:
    """A stream that passes on what is written, and remembers the last line that was not empty."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._line, self.last = stream, "", ""

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        self.last = next((line.strip() for line in reversed([*lines, self._line]) if line.strip()), self.last)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)
