"""Columns of a set that others recorded, and what its description says of them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ....scenarios.sheet.errors import EpisodeError
from ...recording.features import units_of
from ..arrays.array_episode import MAX_CHANNELS, numbers
from . import layout

SUCCESS = "next.success"  # whether the task is done in a row
CHANNELS = (1, 3, 4)  # grey, colours, colours with transparency or depth
MIN_FPS, MAX_FPS = 1e-4, 1e6  # no robot's rows come as slowly, and as fast


def readable_columns(schema: pa.Schema) -> tuple[list[str], list[str]]:
    """Columns of numbers, and the others with the reason why they are not read."""
    if len(schema.names) > MAX_CHANNELS:
        raise ValueError(f"it has {len(schema.names)} columns, more than {MAX_CHANNELS}")
    if len(set(schema.names)) != len(schema.names):
        raise ValueError("it has two columns of one name")
    wanted, left = [], []
    for column in schema:
        kind = column.type
        depth = 0
        while layout.is_list(kind):
            kind, depth = kind.value_type, depth + 1
        if depth <= 3 and (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            wanted.append(column.name)
        else:
            parts = [kind, *(part.type for part in kind)] if pa.types.is_struct(kind) else [kind]
            picture = any(pa.types.is_binary(part) or pa.types.is_large_binary(part) for part in parts)
            left.append(f"{column.name} ({column.type}): {'pictures are' if picture else 'this type is'} not read")
    if not wanted:
        raise ValueError("it holds no column of numbers")
    return wanted, left


def text_columns(schema: pa.Schema, features: Mapping[str, Any]) -> list[str]:
    """Columns that are announced as numbers and hold text."""
    found = []
    for column in schema:
        kind = column.type
        while layout.is_list(kind):
            kind = kind.value_type
        if features.get(column.name, {}).get("dtype") in layout.DTYPES and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            found.append(column.name)
    return found


def _uneven(array: pa.Array, lengths: np.ndarray, name: str, first: int, each: int) -> str:
    """Which row of a column is empty, or holds another number of values than most; `each`: lists of a row, `first`: row of the file."""
    empty = np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))
    if len(empty):
        return f"row {first + int(empty[0]) // each} of {name} is empty"
    usual = int(np.bincount(lengths.astype(np.int64)).argmax())
    row = int((lengths != usual).argmax())
    return f"rows of {name} hold different numbers of values: row {first + row // each} has {int(lengths[row])}, most have {usual}"


def foreign_array(column: pa.ChunkedArray, name: str, first: int = 0) -> np.ndarray:
    """A column as (n, ...) of its stored type; refuses rows of different lengths, and holes but in floats. `first`: row of the file."""
    array = layout.combined(column)
    shape = [len(array)]
    while layout.is_list(array.type):
        lengths = array.value_lengths().to_numpy(zero_copy_only=False)
        if array.null_count or not len(lengths) or not (lengths == lengths[0]).all():
            raise ValueError(_uneven(array, lengths, name, first, math.prod(shape[1:])) if len(lengths) else f"{name} holds no value")
        shape.append(int(lengths[0]))
        array = array.flatten()
    array = layout.filled(array)
    if array.null_count:
        row = int(array.is_null().to_numpy(zero_copy_only=False).argmax()) // math.prod(shape[1:])
        raise ValueError(f"{array.null_count} values of {name} are missing, the first in row {first + row}")
    values = array.to_numpy(zero_copy_only=False)
    if not numbers(values):
        raise ValueError(f"{name} is {values.dtype}, which is no plain number")
    return values.reshape(shape)


def counted(values: np.ndarray, name: str) -> np.ndarray:
    """(n,) of a counter, which may stand in lists of one; refuses lists of more."""
    if values.size != len(values):
        raise ValueError(f"{name} holds {values.size // len(values)} values in each row")
    return values.reshape(-1)


def ranges_of(feature: dict[str, Any]) -> np.ndarray | None:
    """(width, 2) lowest and highest value that a feature declares: `low` and `high`, or `joint_limits` as pairs.

    Where what we write beside them says that they stand in another order than `names` (see `places_of`), in that of `names`.
    """
    width = math.prod(feature["shape"]) if isinstance(feature.get("shape"), list) else 0
    pairs = feature.get("joint_limits")
    if pairs is None and isinstance(feature.get("low"), list) and isinstance(feature.get("high"), list):
        pairs = list(zip(feature["low"], feature["high"]))
    try:
        declared = np.array(pairs, float)
    except (TypeError, ValueError):
        return None
    if declared.shape != (width, 2):
        return None
    places = places_of(feature)
    return declared if places is None else np.vstack([declared, [np.nan, np.nan]])[places]


def announced_units(feature: dict[str, Any], values: np.ndarray) -> list[str] | None:
    """One unit for each column of a feature's values, as `info.json` announces them (`unit`); None where it announces none that can be
    read."""
    unit, width = feature.get("unit"), int(np.prod(values.shape[1:]))
    readable = isinstance(unit, str) or (isinstance(unit, list) and len(unit) == width)
    return units_of(unit, width, "unit") if readable else None


def places_of(feature: dict[str, Any]) -> list[int] | None:
    """At which place of a feature's own lists (`low`, `high`, `source`) each of its `names` stands; None where in the same order.

    A tool that reorders the columns of a set together with their `names` leaves lists that LeRobot does not know as they were. Ours
    name in `source` what each column is (`actuator left_claw`), so that they can be put to the names again. A single name that
    no source has is at the place that is left; of several the places are not known (-1).
    """
    names, sources = names_of(feature.get("names")), feature.get("source")
    if not isinstance(sources, list) or len(sources) != len(names) or not all(isinstance(one, str) for one in sources):
        return None
    words = [set(re.findall(r"[\w.]+", one)) for one in sources]
    found = {name: [i for i, one in enumerate(words) if name in one] for name in names}
    if not any(found.values()) or any(len(places) > 1 for places in found.values()) or len(set(names)) != len(names):
        return None
    due = [found[name][0] if found[name] else None for name in names]
    free = sorted(set(range(len(names))) - {place for place in due if place is not None})
    if len(free) != sum(place is None for place in due):
        return None  # two names share a source
    if all(place in (None, i) for i, place in enumerate(due)):
        return None
    spare = free[0] if len(free) == 1 else -1
    return [spare if place is None else place for place in due]


def size_of(shape: Any, names: tuple[str, ...]) -> tuple[int, int] | None:
    """Height and width of a camera's pictures: by the names of its axes, else the axis of 1, 3 or 4 is that of the channels."""
    if not isinstance(shape, list) or len(shape) not in (2, 3) or not all(type(n) is int and n > 0 for n in shape):
        return None
    axes = {name.strip().lower()[:1]: i for i, name in enumerate(names)} if len(names) == len(shape) else {}
    if "h" in axes and "w" in axes:
        return shape[axes["h"]], shape[axes["w"]]
    if len(shape) == 3 and shape[2] not in CHANNELS and shape[0] in CHANNELS:
        return shape[1], shape[2]
    return shape[0], shape[1]


