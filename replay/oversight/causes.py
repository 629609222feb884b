"""Refusals that likely have one cause: the same code, and far more often where something is the same than elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..report.numerals import number
from ..signals.statistics import wilson
from .take_columns import DIMENSIONS, QUARTERS, Takes

DRAW = "draw"  # a quarter of the range of a varied number
MOST = 3  # words of a dimension that are looked at, those with most refusals
LEAST = 3  # refusals that are called a group
NEARLY = 0.9  # of the takes from the first refusal on are refused: then it began there
# what an owner of a failure would look at first
FIRST = {
    "device": ("devices", "robot", "calibration"),
    "operator": ("operator",),
    "scene": ("cell", "scenario"),
    "robot": ("robot", "calibration"),
}


@dataclass(frozen=True)
class Cause:
    """A group of refusals.

    Attributes:
        code: of the finding that decides; owner: who acts.
        where: dimension or `DRAW`, or None where they have nothing in common; what: its word.
        same: further (dimension, word) that hold for the very same takes.
        n: refusals; of: takes there are; else_n, else_of: the same elsewhere.
        since, until: s since 1970 of the first and last one, None where it is not known.
        ever_since: nearly all takes from the first one on.
        value: median of what was found.
    """

    code: str
    owner: str | None
    where: str | None
    what: str | None
    same: tuple[tuple[str, str], ...]
    n: int
    of: int
    else_n: int
    else_of: int
    since: float | None
    until: float | None
    ever_since: bool
    value: float | None


def causes(takes: Takes) -> list[Cause]:
    """Every refusal in one group, the largest group first.

    Of each code the place is taken in which it is surely commoner than elsewhere (their 95 % intervals are apart) and which explains most;
    what is left is asked again. Takes that another code decides are left out: they might have had this one as well.
    """
    found: list[Cause] = []
    code, refused = takes.column("code"), takes.refused
    drawn = takes.drawn
    for place in np.unique(code[refused & (code >= 0)]):
        left = refused & (code == place)
        asked = ~refused | left
        while left.any():
            best = _best(takes, left, asked, drawn)
            if best is None:
                found.append(_cause(takes, left, asked, None, None, left))
                break
            where, what, inside = best
            found.append(_cause(takes, left & inside, asked, where, what, inside))
            asked = asked & ~inside
            left = left & ~inside
    nameless = refused & (code < 0)
    if nameless.any():
        found.append(_cause(takes, nameless, nameless, None, None, nameless))
    return sorted(found, key=lambda one: (-one.n, one.code, str(one.what)))


def _best(
    takes: Takes, left: np.ndarray, asked: np.ndarray, drawn: dict[tuple[str, str], np.ndarray]
) -> tuple[str, str, np.ndarray] | None:
    """Dimension, word, and the takes of it, that explain most of what is left."""
    owner = takes.words["owner"][int(np.bincount(takes.column("owner")[left] + 1).argmax()) - 1]
    first = FIRST.get(owner or "", ())
    order = [*first, *(name for name in DIMENSIONS if name not in first)]
    columns: list[tuple[str, tuple[str, str], np.ndarray]] = [(name, ("", ""), takes.column(name)) for name in order]
    columns += [(DRAW, key, column) for key, column in drawn.items()]
    best: tuple[float, str, str, np.ndarray] | None = None
    for name, key, column in columns:
        counted = np.bincount(column[left & (column >= 0)], minlength=1)
        for word in np.argsort(-counted, kind="stable")[:MOST]:
            if counted[word] < LEAST:
                continue
            inside, outside = (column == word) & asked, (column != word) & asked
            n, of, else_n, else_of = (int(one.sum()) for one in (left & inside, inside, left & outside, outside))
            if not else_of or wilson(n, of)[0] <= wilson(else_n, else_of)[1]:
                continue
            score = n / of - else_n / else_of + n / int(left.sum())
            if best is None or score > best[0] + 1e-9:
                value = _quarter(takes, key, int(word)) if name == DRAW else str(takes.words[name][int(word)])
                best = score, name, value, inside
    return None if best is None else best[1:]


def _quarter(takes: Takes, key: tuple[str, str], word: int) -> str:
    low, high = takes.bounds[key]
    begin, end = (low + (high - low) * part / QUARTERS for part in (word, word + 1))
    return f"{key[0]}: {key[1]} {number(begin)} … {number(end)}"


def _cause(
    takes: Takes, group: np.ndarray, asked: np.ndarray, name: str | None, word: str | None, inside: np.ndarray
) -> Cause:
    same = []
    for other in DIMENSIONS if name else ():
        theirs = takes.column(other)
        first = int(theirs[inside][0])
        if other != name and first >= 0 and np.array_equal((theirs == first) & asked, inside):
            same.append((other, str(takes.words[other][first])))
    owners = takes.column("owner")[group] + 1
    times, values = takes.begins[group], takes.value[group]
    since = float(np.nanmin(times)) if np.isfinite(times).any() else None
    later = inside & (takes.begins >= since) if since is not None else np.zeros(len(takes), bool)
    before = inside & (takes.begins < since) if since is not None else later
    ever = bool(name and since is not None and before.any() and (group & later).sum() >= NEARLY * later.sum())
    outside = asked & ~inside
    code = takes.column("code")
    alike = takes.refused & (code == code[group][0])
    return Cause(
        code=takes.words["code"][int(code[group][0])] or "unknown",
        owner=takes.words["owner"][int(np.bincount(owners).argmax()) - 1],
        where=name,
        what=word,
        same=tuple(same),
        n=int(group.sum()),
        of=int(inside.sum()) if name else len(takes),
        else_n=int((alike & outside).sum()) if name else 0,
        else_of=int(outside.sum()) if name else 0,
        since=since,
        until=float(np.nanmax(times)) if since is not None else None,
        ever_since=ever,
        value=float(np.nanmedian(values)) if np.isfinite(values).any() else None,
    )
