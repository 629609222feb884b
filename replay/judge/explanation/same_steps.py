"""Whether two compiled models of a scene take the same steps from the same state, where that is sure without playing.

A scene says where its loose things begin, and a state says it again. A model in which only that is another steps as before.
"""

from __future__ import annotations

from functools import cache

import mujoco
import numpy as np

FREE = int(mujoco.mjtJoint.mjJNT_FREE)
BEGIN = ("qpos0", "qpos_spring")  # by address of positions; what springs rest at, where a joint has one
PLACES = ("body_pos", "body_quat")
LIGHTS = ("light_pos", "light_dir", "light_poscom0", "light_pos0", "light_dir0")
APART = (*BEGIN, *PLACES, *LIGHTS, "key_qpos")  # no step reads lights or keyframes


def same_steps(one: mujoco.MjModel, other: mujoco.MjModel) -> bool:
    """True only where all that a step reads is the same to the bit; then so is every state that follows, until a reset.

    The pose of a body with a free joint alone is its positions in the state: where the model has it, no step reads.
    """
    for name in _arrays():
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine.shape != theirs.shape or (name not in APART and mine.tobytes() != theirs.tobytes()):
            return False
    for part in ("opt", "stat"):
        if not _alike(getattr(one, part), getattr(other, part)):
            return False
    loose = np.zeros(one.nbody, bool)
    free = np.zeros(one.nq, bool)
    for joint in np.flatnonzero((one.jnt_type == FREE) & (one.jnt_stiffness == 0.0)):
        at, body = int(one.jnt_qposadr[joint]), int(one.jnt_bodyid[joint])
        free[at : at + 7], loose[body] = True, one.body_jntnum[body] == 1
    return all(np.array_equal(getattr(one, name)[~free], getattr(other, name)[~free]) for name in BEGIN) and all(
        np.array_equal(getattr(one, name)[~loose], getattr(other, name)[~loose]) for name in PLACES
    )


@cache
def _arrays() -> tuple[str, ...]:
    """The arrays of a model, by name."""
    model = mujoco.MjModel.from_xml_string("<mujoco/>")
    return tuple(name for name in dir(model) if isinstance(getattr(model, name, None), np.ndarray))


def _alike(one: object, other: object) -> bool:
    """Whether two records of the engine hold the same; of the statistics, all but what only a picture reads."""
    names = [name for name in dir(one) if not name.startswith("_") and name not in ("center", "extent")]
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in names if not callable(getattr(one, name))
    )
