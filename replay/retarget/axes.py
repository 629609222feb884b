"""Axes of persons and hands from what devices see: rotations of quaternions, upright frames, spheres that joints move on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

UNIT_WITHIN = 0.05  # how far the norm of a quaternion may be from one before it is no rotation, as in resampling


def rotations(quat_xyzw: Array) -> Array:
    """(..., 3, 3) rotation matrices of quaternions (..., 4), x y z w; nan where the norm is not near one."""
    norm = np.linalg.norm(quat_xyzw, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        sound = np.abs(norm - 1.0) <= UNIT_WITHIN
        x, y, z, w = np.moveaxis(np.where(sound[..., None], quat_xyzw / norm[..., None], np.nan), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def unit(v: Array) -> Array:
    """Vectors (..., 3) of length one."""
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def hand_axes(along: Array, back: Array) -> Array:
    """(..., 3, 3) axes of hands as columns: x is `along` (fingers), z what of `back` is square to it, y = z x x."""
    x = unit(along)
    z = unit(back - (back * x).sum(axis=-1, keepdims=True) * x)
    return np.stack([x, np.cross(z, x), z], axis=-1)


def upright(forward: Array) -> Array:
    """(..., 3, 3) axes of persons as columns: z up, x the horizontal part of `forward`, y to the left."""
    x = np.array(forward, float)
    x[..., 2] = 0.0
    x = unit(x)
    z = np.broadcast_to([0.0, 0.0, 1.0], x.shape)
    return np.stack([x, np.cross(z, x), z], axis=-1)


def whole(*values: Array) -> NDArray[np.bool_]:
    """(n,) rows in which every number of every array (n, ...) is finite."""
    found = np.ones(len(values[0]), bool)
    for array in values:
        found &= np.isfinite(array).reshape(len(array), -1).all(axis=1)
    return found


def seen_from(origin: Array, axes: Array, points: Array) -> Array:
    """(n, 3) points in frames with these origins (n, 3) and axes (n, 3, 3) as columns."""
    return np.einsum("nji,nj->ni", axes, points - origin)


def turned_into(axes: Array, rotation: Array) -> Array:
    """(n, 3, 3) rotations (n, 3, 3) as seen from frames with these axes."""
    return np.einsum("nji,njk->nik", axes, rotation)


def sphere(points: Array) -> tuple[Array, float, float]:
    """Centre (3,), radius and RMS residual [m] of the sphere through points (n, 3), by linear least squares."""
    system = np.column_stack([2 * points, np.ones(len(points))])
    found = np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0]
    distance = np.linalg.norm(points - found[:3], axis=1)
    radius = float(distance.mean())
    return found[:3], radius, float(np.sqrt(((distance - radius) ** 2).mean()))
