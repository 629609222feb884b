"""The takes of one set among each other: what each is held against, in the order in which they are judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..checks.empty_grips import GripUse, check_empty_grip, grips_of
from ..checks.finding import Finding
from ..checks.other_columns import ColumnRows, check_columns_among, columns_of, doubtful_columns
from ..checks.registry import asked_of, check_of
from ..checks.releases import GripOpening, check_release, hands_of, releases_of
from ..checks.rules import Rules
from ..checks.takes import (
    NOTHING,
    REMEMBERED,
    Content,
    Key,
    Lag,
    TakeShown,
    TakesSeen,
    check_take_lag,
    content,
    duplicate_of,
    lag_of,
    set_of,
    shown_of,
)
from ..recording.recording import Recording
from .context import BARE
from .facts.results import Given, Integrity, Motions, Subject
from .intake import own_limits
from .rate_comparison import RateFacts, held_together, rate_facts

USUAL = 256  # takes of a set that tell what its hands do: more tell no more of what is usual


@dataclass(frozen=True)
class TakeFacts(TakeShown):
    """What the other takes of its set are held against, and it against them.

    Attributes:
        key: its set, None where it lies alone.
        lag: how late its states are; lagging: the two streams.
        holds: what distinguishes it, see `content`.
        releases: where its hands let go, or the reason why that is not asked; failed: whether it is labelled a failure.
        grips: what its hands did, or the reason why that is not asked; task: what it is of, the scenario where it is known.
        rates: how fast it moves; None where it has no motion.
        columns: what its columns hold, a little of each; doubtful: of those that contradict the others, all of it.
    """

    key: Key | None = None
    lag: Lag | None = None
    lagging: tuple[str, ...] = ()
    holds: Content = NOTHING
    releases: tuple[GripOpening, ...] | str = "no_grip"
    failed: bool = False
    grips: tuple[GripUse, ...] | str = "no_grip"
    task: str | None = None
    rates: RateFacts | None = None
    columns: tuple[ColumnRows, ...] = ()
    doubtful: tuple[ColumnRows, ...] = ()


def facts_of(subject: Subject, integrity: Integrity, motions: Motions) -> TakeFacts:
    """The facts of a take that is judged."""
    rates = rate_facts(subject, motions)
    return replace(take_facts(subject.recording, integrity.findings, subject.scene.name), rates=rates)


def take_facts(recording: Recording, findings: Iterable[Finding], scenario: str = BARE) -> TakeFacts:
    """The facts of a take, but for its rates.

    Args:
        findings: of its integrity.
        scenario: that it is judged in.
    """
    key, found = set_of(recording), tuple(findings)
    if key is None:
        return TakeFacts(recording.source)
    lagging = next((f.subject for f in found if f.code == "stream.lag"), ())
    broken = next((f.code for f in found if f.failed and check_of(f.code).spoils), None)
    label, task = recording.metadata.get("label"), recording.metadata.get("task")
    hands = [] if broken is not None or recording.episode is not None else hands_of(recording)
    return TakeFacts(
        **vars(shown_of(recording, own_limits(), found, follows=broken is None)),
        key=key,
        lag=lag_of(found),
        lagging=lagging,
        holds=content(recording),
        releases=releases_of(recording, hands),
        failed=isinstance(label, dict) and label.get("success") is False,
        grips=grips_of(recording, hands),
        task=task if scenario == BARE and isinstance(task, str) else None if scenario == BARE else scenario,
        columns=columns_of(recording),
        doubtful=doubtful_columns(recording, found),
    )


class TakesOfSet(TakesSeen):
    """What is kept of the takes of one set.

    Attributes:
        lags: how late each is; releases: where its hands let go; grips: task -> what they did; columns: source -> a little of each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lags: list[Lag] = []
        self.releases: list[tuple[GripOpening, ...]] = []
        self.grips: dict[str, list[tuple[GripUse, ...]]] = {}
        self.columns: dict[str, tuple[ColumnRows, ...]] = {}

    def take_in(self, take: TakeFacts, lag: Lag | None) -> None:
        """Keep what others are held against, but for what it holds; of its hands, columns and joints that of so many takes."""
        if lag is not None:
            self.lags.append(lag)
        self.show(take)
        if isinstance(take.releases, tuple) and len(self.releases) < USUAL:
            self.releases.append(take.releases)
        if take.task and isinstance(take.grips, tuple) and len(used := self.grips.setdefault(take.task, [])) < USUAL:
            used.append(take.grips)
        if len(self.columns) < REMEMBERED:
            self.columns.setdefault(take.source, take.columns)


