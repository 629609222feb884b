"""Belts: surfaces that move though their shapes stand fast (`surfacevel`). They are switched on at time zero."""

from __future__ import annotations

import copy

import mujoco


def stopped(model: mujoco.MjModel) -> mujoco.MjModel:
    """The model before time zero, its belts at a standstill; itself where it has none.

    Things come to rest on belts that stand, and whether they lie still is tested with these.
    """
    if not model.flg_surfacevel:
        return model
    still = copy.copy(model)
    still.geom_surfacevel[:] = 0.0
    return still
