"""Words of a liquid in vessels, read at their gauges: filled, fuller, lost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..reading.names import Names
from ..sensing.predicate import Interval, Values
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.quantity import parse_quantity
from ..sheet.yaml_reader import Node
from .word import VOLUME, Word, Words, made, several


@dataclass(frozen=True)
class Gauge(Asks):
    """The joint that shows a vessel's level, and the area [m2] that makes a volume of its travel."""

    joint: Request
    area: float

    def volume(self, readings: Readings | Row) -> Values:
        """(...,) [m3] what the vessel holds."""
        return readings.first(self.joint) * self.area

    def before(self, readings: Readings | Row) -> Values:
        """(...,) [m3] what it held at the start."""
        if isinstance(readings, Row):
            return readings.start[readings.layout.begins[self.joint.name]] * self.area
        return readings.start[..., readings.layout.begins[self.joint.name]] * self.area


@dataclass(frozen=True)
class Filled(Asks):
    """A vessel holds an amount [m3], give or take; the margin is in litres, as small numbers are read badly."""

    gauge: Gauge
    amount: float
    within: float
    unit: str = "l"

    def intervals(self) -> tuple[Interval, ...]:
        low, high = (volume / self.gauge.area for volume in (self.amount - self.within, self.amount + self.within))
        return (Interval(("joint", self.gauge.joint), low, high),)

    def margin(self, readings: Readings | Row) -> Values:
        return (self.within - abs(self.gauge.volume(readings) - self.amount)) * 1e3


@dataclass(frozen=True)
class Fuller(Asks):
    """A vessel holds more than an amount [m3]."""

    gauge: Gauge
    amount: float
    unit: str = "l"

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("joint", self.gauge.joint), low=self.amount / self.gauge.area),)

    def margin(self, readings: Readings | Row) -> Values:
        return (self.gauge.volume(readings) - self.amount) * 1e3


@dataclass(frozen=True)
class Lost(Asks):
    """Of what was in some vessels at the start, more than an amount [m3] is in none of them."""

    gauges: tuple[Gauge, ...]
    amount: float
    unit: str = "l"

    def lost(self, readings: Readings | Row) -> Values:
        """(...,) [m3]."""
        gone: Values = 0.0
        for gauge in self.gauges:
            gone = gone + (gauge.before(readings) - gauge.volume(readings))
        return gone

    def margin(self, readings: Readings | Row) -> Values:
        return (self.lost(readings) - self.amount) * 1e3


def read_gauge(node: Node, names: Names) -> Gauge | None:
    """The gauge of the part that a node names, or None and a note where it holds no liquid."""
    instance = node.word()
    if names.element(node, "body") is None:
        return None
    entry = names.parts[instance].interface.get("inside", {})
    if "liquid" not in entry:
        node.note(f"{instance!r} holds no liquid: its part's sheet has no `liquid` at the word 'inside'.")
        return None
    radius = parse_quantity(entry["radius"], "length")
    return Gauge(Request("joint_position", f"{instance}/{entry['liquid']['level']}"), math.pi * radius**2)


WORDS: Words = {
    "filled": Word(made(Filled, inside=read_gauge, amount=VOLUME, within=VOLUME), "filled", "液位"),
    "fuller": Word(made(Fuller, inside=read_gauge, than=VOLUME), "fuller", "更满"),
    "lost": Word(made(Lost, from_=several(read_gauge), more_than=VOLUME), "lost", "洒漏"),
}
