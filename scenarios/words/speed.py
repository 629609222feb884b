"""Words of how fast things move: faster."""

from __future__ import annotations

from dataclasses import dataclass

from ..sensing.predicate import Interval, Values, distance
from ..sensing.requests import Asks, Readings, Request, Row
from .word import Word, Words, made, quantity, request


@dataclass(frozen=True)
class Faster(Asks):
    """A body moves faster than a speed [m/s]."""

    velocity: Request
    than: float
    unit: str = "m/s"  # of the margin
    act: bool = True

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("speed", self.velocity), low=self.than),)

    def margin(self, readings: Readings | Row) -> Values:
        return distance(readings.point(self.velocity), (0.0, 0.0, 0.0)) - self.than


# faster: {of: bowl, than: 0.5 m/s}
WORDS: Words = {"faster": Word(made(Faster, of=request("body_velocity"), than=quantity("speed")), "speed", "速度", {"than": True})}
