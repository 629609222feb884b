"""The one core that steps everything: a `mujoco.batch.Batch` of n copies of a scene.

The environment is n = 1, the vector environment n, a replay of ten thousand recordings n at a time, so that they agree by
construction. A call advances one control period, reduces the physics steps to readings at once, and holds no more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import mujoco
import mujoco.batch
import numpy as np

from . import engine  # noqa: F401
from .sensing import Layout, Readings, reduce_forces

if TYPE_CHECKING:
    from .draw import Draw
    from .scene import Scene

_NONE, _VEL = mujoco.mjtStage.mjSTAGE_NONE.value, mujoco.mjtStage.mjSTAGE_VEL.value
STATE = mujoco.mjtState.mjSTATE_INTEGRATION
FEW = 64  # numbers of an action, on which Python is faster than NumPy


def _finite(action: np.ndarray) -> bool:
    """Whether every number is finite; of few numbers a sum tells it in less than NumPy's two calls."""
    return (action.size < FEW and math.isfinite(sum(action.ravel().tolist()))) or bool(np.isfinite(action).all())


class Saved(NamedTuple):
    """One copy of a simulation at one moment: its model, `mjSTATE_INTEGRATION`, the sensors of the last control period."""

    model: mujoco.MjModel
    state: np.ndarray
    trace: np.ndarray
    start: np.ndarray


