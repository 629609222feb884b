"""`shiliu replay check=intake`: the first pass over a delivery, without a scene."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...cli import CommandRequest
    from ..judge.verdict import Verdict
    from .settings import Settings

WITH_PASSES = 200  # recordings of which all findings are kept; of more, only those that are no pass


def run_intake(request: CommandRequest, settings: Settings, command: str) -> int:
    """Judge, report, and return the exit code: 1 for any that is unsound or out of range, 3 for any unreadable, else 0.

    Args:
        command: the command line, for the report.

    Raises:
        EpisodeError: nothing could be read.
    """
    from ...version import __version__
    from ..formats import read
    from ..judge.intake import intake, rules_of, trimmed
    from ..report import Gate, Terminal, check_out, exit_code, nothing_judged, write_reports

    data, out = settings["data"].word(), settings["out"].word()
    lang = settings["lang"].word(choices=("en", "zh"))
    mapping = settings["mapping"].word(default="") or None
    strict, quiet = settings["strict"].flag(), settings["quiet"].flag()
    fail_on = settings["fail_on"].word(default="") or None
    if settings["repair"].flag():
        settings["repair"].note("check=intake mends nothing. Leave one of the two out.")
    settings.stop()
    gate = Gate(fail_on) if fail_on else None
    check_out(Path(out))
    recordings = read(data, mapping)
    rules = rules_of(request.conf_dir)
    header: dict[str, Any] = {"version": __version__, "thresholds": rules.name, "check": "intake"}
    terminal = Terminal(lang, quiet=quiet)
    begin = time.perf_counter()
    verdicts: list[Verdict] = []
    try:
        terminal.begin(header)
        for verdict in intake(recordings, rules, strict=strict):
            verdicts.append(trimmed(verdict) if len(verdicts) >= WITH_PASSES else verdict)
            terminal.add(verdict)
        header["elapsed_s"] = time.perf_counter() - begin
        readable = any(verdict.verdict is not None for verdict in verdicts)
        if readable:
            write_reports(verdicts, out, lang, command, header, 1)
    finally:
        terminal.close()
    if not readable:
        raise nothing_judged(verdicts, data)
    code = exit_code(verdicts, gate)
    terminal.finish(verdicts, out, code, header)
    return code
