"""`to=lerobot`: episodes of the simulation as one LeRobot v3.0 dataset, such as `shiliu record` writes.

Or as an ordinary set (`plain`): what LeRobot itself has no field for is taken out. What is left is what a data centre sends: commands
and measurements by name, pictures, task sentences. The folder `shiliu/`, features and columns of that name, and what our features say
beyond dtype, shape and names are gone; every other number stays as it is, to the bit.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ....scenarios.scene.scene import Scene
from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import SimEpisode
from ...rollout.camera_frames import cameras_of, pictures
from ..exporters import Item, Options, of_one_scene
from . import layout
from .tables import readable, writable, write_tasks
from .write import DatasetWriter

OURS = ("shiliu/", "shiliu.", "stats/shiliu.")
FEATURE = ("dtype", "shape", "names", "info")  # what LeRobot says of a feature


def export(items: Iterator[Item], out: Path, options: Options) -> Iterator[Item]:
    """Write episodes of one scenario; their frames are the recorded observations. `plain`: without all that is ours, and with
    subtasks where they are asked for.

    Raises:
        EpisodeError: no episode, or episodes of scenes with different features or rates.
    """
    writer: DatasetWriter | None = None
    subtasks: list[list[str]] = []

    def features_of(scene: Scene) -> dict[str, Any]:
        return scene.schema.lerobot_features(tuple(cameras_of(scene, options.images)))

    try:
        for item, scene, features in of_one_scene(items, features_of):
            episode = item.simulated
            if writer is None:
                fps = round(1.0 / scene.control_timestep)
                writer = DatasetWriter(out, features, fps, scene.robot.name, options.made)
            writer.add(episode, episode.states, pictures(scene, episode, cameras_of(scene, options.images)))
            if options.subtask is not None:
                subtasks.append([options.subtask(skill) for skill in skills_of(episode)])
            yield item
        if writer is not None:
            writer.close()
        if options.plain:
            make_plain(out, subtasks=subtasks, language=options.language)
    finally:
        if writer is not None:
            writer.abort()


def skills_of(episode: SimEpisode) -> list[str]:
    """The skill of each frame; between two of them the one before, and the first from the beginning.

    Raises:
        EpisodeError: nothing says what the episode's skills are.
    """
    known = sorted(episode.segments, key=lambda one: float(one["t0"]))
    if not known:
        raise EpisodeError("has no skill segments. Leave subtasks= out.", field="subtasks")
    times = np.arange(episode.n_steps) * episode.control_timestep
    begun = np.array([one["t0"] for one in known]) - episode.control_timestep / 2
    return [str(known[k]["skill"]) for k in np.maximum(np.searchsorted(begun, times, side="right") - 1, 0)]


def make_plain(
    root: Path, without: Collection[str] = (), subtasks: Sequence[Sequence[str]] = (), language: bool = False
) -> None:
    """Take out of a set, where it lies, what only shiliu knows.

    Args:
        root: a dataset of `shiliu record`.
        without: further features to be left out, such as `observation.environment_state`.
        subtasks: of each episode, what each of its frames is about; `subtask_index` and `meta/subtasks.parquet` are written where
            it is given.
        language: columns of LeRobot 0.6 instead of these two.
    """
    sentences = list(dict.fromkeys(one for episode in subtasks for one in episode))
    rows = iter(subtasks)
    added = {} if not sentences else layout.LANGUAGE if language else {layout.SUBTASK: pa.int64()}

    def ours(name: str) -> bool:
        return name.startswith(OURS) or any(name == one or name.startswith(f"stats/{one}/") for one in without)

    for folder in ("data", "meta/episodes"):
        for path in sorted((root / folder).rglob("*.parquet")):
            file = pq.ParquetFile(readable(path))
            kept = [name for name in file.schema_arrow.names if not ours(name)]
            other = path.with_suffix(".plain")
            schema = file.read_row_group(0, columns=kept).schema
            more = added if folder == "data" else {}
            for name, kind in more.items():
                schema = schema.append(pa.field(name, kind))
            with pq.ParquetWriter(writable(other), schema, compression="zstd", write_page_checksum=True) as writer:
                for group in range(file.num_row_groups):  # a row group an episode stays one
                    table = file.read_row_group(group, columns=kept)
                    if more:
                        about = next(rows)
                        values = _language(about, table) if language else [[sentences.index(one) for one in about]]
                        for (name, kind), column in zip(more.items(), values):
                            table = table.append_column(name, pa.array(column, kind))
                    writer.write_table(table, row_group_size=max(len(table), 1))
            other.replace(path)
    shutil.rmtree(root / "shiliu", ignore_errors=True)
    for name in (layout.INFO, layout.STATS):
        content = json.loads((root / name).read_text(encoding="utf-8"))
        if name == layout.INFO:
            content["features"] = {
                key: {word: feature[word] for word in FEATURE if word in feature}
                for key, feature in content["features"].items()
                if not ours(key)
            }
            described = layout.LANGUAGE_FEATURE if language else layout.DEFAULT_FEATURES["task_index"]
            content["features"] |= dict.fromkeys(added, described)
        else:
            content = {key: value for key, value in content.items() if not ours(key)}
        (root / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    if sentences and not language:
        write_tasks(root, sentences, "subtask")


def _language(about: Sequence[str], table: pa.Table) -> list[list[list[dict[str, Any]]]]:
    """Values of LeRobot's two language columns: each frame lists every subtask of its episode with the time of its first frame."""
    times = table.column("timestamp").to_pylist()
    line = {"role": "assistant", "style": "subtask", "camera": None, "tool_calls": None}
    begun = [k for k, one in enumerate(about) if not k or about[k - 1] != one]
    persistent = [{**line, "content": about[k], "timestamp": times[k]} for k in begun]
    return [[persistent] * len(about), [[] for _ in about]]
