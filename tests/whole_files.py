"""Whole files of every format, small: what tests break, or read as it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.write import DatasetWriter, write_lerobot
from shiliu.replay.recording.recording import SimEpisode


def bag(folder: Path, compression: str | None = None) -> Path:
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC)
    kind, start, path = "sensor_msgs/msg/JointState", 10**18, folder / "take.bag"
    writer = Writer(path)
    if compression:
        writer.set_compression(Writer.CompressionFormat[compression])
    with writer:
        connection = writer.add_connection("/kuavo_arm_traj", kind, typestore=store)
        other = writer.add_connection("/battery", "std_msgs/msg/Float64", typestore=store)
        for k in range(4):
            ns = start + k * 10**7
            stamp = store.types["builtin_interfaces/msg/Time"](sec=ns // 10**9, nanosec=ns % 10**9)
            header = store.types["std_msgs/msg/Header"](seq=k, stamp=stamp, frame_id="")
            names = [f"arm_joint_{i}" for i in range(1, 15)]
            none = np.empty(0)
            message = store.types[kind](
                header=header, name=names, position=np.full(14, k * 1.0), velocity=none, effort=none
            )
            writer.write(connection, ns, store.serialize_ros1(message, kind))
            charge = store.types["std_msgs/msg/Float64"](data=0.5)
            writer.write(other, ns, store.serialize_ros1(charge, "std_msgs/msg/Float64"))
    return path


FEATURES = {
    "action": {"dtype": "float32", "shape": [2], "names": ["a", "b"], "unit": ["rad", "%"]},
    "observation.state": {"dtype": "float32", "shape": [3], "names": ["x", "y", "z"], "unit": "m"},
    "shiliu.event": {"dtype": "int64", "shape": [1], "names": None, "unit": "1"},
}


def episode(seed: int, n: int = 12) -> SimEpisode:
    rng = np.random.default_rng(seed)
    return SimEpisode(
        seed=seed,
        draw={"values": {"oven.yaw": 0.1}, "task": 0, "redraws": []},
        config={"name": "microwave", "scenario": {"never": {"dropped": {}}}},
        scenario_version=1,
        fingerprint="51ab",
        engine="mujoco 3.17.0",
        control_timestep=1 / 30,
        n_substeps=16,
        start_state=rng.normal(size=9),
        actions=rng.normal(size=(n, 2)).astype(np.float32),
        action_names=("a", "b"),
        states={
            "observation.state": rng.normal(size=(n + 1, 3)).astype(np.float32),
            "shiliu.event": rng.integers(0, 5, size=n),
        },
        checkpoints={0: rng.normal(size=9)},
        label={"success": True, "subgoals": {"opened": 0.1}, "failure": None},
        segments=[{"skill": "reach", "t0": 0.0, "t1": 0.2}],
        task={"en": "Open it.", "zh": "打开。"},
        scenario="microwave",
        metadata={"operator": "P-0417", "centre": "here", "licence": "CC-BY-4.0", "consent": True},
    )


def dataset(folder: Path) -> Path:
    out = write_lerobot(folder / "set", [episode(0), episode(1)], FEATURES, 30)
    with DatasetWriter(out, FEATURES, 30, append=True) as writer:
        writer.add(episode(2), episode(2).states)
    return out


MAPPING = """\
title: battery and arm
format: rosbag1
robot: kuafu
kind: robot
recognise: [/kuavo_arm_traj]
names: {arm: [a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14]}
spellings: {arm: [[b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14]]}
topics:
  /kuavo_arm_traj:
    {type: sensor_msgs/msg/JointState, clock: capture, capture: header.stamp, device: {field: header.seq, unit: ms},
     streams: [{field: position, role: command, quantity: joint_position, unit: deg, names: arm}]}
  /battery:
    {type: std_msgs/msg/Float64, clock: receive,
     streams: [{field: data, role: measured, quantity: charge, unit: "%", names: [battery]}]}
unused: {/tf*: frames are not needed}
"""

METADATA = """\
operator: P-0417
centre: Beijing Shijingshan
licence: CC-BY-4.0
consent: true
devices: {headset: PICO 4 Ultra, exoskeleton: Hi5, firmware: "5.10"}
calibration: {id: cal-17, date: 2026-11-02}
instruction: {en: Heat the bowl., zh-CN: 加热。}
segments: [{skill: reach, t0: 0 s, t1: 0.4 s}, {skill: move_joint.pull, t0: 400 ms, t1: 1.1 s}]
label: {success: false, reason: scenario.bowl_dropped}
grade: B
"""


def text(content: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "file.yaml"
        path.write_text(content, encoding="utf-8")
        return path

    return make


def mapped_bag(folder: Path) -> Path:
    bag(folder)
    return text(MAPPING)(folder)


ARRAYS = """\
title: a joint and its command
format: {format}
robot: other
kind: robot
{more}
recognise: {{channels: {{q: 3, a: 3}}}}
streams:
  - {{name: q, field: q, role: measured, quantity: joint_position, unit: rad, names: [j1, j2, j3]}}
  - {{name: a, field: "a[0:2]", role: command, quantity: joint_position, unit: rad, names: [j1, j2]}}