class Company:
    """What is kept of the takes of each set, by its key."""

    def __init__(self) -> None:
        self.sets: dict[Key, TakesOfSet] = {}

    def hold(self, batch: Sequence[tuple[TakeFacts, Rules]]) -> list[Given]:
        """What is found of each take of a batch against those of its set, of this batch and before: code -> finding.

        How fast it moves is compared within the batch alone.
        """
        for take, _ in batch:
            if take.key is not None:
                self._of(take.key).take_in(take, take.lag)
        found = [self._among(take, rules) for take, rules in batch]
        rates = held_together([take.rates for take, _ in batch], [rules for _, rules in batch])
        return [{**one, **rate, **self._against(take, rules)} for one, rate, (take, rules) in zip(found, rates, batch)]

    def beside(self, recordings: Iterable[tuple[Recording, Lag | None]], scenario: str = BARE) -> None:
        """Takes of a set that are not judged now, each with its lag, of a scenario."""
        for recording, lag in recordings:
            take = take_facts(recording, (), scenario)
            if take.key is not None:
                self._of(take.key).take_in(take, lag)
                self._of(take.key).keep(take.holds, take.source)

    def _of(self, key: Key) -> TakesOfSet:
        return self.sets.setdefault(key, TakesOfSet())

    def _among(self, take: TakeFacts, rules: Rules) -> Given:
        """`take.lag`, `take.duplicate`, `take.release` and `take.grip` of a take; what it holds is kept."""
        codes = asked_of("takes")
        if take.key is None:
            return {code: rules[code].not_applicable("no_set") for code in codes}
        among = self._of(take.key)
        lags = list(among.lags)
        if take.lag is not None:
            lags.remove(take.lag)
        letting_go = [one for one in among.releases if one is not take.releases]
        if take.task:
            used = [one for one in among.grips.get(take.task, ()) if one is not take.grips]
            grip = check_empty_grip(take.grips, used, take.failed, rules)
        else:
            grip = rules["take.grip"].not_applicable("no_task")
        found = (
            check_take_lag(take.lag, lags, take.lagging, rules),
            duplicate_of(take.holds, among, rules, take.moving),
            check_release(take.releases, letting_go, take.failed, rules),
            grip,
        )
        among.keep(take.holds, take.source)
        return dict(zip(codes, found))

    def _against(self, take: TakeFacts, rules: Rules) -> Given:
        """What the other takes show of a take, as `TakesSeen.against`; of one with doubtful columns it is these that may be another's, and
        not its commands."""
        if take.key is None:
            return {}
        among = self._of(take.key)
        shown = replace(take, moving=None) if take.doubtful else take
        found = {one.code: one for one in among.against(shown, own_limits(), rules)}
        if take.doubtful:
            columns = ((source, rows) for source, rows in among.columns.items() if source != take.source)
            taken = check_columns_among(take.doubtful, columns, rules)
            found |= {} if taken is None else {taken.code: taken}
        return found


class OneAfterTheOther(Company):
    """Takes of a set that are judged as they are made, each held against all before it, as one judged with them would be."""

    def __init__(self) -> None:
        super().__init__()
        self._before: list[tuple[TakeFacts, Rules]] = []

    def hold(self, batch: Sequence[tuple[TakeFacts, Rules]]) -> list[Given]:
        self._before += batch
        return Company().hold(self._before)[-len(batch) :]
