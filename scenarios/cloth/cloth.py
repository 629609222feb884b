"""Cloths of a scene: the vertices of a two-dimensional flex, how they lie when it is flat, and how it comes to lie at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np

from ..parts.settled import settled
from ..sensing.requests import Request

FLAT_TIME = 0.8  # s, in which a flat cloth comes to rest, and what lies beyond an edge comes down
FOLDED_TIME = 2.0  # s, in which a folded one does
APART = 1.04  # of its thickness, by which the layers of a folded cloth are laid apart: they come down on each other
ENDS = ("first", "last")
LIFT_SPEED = 0.5  # m/s
FALL_TIME = 2.5  # s at most, in which a dropped cloth comes to rest
STILL = 0.02  # m/s, slower counts as at rest
# N/m, Ns/m: of the thread that lifts a cloth; soft, so that a vertex of a gram can bear it
_SPRING, _DAMPER = 15.0, 0.1


@dataclass(frozen=True, eq=False)
class Cloth:
    """A cloth as its part brings it.

    Attributes:
        part: name of the instance; body: full name of its top body, of which the vertices are children.
        vertices: full names of the vertex bodies.
        flat: (n, 2) where they lie in the part's frame when it is flat [m].
        triangles: (m, 3) indices, all the same way round.
        radius: half the thickness with which layers lie on each other [m].
        requests: of the places of the vertices, in their order.
    """

    part: str
    body: str
    vertices: tuple[str, ...]
    flat: np.ndarray
    triangles: np.ndarray
    radius: float
    requests: tuple[Request, ...]

    @property
    def size(self) -> np.ndarray:
        """(2,) length along x and width along y when flat [m]."""
        return np.ptp(self.flat, axis=0)

    @property
    def area(self) -> float:
        """When flat [m^2]."""
        a, b, c = (self.flat[self.triangles[:, i]] for i in range(3))
        cross = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
        return 0.5 * float(np.abs(cross).sum())


def cloth_of(spec: mujoco.MjSpec, part: str) -> Cloth | None:
    """The cloth that an instance of a part is, or None where it is none."""
    for flex in spec.flexes:
        if flex.name.startswith(f"{part}/") and flex.dim == 2:
            names = tuple(str(name) for name in flex.vertbody)
            flat = np.array([np.array(spec.body(name).pos, float)[:2] for name in names])
            triangles = np.array(flex.elem, int).reshape(-1, 3)
            top = spec.body(names[0]).parent.name
            requests = tuple(Request("body_position", name) for name in names)
            return Cloth(part, top, names, flat, triangles, float(flex.radius), requests)
    return None


def cloths_of(spec: mujoco.MjSpec, parts: list[str]) -> tuple[Cloth, ...]:
    """Every cloth among the instances of a scene."""
    found = (cloth_of(spec, part) for part in parts)
    return tuple(cloth for cloth in found if cloth is not None)


def between_shapes(data: mujoco.MjData) -> np.ndarray:
    """Indices of the contacts between two geoms: those of a cloth, which gives way, have no geom on its side."""
    return np.flatnonzero((data.contact.geom >= 0).all(axis=1))


def joints(model: mujoco.MjModel, cloth: Cloth) -> np.ndarray:
    """(n, 3) addresses in qpos (and of degrees of freedom) of the vertices' joints."""
    bodies = [model.body(name).id for name in cloth.vertices]
    return np.array([model.jnt_qposadr[model.body_jntadr[b] : model.body_jntadr[b] + 3] for b in bodies])


def settle(
    model: mujoco.MjModel, cloths: tuple[Cloth, ...], qpos: np.ndarray, ctrl: np.ndarray, values: Mapping[str, float]
) -> np.ndarray:
    """Positions at rest after each cloth was laid flat, or lifted at one place and let fall.

    It is simulated: what lies beyond an edge comes down, what falls crumples. The same values give the same bytes.

    Args:
        model: of a draw.
        qpos: (nq,) with all else at rest; cloths lie flat where they are put.
        ctrl: (nu,) that holds the robot still.
        values: of the draw; a cloth with them in its part is lifted by `PART.lifted_by` [m] at the vertex that is nearest to
            `PART.lifted_x`, `PART.lifted_y` [m from its middle], or lies with the first `PART.folded_first` [m] of its length laid
            over the rest, and then the last `PART.folded_last` [m].

    Returns:
        (nq,) in which only the cloths' joints differ.
    """
    laid = [(cloth.part, cloth.vertices, cloth.flat.tobytes(), cloth.radius) for cloth in cloths]
    given = repr((qpos.tobytes(), ctrl.tobytes(), laid, sorted(values.items()))).encode()
    return settled(model, given, lambda: _simulated(model, cloths, qpos, ctrl, values))


