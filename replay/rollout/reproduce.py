"""Stepping an own episode again: it starts from its own state in its own scene, and must come out as it was recorded."""

from __future__ import annotations

import mujoco
import numpy as np

from ...scenarios.draws.variation import Draw, of_episode
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import EpisodeError
from ..recording.recording import Recording, SimEpisode
from .episode import as_recording, checkpoints_of
from .machine_kind import differing, machine
from .rollout import Rollout, Take, play

ENGINE = f"mujoco {mujoco.__version__}"


def start_of(scene: Scene, episode: SimEpisode) -> Draw:
    """The draw to step it from.

    Raises:
        EpisodeError: the scene of today has another shape, or the actions cannot be applied.
    """
    draw = of_episode(scene, episode)
    if draw is None or tuple(episode.action_names) != scene.schema.action.names:
        raise EpisodeError(
            "the scene of this version has other sizes or actuators than the one that the episode was made in.",
            field=scene.name,
        )
    if not np.isfinite(episode.actions).all():
        raise EpisodeError("its actions are not all finite, so that it cannot be stepped again.", field="action")
    return draw


def refuse_other(scene: Scene, episode: SimEpisode, name: str, ours: np.ndarray) -> None:
    """Compare an observation with the record.

    Args:
        name: the feature; a record without it is not compared.
        ours: (T+1, k) float32 as stepped again, clipped to the feature's bounds or not: an environment clips what it
            gives, a replay does not.

    Raises:
        EpisodeError: they differ in a bit, with the first time at which they do.
    """
    recorded = episode.states.get(name)
    if recorded is None:
        return
    rows = min(len(recorded), len(ours))
    theirs, ours = np.asarray(recorded)[:rows], ours[:rows]
    feature = scene.schema.observations[name]
    low, high = feature.low.astype(np.float32), feature.high.astype(np.float32)
    wrong = ((theirs != ours) & (np.clip(theirs, low, high) != np.clip(ours, low, high))).any(axis=1)
    if wrong.any():
        first = int(np.argmax(wrong))
        other = differing(episode.made_on, machine()) if episode.made_on else ""
        made = f"It was made on another kind of machine: {other}." if other else f"It was made with {episode.engine}, this is {ENGINE}."
        raise EpisodeError(
            f"stepped again it departs from its record at {first * episode.control_timestep:.2f} s, so that what is "
            f"written would not be what was recorded. {made}",
            field=name,
        )


def played_again(scene: Scene, recording: Recording) -> Rollout | None:
    """What the commands of an episode do in its own scene, with full states each second; None where they cannot be played."""
    episode = recording.episode
    if episode is None:
        return None
    try:
        take = Take(start_of(scene, episode), episode.actions)
    except EpisodeError:
        return None
    return next(play(scene, [take], [checkpoints_of(scene, take.n_steps)], threads=1))


def comes_out(episode: SimEpisode, again: Rollout) -> bool:
    """Whether a rollout gives every full state and every recorded row of an episode, to the bit."""
    states = {k: state for k, state in episode.checkpoints.items() if k in again.states}
    rows = {name: np.asarray(theirs) for name, theirs in episode.states.items() if name in again.observations}
    return all(np.array_equal(state, again.states[k]) for k, state in states.items()) and all(
        np.array_equal(theirs, again.observations[name][: len(theirs)], equal_nan=theirs.dtype.kind == "f") for name, theirs in rows.items()
    )


def made_again(scene: Scene, recording: Recording, played: SimEpisode | None) -> bool:
    """Whether every command and measurement of an episode, name by name, is what its replay `played` gives, to the bit.

    Then no recorder changed it, whatever its columns look like beside one another.
    """
    if played is None:
        return False
    again = as_recording("", played, scene).streams
    recorded = [one for one in recording.streams.values() if one.role in ("command", "measured")]
    return all(
        (ours := again.get(one.name)) is not None
        and (ours.names, ours.unit) == (one.names, one.unit)
        and np.array_equal(ours.values, one.values)
        for one in recorded
    )
