"""Files as recorders, copies and editors leave them: what is no fault is read, and what is one is named with its file and the way out."""

import json
import shutil
import warnings
from dataclasses import replace

import h5py
import numpy as np
import pytest
from bags import ARM, arm_bag, arm_messages, joint_state, ros2_bag, types, write_bag
from invented_arm import COLUMNS, lerobot, mapping, takes
from mcap.records import Statistics
from rosbags.rosbag2 import StoragePlugin
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.set_tables import check_columns, check_length
from shiliu.replay.checks.set_times import check_counters
from shiliu.replay.checks.streams import check_missing
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.foreign import read as read_set
from shiliu.replay.formats.lerobot.stats import of_array
from shiliu.replay.formats.mcap import read as mcap_read
from shiliu.replay.formats.reader_errors import mending
from shiliu.replay.recording.recording import Recording, Unreadable
from shiliu.replay.report import Words
from shiliu.scenarios.sheet.errors import EpisodeError

RULES = load_rules()


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return mapping(tmp_path_factory.mktemp("sheet") / "map.yaml", "lerobot", COLUMNS)


def missing(recording):
    """Kind, level and subject of what `stream.missing` says of a recording."""
    found = check_missing(recording, RULES, recording.start_ns or 0)
    return [(one.details.get("kind"), one.level, one.subject) for one in found if one.level in ("WARN", "FAIL")]


@pytest.mark.parametrize("ending", ["bag", "hdf5", "npz", "mcap"])
def test_a_pointer_in_place_of_a_file_is_named_in_every_format(tmp_path, ending):
    (tmp_path / f"take.{ending}").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 5\n")
    with pytest.raises(EpisodeError, match="is a Git LFS pointer"):
        list(read(tmp_path / f"take.{ending}"))


def test_hidden_files_of_other_programs_are_no_episodes(tmp_path, sheet):
    root = lerobot(tmp_path / "set", takes(2), version="v2.1")
    for path in [*root.rglob("*.parquet"), *root.rglob("*.jsonl")]:
        path.with_name(f"._{path.name}").write_bytes(b"\x00\x05\x16\x07" + bytes(90))
    left = root / "data/chunk-000/.ipynb_checkpoints"
    left.mkdir()
    shutil.copy(root / "data/chunk-000/episode_000000.parquet", left / "episode_000000-checkpoint.parquet")
    assert [type(item) for item in read_set(root, "set", sheet)] == [Recording, Recording]


def test_of_a_table_and_its_copy_the_table_is_read_and_both_are_named(tmp_path, sheet):
    root = lerobot(tmp_path / "set", takes(2), version="v2.1")
    own = root / "data/chunk-000/episode_000001.parquet"
    shutil.copy(root / "data/chunk-000/episode_000001.parquet", own.with_name("episode_000001 (1).parquet"))
    items = list(read_set(root, "set", sheet))
    assert [item.metadata["file"] for item in items if isinstance(item, Recording)][1] == "data/chunk-000/episode_000001.parquet"
    (spare,) = (item for item in items if isinstance(item, Unreadable))
    assert "episode_000001 (1).parquet" in str(spare.error) and "the first in data/chunk-000/episode_000001.parquet" in str(spare.error)


def test_a_table_that_was_never_closed_is_named_so(tmp_path, sheet):
    root = lerobot(tmp_path / "set", takes(2), per_file=1)
    path = root / "data/chunk-000/file-001.parquet"
    path.write_bytes(path.read_bytes()[:-200])
    first, second = read_set(root, "set", sheet)
    assert isinstance(first, Recording) and isinstance(second, Unreadable)
    assert "the table has no end" in str(second.error) and "file-001.parquet" in str(second.error)


def test_text_of_another_encoding_is_named_with_its_file(tmp_path, sheet):
    root = lerobot(tmp_path / "set", takes(1), version="v2.1")
    path = root / "meta/tasks.jsonl"
    row = {"task_index": 0, "task": "把方块放进盒子。"}
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(row, ensure_ascii=False).encode() + b"\r\n\r\n")
    (item,) = read_set(root, "set", sheet)
    assert isinstance(item, Recording) and item.metadata["task"] == row["task"], "a mark at the beginning, and line ends of Windows"
    path.write_bytes(json.dumps(row, ensure_ascii=False).encode("gbk"))
    with pytest.raises(EpisodeError, match=r"tasks\.jsonl: the text is no UTF-8: byte \d+ is 0x.*Save the file as UTF-8"):
        list(read_set(root, "set", sheet))


def test_text_in_a_file_that_is_no_text_is_its_own_damage(tmp_path):
    for name, message in (("take.hdf5", "cannot be read"), ("take.json", "is no UTF-8")):
        with pytest.raises(EpisodeError, match=message), mending(tmp_path / name, "the file cannot be read", "Copy it again."):
            b"\xff".decode()


