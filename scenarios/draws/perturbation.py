"""A draw made a little different in what nobody has measured: friction, masses, where things stand, servo gains.

As in `variation.py`, a varied model is a compile of an edited spec, so that masses, inertias and gains stay consistent. The
spec is a copy: a scene's own draws never see what was edited here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import mujoco
import numpy as np

from ..parts.pose import Pose
from ..scene.scene import Scene
from .variation import STATE, Draw, penetration

FREE = mujoco.mjtJoint.mjJNT_FREE
DEEPER = 1e-3  # m, a nudge may push nothing deeper than this into something else
HALVINGS = 3  # times that a displacement is halved before it is left out


@dataclass(frozen=True)
class Nudge:
    """By what a draw is made different; the default changes nothing.

    Attributes:
        friction: factor on the sliding friction of everything that can touch.
        mass: factor on mass and inertia of every loose object and of what it holds.
        gains: factor on proportional gain and damping of every servo.
        values: key of `Draw.values` (`bowl.at.x`, `oven.yaw`, `friction`) -> what is added to it (SI).
    """

    friction: float = 1.0
    mass: float = 1.0
    gains: float = 1.0
    values: Mapping[str, float] = field(default_factory=dict)


def loose(scene: Scene) -> tuple[str, ...]:
    """The parts that are one loose object each (a bowl, not the grains that fill it, not a counter), as the YAML lists them."""
    tops = list(_free_bodies(scene.model))
    single = {name for name in tops if sum(other.partition("/")[0] == name.partition("/")[0] for other in tops) == 1}
    names = {name.partition("/")[0] for name in single}
    return tuple(placed.name for placed in scene.config.parts if placed.name in names)


def nudged(scene: Scene, draw: Draw, nudge: Nudge) -> tuple[Draw, float]:
    """The draw with a nudge, and the share of what it adds to the draw's values that could be given.

    Everything that is not nudged starts as in the draw, whatever state that was. What is added and would push
    something into something else is halved, and left out where that does not help; the share (1, 0.5, 0.25, 0.125 or
    0) says so.
    """
    allowed = max(penetration(draw), 0.0) + DEEPER if nudge.values else np.inf
    for share in (*(0.5**k for k in range(HALVINGS + 1)), 0.0):
        candidate = _nudged(scene, draw, nudge, share)
        if not nudge.values or share == 0.0 or penetration(candidate) <= allowed:
            break
    return candidate, share if nudge.values else 1.0


def _nudged(scene: Scene, draw: Draw, nudge: Nudge, share: float) -> Draw:
    values = dict(draw.values)
    for key, by in nudge.values.items():
        values[key] += share * by
    spec = scene.spec(values)
    _scale_friction(spec, nudge.friction)
    _scale_masses(spec, nudge.mass)
    _scale_gains(spec, nudge.gains)
    model = spec.compile()
    return Draw(values, draw.task, model, _start_state(draw, model))


def _start_state(draw: Draw, model: mujoco.MjModel) -> np.ndarray:
    """The draw's start, loose bodies carried along with the places that were moved."""
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, draw.start_state, STATE)
    for j in np.flatnonzero(model.jnt_type == FREE):
        a = model.jnt_qposadr[j]
        before, after = (Pose(m.qpos0[a : a + 3], m.qpos0[a + 3 : a + 7]) for m in (draw.model, model))
        if np.array_equal(before.pos, after.pos) and np.array_equal(before.quat, after.quat):
            continue
        here = after @ (before.inverse() @ Pose(data.qpos[a : a + 3].copy(), data.qpos[a + 3 : a + 7].copy()))
        data.qpos[a : a + 3], data.qpos[a + 3 : a + 7] = here.pos, here.quat
    state = draw.start_state.copy()
    mujoco.mj_getState(model, data, state, STATE)
    return state


def _free_bodies(model: mujoco.MjModel) -> Iterator[str]:
    """Bodies of parts that lie loose."""
    for j in np.flatnonzero(model.jnt_type == FREE):
        name = model.body(int(model.jnt_bodyid[j])).name
        if "/" in name:
            yield name


def _scale_friction(spec: mujoco.MjSpec, factor: float) -> None:
    """The engine takes the larger friction of two geoms that touch, so both sides are scaled."""
    if factor == 1.0:
        return
    for item in [*(g for g in spec.geoms if g.contype or g.conaffinity), *spec.flexes]:
        friction = np.array(item.friction, float)
        friction[0] *= factor
        item.friction = friction
    for pair in spec.pairs:
        friction = np.array(pair.friction, float)
        friction[:2] *= factor  # both directions of sliding
        pair.friction = friction


def _scale_masses(spec: mujoco.MjSpec, factor: float) -> None:
    if factor == 1.0:
        return
    for top in list(spec.worldbody.bodies):
        if "/" not in top.name or not any(joint.type == FREE for joint in top.joints):
            continue
        for body in (top, *top.find_all("body")):
            if body.explicitinertial:
                body.mass *= factor
                body.inertia = np.array(body.inertia, float) * factor
                body.fullinertia = np.array(body.fullinertia, float) * factor
            for geom in body.geoms:
                if np.isfinite(geom.mass):
                    geom.mass *= factor
                else:
                    geom.density *= factor


def _scale_gains(spec: mujoco.MjSpec, factor: float) -> None:
    if factor == 1.0:
        return
    for actuator in spec.actuators:
        gain, bias = _numbers(actuator.gainprm), _numbers(actuator.biasprm)
        gain[0] *= factor
        bias[1] *= factor
        if bias[2] < 0.0:  # above zero it is a damping ratio, which stays
            bias[2] *= factor
        actuator.gainprm, actuator.biasprm = gain, bias


def _numbers(values: Any) -> np.ndarray:
    return np.array(values, float)
