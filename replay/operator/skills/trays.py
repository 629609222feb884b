"""Skills of two hands that share a load: a tray is taken by its handles, carried level, put down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ....scenarios.robots.robot_folder import SIDES
from ..limbs.arm import Path
from ..operator_state import OperatorState
from ..words.skill import Motion, together
from .fitting import WEIGHT


def shift(state: OperatorState, way: np.ndarray, speed: float) -> Motion:
    """Move both hands by the same way in the same time."""
    paths = even([straight(state, side, way, speed) for side in SIDES])
    yield from together(*(state.arms[side].follow(path, tremor=0.0) for side, path in zip(SIDES, paths)))


def straight(state: OperatorState, side: str, way: np.ndarray, speed: float) -> Path:
    arm = state.arms[side]
    position, frame = arm.hand()
    return arm.line([(position + way, frame)], speed, orient=WEIGHT)


def even(paths: Sequence[Path]) -> list[Path]:
    """The same ways, made to last as long as the longest of them."""
    longest = max(paths, key=lambda path: path.duration)
    return [replace(path, duration=longest.duration, ramp=longest.ramp) for path in paths]
