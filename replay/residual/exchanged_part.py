"""Two joints that stand in one another's columns for a part of a take.

Where the part begins and ends, each of the two leaps to where the other one was, in commands and measurements alike, and no other joint
does. Nothing between the edges shows it where only these two columns are recorded, for each joint follows its own command.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from .case import Case
from .difference import BETTER, Difference
from .put_right import PutRight
from .table import Group, RecordedChannel

KINDS = ("command", "measured")
# rad by which two joints are apart at an edge at the least; share of it that they are beside one another's places, and that the others go
FAR, BESIDE = 0.1, 0.3
EDGES = 8  # that are looked at in each take
SUDDEN = 2.0  # times as far as in the rows before and after an edge: what goes quickly goes on quickly
AT_ONCE = 0.05  # s between rows at the most: in longer ones two joints that pass each other quickly look alike
MUTUAL = 0.9  # of the squared difference of two columns, that is gone once they are exchanged
EXACT = 2e-4  # of it that is left, where two levels or offsets would leave as little: these are two numbers, and the exchange is none


def exchanged_part(group: Group) -> PutRight | None:
    """Two joints exchanged in command and measurement in parts of a take, those with the most edges; None where none are.

    Parts are every other stretch between the edges. Of an odd number of edges one part goes on to an end of the take: so that less is
    exchanged.
    """
    if group.hands or not group.same_rows or group.n < 4 or group.dt > AT_ONCE:
        return None
    of = [c for c in group.channels if set(KINDS) <= set(c.columns) and c.unit == "rad"]
    if len(of) < 3:
        return None
    steps = [np.abs(np.diff(np.column_stack([c.columns[kind] for c in of]), axis=0)) for kind in KINDS]
    loud = (steps[0] > FAR) & (steps[1] > FAR)
    edges: dict[tuple[int, int], list[int]] = {}
    for row in (np.flatnonzero(loud.sum(axis=1) == 2) + 1).tolist():
        i, j = np.flatnonzero(loud[row - 1]).tolist()
        far = min(float(step[row - 1, k]) for step in steps for k in (i, j))
        rest = np.delete(np.maximum(*(step[row - 1] for step in steps)), [i, j])
        beside = [float(step[k, [i, j]].max()) for step in steps for k in (row - 2, row) if 0 <= k < len(step)]
        if _crosses(of[i], of[j], row) and rest.max() < BESIDE * far and far > SUDDEN * max(beside):
            edges.setdefault((i, j), []).append(row)
        if sum(map(len, edges.values())) == EDGES:
            break
    if not edges:
        return None
    (i, j), at = max(edges.items(), key=lambda one: len(one[1]))
    exchanged = np.searchsorted(at, np.arange(group.n), side="right") % 2 == 1
    if len(at) % 2 and 2 * exchanged.sum() > group.n:
        exchanged = ~exchanged
    rows, pair = np.flatnonzero(exchanged), (of[i], of[j])
    size = float(np.abs(pair[0].columns["measured"] - pair[1].columns["measured"])[rows].max())
    difference = Difference.over(
        group.t, tuple(c.name for c in pair), "measured", (int(rows[0]), int(rows[-1])), size, "rad", "copied", certain=True,
        numbers={"other": pair[1].name}, stream=pair[0].topics["measured"], limit=FAR, weight=1e4 * size * len(rows),
    )  # fmt: skip
    return PutRight(difference, _exchanged_back(group, pair, rows))


def _crosses(one: RecordedChannel, two: RecordedChannel, row: int) -> bool:
    """Whether each of the two is in this row where the other one was in the row before, in both columns."""
    for kind in KINDS:
        x, y = one.columns[kind], two.columns[kind]
        far = abs(x[row - 1] - y[row - 1])
        if far < FAR or max(abs(x[row] - y[row - 1]), abs(y[row] - x[row - 1])) > BESIDE * far:
            return False
    return True


def _exchanged_back(group: Group, pair: Sequence[RecordedChannel], rows: np.ndarray) -> Group:
    columns: dict[str, dict[str, np.ndarray]] = {}
    for one, other in (pair, pair[::-1]):
        columns[one.name] = {kind: one.columns[kind].copy() for kind in KINDS}
        for kind, x in columns[one.name].items():
            x[rows] = other.columns[kind][rows]
    return group.but(columns)


def exchanged_mutually(found: Sequence[Difference]) -> tuple[Difference, Difference] | None:
    """Of differences in about the same rows two columns, each of which is what the other one should be; None where none are.

    That both fit is no chance, whatever explains one of them alone with fewer numbers: joints that stand are a factor of anything. The two
    sides of a body may be each other's mirror: two signs are as good a reason there.
    """
    for one, other in combinations(found, 2):
        if len(one.cases) == len(other.cases) == 1 and (one.unit, one.kind) == (other.unit, other.kind):
            left = left_exchanged(one.cases[0], other.cases[0])
            alone = all(1.0 - d.explained < BETTER * rest for d, rest in zip((one, other), left))
            exact = max(left) < EXACT and "mirrored" not in (one.name, other.name)
            if max(left) < 1.0 - MUTUAL and (exact or not alone):
                return one, other
    return None


def left_exchanged(a: Case, b: Case) -> tuple[float, float]:
    """The share of the squared difference that is left of each of two columns, in the rows of both, if they are exchanged."""
    rows = slice(max(a.first, b.first), min(a.last, b.last) + 1)
    if rows.stop - rows.start < 3 or len(a.x) != len(b.x):
        return 1.0, 1.0
    before = [float(((c.x - c.truth)[rows] ** 2).sum()) for c in (a, b)]
    after = [float(((x.x - y.truth)[rows] ** 2).sum()) for x, y in ((a, b), (b, a))]
    return after[0] / max(before[0], 1e-12), after[1] / max(before[1], 1e-12)
