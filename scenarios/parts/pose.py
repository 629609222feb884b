"""Rigid poses: where a site of a part lies, and how parts are stood on one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from ..sheet import engine_warnings  # noqa: F401


@dataclass(frozen=True)
class Pose:
    """A position [m] and a unit quaternion (wxyz)."""

    pos: np.ndarray
    quat: np.ndarray

    @classmethod
    def identity(cls) -> Pose:
        return cls(np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]))

    @classmethod
    def of(cls, pos: object, yaw: float = 0.0) -> Pose:
        return cls(np.asarray(pos, float), np.array([np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]))

    @property
    def matrix(self) -> np.ndarray:
        """(3, 3) rotation matrix; its columns are the axes."""
        return matrix_of(self.quat)

    def __matmul__(self, other: Pose) -> Pose:
        pos, quat = np.zeros(3), np.zeros(4)
        mujoco.mju_mulPose(pos, quat, self.pos, self.quat, other.pos, other.quat)
        return Pose(pos, quat)

    def inverse(self) -> Pose:
        pos, quat = np.zeros(3), np.zeros(4)
        mujoco.mju_negPose(pos, quat, self.pos, self.quat)
        return Pose(pos, quat)


def matrix_of(quat: np.ndarray) -> np.ndarray:
    """(3, 3) rotation matrix of a unit quaternion (wxyz)."""
    flat = np.zeros(9)
    mujoco.mju_quat2Mat(flat, np.asarray(quat, float))
    return flat.reshape(3, 3)


def quat_of(matrix: np.ndarray) -> np.ndarray:
    """(4,) unit quaternion (wxyz) of a rotation matrix, (3, 3) or in one row."""
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.ascontiguousarray(matrix).ravel())
    return quat


def turned_by(turn: Sequence[float] | np.ndarray, quat: np.ndarray) -> np.ndarray:
    """(4,) the product of two quaternions (wxyz): the second, and then the first one."""
    product = np.zeros(4)
    mujoco.mju_mulQuat(product, np.array(turn, float), np.array(quat, float))
    return product


def posed(model: mujoco.MjModel, qpos: np.ndarray | Sequence[float] | None = None) -> mujoco.MjData:
    """Data with every frame where `qpos` (nq,) puts it, or the model itself does."""
    data = mujoco.MjData(model)
    if qpos is not None:
        data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    return data


def postures(model: mujoco.MjModel, rows: Iterable[np.ndarray]) -> Iterator[mujoco.MjData]:
    """Data with every frame where each of `rows` (nq,) puts it, one after the other: the same data, moved on."""
    data = mujoco.MjData(model)
    for qpos in rows:
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        yield data


def hanging(model: mujoco.MjModel, *bodies: int) -> set[int]:
    """Bodies, and all that hang on them."""
    found = set(bodies)
    for body in range(model.nbody):  # parents come first
        if int(model.body_parentid[body]) in found:
            found.add(body)
    return found


def local_pose(element: Any, stop: str = "") -> Pose:
    """Pose of a site or body at zero joint angles, in the frame named `stop` or else in the world; frames and parents are followed."""
    pose = _own(element)
    frame, parent = element.frame, element.parent
    while True:
        while frame is not None:
            if stop and frame.name == stop:
                return pose
            pose = _own(frame) @ pose
            frame = frame.frame
        if parent is None or parent.name == "world":
            return pose
        pose = _own(parent) @ pose
        frame, parent = parent.frame, parent.parent


def pose_in_body(element: Any) -> Pose:
    """Pose of a site in the frame of the body that carries it; frames between them are followed."""
    pose, frame = _own(element), element.frame
    while frame is not None:
        pose, frame = _own(frame) @ pose, frame.frame
    return pose


def _own(element: Any) -> Pose:
    quat: np.ndarray = np.array(element.quat, float)
    if element.alt.type != mujoco.mjtOrientation.mjORIENTATION_QUAT:  # euler, axisangle, xyaxes or zaxis
        how = element.compiler  # of the file that it came from, which may count in degrees in a scene of radians
        quat = np.array(mujoco.MjSpec.resolve_orientation(degree=how.degree, sequence=how.eulerseq, orientation=element.alt))
    norm = np.linalg.norm(quat)
    return Pose(np.array(element.pos, float), quat / norm if norm > 0 else np.array([1.0, 0.0, 0.0, 0.0]))


def length(v: np.ndarray) -> np.ndarray:
    """(...,) lengths of vectors (..., k): `np.linalg.norm` to the bit, at a fifth of what its call costs."""
    return np.sqrt(np.add.reduce(v * v, axis=-1))
