"""Directions and turns: of a hand about its axes, from one rotation to another, and how a way is gone evenly."""

from __future__ import annotations

import mujoco
import numpy as np

from ....scenarios.parts.pose import matrix_of, quat_of
from ..words.reason import GivenUp, Reason

UP = np.array([0.0, 0.0, 1.0])
# how much a radian by which a hand is turned otherwise counts beside a metre by which it is elsewhere [m/rad]
LEVEL = 0.6  # while something is held level
FIRM = 0.15  # while it takes
AIMED = (0.15, 0.15, 0.0)  # about each of its axes: where the fingers point counts, not how it is rolled about them


def progress(u: float, ramp: float) -> float:
    """Way made, 0..1, at the share u of the time, speeding up and slowing down over a share `ramp` (0..0.5) each.

    With ramp 0.5 it is close to the minimum-jerk law of a single reach (Flash and Hogan, J. Neurosci. 1985); a long way
    through via points is travelled at an even speed between its ends, as people do.
    """
    if u > 0.5:
        return 1.0 - progress(1.0 - u, ramp)
    if u >= ramp:
        return (u - ramp / 2.0) / (1.0 - ramp)
    x = u / ramp
    return ramp / (1.0 - ramp) * x**4 * (2.5 - 3.0 * x + x * x)


def turn_z(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def turn_about(axis: np.ndarray, angle: float) -> np.ndarray:
    """Rotation matrix about a unit axis."""
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def turned_about(axis: np.ndarray, angle: float) -> np.ndarray:
    """(3, 3) rotation about an axis, which need not be a unit vector."""
    quat = np.zeros(4)
    mujoco.mju_axisAngle2Quat(quat, np.asarray(axis) / max(float(np.linalg.norm(axis)), 1e-9), angle)
    return matrix_of(quat)


def hand_frame(yaw: float, pitch: float, roll: float = 0.0) -> np.ndarray:
    """Rotation of a tcp with its fingers to `yaw` (from world x, to the left) and down by `pitch`, opening level at roll 0."""
    z = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    y = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
    return np.stack([np.cross(y, z), y, z], axis=1) @ turn_z(roll)


def turned_between(a: np.ndarray, b: np.ndarray) -> float:
    """Angle [rad] between two rotation matrices."""
    return float(np.arccos(np.clip((np.trace(a.T @ b) - 1.0) / 2.0, -1.0, 1.0)))


def turn_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(3,) [rad] in the world by which b is turned against a, about its axis."""
    out = np.zeros(3)
    mujoco.mju_quat2Vel(out, quat_of(b @ a.T), 1.0)
    return out


def between(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """Rotation matrix at a share of the shortest turn from a to b."""
    half, step = np.zeros(3), np.zeros(4)
    mujoco.mju_quat2Vel(half, quat_of(a.T @ b), 1.0)
    angle = float(np.linalg.norm(half))
    mujoco.mju_axisAngle2Quat(step, half / angle if angle > 1e-9 else np.array([0.0, 0.0, 1.0]), angle * share)
    return a @ matrix_of(step)


def facing(rotation: np.ndarray) -> float:
    """Yaw [rad] into a site: against its x axis, which points out of the part."""
    return float(np.arctan2(-rotation[1, 0], -rotation[0, 0]))


def unit(way: np.ndarray, otherwise: str) -> np.ndarray:
    """A direction (3,) as a unit vector.

    Raises:
        GivenUp: with `otherwise`, where it has no length.
    """
    length = float(np.linalg.norm(way))
    if not length > 1e-9:
        raise GivenUp(otherwise)
    return way / length


def flat_unit(way: np.ndarray) -> np.ndarray:
    """(3,) unit vector along a way, without its height; none where it is nowhere level."""
    flat = way * [1.0, 1.0, 0.0]
    return flat / max(float(np.linalg.norm(flat)), 1e-9)


def fingers_vertical(side: str) -> Reason:
    """That the fingers of a hand point to no side, so that nothing is beside or before them."""
    return Reason(f"the fingers of the {side} hand point straight down or up", "fingers_vertical", side=side)
