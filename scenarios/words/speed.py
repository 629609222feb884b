"""Words of how fast things move: faster."""

from __future__ import annotations

from dataclasses import dataclass

from ..reading.names import Names
from ..sensing.predicate import Interval, Predicate, Values, distance
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import Word, Words


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


def _faster(node: Node, names: Names) -> Predicate | None:
    """`faster: {of: bowl, than: 0.5 m/s}`."""
    node.mapping(required=("of", "than"))
    body = names.element(node.child("of"), "body")
    than = node.child("than").quantity("speed", low=0.0)
    return None if body is None else Faster(Request("body_velocity", body), than)


WORDS: Words = {"faster": Word(_faster, "speed", "速度", {"than": True})}
