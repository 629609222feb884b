"""A draft of a mapping: what it proposes for files that none is known for, and says that it does not know."""

from pathlib import Path

import numpy as np
import pytest
from imported import FOLDERS, write_archive
from shiliu.cli import main
from shiliu.replay.formats import NothingReadable, mappings, read
from shiliu.replay.formats.arrays import array_episode as arrays
from shiliu.replay.formats.arrays import hdf5
from shiliu.replay.importing.mapping_draft import propose
from shiliu.replay.importing.mapping_draft_topics import propose_topics
from shiliu.scenarios.sheet.errors import EpisodeError


def test_without_a_mapping_a_draft_is_written_and_then_reads_the_file(tmp_path, capsys):
    path = write_archive(tmp_path / "take.npz")
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}"]) == 2
    printed = capsys.readouterr().err
    draft = tmp_path / "proposed-mapping.yaml"
    assert str(draft) in printed and "Nothing could be imported" in printed and not (tmp_path / "set").exists()
    assert f"Complete {draft}, check it by `shiliu check mapping={draft}`, and write mapping={draft}." in printed
    assert "state[3:7]: a quaternion by its norm; whether wxyz or xyzw" in printed
    assert "state[2] is 0 in every row" in printed and "30 rows a second is a guess" in printed
    assert "state: beyond one turn in radians, taken as degrees" in printed and "action: radians by range" in printed

    rule = mappings.load(draft)
    assert (rule.kind, rule.format, rule.arrays.fps) == ("robot", "npz", 30)
    units = {s.name: (s.role, s.unit) for s in rule.arrays.streams}
    assert units == {"action": ("command", "rad"), "state[0:2]": ("measured", "deg"), "state[3:7]": ("measured", "1")}
    (r,) = read(path, draft)
    assert not [c for c in r.unmapped if "unknown" in c] and r.metadata["start"]["values"] == [0.0] * 4
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}", f"mapping={draft}", "quiet=true"]) == 0
    assert main(["import", f"data={path}", f"out={tmp_path / 'other'}"]) == 2
    assert (tmp_path / "proposed-mapping-2.yaml").exists(), "a draft that somebody may have mended is not overwritten"


@pytest.mark.parametrize(
    ("arrays_of", "wanted"),
    [
        ({"qpos": np.linspace(-3, 3, 40).reshape(20, 2)}, "radians by range"),
        ({"servo": np.arange(700, 740.0).reshape(20, 2)}, "whole numbers up to 739, taken as device counts"),
        ({"qvel": np.ones((20, 2)) * np.arange(20)[:, None]}, "speeds in rad/s by its name"),
        ({"thing": np.arange(40.0).reshape(20, 2) / 40}, "taken as measured, because its name does not tell"),
        ({"q": np.arange(20.0)[:, None] / 20, "t": np.arange(20.0) * 20}, "t steps by 20: taken as ms"),
        ({"q": np.full((20, 3), -1.0)}, "q is -1 in every row"),
        ({"q": np.arange(40.0).reshape(20, 2) / 40, "long": np.zeros(500)}, "long has 500 rows"),
    ],
)
def test_a_draft_doubts_what_it_should(tmp_path, arrays_of, wanted):
    draft = drafted(tmp_path, arrays_of)
    assert any(wanted in line for line in draft.unsure), draft.unsure
    assert all(line in draft.text for line in draft.unsure)


@pytest.mark.parametrize("constant", [0.0, -1.0, 0.7])
def test_columns_of_a_placeholder_are_left_out_and_others_at_rest_are_kept(tmp_path, constant):
    moving = np.linspace(0.1, 0.9, 20)
    still = np.column_stack([moving, np.full(20, constant), 0.5 * moving])
    draft = drafted(tmp_path, {"q": still})
    assert any(f"q[1] is {constant:g} in every row" in line for line in draft.unsure)
    assert (f"{constant:g} in every row of the first episode" in draft.text) == (constant != 0.7)


def drafted(tmp_path: Path, arrays_of: dict):
    episode = arrays.ArrayEpisode(
        "take", "take.npz", "0" * 64, "npz", "NumPy archive", tmp_path / "take.npz", arrays_of
    )
    draft = propose(episode)
    file = tmp_path / "draft.yaml"
    file.write_text(draft.text)
    arrays.recording_of(episode, file)  # every draft reads what it was made from
    return draft


