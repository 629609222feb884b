"""Words of where a part of a thing points: points_at, points_away, faces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..sensing.predicate import Interval, Values
from ..sensing.requests import Asks, Readings, Request, Row
from .word import ANGLE, PLACE, Word, Words, made


@dataclass(frozen=True)
class PointsAway(Asks):
    """Seen from above, the way from one site to another leaves the way to a third by more than an angle [rad], or (`at`) by no more."""

    middle: Request
    tip: Request
    to: Request
    more_than: float
    at: bool = False
    unit: str = "rad"

    def intervals(self) -> tuple[Interval, ...]:
        number = ("bearing", self.middle, self.tip, self.to)
        return (Interval(number, high=self.more_than) if self.at else Interval(number, low=self.more_than),)

    def margin(self, readings: Readings | Row) -> Values:
        middle, tip, to = (readings.point(request) for request in (self.middle, self.tip, self.to))
        ax, ay, bx, by = tip[0] - middle[0], tip[1] - middle[1], to[0] - middle[0], to[1] - middle[1]
        cross, along = ax * by - ay * bx, ax * bx + ay * by
        turned = math.atan2(abs(cross), along) if type(cross) is float else np.arctan2(np.abs(cross), along)
        return self.more_than - turned if self.at else turned - self.more_than


@dataclass(frozen=True)
class Faces(Asks):
    """In space, the way from one site to another leaves the way to a third by no more than an angle [rad]."""

    middle: Request
    tip: Request
    to: Request
    within: float
    unit: str = "rad"

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("angle in space", self.middle, self.tip, self.to), high=self.within),)

    def margin(self, readings: Readings | Row) -> Values:
        middle, tip, to = (readings.point(request) for request in (self.middle, self.tip, self.to))
        ax, ay, az = tip[0] - middle[0], tip[1] - middle[1], tip[2] - middle[2]
        bx, by, bz = to[0] - middle[0], to[1] - middle[1], to[2] - middle[2]
        cx, cy, cz, along = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx, ax * bx + ay * by + az * bz
        square = cx * cx + cy * cy + cz * cz
        if type(square) is float:
            return self.within - math.atan2(math.sqrt(square), along)
        return self.within - np.arctan2(np.sqrt(square), along)


# points_away: {from: cup.mouth, along: cup.handle, to: person.chest, more_than: 60 deg}; points_at with `within`
# faces: {from: soap.code, along: soap.code_ahead, to: scanner.eye, within: 45 deg}
_points_at = made(partial(PointsAway, at=True), from_=PLACE, along=PLACE, to=PLACE, within=ANGLE)
WORDS: Words = {
    "points_at": Word(_points_at, "points at", "朝向", {"within": False}),
    "points_away": Word(made(PointsAway, from_=PLACE, along=PLACE, to=PLACE, more_than=ANGLE), "points away", "朝向他处"),
    "faces": Word(made(Faces, from_=PLACE, along=PLACE, to=PLACE, within=ANGLE), "faces", "正对"),
}
