"""Statistics that a LeRobot set tells of its episodes and of itself, read a few rows at a time.

Their columns are some thirty times as large as the rest of the table of episodes: of a set of 100,000 they would not fit into
memory, so that `EpisodeStatistics` keeps a stretch of rows and goes on through the file with the reader.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..reader_errors import bytes_of
from .tables import readable

Stats = dict[str, dict[str, np.ndarray]]
KEPT = ("min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99")
MAX_NUMBERS = 10_000  # of one statistic of one episode
AT_ONCE = 64  # rows of the table that are held


def table_numbers(row: Mapping[str, Any], table: Path | None) -> dict[str, tuple[Any, int]]:
    """By column, the numbers by which a row says in which table of episodes it stands, and those of the table."""
    numbers = {} if table is None else {"chunk_index": table.parent.name, "file_index": table.stem}
    found = {f"meta/episodes/{name}": text.rpartition("-")[2] for name, text in numbers.items()}
    return {name: (row[name], int(digits)) for name, digits in found.items() if name in row and digits.isdecimal()}


class EpisodeStatistics:
    """The columns `stats/...` of the tables of episodes, row by row.

    Args:
        tables: (file, rows of it that count) in the order in which their rows are numbered.
        opened: those of them that are open.
    """

    def __init__(self, tables: list[tuple[Path, int]], opened: Mapping[Path, pq.ParquetFile] = MappingProxyType({})) -> None:
        self._tables, self._opened = tables, opened
        self._first, self._rows = 0, []  # type: tuple[int, list[dict[str, Any]]]
        self._open = -1
        self._batches: Any = iter(())
        self._next = 0

    def at(self, row: int) -> Stats:
        """Statistics of the episode in this row, counted through all tables; empty where it has none, or they are torn."""
        if not self._first <= row < self._first + len(self._rows):
            try:
                self._load(row)
            except (OSError, pa.ArrowException, ValueError, KeyError):
                return {}
        if not self._first <= row < self._first + len(self._rows):
            return {}
        return of_flat(self._rows[row - self._first])

    def table_of(self, row: int) -> Path | None:
        """The table in which this row stands, counted through all tables."""
        number = self._number_of(row)
        return self._tables[number][0] if number < len(self._tables) else None

    def _number_of(self, row: int) -> int:
        return int(np.searchsorted(np.cumsum([rows for _, rows in self._tables]), row, side="right"))

    def _load(self, row: int) -> None:
        number = self._number_of(row)
        if number >= len(self._tables):
            return
        path, _ = self._tables[number]
        if self._open != number or row < self._next:
            file = self._opened.get(path) or pq.ParquetFile(readable(path), page_checksum_verification=True)
            wanted = [n for n in file.schema_arrow.names if n.startswith("stats/") and n.rpartition("/")[2] in KEPT]
            if _too_wide(file):
                wanted = []
            self._batches = file.iter_batches(AT_ONCE, columns=wanted, use_threads=False) if wanted else iter(())
            self._open, self._next = number, sum(rows for _, rows in self._tables[:number])
        while self._next <= row:
            batch = next(self._batches, None)
            if batch is None:
                return
            self._first, self._rows = self._next, batch.to_pylist()
            self._next += batch.num_rows


def _too_wide(file: pq.ParquetFile) -> bool:
    """Whether some column holds more numbers a row than any statistics do: a run of equal ones takes no room in the file."""
    groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
    return any(g.column(i).num_values > MAX_NUMBERS * max(g.num_rows, 1) for g in groups for i in range(g.num_columns))


def of_flat(row: Mapping[str, Any]) -> Stats:
    """`{"stats/action/min": [...]}` as statistics by feature; what is no list of numbers is left out."""
    found: Stats = {}
    for name, value in row.items():
        feature, _, key = name.removeprefix("stats/").rpartition("/")
        array = _numbers(value)
        if feature and array is not None:
            found.setdefault(feature, {})[key] = array
    return found


def of_tree(tree: Any) -> Stats:
    """`{"action": {"min": [...]}}` as statistics by feature; what is no list of numbers is left out."""
    found: Stats = {}
    for feature, values in tree.items() if isinstance(tree, dict) else ():
        for key, value in values.items() if isinstance(values, dict) else ():
            array = _numbers(value) if key in KEPT else None
            if array is not None and isinstance(feature, str):
                found.setdefault(feature, {})[key] = array
    return found


def of_file(path: Path, limit: int) -> Stats | None:
    """Statistics of a whole set; empty where there are none, None where they are torn: nothing is read by them."""
    if not path.is_file():
        return {}
    try:
        return of_tree(json.loads(bytes_of(path, limit)))
    except (OSError, ValueError, RecursionError):
        return None


def of_lines(path: Path, content: bytes) -> tuple[dict[int, Stats], tuple[str, ...]]:
    """Statistics by episode, a JSON object a line; and the lines that are none (`episodes_stats.jsonl, line 3`)."""
    found: dict[int, Stats] = {}
    torn: list[str] = []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found[int(row["episode_index"])] = of_tree(row["stats"])
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            torn.append(f"{path.name}, line {number}")
    return found, tuple(torn)


def _numbers(value: Any) -> np.ndarray | None:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    return array.reshape(-1) if array.size else None
