"""What comes of a retargeting: the joint motion, what was asked of each hand, and which limits it met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HandTrack:
    """What was asked of one hand and what it does.

    Attributes:
        target: (n, 3) [m] where its tcp should be; NaN rows were not asked.
        target_rotation: (n, 3, 3) how it should be turned; NaN where not asked.
        position, rotation: (n, 3), (n, 3, 3) what the joint angles give.
        off: (n,) [m] distance from the target; turned: (n,) [rad] angle to it; NaN where not asked.
        beyond: (n,) [m] how far the target lies outside the arm's reach; negative inside.
        reach: [m] largest distance of the tcp from the shoulder that the joint ranges allow.
    """

    target: Array
    target_rotation: Array
    position: Array
    rotation: Array
    off: Array
    turned: Array
    beyond: Array
    reach: float


@dataclass(frozen=True)
class WorkCount:
    """What a retargeting took, so that a test can count it where a clock would lie.

    Attributes:
        samples: of the recording that were followed; both ways count twice.
        programmes: quadratic programmes solved, each about one sample; looks: at own shapes.
        beginning: rounds over all candidates for the beginning at once.
    """

    samples: int = 0
    programmes: int = 0
    looks: int = 0
    beginning: int = 0

    def __add__(self, other: WorkCount) -> WorkCount:
        return WorkCount(*(getattr(self, name) + getattr(other, name) for name in vars(self)))

    def __sub__(self, other: WorkCount) -> WorkCount:
        return WorkCount(*(getattr(self, name) - getattr(other, name) for name in vars(self)))


@dataclass(frozen=True)
class Retargeted:
    """A person's motion on the robot's arms.

    Attributes:
        t: (n,) [s], the source's own clock.
        names: (k,) joints; q: (n, k) [rad].
        arms: hand -> its arm's joints; links: hand -> its arm's bodies, the hand's among them.
        hands: hand -> what was asked and what comes of it.
        at_limit: "range" | "speed" -> (n, k) whether the joint is at that limit.
        held_apart: (n,) index into `pairs` of own shapes that keep the hands from moving on; -1 where none.
        pairs: (body, body) of those.
        passed: kind -> (n,) how far soft limits are passed [rad or m]; 0 where they hold.
        closed: hand -> (n,) [%] what the claw is commanded, where the source tells.
        notes: what was assumed or converted.
        work: what it took.
    """

    t: Array
    names: tuple[str, ...]
    q: Array
    hands: Mapping[str, HandTrack]
    at_limit: Mapping[str, NDArray[np.bool_]]
    held_apart: NDArray[np.int64]
    pairs: tuple[tuple[str, str], ...]
    arms: Mapping[str, tuple[str, ...]]
    links: Mapping[str, frozenset[str]]
    passed: Mapping[str, Array] = field(default_factory=dict)
    closed: Mapping[str, Array] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    work: WorkCount = WorkCount()