@pytest.mark.parametrize("interleaved", [False, True])
def test_a_draft_reads_what_endings_of_names_say(tmp_path, interleaved):
    """`.pos`, `.vel` and `.effort` behind the joints, as LeRobot writes those of robots of its own."""
    joints, endings = ("left_arm_joint_1", "left_arm_joint_2", "gripper"), ("pos", "vel", "torque")
    called = [f"{j}.{e}" for j in joints for e in endings] if interleaved else [f"{j}.{e}" for e in endings for j in joints]
    t = np.linspace(0.0, 3.0, 40)[:, None]
    state = 1.2 * np.sin(t + np.arange(9))
    episode = arrays.ArrayEpisode(
        "take", "take.npz", "0" * 64, "npz", "NumPy archive", tmp_path / "take.npz",
        {"observation.state": state, "action": 1.2 * np.cos(t + np.arange(3))},
        labels={"observation.state": tuple(called), "action": tuple(f"{j}.pos" for j in joints)},
    )  # fmt: skip
    draft = propose(episode)
    (tmp_path / "draft.yaml").write_text(draft.text)
    recording = arrays.recording_of(episode, tmp_path / "draft.yaml")
    found = {(s.role, s.quantity): s for s in recording.streams.values()}
    quantities = {"joint_position": ("rad", "pos"), "joint_velocity": ("rad/s", "vel"), "joint_torque": ("Nm", "torque")}
    assert set(found) == {("command", "joint_position"), *(("measured", quantity) for quantity in quantities)}
    for quantity, (unit, ending) in quantities.items():
        stream = found["measured", quantity]
        assert (stream.names, stream.unit) == (joints, unit)
        assert np.array_equal(stream.column("gripper"), state[:, called.index(f"gripper.{ending}")])
    assert found["command", "joint_position"].names == joints and not recording.unmapped


@pytest.mark.parametrize(
    ("names", "low", "high", "wanted"),
    [
        (["elbow", "wrist", "left_hand_index", "left_hand_thumb"], 0.0, 1.0, {"qpos[0:2]": "rad", "qpos[2:4]": "1"}),
        (["elbow", "wrist", "left_hand_index", "left_hand_thumb"], -0.3, 1.0, {"qpos": "rad"}),  # angles, of fingers too
        (["elbow", "wrist", "knee", "neck"], 0.0, 1.0, {"qpos": "rad"}),
        (["关节1", "关节2", "左夹爪", "右夹爪"], 0.0, 1.0, {"qpos[0:2]": "rad", "qpos[2:4]": "1"}),
        (["j1", "j2", "left_gripper", "right_pct"], 0.0, 100.0, {"qpos[0:2]": "rad", "qpos[2:4]": "%"}),
        (["关节1", "关节2", "左夹爪", "右夹爪"], 0.0, 100.0, {"qpos[0:2]": "rad", "qpos[2:4]": "%"}),
        (["j1", "j2", "left_gripper", "right_gripper"], 0.0, 120.0, {"qpos[0:2]": "rad", "qpos[2:4]": "deg"}),  # beyond its whole way
        (["j1", "j2", "left_gripper", "right_gripper"], -1.0, 1.0, {"qpos[0:2]": "rad", "qpos[2:4]": "-1..1"}),  # a normalised set
        (["j1", "j2", "left_gripper", "right_gripper"], -0.2, 0.7, {"qpos": "rad"}),
        (["j1", "j2", "left_gripper", "right_gripper"], 0.0, 0.085, {"qpos[0:2]": "rad", "qpos[2:4]": "m"}),
        (["j1", "j2", "left_gripper", "right_gripper"], -20.0, 60.0, {"qpos[0:2]": "rad", "qpos[2:4]": "deg"}),  # and below it
        (["j1", "j2", "left_finger", "right_thumb"], 0.0, 90.0, {"qpos[0:2]": "rad", "qpos[2:4]": "deg"}),  # degrees of fingers
    ],
)
def test_fingers_from_0_to_1_are_shares_of_their_way(tmp_path, names, low, high, wanted):
    """As angles they were joints that stop short of their command: what a hand holds stops it."""
    ways = 0.5 + 0.5 * np.sin(np.linspace(0, 6, 60))
    values = np.column_stack([ways - 0.9, 1.2 * ways, low + (high - low) * ways, low + (high - low) * np.minimum(ways, 0.6)])
    episode = arrays.ArrayEpisode(
        "take", "take.npz", "0" * 64, "npz", "NumPy archive", tmp_path / "take.npz", {"qpos": values}, labels={"qpos": tuple(names)}
    )
    text = propose(episode).text
    (tmp_path / "draft.yaml").write_text(text, encoding="utf-8")
    arrays.recording_of(episode, tmp_path / "draft.yaml")
    assert {s.name: s.unit for s in mappings.load(tmp_path / "draft.yaml").arrays.streams} == wanted
    assert ("fingers by their names" in text) == ("1" in wanted.values())
    assert ("grippers by their names" in text) == bool({"%", "m", "-1..1"} & set(wanted.values()))


