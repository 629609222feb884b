"""The word of what the robot has reported: answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..reading.answers import GIVEN, GRANTED, AskedAnswer
from ..reading.names import Names
from ..sensing.predicate import Predicate, Values
from ..sensing.requests import Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import Word, Words


@dataclass(frozen=True)
class Answered:
    """An answer has been given, and is off by no more than a bound, in its own unit; before it is given it is off by `span`.

    One that the judge grants, as nobody recorded it, is right by `span`.
    """

    asked: AskedAnswer
    within: float
    unit: str
    span: float

    def requests(self) -> list[Request]:
        return [self.asked.given, self.asked.value, self.asked.truth]

    def margin(self, readings: Readings | Row) -> Values:
        given: Values = readings.first(self.asked.given)
        off: Values = abs(readings.first(self.asked.value) - readings.first(self.asked.truth))
        if type(given) is float:
            return self.span if given >= GRANTED else self.within - off if given >= GIVEN else -self.span
        return np.where(given >= GRANTED, self.span, np.where(given >= GIVEN, self.within - off, -self.span))


def _answered(node: Node, names: Names) -> Predicate | None:
    """`answered: {of: large_gauge, within: 2 %}`."""
    if not node.mapping(required=("of", "within")):
        return None
    known = {one.name: one for one in names.answers}
    asked = known.get(node.child("of").word(choices=list(known)))
    if asked is None:
        return None
    within = node.child("within").quantity(asked.param.dimension, low=0.0)
    return Answered(asked, within, asked.param.unit, asked.param.high - asked.param.low)


WORDS: Words = {"answered": Word(_answered, "error of the answer", "回答误差", {"within": False})}
