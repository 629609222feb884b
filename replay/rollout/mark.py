"""A moment of a rollout from which it can go on, to the bit, in another process and with another policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...scenarios.sensing.temporal import GoalState


@dataclass(frozen=True, eq=False)
class Mark:
    """One copy before an action.

    Attributes:
        t: the control step.
        state, trace, start: of `simulation.SavedSimulation`; the model is that of the draw.
        carry: the course's, one row.
        policy: what the policy goes on from, plain values and arrays.
    """

    t: int
    state: np.ndarray
    trace: np.ndarray
    start: np.ndarray
    carry: GoalState
    policy: dict[str, Any]
