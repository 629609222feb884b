"""A LeRobot set of ours as an ordinary one: what LeRobot itself has no field for is taken out.

What is left is what a data centre sends: commands and measurements by name, pictures, task sentences. The folder `shiliu/`,
features and columns of that name, and what our features say beyond dtype, shape and names are gone; every other number
stays as it is, to the bit.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from . import layout
from .tables import readable, writable, write_tasks

OURS = ("shiliu/", "shiliu.", "stats/shiliu.")
FEATURE = ("dtype", "shape", "names", "info")  # what LeRobot says of a feature


def make_plain(root: Path, without: Collection[str] = (), subtasks: Sequence[Sequence[str]] = ()) -> None:
    """Take out of a set, where it lies, what only shiliu knows.

    Args:
        root: a dataset of `shiliu record`.
        without: further features to be left out, such as `observation.environment_state`.
        subtasks: of each episode, what each of its frames is about; `subtask_index` and `meta/subtasks.parquet` are written where
            it is given.
    """
    sentences = list(dict.fromkeys(one for episode in subtasks for one in episode))
    rows = iter(subtasks)

    def ours(name: str) -> bool:
        return name.startswith(OURS) or any(name == one or name.startswith(f"stats/{one}/") for one in without)

    for folder in ("data", "meta/episodes"):
        for path in sorted((root / folder).rglob("*.parquet")):
            file = pq.ParquetFile(readable(path))
            kept = [name for name in file.schema_arrow.names if not ours(name)]
            other = path.with_suffix(".plain")
            schema = file.read_row_group(0, columns=kept).schema
            numbered = bool(sentences) and folder == "data"
            if numbered:
                schema = schema.append(pa.field(layout.SUBTASK, pa.int64()))
            with pq.ParquetWriter(writable(other), schema, compression="zstd", write_page_checksum=True) as writer:
                for group in range(file.num_row_groups):  # a row group an episode stays one
                    table = file.read_row_group(group, columns=kept)
                    if numbered:
                        about = pa.array([sentences.index(one) for one in next(rows)], pa.int64())
                        table = table.append_column(layout.SUBTASK, about)
                    writer.write_table(table, row_group_size=max(len(table), 1))
            other.replace(path)
    shutil.rmtree(root / "shiliu", ignore_errors=True)
    for name in (layout.INFO, layout.STATS):
        content = json.loads((root / name).read_text(encoding="utf-8"))
        if name == layout.INFO:
            content["features"] = {
                key: {word: feature[word] for word in FEATURE if word in feature}
                for key, feature in content["features"].items()
                if not ours(key)
            }
            if sentences:
                content["features"][layout.SUBTASK] = layout.DEFAULT_FEATURES["task_index"]
        else:
            content = {key: value for key, value in content.items() if not ours(key)}
        (root / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    if sentences:
        write_tasks(root, sentences, "subtask")
