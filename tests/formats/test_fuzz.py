"""Broken files: whatever comes in, a reader ends in one clear error or a recording, soon, in little memory, leaving nothing.

`READERS` is the table: a format is a line there, or `DAMAGED` in the test of its reader: (format, a function that writes a small
whole file of it into a folder, beside a mapping `file.yaml`, and the files that may be broken). Files are then cut, flipped,
swapped, given sizes without end and other types, from a seed, so that a failure names the very file.
"""

from __future__ import annotations

import hashlib
import json
import re
import runpy
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.write import DatasetWriter, write_lerobot
from shiliu.replay.formats.records import readers
from shiliu.replay.recording.metadata import read_metadata
from shiliu.replay.recording.recording import Recording, SimEpisode, Unreadable
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError

SECONDS, MEGABYTES = 5.0, 500
QUICK, ALL = 150, 2000  # files over all readers

# ------------------------------------------------------------------------------------------------- whole files


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


def mapped(path: Path) -> list[Recording | Unreadable]:
    return take(path, mapping=path.with_name("file.yaml"))


# --------------------------------------------------------------------------------------------------- mutations

LONG = [2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, 2**28, 2**40]
# the same word in another type, as NumPy, HDF5, Arrow, ROS and JSON spell it
TYPES = [
    (b"<f8", b"|O8"), (b"<f8", b"<c8"), (b"<f4", b"<U9"), (b"<i8", b"<f8"), (b"float32", b"float64"),
    (b"float32", b"strings"), (b"float64", b"float32"), (b"int64", b"bool "), (b"float64", b"string "), (b"uint32", b"string"),
    (b"double", b"string"),
]  # fmt: skip


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut a file, flip bits, swap, repeat or blank stretches, put in a size without end, or another type."""
    if not content:
        return rng.bytes(16)
    kind, at, n = int(rng.integers(8)), int(rng.integers(len(content))), int(rng.integers(1, 65))
    if kind == 0:
        return content[:at]
    if kind == 1:
        changed = bytearray(content)
        for _ in range(n // 8 + 1):
            changed[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
        return bytes(changed)
    if kind == 2:
        to = int(rng.integers(len(content)))
        a, b = sorted((at, to))
        n = min(n, b - a, len(content) - b)
        return content[:a] + content[b : b + n] + content[a + n : b] + content[a : a + n] + content[b + n :]
    if kind == 3:
        size = LONG[int(rng.integers(len(LONG)))]
        width = 4 if size < 2**32 and rng.random() < 0.7 else 8
        order = "little" if rng.random() < 0.8 else "big"
        return content[:at] + size.to_bytes(width, order) + content[at + width :]
    if kind == 4:
        return content[:at] + bytes(n) + content[at + n :]
    if kind == 5:
        return content[: at + n] + content[at:]
    if kind == 6:
        return content[:at] + rng.bytes(n) + content[at + n :]
    there = [pair for pair in TYPES if pair[0] in content]
    if not there:
        return content[:at] + content[at + n :]
    old, new = there[int(rng.integers(len(there)))]
    places = content.count(old)
    k = int(rng.integers(places))
    head = content.split(old, k + 1)
    return old.join(head[:-1]) + new + head[-1]


ODD = [
    None,
    True,
    -1,
    0,
    1e308,
    2**70,
    "",
    "x",
    "../..",
    [],
    {},
    [[]],
    {"a": {}},
    float("nan"),
    [None],
    "\x00",
    "9" * 400,
]


def mutate_tree(tree: object, rng: np.random.Generator) -> object:
    """Another value at one place of a tree, or a key that is gone, doubled or misspelt."""
    if not isinstance(tree, dict | list) or not tree or rng.random() < 0.08:
        return ODD[int(rng.integers(len(ODD)))]
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    key = keys[int(rng.integers(len(keys)))]
    if isinstance(tree, list):
        if rng.random() < 0.2:
            return tree[:key] if rng.random() < 0.5 else [*tree, *tree]
        return [mutate_tree(v, rng) if i == key else v for i, v in enumerate(tree)]
    if rng.random() < 0.15:
        return {k: v for k, v in tree.items() if k != key}
    if rng.random() < 0.1:
        return {(f"{k}x" if k == key else k): v for k, v in tree.items()}
    return {k: mutate_tree(v, rng) if k == key else v for k, v in tree.items()}


def mutate_table(path: Path, rng: np.random.Generator) -> None:
    """A Parquet file with a column gone, of another type, with holes, of other lengths, or with its rows shuffled."""
    table = pq.read_table(path)
    i = int(rng.integers(table.num_columns))
    name, values = table.column_names[i], table.column(i).to_pylist()
    kind = int(rng.integers(6))
    if kind == 0:
        table = table.drop_columns([name])
    elif kind == 1:
        table = table.set_column(i, name, pa.array([str(v) for v in values]))
    elif kind == 2:
        table = table.set_column(i, name, pa.array([None, *values[1:]], type=table.schema.field(i).type))
    elif kind == 3:
        table = table.set_column(i, name, pa.array([[k] * k for k in range(len(values))]))
    elif kind == 4:
        table = table.take(pa.array(rng.permutation(table.num_rows)))
    else:
        table = table.slice(0, int(rng.integers(table.num_rows + 1)))
    pq.write_table(table, path)


def mutate_file(path: Path, rng: np.random.Generator) -> None:
    """Break one file: its bytes, or, for formats with an inside, the values in it."""
    content = path.read_bytes()
    inside = rng.random() < 0.5
    if inside and path.suffix == ".json":
        path.write_text(json.dumps(mutate_tree(json.loads(content), rng)))
    elif inside and path.suffix == ".yaml":
        path.write_text(yaml.safe_dump(mutate_tree(yaml.safe_load(content), rng), allow_unicode=True))
    elif inside and path.suffix == ".parquet":
        mutate_table(path, rng)
    elif inside and path.suffix == ".npz":
        mutate_archive(path, rng)
    else:
        path.write_bytes(mutate(content, rng))


def mutate_archive(path: Path, rng: np.random.Generator) -> None:
    """A NumPy archive with an array gone, of another type or shape, or of numbers that are none."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    name = list(arrays)[int(rng.integers(len(arrays)))]
    array = arrays.pop(name)
    odd = [None, array.astype("U"), array.astype(complex), array[..., None], array[:0], array.ravel()[:1].reshape(()),
           np.full_like(array, -1), array.astype("f2"), array.astype("S4"), np.array(["x"])]  # fmt: skip
    changed = odd[int(rng.integers(len(odd)))]
    np.savez(path, **arrays, **({} if changed is None else {name: changed}))


