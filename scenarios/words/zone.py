"""The word of a zone over a place: in_zone."""

from __future__ import annotations

from dataclasses import dataclass

from ..people.safety import movers
from ..reading.names import Names
from ..sensing.predicate import Values, least, most, root
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import LENGTH, PLACE, Word, Words, made


@dataclass(frozen=True)
class InZone(Asks):
    """One of several things is inside an upright cylinder that stands on a site: its radius and height [m]."""

    things: tuple[Request, ...]
    place: Request
    radius: float
    height: float
    unit: str = "m"

    def margin(self, readings: Readings | Row) -> Values:
        place = readings.point(self.place)
        return most([self._depth(readings.point(thing), place) for thing in self.things])

    def _depth(self, at: Values, place: Values) -> Values:
        """(...,) [m] how deep a point is inside; less than nothing outside."""
        x, y, z = at[0] - place[0], at[1] - place[1], at[2] - place[2]
        return least([self.radius - root(x * x + y * y), z, self.height - z])


def _things(node: Node, names: Names) -> tuple[Request, ...]:
    return tuple(place for place, _ in movers(node, names))


# in_zone: {of: robot.hands, over: hob.zone, radius: 140 mm, height: 150 mm}
WORDS: Words = {"in_zone": Word(made(InZone, of=_things, over=PLACE, radius=LENGTH, height=LENGTH), "inside the zone", "进入区域")}
