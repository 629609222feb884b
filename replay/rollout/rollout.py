"""The one loop that steps copies of a scene: a policy commands them, observers keep what is wanted of it.

A recording that is judged, an episode that is exported, the scripted operator and the search for the cause of a departure
all go through `roll_out`. Memory stays bounded by what the observers keep; whole traces of every physics step are never kept.

From a `Mark`, a moment of a rollout, it can go on, to the bit, in another process and with another policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.scene.scene import Scene
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.scalar_goal import OneEpisode
from ...scenarios.sensing.temporal import GoalState
from ...scenarios.sheet.errors import ReplayError
from ...scenarios.stepping.carrier import LinkCarrier
from ...scenarios.stepping.simulation import SavedSimulation, Simulation
from ..checks.outcome import outcome_of
from .ground_force import GroundForce, NearestToTipping
from .nearest import Nearest, NearestApproach
from .observers import FullStates, Moment, Observations, SafetyMeasures, Tape
from .spans import go_through, looks_in_spans

AT_ONCE = 64  # takes in one batch; memory stays bounded however many there are


@dataclass(frozen=True)
class Take:
    """Something to play: a draw with its start state, and actions (T, nu) float32."""

    draw: Draw
    actions: np.ndarray

    @property
    def n_steps(self) -> int:
        return len(self.actions)


def _nothing() -> np.ndarray:
    return np.zeros((0, 0))


@dataclass(frozen=True, eq=False)
class Rollout:
    """What one copy did. The fields of an observer that did not look on are empty.

    Attributes:
        draw: its start; actions: (T, nu) float32 as applied.
        carry: subgoals and failure modes of this copy alone (n = 1), at its end.
        label: `success`, `subgoals` (name to second or None), `undone` (name to second, where there is any), `failure`
            (`scenario.<never>`, `replay.goal:<subgoal>`, `unstable`, or None), as an episode is labelled.
        unstable_at: time [s] at which the engine first warned, or None.
        observations: feature name -> (T+1, k) float32, as an episode holds them.
        states: control step -> (nstate,) float64, at the steps that were asked for.
        safety: name of a limit -> (T+1,) the measure it is judged on, at each control step.
        unsafe: codes of the limits that were broken, in the order of time.
        qpos: (T+1, nq) positions at each control step; kept: (T+1, extra) what reactions keep (`Simulation.kept`), (T+1, 0)
            where no picture shows it.
        worst: (T+1, m) how far each failure mode has been beyond its bound so far; -inf where it was not looked at.
        touches: (T+1, m) peak force [N] of each contact that the task does not ask for, by `Scene.unasked`.
        met: (T+1, k) peak force [N] of the things that hands hold on what else there is, by `Scene.met`.
        grips: object -> (T+1, n) force of each hand on it [N], hands as `Scene.handled` lists them; heights: object
            -> (T+1,) [m].
        nearest: of each subgoal, how near it came; missed: of each that was not reached, as `MissedSteps` has it.
        wrench: (T * substeps, 6) force [N] and torque [Nm] of the world on the robot at each physics step, see `Scene.wrench`; no
            rows where the scene does not measure it. tipping: side -> when it was nearest to tipping over that way.
        borne: (T+1, things, hands) upward force of each hand on what it touches, means of each control period [N], by `Scene.borne`.
        seed, segments, provenance: of an operator: what it was drawn and performed with, skills with their times
            `{"skill", "t0", "t1"}` [s], and what an episode says of how it was made.
        marks: of an operator that keeps them, from where `roll_out` can go on.
    """

    draw: Draw
    actions: np.ndarray
    carry: GoalState
    label: dict[str, Any]
    unstable_at: float | None = None
    observations: dict[str, np.ndarray] = field(default_factory=dict)
    states: dict[int, np.ndarray] = field(default_factory=dict)
    safety: dict[str, np.ndarray] = field(default_factory=dict)
    unsafe: tuple[str, ...] = ()
    qpos: np.ndarray = field(default_factory=_nothing)
    kept: np.ndarray = field(default_factory=_nothing)
    worst: np.ndarray = field(default_factory=_nothing)
    touches: np.ndarray = field(default_factory=_nothing)
    met: np.ndarray = field(default_factory=_nothing)
    grips: dict[str, np.ndarray] = field(default_factory=dict)
    heights: dict[str, np.ndarray] = field(default_factory=dict)
    nearest: tuple[Nearest | None, ...] = ()
    wrench: np.ndarray = field(default_factory=_nothing)
    tipping: Mapping[str, NearestToTipping] = field(default_factory=dict)
    borne: np.ndarray = field(default_factory=_nothing)
    missed: tuple[dict[str, Any], ...] = ()
    seed: int = 0
    segments: Sequence[Mapping[str, Any]] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    marks: Sequence[Mark] = ()

    @property
    def n_steps(self) -> int:
        """Number of actions, T."""
        return len(self.actions)

    @property
    def success(self) -> bool:
        return bool(self.label["success"])

    @property
    def failure(self) -> str | None:
        """Code of what went wrong; None on success."""
        failure: str | None = self.label["failure"]
        return failure

    @property
    def reached(self) -> dict[str, float | None]:
        """Subgoal -> time [s] or None."""
        return dict(self.label["subgoals"])

    @property
    def held(self) -> dict[str, np.ndarray]:
        """Object -> (T+1,) largest force of a hand on it [N]."""
        return {name: force.max(axis=1) for name, force in self.grips.items()}

    @property
    def peaks(self) -> dict[str, float]:
        """Name of a limit -> its largest measure."""
        return {name: float(values[1:].max(initial=0.0)) for name, values in self.safety.items()}


class Policy(Protocol):
    """Who commands n copies side by side, and how long each goes on."""

    def live(self, t: int, carry: GoalState, unstable: np.ndarray, live: np.ndarray) -> np.ndarray:
        """Ids of the copies that go on from control step t, of those that were `live` until now; none to end it all.

        Args:
            carry: the course's, n rows; unstable: (n,) of which copies the engine has warned.
        """
        ...

    def act(self, now: Moment) -> np.ndarray:
        """(m, nu) float32, a row for each copy of `now.live`."""
        ...

    def of(self, i: int, steps: int) -> dict[str, Any]:
        """Fields of `Rollout` that it tells of copy i, which went so many steps: `actions` (T, nu) float32, and others."""
        ...


class Observer(Protocol):
    """Who keeps something of what n copies do."""

    def note(self, now: Moment) -> None:
        """Look at control step `now.t`: called once for each, from 0 on."""
        ...

    def of(self, i: int, steps: int) -> dict[str, Any]:
        """Fields of `Rollout` that it kept of copy i, which went so many steps; none where it keeps them to itself."""
        ...


class RecordedPolicy:
    """The policy that sends commands as they are.

    Args:
        actions: of each copy, (T, nu) float32; lengths may differ.
    """

    def __init__(self, actions: Sequence[np.ndarray]):
        self._actions, self._lengths = actions, np.array([len(one) for one in actions])
        widths = {one.shape[1] for one in actions}
        self._rows = np.zeros((len(actions), int(self._lengths.max(initial=0)), max(widths)), np.float32)
        for i, one in enumerate(actions):
            self._rows[i, : len(one)] = one

    def live(self, t: int, carry: GoalState, unstable: np.ndarray, live: np.ndarray) -> np.ndarray:
        return np.flatnonzero(t < self._lengths)

    def act(self, now: Moment) -> np.ndarray:
        rows: np.ndarray = self._rows[:, now.t]
        return rows if len(now.live) == len(rows) else rows[now.live]

    def rows(self, i: int) -> np.ndarray:
        """(T, nu) float32, all that copy i is sent."""
        rows: np.ndarray = self._rows[i, : self._lengths[i]]
        return rows

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {"actions": self._actions[i]}


def roll_out(
    scene: Scene,
    draws: Sequence[Draw],
    policy: Policy,
    observers: Sequence[Observer] = (),
    threads: int = 1,
    begin: Sequence[Mark] = (),
) -> list[Rollout]:
    """Step copies side by side until the policy lets none go on.

    Args:
        scene: of the copies; draws: the start of each.
        observers: what is kept, see `Rollout`.
        threads: 0 for all cores; the result depends neither on it nor on the number of copies.
        begin: a mark of each copy to go on from, all of the same control step; from the start where none are given.

    Over a link the policy is given what has arrived by then, and its commands act when they arrive; observers see what happens.

    Returns:
        What each copy did.

    Raises:
        ValueError: an action holds a number that is not finite.
    """
    n, course = len(draws), scene.course
    if n == 1 and not begin and type(policy) is RecordedPolicy and looks_in_spans(scene, observers):
        end, unstable = go_through(scene, draws[0], policy.rows(0), observers)
        return [_done(scene, draws[0], policy, observers, 0, len(policy.rows(0)), end, unstable)]
    simulation = Simulation(scene, n, threads)
    readings = simulation.begin(draws)
    over = None if scene.config.link.local else _OverLink(scene, draws, simulation)
    if over is not None and begin:
        raise ReplayError("goes on from a mark only without a link: what was on its way then is not kept.", field="link")
    advance = OneEpisode(course).advance if n == 1 else course.advance
    carry = advance(course.begin(n), readings)
    t = 0
    for i, mark in enumerate(begin):
        readings = simulation.restore(SavedSimulation(draws[i].model, mark.state, mark.trace, mark.start), i)
        carry, t = carry.with_rows(np.array([i]), mark.carry), mark.t
    ends: list[tuple[int, GoalState]] = [(t, carry)] * n
    unstable_at = np.full(n, np.nan)
    live = np.arange(n)
    while True:
        moved, live = live, policy.live(t, carry, simulation.unstable, live)
        unstable_at[np.isnan(unstable_at) & simulation.unstable] = t * scene.control_timestep
        now = Moment(t, readings, carry, moved, live, simulation, None if over is None else over.passing())
        for observer in observers:
            observer.note(now)
        if len(live) < len(moved):
            for i in np.setdiff1d(moved, live):
                ends[i] = t, carry.rows(np.array([i]))
        if not len(live):
            break
        action = policy.act(now) if over is None else over.act(policy, now)
        readings = simulation.step(action) if len(live) == n else simulation.step(action, live)
        carry = advance(carry, readings)
        t += 1
    warned = [None if np.isnan(one) else float(one) for one in unstable_at]
    return [_done(scene, draws[i], policy, observers, i, *ends[i], warned[i]) for i in range(n)]


class _OverLink:
    """Between a policy and its copies: it is shown what has arrived, and what it commands is on its way."""

    def __init__(self, scene: Scene, draws: Sequence[Draw], simulation: Simulation):
        self._carrier = LinkCarrier(scene, len(draws))
        ready = simulation.live("ctrl")[:, : scene.n_actions]
        for i, draw in enumerate(draws):
            self._carrier.begin(i, ready[i], draw.values)
        self._last = self._carrier.passing(range(len(draws)))

    def passing(self) -> np.ndarray:
        """(n, 4) as `Traffic.passing`."""
        self._last = self._carrier.passing(range(len(self._last)))
        return self._last

    def act(self, policy: Policy, now: Moment) -> np.ndarray:
        """(m, substeps, nu) what the live copies are moved by."""
        value, peak, mean = (one.copy() for one in (now.readings.value, now.readings.peak, now.readings.mean))
        carry = now.carry
        for i in map(int, now.live):
            rows = np.array([i])
            captured = self._carrier.shown(i, (now.readings, now.carry))
            value[i], peak[i], mean[i] = captured[0].value[i], captured[0].peak[i], captured[0].mean[i]
            carry = carry.with_rows(rows, captured[1].rows(rows))
        seen = Readings(value, peak, mean, now.readings.start, now.readings.layout)
        sent = policy.act(now._replace(readings=seen, carry=carry))
        return self._carrier.carried(sent, [int(i) for i in now.live])


def _done(
    scene: Scene,
    draw: Draw,
    policy: Policy,
    observers: Sequence[Observer],
    i: int,
    steps: int,
    end: GoalState,
    unstable_at: float | None,
) -> Rollout:
    """What copy i did in so many steps."""
    kept = policy.of(i, steps)
    for observer in observers:
        kept |= observer.of(i, steps)
    return Rollout(draw=draw, carry=end, label=_label(scene, end, unstable_at), unstable_at=unstable_at, **kept)


def _label(scene: Scene, carry: GoalState, unstable_at: float | None) -> dict[str, Any]:
    """What an episode says of how it went: without a failure mode, the subgoal that was not reached, or was undone, is the failure."""
    label = outcome_of(scene.course, carry, unstable_at is not None)
    if label["failure"] is None and not label["success"]:
        label["failure"] = scene.course.missed(carry)
    return label


def play(
    scene: Scene,
    takes: Sequence[Take],
    keep: Sequence[Sequence[int]] | None = None,
    threads: int = 0,
    nearest: bool = False,
) -> Iterator[Rollout]:
    """Play takes and yield what each did, in their order, with all that the judge looks at.

    Args:
        scene: the takes are draws of it.
        keep: for each take the control steps of which the full state is wanted.
        threads: 0 for all cores; the result does not depend on it.
        nearest: also note how near each take came to each subgoal.
    """
    for begin in range(0, len(takes), AT_ONCE):
        chunk = takes[begin : begin + AT_ONCE]
        n, longest = len(chunk), max(take.n_steps for take in chunk)
        observers: list[Observer] = [
            Observations(scene, n, longest),
            SafetyMeasures(scene, n, longest),
            Tape(scene, n, longest),
            GroundForce(scene, n, longest),
        ]
        if keep:
            observers.append(FullStates.at(keep[begin : begin + AT_ONCE]))
        if nearest:
            observers.append(NearestApproach(scene.course, n))
        policy = RecordedPolicy([take.actions for take in chunk])
        yield from roll_out(scene, [take.draw for take in chunk], policy, observers, threads)


@dataclass(frozen=True, eq=False)
class Mark:
    """One copy before an action.

    Attributes:
        t: the control step.
        state, trace, start: of `simulation.SavedSimulation`; the model is that of the draw.
        carry: the course's, one row.
        policy: what the policy goes on from, plain values and arrays.
    """

    t: int
    state: np.ndarray
    trace: np.ndarray
    start: np.ndarray
    carry: GoalState
    policy: dict[str, Any]
