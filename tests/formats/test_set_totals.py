"""What a set of our own says of itself as a whole, against what its tables hold."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shiliu.replay.formats.lerobot import layout
from shiliu.replay.formats.lerobot.own import Dataset


def folder(root, tasks=("put the cup down", "open the door"), **info):
    """A set with the tables that are looked at, and three episodes of 20, 30 and 40 rows."""
    made = object.__new__(Dataset)
    made.root, made.info = root, info
    made.rows = [{"length": length} for length in (20, 30, 40)]
    if tasks is not None:
        path = root / layout.TASKS
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"task_index": list(range(len(tasks))), "task": list(tasks)}), path)
    return made


@pytest.mark.parametrize("shown", [90, 91, None, "90"])
def test_totals_are_what_is_announced_beside_what_is_counted(tmp_path, shown):
    made = folder(tmp_path, total_frames=shown, total_tasks=3)
    assert made.totals == {"total_frames": (shown, 90), "total_tasks": (3, 2)}
    assert made.tasks == {0: "put the cup down", 1: "open the door"}


@pytest.mark.parametrize("damage", ["none", "no table", "other columns", "cut"])
def test_without_a_table_of_tasks_nobody_counts_them(tmp_path, damage):
    made = folder(tmp_path, None if damage == "none" else ("put",), total_frames=90)
    path = tmp_path / layout.TASKS
    if damage == "no table":
        path.write_text(json.dumps({"task": "put"}))
    elif damage == "other columns":
        pq.write_table(pa.table({"task": ["put"]}), path)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:40])
    assert made.tasks is None and made.totals == {"total_frames": (90, 90)}
