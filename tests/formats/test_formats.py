"""Files and folders, and the records of the formats: what is read by whom, and what is told of what nobody reads."""

import shutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from bags import arm_messages, write_bag
from joint_streams import ELBOW, recording, stream
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.streams import check_missing
from shiliu.replay.formats import continued, read, records
from shiliu.replay.recording.recording import Recording, Unreadable
from shiliu.replay.report import Words
from shiliu.scenarios.sheet.errors import EpisodeError

# ------------------------------------------------------------------------------------------------ files and folders


def test_missing_path_names_the_near_one(tmp_path):
    (tmp_path / "takes").mkdir()
    with pytest.raises(EpisodeError, match=r"no such file or folder\. Did you mean .*takes\?"):
        read(tmp_path / "take")


@pytest.mark.parametrize(
    ("names", "pause", "begins", "named"),
    [
        (("rec_0", "rec_1"), 0.02, 1.7e9, True),
        (("rec_0", "rec_1"), 5.0, 1.7e9, False),  # another take
        (("rec_0", "rec_2"), 0.02, 1.7e9, False),
        (("cup_0", "rec_1"), 0.02, 1.7e9, False),
        (("rec_0", "rec_1"), 0.02, 0.0, False),  # times that are no wall clock's
    ],
)
def test_a_file_that_goes_on_where_the_one_before_it_ends_is_named(names, pause, begins, named):
    one = stream("command", np.arange(90.0), (ELBOW,))
    later = int((begins + (one.time_ns[-1] * 1e-9 + pause)) * 1e9) - int(begins * 1e9)
    items = [
        replace(recording(replace(one, capture_ns=one.time_ns + int(begins * 1e9) + by)), name=name, source=f"{name}.bag", metadata={})
        for name, by in zip(names, (0, later))
    ]
    for item, expected in zip(continued(items), (False, named)):
        found = [f for f in check_missing(item, load_rules(), 0) if f.details.get("kind") == "part"]
        assert [f.level for f in found] == ["WARN"] * expected
        for finding in found:
            assert finding.subject == (names[0],) and finding.value == pytest.approx(pause, abs=1e-3)
            assert names[0] in Words("en").message(finding) and names[0] in Words("zh").message(finding)


def test_folders_without_recordings(tmp_path):
    with pytest.raises(EpisodeError, match="it is empty"):
        read(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(EpisodeError, match=r"holds no recording, only notes\.txt"):
        read(tmp_path)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(EpisodeError, match=r"only \.parquet files"):
        read(tmp_path)
    with pytest.raises(EpisodeError, match="not a recording"):
        read(tmp_path / "notes.txt")
    (inside := tmp_path / "set" / "data" / "chunk-000").mkdir(parents=True)
    (inside / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(EpisodeError, match=r"holds no recording that is read yet, only \.parquet files"):
        read(inside)
    (tmp_path / "set" / "meta").mkdir()
    (tmp_path / "set" / "meta" / "info.json").write_text("{}")
    with pytest.raises(EpisodeError, match=r"chunk-000: is a folder of the dataset .*/set\. Name the dataset's folder\."):
        read(inside)
    with pytest.raises(EpisodeError, match=r"a single Parquet file; give the dataset's folder.*not read yet"):
        read(tmp_path / "a.parquet")


def test_an_unreadable_file_does_not_stop_a_folder(tmp_path):
    (tmp_path / "a_bad.bag").write_bytes(b"#ROSBAG V2.0\n")
    (tmp_path / "c.mcap").write_bytes(b"mcap")
    (tmp_path / "sub").mkdir()
    write_bag(tmp_path / "b.bag", arm_messages())
    write_bag(tmp_path / "sub" / "d.bag", arm_messages())
    items = list(read(tmp_path))
    assert [i.source for i in items] == ["a_bad.bag", "b.bag", "c.mcap", "sub/d.bag"]
    assert [type(i) for i in items] == [Unreadable, Recording, Unreadable, Recording]
    assert isinstance(items[0].error, EpisodeError)
    with pytest.raises(EpisodeError) as raised:
        items[0].arrays("/command")
    assert raised.value is items[0].error and [hasattr(i, "error") for i in items] == [True, False, True, False]
    (tmp_path / "b.bag").unlink()
    shutil.rmtree(tmp_path / "sub")
    with pytest.raises(EpisodeError, match="none of the 2 recordings"):
        list(read(tmp_path))


# -- records -----------------------------------------------------------------------------------------------------------------


def test_every_record_names_a_module_that_does_the_work():
    for reader in records.readers().values():
        assert callable(import_module(reader.module).read), reader.name
        assert bool(reader.endings) != bool(reader.marks), f"{reader.name} is known by endings or as a folder"
    for writer in records.writers().values():
        assert writer.format in records.readers(), f"what to={writer.name} writes is read again"
    endings = [ending for reader in records.readers().values() for ending in reader.endings]
    assert len(endings) == len(set(endings))


def test_what_cannot_be_read_is_told_what_can(tmp_path):
    (tmp_path / "notes.txt").write_text("no recording")
    with pytest.raises(EpisodeError) as refused:
        read(tmp_path / "notes.txt")
    for reader in records.readers().values():
        assert reader.title in str(refused.value)
        assert all(f"*{ending}" in str(refused.value) for ending in reader.endings)
    with pytest.raises(EpisodeError, match="rosbag reindex"):
        read(Path(shutil.copy(tmp_path / "notes.txt", tmp_path / "take.active")))


def test_two_formats_of_one_name_are_refused(monkeypatch):
    one = records.readers()["npz"]
    twice = SimpleNamespace(__name__="twice", READERS=(one, one))
    monkeypatch.setattr(records, "_kinds", lambda: iter([twice]))
    with pytest.raises(TypeError, match="'npz' is a name of another record"):
        records._collected("READERS")
