"""What of a model hangs on what: a handle on its door, a cup's handle on the cup, a plug on its cord."""

from __future__ import annotations

import mujoco
import numpy as np

FOLLOWS = 1e-3  # share of what its joints move a thing one way, below which it does not follow another way
CORD = 3  # joints on which something hangs that is neither free nor a door: more are a cord


def body_of(model: mujoco.MjModel, what: str) -> int:
    """The number of a body, or of the body that a site belongs to; 0 where there is neither."""
    body = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, what)
    if body >= 0:
        return int(body)
    site = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, what)
    return int(model.site_bodyid[site]) if site >= 0 else 0


def hangs_on(model: mujoco.MjModel, what: str, body: str) -> bool:
    """Whether a body, or a site, is part of a body or of what hangs on it."""
    one = body_of(model, what)
    while one and model.body(one).name != body:
        one = int(model.body_parentid[one])
    return one != 0


def rigid_part(model: mujoco.MjModel, what: str) -> str | None:
    """The free body that a body or a site is a rigid part of; None for a cloth, a door's handle, and what stands fast."""
    body = body_of(model, what)
    while body and not model.body_jntnum[body]:
        body = int(model.body_parentid[body])
    free = body and model.jnt_type[model.body_jntadr[body]] == mujoco.mjtJoint.mjJNT_FREE
    return model.body(body).name if free else None


def corded_part(model: mujoco.MjModel, what: str) -> str | None:
    """The part with the cord on which a body or a site hangs, fixed at its other end; None if there is none."""
    if rigid_part(model, what) is not None:
        return None
    body, joints = body_of(model, what), 0
    while body:
        joints += int(model.body_jntnum[body])
        body = int(model.body_parentid[body])
    return what.split("/")[0] if joints > CORD else None


def tied(model: mujoco.MjModel, data: mujoco.MjData, what: str) -> bool:
    """Whether a body, or a site, cannot follow a hand in all directions: a door, a tucked blanket, but no plug on its cord."""
    site = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, what)
    body, rates = body_of(model, what), np.zeros((3, model.nv))
    mujoco.mj_comPos(model, data)
    mujoco.mj_jac(model, data, rates, None, data.site_xpos[site] if site >= 0 else data.xipos[body], body)
    return bool(np.linalg.matrix_rank(rates, tol=FOLLOWS * float(np.linalg.norm(rates, 2))) < 3)
