"""The takes of one set among each other: what each is held against, in the order in which they are judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..checks.empty_grips import GripUse, check_empty_grip, grips_of
from ..checks.finding import Finding
from ..checks.hand_bases import CODE, HandBase, bases_in, check_bases_among
from ..checks.matching_takes import MovingJoints, check_matching, moving_joints
from ..checks.other_columns import ColumnRows, check_columns_among, columns_of, doubtful_columns
from ..checks.registry import asked_of, check_of
from ..checks.releases import GripOpening, check_release, hands_of, releases_of
from ..checks.rules import Rules
from ..checks.takes import NOTHING, Content, Key, Lag, TakesSeen, check_take_lag, content, duplicate_of, lag_of, set_of
from ..checks.usual_postures import CODE as SWAPPED
from ..checks.usual_postures import Posture, check_order_among, posture_of
from ..recording.recording import Recording
from .context import BARE
from .facts.results import Given, Integrity, Motions, Subject
from .intake import own_limits
from .rate_comparison import RateFacts, held_together, rate_facts

REMEMBERED = 4096  # takes of a set of which the columns are kept, some ten kilobytes of each
USUAL = 256  # takes of a set that tell what its hands do: more tell no more of what is usual


@dataclass(frozen=True)
class TakeFacts:
    """What the other takes of its set are held against, and it against them.

    Attributes:
        key: its set, None where it lies alone; source: of the recording.
        lag: how late its states are; lagging: the two streams.
        holds: what distinguishes it, see `content`.
        releases: where its hands let go, or the reason why that is not asked; failed: whether it is labelled a failure.
        grips: what its hands did, or the reason why that is not asked; task: what it is of, the scenario where it is known.
        rates: how fast it moves; None where it has no motion.
        bases: in which its hands are recorded.
        posture: where its joints are.
        columns: what its columns hold, a little of each; doubtful: of those that contradict the others, all of it.
        moving: a little of its joints that go somewhere.
    """

    key: Key | None
    source: str
    lag: Lag | None = None
    lagging: tuple[str, ...] = ()
    holds: Content = NOTHING
    releases: tuple[GripOpening, ...] | str = "no_grip"
    failed: bool = False
    grips: tuple[GripUse, ...] | str = "no_grip"
    task: str | None = None
    rates: RateFacts | None = None
    bases: tuple[HandBase, ...] = ()
    columns: tuple[ColumnRows, ...] = ()
    doubtful: tuple[ColumnRows, ...] = ()
    moving: MovingJoints | None = None
    posture: Posture = field(default_factory=Posture)


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
        return TakeFacts(None, recording.source)
    lagging = next((f.subject for f in found if f.code == "stream.lag"), ())
    broken = next((f.code for f in found if f.failed and check_of(f.code).spoils), None)
    label, task = recording.metadata.get("label"), recording.metadata.get("task")
    hands = [] if broken is not None or recording.episode is not None else hands_of(recording)
    return TakeFacts(
        key,
        recording.source,
        lag_of(found),
        lagging,
        content(recording),
        releases_of(recording, hands),
        isinstance(label, dict) and label.get("success") is False,
        grips_of(recording, hands),
        task if scenario == BARE and isinstance(task, str) else None if scenario == BARE else scenario,
        bases=bases_in(found),
        columns=columns_of(recording),
        doubtful=doubtful_columns(recording, found),
        moving=moving_joints(recording) if broken is None else None,
        posture=posture_of(recording, own_limits(), found),
    )


@dataclass
class Company:
    """What is kept of the takes of each set: how late each is, where its hands let go, what they did by task, what it holds."""

    lags: dict[Key, list[Lag]] = field(default_factory=dict)
    releases: dict[Key, list[tuple[GripOpening, ...]]] = field(default_factory=dict)
    grips: dict[tuple[Key, str], list[tuple[GripUse, ...]]] = field(default_factory=dict)
    seen: dict[Key, TakesSeen] = field(default_factory=dict)
    bases: dict[Key, list[tuple[HandBase, ...]]] = field(default_factory=dict)
    columns: dict[Key, dict[str, tuple[ColumnRows, ...]]] = field(default_factory=dict)
    moving: dict[Key, dict[str, MovingJoints]] = field(default_factory=dict)
    postures: dict[Key, list[Posture]] = field(default_factory=dict)

    def hold(self, batch: Sequence[tuple[TakeFacts, Rules]]) -> list[Given]:
        """What is found of each take of a batch against those of its set, of this batch and before: code -> finding.

        How fast it moves is compared within the batch alone.
        """
        takes, rules = [take for take, _ in batch], [rule for _, rule in batch]
        found = self._beside(takes, rules)
        rates = held_together([take.rates for take in takes], rules)
        given = [{**dict(zip(asked_of("takes"), one)), **rate} for one, rate in zip(found, rates)]
        return [
            {**one, **self._based(take, rule), **self._of_others(take, rule), **self._in_order(take, rule)}
            for one, take, rule in zip(given, takes, rules)
        ]

    def _beside(self, batch: Sequence[TakeFacts], rules: Sequence[Rules]) -> list[list[Finding]]:
        """`take.lag`, `take.duplicate`, `take.release` and `take.grip` of each take."""
        own: dict[int, Lag] = {}
        for i, take in enumerate(batch):
            if take.lag is not None and take.key is not None:
                own[i] = take.lag
                self.lags.setdefault(take.key, []).append(take.lag)
        for take in batch:
            self._keep_hands(take)
            self._keep_columns(take)
            self._keep_posture(take)
            if take.key is not None and take.bases:
                self.bases.setdefault(take.key, []).append(take.bases)
        found = []
        for i, (take, rule) in enumerate(zip(batch, rules)):
            if take.key is None:
                found.append([rule[code].not_applicable("no_set") for code in asked_of("takes")])
                continue
            others = list(self.lags.get(take.key, ()))
            if i in own:
                others.remove(own[i])
            before = self.seen.setdefault(take.key, TakesSeen())
            letting_go = [one for one in self.releases.get(take.key, ()) if one is not take.releases]
            found.append(
                [
                    check_take_lag(own.get(i), others, take.lagging, rule),
                    duplicate_of(take.holds, before, rule),
                    check_release(take.releases, letting_go, take.failed, rule),
                    self._held(take, rule),
                ]
            )
            before.keep(take.holds, take.source)
        return found

    def beside(self, recordings: Iterable[tuple[Recording, Lag | None]], scenario: str = BARE) -> None:
        """Takes of a set that are not judged now, each with its lag, of a scenario."""
        for recording, lag in recordings:
            take = take_facts(recording, (), scenario)
            if take.key is None:
                continue
            if lag is not None:
                self.lags.setdefault(take.key, []).append(lag)
            self._keep_hands(take)
            self._keep_columns(take)
            self._keep_posture(take)
            self.seen.setdefault(take.key, TakesSeen()).keep(take.holds, take.source)

    def _keep_hands(self, take: TakeFacts) -> None:
        """Keep where the hands of a take let go, and what they did."""
        if take.key is not None and isinstance(take.releases, tuple):
            letting_go = self.releases.setdefault(take.key, [])
            if len(letting_go) < USUAL:
                letting_go.append(take.releases)
        if take.key is not None and take.task and isinstance(take.grips, tuple):
            used = self.grips.setdefault((take.key, take.task), [])
            if len(used) < USUAL:
                used.append(take.grips)

    def _keep_columns(self, take: TakeFacts) -> None:
        """Keep what the columns of a take hold, of so many takes of a set."""
        if take.key is not None:
            kept = self.columns.setdefault(take.key, {})
            if len(kept) < REMEMBERED:
                kept.setdefault(take.source, take.columns)
            if take.moving is not None and len(joints := self.moving.setdefault(take.key, {})) < USUAL:
                joints.setdefault(take.source, take.moving)

    def _keep_posture(self, take: TakeFacts) -> None:
        """Keep where the joints of a take are, of so many takes of a set."""
        if take.key is not None and len(kept := self.postures.setdefault(take.key, [])) < USUAL:
            kept.append(take.posture)

    def _in_order(self, take: TakeFacts, rules: Rules) -> Given:
        """`stream.swapped` of joints that the other takes show to be exchanged; nothing where there are none."""
        others = [one for one in self.postures.get(take.key, ()) if one is not take.posture] if take.key is not None else []
        found = check_order_among(take.posture, others, own_limits(), rules)
        return {} if found is None else {SWAPPED: found}

    def _of_others(self, take: TakeFacts, rules: Rules) -> Given:
        """`column.differs` of columns of a take that are those of another one; nothing where there is none."""
        if take.key is None:
            return {}
        beside = ((source, joints) for source, joints in self.moving.get(take.key, {}).items() if source != take.source)
        if not take.doubtful:
            matching = check_matching(take.moving, beside, rules)
            return {} if matching is None else {CODE: matching}
        others = ((source, columns) for source, columns in self.columns.get(take.key, {}).items() if source != take.source)
        found = check_columns_among(take.doubtful, others, rules)
        return {} if found is None else {CODE: found}

    def _based(self, take: TakeFacts, rules: Rules) -> Given:
        """`column.differs` of a take with a hand in another base than in the others; nothing where there is none."""
        others = [one for one in self.bases.get(take.key, ()) if one is not take.bases] if take.key is not None else []
        found = check_bases_among(take.bases, others, rules) if others else None
        return {} if found is None else {CODE: found}

    def _held(self, take: TakeFacts, rules: Rules) -> Finding:
        """`take.grip` of a take, against those of the same task."""
        if take.key is None or not take.task:
            return rules["take.grip"].not_applicable("no_task")
        others = [one for one in self.grips.get((take.key, take.task), ()) if one is not take.grips]
        return check_empty_grip(take.grips, others, take.failed, rules)


class OneAfterTheOther(Company):
    """Takes of a set that are judged as they are made, each held against all before it, as one judged with them would be."""

    def __init__(self) -> None:
        super().__init__()
        self._before: list[tuple[TakeFacts, Rules]] = []

    def hold(self, batch: Sequence[tuple[TakeFacts, Rules]]) -> list[Given]:
        self._before += batch
        return Company().hold(self._before)[-len(batch) :]
