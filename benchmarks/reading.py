"""How fast recordings are read, against the bare library on the same files, and how much memory a large dataset takes.

    python benchmarks/reading.py DATA [--rounds 5] [--gigabytes 2]

DATA is a folder with ROS 1 bags and LeRobot datasets below it. Bags are read by `rosbags` (every message deserialised),
Parquet files by `pyarrow` (every column into NumPy); ours is `shiliu.read`, which names, checks and hashes besides. Both
take turns. With `--gigabytes` a dataset of small episodes of that size is written to a temporary folder and read in a
process of its own, and its peak memory is shown.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def bare_bag(path: Path) -> None:
    from rosbags.rosbag1 import Reader
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    types = get_typestore(Stores.ROS1_NOETIC)
    with Reader(path) as reader:
        for connection in reader.connections:
            text = getattr(connection.msgdef, "data", connection.msgdef)
            known = get_types_from_msg(text, connection.msgtype)
            types.register({name: kind for name, kind in known.items() if name not in types.types})
        for connection, _, raw in reader.messages():
            types.deserialize_ros1(raw, connection.msgtype)


def bare_tables(path: Path) -> None:
    import pyarrow.parquet as pq

    for file in sorted(path.rglob("*.parquet")):
        for column in pq.read_table(file).itercolumns():
            column.to_numpy()


def ours(path: Path) -> None:
    import shiliu

    for _ in shiliu.read(path):
        pass


def seconds(function: Callable[[Path], None], path: Path) -> float:
    begin = time.perf_counter()
    function(path)
    return time.perf_counter() - begin


def ratio(bare: Callable[[Path], None], path: Path, rounds: int) -> tuple[float, float, float]:
    """Medians of ours / bare, ours [s] and bare [s], taking turns after one turn that warms up."""
    seconds(bare, path), seconds(ours, path)
    pairs = np.array([(seconds(ours, path), seconds(bare, path)) for _ in range(rounds)])
    return float(np.median(pairs[:, 0] / pairs[:, 1])), *(float(m) for m in np.median(pairs, axis=0))


def large_set(folder: Path, gigabytes: float) -> int:
    """A LeRobot v3.0 dataset of episodes of about 1 MB; returns their number."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    steps, width = 1000, 100
    features = {
        name: {"dtype": "float64", "shape": [width], "names": [f"{name[0]}_{i}" for i in range(width)]}
        for name in ("observation.state", "action")
    }
    features |= {
        name: {"dtype": kind, "shape": [1], "names": None}
        for name, kind in (("timestamp", "float32"), ("frame_index", "int64"), ("episode_index", "int64"))
    }
    n = max(1, round(gigabytes * 1e9 / (steps * width * 2 * 8)))
    per_file = 64
    rng = np.random.default_rng(16)
    (folder / "data/chunk-000").mkdir(parents=True)
    (folder / "meta/episodes/chunk-000").mkdir(parents=True)
    rows = []
    for file in range(0, n, per_file):
        path = folder / f"data/chunk-000/file-{file // per_file:03d}.parquet"
        writer = None
        for episode in range(file, min(file + per_file, n)):
            values = {
                name: pa.FixedSizeListArray.from_arrays(pa.array(rng.normal(size=steps * width)), width)
                for name in ("observation.state", "action")
            }
            table = pa.table(
                {
                    **values,
                    "timestamp": pa.array(np.arange(steps, dtype=np.float32) / 30),
                    "frame_index": pa.array(np.arange(steps)),
                    "episode_index": pa.array(np.full(steps, episode)),
                }
            )
            writer = writer or pq.ParquetWriter(path, table.schema, compression="none")
            writer.write_table(table)
            begin = episode * steps
            rows.append(
                {
                    "episode_index": episode, "length": steps, "tasks": ["bench"], "data/chunk_index": 0,
                    "data/file_index": file // per_file, "dataset_from_index": begin, "dataset_to_index": begin + steps,
                }
            )  # fmt: skip
        if writer:
            writer.close()
    pq.write_table(pa.Table.from_pylist(rows), folder / "meta/episodes/chunk-000/file-000.parquet")
    info = {
        "codebase_version": "v3.0", "robot_type": "bench", "fps": 30, "total_episodes": n, "total_frames": n * steps,
        "total_tasks": 1, "chunks_size": 1000, "features": features, "splits": {"train": f"0:{n}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
    }  # fmt: skip
    (folder / "meta/info.json").write_text(json.dumps(info))
    streams = "".join(
        f"  - {{name: {short}, field: {field}, role: {role}, quantity: joint_position, unit: rad, spelled_in: names,\n"
        f"     names: [{', '.join(features[field]['names'])}]}}\n"
        for short, field, role in (("state", "observation.state", "measured"), ("action", "action", "command"))
    )
    (folder.parent / "bench.yaml").write_text(
        "title: Benchmark\nformat: lerobot\nrobot: bench\nkind: robot\n"
        f"recognise: {{channels: {{action: [{width}]}}}}\nstreams:\n{streams}unused: {{}}\n"
    )
    return n


def peak_of_reading(path: str, mapping: str) -> None:
    import shiliu

    count = sum(1 for recording in shiliu.read(path, mapping) if recording.streams)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"episodes": count, "peak_MiB": round(peak)}))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--gigabytes", type=float, default=0.0)
    given = arguments.parse_args()
    bags = sorted(given.data.rglob("*.bag"))
    sets = sorted(info.parent.parent for info in given.data.rglob("meta/info.json"))
    for bare, paths in ((bare_bag, bags), (bare_tables, sets)):
        for path in paths:
            times, own, library = ratio(bare, path, given.rounds)
            print(f"{times:5.2f} x  {own:7.3f} s against {library:7.3f} s  {path.relative_to(given.data)}", flush=True)
    if given.gigabytes:
        with tempfile.TemporaryDirectory() as folder:
            n = large_set(Path(folder) / "set", given.gigabytes)
            size = sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file()) / 1e9
            code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import reading; reading.peak_of_reading(*sys.argv[1:])"
            done = subprocess.run(
                [sys.executable, "-c", code, f"{folder}/set", f"{folder}/bench.yaml"], capture_output=True, text=True
            )
            print(f"{size:.2f} GB in {n} episodes: {done.stdout.strip() or done.stderr.strip()[-2000:]}")


if __name__ == "__main__":
    main()
