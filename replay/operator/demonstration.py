"""Episodes of the simulation: from what was commanded and what followed to a record that replays to the bit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np

from ... import __version__
from ...scenarios import variation as drawing
from ...scenarios.scene import Scene
from ...scenarios.variation import Draw
from ..checks.outcome import outcome_of
from ..recording.features import grid_ns, streams_of
from ..recording.recording import Recording, SimEpisode
from ..rollout.rollout import Played, Take, play

if TYPE_CHECKING:
    from .mistakes import Mistake
    from .operator import Performance

AT_ONCE = 32  # demonstrations performed side by side


def resolved(scene: Scene) -> dict[str, Any]:
    """What an episode keeps of its scene: name, the scenario's resolved tree, and which robot stood in it."""
    robot, cell = scene.robot, scene.config.cell
    return {
        "name": scene.name,
        "scenario": dict(scene.config.raw),
        "robot": robot.name,
        "hand": robot.hand,
        "base": robot.base,
        **({"cell": cell.told()} if cell else {}),
    }


def checkpoints_of(scene: Scene, n_steps: int) -> list[int]:
    """The control steps at which the full state is kept: every whole second."""
    every = max(1, round(1.0 / scene.control_timestep))
    return list(range(0, n_steps + 1, every))


def episode_of(
    scene: Scene,
    draw: Draw,
    seed: int,
    actions: np.ndarray,
    played: Played,
    segments: Sequence[Mapping[str, Any]] = (),
    provenance: Mapping[str, Any] | None = None,
) -> SimEpisode:
    """The record of actions that were played.

    Args:
        draw: its start; seed: what it was drawn and played with.
        actions: (T, nu) float32 as applied.
        played: what they did, states kept at `checkpoints_of`.
        segments: skills with their times.
    """
    tasks = scene.config.tasks
    label = outcome_of(scene.course, played.carry, "unstable" if played.unstable_at is not None else None)
    return SimEpisode(
        seed=seed,
        draw={"values": dict(draw.values), "task": draw.task, "redraws": list(draw.redraws)},
        config=resolved(scene),
        scenario_version=scene.version,
        fingerprint=scene.fingerprint,
        engine=f"mujoco {mujoco.__version__}",
        control_timestep=scene.control_timestep,
        n_substeps=scene.n_substeps,
        start_state=draw.start_state.copy(),
        actions=np.ascontiguousarray(actions, np.float32),
        action_names=scene.schema.action.names,
        states=dict(played.observations),
        checkpoints=dict(played.states),
        label=label,
        segments=[dict(s) for s in segments],
        task=dict(tasks[draw.task]) if tasks else {},
        scenario=scene.name,
        cell=scene.config.cell.id if scene.config.cell else None,
        provenance={"shiliu": __version__, **(provenance or {})},
    )


def demonstrate(
    scene: Scene,
    seeds: Sequence[int],
    threads: int = 0,
    faults: Mapping[str, Any] | None = None,
    mistake: Mistake | None = None,
) -> Iterator[SimEpisode]:
    """Episodes of the scripted operator, one for each seed, in their order.

    Args:
        seeds: each is that of the draw and of the operator's own pauses and tremor.
        threads: of the simulation; the episodes do not depend on it.
        faults: ways in which the operator shall go wrong, see `Operator`.
        mistake: one of the scenario's own, see `read_mistakes`; it stands in the provenance of each episode.
    """
    from .operator import perform  # inverse kinematics is heavy to import, and judging does without

    for begin in range(0, len(seeds), AT_ONCE):
        chunk = list(seeds[begin : begin + AT_ONCE])
        draws = [drawing.draw(scene, seed) for seed in chunk]
        for done in perform(scene, draws, chunk, threads, faults, mistakes=[mistake] * len(chunk)):
            yield performed(scene, done)


def performed(scene: Scene, done: Performance) -> SimEpisode:
    """The record of what an operator did."""
    tasks = scene.config.tasks
    return SimEpisode(
        seed=done.seed,
        draw={"values": dict(done.draw.values), "task": done.draw.task, "redraws": list(done.draw.redraws)},
        config=resolved(scene),
        scenario_version=scene.version,
        fingerprint=scene.fingerprint,
        engine=f"mujoco {mujoco.__version__}",
        control_timestep=scene.control_timestep,
        n_substeps=scene.n_substeps,
        start_state=done.draw.start_state.copy(),
        actions=done.actions,
        action_names=scene.schema.action.names,
        states=done.observations,
        checkpoints=done.checkpoints,
        label={"success": done.success, "subgoals": dict(done.reached), "failure": done.failure},
        segments=[dict(s) for s in done.segments],
        task=dict(tasks[done.draw.task]) if tasks else {},
        scenario=scene.name,
        cell=scene.config.cell.id if scene.config.cell else None,
        provenance={
            "shiliu": __version__,
            "made_by": "scripted operator",
            **({"mistake": done.mistake} if done.mistake else {}),
            **({"gave_up": done.gave_up} if done.gave_up else {}),
        },
    )


def replayed(
    scene: Scene, episode: SimEpisode, draw: Draw, actions: np.ndarray, why: str, threads: int = 0
) -> SimEpisode:
    """The episode that other actions give from the same start; its label stays the one that the first was given."""
    take = Take(draw, np.ascontiguousarray(actions, np.float32))
    played = next(play(scene, [take], [checkpoints_of(scene, take.n_steps)], threads))
    made = episode_of(
        scene, draw, episode.seed, take.actions, played, episode.segments, {**episode.provenance, "made_by": why}
    )
    made.label = dict(episode.label)
    return made


def as_recording(name: str, episode: SimEpisode, scene: Scene) -> Recording:
    """An episode in memory as the recording that reading it from a dataset would give."""
    features = scene.schema.lerobot_features()
    n, fps = episode.n_steps, round(1.0 / episode.control_timestep)
    streams = {}
    for feature, values in {**episode.states, "action": episode.actions}.items():
        for stream in streams_of(feature, features[feature], np.asarray(values)[:n], grid_ns(n, fps)):
            streams[stream.name] = stream
    digest = hashlib.sha256(episode.actions.tobytes() + episode.start_state.tobytes()).hexdigest()
    return Recording(name, name, digest, "simulation", streams, episode.scenario, episode.cell, episode=episode)
