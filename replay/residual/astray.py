"""Joints and fingers that are not on the way that their drives take to the recorded commands, and what of it no push does.

The drives are those of a device that was measured (`planned`). What holds a joint back keeps it behind its way; nothing that stands in its
way sends it ahead, to both sides by turns, or elsewhere while it moves as fast as it would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .case import Case
from .departures import joined, together
from .difference import Difference
from .hypotheses import ALIKE, Explanation, best, compare, is_exact
from .planned import CAP, Drive, DriveWays, at_a_lower_speed, beside, beyond, is_slowed, later
from .resampled import is_resampled
from .sent_otherwise import bridged, by_motion
from .table import Group, RecordedChannel
from .unpushed import by_its_own_motion

FAR = 2.2  # times what is usual; one left out of 8 takes of a Piper and of 20 of a G1 reaches less
# share of the way: no less is looked at, of joints and of fingers
LEAST = {False: {"row": 0.006, "second": 0.004, "long": 0.003}, True: {"row": 0.02, "second": 0.016, "long": 0.0125}}
SOONEST, LATEST, BEFORE = -0.6, 0.8, 0.05  # s by which all channels may be later than usual; by which none is before its command
SAME = 0.3  # of a row, within which a delay is the same
ALL_LATE, AS_EVER = 0.8, 0.3  # share of the channels that are later together; share that is as late as usual, and then all are
GOES = 0.08  # of its way, that a channel is sent, for its delay to be asked
MOST, PART = 0.5, 0.4  # of the channels and of the take: beyond both, the device is set up otherwise
MOVES = 0.1  # of its largest speed, from where on a drive is under way
# share of the way, and of its distance, that a joint goes meanwhile; of that distance, by which it changes: nothing that stands in its
# way keeps it so; twice either where it goes twice as far
WEIGHS, FURTHER, AS_MUCH = 0.02, 1.2, 0.25
SEVERAL = 3  # channels, that no single thing holds
# rows later at the most, of which measurements were written as commands; of what a drive's way leaves there, what such commands leave
LABELS, AS_LABEL = 2, 0.5
NEVER, LONG_WAY = 10.0, 0.25  # times what is usual, and share of the way, that nothing pushes
HOLDS = 1.5  # times the other side's reach, from where on a hand holds to one side
# times what a finger's drive leaves in clean takes, that are looked at where this is less than `LEAST`: a gripper may be known as well as a
# joint; share of its way, that what it holds opens it further at the most (thumbs of a real set are pushed so far by 0.11)
KNOWN, WEDGED = 3.0, 0.13
SETS_OUT = 0.2  # of how far it goes there, from where on it has left its place
ONCE = 1  # time to the other side: what was held goes past its command when it is let go
ABOUT = 0.5  # of the median distance of rows that are surely away, still away
LONGER = 3  # times as many rows, by which a drive tells more of a fault
EDGE_ROWS, ALIKE_ROWS = 3, 0.6  # rows of a leap at the most; share of the rows of one reason of several columns, that one of them has
MUCH = 100.0  # squared limits: a row that is further away weighs no more
ENOUGH, SURE = 0.8, 0.9  # of the squared distance that is explained, to name a reason and to be sure by it
NO_WAY = ("integrated", "differenced")  # of commands, which show on no way
BEGINS = 0.3  # s until a drive shows another command
# of the squared distance, that a reason of the measurement may leave less than other commands, and that of one column less than of several
AS_WELL = 0.03
BOTH_WAYS, AHEAD = 0.5, 1.5  # of the largest distance, that it is to the other side; times the limit, that a channel goes ahead

# rows of a burst at the least; times the changes of speed elsewhere, but for a twentieth of them, that half of its own are
ROUGH_ROWS, ROUGH = 6, 1.5


@dataclass(frozen=True)
class _DriveCourse:
    """A channel beside its way.

    Attributes:
        sent: (n,) where its command has it, once it is there; away: as of `beside`; bad: (n,) rows that are further away than usual.
        above, below: word of `SPANS` -> from where on; noise: of the way; late: [s] that all channels are later than the device.
        beyond: of a finger, word -> how many times as far it is from where its drive and what it holds may have it, as it may be (n,).
    """

    channel: RecordedChannel
    drive: Drive
    way: np.ndarray
    sent: np.ndarray
    away: Mapping[str, np.ndarray]
    bad: np.ndarray
    above: Mapping[str, float]
    below: Mapping[str, float]
    noise: float
    late: float
    beyond: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def surely(self) -> np.ndarray:
        """(n,) rows that are by themselves further away than usual."""
        out, none = self.away["row"], np.zeros(len(self.way))
        return (out > self.above["row"]) | (-out > self.below["row"]) | (np.abs(self.beyond.get("row", none)) > 1.0)

    def times(self, rows: slice) -> float:
        """How many times as far away it is in some rows, as it may be, at the most."""
        of = [np.maximum(x[rows] / self.above[word], -x[rows] / self.below[word]) for word, x in self.away.items()]
        return max(float(each.max()) for each in (*of, *(np.abs(x[rows]) for x in self.beyond.values())))


@dataclass(frozen=True, eq=False)
class DriveCourses:
    """The channels of a group beside their ways; `found`: that all of them are before their commands."""

    group: Group
    ways: DriveWays
    every: tuple[_DriveCourse, ...]
    found: tuple[Difference, ...]

    @property
    def is_slowed(self) -> bool:
        """Whether joints are not on their ways because all of the take is slower or quicker."""
        return len(self.every) > 1 and any(one.bad.any() for one in self.every) and is_slowed(self.group, self.ways)

    @property
    def as_set(self) -> DriveCourses:
        """The same of a device that is set to a lower largest speed: one that has joints on their ways that are not, and no other joint off
        its way. These joints are on their ways then."""
        if not any(one.bad.any() for one in self.every):
            return self
        ways = at_a_lower_speed(self.group, self.ways)
        late, _ = _late(self.group, ways)
        lower = [_course(ways, j, self.group, late) for j in range(len(self.every))]
        if any(there.bad.any() and not one.bad.any() for one, there in zip(self.every, lower)):
            return self
        return replace(self, every=tuple(one if there.bad.any() else there for one, there in zip(self.every, lower)))


def courses_of(group: Group, ways: DriveWays) -> DriveCourses | None:
    """The channels of a group beside their ways; None of rows that are not the device's own, and of commands that no drive had."""
    if is_resampled(group) or are_labels(group, ways):
        return None
    late, found = _late(group, ways)
    return DriveCourses(group, ways, tuple(_course(ways, j, group, late) for j in range(len(ways.channels))), tuple(found))