# ------------------------------------------------------------------------------------------------ the table


@dataclass(frozen=True)
class Reader:
    """A reader under test.

    Attributes:
        make: writes a small whole source into a folder; returns the path that is read.
        read: reads it to the end.
        broken: which files may be broken, as patterns below the folder.
        after: what is done to the folder once a file is broken.
    """

    name: str
    make: Callable[[Path], Path]
    read: Callable[[Path], object]
    broken: tuple[str, ...]
    after: Callable[[Path], None] = lambda folder: None


def take(path: Path, **options) -> list[Recording | Unreadable]:
    """Everything that a path holds, looked at."""
    items = list(read(path, **options))
    for item in items:
        assert isinstance(item, Recording | Unreadable)
        if isinstance(item, Recording):
            assert repr(item) and isinstance(item.start_ns, int | None)
            assert all(repr(stream) for stream in item.streams.values())
            if item.episode is not None:
                plausible(item.episode)
        else:
            assert isinstance(item.error, EpisodeError)
    return items


def plausible(made: SimEpisode) -> None:
    """What every user of an episode relies on."""
    assert type(made.seed) is int and made.n_substeps >= 1 and made.duration_s > 0
    assert made.start_state.dtype == np.float64 and made.actions.dtype == np.float32
    assert all(state.shape == made.start_state.shape for state in made.checkpoints.values())
    assert all(len(values) - made.n_steps in (0, 1) for values in made.states.values())
    assert made.actions.shape == (made.n_steps, len(made.action_names))
    assert all(np.isfinite([s["t0"], s["t1"]]).all() and isinstance(s["skill"], str) for s in made.segments)
    assert made.label.get("success") in (True, False, None) and isinstance(made.metadata, dict)


def seal(folder: Path) -> None:
    """Give a set the hashes of its changed side files, as somebody would who changes them on purpose."""
    for number in (0, 1):
        path = folder / f"set/meta/episodes/chunk-000/file-00{number}.parquet"
        table = pq.read_table(path)
        hashes = []
        for k in table.column("episode_index").to_pylist():
            side = folder / f"set/shiliu/episodes/episode_{k:06d}"
            content = [side.with_suffix(ending).read_bytes() for ending in (".json", ".npz")]
            config = next((folder / "set/shiliu/configs").iterdir())
            hashes.append(hashlib.sha256(b"".join(content) + config.read_bytes()).hexdigest())
        i = table.column_names.index("shiliu/side_sha256")
        pq.write_table(table.set_column(i, "shiliu/side_sha256", pa.array(hashes)), path)


