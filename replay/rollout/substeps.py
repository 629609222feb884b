"""An episode stepped again, looked at between its control steps: what sensors faster than the control rate would see.

`rollout.play` keeps what the checks ask for, once a control step. A real robot's joint sensors are an order of magnitude
faster; here the physics steps themselves are sampled, so that nothing has to be interpolated. The states at the control
steps must be those of the episode to the bit, or there is no trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.scene.scene import Scene
from ..recording.recording import SimEpisode
from .observers import Moment, Observations
from .reproduce import refuse_other, start_of
from .rollout import RecordedPolicy, roll_out

STATE = mujoco.mjtState.mjSTATE_INTEGRATION


@dataclass(frozen=True)
class Trace:
    """States of one episode at physics steps.

    Attributes:
        t: (n,) seconds since the episode began, multiples of the physics step.
        q, v, a, torque: (n, k) of the robot's joints, in the order of `Robot.joint_names` [rad, rad/s, rad/s^2, Nm].
            Acceleration and torque are those at the state, under the action that acts from there.
        hand, hand_speed: (n, m) opening of the hands and its speed, in the order of `Robot.hand_names` [%, %/s].
        qpos, kept: (T+1, nq) and (T+1, extra) at the control steps, for pictures.
        base: (4,) attitude of the robot's base, wxyz.
    """

    t: np.ndarray
    q: np.ndarray
    v: np.ndarray
    a: np.ndarray
    torque: np.ndarray
    hand: np.ndarray
    hand_speed: np.ndarray
    qpos: np.ndarray
    kept: np.ndarray
    base: np.ndarray


def sampled_steps(total: int, timestep: float, rate: float) -> np.ndarray:
    """(n,) physics steps 0..total nearest to the ticks of a clock, each once.

    Where the physics is slower than the clock, every step is taken; where it is faster, the steps nearest to the ticks.
    Either way the samples are states of the simulation at their own times, not at the ticks.
    """
    ticks = np.arange(int(np.floor(total * timestep * rate + 1e-6)) + 1)
    return np.unique(np.minimum(np.rint(ticks / rate / timestep).astype(int), total))


def trace(scene: Scene, episode: SimEpisode, rate: float) -> Trace:
    """Step an own episode again and look at it at about `rate` [Hz].

    Args:
        scene: the scene that it was made in, from its own config.
        rate: of the samples, kept as closely as whole physics steps allow.

    Raises:
        EpisodeError: the scene of today is another, or the episode comes out otherwise than it was recorded.
    """
    draw = start_of(scene, episode)
    looks = _Looks(scene, draw, episode.actions, rate)
    (played,) = roll_out(
        scene, [draw], RecordedPolicy([episode.actions]), [Observations(scene, 1, episode.n_steps), looks]
    )
    refuse_other(scene, episode, "observation.state", played.observations["observation.state"])
    return looks.trace()


class _Looks:
    """Steps each control period of one copy once more, from its state and on data of its own, and samples it.

    The loop sees a copy at control steps alone. A second look costs its physics twice, and leaves the loop as it is.
    """

    def __init__(self, scene: Scene, draw: Draw, actions: np.ndarray, rate: float):
        self._scene, self._actions, self._model = scene, actions, draw.model
        model, robot = draw.model, scene.robot
        self._qpos_at = np.array([model.joint(name).qposadr[0] for name in robot.joint_names])
        self._dof_at = np.array([model.joint(name).dofadr[0] for name in robot.joint_names])
        self._tendons = np.array([model.actuator(name).trnid[0] for name in robot.hand_names])
        self._steps = sampled_steps(len(actions) * scene.n_substeps, scene.timestep, rate)
        self._rows = {int(step): row for row, step in enumerate(self._steps)}
        width, hands, n = len(self._qpos_at), len(self._tendons), len(self._steps)
        self._q, self._v, self._a, self._torque = (np.empty((n, width)) for _ in range(4))
        self._hand, self._hand_speed = np.empty((n, hands)), np.empty((n, hands))
        self._qpos = np.empty((len(actions) + 1, model.nq))
        self._kept = np.empty((len(actions) + 1, scene.reactions.extra))
        self._data = mujoco.MjData(model)

    def note(self, now: Moment) -> None:
        model, data, first = self._model, self._data, now.t * self._scene.n_substeps
        mujoco.mj_setState(model, data, now.simulation.state_of(), STATE)
        self._qpos[now.t], self._kept[now.t] = data.qpos, now.simulation.kept[0]
        if now.t == len(self._actions):
            self._look(first, mujoco.mj_forward)
            return
        data.ctrl[: self._actions.shape[1]] = self._actions[now.t]
        for step in range(first, first + self._scene.n_substeps):
            self._look(step, mujoco.mj_step)

    def _look(self, step: int, advance: Callable[[mujoco.MjModel, mujoco.MjData], None]) -> None:
        """Go on from a physics step; forces and accelerations that this leaves behind are those of the state before."""
        data, row = self._data, self._rows.get(step)
        if row is None:
            advance(self._model, data)
            return
        self._q[row], self._v[row] = data.qpos[self._qpos_at], data.qvel[self._dof_at]
        advance(self._model, data)
        self._a[row], self._torque[row] = data.qacc[self._dof_at], data.qfrc_actuator[self._dof_at]
        self._hand[row], self._hand_speed[row] = data.ten_length[self._tendons], data.ten_velocity[self._tendons]

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {}

    def trace(self) -> Trace:
        """What was seen, once the last control step was looked at."""
        return Trace(
            self._steps * self._scene.timestep,
            self._q,
            self._v,
            self._a,
            self._torque,
            self._hand,
            self._hand_speed,
            self._qpos,
            self._kept,
            self._data.body("base_link").xquat.copy(),
        )
