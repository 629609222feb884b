"""LeRobot datasets of others: episodes wherever row groups end, and what is broken in one clear error."""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shiliu.cli import main
from shiliu.replay.checks.images import check_images
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats import read
from shiliu.replay.formats.picture_samples import picture_samples_of
from shiliu.replay.formats.video import encode
from shiliu.replay.judge.intake import intake
from shiliu.replay.recording.recording import Recording, Unreadable
from shiliu.scenarios.sheet.errors import EpisodeError

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


def test_columns_that_no_stream_takes_are_named_by_place_or_by_what_they_are_called(tmp_path, toy):
    by_place = next(iter(read(foreign(tmp_path / "set"), mapping=toy))).unmapped[0]
    toy.write_text(LEROBOT.replace("q[1]", '"q[x*]"'))
    by_name = next(iter(read(tmp_path / "set", mapping=toy))).unmapped[0]
    assert by_place == by_name == "q[1] (5 rows x 1): a joint that was taken off"
    toy.write_text(LEROBOT.replace("q[1]", '"q[other*]"'))
    assert "unknown to mapping" in next(iter(read(tmp_path / "set", mapping=toy))).unmapped[0]


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
        ({"q": pa.array([[1.0, 2.0, 3.0]] * 15 + [[1.0]])}, "different numbers of values: row 15 has 1, most have 3"),
        ({"q": pa.array([[1, 2, None]] * 16)}, "16 values of q are missing, the first in row 0"),
        ({"q": pa.array(["a"] * 16)}, "q: it is announced as numbers and holds text"),
        ({"q": pa.array([[1.0, 2.0, 3.0]] * 9 + [None] + [[1.0, 2.0, 3.0]] * 6)}, "row 9 of q is empty"),
        ({"q": pa.array([[1.0, 2.0]] * 16)}, "has 2 columns, the mapping takes"),
    ],
)
def test_broken_columns_of_a_foreign_set_are_named(tmp_path, toy, changes, message):
    with pytest.raises(EpisodeError, match=message):
        list(read(foreign(tmp_path / "set", 1, **changes), mapping=toy))


@pytest.mark.parametrize("lost", [None, float("nan"), float("inf")])
def test_a_time_that_is_no_number_is_a_finding_of_its_take_and_the_others_are_judged(tmp_path, toy, lost):
    """As NaN, and as pandas writes NaN: a value that is missing."""
    times = np.concatenate([np.arange(k) / 20 for k in (5, 7, 4)]).tolist()
    times[5 + 3] = lost  # of the second take
    root = foreign(tmp_path / "set", timestamp=pa.array(times, pa.float32()))
    takes = list(read(root, mapping=toy))
    assert [take.streams["q"].clock for take in takes] == ["grid"] * 3
    assert any("1 times that are no number" in note for note in takes[1].notes)
    failed = [[f.code for f in verdict.findings if f.failed] for verdict in intake(takes)]
    assert failed[1] == ["set.timestamp"] and "set.timestamp" not in failed[0] + failed[2]


def test_a_value_that_is_missing_is_a_finding_of_its_take(tmp_path, toy):
    rows = np.arange(3.0 * 16).reshape(16, 3).tolist()
    rows[6][2] = None
    verdicts = list(intake(read(foreign(tmp_path / "set", q=pa.array(rows)), mapping=toy)))
    found = [next(f for f in verdict.findings if f.code == "value.nonfinite") for verdict in verdicts]
    assert [f.level for f in found] == ["PASS", "FAIL", "PASS"] and found[1].subject == ("q", "b")


def test_an_episode_in_two_places_and_a_cut_file_do_not_stop_the_others(tmp_path, toy):
    root = foreign(tmp_path / "set")
    whole = root / "data/chunk-000/file-000.parquet"
    shutil.copy(whole, root / "data/chunk-000/file-001.parquet")
    (root / "data/chunk-000/file-002.parquet").write_bytes(whole.read_bytes()[:200])
    items = list(read(root, mapping=toy))
    assert [type(i) for i in items] == [Recording] * 3 + [Unreadable] * 4
    assert "stands in two places" in str(items[3].error) and "the table has no end" in str(items[6].error)


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


