"""Words of where a part of a thing points: points_at, points_away, faces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..reading.names import Names
from ..sensing.predicate import Interval, Predicate, Values
from ..sensing.requests import Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import Word, Words


@dataclass(frozen=True)
class PointsAway:
    """Seen from above, the way from one site to another leaves the way to a third by more than an angle [rad], or (`at`) by no more."""

    middle: Request
    tip: Request
    to: Request
    more_than: float
    at: bool = False
    unit: str = "rad"

    def requests(self) -> list[Request]:
        return [self.middle, self.tip, self.to]

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
class Faces:
    """In space, the way from one site to another leaves the way to a third by no more than an angle [rad]."""

    middle: Request
    tip: Request
    to: Request
    within: float
    unit: str = "rad"

    def requests(self) -> list[Request]:
        return [self.middle, self.tip, self.to]

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


def _points(node: Node, names: Names, at: bool) -> Predicate | None:
    """`points_away: {from: cup.mouth, along: cup.handle, to: person.chest, more_than: 60 deg}`; `points_at` with `within`."""
    bounded = "within" if at else "more_than"
    if not node.mapping(required=("from", "along", "to", bounded)):
        return None
    sites = [names.element(node.child(key), "site") for key in ("from", "along", "to")]
    bound = node.child(bounded).quantity("angle", low=0.0)
    if any(site is None for site in sites):
        return None
    middle, tip, to = (Request("site_position", str(site)) for site in sites)
    return PointsAway(middle, tip, to, bound, at)


def _faces(node: Node, names: Names) -> Predicate | None:
    """`faces: {from: soap.code, along: soap.code_ahead, to: scanner.eye, within: 45 deg}`."""
    if not node.mapping(required=("from", "along", "to", "within")):
        return None
    sites = [names.element(node.child(key), "site") for key in ("from", "along", "to")]
    within = node.child("within").quantity("angle", low=0.0)
    if any(site is None for site in sites):
        return None
    middle, tip, to = (Request("site_position", str(site)) for site in sites)
    return Faces(middle, tip, to, within)


WORDS: Words = {
    "points_at": Word(partial(_points, at=True), "points at", "朝向", {"within": False}),
    "points_away": Word(partial(_points, at=False), "points away", "朝向他处"),
    "faces": Word(_faces, "faces", "正对"),
}
