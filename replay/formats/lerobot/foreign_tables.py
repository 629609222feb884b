"""What a LeRobot set that others recorded says of itself: its description, its tables of episodes and tasks, its statistics."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ....scenarios.sheet.errors import EpisodeError
from ...recording.normalised import kind_of, together
from ..arrays.array_episode import mendable
from ..file_state import refuse_pipes
from ..reader_errors import bytes_of
from . import layout
from .foreign_columns import SUCCESS, names_of, rate_of
from .set_statistics import EpisodeStatistics, Stats, of_file, of_lines
from .tables import readable

MAX_META_BYTES = 64 << 20
MAX_FILES = 200_000
_NAMED = re.compile(r"(?:episode_|file-)\d+")


class ForeignTables:
    """One dataset folder: what its description and its tables say."""

    def __init__(self, root: Path, source: str) -> None:
        self.root, self.source = root, source
        refuse_pipes(root)
        self.info_path = root / layout.INFO
        info = self._json(self.info_path, "description of the set")
        if not isinstance(info, dict) or not isinstance(info.get("features"), dict):
            raise EpisodeError(
                "describes no features, so that this is no LeRobot set. Copy the dataset again.",
                file=self.info_path,
                field="features",
            )
        self.info = info
        features = {k: v for k, v in info["features"].items() if isinstance(k, str) and isinstance(v, dict)}
        self.features: dict[str, dict[str, Any]] = features
        self.version = str(info.get("codebase_version", "of unknown version"))[:20]
        self.fps, self.no_rate = rate_of(info, self.info_path)
        self.labels = {name: names_of(feature.get("names")) for name, feature in features.items()}
        self.files = self._files()
        self._tables: list[tuple[Path, int]] = []
        self.place: dict[int, int] = {}  # number of an episode -> its row in the tables of `meta/episodes`
        self.rows = self._rows()
        self.tasks = self._tasks()

    def _json(self, path: Path, what: str) -> Any:
        with mendable(path, what):
            return json.loads(bytes_of(path, MAX_META_BYTES))

    def _lines(self, path: Path, what: str) -> list[dict[str, Any]]:
        with mendable(path, what):
            rows = []
            for number, line in enumerate(bytes_of(path, MAX_META_BYTES).splitlines(), 1):
                try:
                    rows.append(json.loads(line) if line.strip() else None)
                except json.JSONDecodeError as error:
                    raise ValueError(f"line {number}: {error}") from None
            return [row for row in rows if isinstance(row, dict)]

    def _files(self) -> list[Path]:
        """Parquet files of frames, sorted, those first that LeRobot would name so: of a copy beside one, the copy is the second.

        All of them are inside the folder. What is hidden is another program's (`._episode_000000.parquet`).
        """
        found = sorted(self.root.glob("data/**/*.parquet"), key=lambda path: (_NAMED.fullmatch(path.stem) is None, path))
        found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(self.root).parts)]
        for path in found:
            if not path.resolve().is_relative_to(self.root.resolve()):
                raise EpisodeError("leads out of the dataset. Copy the files themselves, not links.", file=path)
        if not found or len(found) > MAX_FILES:
            raise EpisodeError(
                f"{len(found)} files of frames lie under data/. Copy the whole dataset folder again.", file=self.root
            )
        return found

    def _rows(self) -> dict[int, dict[str, Any]]:
        """What the metadata says of each episode, by its index; empty where it says nothing."""
        meta = self.root / "meta"
        rows: list[dict[str, Any]] = []
        if (meta / "episodes.jsonl").is_file():
            rows = self._lines(meta / "episodes.jsonl", "list of episodes")
        for path in sorted((meta / "episodes").glob("chunk-*/file-*.parquet")):
            with mendable(path, "table of episodes"):
                file = pq.ParquetFile(readable(path), page_checksum_verification=True)
                read = file.read(
                    columns=[name for name in file.schema_arrow.names if not name.startswith("stats/")]
                ).to_pylist()
                first = sum(n for _, n in self._tables)
                self._tables.append((path, len(read)))
                for i, row in enumerate(read):
                    if isinstance(row.get("episode_index"), int):
                        self.place[row["episode_index"]] = first + i
                rows += read
        listed = [row for row in rows if isinstance(row.get("episode_index"), int)]
        self.lines_of = Counter(row["episode_index"] for row in listed)
        return {row["episode_index"]: row for row in listed}

    def _tasks(self) -> dict[int, str]:
        """Task sentence by index."""
        meta = self.root / "meta"
        tasks: dict[int, str] = {}
        self.twice: set[int] = set()  # of tasks that have two sentences, of which the last is taken, as LeRobot does
        if (meta / "tasks.jsonl").is_file():
            for row in self._lines(meta / "tasks.jsonl", "list of tasks"):
                if isinstance(row.get("task_index"), int) and isinstance(row.get("task"), str):
                    if tasks.get(row["task_index"], row["task"]) != row["task"]:
                        self.twice.add(row["task_index"])
                    tasks[row["task_index"]] = row["task"]
        elif (meta / "tasks.parquet").is_file():
            path = meta / "tasks.parquet"
            with mendable(path, "table of tasks"):
                table = pq.read_table(readable(path), page_checksum_verification=True)
                texts = [f.name for f in table.schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
                if texts and "task_index" in table.column_names:
                    tasks = dict(zip(table.column("task_index").to_pylist(), table.column(texts[0]).to_pylist()))
        return tasks

    @cached_property
    def totals(self) -> dict[str, tuple[Any, int]]:
        """What `info.json` says of the set as a whole, and what its own tables count."""
        found: dict[str, tuple[Any, int]] = {}
        lengths = [row.get("length") for row in self.rows.values()]
        counted = {
            "total_episodes": len(self.rows),
            "total_frames": sum(n for n in lengths if isinstance(n, int))
            if all(isinstance(n, int) for n in lengths)
            else 0,
            "total_tasks": len(self.tasks),
        }
        for name, here in counted.items():
            stated = self.info.get(name)
            if here and isinstance(stated, int | float | str) and not isinstance(stated, bool):
                found[name] = stated, here
        return found

    @cached_property
    def statistics(self) -> EpisodeStatistics:
        """Statistics of each episode, of v3."""
        return EpisodeStatistics(self._tables)

    @cached_property
    def listed_statistics(self) -> tuple[dict[int, Stats], tuple[str, ...]]:
        """Statistics of each episode, of v2.1, and what of their file cannot be read."""
        path = self.root / "meta" / "episodes_stats.jsonl"
        if not path.is_file():
            return {}, ()
        try:
            return of_lines(path, bytes_of(path, MAX_META_BYTES))
        except (OSError, ValueError):
            return {}, (path.name,)

    @cached_property
    def set_statistics(self) -> Stats | None:
        """Statistics of the whole set; None where they are torn."""
        return of_file(self.root / layout.STATS, MAX_META_BYTES)

    @cached_property
    def normalised(self) -> dict[str, str]:
        """How features without an announced unit were normalised, by the statistics of the set; of v2.1 those of its episodes."""
        listed = self.listed_statistics[0].values()
        stats = self.set_statistics or {name: together(one.get(name, {}) for one in listed) for name in self.features if listed}
        kinds = {name: kind_of(stats[name]) for name, feature in self.features.items() if name in stats and "unit" not in feature}
        return {name: kind for name, kind in kinds.items() if kind is not None}

    @cached_property
    def succeeds_never(self) -> bool:
        """Whether the set's statistics know `next.success`, and that it is true in no take."""
        every = (self.set_statistics or {}, *self.listed_statistics[0].values())
        most = [one[SUCCESS]["max"] for one in every if "max" in one.get(SUCCESS, {})]
        return bool(most) and not any(np.any(one) for one in most)

    def file_of(self, index: int, row: dict[str, Any]) -> Path | None:
        """Where the frames of an episode belong; None where the set does not say."""
        pattern, size = self.info.get("data_path"), self.info.get("chunks_size")
        chunk, number = row.get("data/chunk_index", 0), row.get("data/file_index", 0)
        if not isinstance(pattern, str) or not isinstance(chunk, int) or not isinstance(number, int):
            return None
        try:
            return layout.place(
                self.root, pattern, self.info_path, episode_index=index,
                episode_chunk=index // size if isinstance(size, int) and size > 0 else 0, chunk_index=chunk, file_index=number,
            )  # fmt: skip
        except EpisodeError:
            return None

    def given(self, row: dict[str, Any]) -> frozenset[int] | None:
        """Indices of the tasks that the table of episodes gives to one."""
        listed = row.get("tasks")
        if self.twice or not isinstance(listed, list) or not listed or not all(isinstance(one, str) for one in listed):
            return None
        return frozenset(i for i, task in self.tasks.items() if isinstance(i, int) and task in listed)

    def task_of(self, columns: dict[str, np.ndarray], row: dict[str, Any]) -> str | None:
        index = columns.get("task_index")
        if index is not None and len(index) and int(index.reshape(-1)[0]) in self.tasks:
            return self.tasks[int(index.reshape(-1)[0])]
        listed = row.get("tasks")
        return str(listed[0]) if isinstance(listed, list) and listed else next(iter(self.tasks.values()), None)
