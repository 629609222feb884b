"""One recording judged by itself, with what is left open for the others of its set, and closed when these are known.

Where many processes judge single takes in any order, a take goes through the stages as if its set held no other, and its facts
are kept. Later the facts of all are held together in the order of the data (`Company.hold`), and what comes of that is put into
the verdict. Mostly nothing else changes by it; where it does, the take is judged once more, with what was found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...scenarios.robots.leg_policy import LegPolicy
from ..checks.registry import asked_of
from ..checks.rules import Rules
from .conclusion import conclude
from .facts.results import Given, Subject
from .judge import run_stages
from .set_comparison import Company, TakeFacts
from .steps import Steps
from .verdict import Verdict


@dataclass(frozen=True)
class Alone:
    """A recording judged by itself.

    Attributes:
        verdict: of it, `places` of which are open.
        take: what the others are held against.
        thresholds: name of those it was judged by.
        places: code -> which of the verdict's findings the others of its set decide.
    """

    verdict: Verdict
    take: TakeFacts
    thresholds: str
    places: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def judge_alone(
    subject: Subject,
    given: Given | None = None,
    *,
    strict: bool = False,
    seed: int = 0,
    pictures: bool = False,
    full: bool = False,
    legs: bool | LegPolicy = False,
) -> Alone:
    """Judge one recording by itself, on one thread.

    Args:
        given: what the comparison with others found; None where that is not known yet.
        strict, seed, pictures, full, legs: as `judging` has them.
    """
    take: list[TakeFacts] = []

    def hold(batch: Sequence[tuple[TakeFacts, Rules]]) -> Sequence[Given]:
        take[:] = [facts for facts, _ in batch]
        return Company().hold(batch) if given is None else [given]

    steps = Steps(1)
    (judged,) = run_stages([subject], hold, steps, threads=1, seed=seed, full=full, legs=legs)
    if steps.ended:
        raise steps.ended[0]
    verdict = conclude(judged, strict, pictures)
    places: dict[str, tuple[int, ...]] = {}
    for i, one in enumerate(verdict.findings if given is None else ()):
        if one.code in asked_of("takes") or (one.code in asked_of("peers") and one.signal == judged.motions.signal):
            places[one.code] = (*places.get(one.code, ()), i)
    return Alone(verdict, take[0], subject.rules.name, places)


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
