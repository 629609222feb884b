"""Episodes of the simulation: from a rollout to a record that replays to the bit, and to the recording of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.scene.scene import Scene
from ...version import __version__
from ..recording.features import grid_ns, streams_of
from ..recording.recording import SimEpisode, SimRecording
from .machine_kind import machine
from .observers import whole_second
from .rollout import Rollout, Take, play


def resolved(scene: Scene) -> dict[str, Any]:
    """What an episode keeps of its scene: name, the scenario's resolved tree, which robot stood in it, and how its goal is judged."""
    robot, cell = scene.robot, scene.config.cell
    return {
        "name": scene.name,
        "scenario": dict(scene.config.raw),
        "robot": robot.name,
        "hand": robot.hand,
        "base": robot.base,
        **({"legs": robot.policy.kept} if robot.policy is not None else {}),
        "goal_rule": scene.config.goal_rule,
        **({"cell": cell.to_dict()} if cell else {}),
    }


def checkpoints_of(scene: Scene, n_steps: int) -> list[int]:
    """The control steps at which the full state is kept: every whole second."""
    return list(range(0, n_steps + 1, whole_second(scene)))


def episode_of(
    scene: Scene,
    played: Rollout,
    seed: int | None = None,
    segments: Sequence[Mapping[str, Any]] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> SimEpisode:
    """The record of a rollout.

    Args:
        played: with its observations, and states kept at `checkpoints_of`.
        seed, segments, provenance: where an operator did not perform it; None for what the rollout tells itself.
    """
    draw, tasks = played.draw, scene.config.tasks
    return SimEpisode(
        seed=played.seed if seed is None else seed,
        draw={"values": dict(draw.values), "task": draw.task, "redraws": list(draw.redraws)},
        config=resolved(scene),
        scenario_version=scene.version,
        fingerprint=scene.fingerprint,
        engine=f"mujoco {mujoco.__version__}",
        control_timestep=scene.control_timestep,
        n_substeps=scene.n_substeps,
        start_state=draw.start_state.copy(),
        actions=np.ascontiguousarray(played.actions, np.float32),
        action_names=scene.schema.action.names,
        states=dict(played.observations),
        checkpoints=dict(played.states),
        label=dict(played.label),
        segments=[dict(one) for one in (played.segments if segments is None else segments)],
        task=dict(tasks[draw.task]) if tasks else {},
        scenario=scene.name,
        cell=scene.config.cell.id if scene.config.cell else None,
        provenance={"shiliu": __version__, **(played.provenance if provenance is None else provenance)},
        made_on=dict(machine()),
    )


def replayed(
    scene: Scene, episode: SimEpisode, draw: Draw, actions: np.ndarray, why: str, threads: int = 0
) -> SimEpisode:
    """The episode that other actions give from the same start; its label stays the one that the first was given."""
    take = Take(draw, np.ascontiguousarray(actions, np.float32))
    played = next(play(scene, [take], [checkpoints_of(scene, take.n_steps)], threads))
    made = episode_of(scene, played, episode.seed, episode.segments, {**episode.provenance, "made_by": why})
    made.label = dict(episode.label)
    return made


def as_recording(name: str, episode: SimEpisode, scene: Scene) -> SimRecording:
    """An episode in memory as the recording that reading it from a dataset would give."""
    features = scene.schema.lerobot_features()
    n, fps = episode.n_steps, round(1.0 / episode.control_timestep)
    streams = {}
    for feature, values in {**episode.states, "action": episode.actions}.items():
        for stream in streams_of(feature, features[feature], np.asarray(values)[:n], grid_ns(n, fps)):
            streams[stream.name] = stream
    digest = hashlib.sha256(episode.actions.tobytes() + episode.start_state.tobytes()).hexdigest()
    return SimRecording(name, name, digest, "simulation", streams, episode.scenario, episode.cell, episode=episode)
