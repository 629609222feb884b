"""An episode of one copy of a scene: simulation, goal, force limits and reward, with nothing of Gymnasium.

It does what `Copies` does for n of them, on plain floats; a test holds the two against each other, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..scenarios.draws.variation import Draw
from ..scenarios.people.safety import Stopped
from ..scenarios.scene.scene import Scene
from ..scenarios.sensing.predicate import Force, Values
from ..scenarios.sensing.requests import Readings, Row
from ..scenarios.sensing.scalar_goal import ScalarGoal
from ..scenarios.sensing.temporal import Goal, GoalState
from ..scenarios.stepping import simulation
from ..scenarios.stepping.simulation import Simulation
from .reset_options import steps_at
from .reward import Reward


class StepResult(NamedTuple):
    """What one control period brought."""

    reward: float
    terminated: bool
    truncated: bool
    success: bool


class SavedEpisode(NamedTuple):
    """An episode at one moment."""

    draw: Draw
    simulation: simulation.SavedSimulation
    carry: GoalState
    reward: Any
    steps: int
    broken: tuple[str, ...]
    over: tuple[int, ...]


class One:
    """One copy of a scene, in an episode.

    Args:
        scene: what is simulated; reward: one of `reward.KINDS`.
        course: where only a part of the scene's goal is asked for.
        pace: times as long as the scripted operator that an episode may last, see `reset_options.steps_at`.

    Attributes:
        draw: of the episode, None before the first `begin`.
        steps: control steps taken in it.
        readings: (1, ·) of the last step.
    """

    def __init__(self, scene: Scene, reward: str, course: Goal | None = None, pace: float | str = 1.0):
        self.scene, self.course = scene, course or scene.course
        self.simulation = Simulation(scene, 1, layout=scene.task_layout)
        self.max_steps = steps_at(scene, pace)
        self.draw: Draw | None = None
        self.steps = 0
        self.readings: Readings | None = None
        self._follower, self._reward = ScalarGoal(self.course), Reward(scene, reward, self.course)
        # code, measure (None: that of the limit before it), what is too much, for how many control steps
        self._limits: list[tuple[str, Callable | None, float, int]] = []
        before: tuple | None = None
        for limit in scene.safety:
            asked = limit.predicate
            force = (asked.forces, asked.mean) if isinstance(asked, Force) else None
            value = None if force is not None and force == before else asked.value
            before = force
            self._limits.append((limit.code, value, limit.bound, limit.steps(scene.control_timestep)))
        self._of_forces = all(isinstance(limit.predicate, Force | Stopped) for limit in scene.safety)
        self._broken: list[str] = []
        self._over = [0] * len(self._limits)  # control steps in a row that each limit has been exceeded
        self._start: list[float] = []
        self._drawn: tuple[dict[str, Any], dict[str, Any]] = ({}, {})  # values and task of the draw

    def begin(self, draw: Draw) -> None:
        """Start an episode from a draw."""
        self._take(draw)
        self.readings = self.simulation.begin([draw])
        self._start = self.readings.start[0].tolist()
        row = self.readings.row(0, self._start)
        self._follower.begin()
        self._follower.advance(row)
        self._reward.begin(row, self._follower.done)
        self.steps, self._broken, self._over = 0, [], [0] * len(self._limits)

    def _take(self, draw: Draw) -> None:
        tasks = self.scene.config.tasks
        self.draw, self._drawn = draw, (dict(draw.values), dict(tasks[draw.task]) if tasks else {})

    def step(self, command: np.ndarray) -> StepResult:
        """Apply a command (1, nu), or (1, substeps, nu), for one control period."""
        self.readings = self.simulation.step(command)
        row, follower = self.readings.row(0, self._start), self._follower
        follower.advance(row)
        self.steps += 1
        if row.touching or not self._of_forces:
            self._watch(row)
        elif self._limits:
            self._over = [0] * len(self._limits)
        success = follower.success
        reward = self._reward.of_row(row, follower.done, success, follower.undone if follower.n_undone else ())
        terminated = success or follower.went_wrong or bool(self.simulation.unstable[0])
        return StepResult(reward, terminated, not terminated and self.steps >= self.max_steps, success)

    def _watch(self, row: Row) -> None:
        """Hold what was measured in the last control period against the limits."""
        measured: Values = 0.0
        for k, (code, value, bound, steps) in enumerate(self._limits):
            measured = measured if value is None else value(row)
            if not measured > bound:
                self._over[k] = 0
                continue
            self._over[k] += 1
            if self._over[k] >= steps and code not in self._broken:
                self._broken.append(code)

    @property
    def done(self) -> int:
        """Number of subgoals reached."""
        return self._follower.done

    def save(self) -> SavedEpisode:
        """Everything that the episode goes on from, to the bit."""
        assert self.draw is not None
        kept = self.simulation.save()
        return SavedEpisode(
            self.draw,
            kept,
            self._follower.carry(),
            self._reward.save(),
            self.steps,
            tuple(self._broken),
            tuple(self._over),
        )

    def restore(self, saved: SavedEpisode) -> None:
        """Go on from what was saved."""
        self._take(saved.draw)
        self.steps, self._broken, self._over = saved.steps, list(saved.broken), list(saved.over)
        self.readings = self.simulation.restore(saved.simulation)
        self._start = self.readings.start[0].tolist()
        self._follower.resume(saved.carry)
        self._reward.restore(saved.reward)

    def observe(self) -> dict[str, np.ndarray]:
        """Feature name -> (k,) float32."""
        assert self.readings is not None
        return self.scene.schema.observe(self.readings, 0)

    @property
    def unsafe(self) -> tuple[str, ...]:
        """Codes of the limits of force and speed that were broken in this episode, in the scenario's order."""
        return tuple(dict.fromkeys(limit[0] for limit in self._limits if limit[0] in self._broken))

    def failure(self, truncated: bool) -> str | None:
        """Code of what went wrong; the subgoal that was missed, or undone, once the time is over."""
        course, follower = self.course, self._follower
        if self.simulation.unstable[0]:
            return "unstable"
        if follower.went_wrong:
            return course.failure(follower.carry())
        return course.missed(follower.carry()) if truncated else None

    def _times(self, times: Sequence[float]) -> dict[str, float | None]:
        return {goal.name: None if t != t else t for goal, t in zip(self.course.subgoals, times)}

    def info(self, success: bool, truncated: bool = False) -> dict[str, Any]:
        """What is reported beside the observation."""
        follower = self._follower
        wrong = truncated or follower.went_wrong or self.simulation.unstable[0]
        fell = self.simulation.fell
        return {
            **({} if fell is None else {"fell": None if np.isnan(fell[0]) else float(fell[0])}),
            "success": success,
            "subgoals": self._times(follower.reached),
            "undone": self._times(follower.undone),
            "failure": self.failure(truncated) if wrong else None,
            "unsafe": self.unsafe if self._broken else (),
            "time": self.steps * self.scene.control_timestep,
            "draw": self._drawn[0].copy(),
            "task": self._drawn[1].copy(),
        }
