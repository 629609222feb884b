"""A goal as far as a record of places tells it: words that it does not tell are granted, or never said to have happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .predicate import All, AnyOf, Predicate, Values, least, leaves, most
from .requests import Asks, Readings, Row
from .temporal import Goal


@dataclass(frozen=True, slots=True)
class Witnessed(Asks):
    """A predicate of which only some sensors are read.

    Attributes:
        read: names of the sensors that are.
        slack: unit of a margin -> by how much each word is eased, where `granted`, or else made harder.
        granted: whether a word of which a sensor is not read holds (a step of a goal), or does not (a failure mode).
    """

    predicate: Predicate
    read: frozenset[str]
    slack: Mapping[str, float]
    granted: bool = True
    unit: str = ""

    def margin(self, readings: Readings | Row) -> Values:
        return self._margin(self.predicate, readings)

    def _margin(self, part: Predicate, readings: Readings | Row) -> Values:
        if isinstance(part, All):
            return least([self._margin(one, readings) for one in part.parts])
        if isinstance(part, AnyOf):
            return most([self._margin(one, readings) for one in part.parts])
        sign = 1.0 if self.granted else -1.0
        if not tells(part, self.read):
            return np.full(np.shape(readings.value)[:-1], sign * np.inf)
        return part.margin(readings) + sign * self.slack.get(part.unit, 0.0)


def tells(leaf: Predicate, read: Collection[str]) -> bool:
    """Whether every sensor that a word asks for is among those that are read."""
    return all(request.name in read for request in leaf.requests())


def witnessed(goal: Goal, read: frozenset[str], slack: Mapping[str, float]) -> Goal:
    """The goal as a record tells it: what it misses then is missed for certain, and so is a failure mode that happens."""
    steps = tuple(
        replace(
            s,
            predicate=Witnessed(s.predicate, read, slack),
            kept=None if s.kept is None else Witnessed(s.kept, read, slack),
        )
        for s in goal.subgoals
    )
    nevers = tuple(replace(n, predicate=Witnessed(n.predicate, read, slack, granted=False)) for n in goal.nevers)
    return Goal(steps, nevers, goal.control_timestep)


def unrecorded(goal: Goal, read: Collection[str]) -> dict[str, int]:
    """Step -> how many of its words a record does not tell."""
    return {s.name: sum(not tells(leaf, read) for leaf in leaves(s.predicate)) for s in goal.subgoals}
