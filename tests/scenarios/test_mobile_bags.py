"""Bags of a robot on a base that moves, with and without the base's own columns."""

import numpy as np
import pytest
import shiliu
from shiliu.replay.judge.judge import judge


@pytest.mark.parametrize("base", ["planted", "mobile"])
def test_a_bag_of_the_real_robot_moves_a_base_that_moves(tmp_path, base):
    bag = tmp_path / "walk.bag"
    walking_bag(bag)
    (verdict,) = judge(list(shiliu.read(bag)), shiliu.load_scenario("bare", base=base), threads=1)
    found = {f.code: f for f in verdict.findings}
    assert found["stream.unmapped"].level == "PASS"
    if base == "planted":
        assert "walking" not in found and found["balance"].value > 0.05
    else:
        assert found["walking"].value == pytest.approx(0.3 * 2.0, abs=0.01)
        assert found["walking"].details["turned"] == pytest.approx(0.2 * 1.0, abs=0.01)
        assert found["balance"].value < 0.03


ARRIVES = (
    "+parts={ground: {part: fixtures/floor}, bin: {part: fixtures/waste_bin, at: {x: %s mm, y: 700 mm}}}",
    '+goal={arrived: {base_near: {to: bin.base, within: 750 mm}, hold: 0.1 s, title: {en: arrived, zh: "已到达"}}}',
    '+never={parked: {base_near: {to: bin.base, within: %s mm}, title: {en: parked, zh: "挡住了"}}}',
)


@pytest.mark.parametrize(
    ("tells", "at", "parked", "goal", "never"),
    [
        (True, 600, 100, "PASS", "PASS"),
        pytest.param(True, 1500, 100, "FAIL", "PASS", marks=pytest.mark.slow),
        (True, 0, 720, "FAIL", "FAIL"),
        pytest.param(False, 0, 100, "PASS", "PASS", marks=pytest.mark.slow),
        pytest.param(False, 1500, 100, "NOT_CHECKED", "PASS", marks=pytest.mark.slow),
        (False, 0, 720, "NOT_CHECKED", "NOT_CHECKED"),
    ],
)
def test_a_bag_without_its_base_is_not_blamed_for_a_robot_that_stands(tmp_path, tells, at, parked, goal, never):
    """What goes wrong with a robot that stands proves nothing of one that may have walked; what it does is done."""
    bag = tmp_path / "walk.bag"
    walking_bag(bag, tells)
    (recording,) = shiliu.read(bag)
    recording.metadata["label"] = {"success": True}
    words = [one.replace("%s", str(value)) for one, value in zip(ARRIVES, (at, 0, parked))]
    (verdict,) = judge([recording], shiliu.load_scenario("bare", words, base="mobile"), threads=1)
    found = {f.code: f for f in verdict.findings}
    assert (found["goal"].level, found["scenario.parked"].level) == (goal, never)
    unknown = {code for code, one in found.items() if one.reason == "no_base_motion"}
    failed = {code for code in ("goal", "scenario.parked") if found[code].level == "NOT_CHECKED"}
    assert unknown == (set() if tells else {"balance", "tipping", "walking", "collision.scene", *failed})


def walking_bag(path, tells=True):
    """Arms that hardly move, two seconds of walking ahead, one of turning, and a squat; the base's commands left out unless it `tells`."""
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC)
    kinds = store.types
    vector = kinds["geometry_msgs/msg/Vector3"]

    def twist(ahead, up, turning):
        return kinds["geometry_msgs/msg/Twist"](linear=vector(ahead, 0.0, up), angular=vector(0.0, 0.0, turning))

    messages = {
        100: ("/cmd_vel", twist(0.3, 0.0, 0.0)),
        300: ("/cmd_vel", twist(0.0, 0.0, 0.2)),
        400: ("/cmd_vel", twist(0.0, 0.0, 0.0)),
        450: ("/cmd_pose", twist(0.0, -0.05, 0.0)),
    }
    with Writer(path) as writer:
        links = {
            topic: writer.add_connection(topic, "geometry_msgs/msg/Twist", typestore=store)
            for topic in ("/cmd_vel", "/cmd_pose")
        }
        arms = writer.add_connection("/kuavo_arm_traj", "sensor_msgs/msg/JointState", typestore=store)
        for k in range(600):
            ns = 10**12 + k * 10**7
            if tells and k in messages:
                topic, message = messages[k]
                writer.write(links[topic], ns, store.serialize_ros1(message, "geometry_msgs/msg/Twist"))
            stamp = kinds["builtin_interfaces/msg/Time"](sec=ns // 10**9, nanosec=ns % 10**9)
            degrees = np.array([20.0, 0, 0, -30.0, 0, 0, 0] * 2) + np.sin(k / 100.0)
            state = kinds["sensor_msgs/msg/JointState"](
                header=kinds["std_msgs/msg/Header"](seq=k, stamp=stamp, frame_id=""),
                name=[f"arm_joint_{i}" for i in range(1, 15)],
                position=degrees, velocity=np.array([]), effort=np.array([]),
            )  # fmt: skip
            writer.write(arms, ns, store.serialize_ros1(state, "sensor_msgs/msg/JointState"))
