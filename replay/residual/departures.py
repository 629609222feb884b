"""A column of which something else says, row by row, what it should be: where it is another, by how much, and what would explain it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..signals.signal import runs
from .case import Case
from .difference import BY_ROWS, DENSE, JOIN, Difference
from .exchanged_part import MUTUAL, exchanged_mutually
from .hypotheses import ENOUGH, Explanation, best, compare

MANY = 40  # stretches of a column that are each asked for a reason: 40 ms each on 2,200 rows
CAP = 9.0  # a row's squared residual over its limit weighs no more than this, as in `blame`
ALIKE = 0.6  # of the longer of two stretches that they share, to be one
SAME_ROWS, SAME_SIZE = 0.95, 0.2  # of the longer of two offsets that they share, and of their size by which they differ, to be one
OF_ROWS = ("reordered", "repeated")  # what happens to rows, and not to a column of them
SHAPED = 0.98  # of the squared difference that a shape explains, which tells of the rows and columns that do not show it
SIGMAS = 4.0  # of the noise, beyond which a row departs
SEEN = 0.5  # of a limit: rows beside a departure belong to it where they depart by so much


@dataclass(frozen=True)
class WitnessedColumn:
    """A column beside what it should be.

    Attributes:
        name: as its stream spells it; kind: as of a `Difference`; topic: the device's channel.
        x, truth: (n,) recorded, and as it should be; t: (n,) [s].
        bad, sure: (n,) rows that depart, and those that depart so far that nothing but a recorder does it.
        limit, noise: in `unit`.
        others: name -> (n,) what other columns of its stream should be; partner: (n,) the command for a measurement, or the other way
            round.
        bound: of the limit, a word of `difference.SOURCES`, as of a `Difference`.
    """

    name: str
    kind: str
    unit: str
    topic: str
    t: np.ndarray
    x: np.ndarray
    truth: np.ndarray
    bad: np.ndarray
    sure: np.ndarray
    limit: float
    noise: float
    others: Mapping[str, np.ndarray] = field(default_factory=dict)
    partner: np.ndarray | None = None
    bound: str = ""


def departures(column: WitnessedColumn) -> list[Difference]:
    """Each stretch of rows in which a column is not what it should be; all from the first to the last, where most of it is wrong, where
    one reason has the shape of all of them, or where they are so many that a column which scatters would take minutes to be asked."""
    if not column.bad.any():
        return []
    apart = np.abs(column.x - column.truth)
    stretches = [_widened(apart > SEEN * column.limit, a, b) for a, b in joined(column.bad)]
    stretches = list(dict.fromkeys(stretches))
    first, last = min(a for a, _ in stretches), max(b for _, b in stretches)
    wrong = sum(b - a + 1 for a, b in stretches)
    if len(stretches) > 1 and (wrong >= DENSE * (last - first + 1) or len(stretches) > MANY):
        stretches = [(first, last)]
    for a, b in ((first, last), (0, len(column.t) - 1)) if len(stretches) > 1 else ():
        whole = _difference(column, apart, a, b)
        if has_a_shape(whole) and ((a, b) == (first, last) or whole.name not in OF_ROWS):  # rows in another order are so among all others
            return [whole]
    return [_as_long_as_it_departs(column, apart, _difference(column, apart, a, b)) for a, b in stretches]


def has_a_shape(one: Difference) -> bool:
    """Whether it is certain, and its reason leaves next to nothing, and is none that takes rows as they are recorded."""
    return one.certain and one.name is not None and one.name not in (*BY_ROWS, "quantised") and one.explained > SHAPED


def _as_long_as_it_departs(column: WitnessedColumn, apart: np.ndarray, one: Difference) -> Difference:
    """The same in all rows about it that depart beyond the noise, however little, where a reason has the shape of all of them."""
    first, last = next((a, b) for a, b in joined((apart > SIGMAS * column.noise) | _rows(one)) if a <= one.first <= b)
    if not one.certain or last - first <= one.last - one.first + JOIN:
        return one
    longer = _difference(column, apart, first, last)
    return longer if has_a_shape(longer) else one


def _rows(one: Difference) -> np.ndarray:
    out = np.zeros(one.rows, bool)
    out[one.first : one.last + 1] = True
    return out


def joined(bad: np.ndarray, near: int = JOIN) -> list[tuple[int, int]]:
    """First and last row of each stretch of rows that are wrong, those no more than `near` rows apart as one."""
    spans: list[tuple[int, int]] = []
    for first, last in runs(bad):
        if spans and first - spans[-1][1] <= near:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _widened(seen: np.ndarray, first: int, last: int) -> tuple[int, int]:
    """The rows of a stretch and next to it that are seen to depart; a moving mean names rows beside them, too."""
    low, high = max(0, first - JOIN), min(len(seen), last + JOIN + 1)
    rows = low + np.flatnonzero(seen[low:high])
    return (int(rows[0]), int(rows[-1])) if len(rows) else (first, last)


def _difference(column: WitnessedColumn, apart: np.ndarray, first: int, last: int) -> Difference:
    rows = slice(first, last + 1)
    dt, way = float(np.median(np.diff(column.t))), float(column.unit == "1")
    case = Case(column.x, column.truth, first, last, dt, column.noise, column.others, column.partner, way, column.unit == "rad")
    weight = float(np.minimum((apart[rows] / column.limit) ** 2, CAP).sum())
    size = float(apart[rows].max())
    return Difference.over(
        column.t, (column.name,), column.kind, (first, last), size, column.unit, best(case),
        certain=bool(column.sure[rows].any()) and size >= column.limit, stream=column.topic, limit=column.limit, weight=weight,
        cases=(case,), bound=column.bound,
    )  # fmt: skip


def together(found: Iterable[Difference]) -> list[Difference]:
    """Differences of several columns of one kind in about the same rows as one, by the reason that explains all of them; where one of
    them is another's column, all of them were exchanged."""
    groups: list[list[Difference]] = []
    for one in sorted(found, key=lambda d: -d.weight):
        for group in groups:
            first, last = min(d.first for d in group), max(d.last for d in group)
            over = min(one.last, last) - max(one.first, first) + 1
            same = all(of(one) == of(group[0]) for of in (lambda d: d.kind, lambda d: d.unit, lambda d: d.family == "body", _as_late))
            if same and over >= ALIKE * (max(one.last - one.first, last - first) + 1):
                group.append(one)
                break
        else:
            groups.append([one])
    return [_one(group) if len(group) > 1 else group[0] for group in groups]


