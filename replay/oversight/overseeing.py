"""One pass over the lines of any number of runs.

Takes are nearly the same that are of one scenario, as long, and have the same path in each eighth of their time.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from ..report.lines import VerdictLine
from .causes import Cause, causes
from .take_columns import DIMENSIONS, VERDICTS, Takes
from .tallies import Tallies
from .what_if import WhatIf

ROWS = 40  # of a table; what is rarer is summed up
BY = ("scenario", "centre", "cell", "devices", "robot", "calibration", "operator", "day")
ROUGH = 0.02  # by which length and path may differ: share of them
SLACK = 0.01  # rad, and s
STILL = 0.5  # rad of path in all; a take that moves less is like every other that does
MOST = 50  # pairs that are named
# numbers are looked up by ln(x + SLACK / ROUGH), in which what may differ is `ROUGH` wide wherever x lies
WIDTH = 6 * ROUGH  # of a cell; a take is looked for in the next one, too, where it lies near its edge
OFFSET = 1000.0  # so that no place is negative


class Alike:
    """Filled take by take; memory is some hundred bytes a take that moves, and time does not grow with how many there are."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, tuple[int, ...]], list[tuple[str, array[float]]]] = {}
        self.pairs: list[tuple[str, str]] = []
        self.n = 0

    def add(self, source: str, scenario: str | None, length_s: float | None, pace: Sequence[float] | None) -> bool:
        """Whether an earlier take is nearly this one.

        Args:
            pace: path of all joints in each eighth of the take [rad].
        """
        if not pace or length_s is None or not sum(pace) > STILL:
            return False
        here = array("f", [length_s, *pace])
        places = [math.log(max(0.0, x) + SLACK / ROUGH) / WIDTH for x in here]
        edge = 1.1 * ROUGH / WIDTH
        near = [
            (
                int(place),
                *((int(place) - 1,) if place % 1 < edge else (int(place) + 1,) if place % 1 > 1 - edge else ()),
            )
            for place in (one + OFFSET for one in places)
        ]
        for cell in product(*near):
            for other, theirs in self._cells.get((scenario or "", cell), ()):
                if len(theirs) == len(here) and all(abs(a - b) <= SLACK + ROUGH * abs(b) for a, b in zip(here, theirs)):
                    self.n += 1
                    if len(self.pairs) < MOST:
                        self.pairs.append((other, source))
                    return True
        self._cells.setdefault((scenario or "", tuple(one[0] for one in near)), []).append((source, here))
        return False


@dataclass
class Seen:
    """All that was counted.

    Attributes:
        again: takes with content that had a verdict already, under another name.
    """

    takes: Takes = field(default_factory=Takes)
    tallies: Tallies = field(default_factory=Tallies)
    alike: Alike = field(default_factory=Alike)
    what_if: WhatIf | None = None
    again: list[tuple[str, str]] = field(default_factory=list)
    n_again: int = 0
    repeated: int = 0
    causes: list[Cause] = field(default_factory=list)


def oversee(lines: Iterable[VerdictLine], what_if: WhatIf | None = None) -> Seen:
    """Count every line; a recording that is judged twice counts once, the first time."""
    seen = Seen(what_if=what_if)
    known: dict[bytes, str] = {}
    for line in lines:
        sha, copied = line.tree.get("sha256"), False
        if isinstance(sha, str):
            key = bytes.fromhex(sha)[:16] if len(sha) == 64 else sha.encode()
            if key in known:
                if known[key] == line.source:
                    seen.repeated += 1
                    continue
                seen.n_again, copied = seen.n_again + 1, True
                if len(seen.again) < ROWS:
                    seen.again.append((known[key], line.source))
            else:
                known[key] = line.source
        seen.takes.add(line)
        seen.tallies.add(line)
        if what_if is not None:
            what_if.add(line)
        if not copied:
            taken = line.taken
            seen.alike.add(line.source, line.tree.get("scenario"), taken.get("length_s"), taken.get("pace"))
    seen.causes = causes(seen.takes)
    return seen


def yields(takes: Takes, name: str) -> list[dict[str, Any]]:
    """A row a word of a dimension, the most takes first; the last row sums up what is rarer, and "" is what says nothing."""
    column, verdict = takes.column(name), takes.verdict
    rows = []
    for word in np.unique(column):
        here = column == word
        rows.append(_row(takes, takes.words[name][int(word)] or "", here, verdict))
    rows.sort(key=lambda row: (row["word"] if name == "day" else "", -row["n"], row["word"]))
    if len(rows) > ROWS:
        words = {row["word"] for row in rows[:ROWS]}
        others = np.array([(takes.words[name][int(one)] or "") not in words for one in column], bool)
        rows = [*rows[:ROWS], _row(takes, "…", others, verdict)]
    return rows


def total(takes: Takes) -> dict[str, Any]:
    """The same of all."""
    return _row(takes, "", np.ones(len(takes), bool), takes.verdict)


def _row(takes: Takes, word: str, here: np.ndarray, verdict: np.ndarray) -> dict[str, Any]:
    n = int(here.sum())
    counted = {name: int((verdict[here] == place).sum()) for place, name in enumerate(VERDICTS)}
    codes = takes.column("code")[here & takes.refused]
    codes = codes[codes >= 0]
    top = int(np.bincount(codes).argmax()) if len(codes) else -1
    known = takes.success[here] >= 0
    return {
        "word": word,
        "n": n,
        **counted,
        "yield": counted["FEASIBLE"] / n if n else None,
        "done": int((takes.success[here] == 1).sum()),
        "known": int(known.sum()),
        "top": takes.words["code"][top],
        "top_n": int((codes == top).sum()) if top >= 0 else 0,
    }


def reasons(takes: Takes) -> list[tuple[str, int, str | None]]:
    """Code, refusals, owner; the commonest first."""
    refused = takes.refused
    codes, owners = takes.column("code")[refused], takes.column("owner")[refused]
    found = []
    for code in np.unique(codes[codes >= 0]):
        owner = int(np.bincount(owners[codes == code] + 1).argmax()) - 1
        found.append((str(takes.words["code"][int(code)]), int((codes == code).sum()), takes.words["owner"][owner]))
    return sorted(found, key=lambda row: (-row[1], row[0]))


__all__ = ["BY", "DIMENSIONS", "Seen", "oversee", "reasons", "total", "yields"]
