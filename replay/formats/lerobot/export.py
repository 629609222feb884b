"""`to=lerobot`: episodes of the simulation as one LeRobot v3.0 dataset, such as `shiliu record` writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import SimEpisode
from ...rollout.camera_frames import cameras_of, pictures
from ..exporters import Item, Options
from .plain import make_plain
from .write import DatasetWriter


def export(items: Iterator[Item], out: Path, options: Options) -> Iterator[Item]:
    """Write episodes of one scenario; their frames are the recorded observations. `plain`: without all that is ours, and with
    subtasks where they are asked for.

    Raises:
        EpisodeError: no episode, or episodes of scenes with different features or rates.
    """
    writer, first, subtasks = None, None, []
    try:
        for item in items:
            episode, scene = item.simulated, item.scene
            cameras = cameras_of(scene, options.images)
            features = scene.schema.lerobot_features(tuple(cameras))
            if writer is None:
                fps = round(1.0 / scene.control_timestep)
                writer, first = DatasetWriter(out, features, fps, scene.robot.name, options.made), features
            elif features != first:
                raise EpisodeError(
                    "has other features than the episodes before it; a set holds one kind of scene. Export it apart "
                    "with episodes=.",
                    file=item.recording.source,
                )
            writer.add(episode, episode.states, pictures(scene, episode, cameras))
            if options.subtask is not None:
                subtasks.append([options.subtask(skill) for skill in skills_of(episode)])
            yield item
        if writer is None:
            raise EpisodeError("no episode was chosen, so that there is nothing to write.", field="episodes")
        writer.close()
        if options.plain:
            make_plain(out, subtasks=subtasks)
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