def test_names_that_are_fewer_than_the_elements_are_told_from_one_name_for_all(tmp_path, sheet):
    for names, kind in ((["pan", "lift"], "few_names"), (["state"], None)):
        root = lerobot(tmp_path / str(kind), takes(1), features={"action": {"dtype": "float32", "shape": [7], "names": names}})
        (item,) = read_set(root, "set", sheet)
        assert isinstance(item, Recording) and item.declared.features.get("action", (None,))[0] == kind


@pytest.mark.parametrize("chunk, level", [("chunk-001", "WARN"), ("chunk-000", "PASS")])
def test_a_table_in_another_folder_than_the_set_says_is_named(tmp_path, sheet, chunk, level):
    root = lerobot(tmp_path / "set", takes(2), version="v2.1")
    own = root / "data/chunk-000/episode_000001.parquet"
    (root / "data" / chunk).mkdir(exist_ok=True)
    own.rename(root / "data" / chunk / own.name)
    first, second = read_set(root, "set", sheet)
    assert [check_length(item.declared, RULES)[0].level for item in (first, second)] == ["PASS", level]
    if level == "WARN":
        (found,) = check_length(second.declared, RULES)
        assert f"in data/chunk-000/{own.name} (data_path); they are in data/chunk-001/{own.name}" in Words("en").message(found)


def test_a_table_of_another_name_is_a_fault_where_other_rows_are_taken_for_its_own(tmp_path, sheet):
    root = lerobot(tmp_path / "set", takes(2), version="v2.1")
    own = root / "data/chunk-000/episode_000001.parquet"
    own.rename(own.with_name("take_b.parquet"))
    first, second = read_set(root, "set", sheet)
    assert check_length(first.declared, RULES)[0].level == "PASS"
    for vacant, level in ((True, "WARN"), (False, "FAIL")):
        announced = second.declared.file._replace(vacant=vacant)
        assert not vacant or announced == second.declared.file
        (found,) = check_length(replace(second.declared, file=announced), RULES)
        assert (found.level, found.subject) == (level, ("data_path",)) and "take_b.parquet" in Words("en").message(found)


def test_a_task_with_two_sentences_is_named_and_no_row_is_blamed(tmp_path, sheet):
    root = lerobot(tmp_path / "set", takes(1), version="v2.1")
    path = root / "meta/tasks.jsonl"
    for sentence, named in ((takes(1)[0].task, False), ("Open the drawer.", True)):
        path.write_text(path.read_text() + json.dumps({"task_index": 0, "task": sentence}) + "\n")
        (item,) = read_set(root, "set", sheet)
        (found,) = check_columns(item.declared, RULES)
        assert (found.level == "WARN") == named and item.metadata["task"] == sentence
        assert "task_index" not in {one.subject[0] for one in check_counters(item.declared, RULES) if one.level in ("WARN", "FAIL")}
        assert ("has two sentences for task_index 0" in Words("en").message(found)) == named


def demos(path, total=None, lists=()):
    with h5py.File(path, "w") as file:
        for k, take in enumerate(takes(2)):
            file[f"data/demo_{k}/actions"] = np.concatenate([take.data["command"], take.data["grip"]], axis=1)
            file[f"data/demo_{k}/q"] = np.concatenate([take.data["measured"], take.data["opening"]], axis=1)
        if total is not None:
            file["data"].attrs["total"] = total
    return path


def test_a_count_of_all_rows_that_is_wrong_is_a_note(tmp_path):
    columns = {
        name: type(c)(c.role, c.quantity, c.unit, c.names, "actions" if c.field == "action" else "q") for name, c in COLUMNS.items()
    }
    sheet = mapping(tmp_path / "map.yaml", "hdf5", columns, episodes="data/demo_*", fps=30)
    rows = sum(take.n for take in takes(2))
    for total, has_note in ((rows, False), (rows + 7, True)):
        items = list(read(demos(tmp_path / f"{total}.hdf5", total), sheet))
        assert all(isinstance(item, Recording) for item in items) and len(items) == 2
        assert any(f"{total} rows are announced in all (total), {rows} are here" in note for note in items[0].notes) == has_note


def test_files_without_a_number_say_what_they_hold(tmp_path):
    h5py.File(tmp_path / "none.hdf5", "w").close()
    with pytest.raises(EpisodeError, match="is empty: it was opened, and no episode was ever saved"):
        list(read(tmp_path / "none.hdf5"))
    np.savez(tmp_path / "objects.npz", episode=np.array({"a": 1}, dtype=object))
    with pytest.raises(EpisodeError, match=r"nothing in this NumPy archive is a number that is read: episode: Python objects"):
        list(read(tmp_path / "objects.npz"))


