"""What is counted over all takes beside the columns: drift, where in the variation takes fail, skills, the most telling failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from ..report.lines import VerdictLine
from .take_columns import dimensions_of

DRIFT = ("stream.lag", "clock.skew", "calibration.offset", "link.stale", "link.loss")  # what wears on, take by take
BINS, CELLS = 10, 5  # of one varied number; of each of two
FAILED = ("INFEASIBLE", "UNSOUND")
TELLING = 10  # failures that are shown


@dataclass
class LagSpread:
    """Of one measure on one day: how many takes, their mean and extremes."""

    n: int = 0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, value: float) -> None:
        self.n += 1
        self.total += value
        self.least, self.most = min(self.least, value), max(self.most, value)

    @property
    def mean(self) -> float:
        return self.total / self.n


@dataclass
class Map:
    """Of one scenario: takes and failures by where in the variation they lie.

    Attributes:
        bounds: varied number -> (low, high); one: -> [takes, failed] of each tenth of its range.
        two: pair of varied numbers -> [takes, failed] of each of 5 x 5 cells, the first number's place first.
    """

    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    one: dict[str, list[list[int]]] = field(default_factory=dict)
    two: dict[tuple[str, str], list[list[int]]] = field(default_factory=dict)

    def add(self, draw: Mapping[str, Sequence[float]], failed: bool) -> None:
        """One more take; `draw` as `taken` has it."""
        places = {}
        for key, (value, low, high) in draw.items():
            self.bounds.setdefault(key, (low, high))
            low, high = self.bounds[key]
            places[key] = min(0.999999, max(0.0, (value - low) / (high - low))) if high > low else 0.0
            _count(self.one.setdefault(key, [[0, 0] for _ in range(BINS)])[int(BINS * places[key])], failed)
        for a, b in combinations(sorted(places), 2):
            cells = self.two.setdefault((a, b), [[0, 0] for _ in range(CELLS * CELLS)])
            _count(cells[int(CELLS * places[a]) * CELLS + int(CELLS * places[b])], failed)

    def covered(self, key: str) -> float:
        """Share of the tenths of a range in which there is a take."""
        return sum(n > 0 for n, _ in self.one[key]) / BINS

    def telling(self, least: int = 3) -> list[tuple[float, str]]:
        """Varied numbers by how much more often takes fail in their worse half than in the other, those with `least` takes a half."""
        found = []
        for key, bins in self.one.items():
            halves = [[sum(one[i] for one in part) for i in (0, 1)] for part in (bins[: BINS // 2], bins[BINS // 2 :])]
            if all(n >= least for n, _ in halves):
                low, high = (failed / n for n, failed in halves)
                found.append((abs(high - low), key))
        return sorted(found, key=lambda item: (-item[0], item[1]))


def _count(cell: list[int], failed: bool) -> None:
    cell[0] += 1
    cell[1] += failed


@dataclass
class Telling:
    """A failure that stands for all of its kind."""

    source: str
    verdict: str
    code: str
    message: str
    owner: str | None
    operator: str | None
    scenario: str | None
    excess: float
    beside: int
    n: int = 1


class Tallies:
    """Filled line by line; memory hangs on how many days, devices, skills and varied numbers there are, not on how many takes."""

    def __init__(self) -> None:
        self.drift: dict[tuple[str, str], dict[str, LagSpread]] = {}  # (code, devices) -> day -> spread
        self.units: dict[str, str] = {}
        self.limits: dict[str, float] = {}
        self.maps: dict[str, Map] = {}
        self.skills: dict[tuple[str, str], list[int]] = {}  # (scenario, skill) -> [takes, failed in it]
        self._telling: dict[tuple[str, str], Telling] = {}
        self.succeeded = self.unsafe = 0
        self.unsafe_codes: Counter[str] = Counter()
        self.unasked: Counter[str] = Counter()

    def add(self, line: VerdictLine) -> None:
        """One more take."""
        taken, failed = line.taken, line.verdict in FAILED
        dims = dimensions_of(line)
        scenario = dims.get("scenario", "bare")
        day, devices = dims.get("day"), dims.get("devices", "")
        for one in line.findings:
            code = one.get("code")
            if code in DRIFT and day and isinstance(one.get("value"), int | float):
                self.drift.setdefault((code, devices), {}).setdefault(day, LagSpread()).add(abs(float(one["value"])))
                self.units.setdefault(code, one.get("unit") or "1")
                if isinstance(one.get("limit"), int | float):
                    self.limits.setdefault(code, float(one["limit"]))
            if one.get("level") == "NOT_CHECKED":
                self.unasked[str(code)] += 1
        # a broken recording tells nothing of the scene
        if isinstance(taken.get("draw"), dict) and line.verdict != "UNSOUND":
            self.maps.setdefault(scenario, Map()).add(taken["draw"], failed)
        root = line.root
        for skill in taken.get("skills") or ():
            _count(
                self.skills.setdefault((scenario, skill), [0, 0]),
                failed and root is not None and root.get("skill") == skill,
            )
        if line.succeeded:
            self.succeeded += 1
            codes = dict.fromkeys(line.unsafe)
            self.unsafe += bool(codes)
            self.unsafe_codes.update(codes.keys())
        if failed and root is not None:
            self._tell(line, root, scenario, dims.get("operator"))

    def _tell(self, line: VerdictLine, root: dict[str, Any], scenario: str, operator: str | None) -> None:
        beside = sum(one.get("level") == "FAIL" and one.get("because_of") is None for one in line.findings) - 1
        one = Telling(
            line.source,
            str(line.verdict),
            str(root["code"]),
            str(root.get("message") or ""),
            line.tree.get("owner"),
            operator,
            scenario,
            float(root.get("excess") or 0.0),
            beside,
        )
        key = (scenario, one.code)
        before = self._telling.get(key)
        if before is None:
            self._telling[key] = one
            return
        if (one.beside, -one.excess) < (before.beside, -before.excess):  # clearer: less beside it, and further beyond
            one.n = before.n
            self._telling[key] = one
        self._telling[key].n += 1

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Scenario and code of every kind of failure."""
        return list(self._telling)

    @property
    def telling(self) -> list[Telling]:
        """One failure of each kind, the commonest kind first: the one with the fewest others beside it, then the largest excess."""
        return sorted(self._telling.values(), key=lambda one: (-one.n, -one.excess, one.source))[:TELLING]
