"""Corrected segments into a copy of a dataset; the original stays as it is."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...scenarios.sheet.errors import EpisodeError
from ..formats.atomic_folder import placed, refuse_existing
from ..formats.lerobot import layout
from ..formats.lerobot import own as lerobot
from ..formats.lerobot.tables import readable, writable
from ..recording.recording import Recording

LATE = 0.05  # s, by which a last segment may end after the episode: a person reads a clock, not frames


def apply(data: Path, sheet: Path, found: Mapping[str, Mapping[str, Any]], out: Path) -> int:
    """Write a copy of a dataset with the segments of a sheet; episodes that the sheet does not name keep theirs.

    Args:
        data: the dataset; sheet: the file, for provenance and errors; found: as `read_sheet` gives it.
        out: folder to be made.

    Returns:
        How many episodes were given new segments.

    Raises:
        EpisodeError: `data` is no dataset of ours, `out` exists, or the sheet does not belong to it. Nothing is left at
            `out` then.
    """
    if not (data / layout.DATASET).is_file():
        raise EpisodeError("is no dataset that `shiliu record` wrote; segments are applied to one dataset.", file=data)
    refuse_existing(out)
    if out.resolve().is_relative_to(data.resolve()):
        raise EpisodeError("lies inside the dataset. Choose another out=.", file=out, field="out")
    _belong(data, sheet, found)
    digest = hashlib.sha256(sheet.read_bytes()).hexdigest()
    with placed(out) as folder:
        shutil.copytree(data, folder, dirs_exist_ok=True)
        hashes = {
            int(name.rsplit("_", 1)[-1]): _rewrite(folder, name, row["segments"], sheet.name, digest)
            for name, row in found.items()
        }
        _rehash(folder, hashes)
        _check(folder, found)
    return len(found)


def _belong(data: Path, sheet: Path, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise unless every episode of the sheet is that of the dataset, and lasts as long as its segments."""
    recordings = {item.name: item for item in lerobot.read(data, data.name) if isinstance(item, Recording)}
    problems = []
    for name, row in found.items():
        recording = recordings.get(name)
        if recording is None or recording.episode is None:
            problems.append(f"{name}: the dataset has no such episode, or it cannot be read.")
        elif recording.sha256 != row["sha256"]:
            problems.append(
                f"{name}: the sheet was made from another recording (sha256 differs). Label this dataset anew."
            )
        else:
            end = recording.episode.duration_s
            problems += [
                f"{name}.segments[{k}]: ends at {segment['t1']} s, the episode at {end:.3f} s."
                for k, segment in enumerate(row["segments"])
                if segment["t1"] > end + LATE
            ]
    if problems:
        raise EpisodeError("\n  ".join([f"does not belong to {data}:", *problems]), file=sheet)


def _rewrite(folder: Path, name: str, segments: list[dict[str, Any]], sheet: str, digest: str) -> str:
    """Put segments into an episode's side file; returns the hash of its side files."""
    path = folder / "shiliu" / "episodes" / f"{name}.json"
    side = json.loads(path.read_bytes())
    side["segments"] = segments
    side["provenance"] = {**side["provenance"], "segments": {"from": sheet, "sha256": digest}}
    content = json.dumps(side, ensure_ascii=False, allow_nan=False, indent=1).encode()
    temporary = path.with_suffix(".json.partial")
    temporary.write_bytes(content)
    os.replace(temporary, path)
    config = (folder / "shiliu" / "configs" / f"{side['config']}.json").read_bytes()
    return hashlib.sha256(content + path.with_suffix(".npz").read_bytes() + config).hexdigest()


def _rehash(folder: Path, hashes: Mapping[int, str]) -> None:
    """Note the new hashes in the table of episodes; all else in it stays."""
    for path in sorted((folder / "meta" / "episodes").glob("chunk-*/file-*.parquet")):
        table = pq.read_table(readable(path))
        at = table.schema.get_field_index("shiliu/side_sha256")
        index, old = table.column("episode_index").to_pylist(), table.column(at).to_pylist()
        new = pa.array([hashes.get(i, was) for i, was in zip(index, old)], table.schema.field(at).type)
        temporary = path.with_suffix(".partial")
        pq.write_table(
            table.set_column(at, table.schema.field(at), new), writable(temporary), compression="zstd", write_page_checksum=True
        )
        os.replace(temporary, path)


def _check(folder: Path, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Read the copy back: what is renamed into place is whole."""
    for item in lerobot.read(folder, folder.name):
        if isinstance(item, Recording) and item.name in found:
            assert item.episode is not None
            if item.episode.segments != found[item.name]["segments"]:
                raise EpisodeError("the segments read back are not those that were written.", file=item.source)
        elif not isinstance(item, Recording) and item.name in found:
            raise item.error