def test_columns_that_are_reordered_with_their_names_over_parts_are_read_by_their_names(tmp_path):
    path = tmp_path / "toy.yaml"
    rest = "role: measured, quantity: joint_position, unit: rad"
    path.write_text(
        "title: toy\nformat: lerobot\nrobot: toy\nkind: state_only\nrecognise: {channels: {q: 3}}\nstreams:\n"
        f"  - {{name: arm, field: 'q[0:2]', {rest}, names: [one, two], spelled_in: 'q[0:2]'}}\n"
        f"  - {{name: hand, field: 'q[2:3]', {rest}, names: [three], spelled_in: 'q[2:3]'}}\n"
    )
    root = foreign(tmp_path / "set")
    info = json.loads((root / "meta/info.json").read_text())
    for called, arm, hand in (("one two three", [3, 4], [5]), ("three one two", [4, 5], [3]), ("two one three", [4, 3], [5])):
        info["features"]["q"]["names"] = called.split()
        (root / "meta/info.json").write_text(json.dumps(info))
        first, *_ = read(root, mapping=path)
        row = dict(zip(first.streams["arm"].names, first.streams["arm"].values[1].tolist()))
        assert [row["one"], row["two"]] == arm and first.streams["hand"].values[1].tolist() == hand
        assert first.streams["hand"].names == ("three",)
    info["features"]["q"]["names"] = ["three", "one", "four"]
    (root / "meta/info.json").write_text(json.dumps(info))
    with pytest.raises(EpisodeError, match="no spelling of mapping toy"):
        list(read(root, mapping=path))


# ------------------------------------------------------------------------------------- what is announced, and is not so


def tabled(root: Path, spans: dict[int, tuple[int, int]], files: dict[int, int] | None = None, **info) -> Path:
    """The same set with a table of episodes: rows of the set, and the file of each."""
    foreign(root)
    rows = [
        {
            "episode_index": k, "length": end - first, "dataset_from_index": first, "dataset_to_index": end,
            "data/chunk_index": 0, "data/file_index": (files or {}).get(k, 0),
        }
        for k, (first, end) in spans.items()
    ]  # fmt: skip
    (root / "meta/episodes/chunk-000").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), root / "meta/episodes/chunk-000/file-000.parquet")
    path = root / "meta/info.json"
    changes = {"data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"} | info
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return root


TRUE = {0: (0, 5), 1: (5, 12), 2: (12, 16)}


def test_episodes_that_are_announced_and_not_here_have_a_line_each(tmp_path, toy):
    root = tabled(tmp_path / "set", TRUE | {3: (16, 25), 4: (25, 25)}, files={3: 1}, total_episodes=6)
    items = list(read(root, mapping=toy))
    assert [type(item) for item in items] == [Recording] * 3 + [Unreadable] * 3
    lacking = {item.source: item.error.message for item in items[3:]}
    assert "episode 3 is announced, and data/chunk-000/file-001.parquet is missing" in lacking["set#3"]
    assert "episode 4 is announced with no row" in lacking["set#4"]
    assert "has none of it" in lacking["set#5"], "counted by info.json, and in no table"
    assert [r.declared.place for r in items[:3]] == [None] * 3, "through a missing file nobody can count"
    out = tmp_path / "out"
    assert main(["import", f"data={root}", f"mapping={toy}", f"out={out}", "keep_raw=false", "quiet=true"]) == 3
    assert len(list(read(out))) == 3


def test_a_file_that_is_broken_has_one_line_and_not_one_an_episode(tmp_path, toy):
    root = tabled(tmp_path / "set", TRUE | {3: (16, 25), 4: (25, 29)}, files={3: 1, 4: 1})
    (root / "data/chunk-000/file-001.parquet").write_bytes(b"PAR1 torn")
    lines = [item.source for item in read(root, mapping=toy) if isinstance(item, Unreadable)]
    assert lines == ["set/data/chunk-000/file-001.parquet"]


def test_an_older_set_that_lacks_a_file_says_so(tmp_path, toy):
    root = foreign(tmp_path / "set")
    info = json.loads((root / "meta/info.json").read_text())
    info |= {"codebase_version": "v2.1", "chunks_size": 2, "total_episodes": 3}
    info["data_path"] = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    (root / "meta/info.json").write_text(json.dumps(info))
    (root / "meta/episodes.jsonl").write_text("".join(json.dumps({"episode_index": k, "length": 5}) + "\n" for k in range(3)))
    table = pq.read_table(root / "data/chunk-000/file-000.parquet")
    (root / "data/chunk-000/file-000.parquet").unlink()
    for k, rows in ((0, table.slice(0, 5)), (1, table.slice(5, 7))):
        pq.write_table(rows, root / f"data/chunk-000/episode_{k:06d}.parquet")
    last = list(read(root, mapping=toy))[-1]
    assert last.name == "episode_000002" and "data/chunk-001/episode_000002.parquet is missing" in last.error.message


