"""Demonstrations of the scripted operator, of a whole task or as far as one of its subgoals; each kept in a file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from shiliu.replay.operator.operator import Operator, Operators, longest
from shiliu.replay.recording.recording import SimEpisode
from shiliu.replay.rollout.observers import Moment, Observations, Tape
from shiliu.replay.rollout.rollout import Rollout, roll_out
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sensing.temporal import GoalState

FIRST = 1000  # seed of the first demonstration
AT_ONCE = 5  # performed side by side; what is broken off is performed again
TOO_LONG = 1.4  # times the median: who had to begin again shows a detour
MOST = 2  # seeds that are performed at most for each demonstration that is wanted


class TooFew(Exception):
    """So many demonstrations are not there."""


@dataclass(frozen=True)
class Demonstration:
    """What the operator saw and commanded until the last subgoal that is asked for.

    Attributes:
        success: whether that was reached, and nothing forbidden happened on the way.
        actions: (T, nu) float32; observed: feature name -> (T, k) float32, as the environment shows them.
        skills: (T,) the skill of each control step; begun: how many of the chain were begun, those that take no time too.
        failure: code of what went wrong, or None.
        qpos: (T, nq) float32 where everything was, for pictures; (0, 0) where it was not kept.
    """

    seed: int
    success: bool
    actions: np.ndarray
    observed: Mapping[str, np.ndarray]
    skills: np.ndarray
    begun: int
    failure: str | None
    qpos: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @property
    def sha256(self) -> str:
        """Of all that a policy learns from."""
        parts = [self.actions, *(self.observed[name] for name in sorted(self.observed))]
        return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


class AsFarAs:
    """Operators side by side, each as far as a subgoal; as far as they go where it is None."""

    def __init__(self, scene: Scene, operators: Operators, until: str | None):
        names = [subgoal.name for subgoal in scene.course.subgoals]
        self._operators, self._column = operators, None if until is None else names.index(until)

    def live(self, t: int, carry: GoalState, unstable: np.ndarray, live: np.ndarray) -> np.ndarray:
        going = self._operators.live(t, carry, unstable, live)
        return going if self._column is None else going[np.isnan(carry.reached[going, self._column])]

    def act(self, now: Moment) -> np.ndarray:
        return self._operators.act(now)

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return self._operators.of(i, steps)


def perform(scene: Scene, until: str | None, seeds: Sequence[int]) -> list[Demonstration]:
    """The operator in the draws of seeds, side by side on one thread."""
    draws = [draw(scene, seed) for seed in seeds]
    operators = Operators(
        scene, seeds, [Operator(scene, one, seed) for one, seed in zip(draws, seeds)], [None] * len(draws)
    )
    seen = Observations(scene, len(draws), longest(scene), clipped=True), Tape(scene, len(draws), longest(scene))
    return [
        _demonstration(scene, until, done)
        for done in roll_out(scene, draws, AsFarAs(scene, operators, until), seen, threads=1)
    ]


def of_episode(episode: SimEpisode, until: str | None) -> Demonstration:
    """What an episode of a set shows of a task, by its label: as far as the subgoal, all of it where that was not reached."""
    label, dt = episode.label, episode.control_timestep
    reached = label["success"] if until is None else label["subgoals"][until]
    steps = episode.n_steps if until is None or reached is None else min(round(reached / dt), episode.n_steps)
    begun = [one for one in episode.segments if one["t0"] < steps * dt]
    observed = {name: np.asarray(rows[:steps], np.float32) for name, rows in episode.states.items()}
    success = bool(reached is not None and reached is not False)
    skills, failure = _skills(begun, steps, dt), None if success else label["failure"]
    return Demonstration(episode.seed, success, episode.actions[:steps], observed, skills, len(begun), failure)


def usual(demonstrations: Sequence[Demonstration]) -> list[Demonstration]:
    """Those that succeed, without those that took unusually long."""
    done = [one for one in demonstrations if one.success]
    most = TOO_LONG * float(np.median([len(one.actions) for one in done])) if done else 0.0
    return [one for one in done if len(one.actions) <= most]


def _skills(segments: Sequence[Mapping[str, Any]], steps: int, dt: float) -> np.ndarray:
    """(steps,) the skill of each control step."""
    skills = np.full(steps, "", "<U32")
    for one in segments:
        skills[round(one["t0"] / dt) : round(one["t1"] / dt)] = one["skill"]
    return skills


def _demonstration(scene: Scene, until: str | None, done: Rollout) -> Demonstration:
    label, steps = done.label, len(done.actions)
    reached = label["success"] if until is None else label["subgoals"][until] is not None
    skills = _skills(done.segments, steps, scene.control_timestep)
    went_wrong = any(not np.isnan(one) for one in np.ravel(done.carry.failed))
    observed = {name: rows[:steps] for name, rows in done.observations.items()}
    assert done.seed is not None
    success = bool(reached and not went_wrong)
    failure = None if success else label["failure"]
    qpos = done.qpos[:steps].astype(np.float32)
    return Demonstration(done.seed, success, done.actions, observed, skills, len(done.segments), failure, qpos)


class Kept:
    """Demonstrations of a task in a folder, a file for each seed, in the order of the seeds."""

    def __init__(self, folder: Path, scene: Scene, until: str | None):
        self.folder, self.scene, self.until = folder, scene, until
        folder.mkdir(parents=True, exist_ok=True)

    def of(self, seeds: Sequence[int]) -> list[Demonstration]:
        """Those of seeds; what is not there is performed, and written whole or not at all."""
        missing = [seed for seed in seeds if not self._file(seed).is_file()]
        for k in range(0, len(missing), AT_ONCE):
            for one in perform(self.scene, self.until, missing[k : k + AT_ONCE]):
                self._write(one)
        return [self._read(seed) for seed in seeds]

    def first(self, n: int) -> list[Demonstration]:
        """The first n that succeed, of seeds from `FIRST` on, without those that took unusually long.

        Raises:
            TooFew: the operator fails so often that there are not so many.
        """
        found: list[Demonstration] = []
        for begin in range(0, MOST * n, AT_ONCE):
            found += self.of(range(FIRST + begin, FIRST + begin + AT_ONCE))
            chosen = usual(found)
            if len(chosen) >= n:
                return chosen[:n]
        raise TooFew(f"{self.scene.name}: {len(usual(found))} of {len(found)} demonstrations will do; {n} are wanted.")

    def _file(self, seed: int) -> Path:
        return self.folder / f"{seed}.npz"

    def _write(self, one: Demonstration) -> None:
        part = self._file(one.seed).with_suffix(".part.npz")
        label = json.dumps({"success": one.success, "failure": one.failure, "begun": one.begun})
        np.savez_compressed(part, label=label, actions=one.actions, skills=one.skills, qpos=one.qpos, **one.observed)
        os.replace(part, self._file(one.seed))

    def _read(self, seed: int) -> Demonstration:
        with np.load(self._file(seed)) as file:
            arrays = dict(file)
        label = json.loads(str(arrays.pop("label")))
        actions, skills, qpos = (arrays.pop(name) for name in ("actions", "skills", "qpos"))
        return Demonstration(seed=seed, actions=actions, observed=arrays, skills=skills, qpos=qpos, **label)
