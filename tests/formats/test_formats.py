"""Files in and out: what is written comes back to the bit, and what is broken ends in one clear error."""

import json
import shutil
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from rosbags.rosbag1 import Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from shiliu.replay.formats import read, records
from shiliu.replay.formats.lerobot import layout
from shiliu.replay.formats.lerobot import own as lerobot
from shiliu.replay.formats.lerobot.write import DatasetWriter, write_lerobot
from shiliu.replay.formats.picture_samples import picture_samples_of
from shiliu.replay.formats.rosbag import bag1 as rosbag1
from shiliu.replay.recording.recording import Recording, SimEpisode, Unreadable
from shiliu.scenarios.errors import EpisodeError

SENSORS = """std_msgs/Header header
time sensor_time
kuavo_msgs/jointData joint_data
kuavo_msgs/imuData imu_data
================================================================================
MSG: kuavo_msgs/jointData
float64[] joint_q
float64[] joint_v
float64[] joint_torque
================================================================================
MSG: kuavo_msgs/imuData
geometry_msgs/Vector3 gyro
geometry_msgs/Vector3 acc
geometry_msgs/Vector3 free_acc
geometry_msgs/Quaternion quat
"""
ARM = [f"arm_joint_{i}" for i in range(1, 15)]


def types():
    store = get_typestore(Stores.ROS1_NOETIC)
    store.register(get_types_from_msg(SENSORS, "kuavo_msgs/msg/sensorsData"))
    return store


