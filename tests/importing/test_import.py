"""Import: the source's values and units as a LeRobot set, every resampling by name; raw streams and pictures beside it."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from imported import FOLDERS, write_archive
from shiliu.cli import main
from shiliu.replay.formats import read
from shiliu.replay.formats.mcap import write as mcap_write
from shiliu.replay.formats.video import encode
from shiliu.replay.recording.recording import Unreadable
from shiliu.replay.signals.grid import SLACK_NS
from shiliu.scenarios.sheet.errors import EpisodeError


@pytest.mark.parametrize("name", FOLDERS)
def test_every_folder_becomes_datasets_that_say_what_was_done(data, tmp_path, name, capsys):
    if not (data / name).exists():
        pytest.skip(f"the real recordings {name} are not here; SHILIU_DATA names their folder")
    episodes, mappings, unlike = FOLDERS[name]
    out = tmp_path / "out"
    words = ["keep_raw=false", "quiet=true", "videos=false"]
    sources = {r.source: r for r in read(data / name)}
    lacking = [r for r in sources.values() if isinstance(r, Unreadable)]  # some folders are excerpts of larger sets
    assert main(["import", f"data={data / name}", f"out={out}", *words]) == (3 if lacking else 0)
    assert [p.name for p in tmp_path.iterdir()] == ["out"], "nothing half written is left"
    back = list(read(out))
    assert len(back) == episodes and {r.mapping for r in back} == mappings
    for r in back:
        source = sources[r.metadata["imported_from"]]
        assert (r.kind, r.episode) == (source.kind, None) and set(r.streams) <= set(source.streams)
        assert {s.clock for s in r.streams.values()} == {"grid"}
        resampled = r.mapping in unlike if isinstance(unlike, set) else unlike
        assert any("nothing was resampled" in n for n in r.notes) != resampled
        for stream_name, s in r.streams.items():
            was = source.streams[stream_name]
            assert (s.names, s.unit, s.role, s.quantity) == (was.names, was.unit, was.role, was.quantity)
            if not resampled:
                assert np.array_equal(s.values, was.values), stream_name
            else:
                low, high = was.values.min() - 1e-9, was.values.max() + 1e-9
                assert s.values.min() >= low and s.values.max() <= high


def test_frames_equal_the_source_read_with_the_bare_library(data, tmp_path):
    folder = data / "dual-arm-dexhand-open"
    if not folder.exists():
        pytest.skip("the real recordings are not here; SHILIU_DATA names their folder")
    out = tmp_path / "set"
    assert main(["import", f"data={folder}", f"out={out}", "quiet=true", "keep_raw=false"]) == 3, (
        "42 more are announced"
    )
    table = pq.read_table(out / "data/chunk-000/file-000.parquet")
    action = np.array(table.column("action").to_pylist(), np.float32)
    parts = [
        np.array(
            pq.read_table(folder / f"data/chunk-000/file-{k:03d}.parquet").column("actions").to_pylist(), np.float32
        )
        for k in range(8)
    ]
    every = np.concatenate(parts)
    assert np.array_equal(action, every[:, [*range(14), *range(24, 34)]])
    info = json.loads((out / "meta/info.json").read_text())
    assert info["features"]["action"]["dtype"] == "float32" and info["robot_type"] == "lingzu_dual_arm"
    assert info["features"]["action"]["unit"].split() == ["deg"] * 14 + ["count"] * 10
    assert info["fps"] == 30 and info["total_frames"] == len(every)


def test_a_bag_is_resampled_onto_thirty_hertz_and_says_how(data, tmp_path):
    bag = data / "kuavo-vr-teleop/session_20250419_162611_20250419_162611_group1.bag"
    if not bag.exists():
        pytest.skip("the real recordings are not here; SHILIU_DATA names their folder")
    out = tmp_path / "set"
    assert (
        main(["import", f"data={bag}", f"out={out}", "quiet=true", "keep_raw=false", "resample.measured=previous"]) == 0
    )
    side = json.loads((out / "shiliu/episodes/episode_000000.json").read_text())
    report = side["provenance"]
    assert report["fps"] == 30 and report["before_s"] == pytest.approx(1.24, abs=0.01)
    assert report["streams"]["/kuavo_arm_traj"]["method"] == "previous"
    assert report["streams"]["/sensors_data_raw/joint_q"]["method"] == "previous"
    assert report["streams"]["/sensors_data_raw/imu_quat_xyzw"]["quaternions"] == "slerp of 1"
    (source,), (back,) = read(bag), read(out)
    command = source.streams["/kuavo_arm_traj"]
    for row, t in enumerate(report["start_ns"] + back.streams["/kuavo_arm_traj"].time_ns):
        at = np.flatnonzero(command.time_ns <= t + SLACK_NS)[-1]
        assert np.array_equal(back.streams["/kuavo_arm_traj"].values[row], command.values[at])
    assert back.streams["/kuavo_arm_traj"].unit == "deg" and back.streams["/kuavo_arm_traj"].declared_unit == "rad"


def test_unreadable_ones_are_told_and_the_others_imported(tmp_path, capsys):
    folder = tmp_path / "takes"
    folder.mkdir()
    write_archive(folder / "a.npz")
    main(["import", f"data={folder}", f"out={tmp_path / 'x'}"])
    (folder / "b.npz").write_bytes(b"PK\x03\x04")
    capsys.readouterr()
    out = tmp_path / "set"
    assert main(["import", f"data={folder}", f"out={out}", f"mapping={tmp_path / 'proposed-mapping.yaml'}"]) == 3
    printed = capsys.readouterr()
    assert "shiliu: b.npz:" in printed.err and "1 episode, 50 frames" in printed.out and len(list(read(out))) == 1
    strict = [f"data={folder}", f"out={tmp_path / 'strict'}", f"mapping={tmp_path / 'proposed-mapping.yaml'}"]
    before = sorted(tmp_path.iterdir())
    assert main(["import", *strict, "keep_going=false"]) == 2
    assert "b.npz cannot be imported" in capsys.readouterr().err and sorted(tmp_path.iterdir()) == before


def test_an_error_about_a_file_of_a_folder_names_it_once(tmp_path, capsys):
    folder = tmp_path / "takes"
    (folder / "day").mkdir(parents=True)
    for name in ("cdr.mcap", "day/b.mcap"):
        (folder / name).write_bytes(b"\x89MCAP0\r\n" + b"\x00" * 40)
    write_archive(folder / "a.npz")
    main(["import", f"data={folder / 'a.npz'}", f"out={tmp_path / 'x'}"])
    capsys.readouterr()
    words = [f"data={folder}", f"mapping={tmp_path / 'proposed-mapping.yaml'}"]
    main(["import", *words, f"out={tmp_path / 'set'}"])
    lines = [line for line in capsys.readouterr().err.splitlines() if ".mcap" in line]
    assert [line.split(": ")[1] for line in lines] == ["cdr.mcap", "day/b.mcap"]
    assert all(line.count(".mcap") == 1 for line in lines), lines
    main(["import", *words, f"out={tmp_path / 'strict'}", "keep_going=false"])
    (line,) = (line for line in capsys.readouterr().err.splitlines() if ".mcap" in line)
    assert line.count("cdr.mcap") == 1 and "cdr.mcap cannot be imported" in line


def test_a_file_that_the_source_does_not_name_is_named_beside_it():
    from shiliu.replay.commands.import_ import _once

    of_a_set = EpisodeError("is cut.", file="/data/set/data/file-000.parquet", field="action", line=3)
    assert _once("set#2", of_a_set) == "set#2: /data/set/data/file-000.parquet:3: action: is cut."
    assert _once("day/a.hdf5#demo_1", EpisodeError("is cut.", file="/data/day/a.hdf5", field="obs")) == "day/a.hdf5#demo_1: obs: is cut."
    assert _once("day/a.hdf5", EpisodeError("is cut.", file="/data/a.hdf5", line=4)) == "day/a.hdf5: /data/a.hdf5:4: is cut."
    assert _once("a.npz", EpisodeError("is cut.")) == "a.npz: is cut."


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["resample.command=slerp"], "'slerp' is not known here"),
        (["resample.speed=linear"], "speed"),
        (["fps=0"], "fps"),
        (["fps=29.97"], "fps"),
        (["mapping=no_such"], "There is no mapping 'no_such'"),
    ],
)
def test_what_the_user_can_mend_is_2_and_leaves_nothing(tmp_path, words, message, capsys):
    path = write_archive(tmp_path / "take.npz")
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}", *words]) == 2
    assert message in capsys.readouterr().err and [p.name for p in tmp_path.iterdir()] == ["take.npz"]


def test_nothing_is_overwritten(tmp_path, capsys):
    path = write_archive(tmp_path / "take.npz")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine.txt").write_text("mine")
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}"]) == 2
    assert "exists already" in capsys.readouterr().err and (tmp_path / "set/mine.txt").read_text() == "mine"


def test_raw_streams_lie_beside_the_frames(tmp_path, monkeypatch):
    path = write_archive(tmp_path / "take.npz")
    main(["import", f"data={path}", f"out={tmp_path / 'x'}"])
    draft = f"mapping={tmp_path / 'proposed-mapping.yaml'}"
    assert main(["import", f"data={path}", f"out={tmp_path / 'a'}", draft, "quiet=true"]) == 0
    (source,), (raw,) = (
        read(path, tmp_path / "proposed-mapping.yaml"),
        read(tmp_path / "a/shiliu/raw/episode_000000.mcap"),
    )
    assert all(np.array_equal(raw.streams[name].values, s.values) for name, s in source.streams.items())
    assert main(["import", f"data={path}", f"out={tmp_path / 'b'}", draft, "quiet=true", "keep_raw=false"]) == 0
    assert not (tmp_path / "b/shiliu/raw").exists()
    side = [json.loads((tmp_path / n / "shiliu/episodes/episode_000000.json").read_text()) for n in "ab"]
    assert [s["provenance"]["raw_streams"] for s in side] == [True, False]
    monkeypatch.setattr(mcap_write, "write", lambda recording, path: 1 / 0)
    assert main(["import", f"data={path}", f"out={tmp_path / 'c'}", draft, "quiet=true"]) == 70
    assert not (tmp_path / "c").exists() and not list(tmp_path.glob(".c*"))


def test_an_imported_set_that_was_changed_says_so(tmp_path, capsys):
    path = write_archive(tmp_path / "take.npz")
    main(["import", f"data={path}", f"out={tmp_path / 'x'}"])
    out = tmp_path / "set"
    assert main(["import", f"data={path}", f"out={out}", f"mapping={tmp_path / 'proposed-mapping.yaml'}"]) == 0
    table = pq.read_table(out / "data/chunk-000/file-000.parquet")
    i = table.column_names.index("action")
    rows = np.array(table.column(i).to_pylist()) + 1
    kept = pa.array(rows.tolist(), table.schema.field(i).type)
    pq.write_table(table.set_column(i, table.schema.field(i), kept), out / "data/chunk-000/file-000.parquet")
    (r,) = read(out)
    assert r.declared.changed == ("action",)
    side = out / "shiliu/episodes/episode_000000.json"
    side.write_text(side.read_text().replace("take", "tale"))
    with pytest.raises(EpisodeError, match="was changed after it was written"):
        list(read(out))


def test_importing_twice_gives_the_same_bytes(tmp_path):
    path = write_archive(tmp_path / "take.npz")
    main(["import", f"data={path}", f"out={tmp_path / 'x'}"])
    words = ["import", f"data={path}", f"mapping={tmp_path / 'proposed-mapping.yaml'}", "quiet=true", "keep_raw=false"]
    files = []
    for name in "ab":
        assert main([*words, f"out={tmp_path / name}"]) == 0
        root = tmp_path / name
        files.append({p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()})
    assert files[0] == files[1]


def with_pictures(root: Path, counts: dict[int, int], fps: int = 20) -> Path:
    """A LeRobot v2.1 set of others with a video an episode, of so many pictures for its 12 frames."""
    (root / "meta").mkdir(parents=True)
    (root / "data/chunk-000").mkdir(parents=True)
    (root / "videos/chunk-000/observation.images.top").mkdir(parents=True)
    features = {
        "action": {"dtype": "float32", "shape": [2], "names": ["a", "b"]},
        "observation.images.top": {"dtype": "video", "shape": [32, 48, 3], "info": {"video.codec": "h264"}},
    }
    info = {"codebase_version": "v2.1", "robot_type": "toy", "fps": 20, "features": features, "chunks_size": 1000}
    info["video_path"] = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
    (root / "meta/info.json").write_text(json.dumps(info))
    for k, count in counts.items():
        table = {
            "action": pa.array(
                np.random.default_rng(k).random((12, 2)).astype(np.float32).tolist(), pa.list_(pa.float32())
            ),
            "timestamp": pa.array((np.arange(12) / 20).astype(np.float32)),
            "episode_index": pa.array([k] * 12),
        }
        pq.write_table(pa.table(table), root / f"data/chunk-000/episode_{k:06d}.parquet")
        pictures = [np.full((32, 48, 3), 15 * i, np.uint8) for i in range(count)]
        if count:
            path = root / f"videos/chunk-000/observation.images.top/episode_{k:06d}.mp4"
            encode(path, pictures, [32, 48, 3], fps, count, "top")
    return root


def test_videos_with_a_picture_a_frame_are_copied_as_they_are(tmp_path, capsys):
    root = with_pictures(tmp_path / "set", {0: 12, 1: 12, 2: 11, 3: 0, 4: 12})
    broken = root / "videos/chunk-000/observation.images.top/episode_000004.mp4"
    broken.write_bytes(broken.read_bytes()[:300])
    file = tmp_path / "toy.yaml"
    file.write_text(
        "title: toy\nformat: lerobot\nrobot: toy\nkind: robot\nrecognise: {channels: {action: 2}}\nstreams:\n"
        "  - {name: action, field: action, role: command, quantity: joint_position, unit: rad, names: [a, b]}\n"
    )
    out = tmp_path / "out"
    words = ["import", f"data={root}", f"mapping={file}", "keep_raw=false", "quiet=true"]
    assert main([*words, f"out={out}"]) == 0
    assert "out/toy: 2 episodes, 24 frames" in capsys.readouterr().out
    for k in (0, 1):
        copy = out / f"toy/videos/observation.images.top/chunk-000/file-{k:03d}.mp4"
        assert copy.read_bytes() == (root / f"videos/chunk-000/observation.images.top/episode_{k:06d}.mp4").read_bytes()
    info = json.loads((out / "toy/meta/info.json").read_text())
    assert info["features"]["observation.images.top"]["info"]["video.codec"] == "h264" and info["video_path"]
    stats = json.loads((out / "toy/meta/stats.json").read_text())["observation.images.top"]
    assert np.ravel(stats["max"]) == pytest.approx([15 * 11 / 255] * 3, abs=0.03)

    others = sorted((out / "toy_2/shiliu/episodes").glob("*.json"))
    reports = [json.loads(path.read_text())["provenance"]["left_out"] for path in others]
    assert reports[0] == {"observation.images.top": "its video has 11 pictures for 12 frames"} and reports[1] == {}
    assert "no readable video" in reports[2]["observation.images.top"], "a broken video does not stop the frames"
    assert main([*words, f"out={tmp_path / 'plain'}", "videos=false"]) == 0
    assert not (tmp_path / "plain/videos").exists() and len(list(read(tmp_path / "plain"))) == 5
    assert main([*words, f"out={tmp_path / 'slow'}", "fps=10"]) == 0
    side = json.loads((tmp_path / "slow/shiliu/episodes/episode_000000.json").read_text())
    assert (
        side["provenance"]["left_out"]["observation.images.top"] == "its pictures stand at other times than the frames"
    )


def test_raw_streams_come_back_as_they_came(data, tmp_path):
    bag = data / "kuavo-vr-teleop/session_20250419_162611_20250419_162611_group1.bag"
    if not bag.exists():
        pytest.skip("the real recordings are not here; SHILIU_DATA names their folder")
    assert main(["import", f"data={bag}", f"out={tmp_path / 'set'}", "quiet=true"]) == 0
    (source,), (raw,) = read(bag), read(tmp_path / "set/shiliu/raw/episode_000000.mcap")
    assert list(raw.streams) == list(source.streams)
    for name, s in source.streams.items():
        back = raw.streams[name]
        assert np.array_equal(back.values, s.values, equal_nan=True) and np.array_equal(back.time_ns, s.time_ns)
        assert (back.unit, back.names, back.clock) == (s.unit, s.names, s.clock)
