"""Bags: small ROS 1 bags as the robot records them, and one with no more than its arm."""

from pathlib import Path

import numpy as np
from rosbags.rosbag1 import Writer
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as Ros2Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from shiliu.replay.formats import read
from shiliu.replay.recording.recording import Recording

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
ROS2_HEADER = """\
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
================================================================================
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
"""
ROS2_SENSORS = """\
std_msgs/Header header
builtin_interfaces/Time sensor_time
kuavo_msgs/JointData joint_data
kuavo_msgs/ImuData imu_data
================================================================================
""" + ROS2_HEADER + """\
================================================================================
MSG: kuavo_msgs/JointData
float64[] joint_q
float64[] joint_v
float64[] joint_torque
================================================================================
MSG: kuavo_msgs/ImuData
geometry_msgs/Vector3 gyro
geometry_msgs/Vector3 acc
geometry_msgs/Vector3 free_acc
geometry_msgs/Quaternion quat
================================================================================
MSG: geometry_msgs/Vector3
float64 x
float64 y
float64 z
================================================================================
MSG: geometry_msgs/Quaternion
float64 x
float64 y
float64 z
float64 w
"""
START = 10**18
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


def ros2_bag(folder: Path, n: int = 20, definitions: bool = True, storage: StoragePlugin = StoragePlugin.SQLITE3) -> Path:
    """The same arm commands in a folder as `ros2 bag record` leaves it; returns the file in it."""
    text = ROS2_SENSORS.replace("builtin_interfaces/Time sensor_time\n", "")
    kind, arm = "kuavo_msgs/msg/SensorsData", "sensor_msgs/msg/JointState"
    store = get_typestore(Stores.ROS2_HUMBLE)
    types = get_types_from_msg(text, kind)
    store.register({name: fields for name, fields in types.items() if name.startswith("kuavo_msgs")})
    make = store.types
    with Ros2Writer(folder, version=9, storage_plugin=storage) as writer:
        connection = writer.add_connection("/kuavo_arm_traj", arm, typestore=store)
        for k in range(n):
            ns = START + k * 10**7
            header = make["std_msgs/msg/Header"](make["builtin_interfaces/msg/Time"](ns // 10**9, ns % 10**9), "")
            empty = np.empty(0)
            names = [f"arm_joint_{i}" for i in range(1, 15)]
            message = make[arm](header, names, np.full(14, k + 0.5), empty, empty)
            writer.write(connection, ns + 1000, store.serialize_cdr(message, arm))
        writer.add_connection("/sensors_data_raw", kind, typestore=store)
    (path,) = folder.glob("*.mcap" if storage is StoragePlugin.MCAP else "*.db3")
    if not definitions:
        import sqlite3

        with sqlite3.connect(path) as file:
            file.execute("UPDATE message_definitions SET topic_type = 'x/msg/' || id")
            file.execute("UPDATE topics SET type = 'kuavo_msgs/msg/Unknown' WHERE name = '/kuavo_arm_traj'")
    return path
