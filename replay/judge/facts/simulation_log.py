"""Recordings that hold the states of a simulation, held against the scene that is said to have made them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from ...checks.finding import Finding
from ...checks.rules import Rules
from ...checks.state_reproduction import check_open_loop, check_single_steps
from ...recording.recording import Recording
from ...robots.embodiment import SCALAR, Embodiment
from ...robots.robot_sheet import StateColumns
from ...signals.clock import origin_ns, seconds

STEP_SLACK = 0.01  # share of the scene's step by which a row may be off a whole number of steps: times kept in float32
Errors = tuple[float, float, float]  # angle, away, speed
FREE = 7, 6  # columns of the pose and of the velocity of a free joint


@dataclass(frozen=True)
class States:
    """Whole states of a model, row by row: t (n,) s, qpos (n, nq), qvel (n, nv), and ctrl (n, nu) from each on."""

    t: np.ndarray
    qpos: np.ndarray
    qvel: np.ndarray
    ctrl: np.ndarray


def holds_states(recording: Recording, robot: Embodiment) -> bool:
    """Whether the recording has the streams that the description says hold a simulation's states."""
    return robot.simulation is not None and all(name in recording.streams for name in _streams(robot.simulation))


def judge_reproduction(recording: Recording, robot: Embodiment, rules: Rules) -> list[Finding]:
    """`reproduces` of a recording that holds simulation states: single steps, and open loop; else nothing.

    NOT_CHECKED with `no_model` without the scene, `partial_state` where it has more state than the recording tells, and
    `other_timestep` where a row is no whole number of its steps.
    """
    rule = rules["reproduces"]
    if not holds_states(recording, robot):
        return []
    model = robot.model
    if model is None:
        return [rule.not_checked("no_model")]
    states = states_of(recording, model, robot)
    if states is None:
        return [rule.not_checked("partial_state")]
    if len(states.t) < 3 or not all(np.isfinite(part).all() for part in (states.qpos, states.qvel, states.ctrl)):
        return [rule.not_checked("too_short" if len(states.t) < 3 else "integrity.value.nonfinite")]
    interval, step = float(np.median(np.diff(states.t))), float(model.opt.timestep)
    count = round(interval / step)
    if count < 1 or abs(interval - count * step) > STEP_SLACK * step:
        return [rule.not_checked("other_timestep", details={"interval": interval, "timestep": step})]
    found = check_single_steps(states.t[:-1], *single_steps(model, states, count, robot.roots), rules)
    return found + check_open_loop(states.t, open_loop(model, states, count), rules)


def states_of(recording: Recording, model: mujoco.MjModel, robot: Embodiment) -> States | None:
    """The states of a recording in the model's own order; None where the recording leaves any of it out.

    Columns are placed by the names of joints, bodies and actuators, never by their order.
    """
    columns = robot.simulation
    assert columns is not None
    rows = {recording.streams[name].n for name in _streams(columns)}
    if len(rows) != 1 or model.na:
        return None
    n = rows.pop()
    qpos, qvel, ctrl = (np.full((n, width), np.nan) for width in (model.nq, model.nv, model.nu))
    filled = [np.zeros(width, bool) for width in (model.nq, model.nv, model.nu)]
    for target, done, streams in ((qpos, filled[0], columns.qpos), (qvel, filled[1], columns.qvel)):
        for stream in (recording.streams[name] for name in streams):
            for j, name in enumerate(stream.names):
                i = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, robot.in_model.get(name, name))
                if i < 0 or mujoco.mjtJoint(int(model.jnt_type[i])) not in SCALAR:
                    return None
                at = int((model.jnt_qposadr if target is qpos else model.jnt_dofadr)[i])
                target[:, at], done[at] = stream.values[:, j], True
    for body, names in columns.free.items():
        i = int(model.body(body).jntadr[0])
        if i < 0 or mujoco.mjtJoint(int(model.jnt_type[i])) != mujoco.mjtJoint.mjJNT_FREE:
            return None
        for target, done, address, name, width in (
            (qpos, filled[0], model.jnt_qposadr, names[0], FREE[0]),
            (qvel, filled[1], model.jnt_dofadr, names[1], FREE[1]),
        ):
            values = recording.streams[name].values
            if values.shape[1] != width:
                return None
            at = int(address[i])
            target[:, at : at + width], done[at : at + width] = values, True
    for stream in (recording.streams[name] for name in columns.ctrl):
        for j, name in enumerate(stream.names):
            a = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_ACTUATOR, columns.actuators.get(name, name))
            if a < 0:
                return None
            ctrl[:, a], filled[2][a] = stream.values[:, j], True
    if not all(done.all() for done in filled):
        return None
    first = recording.streams[(*columns.qpos, *(pose for pose, _ in columns.free.values()))[0]]
    return States(seconds(first, origin_ns(recording)), qpos, qvel, ctrl)


