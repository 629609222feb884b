"""A part of a column between the steps of its encoder, while the other columns of its stream stay on theirs: it was computed.

That no other column is asked what it should be makes it independent of how well anything follows: it tells which of command and measurement
was changed, and in which rows. A filter of the device is in all rows; whoever computes commands for a while, as a robot that takes over
from a person, does so for all joints; and a device that keeps a command within reach of its joint writes the joint's own place, and a
number that is always the same. What is measured has no such excuse.

It is a fault where the steps are those that the device is known to have in all its takes. Steps that a take alone shows may be those of
a file, of one range of a sensor, or of slow motion between samples: then it is a doubt, unless something else is sure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .case import Case
from .coarse_values import ENCODER
from .departures import SHAPED, joined, together
from .difference import BY_ROWS, DENSE, Difference
from .encoder_steps import EncoderSteps, is_moved, may_have_steps, step_between, steps_of, with_few_digits
from .habits import COMES, followed
from .hypotheses import Explanation, best, is_exact
from .mixed_steps import mixed_rows_of
from .played_steps import is_played
from .sent_otherwise import lead_of
from .table import Group, RecordedChannel

KINDS = ("command", "measured")
COARSEST, WAY = {"rad": ENCODER[1]}, 0.0125  # rad, and share of the way, of a step: no encoder of an arm or a hand is coarser
GOES = 0.005  # rad, or share of the way: of a column that goes less a step is as good as noise
NUMBERS = 3  # different numbers between steps, that are no end of a way and no default
MOSTLY = 0.5  # of the rows in which a column changes, that are on its steps; of the channels that move, that are on theirs; of columns
OTHERS = 2  # of these channels, at the least
WITHIN = 2  # rows, within which a device reads where a joint is before it keeps its command near, or a part ends
WEIGHT = 100.0  # of a row, in squared limits
SURE = 0.9  # of the squared difference that a reason explains, to be named
LIKELY = 0.8  # the same, where rows and columns are known by themselves
SAME = 0.5  # of two differences of a column, that both have, to be one
NEARLY, ROWS, LASTS = 0.75, 8, 0.3  # of these rows, where other columns are between steps as well; rows and s of them, to be sure
ALIKE = 1e-4  # of a step, within which two are the same
COMES_BACK = 0.1  # of the rows of a part with another zero, at most, at which a column comes to its steps or leaves them
MEAN, LEAPS = 32, 2.0  # rows of a mean; times the largest other step of a column, to which it may come at an end of one
HALF = 1e-6  # of a number, within which it is a half float
COARSER = 3.0  # times the step of an encoder, from where on it is none of another encoder


@dataclass(frozen=True, eq=False)
class _Stepped:
    """A column of a group on the steps of its encoder."""

    group: Group
    channel: RecordedChannel
    kind: str
    steps: EncoderSteps
    known: bool

    @property
    def x(self) -> np.ndarray:
        return self.channel.columns[self.kind]


def computed_parts(groups: Sequence[Group], known: Mapping[str, Mapping[str, float]] | None = None) -> list[Difference]:
    """Parts of commands and measurements that lie between the steps of their encoders, those of the same rows as one.

    Args:
        known: channel -> kind of column -> its step in other takes of the device: then a column may be computed in all rows.
    """
    found = []
    for kind in KINDS:
        every = [
            stepped
            for group in groups if group.same_rows
            for channel, of in _asked(group, kind, known or {})
            if (stepped := _stepped(group, channel, kind, of)) is not None
        ]  # fmt: skip
        found += [d for one in every for d in _of(one, [o for o in every if _is_beside(o, one)])]
    return [_with_reason(one) for one in together(found)]


def _with_reason(part: Difference) -> Difference:
    """The same, with what most likely happened to its columns: that something did is known."""
    why = best(*part.cases, enough=LIKELY) if part.name == "computed" and part.cases else None
    return part if why is None else replace(part, name=why.name, explained=why.explained, numbers=dict(why.numbers))


def _asked(group: Group, kind: str, known: Mapping[str, Mapping[str, float]]) -> list[tuple[RecordedChannel, float | None]]:
    """Channels with a column that goes and may be on steps, and the `known` ones of it."""
    of = [(c, known.get(c.name, {}).get(kind)) for c in group.channels if kind in c.columns and c.goes(kind) >= GOES]
    may = may_have_steps(np.stack([c.columns[kind] for c, _ in of])).tolist() if of else []
    return [(channel, step) for (channel, step), one in zip(of, may) if one or step is not None]


def _stepped(group: Group, channel: RecordedChannel, kind: str, known: float | None) -> _Stepped | None:
    """A column with its steps, which are `known` or its own; None of one that nothing tells of: it is on none, or was written in half
    floats, which have more of them the smaller they are."""
    x = channel.columns[kind]
    if (steps := _encoder(x, known)) is None or steps.step > COARSEST.get(channel.unit, WAY):
        return None
    written = [scale * x for scale in (channel.way, np.degrees(1.0), 1.0)]
    if any(map(_is_half, written)):
        return None
    steps = replace(steps, on=np.logical_or.reduce([steps.on, *map(with_few_digits, written)]))
    return _Stepped(group, channel, kind, steps, steps.step == known)


def _encoder(x: np.ndarray, known: float | None) -> EncoderSteps | None:
    """The steps of a column (n,), `known` or its own."""
    steps = None if known is None else steps_of(x, known)
    if steps is not None and _is_on(steps, x):
        return steps
    own = steps_of(x)
    if steps is None or own is None:
        return steps or own
    return steps if own.step > COARSER * steps.step else None  # an encoder that was exchanged has steps of its own


def _is_half(x: np.ndarray) -> bool:
    """Whether a column (n,) was written in half floats, float16 or bfloat16."""
    single = x.astype(np.float32)
    brain = ((single.view(np.uint32) + 0x8000) & 0xFFFF0000).view(np.float32).astype(float)
    with np.errstate(over="ignore"):
        return any(bool((np.abs(x - half) <= HALF * np.abs(x)).all()) for half in (x.astype(np.float16), brain))


def _is_on(steps: EncoderSteps, x: np.ndarray) -> bool:
    """Whether a column (n,) is on its steps in most rows in which it changes."""
    return float(steps.on[np.diff(x, prepend=x[0]) != 0.0].mean()) > MOSTLY


def _is_beside(one: _Stepped, other: _Stepped) -> bool:
    """Whether two columns are of one stream."""
    same = one.channel.topics[one.kind] == other.channel.topics[other.kind]
    return one is not other and same and one.group.n == other.group.n


def _of(one: _Stepped, others: Sequence[_Stepped]) -> Iterator[Difference]:
    off, dt = ~one.steps.on, one.group.dt
    stretches = joined(off)
    if len(stretches) > 1 and sum(b - a + 1 for a, b in stretches) >= DENSE * (stretches[-1][1] - stretches[0][0] + 1):
        stretches = [(stretches[0][0], stretches[-1][1])]
    for first, last in stretches:
        rows = slice(first, last + 1)
        apart = one.x[rows][off[rows]]
        if len(np.unique(apart)) < NUMBERS or (one.kind == "command" and _is_kept_near(one, rows)):
            continue
        there = [o for o in others if np.ptp(o.x[rows]) > 0.0]
        own = [o for o in there if o.group is one.group]
        there = own if len(own) >= OTHERS else there
        on = sum(bool(o.steps.on[rows].all()) for o in there)
        alone = on >= OTHERS and on >= MOSTLY * len(there)
        if not alone and not (_is_on(one.steps, one.x) and _is_off(one, rows)):
            continue  # a device, or a file, that counts otherwise; or rows that were put onto other times
        certain = alone or (one.kind == "measured" and last - first >= ROWS and (last - first) * dt >= LASTS)
        begins = one.kind == "command" and last * dt <= COMES  # a robot may be brought to where it is led from
        why = _of_steps(one, apart, rows, others)
        if why is not None and why.name == "offset" and first == 0 and last + 1 < one.group.n:
            first = last = last + 1  # from there on it has the zero that most rows have
        why = why or mixed_rows_of(one.x, one.steps, first, last)
        more = {} if why is not None else {"explained": 0.0, "numbers": {"step": one.steps.step}, "cases": _cases(one, first, last)}
        certain = certain and one.known and not begins and not (one.kind == "command" and _goes_at_one_pace(one, rows))
        yield Difference.over(
            one.group.t, (one.channel.name,), one.kind, (first, last), one.steps.step / 2.0, one.channel.unit, why or "computed",
            certain=certain, undone=0.0, stream=one.channel.topics[one.kind], limit=one.steps.near,
            weight=WEIGHT * len(apart), bound="encoder", **more,
        )  # fmt: skip


def _is_off(one: _Stepped, rows: slice) -> bool:
    """Whether a column is between its steps in nearly all of some rows in which it changes."""
    moves = np.diff(one.x, prepend=one.x[0])[rows] != 0.0
    return float((~one.steps.on[rows])[moves].mean()) > NEARLY


def _goes_at_one_pace(one: _Stepped, rows: slice) -> bool:
    """Whether a column goes on by one number from row to row, up or down, in most rows that are between its steps, and nowhere in the take
    by more: so does a device that lets no command change faster. Who draws a line, or lets one go on, cannot know that number."""
    paces = np.abs(np.diff(one.x, prepend=one.x[0]))
    there = paces[rows][~one.steps.on[rows]]
    pace, near = float(np.median(there)), 2.0 * one.steps.near
    return float((np.abs(there - pace) <= near).mean()) > MOSTLY and float(paces.max()) <= pace + near


def _of_steps(one: _Stepped, apart: np.ndarray, rows: slice, others: Sequence[_Stepped]) -> Explanation | None:
    """What the numbers (m,) of a part that are between steps tell by themselves: another zero, or steps of another column, or others."""
    if is_played(one.x, one.steps, rows.start, rows.stop - 1):
        return Explanation("backlash", "short", 1.0, {}, 1.0)
    if is_moved(apart, one.steps) and float(np.diff(one.steps.on[rows]).mean()) < COMES_BACK:
        return Explanation("offset", "values", 1.0, {}, 1.0)
    other = step_between(one.x[rows], one.steps.near)
    if other is not None and _is_mean(one, rows, one.steps.step / other):
        return Explanation("smoothed", "time", 1.0, {}, 1.0)
    if other is None or other < one.steps.step / COARSER:
        return None
    partner = next((x for kind, x in one.channel.columns.items() if kind in KINDS and kind != one.kind), one.x)
    for name, of in (("measurement_as_command", [steps_of(partner)]), ("copied", [o.steps for o in others])):
        if any(each is not None and abs(each.step - other) < ALIKE * other for each in of):
            return Explanation(name, "columns", 1.0, {}, 1.0)
    if other > COARSER * one.steps.step:
        return Explanation("quantised", "values", 1.0, {"step": other}, 1.0)
    return Explanation("factor", "values", 1.0, {"factor": other / one.steps.step}, 1.0)


def _is_mean(one: _Stepped, rows: slice, times: float) -> bool:
    """Whether a part on steps so many times as fine is a mean of as many rows, and no share of the column, which would leap there."""
    whole = round(times)
    if not 2 <= whole <= MEAN or abs(times - whole) > ALIKE * whole:
        return False
    leaps = np.abs(np.diff(one.x))
    about = np.arange(-WITHIN - 1, WITHIN)  # one of its rows at either end may be on a step by chance
    ends = np.unique(np.clip(np.concatenate([rows.start + about, rows.stop + about]), 0, len(leaps) - 1))
    return bool(leaps[ends].max() <= LEAPS * np.delete(leaps, ends).max(initial=0.0))


def _cases(one: _Stepped, first: int, last: int) -> tuple[Case, ...]:
    """A part beside where the command sends the joint, or beside where the joint goes."""
    if not set(KINDS) <= set(one.channel.columns):
        return ()
    lead = None if one.kind == "measured" else lead_of(one.channel, one.group.dt, first, last)
    truth = followed(one.group, one.channel) if one.kind == "measured" else None if lead is None else lead.places
    if truth is None:
        return ()
    rest = np.delete(one.x - truth, slice(first, last + 1))
    noise = float(np.std(rest)) if len(rest) else 0.0
    return (Case(one.x, truth, first, last, one.group.dt, noise, angle=one.channel.unit == "rad"),)


def _is_kept_near(one: _Stepped, rows: slice) -> bool:
    """Whether most new commands of some rows that are between steps are as far from where the joint was, by one number or two."""
    if "measured" not in one.channel.columns:
        return False
    c, q = one.x, one.channel.columns["measured"]
    at = np.arange(len(c))[rows][~one.steps.on[rows] & (np.diff(c, prepend=np.nan)[rows] != 0.0)]
    for late in range(-1, WITHIN + 1):
        _, counts = np.unique(
            np.round((c[at] - q[np.clip(at - late, 0, len(q) - 1)]) / (2.0 * one.steps.near)), return_counts=True
        )
        if len(at) > 2 * NUMBERS and np.sort(counts)[-2:].sum() > MOSTLY * len(at):
            return True
    return False


def with_computed(found: Sequence[Difference], parts: Sequence[Difference]) -> list[Difference]:
    """What a take contradicts itself in, and what of it was computed: that names column and rows, of which something else is the reason,
    or is sure."""
    before = found
    for part in parts:
        if any(d.kind == "rows" and d.certain and not d.of_all_columns and _is_of(d, part) for d in found):
            continue  # of both columns alike
        of = [d for d in found if d.kind != "rows" and _is_of(d, part)]
        if any(_is_longer(d, part) for d in of):
            continue  # by which the steps are others as well
        of = [d for d in of if len(d.channels) * MOSTLY <= len(part.channels)]
        part = replace(part, certain=part.certain or any(d.certain for d in of))
        if part.kind == "measured" and any(_is_written_there(d, part) for d in of):
            part = replace(part, name="measurement_as_command", explained=1.0, numbers={})  # the command is on steps of its own
        by_steps = part.name != "computed" and not part.cases
        reasons = [d for d in of if d.kind == part.kind and d.name is not None and _share(d, part, max) >= SAME]
        reasons = [d for d in reasons if _is_shaped(d) or (not by_steps and (d.certain or d.explained > SURE))]
        if reasons and (part.name == "computed" or any(d.certain for d in reasons)):
            why = max(reasons, key=lambda d: (d.certain, d.weight))
            rows = {word: getattr(part, word) for word in ("channels", "first", "last", "t0", "t1", "certain")}
            part = replace(why, **rows, weight=max(why.weight, part.weight))
        if part.name == "offset" and any(_is_wrap_in(d, part) for d in before):
            part = replace(part, name="wrap", numbers={})  # of other columns some rows are still on this side
        found = [*(d for d in found if not any(d is o for o in of)), part]
    return list(found)


def _is_shaped(one: Difference) -> bool:
    """Whether a difference has a reason that the steps do not speak against: an amount, a factor or a delay leaves numbers of its own."""
    return one.name is not None and one.name not in BY_ROWS and is_exact(one.name) and one.explained > SURE


def _is_longer(one: Difference, part: Difference) -> bool:
    """Whether a difference is sure, for such a reason, of more columns in all of the rows of a part."""
    more = set(part.channels) < set(one.channels) and one.first - WITHIN <= part.first and part.last <= one.last + WITHIN
    return one.certain and one.kind == part.kind and more and _is_shaped(one)


def _is_written_there(one: Difference, part: Difference) -> bool:
    """Whether command and measurement are one and the same in about the rows of a part of the latter."""
    return (one.kind, one.name) == ("command", "measurement_as_command") and _share(one, part, max) >= SAME


def _is_wrap_in(one: Difference, part: Difference) -> bool:
    """Whether a column goes on from the other end in some of the rows of a part of that kind."""
    inside = part.first <= one.first and one.last <= part.last
    return one.name == "wrap" and one.kind == part.kind and one.explained > SHAPED and inside


def _is_of(one: Difference, part: Difference) -> bool:
    return bool(set(one.channels) & set(part.channels)) and _share(one, part, min) >= SAME


def _share(one: Difference, other: Difference, of: Callable[[int, int], int]) -> float:
    """Of the shorter or the longer of two stretches of rows, that both have."""
    both = min(one.last, other.last) - max(one.first, other.first) + 1
    return both / (of(one.last - one.first, other.last - other.first) + 1)