class Simulation:
    """n copies of a scene, each with its own draw, stepped one control period at a time.

    Args:
        scene: what is simulated.
        n: number of copies.
        threads: threads across copies; 0 uses all cores. Results do not depend on it.
        layout: of the readings, such as `scene.task_layout`; `scene.layout` with every force where None is given.

    Attributes:
        unstable: (n,) True where the engine has warned (bad position, velocity or acceleration, full buffers) since `begin`.
    """

    def __init__(self, scene: Scene, n: int = 1, threads: int = 1, layout: Layout | None = None):
        self.scene, self.n, self.layout = scene, n, layout or scene.layout
        # persistent: what `step` computes of the state that it ends in is not computed again where the next one begins; a
        # cloth's data are too large to be kept for each copy, and its step too slow for that to be felt
        keep = n == 1 or not scene.cloths
        self.batch = mujoco.batch.Batch(scene.model, n, 1 if n == 1 else min(threads, n), persistent=keep)
        self._models: list[mujoco.MjModel] = [scene.model] * n
        self._trace = np.zeros((n, scene.n_substeps, scene.model.nsensordata))
        self._first, self._between, self._last = self._trace[:, 0], self._trace[:, 1:-1], self._trace[:, -1]
        self._whole = np.zeros(self._between.shape) if n > 1 else self._between  # `rollout` writes side by side only
        self._sensordata = self.batch.bind("sensordata")
        self._start = np.zeros((n, scene.model.nsensordata))
        self._commands = scene.n_actions  # columns of ctrl that an action fills; the rest reacts
        self._ctrl = self.batch.bind("ctrl")
        self._warning = self.batch.warning.reshape(n, -1)  # live, too
        self._quiet = bytes(self._warning.nbytes)
        self.unstable = np.zeros(n, bool)

    @property
    def _warned(self) -> bool:
        """Whether the engine has warned of any copy: asked several times a step, and bytes compare faster than arrays."""
        return self._warning.tobytes() != self._quiet

    @property
    def state(self) -> np.ndarray:
        """(n, nstate) live `mjSTATE_INTEGRATION` rows in float64; restoring a row restores that copy to the bit."""
        return self.batch.state

    def begin(self, draws: Sequence[Draw], ids: Sequence[int] | None = None) -> Readings:
        """Start copies from draws: their models and start states.

        Args:
            draws: one for each of `ids` (all copies where None).

        Returns:
            Readings (n, ·) of all copies; those begun are at time zero and have felt no force yet, the others repeat
            their last.
        """
        rows = np.arange(self.n) if ids is None else np.asarray(ids, int)
        for row, draw in zip(rows, draws):
            self._models[row] = draw.model
        self.batch.set_models(self._models)
        for row, draw in zip(rows, draws):
            self.batch.state[row] = draw.start_state
        self.batch.warning[rows] = 0
        self.unstable = self._warning.any(axis=1)
        self.batch.forward(rows, stage=_VEL)
        settled = self.layout.settled
        self._trace[rows] = 0.0
        self._start = self._start.copy()  # the readings given out so far keep theirs
        self._start[np.ix_(rows, np.flatnonzero(settled))] = self._sensordata[np.ix_(rows, np.flatnonzero(settled))]
        return self._readings(*reduce_forces(self._trace, self.layout, self.scene.timestep))

    def step(self, action: np.ndarray, ids: np.ndarray | None = None) -> Readings:
        """Apply an action for one control period.

        Args:
            action: (n, k) or, with `ids`, (len(ids), k), k actuators of the robot; float32 as recorded, becomes `ctrl`
                unchanged. (n, substeps, k) gives a command for each physics step.
            ids: the copies to advance, None for all.

        Returns:
            Readings (n, ·); rows of copies that were not advanced repeat their last. A copy that has diverged stays
            where it is until it begins anew: the engine would take seconds for a period of nothing but NaN.

        Raises:
            ValueError: where an action is not finite.
        """
        if not _finite(action):
            raise ValueError("an action holds a number that is not finite")
        if self._warned:
            rows = np.arange(self.n) if ids is None else np.asarray(ids, int)
            alive = ~self.unstable[rows]
            ids, action = rows[alive], action[alive]
        if ids is None or len(ids):
            self._advance(action, ids)
        if self._warned:
            self.unstable = self._warning.any(axis=1)
        readings = self._readings(*reduce_forces(self._trace, self.layout, self.scene.timestep))
        if self.scene.reactions.extra:
            self._react(readings, ids)
        return readings

    def _advance(self, action: np.ndarray, ids: np.ndarray | None) -> None:
        """One control period: the sensors of every physics step go into the trace, and those of the state stand at its end.

        The first and the last physics step are `Batch.step`, which goes on from the stages of the one before and computes
        those of the state at which it ends. So the sensors of that state cost nothing extra.
        """
        late, last = action.ndim == 3, self.scene.n_substeps - 1
        rows: Any = slice(None) if ids is None else ids
        self._ctrl[rows, : self._commands] = action[:, 0] if late else action
        self.batch.step(ids, stage=_NONE if last else _VEL)
        self._first[rows] = self._sensordata if ids is None else self._sensordata[ids]
        if last > 1:
            ids, action = self._going(1, ids, action)
            if ids is not None and not len(ids):
                return
            rows = slice(None) if ids is None else ids
            told = self._told(action[:, 1:last], rows) if late else None
            if ids is None:
                self.batch.rollout(last - 1, told, record=("sensordata",), out={"sensordata": self._whole})
                if self._whole is not self._between:
                    self._between[:] = self._whole
            else:
                self._between[ids] = self.batch.rollout(last - 1, told, record=("sensordata",), ids=ids)["sensordata"]
        if last:
            ids, action = self._going(last, ids, action)
            if ids is not None and not len(ids):
                return
            rows = slice(None) if ids is None else ids
            if late:
                self._ctrl[rows, : self._commands] = action[:, last]
            self.batch.step(ids, stage=_VEL)
            self._last[rows] = self._sensordata if ids is None else self._sensordata[ids]

    def _going(self, k: int, ids: np.ndarray | None, action: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
        """Which of these copies go on at physics step k, and their actions: one that has diverged stays where it is.

        `Batch.rollout` does so by itself within one call.
        """
        if not self._warned:
            return ids, action
        rows = np.arange(self.n) if ids is None else ids
        fallen = self._warning[rows].any(axis=1)
        self._trace[rows[fallen], k:] = self._trace[rows[fallen], k - 1, None]
        if fallen.any():
            self.batch.forward(rows[fallen], stage=_VEL)
        return rows[~fallen], action[~fallen]

    def _told(self, action: np.ndarray, rows: Any) -> np.ndarray:
        """(m, steps, nu) what the robot's actuators are told step by step, and what the others go on with."""
        control = np.empty((*action.shape[:2], self.scene.model.nu))
        control[..., : self._commands] = action
        control[..., self._commands :] = self._ctrl[rows, None, self._commands :]
        return control

    def _react(self, readings: Readings, ids: np.ndarray | None) -> None:
        """Let what reacts answer to what these copies have just gone through; its answer is part of their state."""
        react = self.scene.reactions.react
        if ids is None:
            self._ctrl[:, self._commands :] = react(readings, self._ctrl[:, self._commands :])
        elif len(ids):
            self._ctrl[ids, self._commands :] = react(readings.rows(ids), self._ctrl[ids, self._commands :])

    def save(self, i: int = 0) -> Saved:
        """Everything that copy i goes on from, to the bit."""
        return Saved(self._models[i], self.state[i].copy(), self._trace[i].copy(), self._start[i].copy())

    def restore(self, saved: Saved, i: int = 0) -> Readings:
        """Put copy i where it was; it has not diverged there.

        Returns:
            Readings (n, ·) of all copies, those of copy i as they were.
        """
        self._models[i] = saved.model
        self.batch.set_models(self._models)
        self.batch.state[i], self._trace[i] = saved.state, saved.trace
        self._start = self._start.copy()
        self._start[i] = saved.start
        self.batch.warning[i] = 0
        self.unstable = self._warning.any(axis=1)
        self.batch.forward(np.array([i]), stage=_VEL)
        return self._readings(*reduce_forces(self._trace, self.layout, self.scene.timestep))

    def data(self, i: int = 0) -> tuple[mujoco.MjModel, mujoco.MjData]:
        """Model and forwarded data of copy i, to look at its contacts or to render it."""
        data = self.batch.get_data(i)
        mujoco.mj_forward(self._models[i], data)
        return self._models[i], data

    def _readings(self, peak: np.ndarray, mean: np.ndarray) -> Readings:
        layout, value = self.layout, self._last.copy()
        np.copyto(value, self._sensordata, where=layout.settled)
        return Readings(value, peak, mean, self._start, layout)