@pytest.mark.parametrize(
    ("spans", "wrong"),
    [
        (TRUE, {}),
        (TRUE | {2: (9, 13)}, {2: [1]}),  # within episode 1
        ({0: (4, 9), 1: (9, 16), 2: (0, 4)}, {0: [], 1: [], 2: []}),
    ],
    ids=["as they stand", "one lies within another", "in another order"],
)
@pytest.mark.parametrize("groups", [1, 3])
def test_the_place_of_the_rows_is_held_against_the_table(tmp_path, toy, spans, wrong, groups):
    root = tabled(tmp_path / "set", spans)
    table = pq.read_table(root / "data/chunk-000/file-000.parquet")
    pq.write_table(table, root / "data/chunk-000/file-000.parquet", row_group_size=-(-16 // groups))
    found = {r.declared.number: r.declared for r in read(root, mapping=toy)}
    assert {k: d.place for k, d in found.items()} == {k: first for k, (first, _) in TRUE.items()}
    assert {k: list(d.others) for k, d in found.items() if d.span[0] != d.place} == wrong


@pytest.mark.parametrize(
    ("fps", "rate", "stated"),
    [(20, 20.0, None), (-30, None, "-30"), (0, None, "0"), (float("nan"), None, "NaN"), ("30", 30.0, '"30"'), (None, None, "null")],
)
def test_a_rate_that_is_none_is_told_as_it_stands(tmp_path, toy, fps, rate, stated):
    root = foreign(tmp_path / "set")
    path = root / "meta/info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fps": fps}))
    declared = next(iter(read(root, mapping=toy))).declared
    assert (declared.fps, declared.no_rate) == (rate, stated)


@pytest.mark.parametrize("fps", [float("inf"), 1e300, "inf"])
def test_a_rate_beyond_any_is_an_error_that_names_the_table(tmp_path, toy, fps):
    root = foreign(tmp_path / "set")
    path = root / "meta/info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fps": fps}))
    with pytest.raises(EpisodeError, match=r"meta/info\.json: fps: announces .* rows a second, which is no rate"):
        list(read(root, mapping=toy))


def test_a_minari_table_that_counts_more_episodes_says_which_are_not_here(tmp_path):
    (tmp_path / "far/data").mkdir(parents=True)
    with h5py.File(tmp_path / "far/data/main_data.hdf5", "w") as file:
        for k in (0, 2):
            file.create_dataset(f"episode_{k}/actions", data=np.full((6, 2), 0.1 * k))
            file.create_dataset(f"episode_{k}/observations", data=np.full((7, 3), 0.2))
    (tmp_path / "far/data/metadata.json").write_text(json.dumps({"total_episodes": 4}))
    text = LEROBOT.replace("lerobot", "minari").replace("{q: 3, u: 2}}", "{observations: 3, actions: 2}}\nfps: 20")
    (tmp_path / "far.yaml").write_text(text.replace("q[", "observations[").replace("field: u,", "field: actions,"))
    items = list(read(tmp_path / "far", mapping=tmp_path / "far.yaml"))
    assert [(type(item), item.source) for item in items] == [
        (Recording, "far#episode_0"), (Recording, "far#episode_2"), (Unreadable, "far#episode_1"), (Unreadable, "far#episode_3"),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- cameras


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ([32, 48, 3], ["height", "width", "channels"]),
        ([3, 32, 48], ["channels", "height", "width"]),
        ([32, 48, 4], ["height", "width", "channel"]),
        ([32, 48, 1], ["height", "width", "channels"]),
        ([48, 32, 3], ["width", "height", "channel"]),
        ([3, 32, 48], None),
        ([32, 48], None),
        ([32, 48, 3], {"axes": ["height", "width", "rgb"]}),
    ],
    ids=str,
)
def test_a_camera_is_looked_at_however_its_shape_is_announced(tmp_path, toy, shape, names):
    root = foreign(tmp_path / "set")
    info = json.loads((root / "meta/info.json").read_text())
    info["features"]["camera"] = {"dtype": "video", "shape": shape, "names": names}
    info["video_path"] = "videos/{video_key}/episode_{episode_index:06d}.mp4"
    (root / "meta/info.json").write_text(json.dumps(info))
    (root / "videos/camera").mkdir(parents=True)
    ramp = np.linspace(20, 200, 48)[None, :, None] + np.zeros((32, 1, 3))
    for k, size in ((0, 0.0), (1, 1.0)):
        pictures = [(size * np.roll(ramp, i, axis=1)).astype(np.uint8) for i in range(90)]
        encode(root / f"videos/camera/episode_{k:06d}.mp4", pictures, [32, 48, 3], 20, 90, "camera")
    black, fine, _ = read(root, mapping=toy)
    assert black.pictures["camera"].shape == fine.pictures["camera"].shape == (32, 48, 3)
    for recording, level in ((black, "FAIL"), (fine, "PASS")):
        found = {one.code: one.level for one in looked_at(recording)}
        assert found["image.black"] == level


