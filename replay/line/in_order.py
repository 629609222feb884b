"""Judgements of single takes, made in any order, become verdicts in the order of the data, each held against the others of its set.

What is compared among recordings (`take.lag`, `take.duplicate`, `take.release`, `take.grip`, accelerations) is compared in batches
of 64 in the order of the data, as one process does it: of each take its facts are kept with its judgement, so that nothing is
computed twice and neither the number of workers nor an interruption changes a byte.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ...scenarios.sheet.errors import EpisodeError, ShiliuError, shown
from ..checks.rules import Rules
from ..formats import Entry, reader_of
from ..judge.alone import Alone, closed
from ..judge.facts.results import Given
from ..judge.judge import AT_ONCE
from ..judge.set_comparison import Company, TakeFacts
from ..judge.verdict import Verdict
from .jobs import Count, Counted, Made, TakeJob, Unread
from .kept import Torn, unpacked
from .ledger import DRAWN, Ledger
from .pool import Workers
from .upgrade import VerdictChange, change_of

Progress = Callable[[int, int | None], None]


@dataclass
class _Entry:
    """What is known of a file or set: how many recordings it has, and what came of each."""

    entry: Entry
    numbered: bool
    n: int | None = None
    answers: dict[int, Made | Unread] = field(default_factory=dict)


@dataclass
class _Slot:
    """A place in the order of the data.

    Attributes:
        take: number of its entry, and its own there; place: its number in the order of the data.
        given: what the comparison with others found; among: whether it had to be judged once more because of that.
    """

    answer: Made | Unread
    take: tuple[int, int]
    place: int
    given: Given | None = None
    among: bool = False
    final: Made | Unread | None = None


class InOrder:
    """Judges what lies in some entries.

    Args:
        pool: of workers, which is not closed here; ledger: the one that they write.
        rules_of: bounds by their name.
        drawn: of how many recordings what is drawn is kept; measured: of how many the length is reported.
        report: called with how many recordings are done, and of how many (None where that is not known yet).

    Attributes:
        new: judgements that were made; known: that were in the ledger; earlier: of these, by an earlier judge.
        compared: takes of which an earlier judge said something, where that is asked; changes: where it said something else.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        pool: Workers,
        ledger: Ledger,
        rules_of: Callable[[str], Rules],
        drawn: int = 0,
        measured: int = 0,
        report: Progress = lambda done, total: None,
    ) -> None:
        self._entries = [_Entry(one, *kind_of(one)) for one in entries]
        self._pool, self._ledger, self._rules_of, self._report = pool, ledger, rules_of, report
        self._drawn, self._measured = drawn, measured
        self._company = Company()
        self._place = (0, 0)  # entry and number of what comes next into a batch
        self._asked = (0, 0)  # and of what is asked for next
        self._batch: list[_Slot] = []
        self._ready: deque[list[_Slot]] = deque()
        self._again: dict[tuple[int, int], _Slot] = {}
        self._placed = self._begun = self.done = self.new = self.known = self.earlier = self.compared = 0
        self.changes: list[VerdictChange] = []

    def __iter__(self) -> Iterator[Verdict]:
        """Verdicts in the order of the data, each as soon as all before it are there.

        Raises:
            ShiliuError: the run cannot go on; what is judged already is in the ledger.
        """
        for i, one in enumerate(self._entries):
            if one.n is None:
                self._pool.add(Count(i, one.entry))
        self._feed()
        for job, answer in self._pool.answers():
            one = self._entries[job.number]
            if isinstance(job, Count):
                one.n = answer.n if isinstance(answer, Counted) else 1
                self._report(self.done, self.total)
            elif isinstance(answer, Made | Unread):
                self._answered(job, answer)
            self._feed()
            self._advance()
            yield from self._emit()
        self._advance()
        yield from self._emit()

    @property
    def total(self) -> int | None:
        """How many recordings there are, as far as known."""
        known = [one.n for one in self._entries]
        return None if None in known else sum(n for n in known if n is not None)

    def _answered(self, job: TakeJob, answer: Made | Unread) -> None:
        if isinstance(answer, Made):
            self.new += answer.new
            self.known += not answer.new
            self.earlier += answer.earlier
        if job.given is not None:
            self._again.pop((job.number, job.k)).final = answer
            return
        self._entries[job.number].answers[job.k] = answer
        self.done += 1
        self._report(self.done, self.total)

    def _feed(self) -> None:
        """Ask for what comes next, so that no worker waits; not for all at once."""
        i, k = self._asked
        while self._pool.waiting < 2 * self._pool.size and i < len(self._entries):
            one = self._entries[i]
            if one.n is None:
                break
            if k < one.n:
                self._pool.add(TakeJob(i, one.entry, k, self._begun < self._drawn))
                self._begun += 1
                k += 1
            else:
                i, k = i + 1, 0
        self._asked = i, k

    def _advance(self) -> None:
        """Put what is there into batches, in the order of the data."""
        i, k = self._place
        while i < len(self._entries):
            one = self._entries[i]
            if k == 0 and one.n is not None and one.numbered:
                whole = self._none_readable(one)
                if whole is None:
                    break
                if whole:
                    first = one.answers[0]
                    assert isinstance(first, Unread)
                    self._add(replace(first, name=shown(one.entry.path.stem), source=one.entry.source), (i, 0))
                    i, k = i + 1, 0
                    continue
            if one.n is None or (k < one.n and k not in one.answers):
                break
            if k < one.n:
                self._add(one.answers.pop(k) if not one.numbered else one.answers[k], (i, k))
                k += 1
            if k >= one.n:
                one.answers.clear()
                i, k = i + 1, 0
        self._place = i, k
        if i == len(self._entries) and self._batch:
            self._close()

    @staticmethod
    def _none_readable(one: _Entry) -> bool | None:
        """Whether a set has nothing that can be read, and is reported as one; None where that is not known yet."""
        if any(isinstance(answer, Made) or answer.read or "code" in answer.error for answer in one.answers.values()):
            return False
        return True if len(one.answers) == one.n else None

    def _add(self, answer: Made | Unread, take: tuple[int, int]) -> None:
        self._batch.append(_Slot(answer, take, self._placed))
        self._placed += 1
        if len(self._batch) == AT_ONCE:
            self._close()

    def _close(self) -> None:
        """Hold the takes of a batch against each other and those before; judge again those of which that decides more."""
        made = [(slot, self._load(slot.answer)) for slot in self._batch if isinstance(slot.answer, Made)]
        facts = [(_here(alone.take, slot.answer.source), self._rules_of(alone.thresholds)) for slot, alone in made]
        for (slot, alone), given in zip(made, self._company.hold(facts)):
            slot.given = given
            if closed(alone, given):
                continue
            slot.among = True
            self._again[slot.take] = slot
            i, k = slot.take
            self._pool.add(TakeJob(i, self._entries[i].entry, k, slot.place < self._drawn, given), first=True)
        self._ready.append(self._batch)
        self._batch = []

    def _emit(self) -> Iterator[Verdict]:
        while self._ready:
            batch = self._ready[0]
            while batch and (not batch[0].among or batch[0].final is not None):
                yield self._verdict(batch.pop(0))
            if batch:
                return
            self._ready.popleft()

    def _verdict(self, slot: _Slot) -> Verdict:
        answer = slot.final or slot.answer
        if isinstance(answer, Unread):
            return Verdict(answer.name, answer.source, error=answer.error)
        alone = self._load(answer)
        if not slot.among and slot.given is not None:
            closed(alone, slot.given)
        verdict = alone.verdict
        verdict.source = answer.source
        self._compare(slot, answer, verdict)
        if slot.place >= self._measured:
            verdict.evidence = None
        elif slot.place < self._drawn and (drawn := self._ledger.get(answer.key, DRAWN)) is not None:
            try:
                verdict.evidence = unpacked(drawn)
            except Torn:
                self._ledger.drop(answer.key, DRAWN)
        return verdict

    def _compare(self, slot: _Slot, answer: Made, verdict: Verdict) -> None:
        """Hold a verdict against that of an earlier judge, where there is one."""
        if answer.before is None:
            return
        try:
            was: Alone = unpacked(self._ledger.get(answer.before.key) or b"")
        except Torn:
            return
        if not slot.among and slot.given is not None:
            closed(was, slot.given)
        self.compared += 1
        change = change_of(was.verdict, verdict, answer.before.judge)
        if change is not None:
            self.changes.append(change)

    def _load(self, answer: Made | Unread) -> Alone:
        assert isinstance(answer, Made)
        data = self._ledger.get(answer.key)
        try:
            if data is not None:
                alone: Alone = unpacked(data)
                return alone
        except Torn:
            self._ledger.drop(answer.key)
        raise ShiliuError(
            "a judgement was taken away or changed while it was needed. Run the same command again.",
            file=self._ledger.folder,
            field="ledger",
        )


def kind_of(entry: Entry) -> tuple[bool, int | None]:
    """Whether its recordings may be asked for by number, and how many there are, where that is known without opening it."""
    try:
        reader = reader_of(entry.path)
    except (EpisodeError, OSError):
        return False, 1
    return reader.numbered, 1 if reader.messages else None


def _here(take: TakeFacts, source: str) -> TakeFacts:
    """The facts of a take where it lies now: it may have been judged when it lay elsewhere."""
    key = None if take.key is None else (source.rpartition("#")[0], *take.key[1:])
    return replace(take, key=key, source=source)
