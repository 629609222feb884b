"""Mappings and streams, and what the real bags hold: numbers that were measured on the files once and must stay."""

import os
from pathlib import Path

import numpy as np
import pytest
from shiliu.replay.formats import mappings, read
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.scenarios.sheet.errors import EpisodeError

DATA = Path(os.environ.get("SHILIU_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
SESSION = "session_20250419_162611_20250419_162611_group"


def recording(relative: str) -> Recording:
    path = DATA / relative
    if not path.exists():
        pytest.skip(f"the real recording {relative} is not here; set SHILIU_DATA to the folder that holds it")
    (only,) = read(path)
    return only


def stream(**changes) -> Stream:
    fields = {
        "name": "q",
        "role": "measured",
        "quantity": "joint_position",
        "unit": "rad",
        "names": ("a", "b"),
        "values": np.zeros((3, 2)),
        "capture_ns": np.array([0, 10, 20]) * 1_000_000,
    }
    return Stream(**fields | changes)


def test_stream_knows_its_clock_and_rate():
    s = stream(receive_ns=np.array([5, 5, 45]) * 1_000_000)
    assert s.n == 3 and s.duration_s == pytest.approx(0.02) and s.rate == pytest.approx(100)
    assert stream(receive_ns=s.receive_ns, clock="receive").duration_s == pytest.approx(0.04)
    assert np.isnan(stream(values=np.zeros((1, 2)), capture_ns=np.array([7])).rate)
    with pytest.raises(KeyError, match=r"q has no element 'c'; it has a, b"):
        s.column("c")


@pytest.mark.parametrize(
    "changes",
    [
        {"values": np.zeros((3, 3))},
        {"values": np.zeros((3, 2), np.float32)},
        {"capture_ns": np.zeros(2, np.int64)},
        {"capture_ns": np.zeros(3)},
        {"clock": "receive"},
        {"clock": "sundial"},
        {"role": "guess"},
    ],
)
def test_stream_refuses_what_does_not_fit(changes):
    with pytest.raises(EpisodeError):
        stream(**changes)


def test_packaged_mappings_are_sound():
    known = {m.name: m for m in mappings.of_format("rosbag1")}
    assert set(known) == {"kuavo_rosbag", "kuavo_planner", "kuavo_vr_input"}
    arm = known["kuavo_rosbag"].topics["/kuavo_arm_traj"].streams[0]
    assert arm.unit == "deg" and arm.declared == "rad" and len(arm.names) == 14
    assert "/leju_quest_bone_poses" in known["kuavo_rosbag"].topics, (
        "a robot's bag may hold the operator's input too"
    )
    assert known["kuavo_rosbag"].reason_unused("/cam_h/color/image_raw/compressed")


def test_mapping_mistakes_are_told_all_at_once_with_lines(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "title: mine\nformat: rosbag1\nrobot: kuafu\nkind: robott\nrecognise: [/q]\ntopics:\n"
        "  /q:\n    type: std_msgs/msg/Bool\n    clok: receive\n    clock: receive\n"
        "    streams: [{field: data, role: measured, quantity: x, unit: rad, names: arm}]\n"
    )
    with pytest.raises(EpisodeError) as caught:
        mappings.load(file)
    text = str(caught.value)
    assert "clok: unknown key 'clok'. Did you mean clock?" in text and "mine.yaml:9" in text
    assert "'robott' is not known here" in text and "mine.yaml:4" in text
    assert "'arm' is none of the lists under names" in text


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "!!python/object:os.system {}", "title: &a [*a]", "{}"])
def test_no_mapping_file_ends_in_a_traceback(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(EpisodeError, match=r"mine\.yaml"):
        mappings.load(file)


def test_unknown_mapping_names_the_near_one():
    with pytest.raises(EpisodeError, match=r"Did you mean kuavo_rosbag\?"):
        mappings.load("kuavo_rosbags")


def test_session_bag_keeps_units_and_clocks_apart():
    r = recording(f"kuavo-vr-teleop/{SESSION}1.bag")
    assert (r.kind, r.mapping, r.unmapped) == ("robot", "kuavo_rosbag", ())
    command, q = r.streams["/kuavo_arm_traj"], r.streams["/sensors_data_raw/joint_q"]
    assert command.values.shape == (577, 14) and q.values.shape == (3508, 28)
    assert (command.unit, command.declared_unit, q.unit) == ("deg", "rad", "rad")
    assert np.abs(command.values).max() == pytest.approx(110.7, abs=0.05), "as stored: degrees"
    assert command.names[0] == "zarm_l1_joint" and q.names[12:26] == command.names and q.names[-1] == "zhead_2_joint"
    assert (q.capture_ns[0] - command.capture_ns[0]) * 1e-9 == pytest.approx(-1.24, abs=0.005)

    # Three clocks: simulated time repeats, the header runs on, and arrival comes in bursts.
    assert np.count_nonzero(np.diff(q.device_ns) == 0) == 618
    assert (q.device_ns[-1] - q.device_ns[0]) * 1e-9 == pytest.approx(5.778, abs=0.001)
    assert q.duration_s == pytest.approx(7.017, abs=0.001)
    assert np.median(np.diff(q.capture_ns)) * 1e-6 == pytest.approx(1.99, abs=0.01)
    assert np.median(np.diff(q.receive_ns)) * 1e-6 < 0.2

    repeats = np.count_nonzero((np.diff(command.values, axis=0) == 0).all(axis=1))
    assert repeats == 161
    torque = r.streams["/sensors_data_raw/joint_current"]
    assert (torque.quantity, torque.unit, torque.declared_unit) == ("joint_torque", "Nm", "A") and torque.meta["note"]
    assert {s.quantity for s in r.select("measured")} >= {"joint_position", "joint_velocity", "joint_torque", "imu"}


def test_quest_bag_is_a_person_in_right_handed_axes():
    r = recording(f"kuavo-vr-teleop/{SESSION}2.bag")
    assert r.kind == "human" and not r.select("command")
    bones = r.streams["/leju_quest_bone_poses"]
    assert bones.values.shape == (505, 26 * 7) and bones.clock == "receive" and "right-handed" in bones.meta["frame"]
    assert np.count_nonzero((np.diff(bones.values, axis=0) == 0).all(axis=1)) == 105
    quaternion = bones.values.reshape(505, 26, 7)[:, :, 3:]
    assert np.linalg.norm(quaternion, axis=2) == pytest.approx(1, abs=1e-3)
    ahead_s = (bones.device_ns - bones.receive_ns) * 1e-9
    assert np.median(ahead_s) == pytest.approx(1.74, abs=0.01)
    assert r.streams["/recording_status"].values.ravel().tolist() == [1.0, 0.0]
    assert r.streams["/quest_joystick_data"].column("left_trigger").max() == 1.0


def test_wrist_pose_bag_has_only_the_recorders_clock():
    r = recording("kuavo-vr-teleop/hand_move_demo_left.bag")
    left = r.streams["/ik/two_arm_hand_pose_cmd/left_hand"]
    assert r.kind == "human" and left.values.shape == (2508, 7)
    assert left.clock == "receive" and left.capture_ns is None
    assert any("every stamp is 0" in note for note in r.notes)
    both = np.hstack([s.values for s in r.streams.values()])
    assert np.count_nonzero((np.diff(both, axis=0) == 0).all(axis=1)) == 229
    path_m = np.linalg.norm(np.diff(left.values[:, :3], axis=0), axis=1).sum()
    assert path_m == pytest.approx(5.3, abs=0.05)
    assert not r.streams["/ik/two_arm_hand_pose_cmd/joint_angles"].values.any()


def test_planner_bag_tells_its_two_publishers_apart():
    r = recording("kuavo-arm-pick-planner/pick_avoidance_1.0_factor.bag")
    assert (r.kind, r.mapping, r.unmapped) == ("robot", "kuavo_planner", ())
    command = r.streams["/kuavo_arm_traj"]
    sent = [command.meta["publishers"].index(name) for name in ("/robot_avoidance_traj_bridge", "/grasp_to_ik_node")]
    bridge, planner = (command.meta["publisher"] == one for one in sent)
    assert (command.n, bridge.sum(), planner.sum()) == (362, 62, 300)
    assert np.flatnonzero(np.diff(command.meta["publisher"])).tolist() == [30, 330], "31, then 300, then 31"
    assert np.diff(command.time_ns).max() * 1e-9 == pytest.approx(6.07, abs=0.01)

    (filler,) = command.meta["placeholder"]
    right = command.values[planner][:, [command.names.index(name) for name in filler["names"]]]
    assert (right == right[:, :1]).all() and (right.min(), right.max()) == (0.0, pytest.approx(0.75, abs=1e-4))
    echo = r.streams["/current_joint_position"]
    assert echo.role == "event" and echo.unit == "rad", "the command of one message before, and no measurement"
    sent = np.deg2rad(command.values[bridge])
    assert sent[:30] == pytest.approx(echo.values[1:31], abs=1e-9)
    assert sent[31:61] == pytest.approx(echo.values[32:], abs=1e-9)
    q = r.streams["/robot_arm_q_v_tau/q"]
    assert q.n == 2096 and np.abs(np.diff(q.values, axis=0)).max() == pytest.approx(0.228, abs=0.001)
    assert np.abs(r.streams["/robot_arm_q_v_tau/v"].values).max() == pytest.approx(7.46, abs=0.01)


def test_a_folder_of_bags_comes_sorted_and_hashed():
    folder = DATA / "kuavo-vr-teleop"
    if not folder.exists():
        pytest.skip("the real recordings are not here; set SHILIU_DATA to the folder that holds them")
    recordings = list(read(folder))
    assert [r.source for r in recordings] == ["hand_move_demo_left.bag", f"{SESSION}1.bag", f"{SESSION}2.bag"]
    assert all(len(r.sha256) == 64 for r in recordings) and len({r.sha256 for r in recordings}) == 3
    assert not recordings[0].select()[0].values.flags.writeable, "evidence is not to be altered"
