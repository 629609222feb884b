"""What is checked of an episode before it is written: its features, its JSON, and what is reported of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ....scenarios.sheet.errors import EpisodeError, ScenarioError, shown
from ...recording.features import grid_ns
from ...recording.metadata import from_plain, no_columns
from ...recording.recording import SimEpisode
from . import layout


def checked_features(features: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The features as they are written, and our clock."""
    checked = {name: layout.checked_feature(name, dict(feature)) for name, feature in features.items()}
    return checked | {layout.CLOCK: {"dtype": "int64", "shape": [1], "names": None, "unit": "ns"}}


def described_features(features: Mapping[str, dict[str, Any]], fps: int) -> dict[str, dict[str, Any]]:
    """The features as `info.json` says them."""
    return {name: layout.with_video_info(feature, fps) for name, feature in features.items()}


def json_bytes(value: Any, field: str) -> bytes:
    """JSON with the shortest text that gives back the same floats; NumPy's numbers and arrays are taken as Python's."""

    def plain(item: Any) -> Any:
        if isinstance(item, np.generic):
            return item.item()
        if isinstance(item, np.ndarray):
            return item.tolist()
        if isinstance(item, Path):
            return shown(item.as_posix())
        raise TypeError(f"{type(item).__name__} is not JSON")

    try:
        return json.dumps(value, default=plain, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8", "backslashreplace")
    except (TypeError, ValueError) as error:
        raise EpisodeError(f"cannot be written as JSON: {error}.", field=field) from None


def searched(episode: SimEpisode) -> dict[str, str | bool | None]:
    """The searchable columns of what is reported of an episode: by its data centre, and by its own label.

    Raises:
        EpisodeError: the two contradict each other.
    """
    success, failure = episode.label.get("success"), episode.label.get("failure")
    own = {"shiliu/cell": episode.cell, "shiliu/success": success, "shiliu/failure": failure}
    own["shiliu/success"] = None if success is None else bool(success)
    if not episode.metadata:
        return no_columns() | own
    try:
        metadata = from_plain(episode.metadata, episode.config.get("scenario"))
    except ScenarioError as error:
        raise EpisodeError(error.message, field="metadata") from None
    columns = metadata.columns()
    for column, value in own.items():
        if None not in (value, columns[column]) and value != columns[column]:
            raise EpisodeError(
                f"{column} is {columns[column]!r} there, but {value!r} in the episode itself. Mend one of them.",
                field="metadata",
            )
    for segment in metadata.segments or ():
        if segment.t1 > episode.duration_s + episode.control_timestep:
            raise EpisodeError(
                f"{segment.skill} ends at {segment.t1:g} s, after the episode, which lasts {episode.duration_s:g} s.",
                field="metadata.segments",
            )
    return columns | {column: value for column, value in own.items() if value is not None}


def checked_columns(
    episode: SimEpisode, frames: Mapping[str, np.ndarray], features: Mapping[str, dict[str, Any]], fps: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Frames (T, k) by feature, checked, and the rows T where they were given."""
    length = episode.n_steps
    if abs(episode.control_timestep * fps - 1) > 1e-9:
        raise EpisodeError(f"control_timestep {episode.control_timestep} s is not 1/{fps} s.", field="control_timestep")
    if episode.actions.dtype != np.float32 or episode.actions.ndim != 2 or length == 0:
        raise EpisodeError(
            f"actions are {episode.actions.dtype}{episode.actions.shape}; they must be float32 (T, nu), T > 0.",
            field="action",
        )
    given = {"action": episode.actions, **frames}
    if not np.array_equal(given["action"], episode.actions, equal_nan=True) or given["action"].dtype != np.float32:
        raise EpisodeError("the frames' action differs from what was applied.", field="action")
    wanted = {name for name, feature in features.items() if feature["dtype"] != "video"} - {layout.CLOCK}
    if set(given) != wanted:
        missing, unknown = sorted(wanted - set(given)), sorted(set(given) - wanted)
        raise EpisodeError(f"frames do not match the features: missing {missing}, unknown {unknown}.", field="frames")
    columns, last = {}, {}
    for name, values in given.items():
        feature = features[name]
        k = feature["shape"][0]
        values = np.asarray(values)
        if values.ndim == 1 and k == 1:
            values = values[:, None]
        if values.shape not in ((length, k), (length + 1, k)):
            raise EpisodeError(
                f"has shape {values.shape}; ({length}, {k}) or ({length + 1}, {k}) is wanted.", field=name
            )
        cast = values.astype(layout.DTYPES[feature["dtype"]])
        if feature["dtype"] != "float32" and not np.array_equal(cast, values, equal_nan=values.dtype.kind == "f"):
            raise EpisodeError(f"its values do not fit {feature['dtype']}.", field=name)
        columns[name] = np.ascontiguousarray(cast[:length])
        if len(cast) > length:
            last[name] = cast[length]
    columns[layout.CLOCK] = grid_ns(length, fps)[:, None]
    return columns, last
