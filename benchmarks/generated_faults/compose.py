"""A fault is drawn: an operation, columns, a span and a size; sometimes a second one elsewhere. The same seed draws the same.

Sizes are drawn evenly on a logarithmic scale about the limits of `limits`, most of them above. What comes of it is measured: a
fault that changes nothing is drawn again, and whether one exceeds the limits is decided by what it changed.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from .limits import PEAKS, exceeds, limit_of
from .operations import OPERATIONS, ROWS, Operation
from .orders import of_rows
from .patch import Patch, UnfitError
from .sources import TIME, SourceColumn, SourceSet, SourceTake

OWN, ORDINARY, REAL = "own", "ordinary", "real"
KINDS = (OWN, ORDINARY, REAL)
UNSEEN = ("observation.environment_state", "observation.hand_pose", "observation.touch", "observation.wrench")
ABOVE = 0.85  # of what is drawn is sought above the limits
SECOND = 0.15  # have a second fault
EVEN = 1e-5  # of the largest change, within which all changes are one
OTHERS = "another take's"  # operations that take from one; where it is not beside the faulty take, nothing shows it
TRIES = 30  # of columns, span and size of one operation, before another one is drawn
ANOTHER = 40  # operations are drawn at most
LEAST = 0.05  # of the limit: a fault that changes less is none
LARGEST = 8.0  # limits
SMALLEST = 0.2  # limits
SHORTEST, LONGEST = 0.3, 0.6  # s, and of the take
MOVES = 0.1  # m, least motion of a thing before its pose is changed in an ordinary set: nobody knows where a thing at rest stood

Tables = dict[str, np.ndarray]


@dataclass(frozen=True)
class FaultPart:
    """What was done, as it is written down and scored.

    Attributes:
        operation, family, beyond, unit: of the record.
        group: of its columns; `all` where every row was moved.
        feature, columns, joints: where it was put; the names as the set writes them, and as its mapping calls them.
        broad: it takes half of the feature's columns of its group, or more, so that naming the feature names it.
        t0, t1: of what changed [s], by the clock of the set that was written.
        whole: it takes four fifths of the take, or more.
        first, last: rows of the clean take.
        size: in the operation's unit.
        peak: largest change of a column (of a largest step at a seam), in `peak_unit`.
        rows: that were changed.
        above: it exceeds the limits; excess: `peak` by its limit.
        even: each column is off by one amount of its own in the same successive rows, whatever made it.
    """

    operation: str
    family: str
    beyond: bool
    group: str
    feature: str
    columns: tuple[str, ...]
    joints: tuple[str, ...]
    broad: bool
    t0: float
    t1: float
    whole: bool
    first: int
    last: int
    size: float
    unit: str
    peak: float
    peak_unit: str
    rows: int
    above: bool
    excess: float
    even: bool = False


@dataclass(frozen=True, eq=False)
class DrawnFault:
    """A faulty take: its tables and names, and what was done to it."""

    seed: int
    kind: str
    source: SourceSet
    take: SourceTake
    seen: tuple[str, ...]
    company: tuple[int, ...]
    parts: tuple[FaultPart, ...]
    tables: Tables = field(repr=False)
    names: dict[str, tuple[str, ...]] = field(repr=False)

    @property
    def above(self) -> bool:
        """Whether any part exceeds the limits."""
        return any(part.above for part in self.parts)


def rng_of(seed: int, kind: str, source: SourceSet) -> np.random.Generator:
    """What decides a fault."""
    return np.random.default_rng([seed, zlib.crc32(kind.encode()), zlib.crc32(source.name.encode())])


def draw_fault(seed: int, kind: str, source: SourceSet, operations: Collection[Operation] = OPERATIONS) -> DrawnFault:
    """A fault by its seed.

    Args:
        kind: `own` (with our files beside it), `ordinary` (without), `real`.
        operations: that are drawn from.

    Raises:
        UnfitError: nothing of it can be put into this source.
    """
    rng = rng_of(seed, kind, source)
    take = source.takes[int(rng.integers(len(source.takes)))]
    poses = kind == OWN or bool(rng.random() < 0.5)
    seen = tuple(name for name in take.tables if poses or name not in UNSEEN)
    others = [k for k in range(len(source.takes)) if k != take.index]
    company = tuple(sorted(int(k) for k in rng.permutation(others)[:5])) if rng.random() < 0.5 else ()
    tables, names = dict(take.tables), dict(source.names)
    parts: list[FaultPart] = []
    second = rng.random() < SECOND
    for _ in range(1 + second):
        one, tables, names = _drawn(rng, kind, source, take, tables, names, seen, operations, parts)
        parts.append(one)
    other = _other(source, take)
    alone = other is not None and other.index not in company
    known = tuple(replace(one, beyond=True) if alone and one.operation.startswith(OTHERS) else one for one in parts)
    return DrawnFault(seed, kind, source, take, seen, company, known, tables, names)


def _drawn(
    rng: np.random.Generator,
    kind: str,
    source: SourceSet,
    take: SourceTake,
    tables: Tables,
    names: dict[str, tuple[str, ...]],
    seen: Collection[str],
    operations: Collection[Operation],
    before: Collection[FaultPart],
) -> tuple[FaultPart, Tables, dict[str, tuple[str, ...]]]:
    above = bool(rng.random() < ABOVE)
    columns = [one for one in source.columns if one.feature in seen and _refers(one, kind, take, source)]
    groups = {one.group for one in columns} | {"all", "names"}
    fits = [one for one in operations if groups & set(one.on) and not (before and (one.order or "names" in one.on))]
    for attempt in range(ANOTHER if fits else 0):
        one = fits[int(rng.integers(len(fits)))]
        for _ in range(TRIES):
            try:
                found = _tried(rng, one, above, source, take, tables, names, columns)
            except UnfitError:
                continue
            taken = {(part.feature, name) for part in before for name in part.columns}
            fits_size = found[0].above == above or attempt >= ANOTHER // 2  # what cannot be small is taken as it is
            if fits_size and not taken & {(found[0].feature, name) for name in found[0].columns}:
                return found
    raise UnfitError(f"nothing fits {source.name}")


def _refers(one: SourceColumn, kind: str, take: SourceTake, source: SourceSet) -> bool:
    """Whether anything else tells what this column should be.

    Nothing does of a real joint that is measured and not commanded, or of where a thing stands that nobody moves.
    """
    if kind == REAL and one.group != "time":
        return sum(c.joint == one.joint for c in source.columns) > 1
    if one.feature != "observation.environment_state" or kind == OWN:
        return True
    thing = one.name.rpartition(".")[0]
    of = [c.index for c in source.columns if c.feature == one.feature and c.name in (f"{thing}.{x}" for x in "xyz")]
    return bool(of) and float(np.ptp(take.tables[one.feature][:, of], axis=0).max()) > MOVES


def _tried(
    rng: np.random.Generator,
    one: Operation,
    above: bool,
    source: SourceSet,
    take: SourceTake,
    tables: Tables,
    names: dict[str, tuple[str, ...]],
    columns: list[SourceColumn],
) -> tuple[FaultPart, Tables, dict[str, tuple[str, ...]]]:
    """One try: columns, span and size drawn, the operation done, what came of it measured."""
    group = _choice(rng, sorted({c.group for c in columns} & set(one.on) | ({"all", "names"} & set(one.on))))
    if group == "all":
        return _rows_moved(rng, one, above, source, take, tables, names, columns)
    fitting = [c for c in columns if c.group == group or (group == "names" and c.group in ("command", "measured"))]
    chosen = _columns(rng, one, fitting, tables)
    feature = chosen[0].feature
    at = [c.index for c in chosen]
    patch = _patch(rng, one, above, source, take, tables, chosen, columns)
    after = of_rows(one.act(patch), patch) if one.order else one.act(patch)
    if len(after) != len(patch.values):
        raise UnfitError("one feature alone loses no rows")
    table = tables[feature]
    changed = table.copy()
    changed[:, at] = after
    off = np.abs(changed[:, at].astype(np.float64) - table[:, at])
    if group == "names":
        own = list(names[feature])
        for to, c in zip(at, np.roll(at, 1)):
            own[to] = names[feature][c]
        names, changed = names | {feature: tuple(own)}, table
    like = sum((c.feature, c.group) == (feature, chosen[0].group) for c in columns)
    part = _part(one, group, chosen, patch, off, tables[TIME][:, 0], like)
    return part, tables | {feature: changed}, names


def _rows_moved(
    rng: np.random.Generator,
    one: Operation,
    above: bool,
    source: SourceSet,
    take: SourceTake,
    tables: Tables,
    names: dict[str, tuple[str, ...]],
    columns: list[SourceColumn],
) -> tuple[FaultPart, Tables, dict[str, tuple[str, ...]]]:
    """Every feature takes its rows anew; what is measured is the step at a seam, of the joints' columns."""
    joints = [
        c for c in columns if c.group in ("command", "measured") and c.unit in ("rad", "deg", "tick", "-100..100")
    ]
    chosen = [c for c in joints if c.feature == joints[0].feature]
    patch = _patch(rng, one, above, source, take, tables, chosen, columns)
    rows = one.act(patch)
    n = take.n
    other = _other(source, take)
    moved: Tables = {}
    for name, table in tables.items():
        both = table if other is None else np.concatenate([table, other.tables[name]])
        moved[name] = table[: len(rows)] if name == TIME else both[rows]
    if len(rows) > n:
        moved[TIME] = (np.arange(len(rows)) / source.fps).astype(tables[TIME].dtype)[:, None] + tables[TIME][0, 0]
    seams = np.flatnonzero(np.diff(rows) != 1)
    if not len(seams):
        raise UnfitError("no row is moved")
    after = of_rows(rows, patch)
    steps = np.diff(after, axis=0, prepend=after[:1])
    off = np.zeros(after.shape)
    off[seams + 1] = np.abs(steps[seams + 1] - steps[seams])  # beyond the step that came before it
    count = abs(len(rows) - n) if one.span == "sized" else 0
    patch = replace(patch, size=float(count or (rows[: min(n, len(rows))] != np.arange(min(n, len(rows)))).sum()))
    first, last = int(seams[0]), min(int(seams[-1]) + 2, len(rows))
    part = _part(one, "all", chosen, patch, off, moved[TIME][:, 0], len(chosen), (first, last))
    return part, moved, names


