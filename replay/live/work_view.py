"""What a person who performs a scenario has to see: both hands, and within reach all that the goal speaks of."""

from __future__ import annotations

from itertools import product
from typing import Any

import mujoco
import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.scene.scene import Scene
from ..retarget.targets import HANDS
from .replayed import bodies_of

SOLID = 3  # joints of an arm down to its elbow: what comes after it is no veil
AHEAD = (0.85, 0.0, -1.65)  # way in which it is looked, in the robot's axes: over its head, down to its hands
REACH = 1.2  # m from the robot's middle, over the floor
WHOLE = 0.7  # m, up to which a thing is shown whole; of what is larger, the place that is spoken of


def work_view(scene: Scene, drawn: Draw) -> dict[str, Any]:
    """Where a page looks from as the draw begins, and what of the robot it is looked through.

    Returns:
        `ahead` (3,), the way to look in the world; `points` (n, 3) [m], which have to be in the picture; `veils`, the names of the robot's
        links that are neither forearm nor hand: it is seen from behind, and they stand before its work.
    """
    model, data = drawn.model, drawn.data()
    mujoco.mj_kinematics(model, data)
    x, y, yaw = scene.config.stands_at
    own = bodies_of(model, scene.robot.root)
    arms = [[bodies_of(model, joint) for joint in scene.robot.arm_of(hand)] for hand in HANDS]
    boxes = [box for _, *_, hand in arms if (box := _box(model, data, hand)) is not None]
    veils = sorted(model.body(b).name for b in own - set().union(*(arm[SOLID] for arm in arms)))
    asked = {name for step in scene.goal for request in step.predicate.requests() for name in (request.of, request.to)}
    for name in sorted(one.rpartition(":")[2] for one in asked):
        bodies = bodies_of(model, name) - own
        box = _box(model, data, bodies) if bodies else None
        if box is not None and (box[1] - box[0]).max() > WHOLE:
            box = _place(model, data, name)
        if box is not None and np.linalg.norm((box[0] + box[1])[:2] / 2 - (x, y)) < REACH:
            boxes.append(box)
    ahead = [AHEAD[0] * np.cos(yaw), AHEAD[0] * np.sin(yaw), AHEAD[2]]
    corners = [[low[0] if a else high[0], low[1] if b else high[1], low[2] if c else high[2]] for low, high in boxes
               for a, b, c in product((False, True), repeat=3)]  # fmt: skip
    return {"ahead": [float(v) for v in ahead], "points": np.round(np.unique(corners, axis=0), 4).tolist(), "veils": veils}


def _box(model: mujoco.MjModel, data: mujoco.MjData, bodies: set[int]) -> tuple[np.ndarray, np.ndarray] | None:
    """Least and largest corner (3,) of the shapes of bodies; None where they have none."""
    found = []
    for geom in np.flatnonzero(np.isin(model.geom_bodyid, list(bodies))):
        middle, half = model.geom_aabb[geom, :3], model.geom_aabb[geom, 3:]
        turn = data.geom_xmat[geom].reshape(3, 3)
        at = data.geom_xpos[geom] + turn @ middle
        found.append([at - np.abs(turn) @ half, at + np.abs(turn) @ half])
    if not found:
        return None
    return np.min([low for low, _ in found], axis=0), np.max([high for _, high in found], axis=0)


def _place(model: mujoco.MjModel, data: mujoco.MjData, name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """A site's place as a box without extent; None of what is none."""
    site = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, name)
    return (data.site_xpos[site], data.site_xpos[site]) if site >= 0 else None
