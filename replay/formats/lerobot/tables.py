"""The tables of `meta/`: the episodes with their statistics, and the sentences of tasks and subtasks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from . import layout

_BOOLEAN = {"shiliu/success", "shiliu/consent", "shiliu/overruled"}
_NUMBER = {"shiliu/scenario_version", "shiliu/seed"}  # every other column of ours is a text


def readable(path: Path) -> Path | BinaryIO:
    """What pyarrow opens: a path, or the open file where its name is no UTF-8, which pyarrow takes for none."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return path.open("rb")
    return path


def writable(path: Path) -> Path | pa.OSFile:
    """What pyarrow writes into: a path, or a file of that name where it is no UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return pa.OSFile(os.fsencode(path), "wb")
    return path


def write_episodes(
    folder: Path, rows: list[dict[str, Any]], episode_stats: list[dict[str, dict[str, np.ndarray]]], number: int = 0
) -> None:
    """One row an episode; statistics are flattened to `stats/<feature>/<statistic>`. `number` is that of the file."""
    names, arrays = list(rows[0]), []
    for key in names:
        # given, because a column of nothing but None has no type of its own
        own = key.startswith("shiliu/") and key not in _NUMBER
        type_ = pa.bool_() if key in _BOOLEAN else pa.string() if own else None
        arrays.append(pa.array([row[key] for row in rows], type=type_))
    for feature, of_feature in episode_stats[0].items():
        for key in of_feature:
            names.append(f"stats/{feature}/{key}")
            arrays.append(pa.array([episode[feature][key].tolist() for episode in episode_stats]))
    path = folder / layout.numbered(layout.EPISODES_PATH, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(arrays, names=names), writable(path), compression="zstd", write_page_checksum=True)


def write_tasks(folder: Path, sentences: list[str], word: str = "task") -> None:
    """LeRobot looks a task, or a `subtask`, up by the index of a pandas table; its header is written by hand."""

    def column(name: str, kind: str, numpy_kind: str) -> dict[str, Any]:
        return {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy_kind, "metadata": None}

    header = {
        "index_columns": [word],
        "column_indexes": [
            {
                "name": None,
                "field_name": None,
                "pandas_type": "unicode",
                "numpy_type": "object",
                "metadata": {"encoding": "UTF-8"},
            }
        ],
        "columns": [column(f"{word}_index", "int64", "int64"), column(word, "unicode", "object")],
        "pandas_version": "2.0.0",
    }
    table = pa.table(
        {f"{word}_index": pa.array(range(len(sentences)), pa.int64()), word: pa.array(sentences, pa.string())}
    )
    file = folder / "meta" / f"{word}s.parquet"
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(header)}), writable(file))
