"""Words of what the scenario's rules say: happened, reads."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..reading.names import Names
from ..sensing.predicate import Interval, Predicate, Values
from ..sensing.reaction import memory
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.near_matches import nearest
from ..sheet.quantity import dimension_of, si_unit
from ..sheet.yaml_reader import Node
from .word import Word, Words


@dataclass(frozen=True)
class Reads(Asks):
    """A number that a rule keeps is at least `low` and at most `high`, in its own unit (a switch is 0 or 1).

    Attributes:
        act: it tells what happened, which may be over.
    """

    kept: Request
    low: float | None
    high: float | None
    unit: str = ""
    act: bool = False

    def intervals(self) -> tuple[Interval, ...]:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return (Interval(("kept", self.kept), low, high),)

    def margin(self, readings: Readings | Row) -> Values:
        number: Values = readings.first(self.kept)
        if self.low is None:
            return self.high - number  # one of the two bounds is there
        if self.high is None:
            return number - self.low
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return half - abs(number - middle)


@dataclass(frozen=True)
class ReadsTruly(Asks):
    """A number that a rule keeps is off by no more than `within` from a value of the draw, in its own unit."""

    kept: Request
    true: Request
    within: float
    unit: str

    def margin(self, readings: Readings | Row) -> Values:
        off: Values = abs(readings.first(self.kept) - readings.first(self.true))
        return self.within - off


def memory_name(rule: str) -> str:
    """Name of the memory that keeps what a rule says."""
    return f"rule {rule}"


def amount(node: Node) -> float:
    """SI value of a quantity of any kind, or a plain number."""
    plain = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    return node.number() if plain else node.quantity(None)


def unit_of(value: object) -> str:
    """SI unit of a quantity as written, `1` of a plain number."""
    return si_unit(dimension_of(value))


def _kept(node: Node, names: Names, counter: bool) -> Request | None:
    known = [name for name, holds_number in names.rules.items() if holds_number == counter]
    rule = node.word()
    if rule not in known:
        if rule:
            kind = "counter" if counter else "switch"
            node.note(f"{rule!r} is no {kind} among the rules.{nearest(rule, known)}")
        return None
    return memory(memory_name(rule))


def _happened(node: Node, names: Names) -> Predicate | None:
    kept = _kept(node, names, counter=False)
    return None if kept is None else Reads(kept, 0.5, None, "1", act=node.word() in names.go_off)


def _reads(node: Node, names: Names) -> Predicate | None:
    """`reads: {of: time, above: 30 s}`; `is` may be a parameter of a part, as the draw has it: `is: soap.mass`."""
    node.mapping(required=("of",), optional=("is", "within", "above", "below"))
    kept = _kept(node.child("of"), names, counter=True)
    if sum(key in node for key in ("is", "above", "below")) != 1 or ("within" in node) != ("is" in node):
        node.note("a number is above or below a bound, or `is` so much `within` so much.")
        return None
    part, _, word = str(node.child("is").value).partition(".")
    param = names.parts[part].params.get(word) if part in names.parts else None
    if param is not None:
        within = node.child("within").quantity(param.dimension, low=0.0)
        key = node.child("is").word()
        true = names.drawn.setdefault(key, memory(f"drawn {key}"))
        return None if kept is None else ReadsTruly(kept, true, within, param.unit)
    bounds = {key: amount(node.child(key)) for key in ("is", "within", "above", "below") if key in node}
    unit = unit_of(next(node.value[key] for key in ("is", "above", "below") if key in node))
    if kept is None:
        return None
    if "is" in bounds:
        return Reads(kept, bounds["is"] - bounds["within"], bounds["is"] + bounds["within"], unit)
    return Reads(kept, bounds.get("above"), bounds.get("below"), unit)


WORDS: Words = {
    "happened": Word(_happened, "happened", "已发生"),
    "reads": Word(_reads, "reading", "读数"),
}
