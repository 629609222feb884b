"""The scripted operator: a scenario's skill chain, performed from readings, one action a control step.

It commands the arms, the neck, both hands and a base that moves, and nothing else. One operator drives one copy; any number run
side by side with a `Simulation` of as many copies, and each is the same to the bit whatever their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.scene.scene import Scene
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.temporal import GoalState
from ..recording.recording import SimEpisode
from ..rollout.nearest import MissedSteps
from ..rollout.observers import FullStates, Moment, Observations, SafetyMeasures
from ..rollout.performed import performance_observers
from ..rollout.rollout import Mark, Observer, Rollout, roll_out
from .memory import CannotKeep, recall, remember
from .mistakes import Mistake
from .operator_state import OperatorState
from .planning.reaching import beyond_reach
from .skills import registry
from .words.chain import read_skills
from .words.reason import GivenUp, gave_up_at
from .words.skill import Motion, Skill

AFTER = 0.5  # s, an episode goes on after its success
AFTER_GIVING_UP = 1.0  # s, and after a skill that could not be done: time enough to see how things lie
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
            `skip` (a skill left out, by its name), `grip_force` (factor), `speed` (factor), `aim_offset` [m] (targets of placing and
            pressing are missed by so much, to the left), `aim_ahead` [m] (ahead), `near_people` (factor on the speed beside people).
            A scenario names its own as `mistakes`, see `read_mistakes`.
        on_purpose: whether its chain is one that shall fail; with faults it is.

    Attributes:
        segments: `{"skill", "t0", "t1"}` [s] of the skills begun so far.
        done: whether the chain has ended.
        gave_up: which skill could not be done, and why, as `words.reason.gave_up_at` says it.
        between: where `keeps` is set, what it goes on from before each skill begun since the last `act` began, see `go_on`.
    """

    def __init__(
        self,
        scene: Scene,
        draw: Draw,
        seed: int,
        skills: Sequence[Skill] | None = None,
        faults: Mapping[str, Any] | None = None,
        keeps: bool = False,
        on_purpose: bool = False,
    ):
        self.scene = scene
        self._keeps = keeps
        self.state = OperatorState(scene, draw, np.random.default_rng((seed, STREAM)), faults or {})
        self.state.on_purpose |= on_purpose
        self.skills = list(read_chain(scene) if skills is None else skills)
        self.segments: list[dict[str, Any]] = []
        self.done = False
        self.gave_up: dict[str, Any] | None = None
        self.between: list[dict[str, Any]] = []
        self._step = 0
        self._motion = self._perform(1)

    def _perform(self, first: int) -> Motion:
        for number, skill in enumerate(self.skills[first - 1 :], first):
            if self.state.faults.get("skip") == skill.name:
                continue
            if skill.only_if and not self.state.senses.happened(skill.only_if):
                continue
            if self._keeps:
                self._keep(number)
            after = self.skills[number] if number < len(self.skills) else None
            self.state.walks_on = after is not None and after.name == "walk" and not after.only_if
            self.segments.append({"skill": skill.name, "t0": self._step * self.scene.control_timestep, "t1": None})
            try:
                far = beyond_reach(skill, self.state)
                if far is not None:
                    raise GivenUp(far)
                self.state.begin(skill)
                yield from skill.run(self.state)
            except GivenUp as reason:
                self.state.given_up = reason.args[0]
            self.segments[-1]["t1"] = self._step * self.scene.control_timestep
            if self.state.given_up is not None:
                self.gave_up = gave_up_at(skill.name, number, self.state.given_up)
                break
        self.done = True

    def _keep(self, number: int) -> None:
        """Note what it goes on from before a skill, unless a motion is under way beside the skills, or something is on a link."""
        if not self.scene.config.link.local:
            return
        try:
            kept = remember(self.state)
        except CannotKeep:
            return
        self.between.append({"number": number, "segments": [dict(one) for one in self.segments], "state": kept})

    def go_on(self, before: Mapping[str, Any], step: int) -> None:
        """Begin with a skill of the chain as if those before it had just been done.

        Args:
            before: one of `between`; step: the control step at which it was kept.
        """
        recall(self.state, before["state"])
        self.segments = [dict(one) for one in before["segments"]]
        self._step, self._motion = step, self._perform(before["number"])

    def act(self, readings: Readings, carry: GoalState) -> np.ndarray:
        """The action of this control step.

        Args:
            readings: of this copy alone, no leading axis.
            carry: the course's, one row.

        Returns:
            (nu,) float32.
        """
        self.between.clear()
        self.state.see(readings, carry)
        if not self.done:
            next(self._motion, None)
        self.state.move_beside()
        self._step += 1
        return self.state.action()


def _awaited(carry: GoalState) -> np.ndarray:
    """(n,) control steps for which the subgoal that each copy waits for has held so far."""
    held = np.pad(carry.held, ((0, 0), (0, 1)))  # where all are reached, none is waited for
    awaited: np.ndarray = held[np.arange(len(held)), carry.done]
    return awaited


