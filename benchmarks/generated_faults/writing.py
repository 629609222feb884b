"""A faulty take as a set that anybody could have been sent: by a faulty recorder (own), without our files (ordinary), or real.

Everything that a recorder computes is computed of what it wrote: lengths, counters, statistics, digests. What is wrong shows
in the columns alone. Other takes of the source stand beside it, unchanged, where the fault was drawn in company.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from shiliu.replay.formats.lerobot import layout, stats
from shiliu.replay.formats.lerobot.export import make_plain
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.recording.recording import SimEpisode

from .compose import ORDINARY, REAL, UNSEEN, DrawnFault, Tables
from .sources import TIME, SourceSet, SourceTake

REAL_VERSION = "v2.1"
COUNTERS = ("frame_index", "episode_index", "index", "task_index")


def write_fault(fault: DrawnFault, root: Path) -> Path:
    """Write the set of a fault, of which take 0 is the faulty one; its folder."""
    others = [fault.source.takes[k] for k in fault.company]
    return write_takes(fault.source, fault.kind, [(fault.take, fault.tables), *((t, t.tables) for t in others)], root,
                       fault.seen, fault.names)  # fmt: skip


def write_clean(source: SourceSet, kind: str, takes: Iterable[int], root: Path, poses: bool) -> Path:
    """The same of takes as they are; `poses`: whether an ordinary set has what `UNSEEN` names."""
    kept = [(source.takes[k], source.takes[k].tables) for k in takes]
    seen = tuple(name for name in kept[0][1] if poses or name not in UNSEEN)
    return write_takes(source, kind, kept, root, seen, source.names)


def write_takes(
    source: SourceSet,
    kind: str,
    takes: list[tuple[SourceTake, Tables]],
    root: Path,
    seen: Iterable[str],
    names: Mapping[str, tuple[str, ...]],
) -> Path:
    """Write takes with their tables as a set of a kind.

    Args:
        seen: features that the set has; names: of each feature's columns.
    """
    if kind == REAL:
        return _written_real(source, takes, root, names)
    features = {
        name: one
        for name, one in source.info["features"].items()
        if name not in layout.DEFAULT_FEATURES and name != layout.CLOCK
    }
    episodes = [_episode(take, tables) for take, tables in takes]
    write_lerobot(root, episodes, features, round(source.fps), source.info["robot_type"])
    for k, (take, tables) in enumerate(takes):
        if not np.array_equal(tables[TIME], _grid(len(tables[TIME]), take)):
            _clocked(root, k, tables[TIME][:, 0])
    if kind == ORDINARY:
        make_plain(root, set(features) - set(seen))
    _renamed(root, source, names)
    return root


def _grid(n: int, take: SourceTake) -> np.ndarray:
    assert take.episode is not None
    return (np.arange(n) * take.episode.control_timestep).astype(np.float32)[:, None]


def _episode(take: SourceTake, tables: Tables) -> SimEpisode:
    """One of our episodes with other columns; what is kept beside them stays what it was."""
    clean = take.episode
    assert clean is not None
    n = len(tables[TIME])
    states = {}
    for name, was in clean.states.items():
        now = tables[name]
        if len(was) > take.n:  # the state after the last action: as far off as the last row
            last = was[take.n :] + (now[-1:] - was[take.n - 1 : take.n]) * (n == take.n)
            now = np.concatenate([now, last.astype(now.dtype)])
        states[name] = now
    kept = {k: state for k, state in clean.checkpoints.items() if k <= n}
    return dataclasses.replace(clean, actions=np.ascontiguousarray(tables["action"]), states=states, checkpoints=kept)


def _clocked(root: Path, k: int, times: np.ndarray) -> None:
    """Other times of a take, its digests and statistics made anew."""
    (path,) = sorted((root / "data").rglob("*.parquet"))
    table = pq.read_table(path)
    of = table.column("episode_index").to_numpy() == k
    values = table.column(TIME).to_numpy().copy()
    values[of] = times
    at = table.schema.get_field_index(TIME)
    table = table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))
    with pq.ParquetWriter(path, table.schema, compression="zstd", write_page_checksum=True) as writer:
        for number in np.unique(table.column("episode_index").to_numpy()):  # a row group an episode
            part = table.filter(pa.array(table.column("episode_index").to_numpy() == number))
            writer.write_table(part, row_group_size=len(part))
    side_path = root / f"shiliu/episodes/{layout.episode_name(k)}.json"
    side = json.loads(side_path.read_text(encoding="utf-8"))
    side[layout.DIGESTS][TIME] = layout.content_sha256({TIME: values[of][:, None]})
    content = json.dumps(side, ensure_ascii=False, indent=1).encode()
    side_path.write_bytes(content)
    config = (root / f"shiliu/configs/{side['config']}.json").read_bytes()
    digest = hashlib.sha256(content + side_path.with_suffix(".npz").read_bytes() + config).hexdigest()
    (path,) = sorted((root / "meta" / "episodes").rglob("*.parquet"))
    rows = pq.read_table(path)
    for name, value in {"shiliu/side_sha256": digest, **_flat(TIME, stats.of_array(times))}.items():
        at = rows.schema.get_field_index(name)
        listed = rows.column(at).to_pylist()
        listed[k] = value
        rows = rows.set_column(at, rows.schema.field(at), pa.array(listed, rows.schema.field(at).type))
    pq.write_table(rows, path)
    whole = json.loads((root / layout.STATS).read_text(encoding="utf-8"))
    whole[TIME] = stats.of_set([{TIME: stats.of_array(values[table.column("episode_index").to_numpy() == number])}
                                for number in range(rows.num_rows)])[TIME]  # fmt: skip
    (root / layout.STATS).write_text(json.dumps(whole, indent=1), encoding="utf-8")


def _flat(name: str, of: Mapping[str, np.ndarray]) -> dict[str, list[float]]:
    return {f"stats/{name}/{word}": value.tolist() for word, value in of.items()}


def _renamed(root: Path, source: SourceSet, names: Mapping[str, tuple[str, ...]]) -> None:
    """Other names of columns in `info.json`."""
    changed = {name: own for name, own in names.items() if own != source.names.get(name)}
    if not changed:
        return
    path = root / layout.INFO
    info = json.loads(path.read_text(encoding="utf-8"))
    for name, own in changed.items():
        if name in info["features"]:
            nested = isinstance(info["features"][name]["names"][0], list)
            info["features"][name]["names"] = [list(own)] if nested else list(own)
    path.write_text(json.dumps(info, ensure_ascii=False, indent=1), encoding="utf-8")


# --------------------------------------------------------------------------------------------------------- real sets
def _written_real(
    source: SourceSet, takes: list[tuple[SourceTake, Tables]], root: Path, names: Mapping[str, tuple[str, ...]]
) -> Path:
    """Some takes of a real set in LeRobot's layout 2.1, one file an episode, without pictures."""
    (root / "meta").mkdir(parents=True)
    (root / "data" / "chunk-000").mkdir(parents=True)
    info = json.loads(json.dumps(source.info))
    features = {name: one for name, one in info["features"].items() if one["dtype"] not in ("video", "image")}
    sentences = list(dict.fromkeys(take.task for take, _ in takes))
    first, lines, statistics = 0, [], []
    for k, (take, tables) in enumerate(takes):
        n = len(tables[TIME])
        counted = {
            "frame_index": np.arange(n)[:, None], "episode_index": np.full((n, 1), k), "index": np.arange(first, first + n)[:, None],
            "task_index": np.full((n, 1), sentences.index(take.task)),
        }  # fmt: skip
        whole = {**tables, **{name: values for name, values in counted.items() if name in tables}}
        pq.write_table(_table(whole), root / "data" / "chunk-000" / f"episode_{k:06d}.parquet")
        lines.append({"episode_index": k, "tasks": [take.task], "length": n})
        of = {name: stats.of_array(v) for name, v in whole.items() if name in features and v.dtype.kind in "fi"}
        statistics.append({"episode_index": k, "stats": {name: _plain(one) for name, one in of.items()}})
        first += n
    info |= {
        "codebase_version": REAL_VERSION, "total_episodes": len(takes), "total_frames": first, "total_tasks": len(sentences),
        "total_videos": 0, "total_chunks": 1, "chunks_size": 1000, "splits": {"train": f"0:{len(takes)}"}, "features": features,
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
    }  # fmt: skip
    info.pop("video_path", None)
    (root / layout.INFO).write_text(json.dumps(info, ensure_ascii=False, indent=1), encoding="utf-8")
    _lines(root / "meta" / "episodes.jsonl", lines)
    _lines(root / "meta" / "tasks.jsonl", [{"task_index": i, "task": task} for i, task in enumerate(sentences)])
    _lines(root / "meta" / "episodes_stats.jsonl", statistics)
    _renamed(root, source, names)
    return root


def _table(tables: Tables) -> pa.Table:
    fields, arrays = [], []
    for name, values in tables.items():
        flat = pa.array(np.ascontiguousarray(values).reshape(-1))
        wide = values.shape[1] > 1
        arrays.append(pa.FixedSizeListArray.from_arrays(flat, values.shape[1]) if wide else flat)
        fields.append(pa.field(name, arrays[-1].type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _plain(of: Mapping[str, np.ndarray]) -> dict[str, Any]:
    return {word: value.tolist() for word, value in of.items()}


def _lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
