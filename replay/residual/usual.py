"""What is usual among takes of one device, and what of a take is far outside of it: faults that are too smooth to show by themselves.

What is usual is known of a device that was measured on clean takes (`conf/following/<mapping>.yaml`, written by
`benchmarks/following.py`). A take of which most joints are otherwise is of a device that is set up otherwise: that is a warning, since
nobody measured that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import yaml

from ...scenarios.reading.composition import CONF
from .astray import are_labels, astray, courses_of
from .case import Case
from .computed_part import KINDS
from .departures import joined, together
from .difference import JOIN, Difference
from .engine import FAR as FAR_AWAY
from .habits import AWAY, COMES, SIDES, WAY, Habit, Habits, habits
from .hypotheses import Explanation, best
from .planned import Drive, ways_of
from .table import Group

FOLDER = CONF / "following"
ROUGHS = tuple(f"{kind}_{of}" for kind in ("command", "measured") for of in ("rough", "most", "least"))
GRAINS = ("command_grain", "measured_grain")
OF_ROWS, SPARSELY = "command_", 10  # what hangs on how often commands come; times that they do, to tell
CENTRED = ("gain", "late", *ROUGHS, *GRAINS)  # may be more or less than usual; the others are distances
# what a push or a stop does as well, though not so much
PUSHED = (*(f"{side}_{what}" for side in SIDES for what in (*AWAY, "rest")), "delay", "factor", "measured_least")
FREE = ("gain", "factor")  # not asked of fingers, which stop at what they hold
# least by which a number is otherwise: s, shares of one, rows; of distances in rad or shares of a way, for joints and for fingers
LEAST = {"gain": 0.03, "late": 0.04, "delay": 0.06, "factor": 0.1} | dict.fromkeys(ROUGHS, 0.4)
LEAST |= {"command_straight": 3.0, "measured_straight": 3.0}
NEAR = {False: 0.012, True: 0.02}
# times what is usual, from where on it is none. One left out of 20 takes of a G1 and of 8 of a Piper reaches 1.9, and 2.1 in what a push
# changes
FAR, FAR_PUSHED = 2.2, 3.0
# no push: of `WAY` that a joint goes meanwhile; of its speed that it goes the other way; of a delay's power that the rest is; times the
# other side's reach from where on a hand holds to one side; of the distance and of the motion that the distance may change by
MOVES, BOTH_WAYS, LEFT, HOLDS, AS_MUCH = 0.5, 0.3, 0.3, 3.0, 0.5
NEVER, LONG_WAY = 10.0, {"rad": 0.15, "1": 0.1}  # times as far as in any of these takes, and rad or share of a way: no push
COARSER = 0.2  # by which the logarithm of a grain is more than in any take that was measured
MOST, ALL_OF_IT = 0.5, 0.8  # of the joints that move and of the take, beyond which it is the device
SETUP = 4.0  # times as far as it may be, beyond which no setting of a device is
RATE = 0.03  # by which rows may come otherwise
SLOWED = 1.15  # times as late as usual, from where on fingers may be slowed
TELLS = 2.0  # times what a delay of all leaves, that slow motion leaves at the least, to be none
ORDINARY = {"late": "lag", "delay": "lag", "gain": "factor"}  # what a number says of the reason


@dataclass(frozen=True)
class Usual:
    """What is usual of each channel.

    Attributes:
        takes: that it was learnt from.
        rate: rows a second of these.
        of: channel -> word -> (centre, reach), as of `Habits`.
        drives: channel -> how its drive plans its way, of those that do.
        steps: channel -> kind of column -> the step in which its encoder counts.
    """

    takes: int
    rate: float
    of: Mapping[str, Mapping[str, tuple[float, float]]]
    drives: Mapping[str, Drive] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@lru_cache
def known(mapping: str | None) -> Usual | None:
    """What was measured of the device that a mapping reads; None of one that nobody measured."""
    path = FOLDER / f"{mapping}.yaml"
    if mapping is None or not path.is_file():
        return None
    sheet = yaml.safe_load(path.read_text(encoding="utf-8"))
    words = sheet["words"]
    of = {
        name: {word: (float(one[0]), float(one[1])) for word, one in zip(words, row) if one is not None}
        for name, row in sheet["channels"].items()
    }
    drives = {name: Drive.of(row) for name, row in sheet.get("drives", {}).items()}
    steps = {name: {kind: x for kind, x in zip(KINDS, row) if x is not None} for name, row in sheet.get("steps", {}).items()}
    return Usual(sheet["takes"], sheet["rate"], of, drives, steps)


def unusual(groups: Sequence[Group], usual: Usual) -> list[Difference]:
    """What of a take's channels is far outside of what is usual; unsure of how it begins, as a take that was cut begins in any motion."""
    found: list[Difference] = []
    compared = [group for group in groups if group.same_rows and abs(1.0 / (group.dt * usual.rate) - 1.0) <= RATE]
    of_groups = [(group, habits(group)) for group in compared]
    channels = [one for _, own in of_groups for one in own]
    if _is_recorded_otherwise(channels, usual):
        return []
    pace = _pace(channels, usual)
    otherwise = pace.is_otherwise
    if channels and otherwise:
        found.append(_all_late(compared[0], channels, pace.late))
        if pace.late < 0.0 and any(are_labels(group, way) for group in compared if (way := ways_of(group, usual.drives)) is not None):
            return found
    for group, own in of_groups:
        moving = [one for one in own if "command_rough" in one.of]
        sparse = _is_sparse(own)
        each = [
            [
                _difference(group, one, word, times, usual, otherwise)
                for times, word in _outside(one, group, usual, pace) if not (sparse and word.startswith(OF_ROWS))
            ]
            for one in own
        ]  # fmt: skip
        of = [max(every, key=lambda d: (d.certain, d.weight)) for every in each if every]
        device = [d for d in of if _of_device(d, group)]
        for alike in ([d for d in device if _is_a_line(d)], [d for d in device if not _is_a_line(d)]):
            if len(alike) > max(1.0, MOST * len(moving)):
                found.append(_one(alike))
                of = [d for d in of if not any(d is one for one in alike)]
        found += [_of_begin(one, group.dt) for one in together(of)]
    return found