def are_labels(group: Group, ways: DriveWays) -> bool:
    """Whether the commands of most channels are what is measured there within two rows, after a filter: a set of states has such labels,
    and the ways of drives, which are later and smoother, do not come near them at any delay."""
    delays = 2 * np.arange(round(SOONEST / group.dt), round(LATEST / group.dt) + 1)
    near = []
    for j, (channel, _) in enumerate(ways.channels):
        if _goes(channel):
            q, c, way = channel.columns["measured"], channel.columns["command"], ways.way(j)
            as_label = _left(q, c, np.arange(2 * LABELS + 1)).min()
            near.append(as_label < AS_LABEL * _left(q, way, delays).min())
    return 2 * sum(near) > len(near)


def astray(courses: DriveCourses) -> list[Difference]:
    """What of a group is not on its ways."""
    departs = sum(float(c.bad.mean()) > PART for c in courses.every)
    if departs > max(1.0, MOST * sum(_goes(c.channel) for c in courses.every)):
        return list(courses.found)
    every = [d for one in courses.every for d in _of_course(one, courses.group)]
    return [*courses.found, *(_of_several(d, courses.every, courses.group) for d in together(every))]


def beside_engine(found: Sequence[Difference], off: Sequence[Difference]) -> list[Difference]:
    """What a take contradicts itself in, and where it is not on the way of known drives. A drive that is known tells more of how long a
    fault is; what is sure without it, and has a reason or as many rows, is left as it is."""
    off = [replace(one, certain=True) if any(_names(one, d) or _begins_or_ends(one, d) for d in found) else one for one in off]
    sure = [d for d in off if d.certain]
    weak = [d for d in found if any(_is_a_part(d, one) for one in sure)]
    rest = [d for d in found if not any(d is one for one in weak)]
    return [*rest, *(one for one in off if not any(d.meets(one) and (d.certain or not one.certain) for d in rest))]


def _begins_or_ends(one: Difference, edge: Difference) -> bool:
    """Whether a column leaps for certain, in a row or so, where a longer difference of it begins or ends, which a recorder makes: no body
    that something holds goes there so."""
    if not edge.certain or (edge.kind, edge.channels) != (one.kind, one.channels):
        return False
    if not edge.last - edge.first < EDGE_ROWS <= one.last - one.first:
        return False
    near = min(abs(edge.first - one.first), abs(edge.last - one.last)) <= EDGE_ROWS
    return near and one.name is not None and is_exact(one.name) and one.explained > SURE