def stamp(store, ns):
    return store.types["builtin_interfaces/msg/Time"](sec=ns // 10**9, nanosec=ns % 10**9)


def header(store, ns):
    return store.types["std_msgs/msg/Header"](seq=0, stamp=stamp(store, ns), frame_id="")


def joint_state(store, ns, degrees, names=ARM):
    empty = np.empty(0)
    return store.types["sensor_msgs/msg/JointState"](
        header=header(store, ns), name=names, position=np.array(degrees, float), velocity=empty, effort=empty
    )


def sensors(store, ns, n=28):
    vector, t = store.types["geometry_msgs/msg/Vector3"], store.types
    imu = t["kuavo_msgs/msg/imuData"](
        gyro=vector(0.1, 0.2, 0.3),
        acc=vector(0, 0, 9.81),
        free_acc=vector(0, 0, 0),
        quat=t["geometry_msgs/msg/Quaternion"](0, 0, 0, 1),
    )
    q = np.arange(n) * 0.01
    joints = t["kuavo_msgs/msg/jointData"](joint_q=q, joint_v=q, joint_torque=q)
    return t["kuavo_msgs/msg/sensorsData"](
        header=header(store, ns), sensor_time=stamp(store, ns - 5_000_000), joint_data=joints, imu_data=imu
    )


def write_bag(path, messages, compression=None):
    """Write (topic, type, receive ns, message) tuples; a message of None announces the topic only."""
    store = types()
    writer = Writer(path)
    if compression is not None:
        writer.set_compression(compression)
    with writer:
        connections = {}
        for topic, kind, ns, message in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            if message is not None:
                writer.write(connections[topic], ns, store.serialize_ros1(message, kind))
    return path


def arm_messages(n=20, start=10**18, **changes):
    store = types()
    kind = "sensor_msgs/msg/JointState"
    return [
        ("/kuavo_arm_traj", kind, start + k * 10**7, joint_state(store, start + k * 10**7 - 1000, [k] * 14, **changes))
        for k in range(n)
    ]


def arm_bag(path, n=20, **changes):
    store = types()
    start = 10**18
    extra = [
        ("/sensors_data_raw", "kuavo_msgs/msg/sensorsData", start + k * 10**7, sensors(store, start + k * 10**7))
        for k in range(n)
    ]
    unknown = [("/battery", "std_msgs/msg/Float64", start, store.types["std_msgs/msg/Float64"](data=1.0))]
    known = [("/rosout", "std_msgs/msg/Float64", start, None)]
    return write_bag(path, arm_messages(n, **changes) + extra + unknown + known)


def only(path, **options) -> Recording:
    (recording,) = read(path, **options)
    return recording


# ---------------------------------------------------------------------------------------------------- ROS 1 bags


@pytest.mark.parametrize("compression", [None, Writer.CompressionFormat.BZ2, Writer.CompressionFormat.LZ4])
def test_bag_comes_back_as_written(tmp_path, compression):
    path = write_bag(tmp_path / "take.bag", arm_messages(), compression)
    r = only(path)
    command = r.streams["/kuavo_arm_traj"]
    assert (r.name, r.source, r.kind) == ("take", "take.bag", "robot")
    assert np.array_equal(command.values, np.repeat(np.arange(20.0), 14).reshape(20, 14))
    assert np.array_equal(command.receive_ns - command.capture_ns, np.full(20, 1000))
    assert command.rate == pytest.approx(100)


def test_every_channel_is_mapped_or_named(tmp_path):
    r = only(arm_bag(tmp_path / "take.bag"))
    assert "/sensors_data_raw/joint_torque" in r.streams and "/sensors_data_raw/joint_current" not in r.streams
    assert r.unmapped == (
        "/battery (std_msgs/Float64, 1 messages): unknown to mapping kuavo_rosbag",
        "/rosout (std_msgs/Float64, 0 messages): announced, but nothing was recorded",
    )


def test_state_without_command_says_so(tmp_path):
    store = types()
    r = only(
        write_bag(
            tmp_path / "s.bag", [("/sensors_data_raw", "kuavo_msgs/msg/sensorsData", 10**18, sensors(store, 10**18))]
        )
    )
    assert r.kind == "state_only" and "no command was recorded" in r.notes


def test_elements_are_named_by_what_the_sender_wrote(tmp_path):
    swapped = ["arm_joint_2", "arm_joint_1", *ARM[2:]]
    r = only(write_bag(tmp_path / "take.bag", arm_messages(names=swapped)))
    assert r.streams["/kuavo_arm_traj"].names[:3] == ("zarm_l2_joint", "zarm_l1_joint", "zarm_l3_joint")
    r = only(write_bag(tmp_path / "bare.bag", arm_messages(names=[])))
    assert any("the sender names no elements" in note for note in r.notes)
    with pytest.raises(EpisodeError, match=r"message 0: names its values elbow_.*add one"):
        only(write_bag(tmp_path / "odd.bag", arm_messages(names=[f"elbow_{i}" for i in range(14)])))
    with pytest.raises(EpisodeError, match="order of the elements changes"):
        only(write_bag(tmp_path / "change.bag", arm_messages(2) + arm_messages(2, 2 * 10**18, names=swapped)))


def test_bag_without_arm_topics_lists_what_it_holds(tmp_path):
    store = types()
    status = [("/recording_status", "std_msgs/msg/Bool", 10**18, store.types["std_msgs/msg/Bool"](data=True))]
    with pytest.raises(EpisodeError) as caught:
        only(write_bag(tmp_path / "take.bag", status))
    text = str(caught.value)
    assert "take.bag: no arm topic" in text and "/recording_status (std_msgs/Bool, 1 messages)" in text
    assert "Record one of" in text and "/kuavo_arm_traj" in text and caught.value.exit_code == 2


def test_arm_topic_of_another_type_is_named(tmp_path):
    store = types()
    wrong = [("/kuavo_arm_traj", "std_msgs/msg/Bool", 10**18, store.types["std_msgs/msg/Bool"](data=True))]
    with pytest.raises(
        EpisodeError, match=r"/kuavo_arm_traj is a std_msgs/Bool here, where mapping \w+ knows a sensor_msgs/Joint"
    ):
        only(write_bag(tmp_path / "take.bag", wrong))


def test_another_robots_joint_count_is_named(tmp_path):
    store = types()
    message = joint_state(store, 10**18, [0.0] * 7, names=[])
    with pytest.raises(
        EpisodeError, match=r"/kuavo_arm_traj:position: message 0: holds 7 values, the mapping names 14"
    ):
        only(write_bag(tmp_path / "take.bag", [("/kuavo_arm_traj", "sensor_msgs/msg/JointState", 10**18, message)]))


def test_own_mapping_reads_an_unknown_topic(tmp_path):
    bag = arm_bag(tmp_path / "take.bag")
    file = tmp_path / "mine.yaml"
    file.write_text(
        "title: battery\nformat: rosbag1\nrobot: kuafu\nkind: unknown\nrecognise: [/battery]\ntopics:\n"
        "  /battery: {type: std_msgs/msg/Float64, clock: receive, streams: "
        "[{field: data, role: measured, quantity: charge, unit: '%', names: [battery]}]}\n"
    )
    r = only(bag, mapping=file)
    assert list(r.streams) == ["/battery"] and r.mapping == "mine" and len(r.unmapped) == 3
    with pytest.raises(EpisodeError, match=r"mapping kuavo_planner knows no topic|holds"):
        only(write_bag(tmp_path / "other.bag", arm_messages()), mapping=file)


def damaged(name, tmp_path):
    path = tmp_path / f"{name}.bag"
    content = arm_bag(path).read_bytes()
    index = content.find(b"index_pos=") + len(b"index_pos=")
    path.write_bytes(
        {
            "empty": b"",
            "truncated": content[: len(content) * 2 // 3],
            "head only": content[:40],
            "not a bag": b"%PDF-1.4\n" + content[9:],
            "unindexed": content[:index] + bytes(8) + content[index + 8 :],
            "zeros": bytes(5000),
        }[name]
    )
    return path


@pytest.mark.parametrize("name", ["empty", "truncated", "head only", "not a bag", "unindexed", "zeros"])
def test_damaged_bag_is_one_error_with_the_fix(tmp_path, name):
    path = damaged(name, tmp_path)
    with pytest.raises(EpisodeError) as caught:
        only(path)
    text = str(caught.value)
    assert path.name in text and "\n" not in text
    assert "opy it again" in text


def test_a_chunk_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(rosbag1, "MAX_CHUNK_BYTES", 1000)
    for kind in (None, Writer.CompressionFormat.BZ2, Writer.CompressionFormat.LZ4):
        path = write_bag(tmp_path / f"{kind}.bag", arm_messages(), kind)
        with pytest.raises(EpisodeError, match="a chunk"):
            only(path)


def test_an_array_of_nothing_in_the_bags_own_definitions_is_refused(tmp_path):
    line = "=" * 80
    definition = (
        f"Header header\nNothing[] many\nfloat64[] position\n{line}\nMSG: sensor_msgs/Nothing\n{line}\n"
        "MSG: std_msgs/Header\nuint32 seq\ntime stamp\nstring frame_id\n"
    )
    with Writer(tmp_path / "take.bag") as writer:
        kind = "sensor_msgs/msg/JointState"
        connection = writer.add_connection("/kuavo_arm_traj", kind, msgdef=definition, md5sum="0" * 32)
        writer.write(connection, 10**18, bytes(4) + b"\xff\xff\xff\xff" + bytes(4))
    with pytest.raises(EpisodeError, match="array of nothing"):
        only(tmp_path / "take.bag")


def test_more_values_than_memory_may_take_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(rosbag1, "MAX_VALUE_BYTES", 1000)
    with pytest.raises(EpisodeError, match="rosbag filter"):
        only(arm_bag(tmp_path / "take.bag"))


# ------------------------------------------------------------------------------------------------ files and folders


def test_missing_path_names_the_near_one(tmp_path):
    (tmp_path / "takes").mkdir()
    with pytest.raises(EpisodeError, match=r"no such file or folder\. Did you mean .*takes\?"):
        read(tmp_path / "take")


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
    (tmp_path / "b.bag").unlink()
    shutil.rmtree(tmp_path / "sub")
    with pytest.raises(EpisodeError, match="none of the 2 recordings"):
        list(read(tmp_path))


# ------------------------------------------------------------------------------------------------ LeRobot datasets

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
        ):
            assert getattr(back, name) == getattr(made, name), name
        command = r.streams["action/joint_position"]
        assert command.role == "command" and command.clock == "grid" and command.names == tuple(JOINTS[:2])
        assert np.array_equal(command.values.astype(np.float32), made.actions[:, :2])
        assert command.time_ns[:3].tolist() == [0, 33_333_333, 66_666_667]
        assert r.streams["action/claw"].unit == "%" and r.streams["shiliu.target"].role == "pose"
    assert len({r.sha256 for r in recordings}) == 3


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
        ("features.action.dtype", "float64"),
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


# ------------------------------------------------------------------------------------------------ mutations


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut a file, flip some bytes, or overwrite a stretch."""
    at = int(rng.integers(len(content)))
    kind = rng.integers(4)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + bytes([content[at] ^ (1 << int(rng.integers(8)))]) + content[at + 1 :]
    if kind == 2:
        return content[:at] + rng.bytes(8) + content[at + 8 :]
    return content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :]


def outcome(path: Path) -> str:
    try:
        return "read" if all(isinstance(r, Recording) for r in read(path)) else "partly"
    except EpisodeError:
        return "refused"


def test_mutated_bags_end_in_an_error_or_a_recording(tmp_path):
    content = arm_bag(tmp_path / "whole.bag", n=3).read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "broken.bag"
    counts = {"read": 0, "refused": 0}
    for _ in range(200):
        path.write_bytes(mutate(content, rng))
        counts[outcome(path)] += 1
    assert counts["refused"] > 80, counts


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
