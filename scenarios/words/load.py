"""Words of what hands carry: hands_hold."""

from __future__ import annotations

from dataclasses import dataclass

from ..reading.names import Names
from ..sensing.predicate import Interval, Predicate, Values
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import Word, Words

GRAVITY = 9.81  # m/s2


def _carried(readings: Readings | Row, forces: tuple[Request, ...]) -> Values:
    """[kg] what all contacts push the hands with together."""
    weight: Values = 0.0
    for force in forces:
        weight = weight + readings.peak_of((force,))
    return weight / GRAVITY


@dataclass(frozen=True)
class HandsHold(Asks):
    """The hands carry a mass [kg], give or take: what all contacts push them with, pads against each other left out."""

    forces: tuple[Request, ...]
    mass: float
    within: float
    unit: str = "kg"

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("mass in the hands", self.forces), self.mass - self.within, self.mass + self.within),)

    def margin(self, readings: Readings | Row) -> Values:
        return self.within - abs(_carried(readings, self.forces) - self.mass)


@dataclass(frozen=True)
class HandsHoldMore(Asks):
    """The hands carry more than a mass [kg]."""

    forces: tuple[Request, ...]
    mass: float
    unit: str = "kg"

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("mass in the hands", self.forces), low=self.mass),)

    def margin(self, readings: Readings | Row) -> Values:
        return _carried(readings, self.forces) - self.mass


def _hands_hold(node: Node, names: Names) -> Predicate | None:
    """`hands_hold: {is: 0.35 kg, within: 35 g}`, or `hands_hold: {above: 0.5 kg}`."""
    if not node.mapping(optional=("is", "within", "above")):
        return None
    forces = tuple(Request("contact_force", f"tree:{name}") for name in names.robot["hands"]["bodies"])
    if "above" in node.value:
        return HandsHoldMore(forces, node.child("above").quantity("mass", low=0.0))
    mass, within = (node.child(key).quantity("mass", low=0.0) for key in ("is", "within"))
    return HandsHold(forces, mass, within)


WORDS: Words = {"hands_hold": Word(_hands_hold, "mass in the hands", "手中的质量")}
