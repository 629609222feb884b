"""How far a repair may go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Beyond these a copy is no longer the same demonstration, and none is made (house rules; `repair_at_most` sets them).

    Attributes:
        slowest: smallest factor of the recorded speed; back: furthest that a joint is taken back [rad]; rounds: how often
            changes are followed by a judgement.
    """

    slowest: float = 0.1
    back: float = 0.35
    rounds: int = 4
