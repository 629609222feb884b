"""A way through a narrow place: two trees of postures, one from either end, grow until they meet (RRT-Connect).

J. Kuffner and S. LaValle, "RRT-Connect: an efficient approach to single-query path planning", ICRA 2000. Where something has to
be kept on the way, each stride is brought back to where it is kept (CBiRRT): D. Berenson et al., "Manipulation planning on
constraint manifolds", ICRA 2009.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

STRIDE = 0.15  # rad, from a posture of a tree to the next
FINE = 0.03  # rad, between the postures that are looked at on the way there
SHORTER = 80  # how often a shorter way is tried between two places of the one found
BETTER, ASIDE = 100, 0.3  # how often a corner is moved to where the way is quicker; rad, by how much
SAME = 1e-9  # rad, postures that are so near are one
NEARER = 1e-3  # rad, by which a stride has to lead nearer to its aim
LOOKS = 40_000  # postures that are looked at before it is given up

Free = Callable[[np.ndarray], bool]
Project = Callable[[np.ndarray], np.ndarray | None]
Far = Callable[[np.ndarray, np.ndarray], float]  # how far it is straight from a posture to another


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """[rad] between two postures."""
    return float(np.linalg.norm(b - a))


class _Search:
    """What both trees share: where is free, what is kept, and how many looks are left."""

    def __init__(self, free: Free, project: Project | None, looks: int):
        self._free, self._project, self.left = free, project, looks
        self.kept = project is not None

    def free(self, q: np.ndarray) -> bool:
        self.left -= 1
        return self._free(q)

    def clear(self, a: np.ndarray, b: np.ndarray) -> bool:
        """Whether the way between two postures is free, its ends left out; the middle first, where most of them are blocked."""
        count = int(np.ceil(np.abs(b - a).max() / FINE))
        return all(self.free(a + i / count * (b - a)) for i in _middle_first(count))

    def stride(self, a: np.ndarray, aim: np.ndarray) -> np.ndarray | None:
        """The next posture from one towards another; None where it is not free, or leads no nearer."""
        away = aim - a
        far = float(np.abs(away).max())
        new: np.ndarray | None = aim
        if far > STRIDE:
            new = a + away * (STRIDE / far)
            if self._project is not None:
                self.left -= 1
                new = self._project(new)
                if new is None or np.abs(new - a).max() > 2.0 * STRIDE:
                    return None
                if np.linalg.norm(aim - new) > np.linalg.norm(away) - NEARER:
                    return None
        assert new is not None
        return new if self.free(new) and self.clear(a, new) else None

    def walk(self, a: np.ndarray, b: np.ndarray) -> list[np.ndarray] | None:
        """Postures straight from one to another, the first left out; None where that way is not free."""
        if self._project is None:
            return [b] if self.clear(a, b) else None
        row = [a]
        while np.abs(row[-1] - b).max() > SAME:
            new = self.stride(row[-1], b) if self.left > 0 else None
            if new is None:
                return None
            row.append(new)
        return row[1:]


class _Tree:
    """Postures, each with the one that it grew from."""

    def __init__(self, roots: Sequence[np.ndarray]):
        self._rows = np.empty((max(256, 2 * len(roots)), len(roots[0])))
        self._parents: list[int] = []
        for root in roots:
            self.add(root, -1)

    def __getitem__(self, i: int) -> np.ndarray:
        return self._rows[i]

    def add(self, q: np.ndarray, parent: int) -> int:
        n = len(self._parents)
        if n == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[n] = q
        self._parents.append(parent)
        return n

    def reach(self, aim: np.ndarray, search: _Search) -> tuple[int | None, bool]:
        """Grow from the nearest posture towards another, stride by stride, as far as it can.

        Returns:
            The number of the last new posture, None where there is none, and whether it is the one that it grew towards.
        """
        away = self._rows[: len(self._parents)] - aim
        at = int(np.einsum("ij,ij->i", away, away).argmin())
        search.left -= 1
        first = at
        while np.abs(self._rows[at] - aim).max() > SAME:
            new = search.stride(self._rows[at].copy(), aim) if search.left > 0 else None
            if new is None:
                return None if at == first else at, False
            at = self.add(new, at)
        return at, True

    def branch(self, at: int) -> list[np.ndarray]:
        """The postures from one of the tree back to its root."""
        row = []
        while at >= 0:
            row.append(self._rows[at].copy())
            at = self._parents[at]
        return row


def connect(
    start: np.ndarray,
    goals: Sequence[np.ndarray],
    free: Free,
    low: np.ndarray,
    high: np.ndarray,
    rng: np.random.Generator,
    project: Project | None = None,
    looks: int = LOOKS,
    far: Far = apart,
) -> list[np.ndarray] | None:
    """Postures from a start to one of several goals, between which the straight ways, in joint angles, are free.

    Args:
        start, goals: (k,) [rad]; they count as free, and as such in which is kept what `project` keeps.
        free: whether a posture is.
        low, high: (k,) bounds of the joints.
        rng: of the postures towards which the trees grow.
        project: the nearest posture to one in which something is kept, None where there is none; nothing has to be kept where None.
        looks: postures that are looked at before it is given up; it ends by that and never by the clock.
        far: by what the way is made shorter.

    Returns:
        (k,) each, the start first; None where no way was found.
    """
    search = _Search(free, project, looks)
    for goal in goals:
        straight = search.walk(start, goal)
        if straight is not None:
            return [start, *straight]
    trees, turn = (_Tree([start]), _Tree(goals)), 0
    while search.left > 0:
        grown, other = trees[turn % 2], trees[1 - turn % 2]
        new, _ = grown.reach(rng.uniform(low, high), search)
        if new is not None:  # the other tree comes to meet it
            met, there = other.reach(grown[new].copy(), search)
            if there and met is not None:
                ahead, back = grown.branch(new), other.branch(met)
                row = [*ahead[::-1], *back[1:]] if turn % 2 == 0 else [*back[::-1], *ahead[1:]]
                return _shorter(row, _Search(free, project, looks), rng, far)
        turn += 1
    return None


def _middle_first(count: int) -> Iterator[int]:
    """1 to count - 1: every eighth, then those half way between."""
    yield from range(8, count, 8)
    for step in (4, 2, 1):
        yield from range(step, count, 2 * step)


def _shorter(row: list[np.ndarray], search: _Search, rng: np.random.Generator, far: Far) -> list[np.ndarray]:
    """The same way with corners cut where that is free and makes it shorter."""
    for _ in range(SHORTER):
        if len(row) < 3 or search.left <= 0:
            break
        row = _cut(row, search, rng, far)
    return row


def _cut(row: list[np.ndarray], search: _Search, rng: np.random.Generator, far: Far) -> list[np.ndarray]:
    """A straight way between two places of a row, where that is free; between two of its postures where something is kept."""
    if search.kept:
        i, j = (int(p) for p in np.sort(rng.integers(0, len(row), 2)))
        a, b, inside = row[i], row[j], row[i + 1 : j]
        if j < i + 2:
            return row
    else:
        places = np.sort(rng.uniform(0.0, len(row) - 1.0, 2))
        i, j = (int(p) for p in places)
        if i == j:
            return row
        a, b = (row[k] + (p - k) * (row[min(k + 1, len(row) - 1)] - row[k]) for k, p in zip((i, j), places))
        inside = row[i + 1 : j + 1]
        if not (far(a, b) < length([a, *inside, b], far) and search.free(a) and search.free(b)):
            return row
    between = search.walk(a, b)
    if between is None or length([a, *between], far) >= length([a, *inside, b], far):
        return row
    if search.kept:
        return [*row[: i + 1], *between, *row[j + 1 :]]
    return [*row[: i + 1], a, b, *row[j + 1 :]]


def quicker(
    row: list[np.ndarray],
    free: Free,
    rng: np.random.Generator,
    lasts: Callable[[Sequence[np.ndarray]], float],
    looks: int = LOOKS,
) -> list[np.ndarray]:
    """The same way with corners moved, or left out, where that is free and makes it last less long.

    Args:
        row: postures between which the straight ways are free.
        free, rng, looks: as in `connect`.
        lasts: how long the way through a row of postures lasts.
    """
    search, now = _Search(free, None, looks), lasts(row)
    for k in range(BETTER):
        if len(row) < 3 or search.left <= 0:
            break
        i = int(rng.integers(1, len(row) - 1))
        moved = row[i] + rng.normal(0.0, ASIDE * rng.uniform(), len(row[i]))
        new = [*row[:i], *([] if k % 8 == 0 else [moved]), *row[i + 1 :]]
        then = lasts(new)
        if (
            then < now
            and all(search.free(q) for q in new[i : i + 1])
            and all(search.clear(a, b) for a, b in itertools.pairwise(new[i - 1 : i + 2]))
        ):
            row, now = new, then
    return row


def length(row: Sequence[np.ndarray], far: Far = apart) -> float:
    """Of a way through postures, as far as they are apart."""
    return sum(far(a, b) for a, b in itertools.pairwise(row))
