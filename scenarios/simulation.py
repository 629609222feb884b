"""The one core that steps everything: a `mujoco.batch.Batch` of n copies of a scene.

The environment is n = 1, the vector environment n, a replay of ten thousand recordings n at a time, so that they agree by
construction. A call advances one control period, reduces the physics steps to readings at once, and holds no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import mujoco
import mujoco.batch
import numpy as np

from . import engine  # noqa: F401
from .sensing import Readings, reduce_forces

if TYPE_CHECKING:
    from .draw import Draw
    from .scene import Scene

_VEL = mujoco.mjtStage.mjSTAGE_VEL.value
STATE = mujoco.mjtState.mjSTATE_INTEGRATION


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

    Attributes:
        unstable: (n,) True where the engine has warned (bad position, velocity or acceleration, full buffers) since `begin`.
    """

    def __init__(self, scene: Scene, n: int = 1, threads: int = 1):
        self.scene, self.n = scene, n
        self.batch = mujoco.batch.Batch(scene.model, n, 1 if n == 1 else min(threads, n))
        self._models: list[mujoco.MjModel] = [scene.model] * n
        self._trace = np.zeros((n, scene.n_substeps, scene.model.nsensordata))
        self._sensordata = self.batch.bind("sensordata")
        self._start = np.zeros((n, scene.model.nsensordata))
        self._control = np.zeros((n, 1, scene.model.nu))
        self._commands = scene.n_actions  # columns of ctrl that an action fills; the rest reacts
        self._ctrl = self.batch.bind("ctrl")
        self.unstable = np.zeros(n, bool)

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
        self.unstable = self.batch.warning.reshape(self.n, -1).any(axis=1)
        self.batch.forward(rows, stage=_VEL)
        settled = self.scene.layout.settled
        self._trace[rows] = 0.0
        self._start = self._start.copy()  # the readings given out so far keep theirs
        self._start[np.ix_(rows, np.flatnonzero(settled))] = self._sensordata[np.ix_(rows, np.flatnonzero(settled))]
        return self._readings(*reduce_forces(self._trace, self.scene.layout, self.scene.timestep))

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
        if not np.isfinite(action).all():
            raise ValueError("an action holds a number that is not finite")
        if self.unstable.any():
            rows = np.arange(self.n) if ids is None else np.asarray(ids, int)
            alive = ~self.unstable[rows]
            ids, action = rows[alive], action[alive]
        if ids is None:
            if action.ndim == 2:
                self._control[:, 0, : self._commands] = action
                self._control[:, 0, self._commands :] = self._ctrl[:, self._commands :]
                control = self._control
            else:
                control = self._whole(action, self._ctrl)
            out = self.batch.rollout(
                self.scene.n_substeps, control, record=("sensordata",), out={"sensordata": self._trace}
            )
            trace = out["sensordata"]
            self.batch.forward(stage=_VEL)
        elif not len(ids):
            trace = self._trace
        else:
            control = self._whole(action if action.ndim == 3 else action[:, None], self._ctrl[ids])
            self._trace[ids] = self.batch.rollout(self.scene.n_substeps, control, record=("sensordata",), ids=ids)[
                "sensordata"
            ]
            self.batch.forward(ids, stage=_VEL)
            trace = self._trace
        self.unstable = self.batch.warning.reshape(self.n, -1).any(axis=1)
        readings = self._readings(*reduce_forces(trace, self.scene.layout, self.scene.timestep))
        if self.scene.reactions.extra:
            self._react(readings, np.arange(self.n) if ids is None else ids)
        return readings

    def _whole(self, action: np.ndarray, ctrl: np.ndarray) -> np.ndarray:
        """(m, steps, nu) what the robot's actuators are told, and what the others go on with."""
        control = np.empty((*action.shape[:2], self.scene.model.nu))
        control[..., : self._commands] = action
        control[..., self._commands :] = ctrl[:, None, self._commands :]
        return control

    def _react(self, readings: Readings, ids: np.ndarray) -> None:
        """Let what reacts answer to what these copies have just gone through; its answer is part of their state."""
        if len(ids):
            extra = self._ctrl[ids, self._commands :]
            self._ctrl[ids, self._commands :] = self.scene.reactions.react(readings.rows(ids), extra)

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
        self.unstable = self.batch.warning.reshape(self.n, -1).any(axis=1)
        self.batch.forward(np.array([i]), stage=_VEL)
        return self._readings(*reduce_forces(self._trace, self.scene.layout, self.scene.timestep))

    def data(self, i: int = 0) -> tuple[mujoco.MjModel, mujoco.MjData]:
        """Model and forwarded data of copy i, to look at its contacts or to render it."""
        data = self.batch.get_data(i)
        mujoco.mj_forward(self._models[i], data)
        return self._models[i], data

    def _readings(self, peak: np.ndarray, mean: np.ndarray) -> Readings:
        layout = self.scene.layout
        value = np.where(layout.settled, self._sensordata, self._trace[:, -1])
        return Readings(value, peak, mean, self._start, layout)
