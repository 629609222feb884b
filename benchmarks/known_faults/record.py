"""Faults of the record of a simulation: what a recorder, a converter or an editor does to it afterwards."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
from shiliu.replay.recording.recording import SimEpisode
from shiliu.replay.rollout.episode import as_recording

from .fault import FaultMark, Work


def _changed(work: Work) -> SimEpisode:
    """The episode of the record as a copy that may be changed; `_keep` puts it back."""
    episode = work.record.episode
    assert episode is not None
    return dataclasses.replace(
        episode, actions=episode.actions.copy(), states={k: v.copy() for k, v in episode.states.items()},
        provenance=copy.deepcopy(episode.provenance),
    )  # fmt: skip


def _keep(work: Work, episode: SimEpisode) -> None:
    work.recording = as_recording(work.record.name, episode, work.context.scene)


def degrees(work: Work, size: float) -> FaultMark:
    """The recorder writes the joints' commands in degrees."""
    episode = _changed(work)
    joints = len(work.context.scene.robot.joint_names)
    episode.actions[:, :joints] = np.degrees(episode.actions[:, :joints])
    _keep(work, episode)
    return FaultMark(0.0, episode.duration_s)


def lost_numbers(work: Work, size: float) -> FaultMark:
    """Some commands of one joint are not numbers."""
    episode = _changed(work)
    first = int(work.rng.integers(30, episode.n_steps - 60))
    last = first + int(work.rng.integers(1, 12))
    name = str(work.rng.choice(work.context.scene.robot.arm_names))
    episode.actions[first:last, work.column(name)] = np.nan
    _keep(work, episode)
    dt = episode.control_timestep
    return FaultMark(first * dt, (last - 1) * dt, (name,))


def edited(work: Work, size: float) -> FaultMark:
    """One recorded state of the robot is changed by hand, by `size` x 1e-6 rad or by what float32 can tell, if more."""
    episode = _changed(work)
    state = episode.states["observation.state"]
    row, column = int(work.rng.integers(30, len(state) - 30)), int(work.rng.integers(14))
    before = state[row, column]
    after = np.float32(before + size * 1e-6)
    state[row, column] = after if after != before else np.nextafter(before, np.float32(np.inf))
    _keep(work, episode)
    dt = episode.control_timestep
    return FaultMark(row * dt, row * dt)


def shifted(work: Work, size: float) -> FaultMark:
    """Commands stand one to five rows later than the states that they led to."""
    episode = _changed(work)
    by = int(work.rng.integers(1, 6))
    moved = np.concatenate([np.repeat(episode.actions[:1], by, axis=0), episode.actions[:-by]])
    first = int((moved != episode.actions).any(axis=1).argmax())
    episode.actions[:] = moved
    _keep(work, episode)
    dt = episode.control_timestep
    return FaultMark((first + 1) * dt, episode.duration_s)  # an action shows in the state after it
