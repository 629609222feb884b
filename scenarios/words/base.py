"""Words of a robot that moves: base_speed, base_near."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from ..reading.names import Names
from ..robots.legged import MARK
from ..sensing.predicate import Interval, Predicate, Values, root
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import LENGTH, PLACE, Word, Words, made


@dataclass(frozen=True)
class BaseSpeed(Asks):
    """The robot moves over the floor faster (or, `below`, slower) than a speed [m/s]; one that is planted stands still.

    Attributes:
        speeds: ahead and to the left, the actuators' own; none of a planted robot.
    """

    speeds: tuple[Request, ...]
    bound: float
    below: bool = False
    unit: str = "m/s"

    def intervals(self) -> tuple[Interval, ...]:
        number = ("speed of the base", self.speeds)
        return (Interval(number, high=self.bound) if self.below else Interval(number, low=self.bound),)

    def margin(self, readings: Readings | Row) -> Values:
        speed: Values
        if self.speeds:
            ahead, left = (readings.first(request) for request in self.speeds)
            speed = root(ahead * ahead + left * left)
        else:
            speed = 0.0 if isinstance(readings, Row) else np.zeros(readings.value.shape[:-1])
        return self.bound - speed if self.below else speed - self.bound


@dataclass(frozen=True)
class BaseNear(Asks):
    """The robot stands within a distance [m] of a site, seen from above."""

    base: Request
    to: Request
    within: float
    unit: str = "m"

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("level distance", frozenset((self.base, self.to))), high=self.within),)

    def margin(self, readings: Readings | Row) -> Values:
        a, b = readings.point(self.base), readings.point(self.to)
        x, y = a[0] - b[0], a[1] - b[1]
        return self.within - root(x * x + y * y)


def _speed(node: Node, names: Names) -> Predicate | None:
    node.mapping(optional=("above", "below"))
    if ("above" in node) == ("below" in node):
        node.note("a speed is either above or below a bound.")
    below = "below" in node
    bound = node.child("below" if below else "above").quantity("speed", low=0.0)
    moves = names.top != "base_link" or names.spec.body(MARK) is not None  # on legs as commanded: the trunk sways with each step
    speeds = tuple(Request("actuator_velocity", name) for name in ("base_vx", "base_vy")) if moves else ()
    return BaseSpeed(speeds, bound, below)


_base_near = made(partial(BaseNear, Request("body_position", "base_link")), to=PLACE, within=LENGTH)
WORDS: Words = {
    "base_speed": Word(_speed, "speed of the base", "底盘速度"),
    "base_near": Word(_base_near, "distance of the base", "底盘距离", {"within": False}),
}
