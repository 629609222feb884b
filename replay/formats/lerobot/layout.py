"""Where things lie in a LeRobot v3.0 dataset, and in the `shiliu/` folder beside it for what LeRobot has no field for.

```
meta/info.json                               features, fps, path patterns; written last
meta/tasks.parquet  meta/stats.json          task sentences; statistics over the set
meta/episodes/chunk-000/file-000.parquet     a row an episode, with our columns shiliu/...
data/chunk-000/file-000.parquet              a row a frame, a row group an episode
videos/<key>/chunk-000/file-000.mp4          a file an episode
physlint.yaml                                limits and columns for physlint, which looks here for them
shiliu/dataset.json                          version of this layout, what made the set
shiliu/configs/<hash>.json                   resolved scenarios, each once
shiliu/appends/from_000020.json              what made the episodes from this one on, where some were added later
shiliu/episodes/episode_000000.json          draw, label, skill segments, provenance, metadata, a digest of each column
shiliu/episodes/episode_000000.npz           start state, checkpoints, the observation after the last action
shiliu/raw/episode_000000.mcap               of an imported recording: its streams as they came, each on its own clock
```
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from ....scenarios.sheet.errors import EpisodeError
from ...recording.features import unit_text

CODEBASE_VERSION = "v3.0"
LAYOUT_VERSION = 1
INFO, STATS, TASKS = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES_PATH = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
CHUNKS_SIZE = 1000  # files in a chunk folder, LeRobot's default
DATASET = "shiliu/dataset.json"
RAW_PATH = "shiliu/raw/{name}.mcap"
IMPORTED = "imported"  # kind of a set in `shiliu/dataset.json`; one of our own simulation says none
APPENDS = "shiliu/appends"
CLOCK = "shiliu.time_ns"
# in `shiliu/episodes/*.json`: hash of each column of the frames, by name. Older sets have none, but one hash over the
# features (`shiliu/frames_sha256` in `meta/episodes`), which newer ones have as well
DIGESTS = "columns_sha256"

SUBTASK = "subtask_index"  # LeRobot's own, of sets that have `meta/subtasks.parquet`
# What LeRobot 0.6 reads instead (its datasets/language.py): what holds from a moment on, all of it in every frame; what happens in a frame
_LINE = [("role", pa.string()), ("content", pa.string()), ("style", pa.string())]
_ENDS = [("camera", pa.string()), ("tool_calls", pa.list_(pa.string()))]
LANGUAGE = {
    "language_persistent": pa.list_(pa.struct([*_LINE, ("timestamp", pa.float32()), *_ENDS])),
    "language_events": pa.list_(pa.struct([*_LINE, *_ENDS])),
}
LANGUAGE_FEATURE: dict[str, Any] = {"dtype": "language", "shape": [1], "names": None}

DTYPES = {name: np.dtype(name) for name in ("float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool")}
# What LeRobot adds to each frame by itself.
DEFAULT_FEATURES: dict[str, dict[str, Any]] = {
    "timestamp": {"dtype": "float32", "shape": [1], "names": None},
    "frame_index": {"dtype": "int64", "shape": [1], "names": None},
    "episode_index": {"dtype": "int64", "shape": [1], "names": None},
    "index": {"dtype": "int64", "shape": [1], "names": None},
    "task_index": {"dtype": "int64", "shape": [1], "names": None},
}

_FIELD = re.compile(r"\{(\w+)(?::0([1-9])d)?\}")


def episode_name(index: int) -> str:
    """`episode_000003`."""
    return f"episode_{index:06d}"


def numbered(pattern: str, number: int, **names: str) -> str:
    """A path pattern of ours filled in for the file with this running number."""
    chunk, file = divmod(number, CHUNKS_SIZE)
    return pattern.format(chunk_index=chunk, file_index=file, **names)


def place(root: Path, pattern: str, file: Path, **values: int | str) -> Path:
    """The file that a path pattern of `info.json` names, which must lie inside the dataset.

    The pattern comes from outside: it may hold nothing but the known fields with a width of one digit (Python's own
    `format` would follow attributes and widths of any size), and may not lead out of the folder, by `..` or by a link.

    Args:
        root: the dataset's folder.
        pattern: such as `data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet`.
        file: the file that the pattern stands in, for the error.
        values: `chunk_index`, `file_index`, `video_key`.

    Raises:
        EpisodeError: the pattern is not a relative path of known fields, or leads out of the dataset.
    """

    def fill(match: re.Match[str]) -> str:
        name, width = match.groups()
        if name not in values or (width and not isinstance(values[name], int)):
            raise EpisodeError(
                f"{{{name}}} in {pattern!r} is none of {', '.join(values)}.", file=file, field="data_path"
            )
        return f"{values[name]:0{width}d}" if width else str(values[name])

    text = _FIELD.sub(fill, pattern)
    parts = PurePosixPath(text).parts
    safe = (
        parts
        and "{" not in text
        and "\\" not in text
        and "\0" not in text
        and not text.startswith("/")
        and ".." not in parts
    )
    path = root / text if safe else root
    if not safe or not path.resolve().is_relative_to(root.resolve()):
        raise EpisodeError(
            f"{pattern!r} leads out of the dataset or is no path. LeRobot's own is {DATA_PATH!r}.",
            file=file,
            field="data_path",
        )
    return path


def checked_feature(name: str, feature: dict[str, Any]) -> dict[str, Any]:
    if not re.fullmatch(r"\w[\w.-]*", name) or name in DEFAULT_FEATURES:
        raise EpisodeError("LeRobot allows no '/' in a feature's name, and keeps its own names for itself.", field=name)
    shape = [int(n) for n in feature.get("shape", ())]
    dtype = feature.get("dtype")
    names = feature.get("names")
    if dtype == "video":
        if len(shape) != 3 or shape[2] != 3 or shape[0] % 2 or shape[1] % 2:
            raise EpisodeError(f"a video has shape (h, w, 3) with even h and w, not {shape}.", field=name)
        names = ["height", "width", "channels"]
    elif dtype not in DTYPES or len(shape) != 1 or shape[0] < 1:
        raise EpisodeError(
            f"dtype {dtype!r} with shape {shape}: one of {', '.join(DTYPES)} with (k,) is wanted.", field=name
        )
    elif names is not None and len(names) != shape[0]:
        raise EpisodeError(f"{len(names)} names for {shape[0]} elements.", field=name)
    for key in ("unit", "quantity"):
        if isinstance(feature.get(key), list | tuple):
            feature[key] = list(feature[key])
            if len(feature[key]) != shape[0]:
                raise EpisodeError(
                    f"{key} lists {len(feature[key])} texts for {shape[0]} elements. Correct it in meta/info.json, or write the set again.",
                    field=name,
                )
    if isinstance(feature.get("unit"), list):
        feature["unit"] = unit_text(feature["unit"])
    return feature | {"shape": shape, "names": None if names is None else list(names)}


def with_unit_text(feature: dict[str, Any]) -> dict[str, Any]:
    """A feature of a set as it would be written today: older sets list their units."""
    unit = feature.get("unit")
    if isinstance(unit, list) and unit and all(isinstance(item, str) for item in unit):
        return {**feature, "unit": unit_text(unit)}
    return feature


def with_video_info(feature: dict[str, Any], fps: int) -> dict[str, Any]:
    if feature["dtype"] != "video":
        return feature
    height, width, channels = feature["shape"]
    return feature | {
        "info": {
            "video.height": height,
            "video.width": width,
            "video.codec": "h264",
            "video.pix_fmt": "yuv420p",
            "video.is_depth_map": False,
            "video.fps": fps,
            "video.channels": channels,
            "has_audio": False,
            **feature.get("info", {}),
        }
    }


def content_sha256(columns: Mapping[str, np.ndarray]) -> str:
    """Hash of an episode's frames, of their bits and not of how a file packs them."""
    digest = hashlib.sha256()
    for name in sorted(columns):
        values = np.ascontiguousarray(columns[name])
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(values.data if values.size and values.dtype.kind in "biuf" else values.tobytes())
    return digest.hexdigest()


def in_width(values: np.ndarray, dtype: np.dtype) -> np.ndarray | None:
    """The same numbers in another width of their kind, as tools write them that load a table and save it again; None where they differ."""
    if values.dtype == dtype:
        return values
    kinds = {"f": "f", "i": "iu", "u": "iu"}.get(dtype.kind, "")
    if values.dtype.kind not in kinds:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        cast = values.astype(dtype)
    same = np.array_equal(cast.astype(values.dtype), values, equal_nan=dtype.kind == "f")
    return cast if same and (dtype.kind == "f" or np.array_equal(np.signbit(cast), np.signbit(values))) else None


def is_list(kind: pa.DataType) -> bool:
    """Whether values of this type are lists, of one length or of several."""
    return bool(pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind) or pa.types.is_large_list(kind))


def combined(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    array = column.combine_chunks()
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def filled(array: pa.Array) -> pa.Array:
    """An array of floats with NaN for missing values: pandas writes NaN as missing, and `value.nonfinite` tells of it in one take."""
    return array.fill_null(float("nan")) if array.null_count and pa.types.is_floating(array.type) else array
