"""Episodes of n copies of a scene side by side: simulation, goal, force limits and reward, with nothing of Gymnasium.

The vector environment stands on it. The single environment does the same for one copy (`env_episode.py`), with the same simulation,
predicates and reward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..scenarios.draws.variation import Draw
from ..scenarios.people.safety import Watch
from ..scenarios.scene.scene import Scene
from ..scenarios.sensing.requests import Readings
from ..scenarios.sensing.temporal import Goal, GoalState
from ..scenarios.stepping.simulation import Simulation
from .reset_options import steps_at
from .reward import Reward


@dataclass
class Outcome:
    """What one control period brought, (n,) each."""

    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    success: np.ndarray


class Copies:
    """n copies of a scene, each in an episode of its own.

    Args:
        scene: what is simulated; n: how many; reward: `dense` or `sparse`; threads: of the simulation, which does not
            depend on them; course: where only a part of the scene's goal is asked for; pace: see `reset_options.steps_at`.

    Attributes:
        draws: of each copy, None before its first `begin`.
        steps: (n,) control steps taken in each episode.
        broken: (n, nlimit) which limits of force and speed each episode has broken so far.
    """

    def __init__(
        self, scene: Scene, n: int, reward: str, threads: int = 1, course: Goal | None = None, pace: float | str = 1.0
    ):
        self.scene, self.n, self.course = scene, n, course or scene.course
        self.simulation = Simulation(scene, n, threads, scene.task_layout)
        self.max_steps = steps_at(scene, pace)
        self.draws: list[Draw | None] = [None] * n
        self.steps = np.zeros(n, int)
        self.broken = np.zeros((n, len(scene.safety)), bool)
        self._watch = Watch(scene.safety, scene.control_timestep, n)
        self._reward = Reward(scene, reward, self.course)
        self._codes = tuple(limit.code for limit in scene.safety)
        self.carry: GoalState | None = None
        self.readings: Readings | None = None

    def begin(self, draws: Sequence[Draw], ids: np.ndarray | None = None) -> None:
        """Start episodes from draws, one for each of `ids` (all copies where None)."""
        course, rows = self.course, np.arange(self.n) if ids is None else ids
        whole = len(rows) == self.n
        for i, draw in zip(rows, draws):
            self.draws[i] = draw
        self.readings = self.simulation.begin(draws, None if whole else rows.tolist())
        begun = self.readings if whole else self.readings.rows(rows)
        carry = course.advance(course.begin(len(rows)), begun)
        self._reward.begin(begun, carry.done, None if whole else rows)
        self.carry = carry if whole or self.carry is None else self.carry.with_rows(rows, carry)
        self.steps[rows], self.broken[rows] = 0, False
        self._watch.begin(rows)

    def step(self, action: np.ndarray, ids: np.ndarray | None = None) -> Outcome:
        """Apply an action (n, nu) for one control period, or one (len(ids), nu) to some of the copies.

        Returns:
            The outcome of all; rows of copies that were not advanced mean nothing.
        """
        assert self.carry is not None
        course, readings = self.course, self.simulation.step(action, ids)
        self.readings, self.carry = readings, course.advance(self.carry, readings)
        rows = slice(None) if ids is None else ids
        self.steps[rows] += 1
        if self.scene.safety:
            self.broken[rows] |= self._watch.see(self._watch.values(readings)[rows], rows)
        success = course.success(self.carry)
        reward = self._reward(readings, self.carry, success)
        terminated = success | ~np.isnan(self.carry.failed).all(axis=1) | self.simulation.unstable
        return Outcome(reward, terminated, ~terminated & (self.steps >= self.max_steps), success)

    def observe(self) -> dict[str, np.ndarray]:
        """Feature name -> (n, k) float32."""
        assert self.readings is not None
        return self.scene.schema.observe(self.readings)

    def unsafe(self, i: int) -> tuple[str, ...]:
        """Codes of the limits of force and speed that copy i has broken in this episode."""
        return tuple(dict.fromkeys(code for code, broken in zip(self._codes, self.broken[i]) if broken))

    def failure(self, i: int, truncated: bool) -> str | None:
        """Code of what went wrong with copy i; the subgoal that was missed, or undone, once its time is over."""
        assert self.carry is not None
        code = "unstable" if self.simulation.unstable[i] else self.course.failure(self.carry, i)
        return self.course.missed(self.carry, i) if truncated and code is None else code