def names_of(value: Any) -> tuple[str, ...]:
    """Element names out of what sets write: a list, a list in a list, a table of lists one after another, or of names with their places."""
    if isinstance(value, dict):
        parts = list(value.values())
        if len(parts) > 1 and all(isinstance(part, list) for part in parts):
            value = [name for part in parts for name in part]
        elif len(parts) > 1 and all(type(part) is int for part in parts) and sorted(parts) == list(range(len(parts))):
            value = sorted(value, key=value.__getitem__)
        else:
            value = parts[0] if len(parts) == 1 else list(value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return ()


def rate_of(info: Mapping[str, Any], file: Path) -> tuple[float | None, str | None]:
    """Rows a second as info.json announces them, and what stands there instead of a number that is a rate.

    Raises:
        EpisodeError: it is beyond any rate.
    """
    if "fps" not in info:
        return None, None
    fps = info["fps"]
    try:
        rate = float(fps) if isinstance(fps, int | float | str) and not isinstance(fps, bool) else 0.0
    except (ValueError, OverflowError):
        rate = 0.0
    if rate >= MAX_FPS:
        raise EpisodeError(
            f"announces {json.dumps(fps)[:40]} rows a second, which is no rate. Write the true one.",
            file=file,
            field="fps",
        )
    known = rate if rate >= MIN_FPS else None
    return known, None if known is not None and not isinstance(fps, str) else json.dumps(fps)[:40]


def success_of(columns: Mapping[str, np.ndarray]) -> bool | None:
    """What LeRobot's own column says of a take: whether the task was done in any of its rows; None without the column, or where it holds
    anything but truth values."""
    values = columns.get(SUCCESS)
    if values is None or not values.size or values.size != len(values) or values.dtype.kind not in "biuf":
        return None
    return bool(values.any()) if np.isin(values, (0, 1)).all() else None


def differences(columns: Mapping[str, np.ndarray], features: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Where a column is not as info.json announces it."""
    for name, values in columns.items():
        feature = features.get(name)
        if feature is None:
            continue
        if "low" in feature and places_of(feature) is not None:
            yield f"{name}: `low` and `high` stand in the order of `source`, not of `names`; each column has those of its own name"
        dtype, shape = feature.get("dtype"), feature.get("shape")
        if isinstance(dtype, str) and dtype in layout.DTYPES and layout.DTYPES[dtype] != values.dtype:
            yield f"{name} is announced as {dtype} and stored as {values.dtype}; the stored values are kept"
        if isinstance(shape, list) and shape != [1] and list(values.shape[1:]) != shape:
            yield f"{name} is announced with shape {shape} and stored with {list(values.shape[1:])}"
