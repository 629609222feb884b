"""ROS 1 bags: what the robot wrote is read by its mapping, and what is broken ends in one clear error."""

import numpy as np
import pytest
from bags import ARM, arm_bag, arm_messages, joint_state, only, sensors, types, write_bag
from damage import mutate, outcome
from rosbags.rosbag1 import Writer
from shiliu.replay.formats import topics
from shiliu.replay.formats.rosbag import bag1 as rosbag1
from shiliu.scenarios.sheet.errors import EpisodeError


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


def test_messages_in_another_order_are_sorted_by_their_names(tmp_path):
    order = [13, *range(13)]  # no order that is its own inverse
    store, kind, messages = types(), "sensor_msgs/msg/JointState", []
    for k in range(4):
        ns, places = 10**18 + k * 10**7, order if k % 2 else range(14)
        names = [ARM[i] for i in places]
        messages.append(
            ("/kuavo_arm_traj", kind, ns, joint_state(store, ns, [k + 0.1 * i for i in places], names=names))
        )
    r = only(write_bag(tmp_path / "change.bag", messages))
    arm = r.streams["/kuavo_arm_traj"]
    assert arm.names[:2] == ("zarm_l1_joint", "zarm_l2_joint")
    assert np.array_equal(arm.values, np.arange(4)[:, None] + 0.1 * np.arange(14)[None, :])
    assert any("2 messages name their elements in another order" in note for note in r.notes)


def two_drivers(n=20, together=False):
    """The arm's joints in one message and two fingers in the next; or, `together`, both in one, the fingers in the middle."""
    store, kind, found = types(), "sensor_msgs/msg/JointState", []
    fingers = ["finger_left", "finger_right"]
    for k in range(n):
        ns = 10**18 + k * 10**7
        arm = [k + 0.1 * j for j in range(14)]
        if together:
            message = joint_state(store, ns, [*arm[:5], -7.0, -8.0, *arm[5:]], names=[*ARM[:5], *fingers, *ARM[5:]])
            found.append(("/kuavo_arm_traj", kind, ns, message))
            continue
        found.append(("/kuavo_arm_traj", kind, ns, joint_state(store, ns - 1000, arm)))
        if k % 2:
            found.append(("/kuavo_arm_traj", kind, ns + 400, joint_state(store, ns - 500, [-7.0, -8.0], names=fingers)))
    return found


@pytest.mark.parametrize("together", [False, True])
def test_of_two_drivers_on_one_topic_each_message_goes_by_its_names(tmp_path, together):
    r = only(write_bag(tmp_path / "take.bag", two_drivers(together=together)))
    arm = r.streams["/kuavo_arm_traj"]
    assert np.array_equal(arm.values, np.arange(20)[:, None] + 0.1 * np.arange(14)[None, :])
    assert np.array_equal(np.diff(arm.receive_ns), np.full(19, 10**7)) and len(arm.capture_ns) == 20
    whose = "beside its own elements" if together else "10 messages of"
    assert any(f"{whose} finger_left, finger_right are left out" in note for note in r.notes)


def test_a_second_driver_may_have_a_stream_of_its_own(tmp_path):
    file = tmp_path / "mine.yaml"
    rule = "field: position, role: measured, quantity: {}, unit: rad, spelled_in: name, names: [{}]"
    streams = [rule.format("joint_position", ", ".join(ARM)), rule.format("gripper", "finger_right, finger_left")]
    file.write_text(
        "title: two drivers\nformat: rosbag1\nrobot: toy\nkind: robot\nrecognise: [/kuavo_arm_traj]\ntopics:\n"
        "  /kuavo_arm_traj: {type: sensor_msgs/msg/JointState, clock: receive, streams: ["
        + ", ".join(f"{{name: {name}, {text}}}" for name, text in zip(("arm", "hand"), streams))
        + "]}\n"
    )
    r = only(write_bag(tmp_path / "take.bag", two_drivers()), mapping=file)
    arm, hand = r.streams["/kuavo_arm_traj/arm"], r.streams["/kuavo_arm_traj/hand"]
    assert (arm.n, hand.n) == (20, 10) and hand.names == ("finger_left", "finger_right")
    assert hand.values.tolist() == [[-7.0, -8.0]] * 10
    assert np.array_equal(hand.receive_ns, 10**18 + (2 * np.arange(10) + 1) * 10**7 + 400)


def test_two_drivers_with_half_an_arm_each_make_one_row(tmp_path):
    store, kind, found = types(), "sensor_msgs/msg/JointState", []
    for k in range(20):
        ns, row = 10**18 + k * 10**7, [k + 0.1 * j for j in range(14)]
        found.append(("/kuavo_arm_traj", kind, ns, joint_state(store, ns, row[:7], names=ARM[:7])))
        right = joint_state(store, ns + 10**6, row[:6:-1], names=ARM[:6:-1])  # in an order of its own
        found += [("/kuavo_arm_traj", kind, ns + 2 * 10**6, right)] if k != 5 else []
    r = only(write_bag(tmp_path / "take.bag", found))
    arm = r.streams["/kuavo_arm_traj"]
    whole = np.delete(np.arange(20), 5)  # the row of which a half was lost is none
    assert np.array_equal(arm.values, whole[:, None] + 0.1 * np.arange(14)[None, :])
    assert np.array_equal(arm.receive_ns, 10**18 + whole * 10**7 + 2 * 10**6), "when the row was whole"
    (note,) = (note for note in r.notes if "a part of the elements" in note)
    assert "(20 messages)" in note and "(19 messages). 19 rows" in note and "up to 2.0 ms" in note


def test_a_sender_that_names_some_of_the_elements_is_an_error(tmp_path):
    message = joint_state(types(), 10**18, [0.0] * 7, names=ARM[:7])
    with pytest.raises(EpisodeError, match=r"message 0: no message names arm_joint_8, arm_joint_9, .* which the mapping names"):
        only(write_bag(tmp_path / "half.bag", [("/kuavo_arm_traj", "sensor_msgs/msg/JointState", 10**18, message)]))


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
    monkeypatch.setattr(topics, "MAX_VALUE_BYTES", 1000)
    with pytest.raises(EpisodeError, match="rosbag filter"):
        only(arm_bag(tmp_path / "take.bag"))


def test_mutated_bags_end_in_an_error_or_a_recording(tmp_path):
    content = arm_bag(tmp_path / "whole.bag", n=3).read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "broken.bag"
    counts = {"read": 0, "refused": 0}
    for _ in range(200):
        path.write_bytes(mutate(content, rng))
        counts[outcome(path)] += 1
    assert counts["refused"] > 80, counts