def of_one_stream(found: Sequence[Difference]) -> list[Difference]:
    """The same, as one where torques or speeds of several joints and hands are of other rows, since the row of a recorder holds them all;
    where two columns of different groups are each other's; and where several columns of a device are off by one amount in the same
    rows, whichever of command and measurement is blamed."""
    found = _by_shared_reasons(found)
    pair = exchanged_mutually([d for d in found if d.certain and len(d.channels) == 1 and d.kind in ("command", "measured")])
    if pair is not None:  # of two groups, as an arm and a head are
        found = [*(d for d in found if d not in pair), _one(pair)]
    out: list[Difference] = []
    for one in sorted(found, key=lambda d: (not d.certain, d.name not in OF_ROWS, -len(d.channels))):
        lead = next((k for k, other in enumerate(out) if _with(other, one) or _as_much(other, one)), None)
        if lead is None:
            out.append(one)
        else:
            more = (*out[lead].channels, *one.channels)
            out[lead] = replace(out[lead], channels=tuple(dict.fromkeys(more)), weight=out[lead].weight + one.weight)
    return out


def _by_shared_reasons(found: Sequence[Difference]) -> list[Difference]:
    """The same, as one where one reason explains columns of one kind in the same rows, or in some of them: a hand shows it of its arm,
    torques of others, and columns that stand look as after an offset whatever happened to all of them."""
    out, rest = list[Difference](), sorted(found, key=lambda d: (not d.certain, d.first - d.last))
    while rest:
        lead, *rest = rest
        within = [one for one in rest if _may_share(lead, one)]
        shared = best(*(case for one in (lead, *within) for case in one.cases)) if within else None
        if shared is not None and _is_explained(lead, shared):
            within = [one for one in within if _is_explained(one, shared)]
            within = within if any(one.name != shared.name for one in (lead, *within)) else []  # each of which is known by itself
            lead = _one([lead, *within]) if within else lead
            rest = [one for one in rest if not any(one is other for other in within)]
        out.append(lead)
    return out