def test_messages_that_name_joints_and_hold_none_are_left_out_and_counted(tmp_path):
    store = types()
    whole = list(arm_messages(20))
    arm_bag(tmp_path / "whole.bag", 20)
    (same,) = read(tmp_path / "whole.bag")
    topic = next(topic for topic, stream in same.streams.items() if stream.role == "command")

    def emptied(rows):
        count, out = 0, []
        for message in whole:
            if message[0] == topic:
                if count in rows:
                    message = (*message[:3], joint_state(store, message[2] - 1000, np.zeros(0), ARM))
                count += 1
            out.append(message)
        return out

    write_bag(tmp_path / "hollow.bag", emptied({0, 1, 7}))
    (item,) = read(tmp_path / "hollow.bag")
    assert item.streams[topic].n == same.streams[topic].n - 3
    assert np.array_equal(item.streams[topic].values, np.delete(same.streams[topic].values, [0, 1, 7], axis=0))
    assert f"{topic}: 3 messages hold no value and are left out" in item.notes
    write_bag(tmp_path / "none.bag", emptied(set(range(99))))
    with pytest.raises(EpisodeError, match="message 0: holds 0 values"):
        list(read(tmp_path / "none.bag"))


@pytest.mark.parametrize("by, expected", [(0, None), (5, ("lost", "FAIL")), (-5, ("more", "WARN"))])
def test_messages_that_the_sheet_beside_a_bag_counts_are_compared(tmp_path, by, expected):
    path = ros2_bag(tmp_path / "take", n=40)
    sheet = path.with_name("metadata.yaml")
    text = sheet.read_text()
    assert text.count("message_count: 40") >= 1
    sheet.write_text(text.replace("message_count: 40", f"message_count: {40 + by}"))
    path = path.rename(path.with_stem("renamed"))
    (item,) = read(path)
    item.metadata.pop("silent")  # of two warnings one stands
    found = missing(item)
    assert found == ([] if expected is None else [(*expected, ("/kuavo_arm_traj",))])


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_counts_what_it_holds_was_filtered_since(tmp_path, whole, monkeypatch):
    """As `mcap filter` leaves it beside the sheet of the recording; a file whose own summary counts more has lost messages as well."""
    path = ros2_bag(tmp_path / "take", n=40, storage=StoragePlugin.MCAP)
    sheet = path.with_name("metadata.yaml")
    sheet.write_text(sheet.read_text().replace("message_count: 40", "message_count: 45"))
    if not whole:
        every = mcap_read.records

        def counted(file):
            for record in every(file):
                if isinstance(record, Statistics):
                    record.channel_message_counts = {key: n + 5 * (n > 0) for key, n in record.channel_message_counts.items()}
                yield record

        monkeypatch.setattr(mcap_read, "records", counted)
    (item,) = read(path)
    item.metadata.pop("silent")
    assert missing(item) == [(*(("older", "WARN") if whole else ("lost", "FAIL")), ("/kuavo_arm_traj",))]


@pytest.mark.parametrize("row", ["", "- {message_count: 3, topic_metadata: null}\n", "- 7\n"])
def test_a_count_without_its_topic_is_passed_over(tmp_path, row):
    path = ros2_bag(tmp_path / "take", n=40)
    beside = path.with_name("metadata.yaml")
    head = "  topics_with_message_count:\n"
    before, after = beside.read_text().replace("message_count: 40", "message_count: 45").split(head)
    row = row and after[: after.index("-")] + row
    beside.write_text(before + head + row + after)
    (item,) = read(path)
    assert item.metadata["announced"] == {"/kuavo_arm_traj": [45, 40]}


def test_a_topic_that_is_announced_alone_for_its_role_is_named(tmp_path):
    (item,) = read(ros2_bag(tmp_path / "take"))
    assert ("silent", "WARN", ("/sensors_data_raw",)) in missing(item)
    item.metadata["silent"] = []
    assert not missing(item)


@pytest.mark.parametrize("early", [True, False])
def test_a_first_message_from_long_before_is_no_beginning(tmp_path, early):
    """Where the command's first message is from before, that is all; where all of them are late, one of the streams is missing."""
    (item,) = read(arm_bag(tmp_path / "take.bag", 40))
    name = next(s.name for s in item.streams.values() if s.role == "command")
    stream, by = item.streams[name], 300 * 10**9
    stamps = getattr(stream, f"{stream.clock}_ns") + np.where(np.arange(stream.n) == 0, -by, 0 if early else by)
    found = missing(replace(item, streams={**item.streams, name: replace(stream, **{f"{stream.clock}_ns": stamps})}))
    assert [one[1] for one in found] == ["WARN" if early else "FAIL"]
    assert (("kept", "WARN", (name,)) in found) == early


def test_a_file_that_is_compressed_as_a_whole_says_how_to_unpack_it(tmp_path):
    (tmp_path / "take_0.mcap.zstd").write_bytes(b"\x28\xb5\x2f\xfd")
    with pytest.raises(EpisodeError, match="compressed as a whole; `zstd -d` unpacks it"):
        list(read(tmp_path))
    with pytest.raises(EpisodeError, match="compressed as a whole; `zstd -d` unpacks it"):
        list(read(tmp_path / "take_0.mcap.zstd"))


def test_columns_without_a_number_have_statistics_and_warn_of_nothing():
    values = np.array([[1.0, np.inf, np.nan], [3.0, np.inf, 4.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = of_array(values)
    assert found["mean"].tolist() == [2.0, 0.0, 4.0] and found["max"].tolist() == [3.0, 0.0, 4.0]
