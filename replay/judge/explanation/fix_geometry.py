"""Which way out, and how far: what advice needs beside a finding's own numbers.

Everything here is computed for findings that failed, from the posture of the moment in which they were worst.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from ....scenarios.parts.pose import posed
from ...checks.dynamics import margin_inside, positions, root_of
from ...checks.finding import Finding
from ...signals.signal import Motion
from ..facts.results import Judged

BASE = "base_link"
SIDES = (("forward", "back"), ("left", "right"), ("up", "down"))  # of the robot: x forward, y left, z up


def side_of(direction: Sequence[float] | np.ndarray) -> str:
    """The word for the axis of the robot that a direction (2,) or (3,) follows most."""
    axis = int(np.argmax(np.abs(direction)))
    return SIDES[axis][0 if direction[axis] > 0 else 1]


def way_out(model: mujoco.MjModel, qpos: np.ndarray, bodies: Sequence[str]) -> dict[str, Any] | None:
    """How the first of two bodies gets out of the second, in a posture in which they overlap.

    Args:
        qpos: (nq,) the posture.
        bodies: two body names; the one to move is the robot's (no `/`, not the world), of two the one further out on it.

    Returns:
        `move`, `from`: the bodies; `by`: how deep they overlap [m]; `direction` (3,) in the frame of the robot's base, and
        `side`, its word. None where they do not touch in that posture.
    """
    if len(bodies) != 2:
        return None
    ids = [mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, name) for name in bodies]
    if min(ids) < 0:
        return None
    outwards = [_depth(model, i) if name != "world" and "/" not in name else -1 for i, name in zip(ids, bodies)]
    first = 0 if outwards[0] >= outwards[1] else 1
    data = posed(model, qpos)
    mujoco.mj_comPos(model, data)
    mujoco.mj_collision(model, data)
    pushed, deepest = np.zeros(3), 0.0
    for contact in data.contact[: data.ncon]:
        pair = [int(model.geom_bodyid[g]) if g >= 0 else -1 for g in contact.geom]
        if contact.dist >= 0.0 or sorted(pair) != sorted(ids):
            continue
        # it points from the first geom to the second
        normal = contact.frame[:3] * (-1.0 if pair[0] == ids[first] else 1.0)
        pushed += -contact.dist * normal
        deepest = max(deepest, -float(contact.dist))
    if not deepest or not np.linalg.norm(pushed):
        return None
    known = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, BASE) >= 0
    turn = data.body(BASE).xmat.reshape(3, 3) if known else np.eye(3)
    direction = turn.T @ (pushed / np.linalg.norm(pushed))
    return {
        "move": bodies[first],
        "from": bodies[1 - first],
        "by": deepest,
        "direction": [float(d) for d in direction],
        "side": side_of(direction),
    }


def _depth(model: mujoco.MjModel, body: int) -> int:
    """How many bodies stand between this one and the world."""
    return 0 if body == 0 else 1 + _depth(model, int(model.body_parentid[body]))


def holding_torque(model: mujoco.MjModel, names: Sequence[str], q: np.ndarray, joint: str) -> float | None:
    """Torque [Nm] that a joint needs only to hold a posture, with empty hands; None where the model lacks it.

    Args:
        model: the robot, its base fixed; names: (k,) joints; q: (k,) rad.
    """
    at = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, joint)
    if at < 0 or not np.isfinite(q).all():
        return None
    model = copy.copy(model)
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT | mujoco.mjtDisableBit.mjDSBL_CONSTRAINT)
    data = mujoco.MjData(model)
    data.qpos[:] = positions(model, names, q[None])[0]
    mujoco.mj_inverse(model, data)
    return float(data.qfrc_inverse[model.jnt_dofadr[at]])


def over_feet(model: mujoco.MjModel, names: Sequence[str], q: np.ndarray) -> np.ndarray:
    """(2,) where on the floor the robot's centre of mass is, when it holds a posture with empty hands."""
    data = posed(model, positions(model, names, q[None])[0])
    mujoco.mj_comPos(model, data)
    return np.array(data.subtree_com[model.body(root_of(model)).id, :2])


