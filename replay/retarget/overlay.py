"""Where a person's hands were, as rings in a picture of the robot."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np
from numpy.typing import NDArray

from ...scenarios.parts.pose import posed

COLOURS = {"left": (0, 200, 230), "right": (230, 0, 200)}  # cyan, magenta: on no robot, fixture or wall of ours
RADIUS, WIDTH = 7.0, 2.0  # pixels


def ring(
    image: NDArray[np.uint8],
    model: mujoco.MjModel,
    qpos: NDArray[np.float64],
    camera: str,
    hands: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.uint8]:
    """A copy of a picture with a ring at each hand.

    Args:
        image: (h, w, 3), as the model's camera of that name saw it at `qpos`.
        hands: hand -> (3,) [m] in the world; one that is NaN or behind the camera gets none.
    """
    data = posed(model, qpos)
    mujoco.mj_camlight(model, data)
    eye = model.camera(camera).id
    height, width = image.shape[:2]
    focal = 0.5 * height / np.tan(0.5 * np.deg2rad(model.cam_fovy[eye]))
    rows, columns = np.mgrid[:height, :width]
    out = image.copy()
    for hand, place in hands.items():
        x, y, z = data.cam_xmat[eye].reshape(3, 3).T @ (np.asarray(place) - data.cam_xpos[eye])  # looks along -z
        if not np.isfinite(x + y + z) or z > -1e-3:
            continue
        away = np.hypot(columns - (0.5 * width - focal * x / z), rows - (0.5 * height + focal * y / z))
        out[np.abs(away - RADIUS) < 0.5 * WIDTH] = COLOURS[hand]
    return out
