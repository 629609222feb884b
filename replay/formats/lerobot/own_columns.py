"""Columns and rows of a set of ours, each of which must be what it is called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ....scenarios.sheet.errors import EpisodeError
from . import layout


def rows_of(file: pq.ParquetFile, groups: list[int], columns: list[str], by: str, low: int, high: int) -> pa.Table:
    """The rows of some row groups in which a whole number lies between two others."""
    kept = []
    # in pieces: where a set was packed anew, a row group holds many episodes
    for piece in file.iter_batches(65_536, row_groups=groups, columns=columns, use_threads=False):
        values = piece.column(by).to_numpy(zero_copy_only=False)
        inside = (values >= low) & (values <= high)
        kept.append(piece if inside.all() else piece.filter(pa.array(inside)))
    return pa.Table.from_batches(
        kept, schema=None if kept else pa.schema([file.schema_arrow.field(c) for c in columns])
    )


def own_array(column: pa.ChunkedArray, feature: dict[str, Any], name: str) -> np.ndarray:
    """A column as (T, width) of the feature's dtype; refuses values that this cannot hold, another width, and holes but in floats."""
    dtype = layout.DTYPES.get(feature["dtype"])
    if dtype is None or len(feature["shape"]) != 1:
        raise EpisodeError(
            f"dtype {feature['dtype']!r} with shape {feature['shape']} is not read.", field=f"features.{name}"
        )
    width = feature["shape"][0]
    array = layout.combined(column)
    if layout.is_list(array.type):
        lengths = array.value_lengths().to_numpy(zero_copy_only=False)
        if array.null_count or not (lengths == width).all():
            raise EpisodeError(f"its rows do not all hold {width} values.", field=f"features.{name}")
        flat = array.flatten()
    elif width == 1:
        flat = array
    else:
        raise EpisodeError(f"is {array.type}, not {width} values a row. Copy the dataset again.", field=f"features.{name}")
    flat = layout.filled(flat)
    values = None if flat.null_count else layout.in_width(flat.to_numpy(zero_copy_only=False), dtype)
    if values is None:
        raise EpisodeError(
            f"is {flat.type}{' with holes' if flat.null_count else ''}, not {dtype} as meta/info.json announces. Copy the dataset again.",
            field=f"features.{name}",
        )
    return values.reshape(-1, width)
