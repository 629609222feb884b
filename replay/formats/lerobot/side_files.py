"""What lies beside an episode's frames, held against what it has to be: a JSON tree, and an archive of float64 states.

A hash tells whether these files were changed by accident. Who changes them on purpose renews the hash, so that nothing in
them is believed for its sake.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ....scenarios.sheet.yaml_reader import LARGEST
from ...recording.recording import SimEpisode
from ..episode_archive import unpacked_arrays
from . import layout

MAX_NPZ_BYTES = 192 << 20  # unpacked; an hour of checkpoints of a large scene is some 50 MB
MAX_SECONDS = 1e9
_NOTHING = type(None)
# field of an episode -> what stands there, in the order of the file; `_LATER` stand last, and not in older sets
_TREE: dict[str, tuple[type, ...]] = {
    "seed": (int,),
    "draw": (dict,),
    "scenario": (str, _NOTHING),
    "scenario_version": (int,),
    "cell": (str, _NOTHING),
    "fingerprint": (str,),
    "engine": (str,),
    "control_timestep": (float,),
    "n_substeps": (int,),
    "action_names": (list,),
    "label": (dict,),
    "segments": (list,),
    "task": (dict,),
    "provenance": (dict,),
}
_LATER: dict[str, tuple[type, ...]] = {"metadata": (dict,), "made_on": (dict,)}


def side_of(episode: SimEpisode, last: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], bytes]:
    """What no column of the frames holds: a JSON tree, and an archive of float64 states.

    Args:
        last: the observation after the last action, by feature.

    Raises:
        EpisodeError: the states do not belong to the episode.
    """
    for t, state in episode.checkpoints.items():
        if not 0 <= t <= episode.n_steps or np.shape(state) != episode.start_state.shape:
            raise EpisodeError(f"checkpoint {t} is outside the episode or of another shape.", field="checkpoints")
    if episode.start_state.dtype != np.float64 or episode.start_state.ndim != 1:
        raise EpisodeError("must be (nstate,) float64.", field="start_state")
    times = sorted(episode.checkpoints)
    states = np.array([episode.checkpoints[t] for t in times], dtype=np.float64).reshape(
        len(times), episode.start_state.size
    )
    buffer = io.BytesIO()
    arrays = {
        "start_state": episode.start_state,
        "checkpoint_steps": np.array(times, dtype=np.int64),
        "checkpoint_states": states,
        **{f"last.{name}": row for name, row in last.items()},
    }
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the names for its own option
    tree = {key: getattr(episode, key) for key in (*_TREE, *_LATER)}
    plain = {key: types[0](tree[key]) for key, types in _TREE.items() if types[0] in (int, float, list)}
    return tree | plain, buffer.getvalue()


def episode_from(
    tree: Mapping[str, Any], config: dict[str, Any], arrays: Mapping[str, np.ndarray], columns: Mapping[str, np.ndarray]
) -> SimEpisode:
    """The episode that `side_of` was given.

    Args:
        tree, arrays: as `checked_tree` and `checked_arrays` give them; states after the last row are left out.
        columns: frames (T, k) by feature.
    """
    length = len(columns["action"])
    observed = {}
    for feature, values in columns.items():
        if feature.startswith("observation."):
            last = arrays.get(f"last.{feature}")
            observed[feature] = values if last is None else np.concatenate([values, last[None]])
    steps = [int(t) for t in arrays["checkpoint_steps"]]
    plain = {key: tree[key] for key in (*_TREE, *_LATER)} | {"action_names": tuple(tree["action_names"])}
    return SimEpisode(
        config=config,
        start_state=arrays["start_state"],
        actions=columns["action"],
        states=observed,
        checkpoints={t: state for t, state in zip(steps, arrays["checkpoint_states"]) if t <= length},
        **plain,
    )


def checked_tree(
    tree: dict[str, Any], path: Path | None = None, fix: str = "Copy the dataset again."
) -> dict[str, Any]:
    """The tree of an episode, with `metadata` and `made_on` where an older set has none; asked before writing and after reading.

    Raises:
        EpisodeError: a key is missing or holds something else, named.
    """

    def wrong(key: str, wanted: str) -> EpisodeError:
        shown = repr(tree.get(key))[:60]
        return EpisodeError(f"{shown} is not {wanted}. {fix}", file=path, field=key)

    tree = {**{key: {} for key in _LATER}, **tree}
    for key, types in {**_TREE, **_LATER}.items():
        if key not in tree or type(tree[key]) not in types:
            raise wrong(key, " or ".join("nothing" if t is _NOTHING else t.__name__ for t in types))
    if not -LARGEST <= min(tree["seed"], tree["scenario_version"]) <= max(tree["seed"], tree["scenario_version"]) <= LARGEST:
        raise wrong("seed", "a whole number of 64 bits")
    if not all(type(name) is str for name in tree["action_names"]):
        raise wrong("action_names", "a list of names")
    if not all(type(sentence) is str for sentence in tree["task"].values()):
        raise wrong("task", "a table of sentences")
    if not all(type(word) is str for word in tree["made_on"].values()):
        raise wrong("made_on", "a table of words")
    if not 0 < tree["control_timestep"] < math.inf or tree["n_substeps"] < 1:
        raise wrong("n_substeps", "a whole number of physics steps")
    label = tree["label"]
    if type(label.get("success")) not in (bool, _NOTHING) or type(label.get("failure")) not in (str, _NOTHING):
        raise wrong("label", "success or failure with its code")
    for key in ("subgoals", "undone"):
        if type(label.get(key, {})) is not dict or not all(_second(t) for t in label.get(key, {}).values()):
            raise wrong("label", "a table of subgoals with their seconds")
    for segment in tree["segments"]:
        known = isinstance(segment, dict) and type(segment.get("skill")) is str
        if not known or None in (segment.get("t0"), segment.get("t1")) or not _second(segment["t0"], segment["t1"]):
            raise wrong("segments", "a list of skills with their times")
    return tree


def _second(*values: Any) -> bool:
    """Whether these are times, or None."""
    return all(v is None or (type(v) in (int, float) and abs(v) < MAX_SECONDS) for v in values)


def checked_arrays(
    content: bytes, columns: dict[str, np.ndarray], path: Path, announced: int = 0
) -> dict[str, np.ndarray]:
    """The archive of an episode: `start_state` (n,), `checkpoint_steps` (c,), `checkpoint_states` (c, n), `last.<feature>`.

    Args:
        content: of the archive.
        columns: frames (T, k) by feature; the last observation has the same type and width.
        announced: rows that the episode should have, where some are lost.

    Raises:
        EpisodeError: an array is missing, of another type or another shape. ValueError and others: it is no archive.
    """
    arrays = unpacked_arrays(content, MAX_NPZ_BYTES)
    n, c = (arrays[name].shape[0] if arrays[name].ndim else -1 for name in ("start_state", "checkpoint_steps"))
    length = max(len(next(iter(columns.values()))), announced)
    wanted: dict[str, tuple[type | np.dtype, tuple[int, ...]]] = {
        "start_state": (np.float64, (n,)),
        "checkpoint_steps": (np.int64, (c,)),
        "checkpoint_states": (np.float64, (c, n)),
    }
    for name, values in columns.items():
        if f"last.{name}" in arrays:
            in_width = layout.in_width(arrays[f"last.{name}"], values.dtype)
            arrays |= {} if in_width is None else {f"last.{name}": in_width}
            wanted[f"last.{name}"] = (values.dtype, values.shape[1:])
    for name, (dtype, shape) in wanted.items():
        array = arrays[name]
        if array.dtype != dtype or array.shape != shape:
            raise EpisodeError(
                f"is {array.dtype}{array.shape}, not {np.dtype(dtype)}{shape}. Copy the dataset again.",
                file=path,
                field=name,
            )
    steps = arrays["checkpoint_steps"]
    if not ((steps >= 0) & (steps <= length)).all() or len(set(steps.tolist())) != c:
        raise EpisodeError(f"lie outside the {length} steps of the episode.", file=path, field="checkpoint_steps")
    return arrays
