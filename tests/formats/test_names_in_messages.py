"""Messages that name their elements and messages that do not; several publishers of one topic; bags that were packed message by message."""

import numpy as np
import pytest
from bags import ARM, arm_bag, joint_state, ros2_bag, types
from rosbags.rosbag1 import Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode
from rosbags.rosbag2 import Reader as Ros2Reader
from rosbags.rosbag2 import Writer as Ros2Writer
from shiliu.replay.formats import read
from shiliu.replay.formats.rosbag import bag2
from shiliu.replay.importing.frames import frames_of
from shiliu.scenarios.sheet.errors import EpisodeError

KIND = "sensor_msgs/msg/JointState"
ORDER = [13, *range(13)]  # no order that is its own inverse
N = 12
VALUES = np.arange(N)[:, None] + 0.1 * np.arange(14)[None, :]


def bag(path, messages):
    """A bag of (publisher, receive ns, stamp ns, names, values)."""
    store = types()
    with Writer(path) as writer:
        senders = {}
        for sender, at, stamp, names, values in messages:
            if sender not in senders:
                senders[sender] = writer.add_connection("/kuavo_arm_traj", KIND, typestore=store, callerid=sender)
            writer.write(senders[sender], at, store.serialize_ros1(joint_state(store, stamp, list(values), names=names), KIND))
    return path


def one(path):
    (recording,) = read(path)
    return recording


def at(k):
    return 10**18 + k * 10**7


@pytest.mark.parametrize("unnamed", [0, 7])
def test_a_message_without_names_is_read_where_only_one_order_can_be_meant(tmp_path, unnamed):
    named = [("/a", at(k), at(k), [] if k == unnamed else ARM, VALUES[k]) for k in range(N)]
    assert np.array_equal(one(bag(tmp_path / "a.bag", named)).streams["/kuavo_arm_traj"].values, VALUES)
    turned = [("/a", at(k), at(k), [] if k == unnamed else [ARM[i] for i in ORDER], VALUES[k][ORDER]) for k in range(N)]
    with pytest.raises(EpisodeError, match=f"message {unnamed}: names no elements, and this publisher names them in another order"):
        one(bag(tmp_path / "b.bag", turned))


@pytest.mark.parametrize("first", ["/a", "/b"])
def test_a_publisher_that_never_names_its_elements_follows_the_mapping(tmp_path, first):
    messages = []
    for k in range(N):
        turned = k % 2 == (first == "/b")
        names, values = ([ARM[i] for i in ORDER], VALUES[k][ORDER]) if turned else ([], VALUES[k])
        messages.append(("/a" if turned else "/b", at(k), at(k), names, values))
    arm = one(bag(tmp_path / "a.bag", messages)).streams["/kuavo_arm_traj"]
    joints = [f"zarm_l{i}_joint" for i in range(1, 8)] + [f"zarm_r{i}_joint" for i in range(1, 8)]
    assert np.array_equal(arm.values[:, [arm.names.index(name) for name in joints]], VALUES)


@pytest.mark.parametrize("apart, refused", [(0.5, True), (0.0, False)])
def test_of_two_publishers_with_the_same_stamps_none_is_taken_for_the_other(tmp_path, apart, refused):
    messages = [
        (sender, at(k) + late, at(k), ARM, VALUES[k] + off) for k in range(N) for sender, late, off in (("/a", 0, 0.0), ("/b", 1000, apart))
    ]
    recording = one(bag(tmp_path / "a.bag", messages))
    stamped = recording.streams["/kuavo_arm_traj"]
    assert stamped.n == 2 * N and len(stamped.meta["publishers"]) == 2
    assert stamped.clock == "capture" and len(np.unique(stamped.time_ns)) == N
    if refused:
        with pytest.raises(EpisodeError, match=rf"comes from 2 publishers \(/a, /b\), and {N} samples of one have the time of another's"):
            frames_of(recording)
    else:
        assert np.array_equal(frames_of(recording).columns["action"], VALUES)


