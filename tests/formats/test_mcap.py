"""MCAP out and in: every bit comes back, stock tools read the messages, and what is broken ends in one clear error."""

import dataclasses
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from bags import ROS2_HEADER, ROS2_SENSORS, START, ros2_bag
from mcap.reader import make_reader
from mcap.writer import Writer as RawWriter
from mcap_ros2.decoder import DecoderFactory
from mcap_ros2.writer import Writer
from rosbags.rosbag2 import StoragePlugin
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from shiliu.replay.formats import episode_archive as packed
from shiliu.replay.formats import lossless_json as tagged
from shiliu.replay.formats import read
from shiliu.replay.formats.mcap import read as mcap
from shiliu.replay.formats.mcap import write as mcap_write
from shiliu.replay.recording.recording import CLOCKS, Recording, SimEpisode, Stream, Unreadable
from shiliu.replay.report.translation import translated
from shiliu.scenarios.sheet.errors import EpisodeError

TIMES = ("capture_ns", "receive_ns", "device_ns")


def same(a, b) -> bool:
    """Equal in type, order and every bit; NaN equals itself."""
    if isinstance(a, np.ndarray | np.generic):
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def odd_recording() -> Recording:
    """Streams with everything that is hard to keep: NaN with a payload, -0, clocks that go back, no samples, no columns."""
    nan = np.frombuffer(np.uint64(0x7FF8000000000ABC).tobytes(), np.float64)[0]
    values = np.array([[nan, -0.0], [5e-324, np.inf], [1 / 3, -1e300]])
    back = np.array([30, -20, 10], np.int64) * 10**9
    ticks = np.array([2**62, -(2**62), 0], np.int64)
    meta = {
        "publishers": ("a", "b"),
        "publisher": np.array([0, 1, 0], np.int16),
        "placeholder": [{"publisher": "a", "names": ["x"], "note": "斜坡"}],
        "limit": float("nan"),
        3: (1, None, True),
    }
    streams = [
        Stream("/odd", "command", "joint_position", "deg", ("x", "y"), values, back, ticks, clock="receive", meta=meta),
        Stream("/empty", "pose", "bone_pose", "m", ("p",), np.empty((0, 1)), receive_ns=np.empty(0, np.int64), clock="receive"),
        Stream("/bare", "event", "mark", "1", (), np.empty((3, 0)), device_ns=back, clock="device", declared_unit="s"),
        Stream("/grid", "measured", "claw", "% %", ("l", "r"), values.copy(), np.arange(3), clock="grid"),
    ]  # fmt: skip
    return Recording(
        "take", "day/take.bag", "ab" * 32, "robot", {s.name: s for s in streams},
        cell="cell-3", metadata={"start_ns": 5, "ratio": 0.1}, mapping="kuavo_rosbag", unmapped=("/x: why",), notes=["one"],
    )  # fmt: skip


def sim_episode() -> SimEpisode:
    rng = np.random.default_rng(1)
    return SimEpisode(
        7, {"values": {"x": 0.1}, "task": 0, "redraws": []}, {"name": "bare", "third": 1 / 3}, 1, "51ab", "mujoco 3.17.0",
        1 / 30, 16, rng.normal(size=9), rng.normal(size=(5, 2)).astype(np.float32), ("a", "b"),
        {"observation.state": rng.normal(size=(6, 2)).astype(np.float32)}, {0: rng.normal(size=9)},
        {"success": None, "subgoals": {}, "failure": None}, [{"skill": "wait", "t0": 0.0, "t1": 0.1}], {"en": "Wait."}, "bare",
    )  # fmt: skip


