"""The word of a zone over a place: in_zone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..people.safety import movers
from ..reading.names import Names
from ..sensing.predicate import Predicate, Values, least, most
from ..sensing.requests import Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import Word, Words


@dataclass(frozen=True)
class InZone:
    """One of several things is inside an upright cylinder that stands on a site: its radius and height [m]."""

    things: tuple[Request, ...]
    place: Request
    radius: float
    height: float
    unit: str = "m"

    def requests(self) -> list[Request]:
        return [*self.things, self.place]

    def margin(self, readings: Readings | Row) -> Values:
        place = readings.point(self.place)
        return most([self._depth(readings.point(thing), place) for thing in self.things])

    def _depth(self, at: Values, place: Values) -> Values:
        """(...,) [m] how deep a point is inside; less than nothing outside."""
        x, y, z = at[0] - place[0], at[1] - place[1], at[2] - place[2]
        square = x * x + y * y
        away = math.sqrt(square) if type(square) is float else np.sqrt(square)
        return least([self.radius - away, z, self.height - z])


def _in_zone(node: Node, names: Names) -> Predicate | None:
    """`in_zone: {of: robot.hands, over: hob.zone, radius: 140 mm, height: 150 mm}`."""
    node.mapping(required=("of", "over", "radius", "height"))
    things = tuple(place for place, _ in movers(node.child("of"), names))
    place = names.element(node.child("over"), "site")
    radius, height = (node.child(key).quantity("length", low=0.0) for key in ("radius", "height"))
    return None if place is None or not things else InZone(things, Request("site_position", place), radius, height)


WORDS: Words = {"in_zone": Word(_in_zone, "inside the zone", "进入区域")}