def _names(one: Difference, of: Difference) -> bool:
    """Whether a drive has a reason for what is sure without it, and that has none: it knows the rows better as well."""
    return of.certain and of.name is None and one.name is not None and one.meets(of)


def _is_a_part(one: Difference, of: Difference) -> bool:
    """Whether a difference is one that is sure of its channel by its drive, and says less of it."""
    if not one.meets(of) or one.kind == "rows":
        return False
    if not one.certain:
        return True
    longer = (one.last - one.first + 1) * LONGER <= of.last - of.first + 1
    compared = one.name is not None and one.explained > 0.0
    better = compared and of.explains_better(one) and not one.explains_better(of)
    same = min(one.last, of.last) - max(one.first, of.first) + 1 >= ALIKE_ROWS * (of.last - of.first + 1)
    as_well = of.name is not None and of.explained > max(SURE, one.explained - AS_WELL)
    several = same and as_well and len(of.channels) >= SEVERAL * len(one.channels)
    return _names(of, one) or _begins_or_ends(of, one) or better or several or (longer and (of.name is not None or one.name is None))


def _goes(channel: RecordedChannel) -> bool:
    return channel.goes("command") > GOES


def _late(group: Group, ways: DriveWays) -> tuple[float, list[Difference]]:
    """[s] by which all channels are later than the device is, and the finding where joints move before they are commanded to."""
    halves = np.arange(round(2.0 * SOONEST / group.dt), round(2.0 * LATEST / group.dt))
    of = [(channel, drive, ways.way(j)) for j, (channel, drive) in enumerate(ways.channels) if _goes(channel)]
    if not of:
        return 0.0, []
    least = []
    for channel, _, way in of:
        least.append(0.5 * group.dt * float(halves[_left(channel.columns["measured"], way, halves).argmin()]))
    by = np.array(least)
    middle = float(np.median(by))
    alike = np.abs(by - middle) <= 1.5 * group.dt
    if abs(middle) < SAME * group.dt or alike.mean() < ALL_LATE or (np.abs(by) < SAME * group.dt).mean() > AS_EVER:
        return 0.0, []
    first = middle + float(np.median([drive.late for _, drive, _ in of]))
    if first > -(BEFORE + (group.held_commands - 1) * group.dt) or len(of) < SEVERAL:
        return middle, []
    names = tuple(channel.name for (channel, *_), one in zip(of, alike) if one)
    return middle, [Difference.over(
        group.t, names, "command", None, -middle, "s", "lag", certain=True, explained=0.0, undone=0.0, numbers={"late": -middle},
        stream=of[0][0].topics["command"], limit=BEFORE, weight=1e3 * len(names),
    )]  # fmt: skip