@pytest.mark.parametrize("with_episode", [False, True])
def test_a_recording_comes_back_to_the_bit(tmp_path, with_episode):
    made = odd_recording()
    made.episode = sim_episode() if with_episode else None
    mcap_write.write(made, tmp_path / "take.mcap")
    assert [p.name for p in tmp_path.iterdir()] == ["take.mcap"]
    back = mcap.read(tmp_path / "take.mcap", made.source)
    assert same(made, back)
    assert {s.clock for s in back.streams.values()} == set(CLOCKS) - {"capture"}
    assert same(made, mcap.read(tmp_path / "take.mcap", made.source, "kuavo_planner")), "it needs no mapping"
    (public,) = read(tmp_path / "take.mcap")
    assert public.source == "take.mcap" and public.sha256 == made.sha256


def test_the_comparison_of_these_tests_sees_a_bit(tmp_path):
    a, b = odd_recording(), odd_recording()
    assert same(a, b)
    b.streams["/odd"].values[0, 1] = 0.0  # the sign of a zero
    assert not same(a, b)
    b = odd_recording()
    b.streams["/odd"].meta["publishers"] = ["a", "b"]
    assert not same(a, b)


def test_real_bags_come_back_to_the_bit(tmp_path, data):
    bags = sorted(data.glob("kuavo*/*.bag"))
    assert bags
    for path in bags:
        (recording,) = read(path)
        mcap_write.write(recording, tmp_path / f"{path.stem}.mcap")
        assert same(recording, mcap.read(tmp_path / f"{path.stem}.mcap", recording.source)), path.name


def test_the_same_recording_gives_the_same_file(tmp_path):
    for name in ("a.mcap", "b.mcap"):
        made = odd_recording()
        made.episode = sim_episode()
        mcap_write.write(made, tmp_path / name)
    assert (tmp_path / "a.mcap").read_bytes() == (tmp_path / "b.mcap").read_bytes()


