"""What is simulated before time zero is simulated once in a process: the same model, positions and commands come to the same rest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import mujoco
import numpy as np

KEPT = 64  # of the last ones; those with a cloth have some 10 KB each
_kept: dict[bytes, np.ndarray] = {}  # in the order in which they were asked for


def settled(model: mujoco.MjModel, given: bytes, simulate: Callable[[], np.ndarray]) -> np.ndarray:
    """(nq,) positions at rest: those of the last time, to the bit, where the model and all that is given are the same to the byte.

    Args:
        given: all that the simulation begins with beside the model.
        simulate: makes them.
    """
    content = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, content)
    key = hashlib.sha256(content.tobytes() + given).digest()
    found = _kept.pop(key, None)
    found = simulate() if found is None else found
    _kept[key] = found  # behind all that was asked for before
    for old in list(_kept)[: max(len(_kept) - KEPT, 0)]:
        _kept.pop(old, None)  # a thread beside this one may have taken it
    return found.copy()


def stepped(model: mujoco.MjModel, qpos: np.ndarray, ctrl: np.ndarray, steps: int) -> np.ndarray:
    """(nq,) positions after so many physics steps from `qpos` (nq,), at a standstill, under commands (nu,)."""

    def simulate() -> np.ndarray:
        data = mujoco.MjData(model)
        data.qpos[:], data.ctrl[:] = qpos, ctrl
        for _ in range(steps):
            mujoco.mj_step(model, data)
        return data.qpos.copy()

    return settled(model, repr((qpos.tobytes(), ctrl.tobytes(), steps)).encode(), simulate)
