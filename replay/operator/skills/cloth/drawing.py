"""A skill for a cloth that is too wide for the arms: it is drawn out over the table's edge by a robot that steps back with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...limbs.base import Base
from ...operator_state import OperatorState
from ...words.reason import Reason
from ...words.skill import Motion

LAST = 0.003  # m, that may be missing when a cloth has been drawn out
GIVES = 0.03  # m, by which hands and cloth may give


def back_with(
    state: OperatorState,
    base: Base,
    missing: Callable[[], float],
    away: np.ndarray,
    speed: float,
    turning: float,
    within: float = 0.01,
) -> Motion:
    """Step back with a cloth, no further than it has to come and a little that hands and cloth give.

    Args:
        missing: by how much it is still to come [m]; away: (2,) the way across the table.
        speed, turning: [m/s] and [rad/s] at most; within: how near to the place counts as there [m].
    """
    target, yaw = base.at - (missing() + GIVES) * away, base.yaw
    while missing() > LAST:
        if base.go(target, yaw, speed, turning) < within and base.stands:
            state.given_up = Reason("the cloth did not come as the robot stepped back", "cloth_did_not_come")
            break
        yield
    yield from base.stop()