def _simulated(
    model: mujoco.MjModel, cloths: tuple[Cloth, ...], qpos: np.ndarray, ctrl: np.ndarray, values: Mapping[str, float]
) -> np.ndarray:
    data = mujoco.MjData(model)
    data.qpos[:], data.ctrl[:] = qpos, ctrl
    addresses = [joints(model, cloth) for cloth in cloths]
    mujoco.mj_kinematics(model, data)
    for cloth, address in zip(cloths, addresses):
        data.qpos[address] = _folds(model, data, cloth, values)
    lifts = [_lift(cloth, values) for cloth in cloths]
    lifted = {model.body(cloth.vertices[v]).id: by for cloth, (v, by) in zip(cloths, lifts) if by > 0.0}
    step = model.opt.timestep
    folded = any(values.get(f"{cloth.part}.folded_{end}", 0.0) > 0.0 for cloth in cloths for end in ENDS)
    for _ in range(round((FOLDED_TIME if folded else FLAT_TIME) / step)):
        mujoco.mj_step(model, data)
    if lifted:
        mujoco.mj_kinematics(model, data)
        starts = {body: data.xpos[body].copy() for body in lifted}
        for k in range(round((max(lifted.values()) / LIFT_SPEED + 0.4) / step)):
            for body, by in lifted.items():
                goal = starts[body] + [0.0, 0.0, min(k * step * LIFT_SPEED, by)]
                speed = data.qvel[model.body_dofadr[body] : model.body_dofadr[body] + 3]
                turn = data.xmat[model.body_parentid[body]].reshape(3, 3)
                data.xfrc_applied[body, :3] = _SPRING * (goal - data.xpos[body]) - _DAMPER * turn @ speed
            mujoco.mj_step(model, data)
        data.xfrc_applied[:] = 0.0
        dofs = np.concatenate([_dofs(model, cloth) for cloth in cloths])
        for k in range(round(FALL_TIME / step)):
            mujoco.mj_step(model, data)
            if k * step > 0.5 and np.abs(data.qvel[dofs]).max() < STILL:
                break
    found = qpos.copy()
    for address in addresses:
        found[address] = data.qpos[address]
    return found


def folded_over(cloth: Cloth, first: float, last: float) -> np.ndarray:
    """(n, 3) places in the part's frame [m] of a cloth with its ends laid over the rest, one after the other.

    Args:
        first, last: how much of its length is laid over from where x is least, and then from where it is largest [m].
    """
    low, high = cloth.flat[:, 0].min() + first, cloth.flat[:, 0].max() - last
    x, z = cloth.flat[:, 0].copy(), np.full(len(cloth.flat), cloth.radius)
    thick = 2.0 * APART * cloth.radius
    for k, (line, over) in enumerate(((low, x < low - 1e-9), (high, x > high + 1e-9))):
        covered = k if first > 0.0 else 0
        x[over], z[over] = 2.0 * line - x[over], cloth.radius + (1 + covered) * thick
    return np.column_stack([x, cloth.flat[:, 1], z])


def _folds(model: mujoco.MjModel, data: mujoco.MjData, cloth: Cloth, values: Mapping[str, float]) -> np.ndarray:
    """(n, 3) of the vertices' joints that lay a cloth folded, or flat where its part says nothing of folds."""
    first, last = (values.get(f"{cloth.part}.folded_{end}", 0.0) for end in ENDS)
    if not first and not last:
        return np.zeros((len(cloth.vertices), 3))
    flat = np.column_stack([cloth.flat, np.full(len(cloth.flat), cloth.radius)])
    top = data.body(cloth.body).xmat.reshape(3, 3)
    joint = np.array([model.body_jntadr[model.body(name).id] for name in cloth.vertices])[:, None] + np.arange(3)
    return np.einsum("nkj,nj->nk", data.xaxis[joint], (folded_over(cloth, first, last) - flat) @ top.T)


def _dofs(model: mujoco.MjModel, cloth: Cloth) -> np.ndarray:
    bodies = [model.body(name).id for name in cloth.vertices]
    return np.concatenate([np.arange(model.body_dofadr[b], model.body_dofadr[b] + 3) for b in bodies])


def _lift(cloth: Cloth, values: Mapping[str, float]) -> tuple[int, float]:
    """(vertex, height [m]) by which a cloth is lifted before it is dropped; height 0 where it lies flat."""
    by = values.get(f"{cloth.part}.lifted_by", 0.0)
    at = np.array([values.get(f"{cloth.part}.lifted_{axis}", 0.0) for axis in "xy"])
    return int(np.argmin(((cloth.flat - at) ** 2).sum(axis=1))), float(by)