@pytest.mark.parametrize(("most", "unit"), [(255, "0..255"), (1000, "count"), (90, "count")])
def test_a_gripper_of_whole_numbers_is_a_hand(tmp_path, most, unit):
    ways = 0.5 + 0.5 * np.sin(np.linspace(0, 6, 60))
    values = np.column_stack([ways - 0.9, np.rint(most * ways)])
    episode = arrays.ArrayEpisode(
        "take", "take.npz", "0" * 64, "npz", "NumPy archive", tmp_path / "take.npz", {"qpos": values}, labels={"qpos": ("j1", "gripper")}
    )
    (tmp_path / "draft.yaml").write_text(propose(episode).text, encoding="utf-8")
    joint, hand = mappings.load(tmp_path / "draft.yaml").arrays.streams
    assert (joint.quantity, joint.unit) == ("joint_position", "rad")
    assert (hand.quantity, hand.unit) == ("hand", unit if most > 100 else "%")


def test_columns_without_names_are_those_of_the_same_joints(tmp_path):
    """As ALOHA's files have them: each with names of its own, no command would be compared with a measurement."""
    t = np.linspace(0.0, 3.0, 40)[:, None]
    ways = 1.3 * np.sin(t + np.arange(3))
    wide = {"action": ways.copy(), "qpos": 0.9 * ways, "qvel": np.cos(t + np.arange(3)), "pair": t + np.arange(2)}
    wide["action"][:, 2], wide["qpos"][:, 2] = np.linspace(0.0, 1.0, 40), np.linspace(0.0, 0.6, 40)
    episode = arrays.ArrayEpisode(
        "take", "take.hdf5", "0" * 64, "hdf5", "HDF5 file", tmp_path / "take.hdf5", wide, metadata={"attributes": {"fps": 50}}
    )
    draft = propose(episode)
    assert "action, qpos, qvel: column k of each is taken as the same joint" in draft.unsure
    assert not any("30 rows a second" in line for line in draft.unsure), "the file states its rate"
    (tmp_path / "draft.yaml").write_text(draft.text, encoding="utf-8")
    recording = arrays.recording_of(episode, tmp_path / "draft.yaml")
    named = {(s.quantity, s.names) for s in recording.streams.values()}
    joints, pair = ("joint_0", "joint_1", "joint_2"), ("pair_0", "pair_1")
    assert named == {("hand", joints[2:]), *(("joint_position", of) for of in (joints[:2], pair)), ("joint_velocity", joints)}
    assert recording.streams["action/joint_position"].rate == pytest.approx(50.0)


def test_endings_that_leave_two_columns_one_name_stay(tmp_path):
    t = np.linspace(0.0, 3.0, 40)[:, None]
    episode = arrays.ArrayEpisode(
        "take", "take.npz", "0" * 64, "npz", "NumPy archive", tmp_path / "take.npz", {"state": np.sin(t + np.arange(2))},
        labels={"state": ("elbow.pos", "elbow.position")},
    )  # fmt: skip
    (tmp_path / "draft.yaml").write_text(propose(episode).text)
    (stream,) = arrays.recording_of(episode, tmp_path / "draft.yaml").streams.values()
    assert stream.names == ("elbow.pos", "elbow.position")