def _other(source: SourceSet, take: SourceTake) -> SourceTake | None:
    """The take that comes after it in the set, or the first one."""
    return source.takes[(take.index + 1) % len(source.takes)] if len(source.takes) > 1 else None


def _choice(rng: np.random.Generator, items: list[str]) -> str:
    return items[int(rng.integers(len(items)))]


def _columns(
    rng: np.random.Generator, one: Operation, fitting: list[SourceColumn], tables: Tables
) -> list[SourceColumn]:
    """Columns of one feature and one unit; half of the time those that move are drawn more often."""
    if not fitting:
        raise UnfitError("no such column")
    span = np.array([float(np.ptp(tables[c.feature][:, c.index])) / PEAKS[c.unit] for c in fitting])
    weight = np.minimum(span, 20.0) + 0.05 if rng.random() < 0.7 else np.ones(len(fitting))
    first = fitting[int(rng.choice(len(fitting), p=weight / weight.sum()))]
    like = [c for c in fitting if (c.feature, c.unit) == (first.feature, first.unit)]
    if one.width in ("place", "attitude"):
        thing, word = first.name.rpartition(".")[0], "xyz" if one.width == "place" else ("qw", "qx", "qy", "qz")
        like = [c for c in like if c.name in {f"{thing}.{x}" for x in word}]
        if len(like) != len(word):
            raise UnfitError("no such thing")
        return like
    if one.width == "all":
        if len(like) < 2:
            raise UnfitError("one column alone")
        return like
    count = one.width if isinstance(one.width, int) else int(rng.choice([1, 1, 1, 2, 3, len(like)]))
    rest = [c for c in like if c != first]
    more = [rest[int(i)] for i in rng.permutation(len(rest))[: count - 1]]
    return sorted([first, *more], key=lambda c: c.index)


