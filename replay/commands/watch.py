"""shiliu watch: takes judged as they arrive."""

from __future__ import annotations

import signal
import threading
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from .command_request import CommandRequest
from .settings import Settings
from .where import Where, note_passed_over, refuse_bad_link

if TYPE_CHECKING:
    from ..line.watching import TakeReport

USAGE = """
shiliu watch in=FOLDER out=DIR [workers=N] [scenario=NAME] [cell=ID] [lang=en|zh] [rest="5 s"]
             [once=true] [poll=true] [serve=HOST:PORT] [log=FILE]

Judges each take as it arrives in FOLDER or one level below, until Ctrl-C ends it.
A take is ready when an empty file TAKE.done lies beside it, or when its size and time have not
changed for `rest`.

It writes:
  DIR/takes/TAKE.json         the verdict
  DIR/slips/OPERATOR.txt      one line a take: take, verdict, what was wrong, what to do
  DIR/ledger                  what is judged

Settings:
  once=true   judges what is there, and ends
  poll=true   looks at the folder by itself, where the system reports no changes
  serve=      answers /health and /metrics (Prometheus)
  log=        keeps what is printed, 10 MB a file (docs/service.md)
After a kill the same command continues: no take is reported twice, none is left out.
`shiliu replay data=FOLDER out=REPORTS workers=N ledger=DIR/ledger` makes the reports of all
takes and compares them with each other; it judges nothing again.
"""


def run(request: CommandRequest) -> int:
    """Watch; 0 when it was ended."""
    from ...scenarios.sheet.errors import ShiliuError
    from ..formats.atomic_folder import refuse_unwritable
    from ..line import FOLDER
    from ..line.inbox import Changes, Inbox
    from ..line.key import judge_parts
    from ..line.ledger import Ledger
    from ..line.pool import Pool
    from ..line.service import Service
    from ..line.slips import Slips
    from ..line.watching import Watching
    from ..report.text import Words
    from .replay_workers import bench

    settings = Settings(request)
    data, out = Path(settings["in"].word()), Path(settings["out"].word())
    lang = settings["lang"].word(choices=("en", "zh"))
    where = Where.of(settings)  # the workers ask again
    workers, limit = settings["workers"].integer(low=1), settings["take_limit"].quantity("time", low=1.0)
    rest = settings["rest"].quantity("time", low=0.0)
    once, quiet = settings["once"].flag(), settings["quiet"].flag()
    poll = settings["poll"].flag() if settings["poll"].value is not None else None
    if not once:
        settings.refuse_sweep("once", "Write once=true, or leave -m out.")
    folder = settings["ledger"].word(default="") or None
    serve, log = settings["serve"].value, settings["log"].word(default="") or None
    settings.stop()
    if where.given:
        where.refuse_unknown(request)
    refuse_bad_link(request, settings)
    if not data.is_dir():
        raise ShiliuError("no such folder. Make it first.", file=data, field="in")
    try:
        next(data.iterdir(), None)
    except OSError as error:
        raise ShiliuError(f"may not be read: {error.strerror}. Give yourself the right to it.", file=data, field="in") from None
    refuse_unwritable(out)
    if out.resolve() == data.resolve():
        raise ShiliuError("is the folder that is watched. Choose another out=.", file=out, field="out")
    with closing(Service(None if serve in (None, "") else str(serve), Path(log) if log else None)) as service:  # before anything is made
        ledger = Ledger(Path(folder) if folder else out / FOLDER)
        slips, words = Slips(out, lang), Words(lang)
        over = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            over.set()

        given = (request, str(data), str(ledger.folder.absolute()), judge_parts(request.conf_dir), False)
        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        changes = None if once else Changes(data, poll)
        try:
            with Pool(workers, bench, given, limit) as pool:
                service.waiting, service.lost = lambda: pool.waiting, lambda: pool.lost

                def each(one: TakeReport) -> None:
                    service.count(one.verdict.verdict, one.in_time)
                    service.say(f"{one.took_s:6.1f} s  " + one.line.replace("\t", "  "), quiet)

                def ended() -> bool:
                    service.alive()
                    return over.is_set()

                pool.warm()
                note_passed_over(data)
                service.say(words.ui("watching", folder=str(data), n=workers), quiet)
                Watching(Inbox(data, rest), changes, pool, ledger, slips, each).run(ended)
                service.say(words.ui("watched", n=service.takes.total(), late=service.late))
        finally:
            if changes is not None:
                changes.close()
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0