def _is_sparse(own: Sequence[Habits]) -> bool:
    """Whether all channels are sent new values together, in every second row or less often: they are commanded at a lower rate. What such
    commands look like from row to row is usual nowhere; `stream.repeated` knows of it."""
    new = [np.diff(one.channel.columns["command"]) != 0.0 for one in own]
    rows = np.flatnonzero(np.any(new, axis=0)) if new else np.zeros(0)
    return len(rows) > SPARSELY and float(np.median(np.diff(rows))) >= 2.0


def off_their_way(groups: Sequence[Group], usual: Usual) -> list[Difference]:
    """Channels that are not where the drives of the device take them; nothing of a take at another rate, or of other encoders."""
    if not usual.drives:
        return []
    compared = [group for group in groups if group.same_rows and abs(1.0 / (group.dt * usual.rate) - 1.0) <= RATE]
    channels = [one for group in compared for one in habits(group)]
    if _is_recorded_otherwise(channels, usual):
        return []
    ways = [(group, ways_of(group, usual.drives)) for group in compared]
    hands = _pace(channels, usual).slowed < SLOWED
    found = [courses_of(group, of) for group, of in ways if of is not None and (hands or not group.hands)]
    courses = [one for one in found if one is not None]
    if any(one.is_slowed for one in courses):
        return []
    return [d for one in courses for d in astray(one.as_set)]


def _of_begin(one: Difference, dt: float) -> Difference:
    """The same, unsure of a joint in the first seconds: it may begin anywhere, and a take that was cut begins in a motion."""
    return replace(one, certain=False) if one.kind == "measured" and one.last * dt <= COMES else one


