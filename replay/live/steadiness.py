"""How hard an arm may push on a thing before the robot would tip over, from where it would push.

A robot that pushes is pushed back, and the higher it pushes, the less its feet bear: at the height of a chest some 40 N backwards.
`tipping_over.py` judges it by the zero-moment point of the simulated forces. Before a touch there are none, so the point is taken to lie
under the centre of mass, as of a robot that stands still, and a newton at a place is known to shift it by so many millimetres. A part of
what is left there (`SHARE`) may be used; the rest is for the arms' own motion and for the blow of a touch.
"""

from __future__ import annotations

import mujoco
import numpy as np

from ...scenarios.robots.footing import wrench_site
from ...scenarios.scene.scene import Scene
from ..retarget.arms import Array

SHARE = 0.6  # of what is left to an edge
WAYS = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])  # forward, back, left, right
LEAST = 5.0  # N, with which a thing may always be touched


class Steadiness:
    """What the feet of a robot bear.

    Args:
        scene: in which tipping over is measured; model: of the draw; root: body of the robot on which all of it hangs.
    """

    def __init__(self, scene: Scene, model: mujoco.MjModel, root: int):
        self._root, self._footing = root, scene.footing
        self._site = model.site(wrench_site(scene.robot)).id
        self._weight = float(model.body_subtreemass[root]) * float(np.linalg.norm(model.opt.gravity))
        ankles, foot = self._footing.peak / self._weight, self._footing
        self._bound = np.array([min(foot.front, ankles), min(foot.back, ankles), foot.left, foot.right])

    def look(self, data: mujoco.MjData) -> None:
        """Note where it stands, in a posture whose places and centres of mass are known."""
        self._axes = data.site_xmat[self._site].reshape(3, 3)
        self._mark = data.site_xpos[self._site] - self._axes @ self._footing.site
        centre = (self._axes.T @ (data.subtree_com[self._root] - self._mark))[:2]
        off = np.array([self._footing.axis[0], 0.0])
        self._centre, self._left = centre, SHARE * np.maximum(self._bound - WAYS @ (centre - off), 0.0)

    def bears(self, at: Array, way: Array) -> Array:
        """(m,) [N] with which it may push at points (m, 3) the ways (m, 3) of length 1, in the world, at least `LEAST`."""
        place, push = (at - self._mark) @ self._axes, way @ self._axes
        shift = push[:, 2:] * ((place[:, :2] - self._centre) @ WAYS.T) - place[:, 2:] * (push[:, :2] @ WAYS.T)
        return np.maximum(LEAST, (self._left * self._weight / np.maximum(shift, 1e-9)).min(axis=1))
