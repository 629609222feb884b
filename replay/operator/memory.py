"""What an operator remembers between two skills, as plain values from which another one goes on to the bit.

It is read off the attributes of its body, arms, base and clearances, whatever they are called. What follows from the scene, the
draw or the next readings is left out. A motion that is under way beside the skills is a running generator, which no value holds:
such a moment cannot be kept.
"""

from __future__ import annotations

from collections.abc import Generator
from types import FunctionType
from typing import Any

import mujoco
import numpy as np

from ...scenarios.parts.pose import Pose
from ...scenarios.robots.robot import Robot
from ...scenarios.scene.scene import Scene
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.temporal import GoalState
from .limbs.hand import Hand
from .planning.clearance import Load

MARK = "~"  # key of what stands for something that is not a plain value
# of a model's fields those that a clearance edits: what is near, and what meets what
EDITED = ("geom_margin", "body_margin", "geom_contype", "geom_conaffinity")
GIVEN = (Scene, Robot, Readings, GoalState, Pose, Load, Hand, slice, FunctionType)  # by the scene, or anew at the next control step
_LEFT = object()


class CannotKeep(Exception):
    """Something is under way that no plain value holds."""


def remember(thing: Any) -> dict[str, Any]:
    """The memory of an object of the operator's, for `recall`; nothing of it is shared with the object.

    Raises:
        CannotKeep: a motion is under way beside the skills, or an attribute is of a kind that is not known here.
    """
    found = {name: _kept(value) for name, value in vars(thing).items()}
    return {name: value for name, value in found.items() if value is not _LEFT}


def recall(thing: Any, memory: dict[str, Any]) -> None:
    """Bring an object, made anew from the same scene and draw, to what it was; it takes nothing of the memory along."""
    for name, value in memory.items():
        setattr(thing, name, _given(getattr(thing, name, None), value))


def _kept(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str | np.generic):
        return value
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, GIVEN) or type(value).__module__.partition(".")[0] == "mink":
        return _LEFT
    if isinstance(value, np.random.Generator):
        return {MARK: "generator", "state": value.bit_generator.state}
    if isinstance(value, mujoco.MjData):
        return {MARK: "data", "qpos": value.qpos.copy()}
    if isinstance(value, mujoco.MjModel):
        return {MARK: "model", "fields": {name: getattr(value, name).copy() for name in EDITED}}
    if isinstance(value, set):
        return {MARK: "set", "of": sorted(value)}
    if isinstance(value, list | tuple):
        items = [_kept(item) for item in value]
        return _LEFT if any(item is _LEFT for item in items) else type(value)(items)
    if isinstance(value, dict):
        table = {key: _kept(item) for key, item in value.items()}
        return _LEFT if any(item is _LEFT for item in table.values()) else table
    if not isinstance(value, Generator) and type(value).__module__.startswith(__package__ + "."):
        return {MARK: "object", "of": remember(value)}
    raise CannotKeep(f"{type(value).__name__}")


def _given(now: Any, value: Any) -> Any:
    """A remembered value; what has an identity (objects, generators, models, data) is `now`, changed in place."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(_given(None, item) for item in value)
    if not isinstance(value, dict):
        return value
    match value.get(MARK):
        case "object":
            recall(now, value["of"])
        case "generator":
            now.bit_generator.state = value["state"]
        case "data":
            now.qpos[:] = value["qpos"]
        case "model":
            for name, values in value["fields"].items():
                getattr(now, name)[:] = values
        case "set":
            return set(value["of"])
        case _:
            known = now if isinstance(now, dict) else {}
            table = {key: _given(known.get(key), item) for key, item in value.items()}
            if not isinstance(now, dict):
                return table
            now.clear()  # in place: limbs and ways share it
            now.update(table)
    return now
