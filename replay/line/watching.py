"""Takes judged as they arrive: what is ready goes to the workers, what they made is reported at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..formats.file_state import state_of
from ..judge.verdict import Verdict
from .in_order import kind_of
from .inbox import Changes, Inbox, Ready
from .jobs import Count, Counted, Made, TakeJob, Unread
from .kept import Torn, unpacked
from .ledger import Ledger
from .pool import Pool
from .slips import Slips

SHARE, AT_MOST = 0.1, 2.0  # of a take's length, and s: by then its operator should know
LOOK = 0.2  # s between two looks while something rests
SHARE_OF_LOOKS = 0.2  # of the time, at most, goes into looking at a folder of very many files
IDLE = 1.0  # s that are waited for a change, before it is asked whether to end


@dataclass
class TakeReport:
    """One take that was reported.

    Attributes:
        line: for the operator; length_s: of the take; took_s: from when it was ready.
    """

    verdict: Verdict
    line: str
    length_s: float | None
    took_s: float

    @property
    def in_time(self) -> bool:
        return self.took_s <= SHARE * (self.length_s or 0.0) + AT_MOST


class Watching:
    """Watches one folder.

    Args:
        inbox: what is ready; changes: when to ask it; None asks it once.
        pool: of workers, warm; slips: where it is reported.
        each: called with each take that was reported.
    """

    def __init__(
        self,
        inbox: Inbox,
        changes: Changes | None,
        pool: Pool,
        ledger: Ledger,
        slips: Slips,
        each: Callable[[TakeReport], None],
    ) -> None:
        self._inbox, self._changes, self._pool = inbox, changes, pool
        self._ledger, self._slips, self._each = ledger, slips, each
        self._work: list[Ready] = []  # by number of a job
        self._newest: dict[Path, int] = {}  # of each entry the job that knows its state of now
        self._unsure: set[int] = set()  # jobs with takes that could not be counted
        self._reported: dict[int, tuple[int, set[str]]] = {}  # of each job: how many takes there are, and those that are reported
        self._look_at = 0.0  # not before [s, time.monotonic]
        self._begun = time.time()

    def run(self, over: Callable[[], bool]) -> None:
        """Until `over`, or, where nothing tells of changes, until all that is ready is reported.

        Raises:
            ShiliuError: nothing can be written, or no worker can be begun.
        """
        while not over():
            self._look()
            for job, answer in self._pool.answers(timeout_s=LOOK):
                self._answered(job, answer)
                if over():
                    return
                if self._changes is not None and self._changes.pending:
                    break
            else:
                if self._changes is None and not self._inbox.unrested and not self._pool.at_work:
                    return
                if not self._pool.at_work:
                    self._rest()

    def _look(self) -> None:
        """Take in what has become ready, where there may be something."""
        changed = self._changes is None or self._changes.due()
        begun = time.monotonic()
        if begun < self._look_at and self._inbox.unrested and self._changes is not None:
            return  # what rests is looked at next time
        if changed or self._inbox.unrested:
            for ready in self._inbox.ready():
                self._take_in(ready)
            now = time.monotonic()
            self._look_at = now + (now - begun) * (1 / SHARE_OF_LOOKS - 1)

    def _rest(self) -> None:
        if self._inbox.unrested or self._changes is None:
            time.sleep(LOOK)
        else:
            self._changes.wait(IDLE)

    def _take_in(self, ready: Ready) -> None:
        number = len(self._work)
        self._work.append(ready)
        self._newest[ready.entry.path] = number
        _, n = kind_of(ready.entry)
        if n is None:
            self._pool.add(Count(number, ready.entry))
        else:
            self._ask(number, n)

    def _ask(self, number: int, n: int) -> None:
        ready = self._work[number]
        source, state = ready.entry.source, ready.state
        self._reported[number] = n, set()
        if n == 1 and self._slips.judged(source, state):
            return
        for k in range(n):
            if self._slips.judged(f"{source}#{k}", state):
                self._is_reported(number, f"{source}#{k}")
            else:
                self._pool.add(TakeJob(number, ready.entry, k))

    def _answered(self, job: object, answer: object) -> None:
        if isinstance(job, Count):
            sure = isinstance(answer, Counted) and answer.sure
            if not sure:
                self._unsure.add(job.number)
            self._ask(job.number, answer.n if isinstance(answer, Counted) else 1)
        elif isinstance(job, TakeJob) and isinstance(answer, Made | Unread):
            ready = self._work[job.number]
            if self._newest[ready.entry.path] != job.number:
                return  # it has changed meanwhile, and is asked for anew
            if isinstance(answer, Made) and job.number in self._unsure:
                self._unsure.remove(job.number)  # it can be read after all: how many are there?
                self._pool.add(Count(job.number, ready.entry))
            elif isinstance(answer, Made):
                self._tell_made(job, ready, answer)
            elif state_of(ready.entry.path) == ready.state:  # else it was still on its way, and the inbox gives it again
                self._tell_unread(job, ready, answer)

    def _tell_made(self, job: TakeJob, ready: Ready, answer: Made) -> None:
        if not self._slips.renewed(answer.source, answer.key, ready.state):  # else other files of its set have changed
            try:
                verdict: Verdict = unpacked(self._ledger.get(answer.key) or b"").verdict
            except Torn:
                self._ledger.drop(answer.key)
                self._pool.add(job)  # it has to be made again
                return
            verdict.source = answer.source
            length = verdict.evidence.duration_s if verdict.evidence is not None else None
            self._tell(verdict, answer.operator, ready, length, answer.key)
        self._is_reported(job.number, answer.source)

    def _tell_unread(self, job: TakeJob, ready: Ready, answer: Unread) -> None:
        if not self._slips.known(answer.source, ready.state):
            self._tell(Verdict(answer.name, answer.source, error=answer.error), None, ready, None, None)
        if answer.source != ready.entry.source:  # else the whole set cannot be read, and what was reported of it stays
            self._is_reported(job.number, answer.source)

    def _tell(self, verdict: Verdict, operator: str | None, ready: Ready, length: float | None, key: str | None) -> None:
        took = time.time() - max(ready.at, self._begun)
        line = self._slips.tell(verdict, operator, ready.state, length, took, key)
        self._each(TakeReport(verdict, line, length, took))

    def _is_reported(self, number: int, source: str) -> None:
        """Count what is reported of a set; when that is all of it, take away what was reported while it was another one."""
        n, sources = self._reported[number]
        sources.add(source)
        if len(sources) == n:
            self._slips.keep_only(self._work[number].entry.source, sources)
