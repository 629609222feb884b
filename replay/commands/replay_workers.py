"""`shiliu replay workers=N`: any number of recordings in N processes, each judged once."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...scenarios.reading.composition import configs_of
from .settings import Settings
from .where import Where

if TYPE_CHECKING:
    from ...cli import CommandRequest
    from ..line.cluster import Cluster
    from ..line.pool import Pool
    from ..line.worker import Bench


def run_workers(request: CommandRequest, settings: Settings, command: str) -> int:
    """Judge, report, and return the exit code.

    Args:
        command: the command line, for the report.

    Raises:
        ShiliuError: nothing could be read or written.
    """
    import mujoco

    from ...envs.rendering import missing
    from ...version import __version__
    from ..formats import entries
    from ..judge.context import thresholds
    from ..line import FOLDER
    from ..line.in_order import InOrder
    from ..line.key import judge_digest
    from ..line.ledger import Ledger
    from ..report import Baseline, Gate, Terminal, check_out, nothing_judged, stopped
    from ..report.html import EXPAND_ALL
    from ..report.streaming import KEPT, Reports
    from ..report.terminal import code_of, left_code

    data, out = Path(settings["data"].word()), Path(settings["out"].word())
    lang, mapping = settings["lang"].word(choices=("en", "zh")), settings["mapping"].word(default="") or None
    Where.of(settings)  # the workers ask again
    settings["check"].word(choices=("gate", "full"))
    settings["strict"].flag(), settings["seed"].integer(low=0)
    quiet, pictures = settings["quiet"].flag(), settings["pictures"].flag()
    workers, limit = settings["workers"].integer(low=1), settings["take_limit"].quantity("time", low=1.0)
    cluster = settings["cluster"].word(default="") or None
    fail_on, folder = settings["fail_on"].word(default="") or None, settings["ledger"].word(default="") or None
    former, keep_going = settings["baseline"].word(default="") or None, settings["keep_going"].flag(True)
    if settings["repair"].flag():
        settings["repair"].note("workers mend nothing. Leave one of the two out, or mend what was refused afterwards.")
    settings.stop()
    gate = Gate(fail_on) if fail_on else None
    baseline = Baseline(Path(former)) if former else None
    check_out(out, (FOLDER,))
    if cluster:  # elsewhere a relative path is another one
        data, request = data.absolute(), _absolute(request)
    found = entries(data, mapping)
    ledger = Ledger(Path(folder) if folder else out / FOLDER)
    if pictures and (without := missing()):
        print(f"shiliu: {without} Going on without pictures.", file=sys.stderr)
        pictures = False
    header: dict[str, Any] = {"version": __version__, "engine": mujoco.__version__, "threads": workers}
    rules_of = cache(partial(thresholds, conf_dir=request.conf_dir))
    terminal, begin = Terminal(lang, quiet=quiet), time.perf_counter()
    given = (
        request,
        str(data.absolute() if cluster else data),
        str(ledger.folder.absolute()),
        judge_digest(request.conf_dir),
        pictures,
    )
    try:
        with _workers(workers, given, limit, cluster) as pool, Reports(out, lang, baseline) as reports:
            terminal.begin(header, len(found) if len(found) > KEPT else 0, estimate=True)
            judged = InOrder(found, pool, ledger, rules_of, EXPAND_ALL, KEPT, terminal.reached)
            for verdict in judged:
                if not keep_going and verdict.verdict is None:
                    raise stopped(verdict)
                reports.add(verdict)
                terminal.add(verdict)
            header["elapsed_s"] = time.perf_counter() - begin
            code = code_of(reports.counted, reports.cleared, gate)
            if code == 2:
                raise nothing_judged(reports.kept, str(data))
            if baseline is not None:
                code = left_code(reports.gated, reports.cleared, gate)
            reports.finish(command, header, workers)
            kept, counted = reports.kept, reports.found
    finally:
        terminal.close()
    terminal.finish(kept, str(out), code, header, counted)
    if baseline is not None:
        print("  " + terminal.words.ui("baseline_told", known=baseline.n_known, new=baseline.n_new))
    print("  " + terminal.words.ui("ledger_told", new=judged.new, known=judged.known, lost=pool.lost or None))
    return code


def _absolute(request: CommandRequest) -> CommandRequest:
    """The command line with the designer's folder by its whole path."""
    from ...scenarios.reading.composition import CONF, folders

    own = folders(request.conf_dir)[0]
    return request if own == CONF else replace(request, conf_dir=own)


def _workers(n: int, given: tuple[Any, ...], limit_s: float, cluster: str | None) -> Pool | Cluster:
    """N processes of this machine, or of a cluster."""
    from ..line.cluster import Cluster
    from ..line.pool import Pool

    return Pool(n, bench, given, limit_s) if cluster is None else Cluster(n, bench, given, limit_s, cluster)


def bench(request: CommandRequest, data: str, ledger: str, judge: str, pictures: bool) -> Bench:
    """What a worker works with, made in its own process.

    Args:
        judge: digest of the judge; pictures: whether pictures are drawn.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    configs_of(request.conf_dir).__enter__()  # for as long as this process works
    from ..formats.one_by_one import OneByOne
    from ..line.key import Keys
    from ..line.ledger import Ledger
    from ..line.worker import Bench

    settings = Settings(request)
    contexts = Where.of(settings).contexts(request, settings, Path(data))
    how = {
        "strict": settings["strict"].flag(),
        "seed": settings["seed"].integer(low=0),
        "full": settings["check"].word(choices=("gate", "full")) == "full",
    }
    takes = OneByOne(settings["mapping"].word(default="") or None)
    return Bench(contexts, takes, Ledger(ledger), Keys(judge, how), how, pictures)