def _is_recorded_otherwise(every: Sequence[Habits], usual: Usual) -> bool:
    """Whether columns of a third of the channels are coarser or noisier than those that were measured: by other encoders, or rounded.
    Nothing is known of these."""
    for word in GRAINS:
        of = [(one.of[word].value, *usual.of[one.channel.name][word]) for one in every if word in usual.of.get(one.channel.name, ())]
        if of and 3 * sum(value - centre > reach + COARSER for value, centre, reach in of) > len(of):
            return True
    return False


@dataclass(frozen=True)
class _Pace:
    """By how much all channels are later than usual: by `late` [s], or in slow motion, in which each is `slowed` times as late; `times`:
    the latter, whichever it is."""

    late: float
    slowed: float = 1.0
    times: float = 1.0

    @property
    def is_otherwise(self) -> bool:
        """Whether all are later or earlier, as in slow motion: then what a channel goes within a row is another part of its way."""
        return abs(self.late) > FAR * LEAST["late"]

    def far(self, value: float, centre: float, may: float, planned: bool) -> float:
        """Times as far as it may be, that a channel is from how late it is due; how late a joint is that plans its way, its pace decides
        as well."""
        if planned:
            return abs(value - centre - self.late) / ((1.0 + max(self.late, 0.0) / max(centre, LEAST["late"])) * may)
        if self.slowed > 1.0:
            return abs(value - self.slowed * centre) / (self.slowed * may)
        return abs(value - centre - self.late) / may


def _pace(every: Sequence[Habits], usual: Usual) -> _Pace:
    """By how much most channels are later than usual. A chain of devices delays all by as much; slow motion each by as many times its own
    delay. It is slow motion unless what that leaves is twice what a delay leaves."""
    of = [
        (one.of["late"].value, usual.of[one.channel.name]["late"][0])
        for one in every if "late" in one.of and "late" in usual.of.get(one.channel.name, ()) and _moves_enough(one, usual)
    ]  # fmt: skip
    if not of:
        return _Pace(0.0)
    values, centres = np.array(of).T
    late = float(np.median(values - centres))
    slowed = float(np.median(values / np.maximum(centres, LEAST["late"])))
    if late <= 0.0 or slowed <= 1.0:
        return _Pace(late)
    as_slow, as_late = (float(np.median(np.abs(values - due))) for due in (slowed * centres, centres + late))
    return _Pace(late, slowed, slowed) if as_slow < TELLS * as_late else _Pace(late, 1.0, slowed)


def _all_late(group: Group, channels: Sequence[Habits], late: float) -> Difference:
    names, limit = tuple(one.channel.name for one in channels if "late" in one.of), FAR * LEAST["late"]
    return Difference.over(
        group.t, names, "measured", None, abs(late), "s", "lag", certain=False, explained=0.0, undone=0.0, numbers={"late": late},
        stream=channels[0].channel.topics["measured"], limit=limit, weight=abs(late) / limit,
    )  # fmt: skip


def _moves_enough(one: Habits, usual: Usual) -> bool:
    """Whether a channel is commanded to go as far as in any take that was measured: less tells its law less well."""
    return one.of["way"].value >= usual.of[one.channel.name].get("way", (np.inf,))[0]


def _outside(one: Habits, group: Group, usual: Usual, pace: _Pace) -> list[tuple[float, str]]:
    """The numbers of a channel that are outside, each with how many times as far as it may be.

    Args:
        pace: of all; it counts where most channels are so.
    """
    known_of, found = usual.of.get(one.channel.name, {}), []
    for word, habit in one.of.items():
        asked = word in known_of and word not in (*GRAINS, "way") and not (group.hands and word in FREE)
        if asked and (word not in CENTRED or _moves_enough(one, usual)):
            centre, reach = known_of[word]
            may = far_of(word, group.hands) * reach_of(word, reach, group.hands)
            value = habit.value
            if word.endswith("_straight") and pace.is_otherwise:
                value /= pace.times  # in slow motion a line between two rows of the device is that of more rows
            far = pace.far(value, centre, may, one.channel.unit != "rad") if word == "late" else abs(value - centre) / may
            found.append((far, word))
    return [(times, word) for times, word in found if times > 1.0]


