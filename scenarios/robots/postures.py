"""Ways in which a robot's arm is held, by name, from `postures.yaml` of the robot's folder: seeds of inverse kinematics."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from ..sheet.yaml_reader import read_own
from .robot_folder import DEFAULT_ROBOT, robot_folder


@cache
def arm_facts(robot: str = DEFAULT_ROBOT) -> Mapping[str, Any]:
    """What the file says of the arms beside the postures: `benches` (names of postures), `joint_speed` [rad/s], `farthest` [m]."""
    sheet = read_own(robot_folder(robot) / "postures.yaml")
    return MappingProxyType({key: sheet[key] for key in ("benches", "joint_speed", "farthest")})


@cache
def postures_of(robot: str = DEFAULT_ROBOT, side: str = "left") -> Mapping[str, tuple[float, ...]]:
    """Name -> joint angles [rad] of an arm, shoulder to wrist; none for a robot without the file."""
    file = robot_folder(robot) / "postures.yaml"
    if not file.is_file():
        return MappingProxyType({})
    sheet = read_own(file)
    signs = [1.0] * len(sheet["mirror"]) if side == "left" else [float(sign) for sign in sheet["mirror"]]
    angles = {name: tuple(float(a) * s for a, s in zip(row, signs)) for name, row in sheet["postures"].items()}
    return MappingProxyType(angles)


POSTURES = postures_of()


def posture(name: str, side: str, robot: str = DEFAULT_ROBOT) -> np.ndarray:
    """(k,) joint angles [rad] of a named posture of the left or right arm."""
    return np.array(postures_of(robot, side)[name])
