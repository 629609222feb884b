"""What bears on the robot while it is stepped: the wrench under it at each physics step, and its state when it was nearest to tipping."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...scenarios.scene.scene import Scene
from ...scenarios.stepping.simulation import Simulation
from ..checks.tipping_over import SIDES, stand_of
from .observers import Moment


class NearestToTipping(NamedTuple):
    """The control step that ends the period in which a copy was nearest to tipping to a side, the full state before that period, and
    the mean wrench (6,) in it."""

    step: int
    state: np.ndarray
    wrench: np.ndarray


class GroundForce:
    """`wrench`, `tipping` and `borne` of a scene that measures them.

    Args:
        n: number of copies; longest: control steps that any of them can last.
    """

    def __init__(self, scene: Scene, n: int, longest: int):
        self._scene, self._substeps = scene, scene.n_substeps
        self._columns = scene.layout.columns(scene.wrench) if scene.wrench else np.zeros(0, int)
        self._shape = (len(scene.borne), len(next(iter(scene.borne.values()), ())))
        up = [scene.layout.slices[one.name].start + 2 for pair in scene.borne.values() for one in pair]
        self._up = np.array(up, int)
        self._rows = np.zeros((n, longest * self._substeps if scene.wrench else 0, 6), np.float32)
        self._borne = np.zeros((n, longest + 1, len(up)), np.float32)
        self._least = np.full((n, len(SIDES)), np.inf)
        self._before: dict[int, np.ndarray] = {}
        self._nearest: list[dict[int, NearestToTipping]] = [{} for _ in range(n)]

    def note(self, now: Moment) -> None:
        self.look(now.t, now.moved, now.simulation)

    def look(self, t: int, moved: np.ndarray, simulation: Simulation) -> None:
        """The period that ends at a control step, of the copies that went through it."""
        if not len(self._columns):
            return
        if t and len(moved):
            self._period(t, moved, simulation)
        self._before = {int(i): simulation.state_of(int(i)) for i in moved}

    def _period(self, t: int, moved: np.ndarray, simulation: Simulation) -> None:
        trace = simulation.trace
        rows = trace.take(self._columns, axis=2)
        self._rows[:, (t - 1) * self._substeps : t * self._substeps] = rows
        self._borne[:, t] = trace.take(self._up, axis=2).mean(axis=1)
        mean = rows.mean(axis=1)
        least = stand_of(mean, self._scene.footing).margin
        for i, side in np.argwhere(least[moved] < self._least[moved]).tolist():
            k = int(moved[i])
            self._least[k, side] = least[k, side]
            self._nearest[k][side] = NearestToTipping(t, self._before[k], mean[k])

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {
            "wrench": self._rows[i, : steps * self._substeps].copy(),
            "tipping": {SIDES[side]: nearest for side, nearest in sorted(self._nearest[i].items())},
            "borne": self._borne[i, : steps + 1].reshape(steps + 1, *self._shape).copy(),
        }
