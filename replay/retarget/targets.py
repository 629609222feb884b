"""Where a person's hands were, whatever device saw them: the one form from which motion is carried over to a robot.

Readers of bones, hand poses, exoskeleton angles and motion capture bring their source into this form; the solver knows no
other. A hand's frame has x along the stretched fingers, z out of the back of the hand, and y = z x x, for either hand; its
origin is the middle of the grasp, between thumb and fingers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...scenarios.sheet.errors import EpisodeError

HANDS = ("left", "right")
FRAMES = ("world", "person")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HandTargets:
    """Hands on one clock.

    Attributes:
        t: (n,) seconds from the recording's origin, increasing.
        position: hand -> (n, 3) [m] of its origin, in `frame`.
        rotation: hand -> (n, 3, 3), columns are the hand's axes in `frame`; a hand without is followed in position alone.
        frame: "world" (z up, the floor or the object known) or "person" (origin midway between the shoulders, x forward,
            y to the left, z up).
        shoulder, elbow: hand -> (n, 3) [m] in `frame`, where the source tells.
        closed: hand -> (n,) 0 open to 1 closed, where the source tells.
        valid: hand -> (n,) whether the source itself trusts the sample; all where absent.
        arm_length: hand -> shoulder to the hand's origin with the arm stretched [m], where known; scales reach.
        notes: what was assumed or converted on the way, for the provenance.
    """

    t: Array
    position: Mapping[str, Array]
    rotation: Mapping[str, Array] = field(default_factory=dict)
    frame: str = "world"
    shoulder: Mapping[str, Array] = field(default_factory=dict)
    elbow: Mapping[str, Array] = field(default_factory=dict)
    closed: Mapping[str, Array] = field(default_factory=dict)
    valid: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    arm_length: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.frame not in FRAMES:
            raise EpisodeError(f"frame {self.frame!r} is none of {', '.join(FRAMES)}.", field="frame")
        if self.t.ndim != 1 or (np.diff(self.t) <= 0).any():
            raise EpisodeError("times of hands must increase.", field="t")
        shapes = {"position": (3,), "rotation": (3, 3), "shoulder": (3,), "elbow": (3,), "closed": (), "valid": ()}
        for name, shape in shapes.items():
            for hand, values in getattr(self, name).items():
                if hand not in HANDS or values.shape != (len(self.t), *shape):
                    raise EpisodeError(
                        f"{name} of {hand!r} is {values.shape}, not {(len(self.t), *shape)} of one of {', '.join(HANDS)}.",
                        field=name,
                    )

    @property
    def hands(self) -> tuple[str, ...]:
        """The hands that were seen, left first."""
        return tuple(hand for hand in HANDS if hand in self.position)