def _left(measured: np.ndarray, way: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """(m,) mean distance of a measurement (n,) from its way (n,) so many halves of a row later (m, whole numbers)."""
    n = len(way)
    fine = np.empty(2 * n - 1)
    fine[::2], fine[1::2] = way, 0.5 * (way[1:] + way[:-1])
    found = []
    for half in halves.tolist():
        first, last = max(0, (half + 1) // 2), min(n - 1, n - 1 + half // 2)
        away = measured[first : last + 1] - fine[2 * first - half : 2 * last - half + 1 : 2]
        found.append(np.minimum(np.abs(away, out=away), CAP, out=away).mean() if len(away) else np.inf)
    return np.array(found)


def _course(ways: DriveWays, j: int, group: Group, late: float) -> _DriveCourse:
    channel, drive = ways.channels[j]
    way = ways.way(j, late)
    until = group.n + min(0, int((drive.late + late) / group.dt) - 1)  # what is commanded after the last row is not recorded
    held = group.held_commands  # what it was sent meanwhile is not recorded: a drive speeds up for as long
    unseen = drive.ramp * (held * group.dt) ** 2 / 2.0 if held > 1 else 0.0
    away = beside(channel.columns["measured"], way, group.dt, until, held, unseen)
    above, below, most = ({word: FAR * max(x, _least(word, x, group.hands)) for word, x in reach.items()}
                          for reach in (drive.above, drive.below, drive.beyond))  # fmt: skip
    stops = beyond(channel.columns["measured"], way, group.dt, until, held, unseen) if most else {}
    further = {word: x / most[word] for word, x in stops.items()}
    bad = np.zeros(group.n, bool)
    for word, x in away.items():
        bad |= (x > above[word]) | (x < -below[word])
    for x in further.values():
        bad |= np.abs(x) > 1.0
    sent = drive.gain * later(channel.columns["command"], (drive.late + late) / group.dt) + drive.zero
    return _DriveCourse(channel, drive, way, sent, away, bad, above, below, LEAST[False]["row"], late, further)


def _least(word: str, reach: float, hands: bool) -> float:
    """Share of the way, no less than which is looked at, of a channel that is beside its way by `reach` in clean takes."""
    return max(LEAST[False][word], min(LEAST[True][word], KNOWN * reach)) if hands else LEAST[False][word]


def _of_course(one: _DriveCourse, group: Group) -> list[Difference]:
    apart = np.abs(one.channel.columns["measured"] - one.way)
    found = []
    for begin, end in joined(one.bad):
        first, last = _widened(apart, one.surely, begin, end)
        kind, why, case = _why(one, first, last, group.dt)
        sent, rows = case.x is one.channel.columns["command"], slice(first, last + 1)
        size = float(apart[rows].max())
        limit = max(size, 1e-9) / max(one.times(rows), 1.0)
        weight = float(np.minimum((apart[rows] / (limit if group.hands else one.above["row"])) ** 2, MUCH).sum())
        found.append(Difference.over(
            group.t, (one.channel.name,), kind, (case.first, case.last), max(size, 1e-9), one.channel.unit, why,
            certain=_is_none_pushed(one, first, last, group, None if sent else why), undone=0.0, stream=one.channel.topics.get(kind, ""),
            limit=limit, weight=weight, cases=(case,),
        ))  # fmt: skip
    return found


def _widened(apart: np.ndarray, surely: np.ndarray, first: int, last: int) -> tuple[int, int]:
    """Of rows that a mean of some seconds names, those in which the channel is away, and those next to them.

    Args:
        surely: (n,) rows that are by themselves further away than usual.
    """
    rows = slice(first, last + 1)
    of = np.sort(apart[rows][surely[rows]] if surely[rows].any() else apart[rows])
    away = surely | (apart > ABOUT * float(np.median(of[len(of) // 2 :])))
    inside = first + np.flatnonzero(away[rows])
    first, last = int(inside[0]), int(inside[-1])
    while first > 0 and away[first - 1]:
        first -= 1
    while last < len(apart) - 1 and away[last + 1]:
        last += 1
    return first, last


def _why(one: _DriveCourse, first: int, last: int, dt: float) -> tuple[str, Explanation | None, Case]:
    """Which column is wrong, what explains it, and of what: whichever leaves less."""
    measured = one.channel.columns["measured"]
    cases = [Case(x, truth, first, last, dt, one.noise) for x, truth in ((measured, one.way), (one.way, measured))]
    whys = [best(case, enough=ENOUGH) for case in cases]
    if whys[1] is not None and whys[1].name in NO_WAY:  # a drive goes smoothly to what was summed, and its way is no sum of another
        rest = (e for e in compare(cases[1]) if e.name not in NO_WAY and e.explained >= ENOUGH)
        whys[1] = next(rest, None)
    explained = [why.explained - 0.01 * why.free if why is not None else 0.0 for why in whys]
    scores = [why.score if why is not None else np.inf for why in whys]
    close = all(why is None for why in whys) or abs(scores[0] - scores[1]) < ALIKE
    rougher = _rougher(one, first, last, round((one.drive.late + one.late + BEGINS) / dt))
    at = int(rougher == "command") if close else int(np.argmin(scores))
    if rougher == "command" and (short := bridged(one.channel, one.drive, one.late, dt, first, last, one.noise)) is not None:
        case, undone = short
        if undone > explained[0] - AS_WELL:
            return "command", best(case, enough=ENOUGH), case
    if rougher == "command" and (case_of := by_motion(one.channel, dt, first, last)) is not None:
        why = best(case_of)
        if why is not None and why.explained - 0.01 * why.free > explained[at]:
            return "command", why, case_of
    kind = ("measured", "command")[at]
    why = whys[at]
    before = at * round((one.drive.late + one.late) / dt)
    if why is None and _trembles(one.channel.columns[kind], first - before, last - before):
        why = Explanation("burst", "short", float(cases[at].n), {}, 1.0)
    return kind, why, cases[at]


def _trembles(x: np.ndarray, first: int, last: int) -> bool:
    """Whether a column changes its speed in most of some rows by more than it does almost anywhere else: each row by itself."""
    turns, low = np.abs(np.diff(x, 2)), max(0, first)
    inside, rest = turns[low:last], np.delete(turns, slice(low, last))
    return len(inside) >= ROUGH_ROWS and len(rest) > 0 and float(np.median(inside)) > ROUGH * float(np.percentile(rest, 95.0))


def _rougher(one: _DriveCourse, first: int, last: int, before: int) -> str:
    """Whichever of command and measurement changes its speed more there than elsewhere; a command so many rows before."""
    more = {}
    for kind, low in (("command", max(0, first - before)), ("measured", max(0, first - 2))):
        turns = np.abs(np.diff(one.channel.columns[kind], 2, prepend=0.0, append=0.0))[1:-1]
        inside = turns[low : last + 2]
        rest = np.delete(turns, slice(low, last + 2))
        more[kind] = float(inside.max(initial=0.0)) / max(float(rest.max(initial=0.0)), 1e-3)
    return max(more, key=lambda kind: more[kind])


def _is_none_pushed(one: _DriveCourse, first: int, last: int, group: Group, why: Explanation | None) -> bool:
    """Whether nothing that holds a joint back, or that a hand holds, has it there."""
    rows = slice(first, last + 1)
    e = (one.channel.columns["measured"] - one.way)[rows]
    out = one.away["row"][rows]
    above, below = one.above["row"], one.below["row"]
    if group.hands:
        for mine, other, sign in ((one.above, one.below, 1.0), (one.below, one.above, -1.0)):
            free = other["second"] > HOLDS * mine["second"]
            if free and any((sign * one.away[w][rows]).max() > mine[w] for w in one.away):
                return True
        if _goes_by_itself(one, rows):
            return True
    elif np.abs(e).max() > max(NEVER * max(one.drive.above["row"], one.drive.below["row"]), LONG_WAY):
        return True
    sides = np.sign(out[(out > above) | (out < -below)])
    if int((np.diff(sides) != 0.0).sum()) > ONCE:
        return True
    if _goes_ahead(one, first, last, group.dt) > AHEAD * max(above, below):
        return True
    if _is_late_both_ways(one, rows, why):
        return True
    goes, by, changes = float(np.ptp(one.way[rows])), abs(float(np.mean(e))), float(np.std(e))
    far = goes > 2.0 * WEIGHS and changes < 2.0 * AS_MUCH * min(by, float(np.std(one.way[rows])))
    return far or (goes > max(WEIGHS, FURTHER * by) and changes < AS_MUCH * by)


def _goes_by_itself(one: _DriveCourse, rows: slice) -> bool:
    """Whether a finger goes where neither its drive nor what it holds takes it. What a hand holds may be pressed against something, and
    wedge it open a little: it is short of its way before that."""
    far = max((x[rows] for x in one.beyond.values()), key=lambda x: float(np.abs(x).max()), default=np.zeros(1))
    side = float(far[np.abs(far).argmax()])
    if abs(side) <= 1.0:
        return False
    q, out = one.channel.columns["measured"], np.abs(one.beyond["row"][rows])
    before = max(0, rows.start + int(np.argmax(out > SETS_OUT * float(out.max()))) - 1)
    holds = np.sign(side) * (q - one.way)[before] > LEAST[True]["row"]
    return not holds or float((np.sign(side) * (q[rows] - q[before])).max()) > WEDGED


def _goes_ahead(one: _DriveCourse, first: int, last: int, dt: float) -> float:
    """How far a channel goes away from its way, and from where it is sent, by its own motion while its drive is under way. One that was
    held is nearer to its command than its way is, or further, and goes there."""
    rows = slice(max(0, first - 3), last + 1)
    q, way, sent = one.channel.columns["measured"][rows], one.way[rows], one.sent[rows]
    grown = by_its_own_motion(q, way, MOVES * one.drive.speed * dt)
    return float(grown[np.diff(q) * (sent[1:] - q[:-1]) < 0.0].sum())


def _is_late_both_ways(one: _DriveCourse, rows: slice, why: Explanation | None) -> bool:
    """Whether a channel is late there and back, and nothing else."""
    if why is None or why.name != "lag":
        return False
    e = (one.channel.columns["measured"] - one.way)[rows]
    return why.explained > SURE and min(float(e.max()), -float(e.min())) > BOTH_WAYS * float(np.abs(e).max())


def _of_several(one: Difference, courses: Sequence[_DriveCourse], group: Group) -> Difference:
    """The same, sure where several channels are away at once and not all of them stand, as those of an arm that was stopped do."""
    if one.certain or len(one.channels) < SEVERAL or group.hands:
        return one
    rows = slice(one.first, one.last + 1)
    of = [c for c in courses if c.channel.name in one.channels]
    stand = [float(np.ptp(c.channel.columns["measured"][rows])) < c.above["row"] for c in of]
    return replace(one, certain=not all(stand))