def _of_device(one: Difference, group: Group) -> bool:
    """Whether the setting of a device, or who commands it, may be so: of all of the take and not much, or commands in straight lines."""
    return _is_a_line(one) or (one.last - one.first >= ALL_OF_IT * group.n and one.weight <= SETUP)


def _is_a_line(one: Difference) -> bool:
    return (one.kind, one.name) == ("command", "straight")


def far_of(word: str, hands: bool) -> float:
    """Times its reach from where on a number is none of those that are usual; how late a finger is, what it holds decides as well."""
    return FAR_PUSHED if word in PUSHED else (2.0 if hands and word == "late" else 1.0) * FAR


def reach_of(word: str, reach: float, hands: bool) -> float:
    """By how much a number may be otherwise, no less than what is looked at."""
    return max(reach, LEAST.get(word, NEAR[hands]))


def _difference(group: Group, one: Habits, word: str, times: float, usual: Usual, otherwise: bool) -> Difference:
    """A number that is far outside, as a difference of the column in the rows in which it is so.

    Args:
        otherwise: whether all channels are later or earlier than usual, as in slow motion: how long they take to come to rest, and what is
            left of a slow way, are theirs then, and distances are unsure.
    """
    habit, centre = one.of[word], usual.of[one.channel.name][word][0]
    x = one.channel.columns["measured"]
    meant = one.channel.columns["command"] if word.endswith("_rest") else one.meant
    apart = np.abs(x - meant)
    kind, name, numbers, size, unit = "measured", ORDINARY.get(word), {}, float(apart[habit.first : habit.last + 1].max()), one.channel.unit
    why: Explanation | None = None
    if word in ("late", "delay"):
        numbers, size, unit = {"late": habit.value - centre}, abs(habit.value - centre), "s"
    elif word == "gain":
        numbers = {"factor": habit.value / centre}
        middle = float(np.median(one.meant))
        truth = middle + (one.meant - middle) * centre / habit.value
        why = best(Case(x, truth, 0, group.n - 1, group.dt, 0.1 * size, angle=unit == "rad"))
        if why is None or why.name != "factor":  # a part that is off bends the gain of all
            apart = np.abs(x - truth)
            first, last = max(joined(apart > 0.5 * float(apart.max())), key=lambda rows: rows[1] - rows[0])
            of_part = best(Case(x, truth, first, last, group.dt, 0.1 * size, angle=unit == "rad"))
            if of_part is not None and of_part.name != "factor":
                why = of_part
                habit = habit if last * group.dt <= COMES else Habit(habit.value, first, last)  # how a take begins is unsure by itself
    elif word.endswith("_straight"):
        name, kind = "straight", word.partition("_")[0]
        size = float(np.ptp(one.channel.columns[kind][habit.first : habit.last + 1]))
    elif word in ROUGHS:
        more = habit.value > centre
        name = "burst" if more else "smoothed"
        kind = word.partition("_")[0]
    else:
        first, last = _widened(apart, habit)
        habit = Habit(habit.value, first, last)
        case = Case(x, meant, first, last, group.dt, 0.1 * size, angle=unit == "rad")
        why = best(case)
    # a joint that is held back is so as well, and how late a finger is, what it holds decides
    slack = (word == "measured_rough" and habit.value < centre) or (group.hands and word in ("late", "delay"))
    slack |= otherwise and word in ROUGHS and habit.value < centre  # slow motion is smoother
    certain = not slack and (word not in PUSHED or (not otherwise and _no_push(one, word, habit, usual, group)))
    return Difference.over(
        group.t, (one.channel.name,), kind, (habit.first, habit.last), max(size, 1e-9), unit, why or name, certain=certain,
        undone=0.0, stream=one.channel.topics.get(kind, ""), limit=max(size, 1e-9) / times, weight=times,
        **({} if why is not None else {"explained": 0.0, "numbers": {**numbers, "takes": float(usual.takes)}}),
    )  # fmt: skip


