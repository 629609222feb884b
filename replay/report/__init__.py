"""The reports of a judged folder, written together or not at all.

`write_reports` makes `verdicts.jsonl`, `junit.xml`, `verdicts.sarif`, `summary.md`, `report.html`, `passed.txt` and
`refused.txt`. The last two name one recording a line, for pipes: passed are the FEASIBLE ones (and, at intake, those in
which nothing was found), refused the INFEASIBLE, the UNSOUND and the unreadable ones; an INCONCLUSIVE recording is in
neither, because a person has to decide.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...scenarios.sheet.errors import ShiliuError, printable
from ..formats.atomic_folder import refuse_unwritable
from ..formats.partial import beside
from . import jsonl, junit, markdown, sarif
from .baseline import Baseline
from .terminal import Gate, Terminal, counts, exit_code, gate_code, nothing_judged, stopped
from .text import Words, languages

if TYPE_CHECKING:
    from ..judge.verdict import Verdict

__all__ = [
    "Baseline",
    "Gate",
    "Terminal",
    "Words",
    "check_out",
    "counts",
    "exit_code",
    "gate_code",
    "languages",
    "nothing_judged",
    "stopped",
    "write_reports",
]

FILES = ("verdicts.jsonl", "junit.xml", "verdicts.sarif", "summary.md", "report.html", "passed.txt", "refused.txt")


def check_out(out: Path | str, also: Sequence[str] = ()) -> Path:
    """The output folder, if it may be written: it does not exist, or holds nothing but former reports.

    To be asked before judging.

    Args:
        also: folders of this run that will be replaced.

    Raises:
        ShiliuError: it is a file, it holds files that are not ours, or nothing can be written there.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise ShiliuError("This is a file, not a folder. Choose another out=.", file=out, field="out")
    foreign = sorted(item.name for item in out.iterdir() if item.name not in (*FILES, *also)) if out.is_dir() else []
    if foreign:
        some = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        raise ShiliuError(
            f"The folder holds files that are not reports ({some}). Choose an empty or a new out=.",
            file=out,
            field="out",
        )
    refuse_unwritable(out)
    return out


def write_reports(
    verdicts: Sequence[Verdict],
    out: Path | str,
    lang: str = "en",
    command: str = "",
    header: dict[str, Any] | None = None,
    threads: int | None = None,
    folders: Mapping[str, Path | None] | None = None,
    baseline: Baseline | None = None,
) -> Path:
    """Write all reports of a run, in one go.

    They are made in a temporary folder beside `out` and moved there when all are complete, so that a reader never
    sees half a report and a failure leaves nothing behind. Former reports in `out` are replaced.

    Args:
        verdicts: in the order in which they were judged; unreadable files have `verdict` None and an `error`.
        out: the folder.
        lang: language of page, JUnit messages and the messages in `verdicts.jsonl`.
        command: the command line of this run.
        header: version, scene, cell, thresholds, engine, elapsed_s, utc_offset_h: whichever are known.
        threads: how many were used.
        folders: name in `out` -> a finished folder on the same disk that is moved there; None removes a former one.
        baseline: what a former run had found already; each result of SARIF says whether it is new.

    Returns:
        The folder.

    Raises:
        ShiliuError: the folder holds foreign files or cannot be written, or the language is unknown.
    """
    from .html import render  # brings the template engine; a usage error should not wait for it

    folders = folders or {}
    out, words = check_out(out, tuple(folders)), Words(lang)
    parent = out.absolute().parent
    made = beside(out)
    try:
        parent.mkdir(parents=True, exist_ok=True)
        made.mkdir()
        jsonl.dump(verdicts, made / "verdicts.jsonl", words)
        junit.dump(verdicts, made / "junit.xml", words)
        sarif.dump(list(verdicts), made / "verdicts.sarif", words, str((header or {}).get("version") or ""), baseline)
        (made / "summary.md").write_text(markdown.summary(verdicts, words, None, baseline), "utf-8", jsonl.ODD)
        (made / "report.html").write_text(render(verdicts, words, command, header, threads), "utf-8", jsonl.ODD)
        _names(made / "passed.txt", [v for v in verdicts if v.verdict == "FEASIBLE" or v.cleared])
        _names(made / "refused.txt", [v for v in verdicts if v.verdict in ("INFEASIBLE", "UNSOUND", None)])
        for name, folder in folders.items():
            if folder is not None:
                os.rename(folder, made / name)
        if out.is_dir():
            for name in folders:
                if (out / name).exists():
                    os.rename(out / name, made / f"former {name}")
                if (made / name).exists():
                    os.rename(made / name, out / name)
            for name in FILES:  # the lines last: whoever watches for them finds the page there
                os.replace(made / name, out / name) if name != "verdicts.jsonl" else None
            os.replace(made / "verdicts.jsonl", out / "verdicts.jsonl")
        else:
            os.rename(made, out)
    except OSError as error:
        raise ShiliuError(
            f"cannot be written: {(error.strerror or str(error)).lower()}. Former reports are as they were. Make room or choose "
            "another out=.",
            file=out,
            field="out",
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return out


def _names(path: Path, verdicts: Sequence[Verdict]) -> None:
    path.write_text("".join(f"{printable(str(jsonl.without_paths(v.called)))}\n" for v in verdicts), encoding="utf-8")
