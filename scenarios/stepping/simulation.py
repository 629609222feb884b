"""The one core that steps everything: n copies of a scene side by side.

The environment is n = 1, the vector environment n, a replay of ten thousand recordings n at a time, so that they agree by
construction. A call advances one control period, reduces the physics steps to readings at once, and holds no more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import mujoco
import numpy as np

from ..legs.leg_controller import LegController
from ..legs.remembered import Memory
from ..sensing.requests import Layout, Readings, reduce_forces
from .period import ManyCopies, OneCopy, Period

if TYPE_CHECKING:
    from ..draws.variation import Draw
    from ..scene.scene import Scene

FEW = 64  # numbers of an action, on which Python is faster than NumPy


def _finite(action: np.ndarray) -> bool:
    """Whether every number is finite; of few numbers a sum tells it in less than NumPy's two calls."""
    return (action.size < FEW and math.isfinite(sum(action.ravel().tolist()))) or bool(np.isfinite(action).all())


class SavedSimulation(NamedTuple):
    """One copy of a simulation at one moment: its model, `mjSTATE_INTEGRATION`, the sensors of the last control period."""

    model: mujoco.MjModel
    state: np.ndarray
    trace: np.ndarray
    start: np.ndarray


class Passage(NamedTuple):
    """What one copy goes through in k control periods in a row: readings (1, k, ·), and positions (1, k, nq) at the end of each.

    Attributes:
        unstable: (k,) whether the engine has warned by the end of each.
    """

    readings: Readings
    qpos: np.ndarray
    unstable: np.ndarray


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
        self._period: Period = OneCopy(scene) if n == 1 else ManyCopies(scene, n, threads)
        self._models: list[mujoco.MjModel] = [scene.model] * n
        self._trace, self._settled = self._period.trace, self._period.settled
        self._last = self._trace[:, -1]
        self._start = np.zeros((n, scene.model.nsensordata))
        self._commands = scene.n_own  # columns of ctrl that are the robot's; the rest reacts
        self._ctrl = self._period.live("ctrl")
        self.unstable = np.zeros(n, bool)

    @property
    def balance(self) -> LegController | None:
        """What keeps the robot on its legs; None where it does not stand on them."""
        return self._period.balance

    @property
    def fell(self) -> np.ndarray | None:
        """(n,) when a robot on its legs fell [s], nan while it stands; None where it does not stand on them."""
        if self.balance is None:
            return None
        at = np.array([Memory(self.live("userdata")[i]).fallen[0] for i in range(self.n)])
        return np.where(at > 0.0, at, np.nan)

    @property
    def state(self) -> np.ndarray:
        """(n, nstate) a copy of the `mjSTATE_INTEGRATION` of each in float64; `put` brings a copy back to it, to the bit."""
        return np.stack([self._period.state_of(i) for i in range(self.n)])

    def state_of(self, i: int = 0) -> np.ndarray:
        """(nstate,) that of one copy."""
        return self._period.state_of(i)

    @property
    def trace(self) -> np.ndarray:
        """(n, substeps, width) live; sensordata after each physics step of the last control period. Of a copy that stays where it is
        they repeat."""
        return self._trace

    def put(self, state: np.ndarray, i: int = 0) -> None:
        """Put copy i into a state (nstate,) of its model."""
        self._put(np.array([i]), [self._models[i]], [state])

    def live(self, name: str) -> np.ndarray:
        """(n, ...) a field of every copy (`period.LIVE`), such as `qpos`; what is written to it counts from the next step."""
        return self._period.live(name)

    @property
    def kept(self) -> np.ndarray:
        """(n, extra) live; what reactions command and keep: `ctrl` after the robot's own."""
        return self._ctrl[:, self._commands :]

    def begin(self, draws: Sequence[Draw], ids: Sequence[int] | None = None) -> Readings:
        """Start copies from draws: their models and start states.

        Args:
            draws: one for each of `ids` (all copies where None).

        Returns:
            Readings (n, ·) of all copies; those begun are at time zero and have measured no force yet, the others repeat
            their last.
        """
        rows = np.arange(self.n) if ids is None else np.asarray(ids, int)
        self._put(rows, [draw.model for draw in draws], [draw.start_state for draw in draws])
        settled = np.flatnonzero(self.layout.settled)
        self._trace[rows] = 0.0
        self._start = self._start.copy()  # the readings given out so far keep theirs
        self._start[np.ix_(rows, settled)] = self._settled[np.ix_(rows, settled)]
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
        if self._period.warned:
            rows = np.arange(self.n) if ids is None else np.asarray(ids, int)
            alive = ~self.unstable[rows]
            ids, action = rows[alive], action[alive]
        if ids is None or len(ids):
            self._period.play(action, ids)
        if self._period.warned:
            self.unstable = self._period.fallen()
        readings = self._readings(*reduce_forces(self._trace, self.layout, self.scene.timestep))
        if self.scene.reactions.extra:
            self._react(readings, ids)
        return readings

    def pass_through(self, actions: np.ndarray, look: Callable[[int], None]) -> Passage:
        """Apply actions (k, nu) one after the other to the only copy: k calls of `step`, with their readings made together.

        Args:
            look: called after each control period with its number.

        Raises:
            ValueError: where an action is not finite, or something in the scene reacts to what it goes through.
        """
        if self.n != 1 or self.scene.reactions.extra:
            raise ValueError("only one copy passes through several control periods, in a scene in which nothing reacts")
        if not _finite(actions):
            raise ValueError("an action holds a number that is not finite")
        k, period, position = len(actions), self._period, self.live("qpos")[0]
        trace = np.empty((k, *self._trace.shape[1:]))
        settled, qpos = np.empty((k, trace.shape[2])), np.empty((k, len(position)))
        unstable = np.zeros(k, bool)
        for t in range(k):
            if not period.warned:  # one that has diverged stays where it is
                period.play(actions[t : t + 1], None)
            trace[t], settled[t], qpos[t], unstable[t] = self._trace[0], self._settled[0], position, period.warned
            look(t)
        if period.warned:
            self.unstable = period.fallen()
        peak, mean = reduce_forces(trace, self.layout, self.scene.timestep)
        value = trace[:, -1].copy()
        np.copyto(value, settled, where=self.layout.settled)
        readings = Readings(value[None], peak[None], mean[None], self._start[:, None], self.layout)
        return Passage(readings, qpos[None], unstable)

    def _put(self, rows: np.ndarray, models: Sequence[mujoco.MjModel], states: Sequence[np.ndarray]) -> None:
        self._period.put(rows, models, states)
        for row, model in zip(rows, models):
            self._models[row] = model
        self.unstable = self._period.fallen()

    def _react(self, readings: Readings, ids: np.ndarray | None) -> None:
        """Let what reacts answer to what these copies have just gone through; its answer is part of their state."""
        react = self.scene.reactions.react
        if ids is None:
            self._ctrl[:, self._commands :] = react(readings, self._ctrl[:, self._commands :])
        elif len(ids):
            self._ctrl[ids, self._commands :] = react(readings.rows(ids), self._ctrl[ids, self._commands :])

    def save(self, i: int = 0) -> SavedSimulation:
        """Everything that copy i goes on from, to the bit."""
        return SavedSimulation(self._models[i], self.state_of(i), self._trace[i].copy(), self._start[i].copy())

    def restore(self, saved: SavedSimulation, i: int = 0) -> Readings:
        """Put copy i where it was; it has not diverged there.

        Returns:
            Readings (n, ·) of all copies, those of copy i as they were.
        """
        self._put(np.array([i]), [saved.model], [saved.state])
        self._trace[i] = saved.trace
        self._start = self._start.copy()
        self._start[i] = saved.start
        return self._readings(*reduce_forces(self._trace, self.layout, self.scene.timestep))

    def data(self, i: int = 0) -> tuple[mujoco.MjModel, mujoco.MjData]:
        """Model and forwarded data of copy i, to look at its contacts or to render it."""
        data = self._period.data(i)
        mujoco.mj_forward(self._models[i], data)
        return self._models[i], data

    def _readings(self, peak: np.ndarray, mean: np.ndarray) -> Readings:
        layout, value = self.layout, self._last.copy()
        np.copyto(value, self._settled, where=layout.settled)
        return Readings(value, peak, mean, self._start, layout)