@pytest.mark.parametrize("shape", [[48], [0, 48, 3], ["32", 48, 3], [32, 48, 3, 1], None, "32x48"], ids=str)
def test_what_is_no_shape_of_a_picture_is_no_camera(tmp_path, toy, shape):
    root = foreign(tmp_path / "set")
    info = json.loads((root / "meta/info.json").read_text())
    info["features"]["camera"] = {"dtype": "video", "shape": shape}
    info["video_path"] = "videos/{video_key}/episode_{episode_index:06d}.mp4"
    (root / "meta/info.json").write_text(json.dumps(info))
    (root / "videos/camera").mkdir(parents=True)
    (root / "videos/camera/episode_000000.mp4").write_bytes(b"no video")
    found = next(iter(read(root, mapping=toy)))
    assert found.pictures == {} and "which is no picture" in found.declared.unseen["camera"]
    assert {one.reason for one in looked_at(found)} == {"pictures_absent"}


@pytest.mark.parametrize(("dtype", "here", "reason"), [
    ("video", None, "pictures_absent"), ("video", 1, "pictures_absent"), ("image", None, "pictures_absent"),
    ("float32", None, "no_pictures"),
])  # fmt: skip
def test_a_camera_that_is_announced_and_not_here_is_not_checked(tmp_path, toy, dtype, here, reason):
    """Pictures that a set promises may be black: that it has none would be a claim."""
    root = foreign(tmp_path / "set")
    info = json.loads((root / "meta/info.json").read_text())
    info["features"]["camera"] = {"dtype": dtype, "shape": [32, 48, 3]}
    info["video_path"] = "videos/{video_key}/episode_{episode_index:06d}.mp4"
    (root / "meta/info.json").write_text(json.dumps(info))
    if here is not None:  # of another episode
        (root / "videos/camera").mkdir(parents=True)
        (root / f"videos/camera/episode_{here:06d}.mp4").write_bytes(b"no video")
    found = looked_at(next(iter(read(root, mapping=toy))))
    assert {one.reason for one in found} == {reason}
    absent = reason == "pictures_absent"
    assert {one.level for one in found} == {"NOT_CHECKED" if absent else "NOT_APPLICABLE"}
    assert [one["camera"] for one in found[0].details.get("cameras", ())] == (["camera"] if absent else [])


def looked_at(recording):
    return check_images(recording, list(picture_samples_of(recording)), load_rules())


def test_times_in_whole_milliseconds_are_held_against_the_rate_too(tmp_path, toy):
    lengths = [5, 7, 4]
    whole = pa.array(np.concatenate([np.arange(k) * 50 for k in lengths]).astype(np.int64))
    (first, *_) = read(foreign(tmp_path / "set", timestamp=whole), mapping=toy)
    assert first.declared.timestamp.tolist() == [0.0, 50.0, 100.0, 150.0, 200.0]


def test_rows_of_episodes_that_lie_mixed_are_one_line_of_their_file(tmp_path, toy):
    order = np.random.default_rng(3).permutation(np.repeat([0, 1, 2], [5, 7, 4]))
    with pytest.raises(EpisodeError, match=r"rows of its 3 episodes lie mixed, the first in row \d+\. Sort them"):
        list(read(foreign(tmp_path / "set", 1, episode_index=pa.array(order)), mapping=toy))


@pytest.mark.parametrize(("announced", "lines"), [(6, 3), (9, 1)])
def test_a_set_that_was_copied_in_part_says_so_once(tmp_path, toy, announced, lines):
    root = foreign(tmp_path / "set")
    info = json.loads((root / "meta/info.json").read_text())
    (root / "meta/info.json").write_text(json.dumps(info | {"total_episodes": announced}))
    lost = [one for one in read(root, mapping=toy) if isinstance(one, Unreadable)]
    assert len(lost) == lines
    if lines == 1:
        assert "6 of 9 announced episodes are not here (3, 4, 5 …)" in str(lost[0].error)
