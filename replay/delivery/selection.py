"""Which takes are delivered, in which split, and why the others are not. Nothing is written here, and nothing of the input changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError
from ...scenarios.sheet.near_matches import refuse_unknown
from ..report.lines import VerdictLine, lines_of
from .delivered_takes import SetKind, TakeOfSet, TakeSource
from .disputes import Dispute
from .judges import ANY, ONE, Judge, objection
from .splits import SPLITS, split_takes

PASSED = "FEASIBLE"
# why a take is not delivered, in the order in which they are reported
REASONS = (
    "unreadable",
    "not_judged",
    "refused",
    "other_judge",
    "overruled",
    "unreached",
    "no_consent",
    "no_licence",
    "other_licence",
    "other_scenario",
)


@dataclass(frozen=True)
class JudgedTake:
    """What is kept of one line of the verdicts."""

    source: str
    sha256: str | None
    verdict: str | None
    code: str | None
    message: str | None
    owner: str | None
    succeeded: bool | None
    unsafe: tuple[str, ...]
    unasked: tuple[str, ...]
    skills: tuple[str, ...]
    draw: Mapping[str, Sequence[float]]
    judge: Judge
    unreached: bool  # nobody labelled it, and its replay reaches no step of the goal
    played: bool  # in a scene: a robot that is known by its limits or its model alone stands in none

    @classmethod
    def of(cls, line: VerdictLine) -> JudgedTake:
        root, tree, error = line.root, line.tree, line.tree.get("error")
        return cls(
            line.source,
            tree.get("sha256"),
            line.verdict,
            root["code"] if root else None,
            root.get("message") if root else error.get("message") if isinstance(error, dict) else None,
            tree.get("owner"),
            line.succeeded,
            tuple(dict.fromkeys(line.unsafe)),
            tuple(dict.fromkeys(one["code"] for one in line.findings if one.get("level") == "NOT_CHECKED")),
            tuple(line.taken.get("skills") or ()),
            line.taken.get("draw") or {},
            Judge.of(tree.get("provenance")),
            _unreached(tree.get("outcome")),
            (tree.get("provenance") or {}).get("robot_known_by") not in ("limits", "model"),
        )


def _unreached(outcome: object) -> bool:
    """Whether a take has a goal, no label, and no step of the goal was reached in the replay."""
    if not isinstance(outcome, dict) or outcome.get("label") is not None or outcome.get("success") is not False:
        return False
    steps = outcome.get("subgoals")
    return isinstance(steps, dict) and bool(steps) and all(time is None for time in steps.values())


class Verdicts:
    """All verdicts, by recording.

    Args:
        files: of verdicts; judged_by: `ONE`, `ANY`, or the versions of shiliu of which verdicts are taken.

    Raises:
        EpisodeError: two of them are of one recording and say different things.
    """

    def __init__(self, files: list[Path], judged_by: str | tuple[str, ...] = ONE) -> None:
        self.by_sha: dict[str, JudgedTake] = {}
        self.of: dict[str, str | None] = {}  # source -> verdict
        self._by_others: set[str] = set()
        for line in lines_of(files):
            one = JudgedTake.of(line)
            if judged_by not in (ONE, ANY) and one.judge.version not in judged_by:
                self._by_others |= {one.sha256} if one.sha256 else set()
                continue
            before = self.by_sha.get(one.sha256) if one.sha256 else None
            if before is not None and before.verdict != one.verdict and before.source == one.source:
                wrong = EpisodeError(
                    f"{one.source} is {one.verdict} here and {before.verdict} above or in another file. Name one run by verdicts=, "
                    "or one version of shiliu by judged_by=[...].",
                    file=line.file,
                    field="verdict",
                )
                wrong.line = line.number
                raise wrong
            if one.sha256 and before is None:
                self.by_sha[one.sha256] = one
            self.of[one.source] = one.verdict

    def of_take(self, take: TakeOfSet) -> JudgedTake | None:
        """By what the take is, not by how it is called."""
        return self.by_sha.get(take.sha256 or "") or self.by_sha.get(take.also or "")

    def by_others(self, take: TakeOfSet) -> bool:
        """Whether it was judged, and by none of the versions that are taken."""
        return self.of_take(take) is None and not self._by_others.isdisjoint((take.sha256, take.also))


@dataclass(frozen=True)
class Chosen:
    """A take that is delivered."""

    take: TakeOfSet
    judged: JudgedTake
    split: str
    dispute: Dispute | None


@dataclass(frozen=True)
class Refused:
    """A take that is not; `reasons` in the order of `REASONS`."""

    take: TakeOfSet
    judged: JudgedTake | None
    reasons: tuple[str, ...]
    dispute: Dispute | None


@dataclass
class Wanted:
    """What the command asks for.

    Attributes:
        licence: of takes that name none, and the only one that is delivered where takes name several; None takes theirs.
        judged_by: `ONE` version and its thresholds, `ANY`, or the versions that are taken.
        unreached: deliver unlabelled takes that reach no step of their goal, too.
        scenarios: that are delivered; () takes all.
        shares: by split; apart: see `split_takes`; former: operator -> split.
    """

    licence: str | None = None
    scenarios: tuple[str, ...] = ()
    shares: Mapping[str, float] = field(default_factory=lambda: {"train": 1.0})
    apart: str = "operator"
    former: Mapping[str, str] = field(default_factory=dict)
    judged_by: str | tuple[str, ...] = ONE
    unreached: bool = False


@dataclass(frozen=True)
class SetCount:
    """What became of one set.

    Attributes:
        source: its name; declared: takes that its description announces, None where it says nothing that is a number.
        read, judged, delivered: how many takes could be read, have a verdict, are delivered.
        error: why the set as a whole was left out, or None.
    """

    source: str
    declared: int | None
    read: int
    judged: int
    delivered: int
    error: str | None = None

    @property
    def short(self) -> bool:
        """Whether it holds less than it announces, or something of it has no verdict."""
        return self.error is not None or not self.declared == self.read == self.judged


@dataclass
class DeliveryPlan:
    """What will be delivered, split by split in the order of the data, and what will not.

    Attributes:
        licence: of the set; licence_from: how many takes say it themselves, and of how many the command does.
        seen: number of takes that were looked at; sets: what became of each set of the data, in its order.
    """

    chosen: list[Chosen]
    refused: list[Refused]
    licence: str
    licence_from: tuple[int, int]
    kind: SetKind
    seen: int
    sets: list[SetCount]

    @property
    def ranges(self) -> dict[str, str]:
        """Split -> range of episodes, as `info.json` has it."""
        found, at = {}, 0
        counted = Counter(one.split for one in self.chosen)
        for name in SPLITS:
            if counted[name]:
                found[name] = f"{at}:{at + counted[name]}"
                at += counted[name]
        return found


def plan(source: TakeSource, verdicts: Verdicts, disputes: Mapping[str, Dispute], wanted: Wanted) -> DeliveryPlan:
    """Decide about every take.

    Raises:
        EpisodeError: nothing is left to be delivered, no licence is known, or takes do not fit into one set; each with the fix.
    """
    passed: list[tuple[TakeOfSet, JudgedTake, Dispute | None]] = []
    refused: list[Refused] = []
    seen = judged_here = 0
    read: Counter[int] = Counter()
    judged_of: Counter[int] = Counter()
    scenarios: dict[str, None] = {}
    for take in source.takes():
        seen += 1
        scenarios |= {take.scenario: None} if take.scenario else {}
        judged = verdicts.of_take(take)
        judged_here += judged is not None
        read[take.entry] += take.error is None
        judged_of[take.entry] += judged is not None
        dispute = disputes.get(judged.source if judged else take.source)
        reasons = _reasons(take, judged, dispute, wanted, verdicts.by_others(take))
        if reasons or judged is None:
            refused.append(Refused(take, judged, reasons, dispute))
        else:
            passed.append((take, judged, dispute))
    if not seen:
        raise next(iter(source.left.values()))
    if not judged_here and not any("other_judge" in one.reasons for one in refused):
        known = next(iter(verdicts.of), None)
        raise EpisodeError(
            f"none of these verdicts is of one of the {seen} takes (the first verdict is of {known!r}). "
            f"Judge them first: shiliu replay data={source.data.name} out=VERDICTS.",
            file=source.data,
            field="verdicts",
        )
    for word in wanted.scenarios:
        refuse_unknown(
            word, scenarios, f"no take is of {word!r}.", file=source.data, field="scenarios", error=EpisodeError
        )
    licence = _licence(passed, refused, wanted, source)
    passed = [one for one in passed if one[0].metadata.get("licence", licence) == licence]
    if not passed:
        counted = Counter(reason for one in refused for reason in one.reasons[:1])
        why = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in counted.most_common())
        raise EpisodeError(
            f"nothing is left to deliver of {seen} takes ({why}). Record again what was refused, or dispute it by disputes=FILE.",
            file=source.data,
            field="data",
        )
    mixed = objection(((take.scenario or "bare", judged.judge) for take, judged, _ in passed), wanted.judged_by)
    if mixed is not None:
        raise EpisodeError(mixed, file=source.data, field="judged_by")
    kind = _kind(passed, source)
    who = [(take.metadata.get("operator"), take.cell) for take, _, _ in passed]
    splits = split_takes(who, wanted.shares, wanted.apart, wanted.former)
    chosen = [Chosen(one[0], one[1], name, one[2]) for one, name in zip(passed, splits)]
    chosen.sort(key=lambda one: SPLITS.index(one.split))  # stable: within a split the order of the data stays
    own = sum("licence" in one.take.metadata for one in chosen)
    delivered = Counter(one.take.entry for one in chosen)
    sets = [
        SetCount(
            entry.source,
            source.declared(number),
            read[number],
            judged_of[number],
            delivered[number],
            source.left[number].message if number in source.left else None,
        )
        for number, entry in enumerate(source.found)
    ]
    return DeliveryPlan(chosen, refused, licence, (own, len(chosen) - own), kind, seen, sets)


def _reasons(
    take: TakeOfSet, judged: JudgedTake | None, dispute: Dispute | None, wanted: Wanted, by_others: bool
) -> tuple[str, ...]:
    found = {
        "unreadable": take.error is not None,
        "not_judged": judged is None and take.error is None and not by_others,
        "refused": judged is not None and judged.verdict != PASSED and not (dispute is not None and dispute.lets_in),
        "other_judge": by_others,
        "overruled": dispute is not None and dispute.keeps_out,
        "unreached": judged is not None and judged.verdict == PASSED and judged.unreached and not wanted.unreached,
        "no_consent": take.metadata.get("consent") is False,
        "other_scenario": bool(wanted.scenarios) and take.scenario not in wanted.scenarios,
    }
    return tuple(reason for reason in REASONS if found.get(reason))


def _licence(
    passed: list[tuple[TakeOfSet, JudgedTake, Dispute | None]],
    refused: list[Refused],
    wanted: Wanted,
    source: TakeSource,
) -> str:
    """The licence of the set; takes of another one, or of none, are put to the refused ones."""
    named = Counter(str(take.metadata["licence"]) for take, _, _ in passed if take.metadata.get("licence"))
    if wanted.licence is None and len(named) > 1:
        licences = ", ".join(f"{name} ({n} takes)" for name, n in sorted(named.items()))
        raise EpisodeError(
            f"the takes come under {licences}. A set has one licence: choose it by licence=..., and the others are left out.",
            file=source.data,
            field="licence",
        )
    licence = wanted.licence or next(iter(named), None)
    if licence is None and passed:
        raise EpisodeError(
            f"no take has a licence (the first is {passed[0][0].source}). Give licence=CC-BY-4.0 or "
            "licence=proprietary, or write it into the metadata of the recordings.",
            file=source.data,
            field="licence",
        )
    for take, judged, dispute in passed:
        own = take.metadata.get("licence")
        if own is not None and own != licence:
            refused.append(Refused(take, judged, ("other_licence",), dispute))
    if wanted.licence is None:
        for one in [one for one in passed if not one[0].metadata.get("licence")]:
            passed.remove(one)
            refused.append(Refused(one[0], one[1], ("no_licence",), one[2]))
    return licence or ""


def _kind(passed: Iterable[tuple[TakeOfSet, JudgedTake, Dispute | None]], source: TakeSource) -> SetKind:
    """What all takes share.

    Raises:
        EpisodeError: two of them do not fit into one set.
    """
    first: SetKind | None = None
    name, checked = "", set()
    for take, _, _ in passed:
        if take.entry in checked:
            continue
        checked.add(take.entry)
        kind = source.kind(take.entry)
        if first is None:
            first, name = kind, take.source
        elif kind != first:
            raise EpisodeError(
                f"does not fit into one set with {name}: {_differs(first, kind)}. Deliver them apart: name what fits together by "
                "scenarios=[...] or data=.",
                file=source.found[take.entry].path,
                field="data",
            )
    assert first is not None
    return first


def _differs(one: SetKind, other: SetKind) -> str:
    if one.imported != other.imported:
        return "one was simulated, the other imported"
    for what in ("fps", "robot"):
        if getattr(one, what) != getattr(other, what):
            return f"{what} {getattr(one, what)} and {getattr(other, what)}"
    names = sorted(
        {name for name in (*one.features, *other.features) if one.features.get(name) != other.features.get(name)}
    )
    return f"their features differ in {', '.join(names[:4])}"
