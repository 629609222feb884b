"""The two tables of `meta/`: the episodes with their statistics, and the task sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from . import lerobot_layout as layout

_NULLABLE = {"shiliu/cell", "shiliu/success", "shiliu/failure", "shiliu/scenario", "shiliu/mapping"}


def write_episodes(
    folder: Path, rows: list[dict[str, Any]], episode_stats: list[dict[str, dict[str, np.ndarray]]]
) -> None:
    """One row an episode; statistics are flattened to `stats/<feature>/<statistic>`."""
    names, arrays = list(rows[0]), []
    for key in names:
        type_ = None if key not in _NULLABLE else pa.bool_() if key == "shiliu/success" else pa.string()
        arrays.append(pa.array([row[key] for row in rows], type=type_))
    for feature, of_feature in episode_stats[0].items():
        for key in of_feature:
            names.append(f"stats/{feature}/{key}")
            arrays.append(pa.array([episode[feature][key].tolist() for episode in episode_stats]))
    path = folder / layout.EPISODES_PATH.format(chunk_index=0, file_index=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(arrays, names=names), path, compression="zstd", write_page_checksum=True)


def write_tasks(folder: Path, sentences: list[str]) -> None:
    """LeRobot looks a task up by the index of a pandas table; the header that pandas would write is written by hand."""

    def column(name: str, kind: str, numpy_kind: str) -> dict[str, Any]:
        return {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy_kind, "metadata": None}

    header = {
        "index_columns": ["task"],
        "column_indexes": [
            {
                "name": None,
                "field_name": None,
                "pandas_type": "unicode",
                "numpy_type": "object",
                "metadata": {"encoding": "UTF-8"},
            }
        ],
        "columns": [column("task_index", "int64", "int64"), column("task", "unicode", "object")],
        "pandas_version": "2.0.0",
    }
    table = pa.table(
        {"task_index": pa.array(range(len(sentences)), pa.int64()), "task": pa.array(sentences, pa.string())}
    )
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(header)}), folder / layout.TASKS)