SETS = ("set/meta/info.json", "set/meta/episodes/**/*.parquet", "set/data/**/*.parquet", "set/shiliu/**/*.*")
READERS = [
    Reader("rosbag1", bag, take, ("take.bag",)),
    Reader("rosbag1 bz2", lambda folder: bag(folder, "BZ2"), take, ("take.bag",)),
    Reader("rosbag1 lz4", lambda folder: bag(folder, "LZ4"), take, ("take.bag",)),
    Reader("lerobot", dataset, take, SETS),
    Reader("lerobot sealed", dataset, take, ("set/shiliu/**/*.json", "set/shiliu/**/*.npz"), seal),
    Reader("lerobot of others", foreign, mapped, ("theirs/**/*.parquet", "theirs/**/*.json")),
    Reader("npz", npz, mapped, ("take.npz",)),
    Reader("hdf5", hdf5, mapped, ("take.hdf5",)),
    Reader("minari", minari, mapped, ("theirs/data/*",)),
    Reader("dapg", lambda folder: dapg(folder, 2), mapped, ("take.pickle",)),
    Reader("dapg framed", lambda folder: dapg(folder, 5), mapped, ("take.pickle",)),
    Reader("mcap", mcap, take, ("take.mcap",)),
    Reader("mapping of arrays", npz, lambda path: mapped(path.with_name("take.npz")), ("file.yaml",)),
    Reader("mapping", mapped_bag, lambda path: take(path.with_name("take.bag"), mapping=path), ("file.yaml",)),
    Reader("metadata", text(METADATA), read_metadata, ("file.yaml",)),
]


def of_other_tests() -> Iterator[Reader]:
    """What the tests of readers beside this one give to be damaged."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        if re.search("^DAMAGED = ", file.read_text(encoding="utf-8"), re.MULTILINE) and file != Path(__file__):
            for name, make, broken in runpy.run_path(str(file))["DAMAGED"]:
                yield Reader(name, make, mapped, broken)


READERS += of_other_tests()
NOT_FUZZED = {"rosbag2": "SQLite and `rosbags` read it; tests/formats/test_mcap.py breaks one by hand"}


def test_every_reader_is_fuzzed_or_named_with_a_reason():
    fuzzed = {reader.name.split()[0] for reader in READERS}
    assert set(readers()) - fuzzed == set(NOT_FUZZED)


# ------------------------------------------------------------------------------------------------ the judgement


class TooLong(BaseException):
    """Raised by the alarm; no reader catches it."""


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TooLong

    # processor time, so that a busy machine makes no fault
    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def memory(peak: bool) -> float:
    """Memory of this process [MB], now or at its highest since the last reset."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:" if peak else "VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def fault(
    call: Callable[[], object], folder: Path, seconds: float = SECONDS, megabytes: float = MEGABYTES
) -> str | None:
    """What is wrong with how a call ended, None where it ended as it should."""
    before = {p.relative_to(folder): p.stat().st_mtime_ns for p in folder.rglob("*")}
    Path("/proc/self/clear_refs").write_text("5")  # resets the highest mark
    start, begin, wrong = memory(peak=False), time.process_time(), None
    try:
        with alarm(seconds):
            call()
    except (EpisodeError, ScenarioError) as error:
        wrong = None if str(error) and len(str(error)) < 20_000 else f"an error of {len(str(error))} characters"
    except TooLong:
        wrong = f"not done after {seconds} s"
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    if (took := time.process_time() - begin) > seconds:
        wrong = wrong or f"took {took:.1f} s"
    if (grown := memory(peak=True) - start) > megabytes:
        wrong = wrong or f"took {grown:.0f} MB"
    if {p.relative_to(folder): p.stat().st_mtime_ns for p in folder.rglob("*")} != before:
        wrong = wrong or "changed the folder"
    return wrong


needs_linux = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured through /proc")


def fuzz(reader: Reader, tmp_path: Path, seeds: range) -> tuple[list[str], int]:
    """Faults, and how many files were refused."""
    whole = tmp_path / "whole"
    whole.mkdir()
    path = reader.make(whole).relative_to(whole)
    assert fault(lambda: reader.read(whole / path), whole) is None, "the whole file"
    files = sorted({p.relative_to(whole) for pattern in reader.broken for p in whole.glob(pattern) if p.is_file()})
    found, refused = [], 0
    folder = tmp_path / "broken"
    for seed in seeds:
        rng = np.random.default_rng([seed, sum(reader.name.encode())])
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        name = files[int(rng.integers(len(files)))]
        mutate_file(folder / name, rng)
        try:
            reader.after(folder)
        except Exception:
            pass  # what is broken cannot always be sealed

        def call() -> None:
            nonlocal refused
            try:
                items = reader.read(folder / path)
            except (EpisodeError, ScenarioError):
                refused += 1
                raise
            refused += isinstance(items, list) and any(isinstance(item, Unreadable) for item in items)

        wrong = fault(call, folder)
        if wrong is not None:
            found.append(f"seed {seed}, {name}: {wrong}")
    return found, refused


