"""An own episode keeps its full state at each whole second beside its table, in float64: a witness of columns and of rows.

- Which number of the state a column is, the take itself shows: at one whole second after the other the two are the same float32.
- Rows that are lost, too many, turned or another take's: from there on a state stands beside another row than its own.
- A column that is another one there, while the rest of its row is right, was written otherwise. That goes for poses of things as well.

Commands are in the state of the step after them, one beside the other. Shares of a hand's way are a number of the state times a factor that
all hands have. Torques and forces are in no state, and speeds of a base in another frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..recording.recording import Recording, Stream
from ..signals.clock import topic
from .case import Case, way_of
from .difference import BETTER, LEAP, Difference
from .exchanged_part import MUTUAL, left_exchanged
from .hypotheses import Explanation, best

# how a difference calls the columns of a feature; those of no such feature tell of things
COLUMN_OF = {"state": "measured", "velocity": "velocity", "effort": "effort", "base": "base", "wrench": "wrench", "touch": "touch"}
HEARD = ("command", "measured", "velocity")
PLACES = ("measured", "pose")  # kinds that stand as they are in the state, also where they do not move
AXES = ("x", "y", "z", "qw", "qx", "qy", "qz")
SAME = 0.9  # of the rows of a stretch, in which a command is the measurement
SHARE, HANDS, CLEARLY = 1e-4, 2, 1.2  # of the largest share, that the factor leaves; columns that have it; times as often as any other
ASKED = (1.0, 0.8, 0.6, 0.4)  # of the values of a share in their order, of which the factor is asked
SAMPLE = 48  # states, from twice as many on of which not every one is asked which number is which column
SECONDS, VALUES, UNIT = 4, 3, 1e-5  # states at the least; values that a column shares with a number of them; of the length of an attitude
FIGURES = 0xFFF  # bits of a float32 that are zero in round numbers
HERE, ELSEWHERE = 0.5, 0.2  # of the columns that move: as many are those of a state in its row, and in a row of something else
FINE, LIES = 1e-6, 1e-6  # of what float32 keeps; m, or of an attitude: a thing in one pose a whole second later has not moved
COLUMNS = 3  # that move, at the least
# by which a column is another one: float32 keeps 1e-6
OTHERWISE = {"rad": 1e-3, "m": 1e-3, "1": 1e-3, "rad/s": 1e-2, "m/s": 1e-2, "%": 0.5, "%/s": 5.0}
CONFIRMED = 2  # states that stand beside another row by the same number
REASONED = 3  # whole seconds, of which a reason is given
LATEST, PARTS = 45, 10  # rows by which a column is asked to be late or early; parts of a row
MOMENTS, TWICE = 0.97, 0.9999  # of the squared difference that another moment or a low-pass explains; where two seconds alone tell
# reasons that each row tells by itself: those of successive rows are not seen once a second
BY_ROW = frozenset(("offset", "drift", "factor", "mirrored", "clipped", "quantised", "wrap", "held_value", "copied"))


@dataclass(frozen=True)
class StateColumn:
    """A column of a take: its kind as of a `Difference`, name, unit, stream, and (n,) float32 values as of the step of each row."""

    kind: str
    name: str
    unit: str
    stream: str
    x: np.ndarray


@dataclass(frozen=True)
class StatesBeside:
    """What the full states of a take show.

    Attributes:
        moved: the rows that are not where they were, None where all are; within: (first, last) of them that are shown to be others.
        lost: rows that are missing (negative: too many), None where another take goes on to the end.
        columns: those that are others in their rows.
        right: (kind, name) -> (n,) rows in which a column is shown to be the one that was recorded.
    """

    moved: Difference | None = None
    within: tuple[int, int] = (0, 0)
    lost: int | None = 0
    columns: tuple[Difference, ...] = ()
    right: dict[tuple[str, str], np.ndarray] | None = None


def states_beside(recording: Recording) -> StatesBeside:
    """What the full states of an own episode say of its rows and columns; nothing of a take without them."""
    episode = recording.episode
    n = 0 if episode is None else episode.n_steps
    steps = [] if episode is None else sorted(k for k in episode.checkpoints if k < n)
    columns = [c for stream in recording.streams.values() for c in _columns_of(stream, n)]
    if episode is None or len(steps) < SECONDS or len(columns) < COLUMNS:
        return StatesBeside()
    k, states = np.array(steps), np.array([episode.checkpoints[step] for step in steps]).astype(np.float32)
    x = np.stack([c.x for c in columns]).T  # a column lies in one piece
    places = np.array([c.kind in PLACES for c in columns])
    number = _numbers(x, states, k, places)
    if 2 * int((number >= 0).sum()) < len(columns):  # rows may be lost at once
        number = np.maximum(number, _numbers_anywhere(x, states))
    speeds = [s for c, s in zip(columns, number) if c.kind == "velocity" and s >= 0]
    number[places & (number >= min(speeds, default=0))] = -1  # of a state, positions come before speeds, and what rules keep behind both
    known = np.flatnonzero(number >= 0)
    moves = known[(np.diff(np.sort(states[:, number[known]], axis=0), axis=0) > 0.0).sum(axis=0) >= VALUES - 1]
    if len(moves) < COLUMNS:
        return StatesBeside()
    t, moving, there = np.arange(n) * episode.control_timestep, x[:, moves], states[:, number[moves]]
    place, share = _places(moving, there, k)
    moved, within, lost = _moved(t, [columns[c] for c in moves], moving, there, k, place, share)
    here = (share >= HERE) & (place == k)
    right: dict[tuple[str, str], np.ndarray] = {}
    wrong: list[Difference] = []
    if here.sum() > 1:
        number = _with_commands(columns, number, episode.action_names)
        number, factor = _with_shares(columns, x[k[here]], states[here], number)
        right, wrong = _compared(t, columns, states[here], k[here], number, factor)
    return StatesBeside(moved, within, lost, tuple(wrong), right)


def _columns_of(stream: Stream, n: int) -> Iterator[StateColumn]:
    feature = str(stream.meta.get("field", "")).removeprefix("observation.")
    kind = "command" if stream.role == "command" else COLUMN_OF.get(feature, "pose")
    if kind not in (*HEARD, "pose") or stream.n != n or stream.values.dtype.kind != "f" or stream.values.ndim != 2:
        return
    units = stream.unit.split()
    values = stream.values.astype(np.float32)
    if kind == "command":  # a state holds what was commanded in the step before it
        values = np.concatenate([np.full_like(values[:1], np.nan), values[:-1]])
    of = topic(stream)
    for j, name in enumerate(stream.names):
        yield StateColumn(kind, name, units[j] if len(units) == len(stream.names) else stream.unit, of, values[:, j])


def _numbers(x: np.ndarray, states: np.ndarray, k: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(c,) which number of the states (K, m) of rows k each column x (n, c) is; -1 where none.

    Args:
        places: (c,) columns of which values of many figures tell as well where they stand. Of others those tell that they have for one row
            alone: a command that is carried out later is what it was where it rests.
    """
    some = np.flatnonzero(states.any(axis=0))  # most numbers of a state are nought
    if not len(some):
        return np.full(x.shape[1], -1)
    hits = np.zeros((x.shape[1], len(some)), np.uint8)  # of less than twice `SAMPLE`
    sample = slice(None, None, 1 + len(k) // SAMPLE)
    for row, state in zip(x[k[sample]], states[sample][:, some]):
        hits += row[:, None] == state
    number, here = some[hits.argmax(axis=1)], x[k]
    same = here == states[:, number]
    moves = same & (here != x[np.maximum(k - 1, 0)]) & (here != x[np.minimum(k + 1, len(x) - 1)])
    enough, mostly = moves.sum(axis=0) >= VALUES, places & (same.sum(axis=0) >= max(VALUES, len(k) // 2))
    out = np.full(len(number), -1)
    for c in np.flatnonzero(enough | mostly).tolist():
        several = enough[c] and len(set(here[moves[:, c], c].tolist())) >= VALUES
        if several or (mostly[c] and bool((here[same[:, c], c].view(np.uint32) & FIGURES).any())):
            out[c] = number[c]
    return out


def _numbers_anywhere(x: np.ndarray, states: np.ndarray) -> np.ndarray:
    """The same by values that stand in any row of x (n, c)."""
    out = np.full(x.shape[1], -1)
    moving = np.flatnonzero(np.ptp(states, axis=0) > 0.0)
    for c in range(x.shape[1]):
        hits = np.isin(states[:, moving], x[:, c])
        s = int(hits.sum(axis=0).argmax())
        if len(np.unique(states[hits[:, s], moving[s]])) >= VALUES and 2 * hits[:, s].sum() > len(states):
            out[c] = moving[s]
    return out


def _places(x: np.ndarray, states: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K,) the row of each state, NaN where it is in none; and the share of columns that have it in its own. x: (n, c), states: (K, c)."""
    here = (x[k] == states).mean(axis=1)
    place, by = k.astype(float), 0
    for i, row in enumerate(k):
        if here[i] == 1.0 and by == 0:
            continue
        alike = (x == states[i]).mean(axis=1)
        most = float(alike.max())
        rows = np.flatnonzero(alike >= most)
        if most >= HERE:  # of rows in which all stands as it does here the one that the states before it were beside
            place[i] = rows[np.abs(rows - row - by).argmin()]
            by = int(place[i]) - row
        elif here[i] < ELSEWHERE:
            place[i] = np.nan
    return place, here


def _moved(
    t: np.ndarray, columns: Sequence[StateColumn], x: np.ndarray, states: np.ndarray, k: np.ndarray, place: np.ndarray,
    share: np.ndarray,
) -> tuple[Difference | None, tuple[int, int], int | None]:
    """The rows that are not where they were, those that are shown to be others, and how many are lost; x (n, c), states (K, c) of these
    columns."""
    wrong = np.flatnonzero(place != k)
    if not len(wrong):
        return None, (0, 0), 0
    lost_rows: int | None = 0
    first, last, off = int(wrong[0]), int(wrong[-1]), place - k
    there = off[first:][np.isfinite(off[first:])]
    known = np.flatnonzero(share[:first] == share.max())
    before, within = int(k[known[-1]]) if len(known) else 0, (int(k[first]), int(k[last]))
    while before > 0 and np.array_equal(x[before], x[before - 1]):  # of rows in which all stands, nobody can tell which is which
        before -= 1
    again = share[last + 1 :] == share.max()  # what stands is where it was, in any take
    if again.any() and not _goes(columns, np.nan_to_num(np.abs(x[k[wrong]] - states[wrong])).max(axis=0)):
        return None, (0, 0), 0  # at rest rows look alike, and in another unit even speeds do
    if again.any():  # and then all is well again
        rows = (before, int(k[last + 1 + int(again.argmax())]))
        name = "cut" if np.isnan(off[first : last + 1]).all() else "reordered"
    elif np.isnan(off[-1]) or last < len(k) - 1:
        rows, name, lost_rows = (before, int(k[first])), "cut", None
    else:
        lost_rows = -int(off[-1])
        steps = np.diff(np.concatenate([[0.0], there]))
        name = "cut" if (steps <= 0.0).all() else "repeated" if (steps >= 0.0).all() else "reordered"
        even = np.abs(place - k * (place[-1] / k[-1])) <= 1.0
        if name != "reordered" and first <= 1 and len(there) > 2 and even.all() and abs(there[-1] - there[0]) > 1.0:
            return None, (0, 0), 0  # another rate
        settled = len(off) - int((off[::-1] == off[-1]).argmin() or len(off))
        rows = (min(before, int(place[settled])), max(before, int(place[settled])))
        if name == "reordered":
            rows, lost_rows = (before, len(t) - 1), 0
        elif len(off) - settled < CONFIRMED:
            lost_rows = None
    apart = np.nan_to_num(np.abs(x[k[wrong]] - states[wrong])).max(axis=0)
    joints = [j for j, c in enumerate(columns) if c.kind in ("measured", "command")] or list(range(len(columns)))
    size = float(max(apart[j] for j in joints))
    names = tuple(dict.fromkeys(columns[j].name for j in joints if apart[j] > min(LEAP, size / 2.0)))
    numbers = {} if not lost_rows else {"lost": float(lost_rows)} if lost_rows > 0 else {"more": float(-lost_rows)}
    moved = Difference.over(
        t, names, "rows", rows, size, columns[joints[0]].unit, name, certain=True, limit=min(LEAP, size), numbers=numbers, weight=1e9,
    )  # fmt: skip
    return moved, within, lost_rows


def _goes(columns: Sequence[StateColumn], apart: np.ndarray) -> bool:
    """Whether any column but a speed, which may count in another unit, is elsewhere by more than rounding; apart: (c,)."""
    return any(by > OTHERWISE.get(c.unit, 0.0) for c, by in zip(columns, apart) if c.kind != "velocity")


def _with_commands(columns: Sequence[StateColumn], number: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The same numbers, with those of all commands where some show where they begin: they are in the order of their names."""
    out = number.copy()
    at = {c: names.index(one.name) for c, one in enumerate(columns) if one.kind == "command" and one.name in names}
    begins = {int(number[c]) - i for c, i in at.items() if number[c] >= 0}
    if len(begins) == 1 and sum(number[c] >= 0 for c in at) >= COLUMNS:
        out[list(at)] = next(iter(begins)) + np.array(list(at.values()))
    return out


def _with_shares(
    columns: Sequence[StateColumn], x: np.ndarray, states: np.ndarray, number: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The same numbers, with those of measured shares and their speeds; and by what each number of the state is multiplied. x: (K, c),
    states: (K, m). A speed stands behind its position as those of all joints do."""
    out, factor = number.copy(), np.ones(len(number))
    at = {(c.kind, c.name): i for i, c in enumerate(columns)}
    pairs = [(i, at["velocity", name]) for (kind, name), i in at.items() if kind == "measured" and ("velocity", name) in at]
    behind = {int(number[j] - number[i]) for i, j in pairs if number[i] >= 0 and number[j] >= 0}
    shares = {i: j for i, j in pairs if columns[i].unit == "%"}
    of: dict[int, int] = {}
    ratios: list[float] = []

    some = np.flatnonzero(states.any(axis=0))
    part = states[:, some]

    def held(c: int, ratio: np.ndarray | float, of: np.ndarray) -> np.ndarray:
        """(K, m) where a column is that share of numbers of the states (K, m), and not nought."""
        return (np.abs(x[:, c : c + 1] - ratio * of) <= SHARE * np.abs(x[:, c]).max()) & (of != 0.0)

    for i, j in shares.items() if len(behind) == 1 and len(some) else ():
        order, found = np.argsort(np.abs(x[:, i])), (0, -1)
        asked = sorted({int(order[round(share * (len(order) - 1))]) for share in ASKED})
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = x[asked, i : i + 1].astype(float) / part[asked]
            for one in ratio:
                same = held(i, one, part)
                s = int(same.sum(axis=0).argmax())
                if len(np.unique(part[same[:, s], s])) > VALUES:
                    found = max(found, (int(same[:, s].sum()), s))
        if found[0]:
            number_of = int(some[found[1]])
            of |= {i: number_of, j: number_of + next(iter(behind))}
            ratios += [float(one) for one in ratio[:, found[1]] if np.isfinite(one)]
    tried = np.array(ratios, np.float32)
    support = np.array([held(c, tried, states[:, [s]]).sum(axis=0) for c, s in of.items()]).T.tolist()
    best = max(range(len(ratios)), key=lambda i: sum(support[i]), default=-1)
    others = [sum(each) for each, one in zip(support, ratios) if abs(one / ratios[best] - 1.0) > SHARE]
    if support and sum(count > VALUES for count in support[best]) >= HANDS and sum(support[best]) > CLEARLY * max(others, default=0):
        usual = ratios[best]
        for c, s in of.items():
            out[c], factor[c] = s, usual
    return out, factor


def _poses(columns: Sequence[StateColumn], states: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, list[slice]]:
    """The same numbers, with those of a pose of which some show where the others are: seven numbers of the state, one after the other, four
    of them a turn; and the columns of each such pose."""
    out, poses = number.copy(), []
    ends = [one.name.rpartition(".")[2] for one in columns]
    for c in range(len(columns) - len(AXES) + 1):
        part = slice(c, c + len(AXES))
        if tuple(ends[part]) == AXES:
            begins = [int(s) - j for j, s in enumerate(number[part]) if s >= 0]
            turns = states[:, begins[0] + 3 : begins[0] + 7] if len(set(begins)) == 1 else np.zeros((1, 4))
            if (np.abs(np.linalg.norm(turns, axis=1) - 1.0) < UNIT).all():
                out[part] = begins[0] + np.arange(len(AXES))
                poses.append(part)
    return out, poses


def _at_rest(poses: Sequence[slice], states: np.ndarray, k: np.ndarray, number: np.ndarray, n: int) -> dict[int, np.ndarray]:
    """Column of a pose -> (n,) rows in which its thing lies still: between two states that have it in one pose."""
    out: dict[int, np.ndarray] = {}
    for part in poses:
        rest = np.zeros(n, bool)
        still = np.abs(np.diff(states[:, number[part]], axis=0)).max(axis=1) <= LIES
        for first, last in zip(k[:-1][still], k[1:][still]):
            rest[first : last + 1] = True
        out |= dict.fromkeys(range(part.start, part.stop), rest)
    return out


def _compared(
    t: np.ndarray, columns: Sequence[StateColumn], states: np.ndarray, k: np.ndarray, number: np.ndarray, factor: np.ndarray
) -> tuple[dict[tuple[str, str], np.ndarray], list[Difference]]:
    """Rows in which columns are as they were recorded; and those that are not, each stream's together. states: (K, m) of rows k."""
    right: dict[tuple[str, str], np.ndarray] = {}
    wrong: dict[str, list[tuple[StateColumn, Case, int, int]]] = {}
    beside: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}
    number, poses = _poses(columns, states, number)
    rest = _at_rest(poses, states, k, number, len(t))
    known = [j for j, s in enumerate(number) if s >= 0]
    named = [(columns[j].kind, columns[j].name) for j in known]
    every_x = np.stack([columns[j].x[k] for j in known]).astype(float) if known else np.zeros((0, len(k)))
    every_truth = factor[known, None] * states[:, number[known]].T.astype(float)
    truths = dict(zip(named, every_truth))
    elsewhere = np.abs(every_x - every_truth) > np.array([OTHERWISE.get(columns[j].unit, np.inf) for j in known])[:, None]
    sound = ~elsewhere & np.isfinite(every_x)
    for j, x, truth, apart, fine in zip(known, every_x, every_truth, elsewhere, sound):
        c = columns[j]
        if c.unit not in OTHERWISE:
            continue
        at = k - 1 if c.kind == "command" else k
        right[c.kind, c.name] = at[fine]
        if j not in rest and not apart.any():
            continue
        every, all_rows = c.x.astype(float), np.interp(np.arange(len(t)), k, truth)
        lies = rest.get(j, np.zeros(len(t), bool)) & (np.abs(every - all_rows) > OTHERWISE[c.unit])
        lies[at[apart]] = True
        if not lies.any():
            continue
        rows = np.flatnonzero(lies)
        first, last = int(rows[0]), int(rows[-1])
        others = {name: y for (kind, name), y in truths.items() if kind == c.kind and name != c.name}
        way = way_of(c.unit, c.x)
        if j in rest and rest[j][first : last + 1].all():
            others = {name: np.interp(np.arange(len(t)), k, y) for name, y in others.items()}
            case = Case(every, all_rows, first, last, float(t[1] - t[0]), FINE, others, way=way)
        else:
            bad = np.flatnonzero(apart)
            case = Case(x, truth, int(bad[0]), int(bad[-1]), float(np.median(np.diff(t[k]))), FINE, others, way=way)
        wrong.setdefault(c.stream, []).append((c, case, first, last))
        beside.setdefault(c.stream, []).append((every, k[apart], truth[apart]))
    measured = {c.name: c.x for c in columns if c.kind == "measured"}
    found = []
    for stream, of in wrong.items():
        cases = [case for _, case, _, _ in of]
        why = best(*cases) if max(case.n for case in cases) >= REASONED else None
        why = why if why is not None and why.name in BY_ROW else None
        moment = _of_other_moments(beside[stream], float(t[1] - t[0]))
        why = moment if moment is not None and (why is None or 1.0 - moment.explained < BETTER * (1.0 - why.explained)) else why
        if all(_is_measurement(c, measured.get(c.name), first, last) for c, _, first, last in of):
            why = Explanation("measurement_as_command", "values", 0.0, {}, 1.0)
        other = next((b[0].name for a, b in combinations(of, 2) if max(left_exchanged(a[1], b[1])) < 1.0 - MUTUAL), None)
        why = why if other is None else Explanation("copied", "columns", 1.0, {"other": other}, MUTUAL)
        span = min(first for *_, first, _ in of), max(last for *_, last in of)
        sizes = [float(np.abs(case.x - case.truth)[case.span].max()) for case in cases]
        worst = int(np.argmax([size / OTHERWISE[c.unit] for size, (c, *_) in zip(sizes, of)]))
        one = of[worst][0]
        found.append(Difference.over(
            t, tuple(c.name for c, *_ in of), one.kind, span, sizes[worst], one.unit, why, certain=True, stream=stream,
            limit=OTHERWISE[one.unit], weight=(sizes[worst] / OTHERWISE[one.unit]) ** 2 * (span[1] - span[0] + 1), bound="state",
        ))  # fmt: skip
    return right, found


def _is_measurement(column: StateColumn, measured: np.ndarray | None, first: int, last: int) -> bool:
    """Whether a command is what was measured in these rows, or in the next ones, to the bit, while the joint goes. The command of a row
    stands in the next one here."""
    if column.kind != "command" or measured is None or not np.ptp(measured[first : last + 1]):
        return False
    rows = np.arange(max(first, 1), last + 1)
    return any((column.x[rows] == measured[np.clip(rows - 1 + later, 0, None)]).mean() > SAME for later in (0, 1))


Beside = tuple[np.ndarray, np.ndarray, np.ndarray]  # a column (n,), rows of states that it differs from, and what it should be there


def _of_other_moments(of: Sequence[Beside], dt: float) -> Explanation | None:
    """Why columns are others in some whole seconds, if the rows beside these tell: what a state holds stands so many rows later or earlier,
    or comes out where a first-order low-pass is undone."""
    of = [one for one in of if len(one[1])]
    if not of:
        return None
    whole = min((_as_late(of, float(late), dt) for late in range(-LATEST, LATEST + 1) if late), key=lambda one: one[0])
    found = [whole, _as_smoothed(of, dt)]
    if (late := whole[2].numbers.get("rows")) is not None:
        found += [_as_late(of, float(late) + part / PARTS, dt) for part in range(1 - PARTS, PARTS)]
    left, many, why = min(found, key=lambda one: one[0])
    return why if 1.0 - left > (MOMENTS if many >= REASONED else TWICE if many > 1 else 1.0) else None


def _as_late(of: Sequence[Beside], late: float, dt: float) -> tuple[float, int, Explanation]:
    """The share of the squared difference that is left if all columns are so many rows late; the seconds that tell, and the reason. What is
    late stands beyond the last row in question, of which nothing is known."""
    first, last = min(int(k[0]) for _, k, _ in of), max(int(k[-1]) for _, k, _ in of)
    before = after = 0.0
    used = set[int]()
    for x, k, truth in of:
        inside = (k + late >= first) & (k + late <= last)
        at, meant = k[inside] + late, truth[inside]
        before += float(((x[k[inside]] - meant) ** 2).sum())
        after += float(((np.interp(at, np.arange(len(x)), x) - meant) ** 2).sum())
        used |= set(k[inside].tolist())
    left = after / before if late and before > 0.0 else 1.0
    return left, len(used), Explanation("lag", "time", 1.0, {"rows": late, "late": late * dt}, 1.0 - left)


def _as_smoothed(of: Sequence[Beside], dt: float) -> tuple[float, int, Explanation]:
    """The same of a first-order low-pass: what went into it is so many times each step before the row before it."""
    after = [(x[k] - x[k - 1], truth - x[k - 1], x[k] - truth) for x, k, truth in ((x, k[k > 0], truth[k > 0]) for x, k, truth in of)]
    power, way = sum(float((step**2).sum()) for step, _, _ in after), sum(float((step * due).sum()) for step, due, _ in after)
    times = way / power if power > 0.0 else 0.0
    left, seconds = 1.0, 0.0
    if times > 1.0:
        left = sum(float(((due - times * step) ** 2).sum()) for step, due, _ in after) / sum(float((by**2).sum()) for _, _, by in after)
        seconds = -dt / float(np.log1p(-1.0 / times))
    many = len({row for _, k, _ in of for row in k.tolist()})
    return left, many, Explanation("smoothed", "time", 1.0, {"seconds": seconds}, 1.0 - left)
