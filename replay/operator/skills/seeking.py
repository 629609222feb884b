"""A way through a narrow place: two trees of postures, one from either end, grow until they meet (RRT-Connect).

J. Kuffner and S. LaValle, "RRT-Connect: an efficient approach to single-query path planning", ICRA 2000.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STRIDE = 0.15  # rad, from a posture of a tree to the next
FINE = 0.03  # rad, between the postures that are looked at on the way there
GROWTH = 8000  # how often the trees grow before it is given up
SHORTER = 80  # how often a shorter way is tried between two places of the one found


def connect(
    start: np.ndarray,
    goal: np.ndarray,
    free: Callable[[np.ndarray], bool],
    low: np.ndarray,
    high: np.ndarray,
    rng: np.random.Generator,
) -> list[np.ndarray] | None:
    """Postures from a start to a goal between which the straight ways, in joint angles, are free; None where none was found.

    Args:
        start, goal: (k,) [rad]; they count as free.
        free: whether a posture is.
        low, high: (k,) bounds of the joints.
        rng: of the postures towards which the trees grow.
    """
    if _clear(start, goal, free):
        return [start, goal]
    trees: list[tuple[list[np.ndarray], list[int]]] = [([start], [-1]), ([goal], [-1])]
    for turn in range(GROWTH):
        grown, other = trees[turn % 2], trees[1 - turn % 2]
        new = _grow(grown, rng.uniform(low, high), free)
        if new is None:
            continue
        aim = grown[0][new]
        while True:  # the other tree comes to meet it, as far as it can
            met = _grow(other, aim, free)
            if met is None:
                break
            if np.abs(other[0][met] - aim).max() < 1e-9:
                there, back = _branch(grown, new), _branch(other, met)
                row = [*there[::-1], *back[1:]] if turn % 2 == 0 else [*back[::-1], *there[1:]]
                return _shorter(row, free, rng)
    return None


def _grow(tree: tuple[list[np.ndarray], list[int]], aim: np.ndarray, free: Callable[[np.ndarray], bool]) -> int | None:
    """Let a tree grow from its nearest posture one stride towards another; the number of the new one, None where it is not free."""
    postures, parents = tree
    nearest = int(np.linalg.norm(np.asarray(postures) - aim, axis=1).argmin())
    away = aim - postures[nearest]
    far = float(np.abs(away).max())
    if far < 1e-9:
        return nearest
    new = aim if far <= STRIDE else postures[nearest] + away * (STRIDE / far)
    if not (free(new) and _clear(postures[nearest], new, free)):
        return None
    postures.append(new)
    parents.append(nearest)
    return len(postures) - 1


def _clear(a: np.ndarray, b: np.ndarray, free: Callable[[np.ndarray], bool]) -> bool:
    """Whether the way between two postures is free, its ends left out."""
    count = int(np.ceil(np.abs(b - a).max() / FINE))
    return all(free(a + i / count * (b - a)) for i in range(1, count))


def _branch(tree: tuple[list[np.ndarray], list[int]], at: int) -> list[np.ndarray]:
    """The postures from one of a tree back to its root."""
    row = []
    while at >= 0:
        row.append(tree[0][at])
        at = tree[1][at]
    return row


def _shorter(row: list[np.ndarray], free: Callable[[np.ndarray], bool], rng: np.random.Generator) -> list[np.ndarray]:
    """The same way with corners cut where that is free."""
    for _ in range(SHORTER):
        if len(row) < 3:
            break
        places = np.sort(rng.uniform(0.0, len(row) - 1.0, 2))
        i, j = (int(p) for p in places)
        if i == j:
            continue
        a, b = (row[k] + (p - k) * (row[min(k + 1, len(row) - 1)] - row[k]) for k, p in zip((i, j), places))
        if free(a) and free(b) and _clear(a, b, free):
            row = [*row[: i + 1], a, b, *row[j + 1 :]]
    return row