def test_a_draft_takes_names_and_robot_from_the_container(tmp_path):
    episode = arrays.ArrayEpisode(
        "e", "e", "0" * 64, "lerobot", "set", tmp_path / "info.json", {"action": np.arange(60.0).reshape(20, 3) / 60},
        labels={"action": ("a", "b", "c")}, robot_type="My Robot", fps=30.0, time=None,
    )  # fmt: skip
    draft = propose(episode)
    assert (
        "names: [a, b, c]" in draft.text and 'robot_type: "My Robot"' in draft.text and "robot: my_robot" in draft.text
    )
    assert not any("names" in line or "rate" in line or "which robot" in line for line in draft.unsure)


def test_a_draft_sees_episodes_under_prefixes(tmp_path):
    np.savez(tmp_path / "many.npz", **{f"run{k}/q": np.linspace(0, 1, 20 + k)[:, None] for k in range(3)})
    with pytest.raises(arrays.NoMapping) as caught:
        list(read(tmp_path / "many.npz"))
    file = tmp_path / "draft.yaml"
    file.write_text(propose(caught.value.episode).text)
    assert [r.streams["q"].n for r in read(tmp_path / "many.npz", file)] == [20, 21, 22]


ARRAYS_OF_OTHERS = [name for name in FOLDERS if not name.startswith("kuavo")]


@pytest.mark.parametrize("name", ARRAYS_OF_OTHERS)
def test_a_draft_reads_every_real_recording_it_is_made_from(data, tmp_path, monkeypatch, name):
    if not (data / name).exists():
        pytest.skip(f"the real recordings {name} are not here; SHILIU_DATA names their folder")
    known = next(iter(read(data / name)))
    monkeypatch.setattr(arrays, "of_format", lambda _: [])
    monkeypatch.setattr(hdf5, "mapping_of", lambda _: None)  # nor by the model that it carries
    with pytest.raises(EpisodeError) as caught:
        list(read(data / name))
    error = caught.value.items[0].error if isinstance(caught.value, NothingReadable) else caught.value
    assert isinstance(error, arrays.NoMapping)
    draft = propose(error.episode)
    file = tmp_path / "draft.yaml"
    file.write_text(draft.text)
    r = (
        arrays.recording_of(error.episode, file)
        if "episodes:" not in draft.text
        else next(iter(read(error.episode.file, file)))
    )
    assert draft.unsure and not [c for c in r.unmapped if "unknown" in c]
    assert bool(r.select("command")) == bool(known.select("command")) or name == "so101-bimanual-cloth", (
        "its action is none"
    )


def test_a_draft_tells_degrees_from_counts_and_finds_a_quaternion(data, tmp_path, monkeypatch):
    wanted = {
        "dual-arm-dexhand-open": {"state[0:14]": "deg", "state[24:34]": "count", "actions[0:14]": "deg"},
        "visionpro-panda-blockpush": {
            "qpos[12:16]": "1",
            "ctrl[0:7]": "deg",
        },  # torques by their range: reported as a doubt
        "robosuite-teleop": {"states[23:27]": "1"},
    }
    monkeypatch.setattr(arrays, "of_format", lambda _: [])
    monkeypatch.setattr(hdf5, "mapping_of", lambda _: None)  # nor by the model that it carries
    for name, units in wanted.items():
        if not (data / name).exists():
            pytest.skip(f"the real recordings {name} are not here; SHILIU_DATA names their folder")
        with pytest.raises(EpisodeError) as caught:
            list(read(data / name))
        error = caught.value.items[0].error if isinstance(caught.value, NothingReadable) else caught.value
        file = tmp_path / f"{name}.yaml"
        file.write_text(propose(error.episode).text)
        rule = mappings.load(file).arrays
        assert units.items() <= {s.name: s.unit for s in rule.streams}.items()
    assert rule.time is not None and rule.time.field == "states[0]", "the simulator's time stands first"