def _patch(
    rng: np.random.Generator,
    one: Operation,
    above: bool,
    source: SourceSet,
    take: SourceTake,
    tables: Tables,
    chosen: list[SourceColumn],
    columns: list[SourceColumn],
) -> Patch:
    feature, at, unit = chosen[0].feature, [c.index for c in chosen], chosen[0].unit
    values, times = tables[feature][:, at].astype(np.float64), tables[TIME][:, 0].astype(np.float64)
    limit = limit_of(one, unit)
    most = 2.0 * LARGEST if one.unit == ROWS else LARGEST
    size = limit * float(np.exp(rng.uniform(0.0, np.log(most)) if above else rng.uniform(np.log(SMALLEST), 0.0)))
    size = max(1.0, float(round(size))) if one.unit == ROWS else size
    first, last = _span(rng, one, len(values), size, source.fps)
    other = _other(source, take)
    return Patch(
        values, times, first, last, size, rng,
        np.array([c.low for c in chosen]), np.array([c.high for c in chosen]),
        _beside(chosen, columns, tables), _near(rng, chosen, columns, tables),
        None if other is None else other.tables[feature][:, at].astype(np.float64),
    )  # fmt: skip


def _span(rng: np.random.Generator, one: Operation, n: int, size: float, fps: float) -> tuple[int, int]:
    if one.span == "whole":
        return 0, n
    if one.span == "tail":
        return int(rng.uniform(0.05, 0.8) * n), n
    if one.span == "any" and rng.random() < 0.25:
        return 0, n
    length = {"row": 1, "sized": round(size)}.get(one.span)
    if length is None:
        length = round(float(np.exp(rng.uniform(np.log(SHORTEST * fps), np.log(LONGEST * n)))))
    length = min(max(length, 1), n - 8)
    first = int(rng.integers(3, n - length - 3))
    return first, first + length


