"""An episode stepped again, looked at between its control steps: what sensors faster than the control rate would see.

`playing` keeps what the checks ask for, once a control step. A real robot's joint sensors are an order of magnitude
faster; here the physics steps themselves are sampled, so that nothing has to be interpolated. The states at the control
steps must be those of the episode to the bit, or there is no trace.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from ...scenarios.scene import Scene
from ..recording.recording import SimEpisode
from .reproduce import refuse_other, start_of

STATE = mujoco.mjtState.mjSTATE_INTEGRATION


@dataclass(frozen=True)
class Trace:
    """States of one episode at physics steps.

    Attributes:
        t: (n,) seconds since the episode began, multiples of the physics step.
        q, v, a, torque: (n, k) of the robot's joints, in the order of `Robot.joint_names` [rad, rad/s, rad/s^2, Nm].
            Acceleration and torque are those at the state, under the action that acts from there.
        hand, hand_speed: (n, m) opening of the hands and its speed, in the order of `Robot.hand_names` [%, %/s].
        qpos: (T+1, nq) at the control steps, for pictures.
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
    model, robot = draw.model, scene.robot
    qpos_at = np.array([model.joint(name).qposadr[0] for name in robot.joint_names])
    dof_at = np.array([model.joint(name).dofadr[0] for name in robot.joint_names])
    tendons = np.array([model.actuator(name).trnid[0] for name in robot.hand_names])
    total = episode.n_steps * scene.n_substeps
    wanted = sampled_steps(total, scene.timestep, rate)
    width, hands, n = len(qpos_at), len(tendons), len(wanted)
    q, v, a, torque = (np.empty((n, width)) for _ in range(4))
    hand, hand_speed = np.empty((n, hands)), np.empty((n, hands))
    qpos = np.empty((episode.n_steps + 1, model.nq))
    opening = np.empty((episode.n_steps + 1, hands))
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, draw.start_state, STATE)
    rows = iter(enumerate(wanted.tolist()))
    row, next_step = next(rows)
    for step in range(total + 1):
        k, within = divmod(step, scene.n_substeps)
        if within == 0:
            qpos[k] = data.qpos
            if k < episode.n_steps:
                data.ctrl[:] = episode.actions[k]
        if step == next_step:
            q[row], v[row] = data.qpos[qpos_at], data.qvel[dof_at]
        if step < total:
            mujoco.mj_step(model, data)  # forces and accelerations that it leaves behind are those of the state before
        else:
            mujoco.mj_forward(model, data)
        if within == 0:
            opening[k] = data.ten_length[tendons]
        if step == next_step:
            a[row], torque[row] = data.qacc[dof_at], data.qfrc_actuator[dof_at]
            hand[row], hand_speed[row] = data.ten_length[tendons], data.ten_velocity[tendons]
            row, next_step = next(rows, (row, -1))
    state = np.concatenate([qpos[:, qpos_at], opening], axis=1).astype(np.float32)
    refuse_other(scene, episode, "observation.state", state)
    base = data.body("base_link").xquat.copy()
    return Trace(wanted * scene.timestep, q, v, a, torque, hand, hand_speed, qpos, base)
