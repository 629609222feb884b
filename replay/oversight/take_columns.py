"""Every take of many verdicts in columns of numbers: some eighty bytes a take, so that a year of a centre fits into memory."""

from __future__ import annotations

import math
from array import array
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ..report.lines import VerdictLine
from ..report.story import UTC_OFFSET_H

# by what takes are distinguished, the likelier common cause first
DIMENSIONS = ("devices", "robot", "calibration", "operator", "cell", "scenario", "centre", "day")
VERDICTS = ("FEASIBLE", "INFEASIBLE", "UNSOUND", "INCONCLUSIVE", "unreadable")
REFUSED = (1, 2, 4)  # of VERDICTS: somebody has to act
NOBODY = -1
QUARTERS = 4  # of the range of a varied number


class Interned:
    """Interned as numbers, in the order in which they were met; -1 is none."""

    def __init__(self) -> None:
        self.known: list[str] = []
        self._number: dict[str, int] = {}

    def number(self, word: str | None) -> int:
        if not word:
            return NOBODY
        if word not in self._number:
            self._number[word] = len(self.known)
            self.known.append(word)
        return self._number[word]

    def __getitem__(self, number: int) -> str | None:
        return None if number < 0 else self.known[number]


class Takes:
    """Filled line by line, then looked at as arrays.

    Attributes:
        words: by dimension, and of `code` and `owner`.
    """

    def __init__(self) -> None:
        self.words = {name: Interned() for name in (*DIMENSIONS, "code", "owner")}
        self._columns = {name: array("i") for name in self.words}
        self._verdict, self._success, self._unsafe = array("b"), array("b"), array("b")
        self._begins, self._value = array("d"), array("d")
        # (scenario, varied number) -> quarter of its range, -1 where not drawn
        self._drawn: dict[tuple[str, str], array[int]] = {}
        self.bounds: dict[tuple[str, str], tuple[float, float]] = {}

    def add(self, line: VerdictLine) -> int:
        """One more; returns its number."""
        root, dims = line.root, dimensions_of(line)
        for name in DIMENSIONS:
            self._columns[name].append(self.words[name].number(dims.get(name)))
        error = line.tree.get("error")
        code = root.get("code") if root else "unreadable" if isinstance(error, dict) else None
        self._columns["code"].append(self.words["code"].number(code))
        owner = "device" if code == "unreadable" else line.tree.get("owner")
        self._columns["owner"].append(self.words["owner"].number(owner))
        self._draw(dims.get("scenario", ""), line.taken.get("draw"))
        verdict = "unreadable" if line.verdict is None else line.verdict
        self._verdict.append(VERDICTS.index(verdict) if verdict in VERDICTS else 3)
        self._success.append({None: -1, False: 0, True: 1}[line.succeeded])
        self._unsafe.append(bool(line.unsafe))
        value = root.get("value") if root else None
        self._value.append(float(value) if isinstance(value, int | float) else math.nan)
        begins = _moment(line.taken.get("begins"))
        self._begins.append(math.nan if begins is None else begins.timestamp())
        return len(self._verdict) - 1

    def _draw(self, scenario: str, draw: Any) -> None:
        for key, (value, low, high) in draw.items() if isinstance(draw, dict) else ():
            one = self._drawn.setdefault((scenario, key), array("b"))
            low, high = self.bounds.setdefault((scenario, key), (low, high))
            one.extend([NOBODY] * (len(self) - len(one)))
            one.append(min(QUARTERS - 1, max(0, int(QUARTERS * (value - low) / (high - low)))) if high > low else 0)

    def __len__(self) -> int:
        return len(self._verdict)

    @property
    def drawn(self) -> dict[tuple[str, str], np.ndarray]:
        """(scenario, varied number) -> (n,) the quarter of its range, -1 where it is not known."""
        whole = {}
        for key, one in self._drawn.items():
            whole[key] = np.full(len(self), NOBODY, np.int32)
            whole[key][: len(one)] = one
        return whole

    def column(self, name: str) -> np.ndarray:
        """(n,) numbers of words."""
        return np.frombuffer(self._columns[name], np.int32) if len(self) else np.zeros(0, np.int32)

    @property
    def verdict(self) -> np.ndarray:
        """(n,) places in `VERDICTS`."""
        return np.frombuffer(self._verdict, np.int8) if len(self) else np.zeros(0, np.int8)

    @property
    def success(self) -> np.ndarray:
        """(n,) 1 done, 0 not done, -1 not known."""
        return np.frombuffer(self._success, np.int8) if len(self) else np.zeros(0, np.int8)

    @property
    def unsafe(self) -> np.ndarray:
        return np.frombuffer(self._unsafe, np.int8).astype(bool) if len(self) else np.zeros(0, bool)

    @property
    def begins(self) -> np.ndarray:
        """(n,) s since 1970, nan where it is not known."""
        return np.frombuffer(self._begins, np.float64) if len(self) else np.zeros(0)

    @property
    def value(self) -> np.ndarray:
        """(n,) of the finding that decides, nan where it has none."""
        return np.frombuffer(self._value, np.float64) if len(self) else np.zeros(0)

    @property
    def refused(self) -> np.ndarray:
        return np.isin(self.verdict, REFUSED)


def dimensions_of(line: VerdictLine) -> dict[str, str]:
    """What a take is distinguished by, as far as it is known."""
    taken = line.taken
    calibration = taken.get("calibration")
    begins = _moment(taken.get("begins"))
    found = {
        "devices": _joined(taken.get("devices")),
        "robot": _joined(taken.get("robot")),
        "calibration": calibration.get("id") if isinstance(calibration, dict) else None,
        "operator": taken.get("operator"),
        "cell": taken.get("cell") or line.tree.get("cell"),
        "scenario": line.tree.get("scenario"),
        "centre": taken.get("centre"),
        "day": None if begins is None else (begins + timedelta(hours=UTC_OFFSET_H)).strftime("%Y-%m-%d"),
    }
    return {name: str(word) for name, word in found.items() if word}


def _joined(value: Any) -> str | None:
    return " / ".join(str(one) for one in value.values()) if isinstance(value, dict) and value else None


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return None
