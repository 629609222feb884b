"""`shiliu replay workers=N`: any number of recordings in N processes, each judged once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...scenarios.reading.composition import CONF, configs_of, folders
from .command_request import CommandRequest
from .replay_settings import ReplaySettings
from .replay_ways import AT_MOST, Reached, Way, pictures_of
from .settings import Settings
from .where import Where

if TYPE_CHECKING:
    from ..line.worker import Bench


def by_workers(asked: ReplaySettings, command: str, reached: Reached, ending: ExitStack) -> Way:
    """Each recording in its scene, in the processes of this machine or of a cluster."""
    import mujoco

    from ..formats import entries
    from ..judge.context import thresholds
    from ..line import FOLDER
    from ..line.cluster import Cluster
    from ..line.in_order import InOrder
    from ..line.key import judge_parts
    from ..line.ledger import Ledger
    from ..line.pool import Pool
    from ..line.upgrade import write_changes
    from ..report.html import EXPAND_ALL

    data, request, n = Path(asked.data), asked.request, asked.workers
    if asked.cluster:  # elsewhere a relative path is another one
        own, data = folders(request.conf_dir)[0], data.absolute()
        request = request if own == CONF else replace(request, conf_dir=own)
    found = entries(data, asked.where.mapping)
    folder = Path(asked.ledger) if asked.ledger else Path(asked.out) / FOLDER
    judge = judge_parts(request.conf_dir)
    given = (request, str(data), str(folder.absolute()), judge, pictures_of(asked), asked.again)
    limit = asked.take_limit
    pool = Cluster(n, bench, given, limit, asked.cluster) if asked.cluster else Pool(n, bench, given, limit)
    ledger = Ledger(folder)  # when all is known to be there
    ending.enter_context(pool)
    rules_of = cache(partial(thresholds, conf_dir=request.conf_dir))
    judged = InOrder(found, pool, ledger, rules_of, EXPAND_ALL, AT_MOST, reached)

    def counted() -> list[tuple[str, dict[str, object]]]:
        lines: list[tuple[str, dict[str, object]]] = [
            ("ledger_told", {"new": judged.new, "known": judged.known, "lost": pool.lost or None})
        ]
        if judged.earlier:
            lines.append(("ledger_earlier", {"n": judged.earlier}))
        if asked.again:
            file = write_changes(Path(asked.out), judged.changes, judged.compared, judge, asked.lang)
            changed = ("ledger_changed", {"n": len(judged.changes), "of": judged.compared, "file": str(file)})
            lines.append(changed if judged.compared else ("ledger_no_earlier", {"known": None if judged.new else judged.known}))
        return lines

    return Way(
        iter(judged),
        {"engine": mujoco.__version__, "threads": n},
        n,
        most=AT_MOST,
        total=len(found) if len(found) > AT_MOST else 0,
        in_any_order=True,
        counted=counted,
    )

def bench(request: CommandRequest, data: str, ledger: str, judge: Mapping[str, str], pictures: bool, again: bool = False) -> Bench:
    """What a worker works with, made in its own process.

    Args:
        judge: see `judge_parts`; pictures: whether pictures are drawn; again: judge what an earlier judge has judged.
    """
    configs_of(request.conf_dir).__enter__()  # for as long as this process works
    from ..formats.one_by_one import OneByOne
    from ..line.key import Keys
    from ..line.ledger import Ledger
    from ..line.worker import Bench

    settings = Settings(request)
    where = Where.of(settings)
    contexts = where.contexts(request, settings, Path(data))
    return Bench(contexts, OneByOne(where.mapping), Ledger(ledger), Keys(judge, where.how), where.how, pictures, again)
