"""Ways in which a robot's arm is held, by name, from `postures.yaml` of the robot's folder: seeds of inverse kinematics."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from ..sheet.errors import ScenarioError
from ..sheet.own_files import read_own
from .robot_folder import robot_folder


@cache
def arm_facts(robot: str) -> Mapping[str, Any]:
    """What the file says of the arms beside the postures: `benches` (names of postures), `joint_speed` [rad/s], `reach`, `farthest` [m].

    Raises:
        ScenarioError: the robot has no such file.
    """
    file = robot_folder(robot) / "postures.yaml"
    if not file.is_file():
        raise ScenarioError(f"The robot {robot} has no {file.name}, without which no arm of it is moved.", field="robot")
    sheet = read_own(file)
    return MappingProxyType({key: sheet[key] for key in ("benches", "joint_speed", "reach", "farthest")})


@cache
def postures_of(robot: str, side: str = "left") -> Mapping[str, tuple[float, ...]]:
    """Name -> joint angles [rad] of an arm, shoulder to wrist; none for a robot without the file."""
    file = robot_folder(robot) / "postures.yaml"
    if not file.is_file():
        return MappingProxyType({})
    sheet = read_own(file)
    signs = [1.0] * len(sheet["mirror"]) if side == "left" else [float(sign) for sign in sheet["mirror"]]
    angles = {name: tuple(float(a) * s for a, s in zip(row, signs)) for name, row in sheet["postures"].items()}
    return MappingProxyType(angles)


def posture(name: str, side: str, robot: str) -> np.ndarray:
    """(k,) joint angles [rad] of a named posture of the left or right arm."""
    return np.array(postures_of(robot, side)[name])
