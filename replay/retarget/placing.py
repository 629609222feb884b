"""How a person's world lies to the robot's: one rigid transform, its size, and what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Placed:
    """A rigid transform from the recording's frame to the scene's world: `p_scene = rotation @ p_recording + shift`.

    Attributes:
        rotation: (3, 3); shift: (3,) [m].
        by: what it was found by, a word: "object", "shoulders", "hands".
        residual: [m] what it leaves of the features that it aligns; 0 where it aligns a single point.
        notes: sentences for the provenance: rotation, shift, residual, differences of size.
    """

    rotation: NDArray[np.float64]
    shift: NDArray[np.float64]
    by: str
    residual: float = 0.0
    notes: tuple[str, ...] = ()