@needs_linux
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_broken_files(reader, tmp_path):
    found, refused = fuzz(reader, tmp_path, range(QUICK // len(READERS)))
    assert not found, "\n".join(found)
    assert refused, "nothing was broken"


@needs_linux
@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_many_broken_files(reader, tmp_path):
    found, refused = fuzz(reader, tmp_path, range(1000, 1000 + -(-ALL // len(READERS))))
    assert not found, f"{len(found)} faults\n" + "\n".join(found[:40])
    assert refused > 50


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]\n" for k in range(1, 10)
)
HARD = {
    "bomb": BOMB,
    "deep": "a: " + "[" * 100_000,
    "deep block": "".join(" " * k + "a:\n" for k in range(2000)),
    "itself": "a: &a [*a]\n",
    "day": "title: 2026-13-45\n",
    "digits": "title: " + "9" * 5000 + "\n",
    "keys": "? [a, b]\n: c\n",
    "merge": "a: {<<: 5}\n",
    "binary": "title: !!binary x\n",
    "python": "title: !!python/object/apply:os.getcwd []\n",
    "empty": "",
    "two": "a: 1\n---\nb: 2\n",
    "marks": "\ufeff%YAML 9.9\n---\n",
}


@needs_linux
@pytest.mark.parametrize("kind", HARD)
@pytest.mark.parametrize("reader", [r for r in READERS if "file.yaml" in r.broken], ids=lambda reader: reader.name)
def test_hard_yaml(reader, kind, tmp_path):
    path = reader.make(tmp_path)
    path.write_text(HARD[kind], encoding="utf-8")
    assert fault(lambda: reader.read(path), tmp_path) is None
    with pytest.raises((EpisodeError, ScenarioError)):
        reader.read(path)


@pytest.mark.parametrize(
    "change",
    [
        ("recognise", "also: [{file}]\nrecognise"),
        ("unused: {/tf*", "unused: {5"),
        ("  /battery:", "  5:"),
        ("spellings: {arm: [[", "spellings: {arm: 5, other: [["),
        ("names: {arm", "names: {5"),
    ],
)
def test_mappings_that_lead_nowhere(change, tmp_path):
    path = mapped_bag(tmp_path)
    old, new = change
    path.write_text(MAPPING.replace(old, new.format(file=path) if "{file}" in new else new))
    with pytest.raises(EpisodeError, match=r"leads back to this file|must be|none of the lists"):
        take(tmp_path / "take.bag", mapping=path)


@needs_linux
@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [100, 400])
@pytest.mark.parametrize("compression", ["BZ2", "LZ4"])
def test_a_bag_that_unpacks_to_much_more_than_it_is(compression, megabytes, tmp_path):
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    writer = Writer(tmp_path / "take.bag")
    writer.set_compression(Writer.CompressionFormat[compression])
    with writer:
        kind = "sensor_msgs/msg/JointState"
        connection = writer.add_connection("/kuavo_arm_traj", kind, typestore=get_typestore(Stores.ROS1_NOETIC))
        writer.write(connection, 10**18, bytes(megabytes << 20))
    assert fault(lambda: take(tmp_path / "take.bag"), tmp_path) is None


@needs_linux
@pytest.mark.parametrize("megabytes", [50, 250])
def test_an_archive_that_unpacks_to_much_more_than_it_is(megabytes, tmp_path):
    path = dataset(tmp_path)
    np.savez_compressed(tmp_path / "large.npz", start_state=np.zeros(megabytes << 17))
    for archive in sorted((path / "shiliu/episodes").glob("*.npz")):
        shutil.copy(tmp_path / "large.npz", archive)
    seal(tmp_path)
    assert fault(lambda: take(path), tmp_path) is None
    with pytest.raises(EpisodeError, match=r"unpacks to more than|checkpoint_steps"):
        take(path)


@needs_linux
def test_the_judgement_sees_each_fault(tmp_path):
    def refuse():
        raise EpisodeError("broken. Copy it again.")

    def crash():
        raise KeyError("header")

    def hang():
        while True:
            pass

    def hog():
        np.ones(512 << 17).sum()  # 512 MiB: the kernel's count may be off by tens of MB on a machine of many cores

    def litter():
        (tmp_path / "x.tmp").write_text("x")

    assert fault(refuse, tmp_path) is None
    assert fault(lambda: None, tmp_path) is None
    assert fault(crash, tmp_path) == "KeyError: 'header'"
    assert fault(hang, tmp_path, seconds=0.2) == "not done after 0.2 s"
    assert str(fault(hog, tmp_path, megabytes=256)).startswith("took ")
    assert fault(hog, tmp_path, megabytes=1024) is None
    assert fault(litter, tmp_path) == "changed the folder"
