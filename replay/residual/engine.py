"""From the columns of a take to what is wrong with which of them: disagreement, blame, and the hypothesis that explains it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..signals.sides import side_of
from ..signals.signal import find_lag
from .answered import unsure_of_leaps
from .blame import Blame, over, rather_off, suspects, threshold
from .case import Case
from .coarse_part import coarse_parts
from .coarse_values import coarse_and_smooth
from .delayed_part import delayed_part
from .departures import joined, together
from .difference import CLEAR, DENSE, JOIN, LEAP, ORDINARY, Difference
from .differing_hands import differing_hands
from .hands import MEMORY, away_from_commands
from .hypotheses import Explanation, best, is_exact
from .late_arm import late_arm
from .leaps import leaps_of, of_leaps
from .mixed_rows import rows_mixed
from .other_commands import not_followed
from .relations import Relation, relations_of, shifted
from .row_order import rows_lost, rows_moved, rows_shuffled, rows_stuck, rows_turned
from .still_arms import arms_that_never_move
from .table import Group, RecordedChannel
from .turned_back import turned_back
from .unanswered import is_unanswered
from .uncommanded import of_standing_commands
from .unpushed import none_pushes
from .whole_speeds import (
    by_lost_rows,
    over_a_while,
    speeds_never_filled,
    speeds_of_another_joint,
    speeds_of_another_motion,
    speeds_of_another_unit,
)
from .whole_takes import (
    beside_commands,
    beyond_the_ends,
    commands_clipped,
    commands_turned,
    of_command,
    parameters,
    written_as_commands,
    written_in_steps,
)  # fmt: skip
from .wrapped_ways import without_wraps

UNEVEN = 0.01  # rad: a group that follows worse than this, on the whole, may follow later than a kernel reaches
SEEN = 0.05  # rad, or share of the way: a factor that changes less is not looked at
# of a disagreement: rows at least, share of them in which a joint that is blocked stands (then it comes back), and noises and share of
# `SEEN` by which it may be measured to move there
STANDS, STANDING, STILL, LEFT_BEHIND = 8, 0.6, 4.0, 0.1
HALF_A_TURN = np.pi  # rad: no obstacle explains a command that is further away than most joints of arms can go at all
RIVAL = 0.25  # of the disagreement: what a column may leave more than the best one and still be asked for a simple reason
BORNE_OUT = 0.9  # of the rows in question: where the hand stands as measured in so many, the measurement is not to blame
SURE = 0.9  # of the squared difference, from where on a reason has few free numbers and not one for each row
SURE_UNIT = 0.98  # of the squared difference, that two units mistaken for one another explain
FREE, ROW = 3.0, 1.0  # the price of a free number of a reason, and of a row without one, in squared thresholds
UNHEARD = 0.15  # of the disagreement that another command leaves, where the body did what that command would have made it do
NOVEL, FOLLOWED = 2.5, 0.3  # times the largest change of a step elsewhere, from where on a column leaps; share of it in the other one
FEW = 3  # rows: so few are held against those beside them
JERK = 0.05  # rad: commands of clean takes, which stop at their largest speed, are off by up to 0.038 in a single row
BEYOND = 3.0  # times what the other channels of the group disagree by elsewhere
FAR = {"rad": 0.5, "1": 0.25}  # that a joint goes away from its commands, and is not pushed
ALONE = 8.0  # times its limit by which a single speed is off that no hard stop explains
SHARP = 0.5  # of the largest difference: it comes and goes by so much from one row to the next
EDGE = 0.3  # of such an edge, by which the command itself leaps there
MOST, ANSWERS = 0.75, 0.25  # of a take, beyond which the rest does not tell how quick it is; s until a joint departs from a leap
LEAST_SOUND = 2  # channels of a group, half of which follow at the least where it is known to
DELAYS, LIMB = 0.05, 3  # s by which the delays of joints may be apart; joints of a limb of which that is asked
PART = 0.4  # of a take that disagrees as a whole
COMES, BEFORE = 1.0, -0.06  # s that a take begins with; from where on a measurement is before its command (`stream.lag`)
DOUBT = 0.02  # of the rows: where the other channels disagree in more of them, the relations are none of this take


def differences(group: Group, vouched: Mapping[str, np.ndarray] | None = None) -> list[Difference]:
    """All that the channels of a group contradict each other in, the longest first.

    Args:
        vouched: name -> (n,) rows in which something else that is recorded bears out what was measured.
    """
    vouched = vouched or {}
    if group.hands:
        return differing_hands(group)
    group, wrapped = (group, []) if group.own_scales else without_wraps(group)  # there a turn is of no known size
    back = turned_back(group)
    group = group if back is None else back.group
    slow = over_a_while(group)
    speeds = [*speeds_of_another_unit(group), *speeds_of_another_motion(slow), *speeds_never_filled(group)]
    known = {name for one in speeds for name in one.channels}
    speeds += [one for one in speeds_of_another_joint(slow) if not known & set(one.channels)]
    group = _without_speeds(group, {name for one in speeds for name in one.channels})
    relations = relations_of(group)
    if late := _late(group, relations):
        relations = relations_of(group, late)
    disagree = _disagree(group, relations)
    of_arm = late_arm(group) if disagree else None
    if of_arm is not None:
        group = of_arm.group
        relations = relations_of(group, late)
    leaps = leaps_of(group)
    delayed = delayed_part(group, [(d.first, d.last) for d in leaps.rows()]) if disagree else None
    if delayed is not None and any(_is_in_part(d) and d.meets(delayed.difference) for d in written_as_commands(group)):
        delayed = None  # each is the other one, to the bit, and by no delay
    if delayed is not None:
        group = delayed.group
        leaps = leaps_of(group)
        relations = relations_of(group, late)
    past = [*beyond_the_ends(group), *commands_turned(group), *commands_clipped(group), *written_in_steps(group)]
    turned = list(rows_shuffled(group)) or list(rows_turned(group))
    mixed = [] if turned else list(rows_mixed(group))
    moved = turned or [*rows_lost(group), *rows_moved(group), *rows_stuck(group), *(d for d in mixed if d.kind == "rows")]
    mixed = [d for d in mixed if d.kind != "rows" and not any(o.is_near(d) for o in moved)]
    mixed += coarse_parts(group)
    still = list(arms_that_never_move(group))
    found = [*wrapped, *speeds, *past, *moved, *written_as_commands(group), *not_followed(group), *still]
    put_right = [one.difference for one in (back, of_arm, delayed) if one is not None]
    found += put_right
    found += [d for d in leaps.rows() if not any(o.kind == "rows" and o.is_near(d) for o in found)]
    lost = [(d.first, d.last) for d in found if d.kind == "rows"] + list(delayed.seams if delayed is not None else ())
    lost = [each for each in lost if back is None or each != (back.difference.first, back.difference.last)]
    commanded = {name for d in found for name in d.channels if d.kind == "command" and (back is None or d is not back.difference)}
    found += [d for d in leaps.rough() if d.channels[0] not in commanded]
    commands = [d for d in found if d.kind == "command" and not any(d is one for one in put_right)]
    written = {name for d in [*past, *commands, *still] for name in d.channels}
    apart = {name: np.zeros((group.n, len(group.channels)), bool) for name in ("follows", "derivative")}
    for j, (channel, own) in enumerate(zip(group.channels, relations)):
        for relation in own:
            apart[relation.name][:, j] = np.abs(over(relation, channel.unit)) > 1.0
    beside = beside_commands(group, relations)
    uncommanded = {name for d in commands if d.name == "measurement_as_command" and d.last - d.first == group.n - 1 for name in d.channels}
    for j, (channel, own) in enumerate(zip(group.channels, relations)):
        if channel.name in uncommanded:  # states in their place bear nothing out, and the speeds are held against the positions alone
            own = [relation for relation in own if "command" not in relation.kinds]
            channel = replace(channel, columns={kind: x for kind, x in channel.columns.items() if kind != "command"})
        if not own or (channel.name in written and channel.name not in uncommanded):
            continue
        bad = np.logical_or.reduce([apart[relation.name][:, j] for relation in own])
        for first, last in lost:
            bad[max(0, first - 3) : last + JOIN + 1] = False
        right = vouched.get(channel.name)
        whole_take = list(parameters(group, channel, own, relations, beside)) if not bad.any() or _only_begins(bad, group.dt) else []
        if bad.any():
            others = {name: np.delete(each, j, axis=1) for name, each in apart.items()}
            of = [d for d in whole_take if d.name == "lag"]
            of = of or _blamed(group, channel, own, np.flatnonzero(bad), relations, others, right)
        else:
            of = [d for d in whole_take if not (d.kind == "velocity" and by_lost_rows(d, group, lost))]
            of = [of_command(channel, d) if right is not None and right.all() and d.kind == "measured" else d for d in of]
        found += of_leaps(group, leaps, channel, own, of, lost)
    found = [*mixed, *(d for d in found if not any(_is_in(d, one) for one in mixed))]
    found = [of_begin(d) for d in of_standing_commands(group, unsure_of_leaps(group, found)) if d.certain or d.size >= CLEAR * d.limit]
    return sorted(together(found), key=lambda d: (-(d.last - d.first), d.channels))


def _is_in_part(one: Difference) -> bool:
    """Whether it is not of all rows."""
    return one.last - one.first < one.rows - 1


def _is_in(one: Difference, mixed: Difference) -> bool:
    """Whether a difference is of channels of which rows were mixed, or rounded, and of these rows."""
    rows = mixed.first - JOIN <= one.first and one.last <= mixed.last + JOIN
    return rows and one.kind in ("command", "measured") and set(one.channels) <= set(mixed.channels)


def _only_begins(bad: np.ndarray, dt: float) -> bool:
    """Whether rows (n,) that disagree are the first ones alone, before which something else was commanded: of another delay than that of
    the other joints nothing else is seen, where a joint has a kernel of its own."""
    return int(np.flatnonzero(bad)[-1]) * dt < COMES


def of_begin(one: Difference) -> Difference:
    """The same, unsure where only the first row is off, and not far: a take that begins in a motion lacks the commands before."""
    return replace(one, certain=False) if one.first == one.last == 0 and one.size < FAR.get(one.unit, np.inf) else one


def _disagree(group: Group, relations: Sequence[Sequence[Relation]]) -> bool:
    """Whether any channel is anywhere else than its command sends it, or follows it with another delay than the others; a limb of few
    joints, as a head, has servos of its own, and shows no delay of an arm or of a part."""
    follows = [(c, r) for c, own in zip(group.channels, relations) for r in own if r.name == "follows"]
    limbs = Counter(side_of(c.name) for c, _ in follows)
    delays = [r.delay for c, r in follows if r.own and np.isfinite(r.delay) and limbs[side_of(c.name)] >= LIMB]
    apart = len(delays) > 1 and float(np.ptp(delays)) > DELAYS
    return apart or any(bool((np.abs(over(r, c.unit)) > 1.0).any()) for c, r in follows)


def _late(group: Group, relations: Sequence[Sequence[Relation]]) -> float:
    """[s] how late the measurements of a group come, if it is more than a kernel reaches or all are before their commands; else zero."""
    noise = [r.noise for each in relations for r in each if r.name == "follows" and r.own]
    if not noise or np.median(noise) < UNEVEN:
        return 0.0
    both = list(group.both)
    commands, states = (np.column_stack([c.columns[kind] for c in both]) for kind in ("command", "measured"))
    lag = find_lag(group.t, commands, group.t, states, search=3.0)
    return 0.0 if lag is None or lag.at_edge or BEFORE < lag.pooled < 0.0 else lag.pooled


def _spans(one: Blame) -> list[Blame]:
    """A column that is wrong in most of the rows between its first and last wrong one is wrong there; else each stretch by itself."""
    bad = np.zeros(len(one.recorded), bool)
    bad[one.rows] = True
    stretches = joined(bad)
    if sum(b - a + 1 for a, b in stretches) >= DENSE * (one.last - one.first + 1):
        return [one]
    return [replace(one, rows=one.rows[(one.rows >= a) & (one.rows <= b)]) for a, b in stretches]


def _blamed(
    group: Group, channel: RecordedChannel, own: Sequence[Relation], rows: np.ndarray,
    relations: Sequence[Sequence[Relation]], others: Mapping[str, np.ndarray], vouched: np.ndarray | None,
) -> list[Difference]:  # fmt: skip
    """Each suspect column with what may have happened to it: the one that leaves least, for the fewest free numbers, is the one."""
    leaps = _that_leaps(channel, rows, group.dt) if group.same_rows else None
    if leaps is None and (blocked := _blocked(group, channel, own, rows)) is not None:
        return [blocked]
    found: list[tuple[float, list[Difference]]] = []
    candidates = suspects(channel, own, rows)
    if vouched is not None:
        doubtful = [c for c in candidates if c.kind != "measured" or float(vouched[c.rows].mean()) < BORNE_OUT]
        candidates = doubtful or candidates
    if leaps is None and len(candidates) > 1 and is_unanswered(group, relations, channel, int(rows[0]), int(rows[-1])):
        candidates = [c for c in candidates if c.kind == "command"] or candidates
    if leaps is not None:
        candidates = [c for c in candidates if c.kind in (leaps, "velocity")] or candidates
    for one in candidates:
        if one.left > candidates[0].left + RIVAL:
            continue
        stretches = _spans(one)
        for ways in (stretches, [one])[: 1 + (len(stretches) > 1 and one.size > BEYOND * one.limit)]:
            parts: list[Difference] = []
            cost = one.left * one.disagreement
            for part in ways:
                case = _case(group, part, own, relations)
                why = best(case)
                sure = why is not None and why.explained > SURE
                numbers = FREE * why.free if sure and why is not None else ROW * len(part.rows)
                if (why is None or not (sure and is_exact(why.name))) and (off := rather_off(part, own, numbers - FREE)) is not None:
                    part, why, sure = off[0], Explanation("offset", "values", 1.0, {"by": off[1]}, 1.0), True
                    case = _case(group, part, own, relations)
                if len(ways) < len(stretches) and not (sure and why is not None and is_exact(why.name)):
                    break  # one reason for all stretches, and for the rows between them, is what happens to a column alone
                cost += FREE * (1.0 + why.free) if sure and why is not None else ROW * len(part.rows)
                parts += (replace(d, cases=(case,)) for d in _difference(group, part, why, own, relations, others, leaps == part.kind))
            else:
                found.append((cost, parts))
    if not found:
        return []
    likeliest = min(found, key=lambda each: each[0])[1]
    late = (parts for _, parts in found if all(d.certain and d.name == "lag" for d in parts))
    return likeliest if any(d.certain for d in likeliest) else next(late, likeliest)  # no body is late to the noise, in either column


def _blocked(group: Group, channel: RecordedChannel, own: Sequence[Relation], rows: np.ndarray) -> Difference | None:
    """A joint that is measured to stand in most rows of a disagreement, noise and all, while its command goes on, and of which nothing
    else recorded says otherwise: it is blocked, or its servo is off. None where one value is all that was written in these rows: that
    is what a recorder does."""
    follows = next((r for r in own if r.name == "follows"), None)
    if follows is None or not np.abs(over(follows, channel.unit)[rows]).max() > 1.0:
        return None
    stretches = [rows[(rows >= a) & (rows <= b)] for a, b in joined(np.isin(np.arange(group.n), rows))]
    longest = max(stretches, key=len)
    if len(longest) < STANDS or len(longest) < SURE * len(rows):
        return None
    first, last = int(longest[0]), int(longest[-1])
    span = slice(first, last + 1)
    if _is_half_a_turn_away(channel, span):
        return None
    q = channel.columns["measured"][span]
    others = [np.abs(over(r, channel.unit)[rows]).max() for r in own if r is not follows]
    # that a command goes somewhere at once and back is no joint that is blocked; it may have gone there before the joint is late
    sent = channel.columns["command"][max(0, first - round(ANSWERS / group.dt)) : last + 1]
    steps = np.sort(np.abs(np.diff(sent)))
    near = np.abs(q - np.median(q)) <= max(STILL * follows.noise, SEEN * LEFT_BEHIND)
    if near.mean() < STANDING:
        return None
    one_value = np.unique(q[near]).size <= 1 and not coarse_and_smooth(channel.columns["measured"], first + int(np.flatnonzero(near)[-1]))
    if one_value or float(steps[:-2].sum()) < SEEN or any(size > 1.0 for size in others):
        return None
    away = np.abs(follows.residual[span])
    limit = threshold(follows, channel.unit)
    return Difference.over(
        group.t, (channel.name,), "measured", (first, last), float(away.max()), channel.unit, "blocked", certain=False, explained=0.0,
        undone=0.0, stream=channel.topics["measured"], limit=limit, weight=float((away / limit).sum()),
    )  # fmt: skip


def _case(group: Group, one: Blame, own: Sequence[Relation], relations: Sequence[Sequence[Relation]]) -> Case:
    others = {
        c.name: _as_others_say(c, one.kind, each, group.dt)
        for c, each in zip(group.channels, relations) if c.name != one.channel.name and one.kind in c.columns
    }  # fmt: skip
    partner = one.channel.columns.get({"command": "measured", "measured": "command"}.get(one.kind, ""))
    noise = max(r.noise for r in own)
    restored = one.restored
    witness = next((r for r in own if r.target == one.kind), None)
    if witness is not None:  # what the other column says of every row, and not of those alone that had to be changed
        restored = one.recorded.copy()
        span = slice(one.first, one.last + 1)
        restored[span] -= witness.residual[span]
    angle = one.channel.unit == "rad" and one.kind != "velocity"
    return Case(one.recorded, restored, one.first, one.last, group.dt, noise, others, partner, angle=angle)


def _as_others_say(channel: RecordedChannel, kind: str, relations: Sequence[Relation], dt: float) -> np.ndarray:
    """(n,) what a column should be by the other ones of its channel, which may have been exchanged with it."""
    x = channel.columns[kind]
    for relation in relations:
        if relation.target == kind:
            return x - relation.residual
        if kind == "command" and relation.name == "follows" and np.isfinite(relation.delay):
            return shifted(channel.columns["measured"], round(relation.delay / dt))
    return x


def _difference(
    group: Group, one: Blame, why: Explanation | None, own: Sequence[Relation],
    relations: Sequence[Sequence[Relation]], others: Mapping[str, np.ndarray], leaps: bool,
) -> Iterator[Difference]:  # fmt: skip
    """Nothing where the other channels follow no better: then it is how this robot moves, and no matter of a column."""
    broken = [r for r in own if r.name in one.relations and _trusted(one, others[r.name])]
    if not broken:
        return
    another_unit = why is not None and why.explained > SURE_UNIT and _is_unit(why, len(one.rows))
    beyond = another_unit or any(_largest(r, one) > BEYOND * _elsewhere(r, one, own, relations) for r in broken)
    begins = one.first <= 2 and one.last > 2 and one.last < group.n // 2  # a robot that comes to its first command from elsewhere
    # an arm that strikes something does not follow a command that leaps: that alone, without a reason, is no fault of a column
    shaped = (leaps and why is not None) or _no_body_does(one, why) or _goes_away(one, group.dt)
    follows = next((r for r in broken if r.name == "follows"), None)
    if not shaped and follows is not None and one.channel.unit == "rad" and one.kind != "velocity":
        shaped = none_pushes(group, one, follows, others["follows"], why)
        shaped = shaped or (one.kind == "command" and is_unanswered(group, relations, one.channel, one.first, one.last))
    shaped = shaped or (one.kind != "velocity" and _is_half_a_turn_away(one.channel, slice(one.first, one.last + 1)))
    certain = shaped and beyond and one.left < 0.5 and one.size >= one.limit and not begins
    if one.kind != "velocity" and one.last - one.first < FEW and one.channel.unit == "rad":
        big = one.kind == "measured" or one.first < one.last or one.size >= JERK
        certain = certain and big and _beside_the_way(one) >= one.limit
    unit = one.channel.unit if one.kind != "velocity" else f"{one.channel.unit}/s"
    yield Difference.over(
        group.t, (one.channel.name,), one.kind, (one.first, one.last), one.size, unit, why, certain=certain, undone=1.0 - one.left,
        stream=one.channel.topics.get(one.kind, ""), limit=one.limit, weight=one.disagreement * (1.0 - one.left) * len(one.rows),
    )  # fmt: skip


def _no_body_does(one: Blame, why: Explanation | None) -> bool:
    """Whether it takes more than a push: what is pushed or blocked keeps its speed, and a command is as smooth as who gave it.

    - measured: the speed contradicts it as well, or its values have a shape that no body makes;
    - speed: more than a single row, or far off;
    - command: the joint did something else from one row to the next, and went back to it so, or the values are those of other rows
      or columns. That a command stands or goes evenly is nothing.
    """
    exact = why is not None and (is_exact(why.name) or "turns" in why.numbers or _is_unit(why, len(one.rows)))
    if one.kind == "measured":
        shaped = exact and why is not None and (one.channel.unit == "rad" or why.name not in ORDINARY)
        return len(one.relations) > 1 or shaped
    if one.kind == "velocity":
        return len(one.rows) > 1 or one.size > ALONE * one.limit
    if exact and why is not None and why.name not in ORDINARY:
        return True
    away = one.restored - one.recorded
    ends = [k for k in (one.first, one.last + 1) if 0 < k < len(away)]
    edges = [abs(away[k] - away[k - 1]) for k in ends]
    # what a joint that is pushed should have been commanded has edges as well; what it was commanded has none
    turns = np.abs(np.diff(np.pad(one.recorded, 1, mode="edge"), 2))
    leaps = all(float(turns[max(0, k - 2) : k + 3].max()) > EDGE * size for k, size in zip(ends, edges))
    return one.left < UNHEARD and bool(edges) and min(edges) > SHARP * one.size and leaps and not _within_a_row(one)


def _within_a_row(one: Blame) -> bool:
    """Whether a command is nowhere further off than it goes in a row and a half: a servo a little quicker than its kernel says, where
    rows are long."""
    x = one.recorded
    near = np.stack([x, *(0.5 * (shifted(x, by) + shifted(x, 2 * by)) for by in (-1, 1))])[:, one.first : one.last + 1]
    away = one.restored[one.first : one.last + 1]
    return bool(((away >= near.min(axis=0)) & (away <= near.max(axis=0))).all())


def _beside_the_way(one: Blame) -> float:
    """How far few rows lie outside the rows before and after them. Those between them are on the way, however quick: a servo that gives
    its largest torque does not follow it as it follows elsewhere."""
    near = [float(one.recorded[row]) for row in (one.first - 1, one.last + 1) if 0 <= row < len(one.recorded)]
    x = one.recorded[one.first : one.last + 1]
    return max(float(x.max()) - max(near), min(near) - float(x.min()))


def _is_unit(why: Explanation, rows: int) -> bool:
    """Whether it is a factor of two units, which no servo has; half and twice it may have."""
    factor = why.numbers.get("factor")
    return why.name == "factor" and why.free == 0.0 and rows >= STANDS and factor not in (0.5, 2.0)


def _goes_away(one: Blame, dt: float) -> bool:
    """Whether the joint, as it is recorded, goes further from all that it was commanded than anything pushes it that has a servo."""
    columns, count = one.channel.columns, max(2, round(MEMORY / dt) + 1)
    if one.kind == "velocity" or not {"command", "measured"} <= set(columns) or count >= len(one.recorded):
        return False
    away = away_from_commands(columns["command"], columns["measured"], count, len(one.recorded))[one.first : one.last + 1]
    return float(away.max()) > FAR[one.channel.unit]


def _is_half_a_turn_away(channel: RecordedChannel, span: slice) -> bool:
    """Whether a joint and its command are further apart in these rows than an arm's joint goes, and than this one goes in the take: one
    that turns without end may be stopped while its command goes on."""
    if channel.unit != "rad" or not channel.has_both:
        return False
    q, c = channel.columns["measured"], channel.columns["command"]
    return float(np.abs(q[span] - c[span]).max()) > max(HALF_A_TURN, float(np.ptp(q)))


def _that_leaps(channel: RecordedChannel, rows: np.ndarray, dt: float) -> str | None:
    """`command` or `measured` where one of the two leaps in these rows as it does nowhere else, into them and out of them or time and
    again, and the other one does not: who leads an arm and a servo that answers are both as quick as elsewhere."""
    if not channel.has_both:
        return None
    last = len(channel.columns["command"]) - 1
    inside = np.zeros(last + 1, bool)
    before = max(3, round(ANSWERS / dt))
    for row in rows:
        inside[max(0, row - before) : row + 3] = True
    beside = inside.copy()
    for shift in range(1, JOIN + 1):
        beside[:-shift] |= inside[shift:]
        beside[shift:] |= inside[:-shift]
    if beside.mean() > MOST:
        return None  # too little is left to know how quick it is
    turns = {kind: np.abs(np.diff(np.pad(channel.columns[kind], 1, mode="edge"), 2)) for kind in ("command", "measured")}
    for kind, other in (("command", "measured"), ("measured", "command")):
        usual = max(float(turns[kind][~beside].max()), LEAP / 4.0)
        size = float(turns[kind][inside].max())
        # two steps far apart that both stay are none that comes and goes
        count = max(int((turns[kind][a : b + 1] > NOVEL * usual).sum()) for a, b in joined(inside))
        stays = rows[-1] >= last - 2 and size > 2.0 * NOVEL * usual
        if count < (2 if stays else 3) or float(turns[other][inside].max()) >= FOLLOWED * size:
            continue
        if kind == "command" or _is_back_at_once(channel.columns[kind], inside & (turns[kind] > NOVEL * usual)):
            return kind
    return None


def _is_back_at_once(q: np.ndarray, rows: np.ndarray) -> bool:
    """Whether a joint (n,) takes back what its speed changes by in any of some rows (n,) within two more, half of it at the least. One that
    is stopped, or let go, changes its speed for good, or over many rows: its servo speeds it up and slows it down in several."""
    turn = np.diff(np.pad(q, 1, mode="edge"), 2)
    before, after, *further = (np.sign(turn) * shifted(turn, by) for by in (-1, 1, -2, 2))
    at_once = np.maximum(before, after) < 0.5 * np.abs(turn)
    return bool((rows & at_once & (np.minimum.reduce([before, after, *further]) < -0.5 * np.abs(turn))).any())


def _trusted(one: Blame, others: np.ndarray) -> bool:
    """Whether a relation holds for the rest of the group, others (n, k - 1): two channels at once disagree in few rows but those in
    question, or all that disagree do so in one part of the take, or most channels hardly ever do."""
    if 2 * int((others.mean(axis=0) <= DOUBT).sum()) > max(others.shape[1], LEAST_SOUND):
        return True
    rest = np.delete(others, one.near, axis=0)
    if not rest.size or float((rest.sum(axis=1) > 1).mean()) <= DOUBT:
        return True
    rows = np.flatnonzero(others.any(axis=1))
    first, last = min(int(rows[0]), one.first), max(int(rows[-1]), one.last)
    return last - first + 1 <= PART * len(others)


def _largest(relation: Relation, one: Blame) -> float:
    return float((np.abs(relation.residual) - relation.slack)[one.near].max())


def _elsewhere(relation: Relation, one: Blame, own: Sequence[Relation], relations: Sequence[Sequence[Relation]]) -> float:
    """The largest residuals of the other channels in other rows, their upper quartile (some hardly move): how well a servo of this kind
    follows when nothing is wrong. Joints of toys differ from one another: there it is the channel's own, too."""
    found = []
    if one.channel.unit != "rad":
        alone = np.delete(np.abs(relation.residual) - relation.slack, one.near)
        found = [float(alone.max(initial=0.0))] * len(relations)
    for each in relations:
        for other in each:
            if other.name == relation.name and each is not own and other.own:
                rest = np.delete(np.abs(other.residual) - other.slack, one.near)
                if len(rest):
                    found.append(float(rest.max()))
    return float(np.percentile(found, 75.0)) if found else 0.0


def _without_speeds(group: Group, names: set[str]) -> Group:
    """The group without the speeds of some channels, by which the others are not to be judged."""
    if not names:
        return group
    kept = [
        c if c.name not in names else replace(c, columns={kind: x for kind, x in c.columns.items() if kind != "velocity"})
        for c in group.channels
    ]
    return replace(group, channels=tuple(kept))
