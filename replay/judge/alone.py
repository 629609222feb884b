"""One recording judged by itself, with what is left open for the others of its set, and closed when these are known.

A set is judged in the order of its takes, each among others (`Company`). Where many processes judge single takes in any order,
a take is judged as if it were alone, and its facts are kept. Later the facts of all are held together in the order of the data, and
what comes of that is put into the verdict. Mostly nothing else changes by it; where it does, the take is judged once more, told what
was found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..checks.finding import Finding
from ..checks.registry import asked_of
from .conclusion import conclude
from .judge import run_stages
from .rate_comparison import RateFacts, rate_facts
from .results import Integrity, Motions, Rates, Subject
from .set_comparison import Company, TakeFacts, take_facts
from .verdict import Verdict

Given = Mapping[str, Finding]  # code -> what the comparison with others found
OPEN = "open"  # in the details of a finding that the others of its set decide


@dataclass(frozen=True)
class Alone:
    """A recording judged by itself.

    Attributes:
        verdict: of it, `places` of which are open.
        take, rates: what the others are held against.
        thresholds: name of those it was judged by.
        places: code -> which of the verdict's findings the others of its set decide.
    """

    verdict: Verdict
    take: TakeFacts
    rates: RateFacts | None
    thresholds: str
    places: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def judge_alone(
    subject: Subject,
    context: str,
    given: Given | None = None,
    *,
    strict: bool = False,
    seed: int = 0,
    pictures: bool = False,
    full: bool = False,
) -> Alone:
    """Judge one recording by itself, on one thread.

    Args:
        context: what tells its context from those of others.
        given: what the comparison with others found; None where that is not known yet.
        strict, seed, pictures, full: as `judging` has them.
    """
    company = _KnownCompany(given) if given is not None else _Nobody()
    (judged,) = run_stages([subject], company, threads=1, seed=seed, full=full)
    if isinstance(judged, Exception):
        raise judged
    verdict = conclude(judged, strict, pictures)
    return Alone(
        verdict,
        take_facts(subject.recording, judged.integrity.findings, subject.scene.name),
        rate_facts(subject, judged.motions, context),
        subject.rules.name,
        _opened(verdict) if given is None else {},
    )


def closed(alone: Alone, given: Given) -> bool:
    """Put into the verdict what the comparison found; False where that may change more than these findings.

    Then nothing is done, and the take has to be judged once more with `given`.
    """
    findings, places = alone.verdict.findings, {i for some in alone.places.values() for i in some}
    if any(one.level in ("WARN", "FAIL") for one in given.values()):
        return False
    for code, finding in given.items():
        others = (f for i, f in enumerate(findings) if f.stage == finding.stage and i not in places)
        among_takes = code in asked_of("takes")  # these make no stage checked
        if alone.places.get(code) and not among_takes and not any(one.checked for one in others):
            return False  # whether this is checked decides whether the stage is
    for code, finding in given.items():
        for i in alone.places.get(code, ()):
            findings[i] = finding
    return True


def _opened(verdict: Verdict) -> dict[str, tuple[int, ...]]:
    """Which findings the others decide; the marks are taken off."""
    found: dict[str, list[int]] = {}
    for i, finding in enumerate(verdict.findings):
        if finding.code in asked_of("takes") or finding.details.pop(OPEN, False):
            found.setdefault(finding.code, []).append(i)
    return {code: tuple(places) for code, places in found.items()}


class _Nobody(Company):
    """Nobody to be held against: what the others would decide is marked."""

    def rates(self, batch: Sequence[tuple[Subject, Motions]]) -> list[Rates]:
        return [
            {
                code: subject.rules[code].not_checked("no_published_limit", signal=motions.signal, details={OPEN: True})
                for code in asked_of("peers")
            }
            for subject, motions in batch
        ]


class _KnownCompany(Company):
    """What the others decided is known."""

    def __init__(self, given: Given) -> None:
        super().__init__()
        self._given = given

    def compare(self, batch: Sequence[tuple[Subject, Integrity]]) -> list[list[Finding]]:
        return [[self._given[code].with_() for code in asked_of("takes")] for _ in batch]

    def rates(self, batch: Sequence[tuple[Subject, Motions]]) -> list[Rates]:
        return [{code: self._given[code].with_() for code in asked_of("peers") if code in self._given} for _ in batch]