def inward(polygon: np.ndarray, point: Sequence[float]) -> np.ndarray:
    """(2,) unit vector from a point to the inside of a convex polygon, square to the edge that it is beyond most.

    Args:
        polygon: (p, 2) counter-clockwise.
    """
    along = np.roll(polygon, -1, axis=0) - polygon
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.linalg.norm(along, axis=1)[:, None]
    depth = ((np.asarray(point, float) - polygon) * normal).sum(axis=1)
    return normal[int(depth.argmin())]


def known_of(judged: Judged, finding: Finding) -> Mapping[str, Any]:
    """What the model adds to a failed finding: the way out of an overlap, the torque of standing still, the way to lean."""
    if not judged.subject.robot.in_scene:
        return {}  # another robot: its own model stands elsewhere
    motion = judged.motions.resampled.get(finding.signal or "")
    details = finding.details
    if finding.code == "balance" and "at" in details:
        direction = inward(judged.context.soles, details["at"])
        known: dict[str, Any] = {"side": side_of(direction), "direction": [float(d) for d in direction]}
        if motion is not None and finding.t0 is not None and motion.known.any():
            names, q = judged.motions.by_role[finding.signal or ""].names, motion.x[_row(motion, finding)]
            known["standing"] = float(
                margin_inside(judged.context.soles, over_feet(judged.context.robot, names, q)[None])[0]
            )
        return known
    if finding.code == "torque.peak" and motion is not None and finding.subject and finding.t0 is not None:
        names = judged.motions.by_role[finding.signal or ""].names
        if motion.known.any():
            q = motion.x[_row(motion, finding)]
            holding = holding_torque(judged.context.robot, names, q, finding.subject[0])
            return {} if holding is None else {"holding": holding}
    if finding.code.startswith("collision.") or finding.code == "start.penetration":
        qpos = _posture(judged, finding)
        if qpos is not None:
            model = judged.motions.draw.model if judged.motions.draw is not None else judged.scene.model
            return way_out(model, qpos, finding.subject) or {}
    return {}


def _row(motion: Motion, finding: Finding) -> int:
    """The row of a motion in the middle of a finding, among those that are known."""
    t0 = finding.t0 or 0.0
    rows = np.flatnonzero(motion.known)
    return int(rows[np.abs(motion.t[rows] - 0.5 * (t0 + (finding.t1 if finding.t1 is not None else t0))).argmin()])


def _posture(judged: Judged, finding: Finding) -> np.ndarray | None:
    """(nq,) where everything stood when the finding was worst."""
    t = finding.details.get("t_deepest", finding.t0)
    if t is None:
        return None
    model = judged.motions.draw.model if judged.motions.draw is not None else judged.scene.model
    shown = judged.rollouts.shown
    if finding.stage == "replay":
        if shown is None:
            return None
        row = round((float(t) - judged.rollouts.offset) / judged.scene.control_timestep)
        qpos = shown.qpos[min(max(row, 0), len(shown.qpos) - 1)]
        return qpos if np.isfinite(qpos).all() and len(qpos) == model.nq else None
    motion = judged.motions.resampled.get(finding.signal or "")
    rows = np.flatnonzero(motion.known) if motion is not None else ()
    if motion is None or not len(rows):
        return None
    from ....scenarios.draws.variation import nominal
    from ...signals.joint_motion import finger_positions

    draw = judged.motions.draw or judged.rollouts.around or nominal(judged.scene)
    row = rows[int(np.abs(motion.t[rows] - float(t)).argmin())]
    names = judged.motions.by_role[finding.signal or ""].names
    qpos = positions(model, names, motion.x[[row]], draw.start_state[1 : 1 + model.nq])[0]
    for address, position in finger_positions(judged.recording, model, motion.t[[row]]).items():
        qpos[address] = position[0]
    return qpos
