"""LeRobot tables of others: counters in lists of one, and columns whose type is not read."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from invented_arm import COLUMNS, lerobot, mapping, takes
from shiliu.replay.formats.lerobot.foreign import read
from shiliu.replay.formats.lerobot.foreign_columns import names_of
from shiliu.replay.recording.recording import Recording
from shiliu.scenarios.sheet.errors import EpisodeError

COUNTERS = ("frame_index", "episode_index", "index", "task_index", "timestamp")


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return mapping(tmp_path_factory.mktemp("sheet") / "map.yaml", "lerobot", COLUMNS)


def changed(root, name, column):
    for path in root.glob("data/**/*.parquet"):
        table = pq.read_table(path)
        pq.write_table(table.set_column(table.column_names.index(name), name, column(table.column(name))), path)


@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
def test_counters_in_lists_of_one_are_counters(tmp_path, sheet, version):
    plain, listed = (lerobot(tmp_path / name, takes(2), version=version) for name in ("plain", "listed"))
    for name in COUNTERS:
        changed(listed, name, lambda column: pa.array([[value] for value in column.to_pylist()], pa.list_(column.type)))
    for one, other in zip(read(plain, "set", sheet), read(listed, "set", sheet), strict=True):
        assert isinstance(other, Recording) and one.name == other.name
        assert all(np.array_equal(s.values, other.streams[k].values) for k, s in one.streams.items())
        assert all(np.array_equal(s.time_ns, other.streams[k].time_ns) for k, s in one.streams.items())
        assert all(np.array_equal(v, other.declared.counters[k]) for k, v in one.declared.counters.items())


def test_a_counter_with_two_values_in_a_row_is_named(tmp_path, sheet):
    root = lerobot(tmp_path / "set", takes(1), version="v3.0")
    changed(root, "episode_index", lambda column: pa.array([[0, 0]] * len(column)))
    with pytest.raises(EpisodeError, match="episode_index holds 2 values in each row"):
        list(read(root, "set", sheet))


def test_times_of_a_type_that_is_not_read_are_no_missing_times(tmp_path, sheet):
    root = lerobot(tmp_path / "set", takes(1), version="v2.1")
    changed(root, "timestamp", lambda column: pa.array(np.arange(len(column)) * 40_000_000).cast(pa.timestamp("ns")))
    with pytest.raises(EpisodeError, match=r"timestamp: is here, and not read: timestamp\[ns\], this type is not read"):
        list(read(root, "set", sheet))
    none = lerobot(tmp_path / "none", takes(1), version="v2.1", mutate=lambda k, rows: rows.pop("timestamp"))
    (recording,) = read(none, "set", sheet)
    assert any("no times were recorded" in note for note in recording.notes)


def test_named_values_in_place_of_a_list_are_no_pictures(tmp_path, sheet):
    root = lerobot(tmp_path / "set", takes(1), version="v2.1")
    changed(root, "action", lambda column: pa.array([{"pan": 1.0, "lift": 2.0}] * len(column)))
    with pytest.raises(EpisodeError, match=r"action: is here, and not read: struct<pan: double, lift: double>, this type is not read"):
        list(read(root, "set", sheet))


NAMES = ["pan", "lift", "elbow", "gripper"]


@pytest.mark.parametrize(
    "value",
    [
        NAMES,
        [NAMES],
        {"motors": NAMES},
        {"arm": NAMES[:3], "hand": NAMES[3:]},
        {"pan": 0, "lift": 1, "elbow": 2, "gripper": 3},
        {"gripper": 3, "pan": 0, "elbow": 2, "lift": 1},
        {"pan": "rad", "lift": "rad", "elbow": "rad", "gripper": "1"},
    ],
)
def test_names_are_found_in_whatever_table_they_stand(value):
    assert names_of(value) == tuple(NAMES)


@pytest.mark.parametrize("value", [None, {}, {"motors": None}, {"a": [1], "b": ["x"]}, 3, "pan"])
def test_what_is_no_list_of_names_names_nothing(value):
    assert names_of(value) == ()


def test_names_by_parts_are_held_against_the_mapping(tmp_path, sheet):
    arm, hand = list(COLUMNS["command"].names), list(COLUMNS["grip"].names)
    features = {"action": {"dtype": "float32", "shape": [7], "names": {"arm": arm, "hand": hand}}}
    (recording,) = read(lerobot(tmp_path / "set", takes(1), version="v2.1", features=features), "set", sheet)
    assert isinstance(recording, Recording) and not recording.declared.features
    features["action"]["names"]["arm"] = arm[::-1]
    with pytest.raises(EpisodeError, match=f"the container calls its column 5 {arm[0]}, mapping map calls column 0 so"):
        list(read(lerobot(tmp_path / "turned", takes(1), version="v2.1", features=features), "set", sheet))
