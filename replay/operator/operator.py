"""The scripted operator: a scenario's skill chain, performed from readings, one action a control step.

It commands the 16 joints and two claws and nothing else. One operator drives one copy; any number run side by side with a
`Simulation` of as many copies, and each is the same to the bit whatever their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...scenarios.safety import Watch
from ...scenarios.scene import Scene
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.temporal import Carry
from ...scenarios.simulation import Simulation
from ...scenarios.variation import Draw
from ...scenarios.variation import draw as draw_scene
from ..rollout.rollout import Played, Tape
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

    def act(self, readings: Readings, carry: Carry) -> np.ndarray:
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


@dataclass
class Performance:
    """What one operator did.

    Attributes:
        seed, draw: of the copy.
        actions: (T, nu) float32 as applied.
        observations: feature name -> (T + 1, k) float32.
        checkpoints: control step -> (nstate,) float64 state before that step's action; step 0 and each whole second.
        segments: skills with their times.
        reached: subgoal -> time [s] or None.
        success: whether the course was passed without a failure mode.
        failure: code of what went wrong (`scenario.<never>`, `replay.goal:<subgoal>`, `unstable`), None on success.
        peaks: name of a force limit -> largest force [N]; unsafe: codes of those that were broken, in the order of time.
        mistake: name of the mistake that was made on purpose.
        played: what the judge would note while it plays the actions again, where it was asked for.
        gave_up: which skill could not be done, and why, as `Operator.gave_up`; None where the chain went through.
    """

    seed: int
    draw: Draw
    actions: np.ndarray
    observations: dict[str, np.ndarray]
    checkpoints: dict[int, np.ndarray]
    segments: list[dict[str, Any]]
    reached: dict[str, float | None]
    success: bool
    failure: str | None
    peaks: dict[str, float] = field(default_factory=dict)
    unsafe: tuple[str, ...] = ()
    mistake: str | None = None
    played: Played | None = None
    gave_up: str | None = None


def perform(
    scene: Scene,
    draws: Sequence[Draw],
    seeds: Sequence[int],
    threads: int = 1,
    faults: Mapping[str, Any] | None = None,
    observe: bool = True,
    skills: Sequence[Skill] | None = None,
    mistakes: Sequence[Mistake | None] | None = None,
    note: bool = False,
) -> list[Performance]:
    """Let operators perform side by side until each has succeeded (and half a second more), failed, or run out of time.

    Args:
        scene: the scene; draws, seeds: one for each copy.
        threads: of the simulation; the result does not depend on it, nor on the number of copies.
        faults: as for `Operator`.
        observe: keep the observations (False saves memory where only the outcome counts).
        skills: another chain than that of the YAML.
        mistakes: for each copy the mistake that is made on purpose, or None; they bring their own chains and faults.
        note: keep what the judge looks at, see `Performance.played`; the same numbers as its own replay gives.
    """
    n = len(draws)
    wrong = list(mistakes) if mistakes is not None else [None] * n
    sim = Simulation(scene, n, threads)
    readings = sim.begin(list(draws))
    course, steps = scene.course, round(scene.config.time_limit / scene.control_timestep)
    per_second, after = round(1.0 / scene.control_timestep), round(AFTER / scene.control_timestep)
    carry = course.advance(course.begin(n), readings)
    operators = [
        Operator(scene, draw, seed, skills, faults)
        if mistake is None
        else Operator(scene, draw, seed, mistake.chain(), mistake.faults)
        for draw, seed, mistake in zip(draws, seeds, wrong)
    ]
    actions: list[list[np.ndarray]] = [[] for _ in range(n)]
    seen: list[list[dict[str, np.ndarray]]] = [[] for _ in range(n)]
    checkpoints: list[dict[int, np.ndarray]] = [{} for _ in range(n)]
    left = np.full(n, steps)
    peaks, broken = np.zeros((n, len(scene.safety))), np.full((n, len(scene.safety)), np.nan)
    watch = Watch(scene.safety, scene.control_timestep, n)
    live = np.arange(n)
    last_action = np.tile(np.asarray(scene.ready_ctrl, np.float32), (n, 1))

    def keep(ids: np.ndarray) -> None:
        if observe:
            rows = scene.schema.record(readings.rows(ids))
            for k, i in enumerate(ids):
                seen[i].append({name: values[k] for name, values in rows.items()})

    keep(live)
    tape = Tape(scene, sim, steps) if note else None
    if tape is not None:
        tape.note(0, readings, carry, live)
    final: dict[int, Carry] = {}
    for t in range(steps):
        for i in map(int, live):
            if t % per_second == 0:
                checkpoints[i][t] = sim.state_of(i)
            last_action[i] = operators[i].act(readings.rows(i), carry.rows(np.array([i])))
            actions[i].append(last_action[i].copy())
        readings = sim.step(last_action) if len(live) == n else sim.step(last_action[live], live)
        carry = course.advance(carry, readings)
        keep(live)
        values = watch.values(readings)[live]
        peaks[live] = np.maximum(peaks[live], values)
        broken[live] = np.where(watch.see(values, live) & np.isnan(broken[live]), t, broken[live])
        success, failed = course.success(carry), ~np.isnan(carry.failed).all(axis=1)
        left = np.where(success & (left > after), after + 1, left) - 1
        left = np.where((failed | sim.unstable) & (left > after), after, left)
        over = [int(i) for i in live if left[i] <= 0 or t == steps - 1]
        for i in over:
            final[i] = carry.rows(np.array([i]))
        live = np.array([i for i in live if int(i) not in final], int)
        if tape is not None:
            tape.note(t + 1, readings, carry, live if (t + 1) % per_second == 0 else ())
        if not len(live):
            break
    unstable = sim.unstable
    return [
        _performance(
            scene,
            seeds[i],
            draws[i],
            actions[i],
            seen[i],
            checkpoints[i],
            operators[i].segments,
            final[i],
            bool(unstable[i]),
            peaks[i],
            broken[i],
            wrong[i],
            None if tape is None else tape.played(i, len(actions[i]), final[i]),
            operators[i].gave_up,
        )
        for i in range(n)
    ]


def _performance(
    scene: Scene,
    seed: int,
    draw: Draw,
    actions: list[np.ndarray],
    seen: list[dict[str, np.ndarray]],
    checkpoints: dict[int, np.ndarray],
    segments: list[dict[str, Any]],
    carry: Carry,
    unstable: bool,
    peaks: np.ndarray,
    broken: np.ndarray,
    mistake: Mistake | None,
    played: Played | None,
    gave_up: str | None,
) -> Performance:
    end = len(actions) * scene.control_timestep
    segments = [{**s, "t1": end if s["t1"] is None else s["t1"]} for s in segments]
    names = [s.name for s in scene.goal]
    reached = {name: None if np.isnan(t) else float(t) for name, t in zip(names, carry.reached[0])}
    success = bool(scene.course.success(carry)[0])
    failure = "unstable" if unstable else None
    if failure is None and not success:
        failure = scene.course.failure(carry) or scene.course.missed(carry)
    unsafe = tuple(dict.fromkeys(scene.safety[k].code for k in np.argsort(broken) if not np.isnan(broken[k])))
    observations = {name: np.array([s[name] for s in seen]) for name in (seen[0] if seen else ())}
    return Performance(
        seed, draw, np.array(actions, np.float32), observations, checkpoints, segments, reached, success and not unstable, failure,
        {limit.name: float(p) for limit, p in zip(scene.safety, peaks)}, unsafe, mistake.name if mistake else None, played, gave_up,
    )  # fmt: skip


def record_episode(scene: Scene, seed: int, faults: Mapping[str, Any] | None = None) -> Performance:
    """Draw a copy from a seed and let the operator of that seed perform on it."""
    return perform(scene, [draw_scene(scene, seed)], [seed], faults=faults)[0]
