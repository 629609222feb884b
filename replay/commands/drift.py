"""shiliu drift: takes that were kept, played under the installed engine and compared with what was kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...scenarios.sheet.errors import ShiliuError, printable
from .command_request import CommandRequest
from .settings import Settings, listed

if TYPE_CHECKING:
    from rich.progress import Progress


USAGE = """
shiliu drift [corpus=DIR] [takes=[NAME,NAME]] [out=DIR] [lang=en|zh]
shiliu drift corpus=DIR data=DATASET [most=N] [whole=true] [dry_run=true]

What does a new physics engine change? The first command plays each take of a corpus under the
installed engine, judges it, and compares states and verdicts with what was kept: verdicts and
successes that change, each with its cause; how starts settle; where the two motions depart
(time, joint, size). The second keeps episodes of a data set of shiliu in a corpus of your own.
See docs/drift.md.

Settings:
  corpus=       default: the repository's own, benchmarks/kept
  takes=        some of it; a scenario's name stands for all its takes
  out=          gets drift.md and drift.json, and a line a take as soon as it is done
                (drift.jsonl). The same command continues a stopped run
  dry_run=true  only prints how many bytes keeping would take
  whole=true    also keeps the data set, so that its files are read again
Exit: 0 all as kept; 1 a verdict or a success changed, a take cannot be played, or something
differs on the machine that kept it; 3 only numbers differ, and engine, library or processor are
others; 2 usage.
"""


def run(request: CommandRequest) -> int:
    """Play, or keep."""
    settings = Settings(request)
    corpus, data = settings["corpus"].word(default="") or None, settings["data"].word(default="") or None
    out, lang = settings["out"].word(default="") or None, settings["lang"].word(choices=("en", "zh"))
    takes = [node.word() for node in listed(settings["takes"])]
    most = settings["most"].integer(low=1) if settings.tree.get("most") is not None else None
    whole, dry_run = settings["whole"].flag(), settings["dry_run"].flag()
    settings.stop()
    if data is None:
        for key, given in (("most", most is not None), ("whole", whole), ("dry_run", dry_run)):
            if given:
                raise ShiliuError("belongs to data=, of which takes are kept. Leave it out, or name takes=[…].", field=key)
        return _play(_corpus(corpus), takes, Path(out) if out else None, lang)
    if corpus is None:
        raise ShiliuError("Name the folder in which to keep them: corpus=DIR.", field="corpus")
    return _keep(Path(data), Path(corpus), most, whole, dry_run, lang)


def _corpus(named: str | None) -> Path:
    from ..drift.kept_take import FOLDER

    if named is None and not FOLDER.is_dir():
        raise ShiliuError("This installation has no corpus of its own. Name one: corpus=DIR.", field="corpus")
    return Path(named) if named else FOLDER


def _play(corpus: Path, takes: list[str], out: Path | None, lang: str) -> int:
    from rich.console import Console

    from ..drift.drift_report import FIGURES, PAGE, WIDE, summary, table, write
    from ..drift.drifting import LINES, drift, names_in
    from ..drift.outcome import exit_code
    from ..formats.atomic_folder import refuse_unwritable
    from ..report.text import Words

    if out is not None:
        refuse_unwritable(out, holds=(FIGURES, PAGE, LINES))
    names, lines, words = names_in(corpus, takes), [], Words(lang)
    with _progress() as bar:
        task = bar.add_task("", total=len(names))
        for name, line in zip(names, drift(corpus, names, out)):
            bar.update(task, description=name, advance=1)
            lines.append(line)
    Console(width=None if sys.stdout.isatty() else WIDE).print(table(lines, words))
    print(summary(lines, words))
    if out is not None:
        write(lines, out, words)
        print(printable(out / PAGE))
    return exit_code(lines)


def _keep(data: Path, corpus: Path, most: int | None, whole: bool, dry_run: bool, lang: str) -> int:
    from ..drift.corpus import candidates, kept
    from ..formats.atomic_folder import refuse_unwritable
    from ..report.translation import translated

    refuse_unwritable(corpus)
    found, others = candidates(data, corpus, most)
    size = sum(one.size for one in found)
    if whole:
        size += sum(file.stat().st_size for file in data.rglob("*") if file.is_file())
    without = f"; {others} are no episodes of the simulation" if others else ""
    print(translated(f"takes to keep: {len(found)}, up to {size / 1e6:.1f} MB{without}", lang))
    if dry_run:
        return 0
    failed = 0
    with _progress() as bar:
        task = bar.add_task("", total=len(found))
        for one, result in kept(found, corpus, data, whole):
            bar.update(task, description=one.name, advance=1)
            failed += result.startswith("not kept")
            print(f"{one.name}  {result}", flush=True)
    return 1 if failed else 0


def _progress() -> Progress:
    """A bar on a terminal, silence elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