def _beside(chosen: list[SourceColumn], columns: list[SourceColumn], tables: Tables) -> np.ndarray | None:
    """What is measured of a command, commanded of what is measured, and measured of a speed."""
    found = []
    for one in chosen:
        of = next(
            (
                c
                for c in columns
                if c.joint == one.joint and c.feature != one.feature and c.group in ("command", "measured", "gripper")
                if one.group != "velocity" or c.group == "measured"
            ),
            None,
        )
        if of is None:
            return None
        found.append(tables[of.feature][:, of.index].astype(np.float64))
    return np.stack(found, axis=1)


def _near(
    rng: np.random.Generator, chosen: list[SourceColumn], columns: list[SourceColumn], tables: Tables
) -> np.ndarray | None:
    """For each column another one of its feature, group and unit; for places those of one other thing."""
    like = [c for c in columns if (c.feature, c.group, c.unit) == (chosen[0].feature, chosen[0].group, chosen[0].unit)]
    rest = [c for c in like if c not in chosen]
    if not rest:
        return None
    if chosen[0].group == "pose":
        thing = rest[int(rng.integers(len(rest)))].name.rpartition(".")[0]
        rest = [c for one in chosen for c in rest if c.name == f"{thing}.{one.name.rpartition('.')[2]}"]
        if len(rest) != len(chosen):
            return None
        taken = rest
    else:
        taken = [rest[int(rng.integers(len(rest)))] for _ in chosen]
    return np.stack([tables[c.feature][:, c.index].astype(np.float64) for c in taken], axis=1)


def _part(
    one: Operation,
    group: str,
    chosen: list[SourceColumn],
    patch: Patch,
    off: np.ndarray,
    times: np.ndarray,
    like: int,
    at: tuple[int, int] | None = None,
) -> FaultPart:
    """What came of it.

    Args:
        off: (m, k) how far each value is from what it was, or the step at a seam.
        times: (m,) of the rows that are written; like: columns of this feature and group; at: the rows, where they are not those
            that were changed.

    Raises:
        UnfitError: it changed nothing to speak of.
    """
    unit = chosen[0].unit
    peak = float(off.max(initial=0.0))
    if not np.isfinite(off).all() or peak < LEAST * PEAKS[unit]:
        raise UnfitError("nothing changes")
    hit = np.flatnonzero((off > 1e-6 * peak).any(axis=1))
    begin, end = at if at is not None else (int(hit[0]), int(hit[-1]) + 1)
    touched = int((off >= 0.5 * PEAKS[unit]).any(axis=1).sum())
    size = peak if one.unit == "peak" else patch.size
    moved = off.max(axis=0) >= LEAST * PEAKS[unit]
    named = [c for c, own in zip(chosen, moved) if own] if group != "all" else []
    if one.unit == ROWS and one.span == "sized" and not one.order:
        size = float(len(hit)) if len(hit) else size
    return FaultPart(
        operation=one.name, family=one.family, beyond=one.beyond, group=group,
        feature=chosen[0].feature if group != "all" else "all", columns=tuple(c.name for c in named), joints=tuple(c.joint for c in named),
        broad=group == "all" or 2 * len(named) >= like,
        t0=float(times[begin] - times[0]) if begin < len(times) else 0.0,
        t1=float(times[min(end, len(times)) - 1] - times[0]),
        whole=end - begin >= 0.8 * len(times),
        first=patch.first, last=patch.last, size=size, unit=unit if one.unit == "peak" else one.unit, peak=peak,
        peak_unit=unit, rows=len(hit), above=exceeds(one, unit, size, peak, touched), excess=peak / PEAKS[unit],
        even=bool(named) and len(hit) == hit[-1] - hit[0] + 1 and float(np.ptp(off[hit], axis=0).max()) <= EVEN * peak,
    )  # fmt: skip
