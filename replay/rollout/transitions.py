"""An episode as the transitions that learners are fed: observations, rewards, whether it ended, and the physical state.

What a recording does not hold (rewards, the state at every step) comes from stepping it again through the one core; its
observations must come out as they were recorded, to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...envs.reward import Reward
from ...scenarios.scene import Scene
from ...scenarios.simulation import Simulation
from ..recording.recording import SimEpisode
from .reproduce import refuse_other, start_of


@dataclass(frozen=True)
class Transitions:
    """T transitions.

    Attributes:
        observations: feature name -> (T+1, k) float32, as the environment gives them.
        actions: (T, nu) float32, as applied.
        rewards: (T,) float64, of the environment.
        success: (T,) bool: the task is done after the action.
        states: (T+1, 1 + nq + nv) float64: time [s], qpos, qvel.
        terminated: whether the task was done, or had failed, at the end; otherwise the take was cut off.
    """

    observations: dict[str, np.ndarray]
    actions: np.ndarray
    rewards: np.ndarray
    success: np.ndarray
    states: np.ndarray
    terminated: bool


def transitions(scene: Scene, episode: SimEpisode, reward: str) -> Transitions:
    """Step an own episode again.

    Args:
        scene: the scene that it was made in.
        reward: `dense` or `sparse`, as of the environment.

    Raises:
        EpisodeError: the scene of today is another, or the episode comes out otherwise than it was recorded.
    """
    draw = start_of(scene, episode)
    n, model, schema = episode.n_steps, scene.model, scene.schema
    simulation, rewarded = Simulation(scene, 1), Reward(scene, reward)
    readings = simulation.begin([draw])
    carry = scene.course.advance(scene.course.begin(1), readings)
    rewarded.begin(readings, carry.stage)
    qpos, qvel = (simulation.live(name) for name in ("qpos", "qvel"))
    observations = {name: np.empty((n + 1, *f.shape), np.float32) for name, f in schema.observations.items()}
    states = np.empty((n + 1, 1 + model.nq + model.nv))
    rewards, success = np.empty(n), np.zeros(n, bool)
    for t in range(n + 1):
        if t:
            readings = simulation.step(episode.actions[None, t - 1])
            carry = scene.course.advance(carry, readings)
            done = scene.course.success(carry)
            rewards[t - 1], success[t - 1] = rewarded(readings, carry, done)[0], done[0]
        for name, value in schema.observe(readings).items():
            observations[name][t] = value[0]
        states[t, 0] = t * scene.control_timestep
        states[t, 1 : 1 + model.nq], states[t, 1 + model.nq :] = qpos[0], qvel[0]
    for name, values in observations.items():
        refuse_other(scene, episode, name, values)
    failed = bool(not np.isnan(carry.failed[0]).all() or simulation.unstable[0])
    return Transitions(observations, episode.actions, rewards, success, states, bool(success[-1:].any()) or failed)
