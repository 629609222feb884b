"""Recorded poses in a frame that is turned about the vertical: things hang in the air, and by turning all of them back none does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import mujoco
import numpy as np

from ....scenarios.draws.inference import free_joint
from ....scenarios.scene.scene import Scene
from ...checks.finding import Finding
from ...checks.rules import Rules
from .exchanged_names import APART, BESIDE, FRAME, beyond, rooms_of
from .recorded_state import RecordedState

QUARTERS = (90.0, -90.0, 180.0)  # deg about the vertical, by which frames that people choose differ


def check_turned(
    scene: Scene, state: RecordedState, hovers: list[Finding], hovers_of: Callable[[RecordedState], Finding], rules: Rules
) -> list[Finding]:
    """`object.frame` of things that hover, where one turn of all of them puts each where the scenario draws it, and none hovers then.

    Args:
        hovers: `object.hovers` as recorded; hovers_of: the same of another state.
    """
    if not any(one.failed for one in hovers):
        return []
    names = [name for name in state.things if free_joint(state.draw.model, name) is not None]
    rooms = rooms_of(scene, names)
    here = max((_outside(state, name, rooms[name]) for name in names), default=0.0)
    for degrees in QUARTERS if here > APART else ():
        back = turned(state, -degrees)
        if max(_outside(back, name, rooms[name]) for name in names) > BESIDE or hovers_of(back).level != "PASS":
            continue
        details = {"kind": "turned", "turn": float(np.radians(degrees)), "things": names}
        return [rules[FRAME].beyond(here, APART, subject=tuple(names), details=details)]
    return []


def turned(state: RecordedState, degrees: float) -> RecordedState:
    """The state with all things turned about the vertical through the origin of the scene."""
    qpos, half = state.qpos.copy(), np.radians(degrees) / 2.0
    cos, sin = np.cos(2.0 * half), np.sin(2.0 * half)
    by = np.array([np.cos(half), 0.0, 0.0, np.sin(half)])
    for name in state.things:
        a = free_joint(state.draw.model, name)
        if a is None:
            continue
        x, y = state.qpos[:, a], state.qpos[:, a + 1]
        qpos[:, a], qpos[:, a + 1] = cos * x - sin * y, sin * x + cos * y
        for row, quat in enumerate(state.qpos[:, a + 3 : a + 7]):
            mujoco.mju_mulQuat(qpos[row, a + 3 : a + 7], by, quat)
    return replace(state, qpos=qpos)


def _outside(state: RecordedState, name: str, room: tuple[np.ndarray, np.ndarray]) -> float:
    a = free_joint(state.draw.model, name) or 0
    return beyond(state.qpos[0, a : a + 3], room)
