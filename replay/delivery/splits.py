"""Who goes into which split: no operator into two, and, where that is wanted, no cell into two either."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ...scenarios.sheet.errors import EpisodeError

SPLITS = ("train", "val", "test")
APART = ("operator", "operator_and_cell")
Who = tuple[str | None, str | None]  # operator and cell; None where the take does not say


def split_takes(
    takes: Sequence[Who], shares: Mapping[str, float], apart: str = "operator", former: Mapping[str, str] | None = None
) -> list[str]:
    """The split of each take.

    Groups that must stay together are dealt out from the largest to the smallest, each to the split that lacks most of its share. The
    smallest ones go to the splits that would else stay empty. Takes of nobody may be of anybody: they stay together, in the first split.

    Args:
        takes: operator and cell of each.
        shares: wanted, by split; they sum to one.
        apart: what may stand in one split only, one of `APART`.
        former: operator -> split of a former delivery; they stay there.

    Raises:
        EpisodeError: operators of two former splits now belong together, because they share a cell.
    """
    wanted = [name for name in SPLITS if shares.get(name, 0.0) > 0.0]
    first, groups = wanted[0], _groups(takes, apart)
    sizes = Counter(groups)
    nobody = {group for group, (operator, _) in zip(groups, takes) if operator is None}
    into: dict[int, str] = {group: first for group in nobody}
    for group, (operator, cell) in zip(groups, takes):
        there = (former or {}).get(operator or "")
        if there is None:
            continue
        if into.get(group, there) != there:
            raise EpisodeError(
                f"{operator} was in {there}, and now belongs together with takes of {into[group]} (cell {cell!r}). "
                "Use apart=operator, or leave former= out.",
                field="former",
            )
        into[group] = there
    names: dict[int, str] = {}
    for group, who in zip(groups, takes):
        names[group] = min(names.get(group, str(who)), str(who))
    free = sorted(
        (group for group in sizes if group not in into),
        key=lambda group: (-sizes[group], hashlib.sha256(names[group].encode()).hexdigest()),
    )
    empty = sorted((n for n in wanted if n not in into.values()), key=lambda n: (-shares[n], SPLITS.index(n)))
    for name in empty[: len(free)] if first in into.values() else empty[1 : len(free)]:
        into[free.pop()] = name
    total = len(takes)
    filled = Counter({name: sum(sizes[g] for g, there in into.items() if there == name) for name in wanted})
    for group in free:
        name = max(wanted, key=lambda n: (shares[n] * total - filled[n], -SPLITS.index(n)))
        into[group] = name
        filled[name] += sizes[group]
    return [into[group] for group in groups]


def _groups(takes: Sequence[Who], apart: str) -> list[int]:
    """(n,) number of the group of each take: takes that share what must stay apart are of one."""
    above: dict[tuple[str, str | None], tuple[str, str | None]] = {}

    def top(word: tuple[str, str | None]) -> tuple[str, str | None]:
        while above.setdefault(word, word) != word:
            word = above[word]
        return word

    for operator, cell in takes:
        one = top(("operator", operator))
        if apart == "operator_and_cell":
            above[one] = top(("cell", cell))
    numbers: dict[tuple[str, str | None], int] = {}
    return [numbers.setdefault(top(("operator", operator)), len(numbers)) for operator, _ in takes]


def unseen(takes: Iterable[Who], splits: Iterable[str]) -> dict[str, list[str]]:
    """Cells of each split that no take of `train` was recorded in."""
    cells: dict[str, set[str]] = {}
    for (_, cell), name in zip(takes, splits):
        if cell is not None:
            cells.setdefault(name, set()).add(cell)
    return {name: sorted(there - cells.get(SPLITS[0], set())) for name, there in cells.items() if name != SPLITS[0]}
