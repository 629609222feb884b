"""LeRobot's own column `next.success`: what a set of others says of how its takes ended."""

import json

import numpy as np
import pytest
from invented_arm import COLUMNS, lerobot, mapping, takes
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.foreign_columns import success_of
from shiliu.replay.report.notes import Notes


def test_a_take_that_says_of_itself_that_it_failed_claims_no_success(tmp_path):
    def says(k, rows):
        rows["next.success"] = np.zeros(len(rows["index"]), np.int64)
        rows["next.success"][-1] = k

    mine = mapping(tmp_path / "arm.yaml", "lerobot", COLUMNS)
    failed, done = read(lerobot(tmp_path / "set", takes(2), mutate=says), mapping=mine)
    assert failed.metadata["label"] == {"success": False, "failure": None} and done.metadata["label"]["success"] is True
    (note,) = [one for one in failed.notes if "next.success" in one]
    assert "true in no row" in note and Notes("zh", {}).note(note) != note
    silent, _ = read(lerobot(tmp_path / "silent", takes(2)), mapping=mine)
    assert "label" not in silent.metadata


@pytest.mark.parametrize(("done", "label"), [((0, 1), False), ((0, 0), None)])
@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
def test_a_column_that_is_true_in_no_take_of_the_set_labels_none(tmp_path, version, done, label):
    """By the set's own statistics: a recorder may never have filled it."""
    root = lerobot(
        tmp_path / "set", takes(2), version=version,
        mutate=lambda k, rows: rows.update({"next.success": np.arange(len(rows["index"])) >= len(rows["index"]) - done[k]}),
    )  # fmt: skip
    if version == "v3.0":
        (root / "meta/stats.json").write_text(json.dumps({"next.success": {"max": [float(max(done))]}}))
    first, _ = read(root, mapping=mapping(tmp_path / "arm.yaml", "lerobot", COLUMNS))
    assert first.metadata.get("label", {}).get("success") is label
    (note,) = [one for one in first.notes if "next.success" in one]
    assert ("in no take" in note) == (label is None) and Notes("zh", {}).note(note) != note


@pytest.mark.parametrize("values", [None, np.full(4, np.nan), np.array([0.0, 0.5, 1.0]), np.zeros((4, 2)), np.zeros(0)])
def test_a_column_that_holds_no_truth_says_nothing(values):
    assert success_of({} if values is None else {"next.success": values}) is None


def test_success_in_one_row_is_success():
    assert success_of({"next.success": np.array([[False], [True], [False]])}) is True
    assert success_of({"next.success": np.zeros(3, bool)}) is False