def test_a_bag_that_was_packed_message_by_message_is_read(tmp_path, monkeypatch):
    plain = ros2_bag(tmp_path / "plain")
    writer = Ros2Writer(tmp_path / "packed", version=8)
    writer.set_compression(CompressionMode.MESSAGE, CompressionFormat.ZSTD)
    with Ros2Reader(plain.parent) as reader, writer:
        known = {c.id: writer.add_connection(c.topic, c.msgtype, msgdef=c.msgdef.data, rihs01=c.digest) for c in reader.connections}
        for c, time, raw in reader.messages():
            writer.write(known[c.id], time, raw)
    packed = next((tmp_path / "packed").glob("*.db3"))
    assert packed.read_bytes() != plain.read_bytes()
    one_, other = one(plain), one(packed)
    assert one_.streams and all(np.array_equal(s.values, other.streams[name].values) for name, s in one_.streams.items())
    monkeypatch.setattr(bag2, "MAX_MESSAGE_BYTES", 16)
    with pytest.raises(EpisodeError, match="a message unpacks to more than 0 MiB"):
        one(packed)


def test_a_bag_without_messages_says_so_whatever_mapping_is_named(tmp_path):
    with Writer(tmp_path / "empty.bag") as writer:
        writer.add_connection("/kuavo_arm_traj", KIND, typestore=types())
    for mapping in (None, "kuavo_rosbag"):
        with pytest.raises(EpisodeError, match="the bag holds no messages"):
            list(read(tmp_path / "empty.bag", mapping=mapping))
    assert list(read(arm_bag(tmp_path / "whole.bag"), mapping="kuavo_rosbag"))


@pytest.mark.parametrize("spelled", ["", ", spelled_in: name"])
@pytest.mark.parametrize("empty", [(0,), (0, 1, 5), (4,), range(N), ()])
def test_of_a_field_that_is_empty_at_times_the_filled_ones_are_kept(tmp_path, empty, spelled):
    store, filled = types(), [k for k in range(N) if k not in empty]
    stream = "{{name: {}, field: {}, role: measured, quantity: {}, unit: {}, names: [{}]{}{}}}"
    names = ", ".join(ARM)
    (tmp_path / "map.yaml").write_text(
        "title: a driver\nformat: rosbag1\nrobot: toy\nkind: state_only\nrecognise: [/state]\ntopics:\n"
        "  /state: {type: sensor_msgs/msg/JointState, clock: receive, streams: ["
        + stream.format("q", "position", "joint_position", "rad", names, "", spelled) + ", "
        + stream.format("v", "velocity", "joint_velocity", "rad/s", names, ", optional: true", spelled) + "]}\n"
    )  # fmt: skip
    with Writer(tmp_path / "a.bag") as writer:
        connection = writer.add_connection("/state", KIND, typestore=store)
        for k in range(N):
            message = joint_state(store, at(k), list(VALUES[k]), names=ARM)
            message.velocity = np.empty(0) if k in empty else -VALUES[k]
            writer.write(connection, at(k), store.serialize_ros1(message, KIND))
    (recording,) = read(tmp_path / "a.bag", mapping=tmp_path / "map.yaml")
    assert np.array_equal(recording.streams["/state/q"].values, VALUES)
    if filled:
        speed = recording.streams["/state/v"]
        assert np.array_equal(speed.values, -VALUES[filled]) and speed.time_ns.tolist() == [at(k) for k in filled]
    else:
        assert "/state/v" not in recording.streams
    note = f"/state/v: {len(empty)} messages hold no value and are left out"
    assert (note in recording.notes) == bool(filled and empty)


def test_speeds_that_nobody_sends_are_none_beside_another_senders_names(tmp_path):
    store, own = types(), N // 2
    (tmp_path / "map.yaml").write_text(
        "title: a driver\nformat: rosbag1\nrobot: toy\nkind: state_only\nrecognise: [/state]\ntopics:\n"
        "  /state: {type: sensor_msgs/msg/JointState, clock: receive, streams: ["
        f"{{name: q, field: position, role: measured, quantity: joint_position, unit: rad, names: [{', '.join(ARM)}], spelled_in: name}}, "
        f"{{name: v, field: velocity, role: measured, quantity: joint_velocity, unit: rad/s, names: [{', '.join(ARM)}], spelled_in: name, "
        "optional: true}]}\n"
    )
    with Writer(tmp_path / "a.bag") as writer:
        connection = writer.add_connection("/state", KIND, typestore=store)
        for k in range(N):
            message = joint_state(store, at(k), list(VALUES[k]), names=ARM if k < own else [f"other_{name}" for name in ARM])
            message.velocity = np.empty(0)
            writer.write(connection, at(k), store.serialize_ros1(message, KIND))
    (recording,) = read(tmp_path / "a.bag", mapping=tmp_path / "map.yaml")
    assert list(recording.streams) == ["/state/q"] and np.array_equal(recording.streams["/state/q"].values, VALUES[:own])
    assert any("are left out, which the mapping does not name here" in note for note in recording.notes)