def _may_share(lead: Difference, one: Difference) -> bool:
    alike = lead.certain and one.certain and (lead.kind, lead.unit) == (one.kind, one.unit) and not set(lead.channels) & set(one.channels)
    return alike and bool(lead.cases and one.cases) and lead.first - JOIN <= one.first and one.last <= lead.last + JOIN


def _is_explained(one: Difference, why: Explanation) -> bool:
    """Whether each of its columns is."""
    return all(any(e.name == why.name and e.explained >= ENOUGH for e in compare(case)) for case in one.cases)


def _with(lead: Difference, one: Difference) -> bool:
    if not (lead.certain and lead.kind == one.kind and lead.kind in ("effort", "velocity") and lead.name in OF_ROWS):
        return False
    return min(lead.last, one.last) - max(lead.first, one.first) + 1 >= ALIKE * (one.last - one.first + 1)


def _as_much(lead: Difference, one: Difference) -> bool:
    """Whether both are the same offset in the same rows: a command that is higher looks like a measurement that is lower."""
    if not (lead.certain and one.certain and lead.name == one.name == "offset" and lead.unit == one.unit):
        return False
    by, other = (d.numbers.get("by") for d in (lead, one))
    if not (isinstance(by, float) and isinstance(other, float)) or {lead.kind, one.kind} - {"command", "measured"}:
        return False
    other = other if lead.kind == one.kind else -other
    over = min(lead.last, one.last) - max(lead.first, one.first) + 1
    return over >= SAME_ROWS * (max(lead.last - lead.first, one.last - one.first) + 1) and abs(by - other) <= SAME_SIZE * abs(by)


def _count_of(name: str | None, group: Sequence[Difference]) -> int:
    """How many columns have this reason."""
    return sum(len(one.channels) for one in group if one.name == name)


def is_any_line(one: Difference) -> bool:
    """Whether its reason is a factor and a zero, which is none of columns that share it not: see `hypotheses`."""
    return one.name == "factor" and "by" in one.numbers


def _as_late(one: Difference) -> bool:
    """Whether it is one of columns that are late, which are not all of them for the same reason: those that no servo explains."""
    return one.unit == "s" and one.certain


def _one(group: Sequence[Difference]) -> Difference:
    cases = tuple(case for one in group for case in one.cases)
    shared = best(*cases) if all(one.cases for one in group) and group[0].family != "body" else None
    reasons = [one for one in group if one.name is not None and not is_any_line(one)]
    unknown = replace(group[0], name=None, explained=0.0, numbers={})
    named = max(reasons, key=lambda one: (one.name not in BY_ROWS, _count_of(one.name, group), one.explained), default=unknown)
    why = next((one for one in group if one.name == "copied"), shared or _beyond_all_along(group) or named)
    if why.name != "copied" and (pair := exchanged_mutually(group)) is not None:
        group = [*pair, *(one for one in group if one not in pair)]
        cases = tuple(case for one in group for case in one.cases)
        why = replace(pair[0], name="copied", explained=MUTUAL, numbers={"other": pair[1].channels[0]})
    return replace(
        group[0], name=why.name, explained=why.explained, numbers=dict(why.numbers), cases=cases,
        channels=tuple(dict.fromkeys(name for one in group for name in one.channels)), size=max(one.size for one in group),
        first=min(one.first for one in group), last=max(one.last for one in group), t0=min(one.t0 for one in group),
        t1=max(one.t1 for one in group), certain=any(one.certain for one in group), weight=sum(one.weight for one in group),
    )  # fmt: skip


def _beyond_all_along(group: Sequence[Difference]) -> Difference | None:
    """The column that shows a wrap or an end, where the others stand or have an offset alone: so they look beyond it in all rows."""
    shaped = [one for one in group if one.name in ("wrap", "clipped") and one.explained > SHAPED]
    if not shaped or any(one.name not in ("offset", "held_value", "held", *(d.name for d in shaped)) for one in group):
        return None
    return max(shaped, key=lambda one: one.weight)


def rows_of(found: Iterable[Difference], n: int) -> np.ndarray:
    """(n,) rows that any of these differences is about, and those beside them."""
    out = np.zeros(n, bool)
    for one in found:
        out[max(0, one.first - JOIN) : one.last + JOIN + 1] = True
    return out
