"""Words of a robot that moves: base_speed, base_near."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..reading.names import Names
from ..sensing.predicate import Interval, Predicate, Values
from ..sensing.requests import Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import Word, Words


@dataclass(frozen=True)
class BaseSpeed:
    """The robot moves over the floor faster (or, `below`, slower) than a speed [m/s]; one that is planted stands still.

    Attributes:
        speeds: ahead and to the left, the actuators' own; none of a planted robot.
    """

    speeds: tuple[Request, ...]
    bound: float
    below: bool = False
    unit: str = "m/s"

    def requests(self) -> list[Request]:
        return list(self.speeds)

    def intervals(self) -> tuple[Interval, ...]:
        number = ("speed of the base", self.speeds)
        return (Interval(number, high=self.bound) if self.below else Interval(number, low=self.bound),)

    def margin(self, readings: Readings | Row) -> Values:
        speed: Values
        if self.speeds:
            ahead, left = (readings.first(request) for request in self.speeds)
            square = ahead * ahead + left * left
            speed = math.sqrt(square) if type(square) is float else np.sqrt(square)
        else:
            speed = 0.0 if isinstance(readings, Row) else np.zeros(readings.value.shape[:-1])
        return self.bound - speed if self.below else speed - self.bound


@dataclass(frozen=True)
class BaseNear:
    """The robot stands within a distance [m] of a site, seen from above."""

    base: Request
    to: Request
    within: float
    unit: str = "m"

    def requests(self) -> list[Request]:
        return [self.base, self.to]

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("level distance", self.base, self.to), high=self.within),)

    def margin(self, readings: Readings | Row) -> Values:
        a, b = readings.point(self.base), readings.point(self.to)
        x, y = a[0] - b[0], a[1] - b[1]
        square = x * x + y * y
        return self.within - (math.sqrt(square) if type(square) is float else np.sqrt(square))


def _speed(node: Node, names: Names) -> Predicate | None:
    node.mapping(optional=("above", "below"))
    if ("above" in node) == ("below" in node):
        node.note("a speed is either above or below a bound.")
    below = "below" in node
    bound = node.child("below" if below else "above").quantity("speed", low=0.0)
    moves = names.top != "base_link"
    speeds = tuple(Request("actuator_velocity", name) for name in ("base_vx", "base_vy")) if moves else ()
    return BaseSpeed(speeds, bound, below)


def _near(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("to", "within"))
    to = names.element(node.child("to"), "site")
    within = node.child("within").quantity("length", low=0.0)
    return None if to is None else BaseNear(Request("body_position", "base_link"), Request("site_position", to), within)


WORDS: Words = {
    "base_speed": Word(_speed, "speed of the base", "底盘速度"),
    "base_near": Word(_near, "distance of the base", "底盘距离", {"within": False}),
}