def _no_push(one: Habits, word: str, habit: Habit, usual: Usual, group: Group) -> bool:
    """Whether a distance is none that comes of a push, a stop or a weight that is held: the joint moves as it is commanded, and is off by
    as much all the while, or late both there and back; it is further away than any joint is pushed; or a hand is off to the side to
    which nothing that it holds keeps it."""
    rows = slice(habit.first, habit.last + 1)
    meant = one.channel.columns["command"] if word.endswith("_rest") else one.meant
    p, e = meant[rows], (one.channel.columns["measured"] - meant)[rows]
    size, reach = float(np.abs(e).max()), reach_of(word, usual.of[one.channel.name][word][1], group.hands)
    if not group.hands and size > min(FAR_AWAY[one.channel.unit], max(NEVER * reach, LONG_WAY[one.channel.unit])) and word != "delay":
        return True
    goes = float(np.ptp(p)) > MOVES * WAY[one.channel.unit]
    if word == "delay":
        v = np.gradient(one.meant)[rows]
        both = min(float(v.max()), -float(v.min())) > BOTH_WAYS * float(np.abs(v).max())
        e = e - e.mean()
        late = float(v @ e) / max(float(v @ v), 1e-12)
        return goes and both and float(((e - late * v) ** 2).sum()) < LEFT * float((e**2).sum())
    side, _, what = word.partition("_")
    if group.hands and side in SIDES:
        other = usual.of[one.channel.name].get(f"{'below' if side == 'above' else 'above'}_{what}", (0.0, 0.0))[1]
        if other > HOLDS * reach:
            return True
    return side in SIDES and goes and float(np.std(e)) < AS_MUCH * min(float(np.std(p)), abs(float(np.mean(e))))


def _widened(apart: np.ndarray, habit: Habit) -> tuple[int, int]:
    """The rows about those in which a column is away, in which it is so by half as much."""
    far = apart > 0.5 * float(np.median(apart[habit.first : habit.last + 1]))
    first, last = habit.first, habit.last
    while first > 0 and far[max(0, first - JOIN) : first].any():
        first = max(0, first - JOIN) + int(np.flatnonzero(far[max(0, first - JOIN) : first])[0])
    while last < len(far) - 1 and far[last + 1 : last + 1 + JOIN].any():
        last = last + 1 + int(np.flatnonzero(far[last + 1 : last + 1 + JOIN])[-1])
    return first, last


def _one(of: Sequence[Difference]) -> Difference:
    """Those of most joints as one, which is a matter of the device."""
    lead = max(of, key=lambda d: d.weight)
    return replace(lead, channels=tuple(dict.fromkeys(name for d in of for name in d.channels)), certain=False)


def beside_usual(found: Sequence[Difference], far: Sequence[Difference]) -> list[Difference]:
    """What a take contradicts itself in, all of it unsure, and what of it is far outside of what is usual: where both are of some of the
    same columns' rows, the former is sure by the latter, and has its reason and its rows."""
    sure = [d for d in far if d.certain]
    borne_out = [d for d in found if d.family != "body" and any(d.meets(one) for one in sure)]
    rest = [d for d in found if not any(d.meets(one) for one in sure)]
    new = [one for one in far if not any(d.meets(one) for d in (borne_out if one.certain else found))]
    return [*(replace(d, certain=True) for d in borne_out), *rest, *new]
