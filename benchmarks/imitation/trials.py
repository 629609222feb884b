"""Policies tried in draws that they have not seen; beside them the operator, who does nothing, and the nearest demonstration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from shiliu.envs.episodes import Copies
from shiliu.envs.reset_options import course_until
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.scene.scene import Scene

from .demonstrations import Demonstration, Kept
from .task import AROUND, Task
from .training import Frames, Policy

FIRST = 30000  # seed of the first unseen start
SLOWER = 1.5  # times the longest demonstration: the time that a trial is given


@dataclass(frozen=True)
class Trial:
    """One unseen start.

    Attributes:
        success: of the environment; failure: its code, or None.
        skill: what the operator does in the frame of a demonstration that is nearest to where it ended, where it failed.
        steps: control steps that it took.
    """

    seed: int
    success: bool
    failure: str | None
    skill: str | None
    steps: int


class Commander(Protocol):
    """Who commands copies side by side."""

    def command(self, t: int, observed: Mapping[str, np.ndarray], live: np.ndarray) -> np.ndarray:
        """(len(live), nu) float32 at control step t; observations (n, k) of all copies."""
        ...


class Sighted(Commander, Protocol):
    """Who looks at pictures, too."""

    def look_at(self, copies: Copies) -> None:
        """Episodes begin; what is commanded from now on is for these."""
        ...


class Nothing:
    """Holds the robot where it begins."""

    def __init__(self, scene: Scene):
        self._still = scene.ready_ctrl[: scene.n_actions].astype(np.float32)

    def command(self, t: int, observed: Mapping[str, np.ndarray], live: np.ndarray) -> np.ndarray:
        return np.tile(self._still, (len(live), 1))


class Nearest:
    """Repeats the demonstration with the nearest start, as it was commanded."""

    def __init__(self, demonstrations: Sequence[Demonstration]):
        self._shown = demonstrations
        self._starts = np.stack([one.observed[AROUND][0] for one in demonstrations])
        self._spread = self._starts.std(axis=0) + 1e-6
        self._chosen = np.zeros(0, int)

    def command(self, t: int, observed: Mapping[str, np.ndarray], live: np.ndarray) -> np.ndarray:
        if t == 0:
            away = (observed[AROUND][:, None] - self._starts) / self._spread
            self._chosen = (away**2).sum(axis=-1).argmin(axis=1)
        return np.stack([_row(self._shown[k].actions, t) for k in self._chosen[live]])


class Cloned:
    """A policy that is asked every `done` control steps."""

    def __init__(self, policy: Policy):
        self._policy, self._done = policy, policy.training.done
        self._chunk = np.zeros(0)

    def command(self, t: int, observed: Mapping[str, np.ndarray], live: np.ndarray) -> np.ndarray:
        task = self._policy.task
        if t % self._done == 0:
            chunk = self._policy.chunk({name: values[live] for name, values in observed.items()})
            self._chunk = np.zeros((len(next(iter(observed.values()))), *chunk.shape[1:]), np.float32)
            self._chunk[live] = chunk
        action = np.tile(task.rest, (len(live), 1))
        action[:, task.used] = self._chunk[live, t % self._done]
        return action


def attempt(
    task: Task,
    who: Commander | Sighted,
    seeds: Sequence[int],
    seconds: float,
    frames: Frames | None = None,
    threads: int = 1,
) -> tuple[list[Trial], float]:
    """Trials side by side, and the share of commands that lay outside the action space and were clipped.

    It is the environment `shiliu/<Scenario>-v1` with `until`, seeded with each seed. One thing differs: a copy stands still after
    the end of its episode. The numbers depend neither on threads nor on how many there are.

    Args:
        seconds: that each is given; frames: of the demonstrations, to say by skill where it failed.
    """
    scene, n = task.scene, len(seeds)
    pace = seconds / scene.config.time_limit
    copies = Copies(scene, n, "sparse", threads, course_until(scene, task.until), pace)
    copies.begin([draw(scene, np.random.default_rng(seed)) for seed in seeds])
    if hasattr(who, "look_at"):
        who.look_at(copies)
    low, high = scene.schema.action.bounds
    live, clipped, commands = np.arange(n), 0, 0
    success, failure, steps, last = [False] * n, [None] * n, [0] * n, {}
    for t in range(copies.max_steps):
        observed = copies.observe()
        action = who.command(t, observed, live)
        inside = np.clip(action, low, high)
        clipped, commands = clipped + int((action != inside).any(axis=1).sum()), commands + len(live)
        out = copies.step(inside, None if len(live) == n else live)
        ends = live[(out.terminated | out.truncated)[live]]
        if len(ends):
            seen = copies.observe()
            for i in ends.tolist():
                success[i], steps[i] = bool(out.success[i]), t + 1
                failure[i] = None if success[i] else copies.failure(i, bool(out.truncated[i]))
                last[i] = {name: values[i] for name, values in seen.items()}
            live = np.setdiff1d(live, ends)
        if not len(live):
            break
    skills: list[str | None] = [None] * n
    failed = [i for i in range(n) if not success[i]]
    if frames is not None and failed:
        at = {name: np.stack([last[i][name] for i in failed]) for name in last[failed[0]]}
        for i, skill in zip(failed, nearest_skill(task, frames, at)):
            skills[i] = skill
    trials = [Trial(seed, success[i], failure[i], skills[i], steps[i]) for i, seed in enumerate(seeds)]
    return trials, clipped / max(1, commands)


def nearest_skill(task: Task, frames: Frames, observed: Mapping[str, np.ndarray]) -> list[str]:
    """What the operator does in the demonstrations' frame that is nearest to each of the observations (n, k)."""
    known = np.concatenate(task.groups(frames.observed, frames.poses)[1:], axis=1)  # poses; not speeds and efforts
    spread = known.std(axis=0) + 1e-3
    here = np.concatenate(task.groups(observed, task.poses(observed))[1:], axis=1)
    return [str(frames.skills[(((known - one) / spread) ** 2).sum(axis=1).argmin()]) for one in here]


def operated(kept: Kept, seeds: Sequence[int]) -> list[Trial]:
    """The scripted operator in the same draws, as far as the same subgoal."""
    return [
        Trial(one.seed, one.success, one.failure, None if one.success else str(one.skills[-1]), len(one.actions))
        for one in kept.of(seeds)
    ]


def summary(trials: Sequence[Trial]) -> dict[str, Any]:
    """What a row of the table holds: the seeds that failed, how, and in which skill."""
    failed = [one for one in trials if not one.success]
    return {
        "n": len(trials),
        "successes": len(trials) - len(failed),
        "failed": [one.seed for one in failed],
        "failures": dict(sorted(Counter(str(one.failure) for one in failed).items())),
        "skills": dict(sorted(Counter(one.skill for one in failed if one.skill).items())),
        "steps": sum(one.steps for one in trials),
    }


def bytes_of(trials: Sequence[Trial]) -> bytes:
    """All that came of the trials, for a digest."""
    return repr([asdict(one) for one in trials]).encode()


def _row(rows: np.ndarray, t: int) -> np.ndarray:
    row: np.ndarray = rows[min(t, len(rows) - 1)]
    return row
