"""Takes judged as they arrive: what is ready goes to the workers, what they made is told at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

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
IDLE = 1.0  # s that are waited for a change, before it is asked whether to end


@dataclass
class TakeReport:
    """One take that was told.

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
        pool: of workers, warm; slips: where it is told.
        each: called with each take that was told.
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
        self._begun = time.time()

    def run(self, over: Callable[[], bool]) -> None:
        """Until `over`, or, where nothing tells of changes, until all that is ready is told.

        Raises:
            ShiliuError: nothing can be written, or no worker can be begun.
        """
        while not over():
            if self._changes is None or self._changes.due() or self._inbox.unrested:
                for ready in self._inbox.ready():
                    self._take_in(ready)
            for job, answer in self._pool.answers(timeout_s=LOOK):
                self._answered(job, answer)
                if over():
                    return
                if self._changes is not None and self._changes.due():
                    break
            else:
                if self._changes is None and not self._inbox.unrested and not self._pool.at_work:
                    return
                if not self._pool.at_work:
                    self._rest()

    def _rest(self) -> None:
        if self._inbox.unrested or self._changes is None:
            time.sleep(LOOK)
        else:
            self._changes.wait(IDLE)

    def _take_in(self, ready: Ready) -> None:
        number = len(self._work)
        self._work.append(ready)
        _, n = kind_of(ready.entry)
        if n is None:
            self._pool.add(Count(number, ready.entry))
        else:
            self._ask(number, n)

    def _ask(self, number: int, n: int) -> None:
        ready = self._work[number]
        for k in range(n):
            alone = n == 1 and self._slips.known(ready.entry.source, ready.state)
            if not alone:
                self._pool.add(TakeJob(number, ready.entry, k))

    def _answered(self, job: object, answer: object) -> None:
        if isinstance(job, Count):
            self._ask(job.number, answer.n if isinstance(answer, Counted) else 1)
        elif isinstance(job, TakeJob) and isinstance(answer, Made | Unread):
            ready = self._work[job.number]
            if self._slips.known(answer.source, ready.state):
                return
            verdict, length = self._verdict(answer)
            if verdict is None:
                self._pool.add(job)
                return
            took = time.time() - max(ready.at, self._begun)
            operator = answer.operator if isinstance(answer, Made) else None
            line = self._slips.tell(verdict, operator, ready.state, length, took)
            self._each(TakeReport(verdict, line, length, took))

    def _verdict(self, answer: Made | Unread) -> tuple[Verdict | None, float | None]:
        """The verdict and the length of the take; None where its judgement is torn, and has to be made again."""
        if isinstance(answer, Unread):
            return Verdict(answer.name, answer.source, error=answer.error), None
        try:
            verdict: Verdict = unpacked(self._ledger.get(answer.key) or b"").verdict
        except Torn:
            self._ledger.drop(answer.key)
            return None, None
        verdict.source = answer.source
        return verdict, verdict.evidence.duration_s if verdict.evidence is not None else None
