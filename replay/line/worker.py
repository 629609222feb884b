"""What a worker works with: it judges one recording after the other on one thread, and keeps the scenes that it has compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...scenarios.sheet.errors import ShiliuError
from ..checks.finding import VerdictEvidence
from ..formats import Unreadable
from ..formats.one_by_one import OneByOne
from ..judge.alone import judge_alone
from ..judge.context import Contexts
from ..judge.judge import subject_of
from ..judge.steps import error_line
from ..recording.metadata import PSEUDONYM
from ..recording.recording import Recording
from .jobs import Answer, Busy, Count, Counted, Made, TakeJob, Unread
from .kept import Torn, packed, unpacked
from .key import Keys
from .ledger import DRAWN, Ledger
from .upgrade import former_of, remember


@dataclass
class Bench:
    """What a worker works with.

    Attributes:
        settings: of `judge_alone`: strict, seed, full.
        pictures: whether pictures are among what is drawn; again: judge what an earlier judge has judged.
    """

    contexts: Contexts
    takes: OneByOne
    ledger: Ledger
    keys: Keys
    settings: dict[str, Any] = field(default_factory=dict)
    pictures: bool = False
    again: bool = False

    def answer(self, job: Count | TakeJob) -> Answer:
        """Do what is asked; nothing that is wrong with a recording is raised."""
        if isinstance(job, Count):
            n = self.takes.count(job.entry)
            return Counted(n or 1, n is not None)
        item = self.takes.item(job.entry, job.k)
        if isinstance(item, Unreadable):
            return Unread(item.name, item.source, error_line(item.error))
        try:
            subject = subject_of(item, self.contexts)
        except ShiliuError as error:
            return Unread(item.name, item.source, error_line(error), read=True)
        take = self.keys.take(subject)
        if job.given is not None:
            take = self.keys.among(take, job.given)
        key = self.keys.judged(take)
        former = former_of(self.ledger, take, key)
        before = former if self.again else None
        if self._known(key):
            return Made(key, item.source, False, _operator(item), before=before)
        if former is not None and not self.again:
            return Made(former.key, item.source, False, _operator(item), earlier=True)
        with self.ledger.claimed(key) as mine:
            if not mine:
                return Busy()
            if self._known(key):
                return Made(key, item.source, False, _operator(item), before=before)
            try:
                alone = judge_alone(subject, job.given, pictures=self.pictures and job.drawn, **self.settings)
            except ShiliuError as error:
                return Unread(item.name, item.source, error_line(error), read=True)
            drawn = alone.verdict.evidence or VerdictEvidence(0.0)
            alone.verdict.evidence = VerdictEvidence(drawn.duration_s, drawn.wall_start_ns)
            if job.drawn:
                self.ledger.put(key, packed(drawn), DRAWN)
            self.ledger.put(key, packed(alone))
            remember(self.ledger, take, key, self.keys.judge, former)
        return Made(key, item.source, True, _operator(item), before=before)

    def _known(self, key: str) -> bool:
        data = self.ledger.get(key)
        if data is None:
            return False
        try:
            unpacked(data)
        except Torn:
            self.ledger.drop(key)
            return False
        return True


def _operator(recording: Recording) -> str | None:
    about = recording.metadata.get("demonstration")
    found = about.get("operator") if isinstance(about, dict) else None
    return found if isinstance(found, str) and PSEUDONYM.fullmatch(found) else None
