"""What is wrong with a column from its first row to its last one: its relations hold with other numbers, or it is that of somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from ..signals.channels import turns_beside, wrapped_beside
from ..signals.sides import side_of
from ..signals.signal import over_runs, runs
from ..signals.statistics import TO_SIGMA, median, median_of
from .case import Case, whole_step
from .coarse_values import AS_WRITTEN, MOVES, rounded_by, telling
from .difference import Difference
from .hypotheses import best, is_exact
from .relations import KEPT, Relation, shifted
from .slower_servo import NO_BETTER, SHIFTED, as_late_rows, speed_agrees
from .table import HAND, Group, RecordedChannel
from .whole_speeds import may_be_strobed

# how far a channel's gain, zero and delay may lie from those of its group, before the take's own noise is added
GAIN, ZERO, DELAY = 0.04, 0.04, 0.07
PLANNED = 0.15  # s, the same delay of joints of small arms, which are 0.06 to 0.13 s behind the way that they plan
OUT, OTHERS = 4.0, 4  # times what any of so many other channels departs by
LED = 2.0  # times what the other channels usually have another zero by
HANGS = 0.15  # of an offset, by which it changes with the posture where it is weight
NEXT = (
    30  # rows, of which one may be written as the command: the measurement that comes, or the end of a chunk of actions
)
SOON = 2  # rows until what is measured is where it was commanded, sooner than any servo brings it there
ARM = 3  # joints that move, from where on those of one side are an arm
SAMPLE = 64  # rows that are looked at first
LEAST_ROWS = 8  # in motion, to the bit alike, for one column to be another one
DOUBT = 0.02  # of the rows in motion that may be alike by chance
SEEN = 0.05  # rad, or share of the way: a factor that changes less is not looked at
SURE = 0.9  # of the squared difference, from where on a reason has few free numbers and not one for each row
BENDS = 0.25  # of the squared distance from a straight line, that the sum of another column leaves at the most
ANOTHER = 0.5  # by which a gain is another one, from where on it may be no gain at all
# rad, or share of the way, that a joint goes beyond a command that stands (joints of small arms, which overshoot nothing, are within 0.024
# of the way that they plan); s until it answers
BEYOND, HEARS = {"rad": 0.12, "1": 0.06}, 0.25
# times the speed of the others, that a speed may be by when in its row it was taken; of a row, by which delays of such joints differ
RIPPLE, OF_A_ROW = (0.6, 1.6), 0.25
SCATTERED = 3.0  # times by how much the gains of the other speeds scatter, from where on one is another
TELLS = 0.6  # of the squared difference, that a factor of a speed undoes: 0.98 and more of real ones, 0.15 of motion quicker than rows
PLANNED_LATE = 0.5  # s by which such a joint may be behind its command
PAST, COUNTED = 1.5, 3.0  # of the way: past an end; a joint that usually is further is counted in another unit
# rad: no encoder of an arm has larger steps (8 bits of three quarters of a turn: 0.018); s that a command stands for, until what follows
# it is there; share of a step, and rad, by which the distance between the two scatters then at the least, where the one was rounded
COARSE, ARRIVED, ROUNDED = 0.04, 0.3, (1.0 / 6.0, 0.012)
WAY = 3.0  # rad, that the way of a joint of a small arm counts as which is recorded in shares of it
LEAVES = 0.2  # of these rows in which the other column leaves it: no joint does that comes to where it is sent
AWAY = (0.25, 30)  # share of its way from where it mostly stands, and rows in which a channel is as far, for its gain to be asked


def parameters(
    group: Group, channel: RecordedChannel, own: Sequence[Relation], relations: Sequence[Sequence[Relation]],
    beside: Mapping[str, float],
) -> Iterator[Difference]:  # fmt: skip
    """A channel with relations that hold in every row, but with other numbers than those of its group.

    Args:
        beside: of the whole group; see `beside_commands`.
    """
    peers = [r for each in relations for r in each]
    zeros = [zero for name, zero in beside.items() if name != channel.name]
    for relation in own:
        alike = [r for r in peers if r.name == relation.name and r.own and r is not relation]
        if relation.name == "follows":
            c, q = channel.columns["command"], channel.columns["measured"]
            bend, zero = _bend(channel, relation), beside[channel.name]
            moved, noise, off = float(c.std()), relation.noise, abs(relation.gain - 1.0)
            away = int((np.abs(c - median(c)) > AWAY[0] * channel.goes("command")).sum())  # a head that nods once tells of no gain
            scaled = relation.own and off > GAIN + 3.0 * noise / moved and off * channel.goes("command") > SEEN and away >= AWAY[1]
            # from nought on: what works far from nought is beside its command by as much
            from_nought = scaled and abs(zero - (relation.gain - 1.0) * median(c)) < HANGS * abs(zero)
            follows_it = not relation.own or off <= ANOTHER  # else it is elsewhere at each place by as much more
            if follows_it and not from_nought and abs(zero) > ZERO + 3.0 * noise + abs(bend):
                one = whole(group, channel, "measured", abs(zero), "offset", {"by": zero}, alike)
                # who leads an arm by another one has all joints so, and none by half a turn
                alone = not zeros or abs(zero) > min(LED * median_of(abs(x) for x in zeros), np.pi)
                stands_out = one.certain or _stands_out(zero, zeros)
                yield replace(one, certain=stands_out and alone and _everywhere(c, q, relation, group.dt, zero))
        if not relation.own:
            continue
        if relation.name == "follows":
            if scaled:
                size = max(abs(bend), abs(zero)) if from_nought else abs(bend)
                one = whole(group, channel, "measured", size, "factor", {"factor": relation.gain}, alike)
                yield _of_another_kind(group, channel, one, alike) if off > ANOTHER else one
            if len(alike) >= 3 and np.isfinite(relation.delay):
                apart = relation.delay - median_of(r.delay for r in alike)
                rows = channel.held("command")
                speed = float(np.abs(c[rows:] - c[:-rows]).max()) / (rows * group.dt)
                planned = channel.unit != "rad"  # how late a servo is that plans its way is in part a matter of its pace
                if abs(apart) > (PLANNED if planned else DELAY) + (rows - 1) * group.dt + 3.0 * noise / max(speed, 1e-6):
                    one = whole(group, channel, "measured", abs(apart), "lag", {"late": apart}, alike, "s")
                    yield from (replace(one, certain=False),) if planned else _late(group, channel, relations, one, apart)
        elif relation.name == "derivative" and len(alike) >= 3:
            usual = median_of(r.gain for r in alike) or 1.0
            v = channel.columns["velocity"]
            moved = float((v - relation.residual).std())
            if moved > 0.02 and abs(relation.gain / usual - 1.0) > 0.12 + 3.0 * relation.noise / moved:
                size = abs(relation.gain / usual - 1.0) * float(np.ptp(v - relation.residual))
                one = whole(group, channel, "velocity", size, "factor", {"factor": relation.gain / usual}, alike)
                apart = TO_SIGMA * median_of(abs(r.gain / usual - 1.0) for r in alike)  # as of coarse positions, which hide slow motion
                another = abs(relation.gain / usual - 1.0) > SCATTERED * apart
                undone = _undone(v, v - relation.residual, relation.gain, usual) >= TELLS
                certain = one.certain and another and undone and not _within_a_row(group, own, peers, relation.gain / usual)
                yield replace(one, certain=certain and not may_be_strobed(group.dt, relation.gain))


def _undone(v: np.ndarray, due: np.ndarray, gain: float, usual: float) -> float:
    """Share of what a speed (n,) departs by from what it is due, that goes once the factor is undone: of a motion that is quicker than
    rows come, speeds are those of a moment and no multiple of what the row rises by."""
    before, after = (float(((v - of * due) ** 2).sum()) for of in (usual, gain))
    return 1.0 - after / before if before else 1.0


def _within_a_row(group: Group, own: Sequence[Relation], peers: Sequence[Relation], factor: float) -> bool:
    """Whether a joint is another part of a row behind its command than the others, and its speed is so many times theirs for it: one
    that is quick comes to rest between two commands, and its speed is taken when the next one is given."""
    delays = [r.delay for r in peers if r.name == "follows" and r.own and np.isfinite(r.delay)]
    mine = [r.delay for r in own if r.name == "follows" and r.own and np.isfinite(r.delay)]
    if not delays or not mine or not RIPPLE[0] < factor < RIPPLE[1]:
        return False
    apart = mine[0] - float(np.median(delays))
    return abs(apart) > OF_A_ROW * group.dt and bool(np.sign(apart) == np.sign(factor - 1.0))


def _late(
    group: Group, channel: RecordedChannel, relations: Sequence[Sequence[Relation]], one: Difference, apart: float
) -> Iterator[Difference]:  # fmt: skip
    """Of a joint that is later than the others, or earlier: which column is, and whether its rows are, or its servo is another one.

    A speed that is that of the position in each row says that the position is of its row: then it is the command that is not.
    """
    agrees = speed_agrees(channel, round(apart / group.dt), group.dt)
    if not one.certain or agrees is False:
        yield one
        return
    moved = [c for c, own in zip(group.channels, relations) if any(r.name == "follows" and r.own for r in own) and c is not channel]
    left = as_late_rows(group, channel, moved, apart)
    if left < SHIFTED:
        yield of_command(channel, one) if agrees else one
    elif left < NO_BETTER:
        yield replace(one, certain=False)
    elif apart > 0.0:  # that a servo is quicker than others contradicts nothing
        yield replace(one, certain=False, name="smoothed", numbers={"seconds": apart})


def _of_another_kind(group: Group, channel: RecordedChannel, one: Difference, alike: Sequence[Relation]) -> Difference:
    """A column that is far from its command in size: what else explains it than a factor, if it follows as most do."""
    late = float(np.median([r.delay for r in alike if np.isfinite(r.delay)] or 0.0))
    q, c = channel.columns["measured"], channel.columns["command"]
    noise = max(r.noise for r in alike) if alike else 1e-3
    case = Case(q, shifted(c, -round(late / group.dt)), 0, group.n - 1, group.dt, noise, angle=channel.unit == "rad")
    why = best(case)
    if why is None or not is_exact(why.name) or why.name in ("held_value", "mirrored"):
        return one
    rows = np.arange(group.n)
    left, even = (1.0 - why.explained) * float(((case.x - case.truth) ** 2).sum()), np.polyval(np.polyfit(rows, q, 1), rows)
    if why.name == "integrated" and left > BENDS * float(((q - even) ** 2).sum()):
        return one  # the sum of anything is as near to a joint that hardly moves as a straight line is
    return replace(one, name=why.name, explained=why.explained, numbers=dict(why.numbers), certain=True)


def beside_commands(group: Group, relations: Sequence[Sequence[Relation]]) -> dict[str, float]:
    """Channel -> by how much it is beside its command in the middle of the take."""
    both = zip(group.channels, relations)
    return {channel.name: _beside(channel, r, group.dt) for channel, own in both for r in own if r.name == "follows"}


def _bend(channel: RecordedChannel, relation: Relation) -> float:
    """By how much a channel departs from its command at the ends of its way."""
    return (relation.gain - 1.0) * channel.goes("command")


def _beside(channel: RecordedChannel, relation: Relation, dt: float) -> float:
    """The same in the middle of the take."""
    return median(channel.columns["measured"] - shifted(channel.columns["command"], -_late_rows(relation, dt)))


def _late_rows(relation: Relation, dt: float) -> int:
    """Zero for a joint that does not follow its command at all: such a one has no delay."""
    return round(relation.delay / dt) if np.isfinite(relation.delay) else 0


def _stands_out(size: float, others: Sequence[float]) -> bool:
    """Whether no other channel of several departs by nearly as much, so that it is no matter of what kind of servo these are."""
    return len(others) >= OTHERS and abs(size) > OUT * max(map(abs, others))


def of_command(channel: RecordedChannel, one: Difference) -> Difference:
    """The same where the measured column is borne out: its command is written so much the other way."""
    numbers = {key: 1.0 / x if key == "factor" else -x for key, x in one.numbers.items() if isinstance(x, float) and x}
    return replace(one, kind="command", numbers=numbers, stream=channel.topics.get("command", ""))


def _everywhere(c: np.ndarray, q: np.ndarray, relation: Relation, dt: float, zero: float) -> bool:
    """Whether a joint is as far beside its command in each posture: one that hangs under its weight is not."""
    away = q - shifted(c, -_late_rows(relation, dt))
    slow = np.abs(np.gradient(c)) <= np.percentile(np.abs(np.gradient(c)), 60.0)
    low, high = np.percentile(away[slow], [5.0, 95.0])
    return float(high - low) <= HANGS * abs(zero) + 6.0 * relation.noise


def whole(
    group: Group, channel: RecordedChannel, kind: str, size: float, name: str, numbers: dict[str, float | str],
    alike: Sequence[Relation], unit: str | None = None,
) -> Difference:  # fmt: skip
    limit = {"s": DELAY, "rad": ZERO}.get(unit or channel.unit, GAIN)
    unit = unit or (f"{channel.unit}/s" if kind == "velocity" else channel.unit)
    # the others are one kind of servo where none of them departs by a third as far
    tight = len(alike) >= 3 and all(
        abs(r.gain - 1.0) < GAIN / 2.0 if r.name == "follows" else True for r in alike
    )
    return Difference.over(
        group.t, (channel.name,), kind, None, size, unit, name, certain=tight, numbers=numbers,
        stream=channel.topics.get(kind, ""), limit=limit, weight=group.n * size / limit,
    )  # fmt: skip


@lru_cache(maxsize=KEPT)
def written_as_commands(group: Group) -> tuple[Difference, ...]:
    """Channels of which the measurement was written as the command, of the same row or of one of the next or before, to the bit, or to
    what the measurement is rounded to.

    What is measured later may be all that a set of states has for commands, of all joints or of an arm, and some rows later a robot of
    pure delay is where it was sent. What was measured before nobody commands.
    """
    found: dict[int, list[RecordedChannel]] = {}
    rounded: set[str] = set()  # which may be of a servo that follows so well
    coarser: set[str] = set()  # of which the commands alone are rounded: labels of a whole arm, and of single joints no reason
    in_part: list[Difference] = []
    moving, most = [], min(NEXT, group.n // 4)
    for channel in group.both:
        c, q = channel.columns["command"], channel.columns["measured"]
        if channel.goes("measured") <= SEEN:
            continue
        # labels of a policy are kept within what it may command: nothing is known where a command is at an end of its way
        q, inside = np.clip(q, c.min(), c.max()), (q > c.min()) & (q < c.max())
        goes = (np.abs(np.diff(q, prepend=q[0])) > MOVES) & inside
        exact, within = (rounded_by(channel.columns[kind], channel.rounding(kind)) for kind in ("measured", "command"))
        within = max(exact, within)
        for later in _perhaps_written(c, q, goes, most, within):
            here, there = slice(max(0, -later), group.n - max(0, later)), slice(max(0, later), group.n - max(0, -later))
            moves = goes[there]
            alike = np.abs(c[here] - q[there]) <= within
            if (many := int(moves[1:].sum())) >= LEAST_ROWS and int((alike & moves)[1:].sum()) > SURE * many:
                sure = telling(c, q)[there][1:]
                if sure.sum() >= LEAST_ROWS and int((alike[1:] & sure).sum()) > SURE * sure.sum():
                    moving.append(channel.name)
                    found.setdefault(later, []).append(channel)
                    rounded |= {channel.name} if within > AS_WRITTEN and not _is_exact(c[here], q[there], moves) else set()
                    coarser |= {channel.name} if within > exact else set()
                break
        else:
            moving += [channel.name] if int(goes.sum()) >= LEAST_ROWS else []
            in_part += _written_in_part(group, channel)
    # where no joint of an arm has a command of its own, none was recorded: a set of states, and no fault of single columns; so it is where
    # most have the states of the next row, and the others are the odd ones
    return *in_part, *(
        Difference.over(
            group.t, tuple(c.name for c in channels), "command", None, max(c.goes("measured") for c in channels),
            channels[0].unit, "measurement_as_command",
            certain=not rounded & {c.name for c in channels} and (later < 0 or (later <= SOON and _are_single(channels, moving, later))),
            numbers={"rows": float(later)}, stream=channels[0].topics["command"], limit=SEEN, weight=1e3 * len(channels),
        )
        for later, every in found.items()
        if (channels := every if _are_whole_arms(every, moving) else [c for c in every if c.name not in coarser])
    )  # fmt: skip


def _is_exact(c: np.ndarray, q: np.ndarray, moves: np.ndarray) -> bool:
    """Whether two columns are the same to the bit, in rows that move."""
    return float((np.abs(c - q) <= AS_WRITTEN)[moves].mean()) > SURE


def _are_single(channels: Sequence[RecordedChannel], moving: Sequence[str], later: int) -> bool:
    """Whether these are no whole arms, and, of states of a later row, not most of what moves."""
    return not _are_whole_arms(channels, moving) and (not later or 2 * len(channels) <= len(moving))


def _are_whole_arms(channels: Sequence[RecordedChannel], moving: Sequence[str]) -> bool:
    """Whether these are all channels that move, or all of one side, or of either, that do."""
    sides = {side_of(c.name) for c in channels}
    beside = [name for name in moving if side_of(name) in sides]
    return len(channels) == len(moving) or ("" not in sides and len(channels) == len(beside) >= ARM * len(sides))


def never_commanded(group: Group) -> set[str]:
    """Channels that have no commands of their own, for what is measured soon after stands there in the whole take: no servo answers it,
    and none is so quick that it only looks so."""
    written = [d for d in written_as_commands(group) if d.last - d.first == group.n - 1 and abs(float(d.numbers["rows"])) <= SOON]
    return {name for d in written for name in d.channels}


def _perhaps_written(c: np.ndarray, q: np.ndarray, goes: np.ndarray, most: int, within: float) -> list[int]:
    """Rows from -most to most by which measurements may stand as commands, the later ones first: all but those that half of a sample of
    the rows in motion speaks against."""
    every = np.array([*range(most + 1), *range(-1, -most - 1, -1)])
    rows = most + np.flatnonzero(goes[most : len(q) - most])
    rows = rows[:: -(-len(rows) // SAMPLE)] if len(rows) else rows
    if len(rows) < LEAST_ROWS:
        return every.tolist()
    alike = np.abs(c[rows - every[:, None]] - q[rows]) <= within
    return every[alike.mean(axis=1) > 0.5].tolist()


def _written_in_part(group: Group, channel: RecordedChannel) -> Iterator[Difference]:
    """Stretches in which a joint moves and its command is what it measures in the same row, to the bit, and nowhere else is."""
    c, q = channel.columns["command"], channel.columns["measured"]
    goes = np.abs(np.diff(q, prepend=q[0])) > MOVES
    same = np.abs(c - q) <= AS_WRITTEN
    if int((same & goes).sum()) < LEAST_ROWS:
        return
    alike = same & telling(c, q)
    stretches = [(a, b) for a, b in runs(same | ~goes) if int(alike[a : b + 1].sum()) >= LEAST_ROWS]
    for a, b in stretches:
        rows = a + np.flatnonzero(same[a : b + 1])
        first, last = int(rows[0]), int(rows[-1])
        elsewhere = np.delete(same & goes, slice(first, last + 1))
        if len(rows) == last - first + 1 and elsewhere.sum() <= DOUBT * np.delete(goes, slice(first, last + 1)).sum():
            size = float(np.ptp(q[first : last + 1]))
            yield Difference.over(
                group.t, (channel.name,), "command", (first, last), size, channel.unit, "measurement_as_command", certain=size > SEEN,
                numbers={"rows": 0.0}, stream=channel.topics["command"], limit=SEEN, weight=1e3 * len(rows) / group.n,
            )  # fmt: skip


def commands_turned(group: Group) -> Iterator[Difference]:
    """Commands of a joint that are whole turns from where it goes, in some rows or in all: counted from 0 to 2 pi, where the joint is
    measured within half a turn either way; or kept within half a turn, where the joint goes on over the seam."""
    for channel in group.both:
        if channel.unit != "rad":
            continue
        c, q = channel.columns["command"], channel.columns["measured"]
        rows = np.flatnonzero(turns_beside(c, q))
        rows = rows if len(rows) else np.flatnonzero(wrapped_beside(c, q))
        if len(rows) < LEAST_ROWS:
            continue
        yield Difference.over(
            group.t, (channel.name,), "command", (int(rows[0]), int(rows[-1])), float(np.abs(c - q)[rows].max()), "rad", "wrap",
            certain=True, numbers={"turn": 2.0 * np.pi}, stream=channel.topics["command"], limit=SEEN, weight=1e3 * len(rows),
        )  # fmt: skip


def beyond_the_ends(group: Group) -> Iterator[Difference]:
    """Joints counted in shares of their way, that went half of it past an end and further: another number was written there.

    Real calibrations leave 0.08 of it (real values of a Piper go to 115 of 100).
    """
    for channel in group.channels if not group.hands else ():
        for kind in ("command", "measured") if channel.unit == "1" and channel.ends else ():
            away = np.abs(channel.columns.get(kind, np.zeros(1)))
            rows = np.flatnonzero(away > PAST)
            if len(rows) and np.median(away) < COUNTED:
                first, last, size = int(rows[0]), int(rows[-1]), float(away.max() - PAST)
                case = _beside_the_other(group, channel, kind, first, last)
                yield Difference.over(
                    group.t, (channel.name,), kind, (first, last), size, "1", None if case is None else best(case), certain=True,
                    stream=channel.topics[kind], limit=PAST, weight=size / PAST * len(rows), cases=() if case is None else (case,),
                )  # fmt: skip


def _beside_the_other(group: Group, channel: RecordedChannel, kind: str, first: int, last: int) -> Case | None:
    """A column in some rows beside the other one of its channel, so many rows later or earlier as suits the rest."""
    x, other = channel.columns[kind], channel.columns.get("measured" if kind == "command" else "command")
    rest = np.ones(group.n, bool)
    rest[first : last + 1] = False
    if other is None or rest.sum() < LEAST_ROWS or np.abs(other).max() > PAST:
        return None
    late = range(max(2, round(PLANNED_LATE / group.dt)))
    meant = [shifted(other, by if kind == "command" else -by) for by in late]
    errors = [np.abs(x - one)[rest] for one in meant]
    k = int(np.argmin([float(np.median(e)) for e in errors]))
    return Case(x, meant[k], first, last, group.dt, max(float(np.percentile(errors[k], 90.0)), 1e-3))


def commands_clipped(group: Group) -> Iterator[Difference]:
    """Commands that stand at one and the same end of what was written time and again, while the joint goes on beyond it and comes back.

    An arm that sags or is pushed beyond its last command does not do so time and again, nor several joints at one number.
    """
    found: list[tuple[RecordedChannel, float, list[tuple[int, int]], float]] = []
    for channel in group.both:
        if group.hands or not channel.goes("command"):
            continue  # what is one value in all rows comes to no end of it
        c, q = channel.columns["command"], channel.columns["measured"]
        for side in (1.0, -1.0):
            level = float((side * c).max())
            late = max(1, round(HEARS / group.dt))
            stretches = [(a, b) for a, b in runs(side * c >= level - 1e-7) if b - a >= LEAST_ROWS]
            beyond = [side * q[a : b + 1 + late] - level for a, b in stretches]
            ends = [max(over[0], over[-1] if b + 1 + late < group.n else 0.0) for (_, b), over in zip(stretches, beyond)]
            far = BEYOND[channel.unit]
            bows = [(a, b) for (a, b), over, end in zip(stretches, beyond, ends) if over.max() > far and end < 0.5 * over.max()]
            if bows:
                found.append((channel, side * level, bows, max(float(over.max()) for over in beyond)))
    for channel, level, bows, size in found:
        alike = any(other is not channel and abs(abs(at) - abs(level)) < 1e-6 for other, at, _, _ in found)
        if len(bows) > 1 or alike:
            first, last = bows[0][0], bows[-1][1]
            step = whole_step(channel.columns["command"], BEYOND[channel.unit])  # it stands at an end as it does at every other one
            yield Difference.over(
                group.t, (channel.name,), "command", (first, last), size, channel.unit,
                "quantised" if step else "clipped", certain=True, numbers={"step": step} if step else {"at": level},
                stream=channel.topics["command"], limit=BEYOND[channel.unit], weight=9.0 * sum(b - a for a, b in bows),
                explained=1.0, undone=1.0,
            )  # fmt: skip


def written_in_steps(group: Group) -> Iterator[Difference]:
    """Joints of which one column lies on steps that no encoder has, while the other one goes evenly.

    Who commands a joint in steps finds it where each step sends it. Of a command that was rounded the joint stands beside it, each time
    elsewhere.
    """
    rows = max(2, round(ARRIVED / group.dt))
    for channel in () if group.hands or len(group.t) <= rows else group.both:
        if HAND.search(channel.name):
            continue
        rad = 1.0 if channel.unit == "rad" else WAY
        steps = {kind: whole_step(channel.columns[kind], COARSE / rad) for kind in ("command", "measured")}
        if (steps["command"] > 0.0) == (steps["measured"] > 0.0):
            continue
        kind = max(steps, key=lambda one: steps[one])
        x, step = channel.columns[kind], steps[kind]
        y = channel.columns["measured" if kind == "command" else "command"]
        apart, goes = (x - y)[rows:], np.diff(y)[rows - 1 :]
        stands = over_runs(np.maximum, x, rows + 1) == over_runs(np.minimum, x, rows + 1)
        leaves = (goes * apart < 0.0)[stands & (np.abs(goes) > MOVES / rad)]
        if len(leaves) >= LEAST_ROWS and leaves.mean() > LEAVES and float(apart[stands].std()) > max(step * ROUNDED[0], ROUNDED[1] / rad):
            one = replace(whole(group, channel, kind, 0.5 * step, "quantised", {"step": step}, ()), certain=True)
            yield one if channel.unit == "rad" else replace(one, limit=0.5 * COARSE / WAY)
