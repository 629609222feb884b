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
    from ..report import Baseline, Gate, Terminal, check_out, gate_code, nothing_judged, stopped, write_reports

    data, out = settings["data"].word(), settings["out"].word()
    lang = settings["lang"].word(choices=("en", "zh"))
    mapping = settings["mapping"].word(default="") or None
    strict, quiet = settings["strict"].flag(), settings["quiet"].flag()
    fail_on = settings["fail_on"].word(default="") or None
    former, keep_going = settings["baseline"].word(default="") or None, settings["keep_going"].flag(True)
    if settings["repair"].flag():
        settings["repair"].note("check=intake mends nothing. Leave one of the two out.")
    if settings["cluster"].value is not None:
        settings["cluster"].note("a cluster is worked on by workers. Say how many, such as workers=8.")
    settings.stop()
    gate = Gate(fail_on) if fail_on else None
    baseline = Baseline(Path(former)) if former else None
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
            if not keep_going and verdict.verdict is None:
                raise stopped(verdict)
            verdicts.append(trimmed(verdict) if len(verdicts) >= WITH_PASSES else verdict)
            terminal.add(verdict)
        header["elapsed_s"] = time.perf_counter() - begin
        readable = any(verdict.verdict is not None for verdict in verdicts)
        code = gate_code(verdicts, gate, baseline)
        if readable:
            write_reports(verdicts, out, lang, command, header, 1, baseline=baseline)
    finally:
        terminal.close()
    if not readable:
        raise nothing_judged(verdicts, data)
    terminal.finish(verdicts, out, code, header)
    if baseline is not None:
        print("  " + terminal.words.ui("baseline_told", known=baseline.n_known, new=baseline.n_new))
    return code
