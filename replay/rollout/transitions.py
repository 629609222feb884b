"""An episode as the transitions that learners are fed: observations, rewards, whether it ended, and the physical state.

What a recording does not hold (rewards, the state at every step) comes from stepping it again through the one core; its
observations must come out as they were recorded, to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...envs.reward import Reward
from ...scenarios.scene.scene import Scene
from ..recording.recording import SimEpisode
from .observers import Moment, Observations
from .reproduce import refuse_other, start_of
from .rollout import Observer, RecordedPolicy, roll_out


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

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(a.nbytes for a in (*self.observations.values(), self.actions, self.rewards, self.success, self.states))


def transitions(scene: Scene, episode: SimEpisode, reward: str) -> Transitions:
    """Step an own episode again.

    Args:
        scene: the scene that it was made in.
        reward: `dense` or `sparse`, as of the environment.

    Raises:
        EpisodeError: the scene of today is another, or the episode comes out otherwise than it was recorded.
    """
    draw, n = start_of(scene, episode), episode.n_steps
    rewards = _Rewards(scene, reward, n)
    observers: list[Observer] = [Observations(scene, 1, n, clipped=True), rewards]
    (played,) = roll_out(scene, [draw], RecordedPolicy([episode.actions]), observers)
    for name, values in played.observations.items():
        refuse_other(scene, episode, name, values)
    failed = bool(not np.isnan(played.carry.failed[0]).all() or played.unstable_at is not None)
    ended = bool(rewards.success[-1:].any()) or failed
    return Transitions(played.observations, episode.actions, rewards.rewards, rewards.success, rewards.states, ended)


class _Rewards:
    """Rewards, success and physical states of one copy."""

    def __init__(self, scene: Scene, reward: str, steps: int):
        model = scene.model
        self.rewards, self.success = np.empty(steps), np.zeros(steps, bool)
        self.states = np.empty((steps + 1, 1 + model.nq + model.nv))
        self._scene, self._reward = scene, Reward(scene, reward)

    def note(self, now: Moment) -> None:
        t, nq = now.t, self._scene.model.nq
        if t:
            done = self._scene.course.success(now.carry)
            self.rewards[t - 1], self.success[t - 1] = self._reward(now.readings, now.carry, done)[0], done[0]
        else:
            self._reward.begin(now.readings, now.carry.done)
        self.states[t, 0] = t * self._scene.control_timestep
        self.states[t, 1 : 1 + nq], self.states[t, 1 + nq :] = (now.simulation.live(of)[0] for of in ("qpos", "qvel"))

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {}
