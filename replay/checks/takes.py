"""A take against the other takes of its set: recorded by the same devices, it is as late as they are, and it is another one."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np

from ..recording.recording import Recording, Stream
from ..robots.limits import Limits
from ..signals.statistics import TO_SIGMA
from .check import Check
from .cut_takes import WAITED, TakeEnds, check_cut_among, check_ends_among, edges_of, is_moving
from .finding import Finding
from .fixes import Fix, Known, about
from .hand_bases import SURE, HandBase, bases_in, check_bases_among
from .hands_among import KEPT as TELL
from .hands_among import LEAST as LEAST_TELL
from .hands_among import HandShown, check_hands_among, shown_hands
from .matching_takes import MovingJoints, check_matching, moving_joints, nearest
from .other_sentences import TakeSentence, check_sentence_among
from .rules import Rules
from .task_text import wording_of
from .unwritten_columns import Written, check_written_among, written_of
from .usual_postures import SIDES, Posture, check_order_among, check_sides_among, may_be_other_sides, posture_of
from .usual_things import ThingShown, check_things_among, shown_things

# hashes of rows that are kept of a take, and of two takes at least to compare them: a part of a third is seen; columns that move, for a row
# to be a take's own; share of the rows of the shorter take, from where on it is a part of the other one, and is named
KEPT, ENOUGH, COLUMNS = 32, 8, 6
PART, HALF = 0.9, 0.5
FURTHER = 5.0  # times as far as a copy, that every other take is
RECENT = 32  # takes before one, from which it may have been cut; takes that tell what is usual at the ends of one
REMEMBERED = 4096  # takes of a set of which first and last rows are kept, and at a gate columns, some ten kilobytes of each
SHOWN = 256  # takes of a set of which a little is kept: their joints, to find the commands of one in another, and their postures

Key = tuple[str, str | None, str | None]  # of a set: where it lies, its robot, the mapping that it is read by


class Lag(NamedTuple):
    """How late the states of a take follow its commands [s]: of all joints together, and the median of single joints."""

    pooled: float
    median: float


def lag_of(findings: Iterable[Finding]) -> Lag | None:
    """The lag of a take as `stream.lag` found it; None where it found none."""
    for finding in findings:
        if finding.code == "stream.lag" and finding.checked and finding.value is not None:
            median = finding.details.get("median")
            return Lag(finding.value, finding.value if median is None else float(median))
    return None


def check_take_lag(lag: Lag | None, others: Sequence[Lag], subject: Sequence[str], rules: Rules) -> Finding:
    """`take.lag`: the delay between command and state, against what is usual in the set.

    One chain of devices has one delay; a take with states earlier or later than in the others, by more than the
    bound, has its commands in other rows than they were given in. How far the others scatter is taken out: nothing within
    `spread` standard deviations of their median counts (estimated from the median absolute deviation). Two delays are
    looked at, of all joints together and the median of single ones, and the one that differs less is reported: a joint that
    is swung once, or has a wrong zero, pulls at the first alone, and rows that were moved move both.

    Args:
        lag: of this take, None where it has none; others: of the other takes of the set.
        subject: the two streams.
    """
    rule = rules["take.lag"]
    if lag is None:
        return rule.not_applicable("no_lag")
    if len(others) < rule.settings["takes"]:
        return rule.not_checked("few_takes", details={"takes": len(others), "needed": rule.settings["takes"]})
    theirs = np.asarray(others, float)
    usual = np.median(theirs, axis=0)
    scatter = TO_SIGMA * np.median(np.abs(theirs - usual), axis=0)
    apart = np.asarray(lag) - usual
    bounds = np.maximum(rule.bound("fail"), rule.settings["spread"] * scatter)
    i = int(np.argmin(np.abs(apart) - bounds)) if apart[0] * apart[1] > 0.0 else int(np.abs(apart).argmin())
    graded = rule.grade_value(float(abs(apart[i])), fail=float(bounds[i]))
    kind = "early" if apart[i] > 0.0 else "late"  # the command, seen from the state that follows it
    details = {
        "lag": lag[i], "usual": float(usual[i]), "scatter": float(scatter[i]), "takes": len(others), "kind": kind,
        "of": ("all joints", "median joint")[i],
    }  # fmt: skip
    return rule.finding(subject=tuple(subject), signal="command", **graded, details=details)


@dataclass(frozen=True)
class Content:
    """What a take holds: digests of what was commanded, of both, and of what was measured, None where there is none or nothing moves;
    hashes of some of its rows, ascending, see `_some_rows`; and how many rows it has in which something changes."""

    commands: str | None
    taken: str | None
    measured: str | None = None
    rows: tuple[int, ...] = ()
    n: int = 0


NOTHING = Content(None, None)


@dataclass(frozen=True)
class TakeShown:
    """What a take shows to the others of its set, a little of it.

    Attributes:
        source: of the recording; bases: in which its hands are recorded; moving: joints that go somewhere; posture: where its joints are.
        wording: its task sentence, and the scenario that has it; edges: its first and last rows; written: joints that
            somebody wrote; things: where its things are; hands: how they go to where they are commanded.
    """

    source: str
    bases: tuple[HandBase, ...] = ()
    moving: MovingJoints | None = None
    posture: Posture = field(default_factory=Posture)
    wording: tuple[str, str | None] | None = None
    edges: TakeEnds | None = None
    written: Written = field(default_factory=Written)
    things: tuple[ThingShown, ...] = ()
    hands: tuple[HandShown, ...] = ()

    @property
    def text(self) -> str | None:
        return None if self.wording is None else self.wording[0]

    @property
    def sentence(self) -> TakeSentence | None:
        return None if self.wording is None else TakeSentence(*self.wording, self.posture)


def shown_of(recording: Recording, limits: Limits, findings: Sequence[Finding], follows: bool = True) -> TakeShown:
    """What a take shows.

    Args:
        findings: of its integrity; follows: whether its joints may be held against the commands of others.
    """
    return TakeShown(
        recording.source,
        bases_in(findings),
        moving_joints(recording) if follows else None,
        posture_of(recording, limits, findings),
        wording_of(recording),
        edges_of(recording),
        written_of(recording),
        shown_things(recording, findings),
        shown_hands(recording, limits) if follows else (),
    )


class TakesSeen:
    """The content of the takes of a set that came before."""

    def __init__(self) -> None:
        self.first: dict[str, str] = {}  # digest -> the first take that has it
        self._bases: list[tuple[HandBase, ...]] = []
        self._moving: dict[str, MovingJoints] = {}  # by source
        self._postures: list[Posture] = []
        self._odd: dict[str, tuple[TakeShown, int]] = {}  # by source, takes with hands elsewhere or other sides; how many were before
        self._doubtful: dict[str, Posture] = {}  # by source, of takes that are commanded past a range, or may have their sides exchanged
        self._sentences: list[TakeSentence] = []
        self._written: list[Written] = []
        self._things: list[tuple[ThingShown, ...]] = []
        self._hands: dict[str, tuple[HandShown, ...]] = {}  # by source, of the first takes
        self._edges: dict[str, tuple[TakeEnds, tuple[str, str | None] | None]] = {}  # by source, with the take's sentence and its scenario
        self._kept: dict[str, None] = {}
        self._of_row: dict[int, str] = {}
        self._rows: dict[str, tuple[int, ...]] = {}
        self._n: dict[str, int] = {}

    def show(self, one: TakeShown) -> None:
        """Keep what a take shows, for those that are held against it."""
        if one.bases:
            self._bases.append(one.bases)
        if one.moving is not None and len(self._moving) < SHOWN:
            self._moving.setdefault(one.source, one.moving)
        if one.hands and len(self._hands) <= TELL:
            self._hands.setdefault(one.source, one.hands)
        if one.edges is not None and len(self._edges) < REMEMBERED:
            self._edges.setdefault(one.source, (one.edges, one.wording))
        if len(self._postures) < SHOWN:
            if one.posture.past or any(may_be_other_sides(one.posture, other) for other in self._postures[:WAITED]):
                self._doubtful[one.source] = one.posture
            self._postures.append(one.posture)
            self._written.append(one.written)
            self._things.append(one.things)
            if one.sentence is not None:
                self._sentences.append(one.sentence)

    def against(self, one: TakeShown, limits: Limits, rules: Rules, more: bool = False) -> list[Finding]:
        """What the takes but for this one show of it: `column.differs` of a hand in another base, of things that are written otherwise, or
        of commands that are those of another take; `stream.swapped` of joints that are exchanged; `task.text` of another scenario's
        sentence; `stream.missing` of a take that was cut in two, or lacks an end; `stream.frozen` of joints that nobody wrote; nothing
        where there is nothing.

        Args:
            more: takes that come later are asked as well (`of_later`), where one alone has its hands elsewhere, or its sides exchanged, and
                of the first takes with hands.
        """
        based, swapped = self._based(one.bases, rules), self._exchanged(one.posture, limits, rules)
        of_sides = swapped is not None and swapped.failed and swapped.details["kind"] == SIDES
        first = bool(one.bases) and len(self._bases) < SURE  # then nobody knows yet in which base the hands of this set are
        if more and (first or (based is not None and based.failed) or of_sides):
            self._odd[one.source] = one, len(self._postures)
            based, swapped = None, None if of_sides else swapped
        moving = ((source, joints) for source, joints in self._moving.items() if source != one.source)
        found = (
            based,
            check_matching(one.moving, moving, rules),
            swapped,
            check_things_among(one.things, [of for of in self._things if of is not one.things], rules),
            self._by_hands(one.source, one.hands, rules),
            check_written_among(one.written, [of for of in self._written if of is not one.written], rules),
            check_cut_among(one.source, one.edges, self._before(one), rules) or self.of_ends(one.source, rules),
            check_sentence_among(one.sentence, [of for of in self._sentences if of.posture is not one.posture], rules),
        )
        return [finding for finding in found if finding is not None]

    def _based(self, own: tuple[HandBase, ...], rules: Rules) -> Finding | None:
        return check_bases_among(own, [of for of in self._bases if of is not own], rules)

    def _by_hands(self, source: str, own: tuple[HandShown, ...], rules: Rules) -> Finding | None:
        return check_hands_among(own, [of for name, of in self._hands.items() if name != source], rules)

    def _exchanged(self, own: Posture, limits: Limits, rules: Rules) -> Finding | None:
        others = [one for one in self._postures if one is not own]
        return check_order_among(own, others, limits, rules) or check_sides_among(own, others, rules)

    def _before(self, one: TakeShown) -> list[tuple[str, TakeEnds]]:
        """The ends of the takes that were recorded right before one, as far as they are known, and have its sentence: steps of a task that
        were cut apart on purpose have each their own."""
        every = list(self._edges)
        at = every.index(one.source) if one.source in self._edges else len(every)
        before = ((name, *self._edges[name]) for name in every[max(0, at - RECENT) : at])
        return [(name, edges) for name, edges, wording in before if (wording and wording[0]) == one.text]

    def of_later(self, source: str, limits: Limits, rules: Rules) -> list[Finding]:
        """What takes that were shown later tell of one: it lacks an end, two of its joints are exchanged, or its hands are elsewhere."""
        odd = self._odd.get(source, (TakeShown(source), 0))[0]
        own = self._doubtful.get(source, odd.posture if odd.posture.sided else None)
        found = (
            self._based(odd.bases, rules),
            self._by_hands(source, self._hands.get(source, ()), rules),
            self.of_ends(source, rules),
            None if own is None else self._exchanged(own, limits, rules),
        )
        return [one for one in found if one is not None]

    def of_ends(self, source: str, rules: Rules) -> Finding | None:
        """`stream.missing` of a take that was shown and alone begins or ends in a motion."""
        edges = self._edges.get(source, (None, None))[0]
        return check_ends_among(source, edges, self._alike(source), rules)

    def waits(self, source: str) -> bool:
        """Whether more takes may tell of the ends of one that was shown, or whether its joints are exchanged."""
        edges = self._edges.get(source, (None, None))[0]
        own = self._doubtful.get(source)
        if own is not None and len(self._postures) <= WAITED and (not own.past or any(one.perhaps for one in self._postures)):
            return True
        if source in self._hands and len(self._hands) <= LEAST_TELL and len(self._postures) <= WAITED:
            return True
        if source in self._odd and len(self._postures) <= self._odd[source][1] + WAITED:
            return True
        return edges is not None and is_moving(edges) and len(self._alike(source)) < WAITED

    def _alike(self, source: str) -> list[TakeEnds]:
        """The ends of the other takes with the sentence of one, or of its scenario."""
        if source not in self._edges:
            return []
        own = self._edges[source][1]
        every = ((name, edges, of) for name, (edges, of) in self._edges.items() if name != source)
        same = (edges for _, edges, of in every if of == own or (own and of and own[1] is not None and own[1] == of[1]))
        return list(islice(same, RECENT))

    def keep(self, content: Content, source: str) -> None:
        for digest in (content.commands, content.taken, content.measured):
            if digest is not None:
                self.first.setdefault(digest, source)
        self._kept.setdefault(source)
        for row in content.rows:
            self._of_row.setdefault(row, source)
        if content.rows:
            self._rows.setdefault(source, content.rows)
            self._n.setdefault(source, content.n)

    def kept_joints(self) -> Iterator[tuple[str, MovingJoints]]:
        """The joints of the takes that are kept, by source."""
        return ((source, joints) for source, joints in self._moving.items() if source in self._kept)

    def most_alike(self, content: Content) -> tuple[str, float, float] | None:
        """The take before with most of these rows, the share of the shorter of the two that the other one holds, and how long the shorter
        one is as a share of the longer one."""
        rows = content.rows
        known = Counter(self._of_row[row] for row in rows if row in self._of_row)
        if not known:
            return None
        source = known.most_common(1)[0][0]
        end = min(rows[-1], self._rows[source][-1])  # the smallest hashes of both, as far as both are kept
        one, other = ({row for row in each if row <= end} for each in (rows, self._rows[source]))
        fewer = min(len(one), len(other))
        lengths = sorted((content.n, self._n[source]))
        return (source, len(one & other) / fewer, lengths[0] / lengths[1]) if fewer >= ENOUGH else None


def content(recording: Recording) -> Content:
    """What distinguishes a take from the others of its set."""
    taken = [s for s in recording.streams.values() if s.n > 1 and s.role in ("command", "measured", "pose")]
    commands, measured = ([s for s in taken if s.role == role] for role in ("command", "measured"))

    own = {id(s): hashlib.sha256(np.ascontiguousarray(s.values).data).digest() for s in taken}
    moves = {id(s): float(np.nan_to_num(np.ptp(s.values, axis=0)).max(initial=0.0)) > 0.0 for s in taken}

    def digest(streams: Sequence[Stream]) -> str | None:
        if not any(moves[id(s)] for s in streams):
            return None
        found = hashlib.sha256()
        for stream in sorted(streams, key=lambda s: s.name):
            found.update(f"{stream.name} {stream.values.shape}\n".encode() + own[id(stream)])
        return found.hexdigest()

    return Content(digest(commands), digest(taken), digest(measured) if commands else None, *_some_rows(taken))


def _some_rows(streams: Sequence[Stream]) -> tuple[tuple[int, ...], int]:
    """The `KEPT` smallest hashes of the rows in which something changes, and the number of such rows, of the streams that have the same
    number of rows and the most numbers; none where few columns move, of which two takes may have the same rows by chance.

    Which rows are kept hangs on what they hold alone, so two takes that share rows keep the same of them (bottom-k sketch, Cohen and
    Kaplan, Summarizing data using bottom-k sketches, PODC 2007).
    """
    lengths = Counter[int]()
    for stream in streams:
        lengths[stream.n] += stream.values.size
    if not lengths:
        return (), 0
    n = lengths.most_common(1)[0][0]
    of = sorted((s for s in streams if s.n == n), key=lambda s: s.name)
    x = np.nan_to_num(np.concatenate([np.asarray(s.values, np.float64).reshape(n, -1) for s in of], axis=1)) + 0.0
    if int((np.ptp(x, axis=0) > 0.0).sum()) < COLUMNS:
        return (), 0
    changes = np.r_[True, (x[1:] != x[:-1]).any(axis=1)]
    bits = np.ascontiguousarray(x[changes]).view(np.uint64)
    odd = np.random.default_rng(0).integers(1 << 63, size=x.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    hashed = ((bits ^ (bits >> np.uint64(32))) * odd).sum(axis=1, dtype=np.uint64)
    hashed = (hashed ^ (hashed >> np.uint64(33))) * odd[0]
    found = np.unique((hashed ^ (hashed >> np.uint64(29))) >> np.uint64(1))[:KEPT].tolist()
    return tuple(found), int(changes.sum())


def set_of(recording: Recording) -> Key | None:
    """The set that a take is of, recorded by one robot and read in one way; None where it lies alone."""
    root, sign, _ = recording.source.rpartition("#")
    robot = recording.metadata.get("robot")
    return (root, robot if isinstance(robot, str) else None, recording.mapping) if sign else None


def duplicate_of(content: Content, before: TakesSeen, rules: Rules, moving: MovingJoints | None = None) -> Finding:
    """`take.duplicate`: the same take twice in one set, to the bit, or a part of it; the later one is reported.

    Commands and measurements alike is a copy, and no demonstration of its own, also where some rows of it are lost: `PART` of both have
    the same rows. Measurements alone alike are those of the other take: no robot measures the same again, to the bit, for other commands.
    Commands alone alike is a WARN: they were played again, as a planner or a test does, and the robot did something else.
    A piece of a longer take is a faithful record (sets hold a whole task and its steps side by side): it is named, a WARN, and so are
    takes that have `HALF` of the rows of the shorter one in common.
    Commands and joints that go where those of another take go are its copy, with noise or some rows later: nobody does the same again, and
    every other take is `FURTHER` away. Where there is no other one, or where a machine may have done it once more, it is a WARN; what is
    done again and again is none.

    Args:
        moving: of the take, held against those of the takes that are kept.
    """
    rule = rules["take.duplicate"]
    same = ((content.taken, "copy", "FAIL"), (content.measured, "measured", "FAIL"), (content.commands, "commands", "WARN"))
    for digest, kind, level in same:
        if digest is not None and digest in before.first:
            of = before.first[digest]
            return rule.beyond(1.0, level=level, subject=(of,), details={"of": of, "kind": kind})
    alike = before.most_alike(content)
    if alike is not None and alike[1] >= HALF:
        of, share, length = alike
        details = {"of": of, "kind": "part", "alike": share, "length": length}
        return rule.beyond(share, level="FAIL" if min(share, length) >= PART else "WARN", subject=(of,), details=details)
    near = nearest(moving, before.kept_joints())
    if near is not None and FURTHER * near.apart < near.next_one:
        level = "FAIL" if near.next_one < np.inf and not near.again else "WARN"
        details = {"of": near.source, "kind": "again" if near.again else "near", "apart": near.apart}
        return rule.beyond(1.0, level=level, subject=(near.source,), details=details)
    return rule.passed(value=0.0, limit=0.0, margin=0.0)


def _into_its_rows(finding: Finding, known: Known) -> Fix:
    """Commands back into the rows that they were given in."""
    by = (finding.details.get("lag") or 0.0) - (finding.details.get("usual") or 0.0)
    return {
        "kind": "shift",
        "channel": finding.subject[-1] if finding.subject else None,
        "by": by,
        "at_least": -(finding.margin or 0.0),
    }


def _leave_out(finding: Finding, known: Known) -> Fix:
    return {"kind": "leave_out", "of": finding.details.get("of") or about(finding)}


CHECKS = (
    Check(
        "take.lag",
        settings={"takes": "number", "spread": "number"},
        fix=_into_its_rows,
        of="takes",
        shown_by="action runs early",
        shown_in="set",
        no_curve="one number of the whole take",
    ),
    Check(
        "take.duplicate",
        fix=_leave_out,
        of="takes",
        shown_by="take twice in the set",
        shown_in="set",
        no_curve="two takes are the same or they are not",
    ),
)
