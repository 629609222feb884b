"""A thing that turns about a hinge, as a recording of a person tells it: what it did, where a hand held it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..signals.signal import runs

Array = NDArray[np.float64]
MOVING = np.deg2rad(10.0)  # /s, above which a door counts as being moved
AJAR = np.deg2rad(5.0)  # beyond which a door has left its frame
OPENING = np.deg2rad(45.0)  # a rise that counts as an opening; smaller ones are play
LEVEL = np.deg2rad(1.0)  # within which a door counts as standing still
STEADY = 0.02  # m, within which a hand that holds a handle stays in the door's frame


@dataclass(frozen=True)
class Hinged:
    """An object that turns about a hinge.

    Attributes:
        t: (n,) [s]; angle: (n,) [rad].
        position: (n, 3) [m] of a point on the hinge; rotation: (n, 3, 3), columns are the object's axes, z along the hinge; the
            door opens clockwise about it.
    """

    t: Array
    angle: Array
    position: Array
    rotation: Array

    def door(self, p: Array) -> Array:
        """(n, 3) points of the world in the object's frame, at the place that they have where the door is closed."""
        local = np.einsum("nji,nj->ni", self.rotation, p - self.position)
        c, s = np.cos(self.angle), np.sin(self.angle)
        return np.stack([c * local[:, 0] - s * local[:, 1], s * local[:, 0] + c * local[:, 1], local[:, 2]], axis=1)

    @property
    def moved(self) -> Array:
        """(n,) [m] how far the hinge's point is from where it was at the start."""
        return np.asarray(np.linalg.norm(self.position - self.position[0], axis=1))

    @property
    def tilted(self) -> Array:
        """(n,) [rad] between the hinge and the vertical."""
        return np.asarray(np.arccos(np.clip(self.rotation[:, 2, 2], -1.0, 1.0)))

    @property
    def turned(self) -> Array:
        """(n,) [rad] about the vertical since the start."""
        yaw = np.unwrap(np.arctan2(self.rotation[:, 1, 0], self.rotation[:, 0, 0]))
        return yaw - yaw[0]

    @property
    def ajar(self) -> list[tuple[int, int]]:
        """(first, last) row of every time that the door is out of its frame."""
        return runs(self.angle > AJAR)

    @property
    def openings(self) -> list[tuple[int, int]]:
        """(from, to) rows of every rise of the angle by `OPENING` or more.

        The angle goes another way once it has turned back by half of `OPENING`. A rise begins where it last was within a degree
        of its lowest.
        """
        found, low, high, rising = [], 0, 0, False
        for i, angle in enumerate(self.angle):
            if rising:
                high = i if angle > self.angle[high] else high
                if self.angle[high] - angle > 0.5 * OPENING or i == len(self.angle) - 1:
                    found.append((low, high))
                    low, rising = i, False
            elif angle <= self.angle[low]:
                low = i
            elif angle - self.angle[low] > 0.5 * OPENING:
                low, high, rising = low + int(np.flatnonzero(self.angle[low:i] <= self.angle[low] + LEVEL)[-1]), i, True
        return [(a, b) for a, b in found if self.angle[b] - self.angle[a] >= OPENING]


@dataclass(frozen=True)
class DoorGrip:
    """Where a person holds a door: which hand, `at` (3,) [m] in the frame of the closed door, from row `first` to `last`."""

    hand: str
    at: Array
    first: int
    last: int


def first_grip(hands: Mapping[str, Array], thing: Hinged) -> DoorGrip | None:
    """Where the door is first opened: of the hands' places (n, 3), the one that stays put in the door's frame meanwhile.

    Hands that have other samples than the object, or none for a while, hold nothing that can be determined.
    """
    speed = np.gradient(thing.angle, thing.t)
    for first, last in runs(speed > MOVING):
        if np.ptp(thing.angle[first : last + 1]) < 0.5 * OPENING:
            continue
        held = {}
        for hand, p in hands.items():
            if len(p) == len(thing.t) and np.isfinite(p[first : last + 1]).all():
                seen = thing.door(p)[first : last + 1]
                held[hand] = float(np.linalg.norm(seen - seen.mean(axis=0), axis=1).max())
        hand = min(held, key=lambda h: held[h], default="")
        if hand and held[hand] < STEADY:
            return DoorGrip(hand, thing.door(hands[hand])[first : last + 1].mean(axis=0), first, last)
    return None
