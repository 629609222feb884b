"""What the robot touched in a replay that no step of the task asks for: which bodies, and how hard."""

from __future__ import annotations

from collections.abc import Iterable

import mujoco
import numpy as np

from ....scenarios.parts.pose import hanging, posed
from ...rollout.rollout import Rollout, Take
from ..context import SceneContext

FURTHEST = 0.1  # m, further away nothing was touched


def unasked_touches(context: SceneContext, shown: Rollout, take: Take) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Unasked contacts as pairs of bodies and their forces (T+1, m) [N].

    The partner of a link is looked up in the posture of its strongest touch, and so is at each touch which shape of a body that hands
    may touch in part (of a table the top) is the nearest. Contacts of the robot with itself are left to `collision.self`, which judges
    them by depth: our shapes are approximate, and a graze of theirs by tenths of a millimetre rings with hundreds of newtons.
    """
    names, columns = [], []
    scene, model = context.scene, take.draw.model
    # a flange is a link as well as part of a hand: what the hand may touch it may, and what the hand is asked about is reported once
    hands, touchable = scene.robot.interface["hands"]["bodies"], context.touchable
    asked = {(request.of.partition(":")[2], request.to.partition(":")[2]) for request in scene.unasked}
    meant = {model.geom(name).id for how, _, name in (one.partition(":") for one in scene.may_touch) if how == "geom"}
    for column, request in enumerate(scene.unasked):
        mine, other = request.of.partition(":")[2], request.to.partition(":")[2]
        force = shown.touches[:, column].copy()
        if not other and force.max(initial=0.0) > 0.0:
            near = _nearest(model, _posture(shown, int(force.argmax())), [model.body(mine).id], range(model.nbody))
            other = "" if near is None else model.body(model.geom_bodyid[near]).name
            if "/" not in other or (mine in hands and (other in touchable or (mine, other) in asked)):
                continue
        elif other in touchable:
            own, whole = sorted(hanging(model, model.body(mine).id)), [model.body(other).id]
            for row in np.flatnonzero(force):
                if _nearest(model, _posture(shown, int(row)), own, whole) in meant:
                    force[row] = 0.0
        names.append((mine, other))
        columns.append(force)
    return names, np.stack(columns, axis=1) if columns else np.zeros((len(shown.touches), 0))


def _posture(shown: Rollout, row: int) -> np.ndarray:
    """(nq,) at the beginning of the control period that ends at a row."""
    return shown.qpos[max(row - 1, 0)]


def _nearest(model: mujoco.MjModel, qpos: np.ndarray, mine: Iterable[int], others: Iterable[int]) -> int | None:
    """The collision geom of bodies that comes nearest to those of others, among pairs that can collide, in a posture."""
    data = posed(model, qpos)
    solid = (model.geom_contype != 0) | (model.geom_conaffinity != 0)
    excluded = {frozenset((int(s) >> 16, int(s) & 0xFFFF)) for s in model.exclude_signature}
    best, nearest = FURTHEST, None
    for a in mine:
        for b in set(others) - {a, int(model.body_parentid[a])}:
            if int(model.body_parentid[b]) == a or frozenset((a, b)) in excluded:
                continue
            for g in np.flatnonzero(solid & (model.geom_bodyid == a)):
                for h in np.flatnonzero(solid & (model.geom_bodyid == b)):
                    one, two = (int(model.geom_contype[i]) & int(model.geom_conaffinity[j]) for i, j in ((g, h), (h, g)))
                    if not (one or two):
                        continue
                    distance = mujoco.mj_geomDistance(model, data, int(g), int(h), best, None)
                    if distance < best:
                        best, nearest = float(distance), int(h)
    return nearest
