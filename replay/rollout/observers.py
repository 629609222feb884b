"""What is kept of copies while they are stepped: each observer looks at every control step and gives its fields of a rollout."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...scenarios.link.traffic import FEATURE
from ...scenarios.people.safety import Limit
from ...scenarios.scene.scene import Scene
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.temporal import GoalState
from ...scenarios.stepping.simulation import Simulation


class Moment(NamedTuple):
    """Copies of a scene at a control step.

    Attributes:
        t: the control step, 0 at the start.
        readings, carry: of all n copies; a copy that has ended repeats its last readings.
        moved: ids of the copies that came here by the last action, all of them at the start; live: of those that go on.
        simulation: that steps them.
        passing: (n, 4) times of messages [s] (`Traffic.passing`), where there is a link.
    """

    t: int
    readings: Readings
    carry: GoalState
    moved: np.ndarray
    live: np.ndarray
    simulation: Simulation
    passing: np.ndarray | None = None


class Span(NamedTuple):
    """One copy at k control steps in a row, looked at together.

    Attributes:
        begin: the first of them.
        readings: (1, k, ·).
        done: (k,) subgoals reached; worst: (k, nnever), undone: (k, nsubgoal) as `GoalState` has them.
        qpos: (1, k, nq).
    """

    begin: int
    readings: Readings
    done: np.ndarray
    worst: np.ndarray
    undone: np.ndarray
    qpos: np.ndarray

    @property
    def steps(self) -> slice:
        """Which rows they are of all control steps."""
        return slice(self.begin, self.begin + self.qpos.shape[1])


def whole_second(scene: Scene) -> int:
    """Control steps in a second, at the least one: the full state of an episode is kept so often."""
    return max(1, round(1.0 / scene.control_timestep))


class Observations:
    """`observations` as measured, or, `clipped`, as the environment gives them.

    Args:
        n: number of copies; longest: control steps that any of them can last.
    """

    def __init__(self, scene: Scene, n: int, longest: int, clipped: bool = False):
        schema = scene.schema
        self._read = schema.observe if clipped else schema.record
        shapes = {name: (n, longest + 1, len(feature.names)) for name, feature in schema.observations.items()}
        self._rows = {name: np.empty(shape, np.float32) for name, shape in shapes.items()}

    def note(self, now: Moment) -> None:
        for name, values in self._read(now.readings).items():
            self._rows[name][:, now.t] = values
        if now.passing is not None:
            self._rows[FEATURE][:, now.t] = now.passing

    def note_span(self, span: Span) -> None:
        for name, values in self._read(span.readings).items():
            self._rows[name][:, span.steps] = values

    def put(self, i: int, rows: Mapping[str, np.ndarray]) -> None:
        """What copy i gave at its first control steps, (t, k) by name, where it goes on from later."""
        for name, values in rows.items():
            self._rows[name][i, : len(values)] = values

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {"observations": {name: rows[i, : steps + 1].copy() for name, rows in self._rows.items()}}


class FullStates:
    """`states` of the copies that `wanted` names at a control step, of those that go on from there."""

    def __init__(self, wanted: Callable[[int, np.ndarray], Iterable[int]]):
        self._wanted = wanted
        self._states: dict[int, dict[int, np.ndarray]] = {}

    @classmethod
    def at(cls, steps: Sequence[Collection[int]]) -> FullStates:
        """Those at the control steps that are listed for each copy."""
        sets = [set(one) for one in steps]
        return cls(lambda t, live: [i for i, one in enumerate(sets) if t in one])

    @classmethod
    def each_second(cls, scene: Scene) -> FullStates:
        """Those before the action at each whole second."""
        every = whole_second(scene)
        return cls(lambda t, live: () if t % every else map(int, live))

    def note(self, now: Moment) -> None:
        self.look(now.t, now.live, now.simulation)

    def look(self, t: int, live: np.ndarray, simulation: Simulation) -> None:
        """As `note`, for whoever has no readings yet."""
        for i in self._wanted(t, live):
            self._states.setdefault(i, {})[t] = simulation.state_of(i)

    def put(self, i: int, states: Mapping[int, np.ndarray]) -> None:
        """States of copy i before it goes on from later, by control step."""
        self._states[i] = dict(states)

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {"states": self._states.get(i, {})}


class SafetyMeasures:
    """`safety`, the measure of each limit, and `unsafe`, which of them were broken."""

    def __init__(self, scene: Scene, n: int, longest: int):
        self._limits, self._control_timestep = scene.safety, scene.control_timestep
        self._rows = {limit.name: np.zeros((n, longest + 1)) for limit in scene.safety}

    def put(self, i: int, rows: Mapping[str, np.ndarray]) -> None:
        """What was measured of copy i at its first control steps, (t,) by limit, where it goes on from later."""
        for name, values in rows.items():
            self._rows[name][i, : len(values)] = values

    def note(self, now: Moment) -> None:
        for limit in self._limits:
            self._rows[limit.name][:, now.t] = limit.predicate.value(now.readings)

    def note_span(self, span: Span) -> None:
        for limit in self._limits:
            self._rows[limit.name][:, span.steps] = limit.predicate.value(span.readings)

    def of(self, i: int, steps: int) -> dict[str, Any]:
        safety = {name: rows[i, : steps + 1].copy() for name, rows in self._rows.items()}
        begun = np.array([self._broken(limit, safety[limit.name][1:]) for limit in self._limits])
        order = [k for k in np.argsort(begun) if not np.isnan(begun[k])]
        return {"safety": safety, "unsafe": tuple(dict.fromkeys(self._limits[k].code for k in order))}

    def _broken(self, limit: Limit, values: np.ndarray) -> float:
        """The first control step at which a limit is broken; NaN where it never is."""
        broken = limit.broken(limit.sustained(values, self._control_timestep))
        return float(np.argmax(broken)) if np.any(broken) else np.nan


class Tape:
    """`qpos`, `kept`, `worst`, `touches`, `met`, `grips` and `heights`: what the judge looks at besides."""

    def __init__(self, scene: Scene, n: int, longest: int):
        rows = longest + 1
        self._scene = scene
        self._qpos = np.empty((n, rows, scene.model.nq))
        self._kept = np.empty((n, rows, scene.reactions.extra if scene.stains else 0))
        self._worst = np.full((n, rows, len(scene.course.nevers)), -np.inf)
        self._touches = np.zeros((n, rows, len(scene.unasked)))
        self._met = np.zeros((n, rows, len(scene.met)))
        self._grips = {name: np.zeros((n, rows, len(handled.forces))) for name, handled in scene.handled.items()}
        self._heights = {name: np.zeros((n, rows)) for name in scene.handled}

    def note(self, now: Moment) -> None:
        self._qpos[:, now.t] = now.simulation.live("qpos")
        if self._scene.stains:
            self._kept[:, now.t] = now.simulation.kept
        self._worst[:, now.t] = now.carry.worst
        self._read(now.readings, now.t)

    def note_span(self, span: Span) -> None:
        self._qpos[:, span.steps], self._worst[:, span.steps] = span.qpos, span.worst
        self._read(span.readings, span.steps)

    def _read(self, readings: Readings, t: int | slice) -> None:
        scene = self._scene
        for kept, forces in ((self._touches, scene.unasked), (self._met, scene.met)):
            if forces:
                kept[:, t] = readings.peak[..., readings.layout.force_columns(forces)]
        for name, handled in scene.handled.items():
            self._grips[name][:, t] = readings.peak[..., readings.layout.force_columns(handled.forces)]
            self._heights[name][:, t] = readings.of(handled.position)[..., 2]

    def of(self, i: int, steps: int) -> dict[str, Any]:
        rows = slice(0, steps + 1)
        return {
            "qpos": self._qpos[i, rows].copy(),
            "kept": self._kept[i, rows].copy(),
            "worst": self._worst[i, rows].copy(),
            "touches": self._touches[i, rows].copy(),
            "met": self._met[i, rows].copy(),
            "grips": {name: force[i, rows].copy() for name, force in self._grips.items()},
            "heights": {name: height[i, rows].copy() for name, height in self._heights.items()},
        }
