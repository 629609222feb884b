"""NumPy archives (`*.npz`) and arrays (`*.npy`): one episode a file, or several under name prefixes (`demo03/...`).

Nothing is unpickled. What an archive says about sizes is checked against what it holds before memory is taken.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from ....scenarios.sheet.errors import shown
from ...recording.recording import Recording, Unreadable
from ..file_state import sha256_of
from ..lerobot.layout import content_sha256
from ..reader_errors import bytes_of, refuse_empty
from ..records import natural
from .array_episode import (
    MAX_CHANNELS,
    MAX_EPISODE_BYTES,
    ArrayEpisode,
    episode_pattern,
    mendable,
    numbers,
    one_by_one,
    recording_of,
)
from .whole_body import SINGLE, mapping_of

MAX_SIDE_BYTES = 1 << 20
MAX_LABEL_BYTES = 1 << 20
SIDE = "meta.json"  # names and rate, as some sets keep them beside the archive
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read(
    path: Path, source: str, mapping: str | Path | None = None, fps: float | None = None
) -> Iterator[Recording | Unreadable]:
    """The episodes of a file, in the order of their names.

    Args:
        path: an `.npz` or `.npy` file.
        source: what `Recording.source` says; of several episodes before `#name`.
        mapping: name or file of the mapping; None chooses by the arrays.
        fps: rows a second, for arrays without times.

    Raises:
        EpisodeError: the file is no archive of numbers, or (of a single episode) not as the mapping says.
    """
    sha256, arrays, labels, left = _load(path)
    side, fps_side, side_notes = _side(path)
    labels = {**side, **labels}
    pattern, groups = _groups(arrays, episode_pattern("npz", mapping), mapping is not None)
    common = {"format": "npz", "container": "NumPy archive" if path.suffix.lower() == ".npz" else "NumPy array", "file": path}

    def episode(name: str, source: str, sha256: str, arrays: dict[str, np.ndarray]) -> ArrayEpisode:
        return ArrayEpisode(
            name=name,
            source=source,
            sha256=sha256,
            arrays=arrays,
            labels=labels,
            fps=fps_side,
            left=list(left),
            notes=list(side_notes),
            pattern=pattern,
            **common,  # type: ignore[arg-type]
        )

    if pattern is None:
        stem = shown(path.stem if path.stem not in ("motion", "data", "demo") else path.resolve().parent.name)
        yield recording_of(episode(stem, source, sha256, arrays), mapping, fps, mapping_of)
        return
    episodes = (
        episode(f"{shown(path.stem)}_{group}", f"{source}#{group}", content_sha256(members), members) for group, members in groups.items()
    )
    yield from one_by_one((e.name, e.source, partial(recording_of, e, mapping, fps)) for e in episodes)


def _groups(arrays: dict[str, np.ndarray], patterns: list[str], named: bool) -> tuple[str | None, dict[str, dict[str, np.ndarray]]]:
    """The pattern under whose prefixes all arrays stand, and episodes by their prefix; None and nothing where there is none.

    Args:
        named: whether the patterns are those of a mapping that was named: then arrays that stand beside are of every episode.
    """
    for pattern in patterns:
        depth = pattern.count("/") + 1
        groups: dict[str, dict[str, np.ndarray]] = {}
        beside: dict[str, np.ndarray] = {}
        for name, array in arrays.items():
            parts = name.split("/", depth)
            prefix = "/".join(parts[:depth])
            if len(parts) <= depth or not fnmatchcase(prefix, pattern):
                beside[name] = array
            else:
                groups.setdefault(prefix, {})[parts[depth]] = array
        if groups and (named or not beside):
            return pattern, {key: beside | groups[key] for key in sorted(groups, key=natural)}
    return None, {}


def _load(path: Path) -> tuple[str, dict[str, np.ndarray], dict[str, tuple[str, ...]], list[str]]:
    """Hash, arrays of numbers, lists of texts, and what was left out with the reason."""
    arrays: dict[str, np.ndarray] = {}
    labels: dict[str, tuple[str, ...]] = {}
    left: list[str] = []
    what = "NumPy archive" if path.suffix.lower() == ".npz" else "NumPy array"
    with mendable(path, what):
        refuse_empty(path)
        sha256 = sha256_of(path)
        total = 0
        for name, size, member in _members(path):
            shape, fortran, dtype = _header(member)
            nbytes = math.prod(shape) * dtype.itemsize
            if dtype.hasobject:
                left.append(f"{name}: Python objects, which are not read, because unpickling runs the file's own code")
                continue
            if nbytes > size:
                raise ValueError(f"{name} claims {nbytes} bytes, and {size} are there")
            total += nbytes
            if total > MAX_EPISODE_BYTES:
                raise ValueError(f"it unpacks to more than {MAX_EPISODE_BYTES >> 20} MiB")
            if dtype.kind in "US":
                if nbytes > MAX_LABEL_BYTES:
                    left.append(f"{name}: {nbytes >> 20} MiB of text")
                    continue
                text = _content(member, shape, fortran, dtype)
                labels[name] = tuple(
                    t.decode("utf-8", "replace") if isinstance(t, bytes) else str(t) for t in text.ravel()
                )
                continue
            array = _content(member, shape, fortran, dtype)
            if numbers(array):
                arrays[name] = array
            else:
                left.append(f"{name}: {dtype}, which is no plain number")
    return sha256, arrays, labels, left


def _members(path: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Name, size in bytes and open file of every array of the file."""
    if path.suffix.lower() == ".npy":
        with path.open("rb") as file:
            yield SINGLE, path.stat().st_size, file
        return
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if len(infos) > MAX_CHANNELS:
            raise ValueError(f"it holds {len(infos)} arrays, more than {MAX_CHANNELS}")
        if len({info.filename for info in infos}) != len(infos):
            raise ValueError("it holds two arrays of one name")
        for info in infos:
            if info.is_dir() or not info.filename.endswith(".npy"):
                continue
            with archive.open(info) as file:
                yield info.filename.removesuffix(".npy"), info.file_size, file


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, Fortran order and type that an array claims; the file stands at its first value afterwards."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"version {version} of the array format is not known")
    shape, fortran, dtype = _HEADERS[version](file)
    if len(shape) > 8 or any(n < 0 for n in shape):
        raise ValueError(f"the shape {shape} of an array is not valid")
    return shape, fortran, dtype


def _content(file: IO[bytes], shape: tuple[int, ...], fortran: bool, dtype: np.dtype) -> np.ndarray:
    announced = math.prod(shape) * dtype.itemsize
    raw = file.read(announced)
    if len(raw) != announced:
        raise ValueError(f"{announced} bytes are announced, {len(raw)} are there")
    native = np.frombuffer(raw, dtype=dtype).astype(dtype.newbyteorder("="))
    return native.reshape(shape, order="F" if fortran else "C")


def _side(path: Path) -> tuple[dict[str, tuple[str, ...]], float | None, list[str]]:
    """Lists of names and the rate that stand in `meta.json` beside the file."""
    side = path.with_name(SIDE)
    if not side.is_file():
        return {}, None, []
    with mendable(side, "description beside the archive"):
        table: Any = json.loads(bytes_of(side, MAX_SIDE_BYTES))
        if not isinstance(table, dict):
            raise ValueError("it is no JSON object")
    labels = {
        key: tuple(value)
        for key, value in table.items()
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value)
    }
    fps = table.get("fps")
    rate = float(fps) if isinstance(fps, int | float) and not isinstance(fps, bool) else None
    return labels, rate, [f"names and rate are from {SIDE} beside the archive"] if labels or rate else []