def single_steps(
    model: mujoco.MjModel, states: States, count: int, robot: Sequence[int]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """(n - 1,) errors after one row of `count` engine steps from each recorded state but the last.

    The solver's warm start is that of the step before, as in the run that was recorded.

    Args:
        robot: its top bodies.

    Returns:
        `angle` rad, `away` m, `speed` rad/s, see `checks.reproduction`; and (n - 1,) whether the robot touches anything.
    """
    data = mujoco.MjData(model)
    gauge = _Gauge(model)
    errors, touching = [], np.zeros(len(states.t) - 1, bool)
    mine = np.isin(model.body_rootid[model.geom_bodyid], robot)
    for k in range(len(states.t) - 1):
        _place(data, states, k)
        data.ctrl[:] = states.ctrl[k]
        mujoco.mj_step(model, data, count)
        errors.append(gauge(data.qpos, data.qvel, states.qpos[k + 1], states.qvel[k + 1]))
        touching[k] = (mine[data.contact.geom[:, 0]] != mine[data.contact.geom[:, 1]]).any()
    return _columns(errors), touching


def open_loop(model: mujoco.MjModel, states: States, count: int) -> dict[str, np.ndarray]:
    """(n,) errors of the scene left alone with the recorded controls from the first recorded state on.

    From where the simulation goes unstable on they are infinite.
    """
    model = copy.copy(model)
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    data = mujoco.MjData(model)
    gauge = _Gauge(model)
    _place(data, states, 0)
    errors = [(0.0, 0.0, 0.0)]
    for k in range(len(states.t) - 1):
        data.ctrl[:] = states.ctrl[k]
        mujoco.mj_step(model, data, count)
        if not (np.isfinite(data.qpos).all() and np.isfinite(data.qvel).all()):
            errors += [(np.inf, np.inf, np.inf)] * (len(states.t) - 1 - k)
            break
        errors.append(gauge(data.qpos, data.qvel, states.qpos[k + 1], states.qvel[k + 1]))
    return _columns(errors)


def _streams(columns: StateColumns) -> tuple[str, ...]:
    return (*columns.qpos, *columns.qvel, *columns.ctrl, *(name for pair in columns.free.values() for name in pair))


def _place(data: mujoco.MjData, states: States, row: int) -> None:
    data.time = states.t[row] - states.t[0]
    data.qpos[:], data.qvel[:] = states.qpos[row], states.qvel[row]


def _columns(errors: list[Errors]) -> dict[str, np.ndarray]:
    return dict(zip(("angle", "away", "speed"), np.array(errors).T))


class _Gauge:
    """How far two states of a model are apart: joint angles, places of bodies, joint speeds."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model, self._data = model, mujoco.MjData(model)
        hinges = model.jnt_type == int(mujoco.mjtJoint.mjJNT_HINGE)
        self._angles, self._speeds = model.jnt_qposadr[hinges], model.jnt_dofadr[hinges]
        turns = [i for i in range(model.njnt) if mujoco.mjtJoint(int(model.jnt_type[i])) in _TURNS]
        self._turns = [int(model.jnt_qposadr[i]) + _TURNS[mujoco.mjtJoint(int(model.jnt_type[i]))] for i in turns]

    def __call__(self, qpos: np.ndarray, qvel: np.ndarray, qpos_: np.ndarray, qvel_: np.ndarray) -> Errors:
        angle = np.abs(qpos[self._angles] - qpos_[self._angles]).max(initial=0.0)
        for at in self._turns:
            angle = max(angle, _between(qpos[at : at + 4], qpos_[at : at + 4]))
        speed = np.abs(qvel[self._speeds] - qvel_[self._speeds]).max(initial=0.0)
        away = np.linalg.norm(self._places(qpos) - self._places(qpos_), axis=1).max()
        return float(angle), float(away), float(speed)

    def _places(self, qpos: np.ndarray) -> np.ndarray:
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        return self._data.xipos.copy()


# where the quaternion begins in the joint's qpos
_TURNS = {mujoco.mjtJoint.mjJNT_FREE: 3, mujoco.mjtJoint.mjJNT_BALL: 0}


def _between(a: np.ndarray, b: np.ndarray) -> float:
    """Angle between two orientations [rad]; exact for small ones, where the arc cosine of a product is not."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    half = 0.5 * min(float(np.linalg.norm(a - b)), float(np.linalg.norm(a + b)))
    return float(4.0 * np.arcsin(min(1.0, half)))