class Operators:
    """The policy of operators side by side: each goes on until it has succeeded (and half a second more), failed, given up (and a
    second more, unless the next step of the goal holds just then), or run out of time.

    One that goes wrong on purpose is given its time: what a mistake brings about may come later than where the chain ends.

    Args:
        scene: the scene; seeds, operators, mistakes: of each copy, the last None where no mistake is made on purpose.
    """

    def __init__(
        self, scene: Scene, seeds: Sequence[int], operators: Sequence[Operator], mistakes: Sequence[Mistake | None]
    ):
        self.scene, self._seeds, self._operators, self._mistakes = scene, seeds, operators, mistakes
        self._after = round(AFTER / scene.control_timestep)
        self._after_giving_up = round(AFTER_GIVING_UP / scene.control_timestep)
        self._left = np.full(len(operators), longest(scene))  # control steps
        self._actions: list[list[np.ndarray]] = [[] for _ in operators]
        self._marks: list[list[Mark]] = [[] for _ in operators]
        self._begin = 0

    def go_on(self, mark: Mark, actions: np.ndarray) -> None:
        """Begin at a mark of an earlier rollout, every copy the same; actions (t, nu) are those that led there."""
        self._begin = mark.t
        self._left[:] = mark.policy["left"]
        for operator, sent in zip(self._operators, self._actions):
            operator.go_on(mark.policy, mark.t)
            sent.extend(actions)

    def live(self, t: int, carry: GoalState, unstable: np.ndarray, live: np.ndarray) -> np.ndarray:
        if t == self._begin:
            return live
        success, failed = self.scene.course.success(carry), ~np.isnan(carry.failed).all(axis=1)
        left, after = self._left, self._after
        left = np.where(success & (left > after), after + 1, left) - 1
        left = np.where((failed | unstable) & (left > after), after, left)
        gave_up = np.array([self._gave_up(i) for i in range(len(left))]) & (_awaited(carry) == 0)
        self._left = np.where(gave_up & (left > self._after_giving_up), self._after_giving_up, left)
        return live[(self._left[live] > 0) & (t < longest(self.scene))]

    def _gave_up(self, i: int) -> bool:
        operator = self._operators[i]
        return operator.gave_up is not None and not operator.state.on_purpose

    def act(self, now: Moment) -> np.ndarray:
        for i in map(int, now.live):
            carry = now.carry.rows(np.array([i]))
            action = self._operators[i].act(now.readings.rows(i), carry)
            self._actions[i].append(np.array(action, np.float32))
            for between in self._operators[i].between:
                saved = now.simulation.save(i)
                policy = {**between, "left": int(self._left[i])}
                self._marks[i].append(Mark(now.t, saved.state, saved.trace, saved.start, carry, policy))
        return np.stack([self._actions[i][-1] for i in now.live])

    def of(self, i: int, steps: int) -> dict[str, Any]:
        operator, mistake = self._operators[i], self._mistakes[i]
        end = steps * self.scene.control_timestep
        return {
            "actions": np.array(self._actions[i], np.float32),
            "seed": self._seeds[i],
            "segments": [{**one, "t1": end if one["t1"] is None else one["t1"]} for one in operator.segments],
            "marks": self._marks[i],
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
    keeps: bool = False,
    beside: Sequence[Observer] = (),
) -> list[Rollout]:
    """Let operators perform side by side, as `Operators` does, and keep what an episode holds.

    Args:
        scene: the scene; draws, seeds: one for each copy.
        threads: of the simulation; the result does not depend on it, nor on the number of copies.
        faults: as for `Operator`.
        skills: another chain than that of the YAML.
        mistakes: for each copy the mistake that is made on purpose, or None; they bring their own chains and faults.
        judged: keep what the judge looks at, too; the same numbers as its own replay gives.
        keeps: keep marks before the skills, from which `perform_from` goes on.
        beside: others that look on.
    """
    n, rows = len(draws), longest(scene)
    wrong = list(mistakes) if mistakes is not None else [None] * n
    operators = [
        Operator(scene, draw, seed, skills, faults, keeps)
        if mistake is None
        else Operator(scene, draw, seed, mistake.chain(), mistake.faults, keeps, on_purpose=True)
        for draw, seed, mistake in zip(draws, seeds, wrong)
    ]
    observers = [*performance_observers(scene, n, rows, judged), *beside]
    return roll_out(scene, draws, Operators(scene, seeds, operators, wrong), observers, threads)


def perform_from(
    scene: Scene,
    episode: SimEpisode,
    mark: Mark,
    safety: Mapping[str, np.ndarray],
    mistake: Mistake | None = None,
) -> Rollout:
    """Go on with a demonstration from before one of its skills.

    Args:
        scene: that it was performed in; the skills from there on may be others now.
        episode: the demonstration, of which what came before the mark is kept; mark, safety: of its rollout.
        mistake: the one that is made on purpose.

    Returns:
        The whole of it. Where nothing has changed since, the same to the bit as the first time.
    """
    values = {key: float(value) for key, value in episode.draw["values"].items()}
    draw = Draw(
        values, int(episode.draw["task"]), scene.compile(values), episode.start_state, tuple(episode.draw["redraws"])
    )
    chain, faults = (None, None) if mistake is None else (mistake.chain(), mistake.faults)
    operator = Operator(scene, draw, episode.seed, chain, faults, keeps=True, on_purpose=mistake is not None)
    operators = Operators(scene, [episode.seed], [operator], [mistake])
    operators.go_on(mark, episode.actions[: mark.t])
    seen, measures = Observations(scene, 1, longest(scene)), SafetyMeasures(scene, 1, longest(scene))
    states = FullStates.each_second(scene)
    seen.put(0, {name: rows[: mark.t] for name, rows in episode.states.items()})
    measures.put(0, {name: values[: mark.t] for name, values in safety.items()})
    states.put(0, {t: state for t, state in episode.checkpoints.items() if t < mark.t})
    observers: list[Observer] = [seen, measures, states, MissedSteps(scene.course, 1)]
    (done,) = roll_out(scene, [draw], operators, observers, begin=[mark])
    return done
