"""Did a motor of the simulation give all that it has? What its controller asked for, held against the motor's limits.

Inverse dynamics takes the hands as empty. In the replay of our own episode the payload is there: what the motors carry, push
and lift is in their torque. A simulated motor ends at its peak, so that where it stands there, the torque that was asked for
says by how much it was too weak.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..robots.limits import Limits
from .dynamics import Effort, check_torque
from .finding import Finding
from .rules import Rules

if TYPE_CHECKING:
    import mujoco

SPENT = 0.99  # share of its peak from which on a motor gives all it has


def asked_torque(
    model: mujoco.MjModel, names: Sequence[str], q: np.ndarray, v: np.ndarray, ctrl: np.ndarray
) -> np.ndarray:
    """Torque that the joints' controllers ask for, the weight of the arm itself included, before any motor's limit.

    Args:
        model: the robot, with an actuator at each of the joints `names` (k,).
        q, v, ctrl: (n, k) rad, rad/s and what is commanded.

    Returns:
        (n, k) Nm.
    """
    import mujoco  # here: records are read where no engine is, too

    data = mujoco.MjData(model)
    joints = [model.joint(name).id for name in names]
    motor = {
        int(model.actuator_trnid[i, 0]): i
        for i in range(model.nu)
        if model.actuator_trntype[i] == mujoco.mjtTrn.mjTRN_JOINT
    }
    motors = [motor[j] for j in joints]
    qpos, dof = model.jnt_qposadr[joints], model.jnt_dofadr[joints]
    asked = np.zeros((len(q), len(names)))
    for i in range(len(q)):
        data.qpos[qpos], data.qvel[dof], data.ctrl[motors] = q[i], v[i], ctrl[i]
        mujoco.mj_forward(model, data)
        asked[i] = data.actuator_force[motors] * model.actuator_gear[motors, 0]
        asked[i] += np.where(model.jnt_actgravcomp[joints], data.qfrc_gravcomp[dof], 0.0)
    return asked


def check_motors(
    model: mujoco.MjModel,
    control_timestep: float,
    names: Sequence[str],
    torque: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
    ctrl: np.ndarray,
    limits: Limits,
    rules: Rules,
) -> list[Finding]:
    """`torque.peak` of the replay stage: the motor that was asked for most, and whether that was more than it has.

    Args:
        model: the robot alone.
        names: (k,) joints; torque: (T, k) Nm that their motors gave at the end of each control period.
        q, v: (T, k) rad and rad/s at that moment; ctrl: (T, k) what was commanded in that period.
    """
    peak = limits.column(names, "torque_peak")
    spent = np.abs(torque) >= SPENT * np.where(np.isfinite(peak), peak, np.inf)
    rows = np.flatnonzero(spent.any(axis=1))
    needed = np.array(torque, float)
    if len(rows):
        asked = asked_torque(model, names, q[rows], v[rows], ctrl[rows])
        more = spent[rows] & (np.abs(asked) > np.abs(needed[rows]))
        needed[rows] = np.where(more, asked, needed[rows])
    t = (1 + np.arange(len(needed))) * control_timestep
    effort = Effort(t, tuple(names), needed, np.full((len(t), 2), np.nan))
    found = [finding for finding in check_torque(effort, limits, rules, "replayed") if finding.code == "torque.peak"]
    for finding in found:
        finding.stage = (
            "replay"  # what the hand ran into before may be its cause, what falls afterwards its consequence
        )
        finding.details.pop("table", None)  # of all joints; it stands with the torques of the command
        if finding.failed and finding.t0 is not None and finding.t1 is not None:
            # reported once it has lasted: a hand that hits something is stopped by it first, and strains its motors then
            finding.t0 = min(finding.t0 + rules["torque.peak"].shortest, finding.t1)
    return found
