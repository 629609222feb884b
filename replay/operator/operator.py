"""The scripted operator: a scenario's skill chain, performed from readings, one action a control step.

It commands the 16 joints and two claws and nothing else. One operator drives one copy; any number run side by side with a
`Simulation` of as many copies, and each is the same to the bit whatever their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...scenarios.scene import Scene
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.temporal import GoalState
from ...scenarios.variation import Draw
from ...scenarios.variation import draw as draw_scene
from ..rollout.observers import FullStates, Moment, Observations, SafetyMeasures, Tape
from ..rollout.rollout import Observer, Rollout, roll_out
from .skills import registry
from .skills.body import Body, GivenUp, Motion
from .skills.reaching import beyond_reach
from .skills.skill import Skill, read_skills

if TYPE_CHECKING:
    from .mistakes import Mistake

AFTER = 0.5  # s, an episode goes on after its success
STREAM = 0x0F  # spawn key of the operator's own random numbers, apart from those of the draw


def read_chain(scene: Scene) -> list[Skill]:
    """The skill chain of a scene's YAML.

    Raises:
        ScenarioError: every unknown skill or argument, with file and line.
    """
    chain = list(read_skills(scene, registry()))
    scene.config.problems.stop(f"The skills of {scene.name!r}")
    return chain


class Operator:
    """Performs a skill chain on one copy of a scene.

    Args:
        scene, draw: what it works in.
        seed: of its pauses, tremor and scatter.
        skills: the chain; that of the scene's YAML where None.
        faults: ways in which it shall go wrong, for demonstrations that must fail:
            `skip` (a skill's word left out), `grip_force` (factor), `speed` (factor), `aim_offset` [m] (targets of placing and
            pressing are missed by so much). A scenario names its own as `mistakes`, see `read_mistakes`.

    Attributes:
        segments: `{"skill", "t0", "t1"}` [s] of the skills begun so far.
        done: whether the chain has ended.
        gave_up: which skill could not be done, and why: `grasp (skill 2): can.middle is 210 mm beyond the left arm's reach`.
    """

    def __init__(
        self,
        scene: Scene,
        draw: Draw,
        seed: int,
        skills: Sequence[Skill] | None = None,
        faults: Mapping[str, Any] | None = None,
    ):
        self.scene = scene
        self.body = Body(scene, draw, np.random.default_rng((seed, STREAM)), faults or {})
        self.skills = list(read_chain(scene) if skills is None else skills)
        self.segments: list[dict[str, Any]] = []
        self.done = False
        self.gave_up: str | None = None
        self._step = 0
        self._motion = self._perform()

    def _perform(self) -> Motion:
        for skill in self.skills:
            if skill.word == self.body.faults.get("skip"):
                continue
            self.segments.append({"skill": skill.word, "t0": self._step * self.scene.control_timestep, "t1": None})
            try:
                far = beyond_reach(skill, self.body)
                if far is not None:
                    raise GivenUp(far)
                yield from skill.run(self.body)
            except GivenUp as reason:
                self.body.given_up = str(reason)
            self.segments[-1]["t1"] = self._step * self.scene.control_timestep
            if self.body.given_up is not None:
                self.gave_up = f"{skill.word} (skill {len(self.segments)}): {self.body.given_up}"
                break
        self.done = True

    def act(self, readings: Readings, carry: GoalState) -> np.ndarray:
        """The action of this control step.

        Args:
            readings: of this copy alone, no leading axis.
            carry: the course's, one row.

        Returns:
            (nu,) float32.
        """
        self.body.see(readings, carry)
        if not self.done:
            next(self._motion, None)
        self.body.move_beside()
        self._step += 1
        return self.body.action()


class Operators:
    """The policy of operators side by side: each goes on until it has succeeded (and half a second more), failed, or run out
    of time.

    Args:
        scene: the scene; seeds, operators, mistakes: of each copy, the last None where no mistake is made on purpose.
    """

    def __init__(
        self, scene: Scene, seeds: Sequence[int], operators: Sequence[Operator], mistakes: Sequence[Mistake | None]
    ):
        self.scene, self._seeds, self._operators, self._mistakes = scene, seeds, operators, mistakes
        self._after = round(AFTER / scene.control_timestep)
        self._left = np.full(len(operators), longest(scene))  # control steps
        self._actions: list[list[np.ndarray]] = [[] for _ in operators]

    def live(self, t: int, carry: GoalState, unstable: np.ndarray, live: np.ndarray) -> np.ndarray:
        if not t:
            return live
        success, failed = self.scene.course.success(carry), ~np.isnan(carry.failed).all(axis=1)
        left, after = self._left, self._after
        left = np.where(success & (left > after), after + 1, left) - 1
        self._left = np.where((failed | unstable) & (left > after), after, left)
        return live[(self._left[live] > 0) & (t < longest(self.scene))]

    def act(self, now: Moment) -> np.ndarray:
        for i in map(int, now.live):
            action = self._operators[i].act(now.readings.rows(i), now.carry.rows(np.array([i])))
            self._actions[i].append(np.array(action, np.float32))
        return np.stack([self._actions[i][-1] for i in now.live])

    def of(self, i: int, steps: int) -> dict[str, Any]:
        operator, mistake = self._operators[i], self._mistakes[i]
        end = steps * self.scene.control_timestep
        return {
            "actions": np.array(self._actions[i], np.float32),
            "seed": self._seeds[i],
            "segments": [{**one, "t1": end if one["t1"] is None else one["t1"]} for one in operator.segments],
            "provenance": {
                "made_by": "scripted operator",
                **({"mistake": mistake.name} if mistake else {}),
                **({"gave_up": operator.gave_up} if operator.gave_up else {}),
            },
        }


def longest(scene: Scene) -> int:
    """Control steps of a scene's time limit."""
    return round(scene.config.time_limit / scene.control_timestep)


def perform(
    scene: Scene,
    draws: Sequence[Draw],
    seeds: Sequence[int],
    threads: int = 1,
    faults: Mapping[str, Any] | None = None,
    skills: Sequence[Skill] | None = None,
    mistakes: Sequence[Mistake | None] | None = None,
    judged: bool = False,
) -> list[Rollout]:
    """Let operators perform side by side, as `Operators` does, and keep what an episode holds.

    Args:
        scene: the scene; draws, seeds: one for each copy.
        threads: of the simulation; the result does not depend on it, nor on the number of copies.
        faults: as for `Operator`.
        skills: another chain than that of the YAML.
        mistakes: for each copy the mistake that is made on purpose, or None; they bring their own chains and faults.
        judged: keep what the judge looks at, too; the same numbers as its own replay gives.
    """
    n, rows = len(draws), longest(scene)
    wrong = list(mistakes) if mistakes is not None else [None] * n
    operators = [
        Operator(scene, draw, seed, skills, faults)
        if mistake is None
        else Operator(scene, draw, seed, mistake.chain(), mistake.faults)
        for draw, seed, mistake in zip(draws, seeds, wrong)
    ]
    observers: list[Observer] = [
        Observations(scene, n, rows),
        SafetyMeasures(scene, n, rows),
        FullStates.each_second(scene),
    ]
    if judged:
        observers.append(Tape(scene, n, rows))
    return roll_out(scene, draws, Operators(scene, seeds, operators, wrong), observers, threads)


def record_episode(scene: Scene, seed: int, faults: Mapping[str, Any] | None = None) -> Rollout:
    """Draw a copy from a seed and let the operator of that seed perform on it."""
    return perform(scene, [draw_scene(scene, seed)], [seed], faults=faults)[0]
