"""Commands played forward in the scene: many takes at once through the one simulation core, reduced on the way.

A take is a start and its actions. What is kept of it is what the checks ask for: where the joints were, what the goal
and the failure modes did, the peaks of forces; never whole traces of every physics step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..scenarios.draw import Draw
from ..scenarios.scene import Scene
from ..scenarios.simulation import Simulation
from ..scenarios.temporal import Carry

AT_ONCE = 64  # takes in one batch; memory stays bounded however many there are


@dataclass(frozen=True)
class Take:
    """Something to play: a draw with its start state, and actions (T, nu) float32."""

    draw: Draw
    actions: np.ndarray

    @property
    def n_steps(self) -> int:
        return len(self.actions)


@dataclass
class Played:
    """What one take did.

    Attributes:
        qpos: (T+1, nq) positions at each control step.
        observations: feature name -> (T+1, k) float32, as an episode holds them.
        carry: subgoals and failure modes of this take alone (n = 1).
        worst: (T+1, m) how far each failure mode has been beyond its bound so far; -inf where it was not looked at.
        safety: name of a force limit -> (T+1,) the measure it is judged on, at each control step.
        touches: (T+1, m) peak force [N] of each contact that the task does not ask for, by `Scene.unasked`.
        grips: object -> (T+1, n) force of each hand on it [N], hands as `Scene.handled` lists them; heights: object
            -> (T+1,) [m].
        states: control step -> (nstate,) float64, at the steps that were asked for.
        unstable_at: time [s] at which the engine first warned, or None.
    """

    qpos: np.ndarray
    observations: dict[str, np.ndarray]
    carry: Carry
    safety: dict[str, np.ndarray]
    touches: np.ndarray
    grips: dict[str, np.ndarray]
    heights: dict[str, np.ndarray]
    states: dict[int, np.ndarray] = field(default_factory=dict)
    unstable_at: float | None = None
    worst: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def held(self) -> dict[str, np.ndarray]:
        """Object -> (T+1,) largest force of a hand on it [N]."""
        return {name: force.max(axis=1) for name, force in self.grips.items()}


def play(
    scene: Scene, takes: Sequence[Take], keep: Sequence[Sequence[int]] | None = None, threads: int = 0
) -> Iterator[Played]:
    """Play takes and yield what each did, in their order.

    Args:
        scene: whose draws the takes are.
        keep: for each take the control steps whose full state is wanted.
        threads: 0 for all cores; the result does not depend on it.
    """
    for begin in range(0, len(takes), AT_ONCE):
        chunk = takes[begin : begin + AT_ONCE]
        yield from _play_chunk(
            scene, chunk, [set(k) for k in keep[begin : begin + AT_ONCE]] if keep else [set() for _ in chunk], threads
        )


def _play_chunk(scene: Scene, takes: Sequence[Take], keep: list[set[int]], threads: int) -> list[Played]:
    n, lengths = len(takes), np.array([take.n_steps for take in takes])
    longest = int(lengths.max(initial=0))
    simulation = Simulation(scene, n, threads)
    readings = simulation.begin([take.draw for take in takes])
    carry = scene.course.advance(scene.course.begin(n), readings)
    final = [carry.rows(np.array([i])) for i in range(n)]
    features = scene.schema.observations
    observations = {name: np.empty((n, longest + 1, len(f.names)), np.float32) for name, f in features.items()}
    qpos = np.empty((n, longest + 1, scene.model.nq))
    safety = {limit.name: np.zeros((n, longest + 1)) for limit in scene.safety}
    touches = np.zeros((n, longest + 1, len(scene.unasked)))
    grips = {name: np.zeros((n, longest + 1, len(handled.forces))) for name, handled in scene.handled.items()}
    heights = {name: np.zeros((n, longest + 1)) for name in scene.handled}
    worst = np.full((n, longest + 1, len(scene.course.nevers)), -np.inf)
    states: list[dict[int, np.ndarray]] = [{} for _ in takes]
    unstable = np.full(n, np.nan)
    live_qpos = simulation.batch.bind("qpos")

    def note(t: int) -> None:
        for name, feature in features.items():
            observations[name][:, t] = feature.read(readings)
        qpos[:, t] = live_qpos
        worst[:, t] = carry.worst
        for limit in scene.safety:
            safety[limit.name][:, t] = limit.predicate.value(readings)
        for column, touch in enumerate(scene.unasked):
            touches[:, t, column] = readings.peak[:, readings.layout.column(touch)]
        for name, handled in scene.handled.items():
            grips[name][:, t] = readings.peak[:, readings.layout.force_columns(handled.forces)]
            heights[name][:, t] = readings.of(handled.position)[:, 2]
        for i in range(n):
            if t in keep[i]:
                states[i][t] = simulation.state[i].copy()
        unstable[np.isnan(unstable) & simulation.unstable] = t * scene.control_timestep

    note(0)
    actions = np.zeros((n, longest, scene.n_actions), np.float32)
    for i, take in enumerate(takes):
        actions[i, : take.n_steps] = take.actions
    for t in range(longest):
        active = np.flatnonzero(t < lengths)
        if len(active) == n:
            readings = simulation.step(actions[:, t])
        else:
            readings = simulation.step(actions[active, t], active)
        carry = scene.course.advance(carry, readings)
        note(t + 1)
        for i in active[lengths[active] == t + 1]:
            final[i] = carry.rows(np.array([i]))
    return [
        Played(
            qpos[i, : T + 1].copy(),
            {name: values[i, : T + 1].copy() for name, values in observations.items()},
            final[i],
            {name: values[i, : T + 1].copy() for name, values in safety.items()},
            touches[i, : T + 1].copy(),
            {name: values[i, : T + 1].copy() for name, values in grips.items()},
            {name: values[i, : T + 1].copy() for name, values in heights.items()},
            states[i],
            None if np.isnan(unstable[i]) else float(unstable[i]),
            worst[i, : T + 1].copy(),
        )
        for i, T in enumerate(lengths)
    ]