def unknown_bag(path, stamped=True):
    """Commands in radians with names, a measurement in degrees without, and a wrench, on topics that no mapping knows."""
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC)
    made = store.types
    state, wrench = "sensor_msgs/msg/JointState", "geometry_msgs/msg/Wrench"
    with Writer(path) as writer:
        topics = {
            topic: writer.add_connection(topic, kind, typestore=store)
            for topic, kind in (("/my_arm/cmd", state), ("/my_arm/state", state), ("/wrist", wrench))
        }
        for k in range(30):
            ns = 10**18 + k * 20_000_000
            seconds = ns if stamped else 0
            stamp = made["builtin_interfaces/msg/Time"](sec=seconds // 10**9, nanosec=seconds % 10**9)
            header = made["std_msgs/msg/Header"](seq=k, stamp=stamp, frame_id="")
            none = np.empty(0)
            for topic, names, scale in (("/my_arm/cmd", ["a", "b", "c"], 1.0), ("/my_arm/state", [], 57.3)):
                q = scale * np.sin(0.1 * k + np.arange(3))
                message = made[state](header=header, name=names, position=q, velocity=none, effort=none)
                writer.write(topics[topic], ns, store.serialize_ros1(message, state))
            force = made["geometry_msgs/msg/Vector3"](x=1.0 * k, y=2.0, z=3.0)
            message = made[wrench](force=force, torque=force)
            writer.write(topics["/wrist"], ns, store.serialize_ros1(message, wrench))
    return path


def test_a_bag_of_unknown_topics_gets_a_draft_that_then_reads_it(tmp_path, capsys):
    path = unknown_bag(tmp_path / "take.bag")
    assert main(["import", f"data={path}", f"out={tmp_path / 'set'}"]) == 2
    printed = capsys.readouterr().err
    assert "/my_arm/state" in printed and "have no names" in printed and "which robot" in printed
    assert sorted(p.name for p in tmp_path.iterdir()) == ["proposed-mapping.yaml", "take.bag"]
    (r,) = read(path, tmp_path / "proposed-mapping.yaml")
    command, measured = r.streams["/my_arm/cmd/position"], r.streams["/my_arm/state/position"]
    assert (command.role, command.unit, command.names, command.clock) == ("command", "rad", ("a", "b", "c"), "capture")
    assert (measured.role, measured.unit, measured.n) == ("measured", "deg", 30)
    wrench = r.streams["/wrist/force"]
    assert (
        wrench.names == ("x", "y", "z") and wrench.clock == "receive" and wrench.values[5].tolist() == [5.0, 2.0, 3.0]
    )
    assert "timed by arrival" in (tmp_path / "proposed-mapping.yaml").read_text()
    words = ["import", f"data={path}", f"out={tmp_path / 'set'}", f"mapping={tmp_path / 'proposed-mapping.yaml'}"]
    assert main(words) == 0 and len(list(read(tmp_path / "set"))) == 1


def test_a_draft_takes_no_stamp_that_is_zero(tmp_path):
    text = propose_topics(unknown_bag(tmp_path / "take.bag", stamped=False)).text
    assert "capture" not in text and text.count("clock: receive") == 3


def test_a_draft_of_one_of_several_takes_reads_all_of_them(tmp_path):
    rng = np.random.default_rng(1)
    parts = {f"demo{k}/{name}": rng.uniform(-1, 1, (30 + k, 4)) for k in range(3) for name in ("action", "state")}
    np.savez(tmp_path / "a.npz", **parts)
    with pytest.raises(arrays.NoMapping) as caught:
        list(read(tmp_path / "a.npz"))
    draft = tmp_path / "draft.yaml"
    draft.write_text(propose(caught.value.episode).text)
    assert [r.streams["action"].n for r in read(tmp_path / "a.npz", mapping=draft)] == [30, 31, 32]


@pytest.mark.parametrize(
    "more, doubt",
    [
        ({"episode_ends": np.array([20, 40, 60])}, "episode_ends tells 3 takes apart: write each into a file of its own"),
        ({"action": np.zeros((60, 16, 7))}, "action holds 16 x 7 numbers in each row: one sample, a chunk of steps, or a batch of takes?"),
        ({"action": np.zeros((60, 1, 7))}, None),
    ],
)
def test_a_draft_doubts_that_rows_are_samples_of_one_take(tmp_path, more, doubt):
    np.savez(tmp_path / "a.npz", **({"state": np.random.default_rng(2).uniform(-1, 1, (60, 7))} | more))
    with pytest.raises(arrays.NoMapping) as caught:
        list(read(tmp_path / "a.npz"))
    found = [line for line in propose(caught.value.episode).unsure if "takes" in line]
    assert found == ([] if doubt is None else [doubt])