def test_stock_tools_read_the_messages(tmp_path):
    mcap_write.write(odd_recording(), tmp_path / "take.mcap")
    with (tmp_path / "take.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
        rows = {m.message.sequence: m.decoded_message for m in reader.iter_decoded_messages(topics=["/odd"])}
        assert rows[2].values == [1 / 3, -1e300] and rows[1].capture_ns == -20 * 10**9
        assert rows[0].device_ns == mcap_write.NO_TIME
        assert reader.get_header().profile == "ros2"
        assert reader.get_summary().statistics.message_count == 9
        (about,) = reader.iter_metadata()
        assert json.loads(about.metadata["json"])["cell"] == "cell-3"


def test_nothing_is_overwritten_or_left_behind(tmp_path):
    mcap_write.write(odd_recording(), tmp_path / "take.mcap")
    before = (tmp_path / "take.mcap").read_bytes()
    with pytest.raises(EpisodeError, match="nothing is overwritten"):
        mcap_write.write(odd_recording(), tmp_path / "take.mcap")
    made = odd_recording()
    made.metadata["what"] = object()
    with pytest.raises(EpisodeError, match=r"metadata\.what: holds a object") as caught:
        mcap_write.write(made, tmp_path / "other.mcap")
    assert caught.value.exit_code == 2
    with pytest.raises(FileNotFoundError):
        mcap_write.write(odd_recording(), tmp_path / "no" / "folder.mcap")
    assert [p.name for p in tmp_path.iterdir()] == ["take.mcap"]
    assert (tmp_path / "take.mcap").read_bytes() == before


def test_changed_numbers_are_read_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(mcap_write, "numbers_sha256", lambda streams: "0" * 64)
    mcap_write.write(odd_recording(), tmp_path / "take.mcap")
    monkeypatch.undo()
    back = mcap.read(tmp_path / "take.mcap", "take.mcap")
    assert "were changed after they were written" in back.notes[-1] and back.sha256 != odd_recording().sha256


def test_tagged_json_refuses_what_it_does_not_write():
    value = {"a": (1, [2.5, float("-inf")], np.float32(0.1)), 4: np.array(["ä", "b"])}
    assert same(value, tagged.loads(tagged.dumps(value, "x")))
    marked = {"!tuple": [1]}  # what looks like a mark stays what it is
    assert same(marked, tagged.loads(tagged.dumps(marked, "x")))
    for text in ('{"!odd": 1}', '{"!array": {"dtype": "O", "shape": [1], "base64": ""}}', '{"!float": "1"}'):
        with pytest.raises(ValueError):
            tagged.loads(text)
    with pytest.raises(EpisodeError, match="array of object"):
        tagged.dumps(np.array([None]), "x")


def test_a_packed_episode_comes_back_and_a_damaged_one_is_refused():
    block = packed.pack(sim_episode())
    assert same(sim_episode(), packed.unpack(block)) and block == packed.pack(sim_episode())
    with pytest.raises(zipfile.BadZipFile):
        packed.unpack(block[:-40])
    for change in ({"actions": np.zeros((5, 3), np.float32)}, {"control_timestep": "x"}, {"draw": None}):
        with pytest.raises(ValueError, match="no episode"):
            packed.unpack(packed.pack(dataclasses.replace(sim_episode(), **change)))


# ------------------------------------------------------------------------------------------- recordings of others

JOINT_STATE = """\
std_msgs/Header header
string[] name
float64[] position
float64[] velocity
float64[] effort
================================================================================
""" + ROS2_HEADER


def stamp(ns: int) -> dict:
    return {"stamp": {"sec": ns // 10**9, "nanosec": ns % 10**9}, "frame_id": ""}


def ros2_file(path: Path, n: int = 20, type_: str = "sensor_msgs/msg/JointState", extra: bool = True) -> Path:
    """A ROS 2 recording with the robot's topics, as a stock writer makes it."""
    with path.open("wb") as file:
        writer = Writer(file)
        arm = writer.register_msgdef(type_, JOINT_STATE)
        names = [f"arm_joint_{i}" for i in range(1, 15)]
        for k in range(n):
            ns = START + k * 10**7
            message = {"header": stamp(ns - 1000), "name": names, "position": [k + 0.5] * 14}
            writer.write_message("/kuavo_arm_traj", arm, message, log_time=ns, publish_time=ns)
        if extra:
            kind = writer.register_msgdef("kuavo_msgs/msg/SensorsData", ROS2_SENSORS)
            q = [0.01 * i for i in range(28)]
            for k in range(n):
                ns = START + k * 2 * 10**6
                body = {
                    "header": stamp(ns),
                    "sensor_time": stamp(5)["stamp"],
                    "joint_data": {"joint_q": q, "joint_v": q, "joint_torque": q},
                    "imu_data": {"quat": {"w": 1.0}},
                }
                writer.write_message("/sensors_data_raw", kind, body, log_time=ns + 7, publish_time=ns)
            battery = writer.register_msgdef("std_msgs/msg/Float64", "int8 NONE=-1\nfloat64 data\n")
            writer.write_message("/battery", battery, {"data": 0.5}, log_time=START, publish_time=START)
        writer.finish()
    return path


def test_a_ros2_recording_is_read_with_the_robots_mapping(tmp_path):
    (r,) = read(ros2_file(tmp_path / "take.mcap"))
    command, state = r.streams["/kuavo_arm_traj"], r.streams["/sensors_data_raw/joint_q"]
    assert (r.kind, r.mapping, r.metadata["container"]) == ("robot", "kuavo_rosbag", "MCAP")
    assert command.unit == "deg" and command.names[0] == "zarm_l1_joint" and command.rate == pytest.approx(100)
    assert np.array_equal(command.values, np.repeat(np.arange(20) + 0.5, 14).reshape(20, 14))
    assert np.array_equal(command.receive_ns - command.capture_ns, np.full(20, 1000))
    assert state.rate == pytest.approx(500) and np.array_equal(state.values[3], [0.01 * i for i in range(28)])
    assert np.array_equal(state.receive_ns - state.capture_ns, np.full(20, 7)) and state.device_ns[0] == 5
    assert r.streams["/sensors_data_raw/imu_quat_xyzw"].values[0].tolist() == [0, 0, 0, 1]
    assert r.unmapped == ("/battery (std_msgs/Float64, 1 messages): unknown to mapping kuavo_rosbag",)


def arm_file(path: Path, order: np.ndarray, logged: np.ndarray) -> Path:
    """A recording whose arm goes up and down in 100 messages, written in an order (100,), at these log times [ms] (100,)."""
    with path.open("wb") as file:
        writer = Writer(file)
        arm = writer.register_msgdef("sensor_msgs/msg/JointState", JOINT_STATE)
        names = [f"arm_joint_{i}" for i in range(1, 15)]
        for k in order:
            ns = START + int(logged[k]) * 10**6
            message = {"header": stamp(ns), "name": names, "position": [float(np.sin(0.1 * k))] * 14}
            writer.write_message("/kuavo_arm_traj", arm, message, log_time=ns, publish_time=ns)
        writer.finish()
    return path


def test_messages_that_were_written_in_another_order_are_read_by_their_log_times(tmp_path):
    rows = np.arange(100)
    in_order = next(iter(read(arm_file(tmp_path / "a.mcap", rows, 10 * rows)))).streams["/kuavo_arm_traj"]
    for order in (np.random.default_rng(0).permutation(rows), np.r_[rows[:40], rows[60:], rows[40:60]]):
        (r,) = read(arm_file(tmp_path / "b.mcap", order, 10 * rows))
        taken = r.streams["/kuavo_arm_traj"]
        assert np.array_equal(taken.values, in_order.values) and np.array_equal(taken.receive_ns, in_order.receive_ns)
        assert any("in the order of their log times" in note for note in r.notes)


def test_a_clock_that_was_set_back_while_it_recorded_sorts_nothing(tmp_path):
    rows = np.arange(100)
    (r,) = read(arm_file(tmp_path / "a.mcap", rows, np.where(rows < 50, 10 * rows, 10 * rows - 303)))
    taken = r.streams["/kuavo_arm_traj"]
    assert np.array_equal(taken.values[:, 0], np.sin(0.1 * rows)) and (np.diff(taken.receive_ns) < 0).sum() == 1
    assert not any("log times" in note for note in r.notes)


@pytest.mark.parametrize("encoding", ["cdr", "ros1"])
def test_the_makers_own_spelling_is_read(tmp_path, encoding):
    """Converted from ROS 1, types keep their small first letter, which the stock decoder refuses."""
    kind = "kuavo_msgs/msg/lejuClawCommand"
    effector = "=" * 80 + "\nMSG: kuavo_msgs/endEffectorData\nstring[] name\nfloat64[] position\n"
    text = f"std_msgs/Header header\nkuavo_msgs/endEffectorData data\n{effector}"
    store = get_typestore(Stores.ROS2_HUMBLE if encoding == "cdr" else Stores.ROS1_NOETIC)
    store.register(get_types_from_msg(text, kind))
    types, seq = store.types, {} if encoding == "cdr" else {"seq": 0}
    header = types["std_msgs/msg/Header"](stamp=types["builtin_interfaces/msg/Time"](5, 6), frame_id="", **seq)
    data = types["kuavo_msgs/msg/endEffectorData"](name=["left_claw", "right_claw"], position=np.array([10.0, 90.0]))
    message = types[kind](header=header, data=data)
    definition, _ = store.generate_msgdef(kind, ros_version=2 if encoding == "cdr" else 1)
    arm = ros2_file(tmp_path / "arm.mcap", extra=False)
    with (tmp_path / "take.mcap").open("wb") as out, arm.open("rb") as file:
        writer = RawWriter(out)
        writer.start()
        if encoding == "cdr":
            raw = bytes(store.serialize_cdr(message, kind))
            schema = writer.register_schema(kind, "ros2msg", definition.encode())
        else:
            raw = bytes(store.serialize_ros1(message, kind))
            schema = writer.register_schema(kind.replace("/msg/", "/"), "ros1msg", definition.encode())
        claw = writer.register_channel("/leju_claw_command", encoding, schema)
        writer.add_message(claw, START, raw, START)
        ids: dict[str, int] = {}
        for s, channel, m in make_reader(file).iter_messages():
            if channel.topic not in ids:
                copied = writer.register_schema(s.name, s.encoding, s.data)
                ids[channel.topic] = writer.register_channel(channel.topic, "cdr", copied)
            writer.add_message(ids[channel.topic], m.log_time, m.data, m.publish_time)
        writer.finish()
    (r,) = read(tmp_path / "take.mcap")
    claw_stream = r.streams["/leju_claw_command"]
    assert claw_stream.values.tolist() == [[10.0, 90.0]] and claw_stream.capture_ns.tolist() == [5 * 10**9 + 6]


def test_a_ros2_bag_is_read_with_the_robots_mapping(tmp_path):
    path = ros2_bag(tmp_path / "take")
    before = sorted(p.name for p in (tmp_path / "take").iterdir())
    for where in (path, tmp_path / "take"):
        (r,) = read(where)
        command = r.streams["/kuavo_arm_traj"]
        assert np.array_equal(command.values, np.repeat(np.arange(20) + 0.5, 14).reshape(20, 14))
        assert np.array_equal(command.receive_ns - command.capture_ns, np.full(20, 1000))
        assert (r.mapping, r.metadata["duration_s"]) == ("kuavo_rosbag", pytest.approx(0.19, abs=1e-9))
        assert r.unmapped == (
            "/sensors_data_raw (kuavo_msgs/SensorsData, 0 messages): announced, but nothing was recorded",
        )
    assert sorted(p.name for p in (tmp_path / "take").iterdir()) == before, "no journal is left beside evidence"


def test_ros2_bags_that_are_not_read_say_why(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "title: mine\nformat: mcap\nrobot: kuafu\nkind: robot\nrecognise: [/kuavo_arm_traj]\n"
        "topics:\n  /kuavo_arm_traj:\n    type: kuavo_msgs/msg/Unknown\n    clock: receive\n"
        '    streams: [{field: data, role: measured, quantity: charge, unit: "1", names: [charge]}]\n'
    )
    with pytest.raises(EpisodeError, match="no definition of kuavo_msgs/msg/Unknown"):
        list(read(ros2_bag(tmp_path / "old", definitions=False), mine))
    path = ros2_bag(tmp_path / "split")
    sheet = tmp_path / "split" / "metadata.yaml"
    sheet.write_text(sheet.read_text().replace(f"  - {path.name}\n", f"  - {path.name}\n  - other.db3\n"))
    with pytest.raises(EpisodeError, match="is one of 2 parts of a recording"):
        list(read(path))
    sheet.unlink()
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(EpisodeError, match="not a readable ROS 2 bag"):
        list(read(path))


@pytest.mark.parametrize("storage", [StoragePlugin.MCAP, StoragePlugin.SQLITE3], ids=["mcap", "sqlite"])
def test_no_part_of_a_recording_is_judged_as_if_it_were_the_whole(tmp_path, storage):
    path = ros2_bag(tmp_path / "take", storage=storage)
    assert next(iter(read(path))).streams["/kuavo_arm_traj"].n == 20, "a recording of one file"
    sheet = path.with_name("metadata.yaml")
    other = path.with_stem("second")
    sheet.write_text(sheet.read_text().replace(f"  - {path.name}\n", f"  - {path.name}\n  - {other.name}\n"))
    with pytest.raises(EpisodeError, match=r"is one of 2 parts of a recording\. Join them first"):
        list(read(path))
    other.write_bytes(path.read_bytes())
    with pytest.raises(EpisodeError, match="none of the 2 recordings in the folder is readable"):
        list(read(path.parent))


def test_a_mapping_for_mcap_is_taken(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "title: mine\nformat: mcap\nrobot: kuafu\nkind: robot\nrecognise: [/battery]\n"
        "topics:\n  /battery:\n    type: std_msgs/msg/Float64\n    clock: receive\n"
        '    streams: [{field: data, role: measured, quantity: charge, unit: "1", names: [charge]}]\n'
    )
    (r,) = read(ros2_file(tmp_path / "take.mcap"), tmp_path / "mine.yaml")
    assert list(r.streams) == ["/battery"] and r.streams["/battery"].values.tolist() == [[0.5]]
    (tmp_path / "mine.yaml").write_text((tmp_path / "mine.yaml").read_text().replace("format: mcap", "format: mcab"))
    with pytest.raises(EpisodeError, match="'mcab' is no format of mappings"):
        read(tmp_path / "take.mcap", tmp_path / "mine.yaml")


def test_a_recording_without_arm_topics_lists_what_it_holds(tmp_path):
    path = ros2_file(tmp_path / "take.mcap", type_="std_msgs/msg/Bool", extra=False)
    with pytest.raises(EpisodeError, match=r"The file holds /kuavo_arm_traj \(std_msgs/Bool, 20 messages\)"):
        list(read(path))
    with pytest.raises(EpisodeError, match="knows no topic of this file"):
        list(read(path, "kuavo_planner"))


def test_an_encoding_that_is_not_read_is_named(tmp_path):
    with (tmp_path / "take.mcap").open("wb") as file:
        writer = RawWriter(file)
        writer.start()
        schema = writer.register_schema("sensor_msgs/msg/JointState", "jsonschema", b"{}")
        channel = writer.register_channel("/kuavo_arm_traj", "json", schema)
        writer.add_message(channel, 1, b"{}", 1)
        writer.finish()
    for mapping in (None, "kuavo_planner"):
        with pytest.raises(EpisodeError) as raised:
            list(read(tmp_path / "take.mcap", mapping))
        text = str(raised.value)
        assert "is encoded as json with jsonschema. Of MCAP files, cdr with ros2msg and ros1 with ros1msg are read." in text
        assert "mcap doctor" not in text and "write a mapping" not in text  # neither would help
        assert "list formats" in text and not re.search("[a-z]{4} [a-z]{4}", re.sub("`.*?`", "", translated(text, "zh")))


def test_cut_and_empty_files_are_told(tmp_path):
    content = ros2_file(tmp_path / "whole.mcap").read_bytes()
    path = tmp_path / "take.mcap"
    for cut, message in ((0, "is empty"), (5, "not an MCAP file"), (len(content) // 2, "mcap recover")):
        path.write_bytes(content[:cut])
        with pytest.raises(EpisodeError, match=message):
            list(read(path))
    path.write_bytes(b"mcap" * 20)
    with pytest.raises(EpisodeError, match="not an MCAP file"):
        list(read(path))
    items = list(read(tmp_path))
    assert [type(item) for item in items] == [Unreadable, Recording]


def test_a_chunk_that_claims_more_than_memory_is_refused(tmp_path, monkeypatch):
    path = ros2_file(tmp_path / "take.mcap")
    monkeypatch.setattr(mcap, "MAX_CHUNK_BYTES", 1000)
    with pytest.raises(EpisodeError, match="a chunk claims"):
        list(read(path))


def test_mutated_files_end_in_an_error_or_a_recording(tmp_path):
    made = odd_recording()
    made.episode = sim_episode()
    mcap_write.write(made, tmp_path / "own.mcap")
    rng = np.random.default_rng(0)
    path = tmp_path / "broken.mcap"
    counts = {"read": 0, "refused": 0}
    for whole in (tmp_path / "own.mcap", ros2_file(tmp_path / "theirs.mcap", n=3)):
        content = whole.read_bytes()
        for _ in range(150):
            at = int(rng.integers(len(content)))
            path.write_bytes(content[:at] + rng.bytes(4) + content[at + 4 :])
            try:
                list(read(path))
                counts["read"] += 1
            except EpisodeError:
                counts["refused"] += 1
    assert counts["refused"] > 100, counts
