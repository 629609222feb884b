"""Minari datasets: a folder with `data/metadata.json` and `data/main_data.hdf5`, a group `episode_k` an episode.

An episode has T actions and T+1 observations. Streams hold the T rows before an action; the last observation, after the
last action, stands in the recording's metadata, so that nothing is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ....scenarios.sheet.errors import EpisodeError, shown
from ...recording.recording import Recording, Unreadable
from ..file_state import refuse_pipes
from ..reader_errors import bytes_of
from .array_episode import ArrayEpisode, mendable
from .hdf5 import MAX_EPISODES, Kind
from .hdf5 import read as read_hdf5

TABLE, VALUES = Path("data") / "metadata.json", Path("data") / "main_data.hdf5"
MAX_JSON_BYTES = 4 << 20
AFTER = "after_last_action"


def read(
    root: Path, source: str, mapping: str | Path | None = None, fps: float | None = None
) -> Iterator[Recording | Unreadable]:
    """The episodes of a dataset, in the order of their numbers; arguments as for the other readers of arrays.

    Raises:
        EpisodeError: its table or its values cannot be read, or none of its episodes is readable. An episode that the table
            counts and that is not there comes as `Unreadable`.
    """
    refuse_pipes(root)
    with mendable(root / TABLE, "table of the dataset"):
        table = json.loads(bytes_of(root / TABLE, MAX_JSON_BYTES))
        if not isinstance(table, dict):
            raise ValueError("it is no table")
        keys = ("dataset_id", "minari_version", "algorithm_name", "description", "shiliu")
        about: dict[str, Any] = {"minari": {key: table[key] for key in keys if key in table}}
    stem, seen = shown(root.resolve().name), set()
    for item in read_hdf5(root / VALUES, source, mapping, fps, MINARI, stem=stem, about=about):
        seen.add(item.source)
        yield item
    total = table.get("total_episodes")
    for k in range(total if type(total) is int and total <= MAX_EPISODES else 0):
        if (here := f"{source}#episode_{k}") not in seen:
            message = f"episode {k} is announced ({total} in all), and it is not here. Copy the whole dataset folder again."
            yield Unreadable(f"{stem}_episode_{k}", here, EpisodeError(message, file=root / VALUES, field="total_episodes"))


def _arranged(episode: ArrayEpisode) -> None:
    """Take the observation after the last action apart, where every observation has a row more than the actions."""
    actions = episode.arrays.get("actions")
    if actions is None or actions.ndim == 0:
        raise EpisodeError("the episode has no actions. Record it again, or leave it out.", file=episode.file, field="actions")
    last: dict[str, Any] = {}
    for name, array in episode.arrays.items():
        if name.startswith(("observations", "infos")) and array.ndim and len(array) == len(actions) + 1:
            last[name] = np.asarray(array[-1]).tolist()
            episode.arrays[name] = array[:-1]
    if last:
        episode.metadata[AFTER] = last
        episode.notes.append(f"the observation after the last action stands in the metadata ({AFTER})")


MINARI = Kind("minari", "Minari dataset", "episode_*", arranged=_arranged)
