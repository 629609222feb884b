"""LeRobot datasets of ours: what is written comes back to the bit, and what is broken ends in one clear error."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bags import only
from damage import mutate, outcome
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot import layout
from shiliu.replay.formats.lerobot import own as lerobot
from shiliu.replay.formats.lerobot.side_files import checked_tree
from shiliu.replay.formats.lerobot.write import DatasetWriter, write_lerobot
from shiliu.replay.formats.picture_samples import picture_samples_of
from shiliu.replay.recording.recording import SimEpisode
from shiliu.scenarios.sheet.errors import EpisodeError

JOINTS = ["zarm_l1_joint", "zarm_l2_joint", "left_claw"]
FEATURES = {
    "action": {"dtype": "float32", "shape": [3], "names": JOINTS, "unit": ["rad", "rad", "%"]},
    "observation.state": {"dtype": "float32", "shape": [2], "names": JOINTS[:2], "unit": "rad"},
    "observation.touch": {"dtype": "bool", "shape": [1], "names": ["left_pad"], "unit": "1"},
    "shiliu.target": {
        "dtype": "float64",
        "shape": [2],
        "names": ["x", "y"],
        "unit": "m",
        "role": "pose",
        "quantity": "target",
    },
}


def sim_episode(seed=0, n=40):
    rng = np.random.default_rng(seed)
    actions = rng.normal(size=(n, 3)).astype(np.float32)
    actions[0, 0], actions[1, 0] = (
        np.float32(-0.0),
        np.float32(1e-42),
    )  # signs of zero and subnormal numbers are bits too
    return SimEpisode(
        seed=seed,
        draw={"counter.height": np.float64(0.1) + 0.2, "set_time": 60},
        config={"title": {"en": "Microwave", "zh": "微波炉"}, "third": 1 / 3},
        scenario_version=1,
        fingerprint="51ab",
        engine="mujoco 3.17.0",
        control_timestep=1 / 30,
        n_substeps=16,
        start_state=rng.normal(size=57),
        actions=actions,
        action_names=tuple(JOINTS),
        states={
            "observation.state": rng.normal(size=(n + 1, 2)).astype(np.float32),
            "observation.touch": rng.random(n + 1) > 0.5,
            "shiliu.target": rng.normal(size=(n, 2)),
        },
        checkpoints={t: rng.normal(size=57) for t in range(0, n, 30)},
        label={"success": True, "subgoals": {"opened": 0.4, "loaded": None}, "failure": None},
        segments=[{"skill": "open", "t0": 0.0, "t1": 0.4}],
        task={"en": "Heat the bowl.", "zh": "加热。"},
        scenario="microwave",
        provenance={"operator": "scripted"},
        made_on={"library": "glibc 2.31", "processor": "GenuineIntel 6 85"},
    )


@pytest.fixture
def dataset(tmp_path):
    return write_lerobot(tmp_path / "set", [sim_episode(k, 40 + k) for k in range(3)], FEATURES, 30, meta={"seed": 0})


def test_dataset_comes_back_to_the_bit(dataset):
    recordings = list(read(dataset))
    assert [r.source for r in recordings] == ["set#0", "set#1", "set#2"]
    for k, r in enumerate(recordings):
        made, back = sim_episode(k, 40 + k), r.episode
        assert r.kind == "simulation" and r.scenario == "microwave" and len(r.notes) == 1
        assert back.actions.dtype == np.float32 and back.actions.tobytes() == made.actions.tobytes()
        assert back.start_state.tobytes() == made.start_state.tobytes()
        assert {t: s.tobytes() for t, s in back.checkpoints.items()} == {
            t: s.tobytes() for t, s in made.checkpoints.items()
        }
        assert back.states["observation.state"].tobytes() == made.states["observation.state"].tobytes(), "T+1 rows"
        for name in (
            "seed",
            "draw",
            "config",
            "label",
            "segments",
            "task",
            "fingerprint",
            "engine",
            "control_timestep",
            "provenance",
            "made_on",
        ):
            assert getattr(back, name) == getattr(made, name), name
        command = r.streams["action/joint_position"]
        assert command.role == "command" and command.clock == "grid" and command.names == tuple(JOINTS[:2])
        assert np.array_equal(command.values.astype(np.float32), made.actions[:, :2])
        assert command.time_ns[:3].tolist() == [0, 33_333_333, 66_666_667]
        assert r.streams["action/claw"].unit == "%" and r.streams["shiliu.target"].role == "pose"
    assert len({r.sha256 for r in recordings}) == 3


def test_a_set_from_before_machines_were_kept_is_read(dataset):
    side = json.loads((dataset / "shiliu/episodes/episode_000000.json").read_text())
    assert checked_tree(side)["made_on"] == sim_episode().made_on
    del side["made_on"], side["metadata"]
    older = checked_tree(side)
    assert (older["made_on"], older["metadata"]) == ({}, {})
    with pytest.raises(EpisodeError, match="made_on: 3 is not dict"):
        checked_tree({**side, "made_on": 3})
    with pytest.raises(EpisodeError, match="is not a table of words"):
        checked_tree({**side, "made_on": {"library": 3}})


def test_same_episodes_give_the_same_bytes(tmp_path):
    sets = [write_lerobot(tmp_path / name, [sim_episode()], FEATURES, 30) for name in "ab"]
    files = [{p.relative_to(s): p.read_bytes() for p in s.rglob("*") if p.is_file()} for s in sets]
    assert files[0] == files[1]


def test_layout_is_lerobots(dataset):
    info = json.loads((dataset / "meta/info.json").read_text())
    assert info["codebase_version"] == "v3.0" and info["total_frames"] == 123 and info["splits"] == {"train": "0:3"}
    table = pq.read_table(dataset / "data/chunk-000/file-000.parquet")
    assert set(table.column_names) == set(info["features"]), "an unregistered column makes a set unreadable"
    assert not any("/" in name for name in table.column_names)
    assert table.column("index").to_pylist() == list(range(123))
    episodes = pq.read_table(dataset / "meta/episodes/chunk-000/file-000.parquet")
    assert episodes.column("dataset_to_index").to_pylist() == [40, 81, 123]
    assert episodes.column("shiliu/seed").to_pylist() == [0, 1, 2]
    stats = json.loads((dataset / "meta/stats.json").read_text())["observation.state"]
    values = np.array(table.column("observation.state").to_pylist())
    assert stats["mean"] == pytest.approx(values.mean(axis=0)) and stats["std"] == pytest.approx(values.std(axis=0))
    assert stats["max"] == pytest.approx(values.max(axis=0)) and stats["count"] == [123]


def test_pictures_become_a_video_a_frame(tmp_path):
    import imageio_ffmpeg

    features = FEATURES | {"observation.images.head": {"dtype": "video", "shape": [32, 48, 3]}}
    episode = sim_episode(n=12)
    pictures = [np.full((32, 48, 3), 20 * k, np.uint8) for k in range(12)]
    with DatasetWriter(tmp_path / "set", features, 30) as writer:
        writer.add(episode, episode.states, {"observation.images.head": iter(pictures)})
    video = tmp_path / "set/videos/observation.images.head/chunk-000/file-000.mp4"
    assert imageio_ffmpeg.count_frames_and_secs(str(video)) == (12, pytest.approx(0.4, abs=0.01))
    taken = only(tmp_path / "set")
    assert "observation.images.head" in taken.unmapped[0] and list(taken.pictures) == ["observation.images.head"]
    (seen,) = picture_samples_of(taken)
    assert (seen.total, seen.expected, seen.rate) == (12, 12, 30.0)
    assert np.abs(seen.cells.mean(axis=(1, 2)) - 20.0 * np.arange(12)).max() < 4
    with (
        pytest.raises(EpisodeError, match="11 pictures for 12 frames"),
        DatasetWriter(tmp_path / "b", features, 30) as writer,
    ):
        writer.add(episode, episode.states, {"observation.images.head": pictures[:11]})
    assert not (tmp_path / "b").exists()


def test_nothing_is_overwritten(tmp_path, dataset):
    with pytest.raises(EpisodeError, match="nothing is overwritten") as caught:
        DatasetWriter(dataset, FEATURES, 30)
    assert caught.value.field == "out"
    (tmp_path / "empty").mkdir()
    assert only(write_lerobot(tmp_path / "empty", [sim_episode()], FEATURES, 30)).episode


def test_nothing_lies_at_out_when_the_writer_fails(tmp_path):
    def episodes():
        yield sim_episode()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_lerobot(tmp_path / "deep" / "er" / "set", episodes(), FEATURES, 30)
    with pytest.raises(EpisodeError, match="no episode was added"):
        write_lerobot(tmp_path / "set", [], FEATURES, 30)
    assert list(tmp_path.iterdir()) == []


def test_info_json_is_written_last(tmp_path):
    writer = DatasetWriter(tmp_path / "set", FEATURES, 30)
    episode = sim_episode()
    writer.add(episode, episode.states)
    assert not (tmp_path / "set").exists() and not list(tmp_path.rglob("info.json")), "killed here, no set would exist"
    writer.close()
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"actions": np.zeros((40, 3))}, "must be float32"),
        ({"actions": np.zeros((40, 2), np.float32)}, "has shape"),
        ({"control_timestep": 0.05}, "is not 1/30"),
        ({"start_state": np.zeros(57, np.float32)}, "float64"),
        ({"draw": {"x": float("nan")}}, "JSON"),
        ({"checkpoints": {99: np.zeros(57)}}, "outside the episode"),
        ({"states": {}}, "missing .*observation.state"),
        ({"segments": [{"skill": "open", "t0": 0.0, "t1": None}]}, "segments: .*list of skills with their times"),
        ({"label": {"success": "yes"}}, "label: .*success or failure"),
    ],
)
def test_an_episode_that_does_not_fit_is_refused(tmp_path, change, message):
    episode = sim_episode()
    for name, value in change.items():
        setattr(episode, name, value)
    with pytest.raises(EpisodeError, match=message):
        write_lerobot(tmp_path / "set", [episode], FEATURES, 30)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("codebase_version", "v2.1"),
        ("codebase_version", 3),
        ("total_episodes", 4),
        ("fps", "30"),
        ("data_path", None),
        ("data_path", "../set/data/chunk-000/file-000.parquet"),
        ("data_path", "/etc/passwd"),
        ("data_path", "data/{chunk_index:099999999d}.parquet"),
        ("data_path", "data/{chunk_index.__class__}"),
        ("features", []),
        ("features.action.shape", [2]),
        ("features.action.dtype", "int64"),
        ("features.action.dtype", "object"),
        ("features.action.names", ["a"]),
        ("features.missing", {"dtype": "float32", "shape": [1]}),
    ],
)
def test_mislabelled_info_is_refused(dataset, field, value):
    path = dataset / "meta/info.json"
    info = json.loads(path.read_text())
    *parents, last = field.split(".")
    at = info
    for name in parents:
        at = at[name]
    at[last] = value
    path.write_text(json.dumps(info))
    with pytest.raises(EpisodeError, match=field.split(".")[0]):
        list(read(dataset))


def test_a_link_out_of_the_dataset_is_refused(dataset, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    shutil.move(dataset / "data" / "chunk-000", tmp_path / "elsewhere" / "chunk-000")
    (dataset / "data" / "chunk-000").symlink_to(tmp_path / "elsewhere" / "chunk-000")
    with pytest.raises(EpisodeError, match="leads out of the dataset"):
        list(read(dataset))


def test_a_set_of_which_the_rows_alone_were_renumbered_says_so(dataset):
    folder = dataset / "shiliu" / "episodes"
    for kind in ("json", "npz"):
        first, second = (folder / f"episode_{k:06d}.{kind}" for k in (0, 1))
        (kept := folder / f"kept.{kind}").write_bytes(first.read_bytes())
        first.write_bytes(second.read_bytes())
        kept.replace(second)
    for item, other in zip(read(dataset), (1, 0)):
        assert "were renumbered" in str(item.error) and f"are episode_{other:06d}" in str(item.error)


def test_missing_and_changed_side_files(dataset):
    folder = dataset / "shiliu" / "episodes"
    (folder / "episode_000000.npz").unlink()
    side = folder / "episode_000001.json"
    side.write_text(side.read_text().replace('"seed": 1', '"seed": 7'))
    first, second, third = read(dataset)
    assert "is missing" in str(first.error) and "were changed after they were written" in str(second.error)
    assert third.name == "episode_000002"


def test_a_set_that_was_packed_into_one_row_group_reads_the_same(dataset):
    before = [(r.sha256, len(r.notes)) for r in read(dataset)]
    path = dataset / "data/chunk-000/file-000.parquet"
    pq.write_table(pq.read_table(path), path)
    assert pq.ParquetFile(path).num_row_groups == 1
    assert [(r.sha256, len(r.notes)) for r in read(dataset)] == before


@pytest.mark.parametrize("announced", [False, True])
def test_numbers_that_were_saved_in_another_width_are_the_same_numbers(dataset, announced):
    path, info = dataset / "data/chunk-000/file-000.parquet", dataset / "meta/info.json"
    before = list(read(dataset))
    table = pq.read_table(path)
    wider = {"action": pa.list_(pa.float64()), "observation.state": pa.list_(pa.float64()), "frame_index": pa.int32()}
    for name, type_ in wider.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(table[name].to_pylist(), type_))
    pq.write_table(table, path)
    if announced:
        tree = json.loads(info.read_text())
        for name in ("action", "observation.state"):
            tree["features"][name]["dtype"] = "float64"
        info.write_text(json.dumps(tree))
    for was, now in zip(before, read(dataset)):
        assert now.declared.changed == () and np.array_equal(now.episode.actions, was.episode.actions)
        assert np.array_equal(now.episode.states["observation.state"], was.episode.states["observation.state"])


def test_an_episode_that_no_memory_holds_is_refused(dataset, monkeypatch):
    for name in ("MAX_EPISODE_BYTES", "MAX_GROUP_BYTES"):
        with monkeypatch.context() as patch:
            patch.setattr(lerobot, name, 1000)
            with pytest.raises(EpisodeError, match="Split them into shorter episodes"):
                list(read(dataset))
    assert len(list(read(dataset))) == 3


def test_changed_frames_are_read_and_said(dataset):
    path = dataset / "data/chunk-000/file-000.parquet"
    table = pq.read_table(path)
    i = table.column_names.index("observation.touch")
    flipped = [not v for v in table.column(i).to_pylist()]
    pq.write_table(table.set_column(i, table.schema.field(i), [flipped]), path)
    assert all(r.declared.changed == ("observation.touch",) for r in read(dataset))


@pytest.mark.parametrize(
    "name",
    [
        "data/chunk-000/file-000.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
        "meta/info.json",
        "shiliu/episodes/episode_000000.npz",
    ],
)
def test_mutated_datasets_end_in_an_error_or_a_recording(dataset, name):
    path = dataset / name
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    outcomes = set()
    for _ in range(50):
        path.write_bytes(mutate(content, rng))
        outcomes.add(outcome(dataset))
    assert "refused" in outcomes or "partly" in outcomes


def test_paths_of_a_set_are_filled_in_without_python_format(tmp_path):
    path = layout.place(tmp_path, layout.DATA_PATH, tmp_path, chunk_index=0, file_index=12)
    assert path == tmp_path / "data/chunk-000/file-012.parquet"
    with pytest.raises(EpisodeError, match="is none of"):
        layout.place(tmp_path, "data/{episode}.parquet", tmp_path, chunk_index=0)