unused: {{"a[2]": never moved}}
"""


def of_arrays(folder: Path, format_: str, name: str, more: str = "fps: 30") -> Path:
    (folder / "file.yaml").write_text(ARRAYS.format(format=format_, more=more))
    return folder / name


def two_arrays() -> dict[str, np.ndarray]:
    return {name: np.sin(np.arange(24.0).reshape(8, 3)) for name in ("q", "a")}


def npz(folder: Path) -> Path:
    np.savez(folder / "take.npz", **two_arrays())
    return of_arrays(folder, "npz", "take.npz")


def hdf5(folder: Path) -> Path:
    import h5py

    with h5py.File(folder / "take.hdf5", "w") as file:
        for k in range(2):
            for name, values in two_arrays().items():
                file.create_dataset(f"data/demo_{k}/{name}", data=values, compression="gzip" if k else None)
    return of_arrays(folder, "hdf5", "take.hdf5", "fps: 30\nepisodes: data/demo_*")


def minari(folder: Path) -> Path:
    import h5py

    (folder / "theirs" / "data").mkdir(parents=True)
    with h5py.File(folder / "theirs/data/main_data.hdf5", "w") as file:
        for k in range(2):
            values = two_arrays()
            file.create_dataset(f"episode_{k}/actions", data=values["a"])
            file.create_dataset(f"episode_{k}/observations", data=np.concatenate([values["q"], values["q"][-1:]]))
    (folder / "theirs/data/metadata.json").write_text(json.dumps({"dataset_id": "theirs-v0", "total_episodes": 2}))
    of_arrays(folder, "minari", "theirs")
    text = (folder / "file.yaml").read_text().replace("{q: 3, a: 3}", "{observations: 3, actions: 3}")
    text = text.replace("field: q", "field: observations").replace('"a[', '"actions[')
    (folder / "file.yaml").write_text(text)
    return folder / "theirs"


def dapg(folder: Path, protocol: int) -> Path:
    import pickle

    (folder / "take.pickle").write_bytes(pickle.dumps([two_arrays(), two_arrays()], protocol))
    return of_arrays(folder, "dapg", "take.pickle")


def foreign(folder: Path) -> Path:
    """A LeRobot v3.0 set of two episodes that somebody else wrote."""
    root = folder / "theirs"
    for below in ("data/chunk-000", "meta/episodes/chunk-000"):
        (root / below).mkdir(parents=True)
    features = {name: {"dtype": "float64", "shape": [3], "names": ["j1", "j2", "j3"]} for name in ("q", "a")}
    features |= {
        name: {"dtype": kind, "shape": [1], "names": None}
        for name, kind in (("timestamp", "float32"), ("frame_index", "int64"), ("episode_index", "int64"))
    }
    steps, values = 8, two_arrays()
    frames = {name: pa.array([*column.tolist(), *column.tolist()]) for name, column in values.items()}
    frames |= {
        "timestamp": pa.array(np.tile(np.arange(steps, dtype=np.float32) / 30, 2)),
        "frame_index": pa.array(np.tile(np.arange(steps), 2)),
        "episode_index": pa.array(np.repeat([0, 1], steps)),
    }
    pq.write_table(pa.table(frames), root / "data/chunk-000/file-000.parquet")
    rows = [
        {
            "episode_index": k, "length": steps, "tasks": ["move"], "data/chunk_index": 0, "data/file_index": 0,
            "dataset_from_index": k * steps, "dataset_to_index": (k + 1) * steps,
        }
        for k in range(2)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), root / "meta/episodes/chunk-000/file-000.parquet")
    info = {
        "codebase_version": "v3.0", "robot_type": "other", "fps": 30, "total_episodes": 2, "total_frames": 2 * steps,
        "total_tasks": 1, "chunks_size": 1000, "features": features, "splits": {"train": "0:2"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
    }  # fmt: skip
    (root / "meta/info.json").write_text(json.dumps(info))
    of_arrays(folder, "lerobot", "theirs", "")
    return root


def mcap(folder: Path) -> Path:
    from shiliu.replay.formats.mcap import write as mcap_write

    (recording,) = read(bag(folder))
    (folder / "take.bag").unlink()
    mcap_write.write(recording, folder / "take.mcap")
    return folder / "take.mcap"
