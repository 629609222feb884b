"""LeRobot datasets of others: episodes wherever row groups end, and what is broken in one clear error."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shiliu.replay.formats import read
from shiliu.replay.recording.recording import Recording, Unreadable
from shiliu.scenarios.errors import EpisodeError

LEROBOT = """\
title: mine
format: lerobot
robot: toy
kind: robot
recognise: {channels: {q: 3, u: 2}}
streams:
  - {name: u, field: u, role: command, quantity: joint_position, unit: rad, names: [a, b]}
  - {name: q, fields: ["q[0]", "q[2]"], role: measured, quantity: joint_position, unit: rad, names: [a, b]}
unused:
  q[1]: "a joint that was taken off"
"""


def foreign(root: Path, groups: int = 2, **changes) -> Path:
    """A v3.0 set with three episodes in one file, its row groups cut without regard to episodes."""
    (root / "meta").mkdir(parents=True)
    (root / "data/chunk-000").mkdir(parents=True)
    lengths = [5, 7, 4]
    n = sum(lengths)
    columns = {
        "q": pa.array(np.arange(3.0 * n).reshape(n, 3).tolist()),
        "u": pa.array(np.zeros((n, 2)).tolist()),
        "timestamp": pa.array(np.concatenate([np.arange(k) / 20 for k in lengths]).astype(np.float32)),
        "episode_index": pa.array(np.repeat([0, 1, 2], lengths)),
    } | changes
    pq.write_table(pa.table(columns), root / "data/chunk-000/file-000.parquet", row_group_size=max(1, n // groups))
    info = {
        "codebase_version": "v3.0",
        "robot_type": "toy",
        "fps": 20,
        "features": {
            "q": {"dtype": "float64", "shape": [3], "names": ["a", "x", "b"]},
            "u": {"dtype": "float64", "shape": [2]},
            "camera": {"dtype": "video", "shape": [8, 8, 3]},
        },
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
    }
    (root / "meta/info.json").write_text(json.dumps(info))
    return root


@pytest.fixture
def toy(tmp_path) -> Path:
    path = tmp_path / "toy.yaml"
    path.write_text(LEROBOT)
    return path


@pytest.mark.parametrize("groups", [1, 2, 5, 16])
def test_episodes_are_split_wherever_row_groups_end(tmp_path, toy, groups):
    items = list(read(foreign(tmp_path / "set", groups), mapping=toy))
    assert [r.source for r in items] == ["set#0", "set#1", "set#2"]
    assert [r.streams["q"].n for r in items] == [5, 7, 4]
    assert items[1].streams["q"].values[0].tolist() == [15, 17] and items[1].streams["q"].clock == "grid"
    assert items[0].unmapped[-1] == "camera (video): announced, but its file is not here"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"q": pa.array([[1.0, 2.0, 3.0]] * 15 + [[1.0]])}, "different numbers of values"),
        ({"q": pa.array([[1.0, 2.0, None]] * 16)}, "values of q are missing"),
        ({"q": pa.array(["a"] * 16)}, "names this channel"),
        ({"timestamp": pa.array([float("nan")] * 16)}, "not finite"),
        ({"q": pa.array([[1.0, 2.0]] * 16)}, "has 2 columns, the mapping takes"),
    ],
)
def test_broken_columns_of_a_foreign_set_are_named(tmp_path, toy, changes, message):
    with pytest.raises(EpisodeError, match=message):
        list(read(foreign(tmp_path / "set", 1, **changes), mapping=toy))


def test_an_episode_in_two_places_and_a_cut_file_do_not_stop_the_others(tmp_path, toy):
    root = foreign(tmp_path / "set")
    whole = root / "data/chunk-000/file-000.parquet"
    shutil.copy(whole, root / "data/chunk-000/file-001.parquet")
    (root / "data/chunk-000/file-002.parquet").write_bytes(whole.read_bytes()[:200])
    items = list(read(root, mapping=toy))
    assert [type(i) for i in items] == [Recording] * 3 + [Unreadable] * 4
    assert "stands in two places" in str(items[3].error) and "cannot be read" in str(items[6].error)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("meta/info.json", "{"),
        ("meta/info.json", "[]"),
        ("meta/info.json", '{"features": 3}'),
        ("meta/episodes.jsonl", "{nonsense"),
        ("meta/tasks.jsonl", "\udcff"),
        ("meta/tasks.parquet", "PAR1"),
        ("data/chunk-000/file-000.parquet", ""),
    ],
)
def test_broken_metadata_is_one_error(tmp_path, toy, file, content):
    root = foreign(tmp_path / "set")
    (root / file).write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(EpisodeError, match=Path(file).name):
        list(read(root, mapping=toy))


def test_paths_out_of_a_foreign_set_are_refused(tmp_path, toy):
    root = foreign(tmp_path / "set")
    info = json.loads((root / "meta/info.json").read_text())
    (root / "meta/info.json").write_text(json.dumps(info | {"video_path": "../../{video_key}.mp4"}))
    with pytest.raises(EpisodeError, match="leads out of the dataset"):
        list(read(root, mapping=toy))
    other = foreign(tmp_path / "other")
    shutil.move(other / "data", tmp_path / "elsewhere")
    (other / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EpisodeError, match=r"leads out of the dataset|files of frames lie under data"):
        list(read(other, mapping=toy))


def test_names_in_the_container_decide_the_order(tmp_path):
    path = tmp_path / "toy.yaml"
    path.write_text(
        "title: toy\nformat: lerobot\nrobot: toy\nkind: state_only\nrecognise: {channels: {q: 3}}\nstreams:\n"
        "  - {name: q, field: q, role: measured, quantity: joint_position, unit: rad, names: [a, b, x], spelled_in: q}\n"
    )
    first, *_ = read(foreign(tmp_path / "set"), mapping=path)
    assert first.streams["q"].names == ("a", "x", "b") and first.streams["q"].values[1].tolist() == [3, 4, 5]
    info = json.loads((tmp_path / "set/meta/info.json").read_text())
    info["features"]["q"]["names"] = ["a", "y", "b"]
    (tmp_path / "set/meta/info.json").write_text(json.dumps(info))
    with pytest.raises(EpisodeError, match=r"names its columns a, y, b, .* no spelling of mapping toy"):
        list(read(tmp_path / "set", mapping=path))
