"""Commands played forward in the scene: many takes at once through the one simulation core, reduced on the way.

A take is a start and its actions. What is kept of it is what the checks ask for: where the joints were, what the goal
and the failure modes did, the peaks of forces; never whole traces of every physics step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...scenarios.scene import Scene
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.temporal import Carry
from ...scenarios.simulation import Simulation
from ...scenarios.variation import Draw
from .nearest import Approach, Nearest

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
        met: (T+1, k) peak force [N] of the things that hands hold on what else there is, by `Scene.met`.
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
    met: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    nearest: tuple[Nearest | None, ...] = ()  # of each subgoal, where that was asked for

    @property
    def held(self) -> dict[str, np.ndarray]:
        """Object -> (T+1,) largest force of a hand on it [N]."""
        return {name: force.max(axis=1) for name, force in self.grips.items()}


class Tape:
    """What `Played` keeps, noted while copies of a scene are stepped: by whoever plays commands, or performs.

    Args:
        scene: of the copies; simulation: that steps all n of them.
        longest: control steps that any copy can last.
    """

    def __init__(self, scene: Scene, simulation: Simulation, longest: int):
        n, rows = simulation.n, longest + 1
        self.scene, self.simulation = scene, simulation
        features = scene.schema.observations
        self._observations = {name: np.empty((n, rows, len(f.names)), np.float32) for name, f in features.items()}
        self._qpos = np.empty((n, rows, scene.model.nq))
        self._safety = {limit.name: np.zeros((n, rows)) for limit in scene.safety}
        self._touches = np.zeros((n, rows, len(scene.unasked)))
        self._met = np.zeros((n, rows, len(scene.met)))
        self._grips = {name: np.zeros((n, rows, len(handled.forces))) for name, handled in scene.handled.items()}
        self._heights = {name: np.zeros((n, rows)) for name in scene.handled}
        self._worst = np.full((n, rows, len(scene.course.nevers)), -np.inf)
        self._states: list[dict[int, np.ndarray]] = [{} for _ in range(n)]
        self._unstable = np.full(n, np.nan)
        self._live_qpos = simulation.live("qpos")

    def note(self, t: int, readings: Readings, carry: Carry, keep: Iterable[int] = ()) -> None:
        """The state of all copies at control step t, and the full state of those that are to be kept."""
        scene = self.scene
        for name, feature in scene.schema.observations.items():
            self._observations[name][:, t] = feature.read(readings)
        self._qpos[:, t] = self._live_qpos
        self._worst[:, t] = carry.worst
        for limit in scene.safety:
            self._safety[limit.name][:, t] = limit.predicate.value(readings)
        for kept, forces in ((self._touches, scene.unasked), (self._met, scene.met)):
            if forces:
                kept[:, t] = readings.peak[:, readings.layout.force_columns(forces)]
        for name, handled in scene.handled.items():
            self._grips[name][:, t] = readings.peak[:, readings.layout.force_columns(handled.forces)]
            self._heights[name][:, t] = readings.of(handled.position)[:, 2]
        for i in keep:
            self._states[i][t] = self.simulation.state_of(i)
        self._unstable[np.isnan(self._unstable) & self.simulation.unstable] = t * scene.control_timestep

    def played(self, i: int, steps: int, carry: Carry) -> Played:
        """What copy i did in so many control steps; `carry` is its own, as it was at their end."""
        unstable, rows = self._unstable[i], slice(0, steps + 1)
        return Played(
            self._qpos[i, rows].copy(),
            {name: values[i, rows].copy() for name, values in self._observations.items()},
            carry,
            {name: values[i, rows].copy() for name, values in self._safety.items()},
            self._touches[i, rows].copy(),
            {name: values[i, rows].copy() for name, values in self._grips.items()},
            {name: values[i, rows].copy() for name, values in self._heights.items()},
            self._states[i],
            None if np.isnan(unstable) else float(unstable),
            self._worst[i, rows].copy(),
            self._met[i, rows].copy(),
        )


def play(
    scene: Scene,
    takes: Sequence[Take],
    keep: Sequence[Sequence[int]] | None = None,
    threads: int = 0,
    nearest: bool = False,
) -> Iterator[Played]:
    """Play takes and yield what each did, in their order.

    Args:
        scene: whose draws the takes are.
        keep: for each take the control steps whose full state is wanted.
        threads: 0 for all cores; the result does not depend on it.
        nearest: also note how near each take came to each subgoal.
    """
    for begin in range(0, len(takes), AT_ONCE):
        chunk = takes[begin : begin + AT_ONCE]
        yield from _play_chunk(
            scene,
            chunk,
            [set(k) for k in keep[begin : begin + AT_ONCE]] if keep else [set() for _ in chunk],
            threads,
            nearest,
        )


def _play_chunk(scene: Scene, takes: Sequence[Take], keep: list[set[int]], threads: int, nearest: bool) -> list[Played]:
    n, lengths = len(takes), np.array([take.n_steps for take in takes])
    longest = int(lengths.max(initial=0))
    simulation = Simulation(scene, n, threads)
    readings = simulation.begin([take.draw for take in takes])
    carry = scene.course.advance(scene.course.begin(n), readings)
    final = [carry.rows(np.array([i])) for i in range(n)]
    tape = Tape(scene, simulation, longest)
    tape.note(0, readings, carry, [i for i in range(n) if 0 in keep[i]])
    approach = Approach(scene.course, n) if nearest else None
    if approach is not None:
        approach.note(0.0, readings, carry, np.ones(n, bool))
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
        tape.note(t + 1, readings, carry, [i for i in range(n) if t + 1 in keep[i]])
        if approach is not None:
            approach.note((t + 1) * scene.control_timestep, readings, carry, t < lengths)
        for i in active[lengths[active] == t + 1]:
            final[i] = carry.rows(np.array([i]))
    played = [tape.played(i, int(steps), final[i]) for i, steps in enumerate(lengths)]
    if approach is not None:
        for i, one in enumerate(played):
            one.nearest = tuple(approach.of(i, k) for k in range(len(scene.course.subgoals)))
    return played
