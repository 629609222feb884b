"""What is kept of copies while they are stepped: each observer looks at every control step and gives its fields of a rollout."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...scenarios.safety import Limit
from ...scenarios.scene import Scene
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.temporal import GoalState
from ...scenarios.simulation import Simulation


class Moment(NamedTuple):
    """Copies of a scene at a control step.

    Attributes:
        t: the control step, 0 at the start.
        readings, carry: of all n copies; a copy that has ended repeats its last readings.
        moved: ids of the copies that came here by the last action, all of them at the start; live: of those that go on.
        simulation: that steps them.
    """

    t: int
    readings: Readings
    carry: GoalState
    moved: np.ndarray
    live: np.ndarray
    simulation: Simulation


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

    def put(self, i: int, rows: Mapping[str, np.ndarray]) -> None:
        """What copy i gave at its first control steps, (t, k) by name, where it goes on from later."""
        for name, values in rows.items():
            self._rows[name][i, : len(values)] = values

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {"observations": {name: rows[i, : steps + 1].copy() for name, rows in self._rows.items()}}


class FullStates:
    """`states` of the copies that `wanted` names at a control step."""

    def __init__(self, wanted: Callable[[Moment], Iterable[int]]):
        self._wanted = wanted
        self._states: dict[int, dict[int, np.ndarray]] = {}

    @classmethod
    def at(cls, steps: Sequence[Collection[int]]) -> FullStates:
        """Those at the control steps that are listed for each copy."""
        sets = [set(one) for one in steps]
        return cls(lambda now: [i for i, one in enumerate(sets) if now.t in one])

    @classmethod
    def each_second(cls, scene: Scene) -> FullStates:
        """Those before the action at each whole second."""
        every = whole_second(scene)
        return cls(lambda now: () if now.t % every else map(int, now.live))

    def note(self, now: Moment) -> None:
        for i in self._wanted(now):
            self._states.setdefault(i, {})[now.t] = now.simulation.state_of(i)

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
        scene, readings, t = self._scene, now.readings, now.t
        self._qpos[:, t] = now.simulation.live("qpos")
        if scene.stains:
            self._kept[:, t] = now.simulation.kept
        self._worst[:, t] = now.carry.worst
        for kept, forces in ((self._touches, scene.unasked), (self._met, scene.met)):
            if forces:
                kept[:, t] = readings.peak[:, readings.layout.force_columns(forces)]
        for name, handled in scene.handled.items():
            self._grips[name][:, t] = readings.peak[:, readings.layout.force_columns(handled.forces)]
            self._heights[name][:, t] = readings.of(handled.position)[:, 2]

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
