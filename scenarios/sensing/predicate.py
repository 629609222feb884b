"""Predicates: pure functions of readings, on any leading shape.

Each says with a signed margin how far it is from ceasing (or beginning) to hold, in its own unit; it holds where the
margin is not negative. The same object serves environment, replay and report. Readings are arrays of many copies, or the
plain floats of one (`Row`): the same operations in the same order, so that both come out equal to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .requests import Asks, Readings, Request, Row

TRACE = 0.05  # N, below it a contact is numerical
Values = Any  # (...,) array of readings, float of a row


def root(square: Values) -> Values:
    """(...,) the square root."""
    return math.sqrt(square) if type(square) is float else np.sqrt(square)


def distance(a: Sequence[Values], b: Sequence[Values]) -> Values:
    """(...,) Euclidean distance of two points, each given by its three coordinates."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return root(x * x + y * y + z * z)


def _unknown(values: Sequence[float]) -> bool:
    """Whether one of several floats is NaN; their sum is also where infinities of both signs meet."""
    return math.isnan(sum(values)) and any(v != v for v in values)


def least(values: Sequence[Values]) -> Values:
    """(...,) the smallest of several; NaN where one is."""
    if type(values[0]) is float:
        return math.nan if _unknown(values) else min(values)
    return np.min(values, axis=0)


def most(values: Sequence[Values]) -> Values:
    """(...,) the largest of several; NaN where one is."""
    if type(values[0]) is float:
        return math.nan if _unknown(values) else max(values)
    return np.max(values, axis=0)


class Predicate(Protocol):
    """What every predicate offers.

    `unit` is the unit of the margin. One that tells what happens (a key is pressed, a hand pulls), not what is, says so with
    `act`: nobody asks whether it still holds later.
    """

    @property
    def unit(self) -> str: ...

    def requests(self) -> list[Request]: ...

    def margin(self, readings: Readings | Row) -> Values:
        """(...,) signed distance to the bound; >= 0 where the predicate holds."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """What one number has to lie in for a predicate to hold.

    A predicate that bounds a number says so with a method `intervals`. Two that bound the same number exclude each other where
    their intervals have no value in common.

    Attributes:
        of: which number: a word for how it is measured, and the sensors; equal for equal numbers.
        low, high: (SI) both ends belong to it.
    """

    of: tuple[Hashable, ...]
    low: float = -math.inf
    high: float = math.inf


def intervals(predicate: Predicate) -> tuple[Interval, ...]:
    """The numbers that a simple predicate bounds; none where it does not say."""
    asked = getattr(predicate, "intervals", None)
    return () if asked is None else tuple(asked())


@dataclass(frozen=True, slots=True)
class Angle(Asks):
    """A joint is above or below an angle [rad], or a length [m] where it slides."""

    joint: Request
    bound: float
    above: bool
    unit: str = "rad"

    def intervals(self) -> tuple[Interval, ...]:
        if self.above:
            return Interval(("joint", self.joint), low=self.bound), Interval(("travel", self.joint), low=self.bound)
        return (Interval(("joint", self.joint), high=self.bound),)

    def margin(self, readings: Readings | Row) -> Values:
        angle = readings.first(self.joint)
        return angle - self.bound if self.above else self.bound - angle


@dataclass(frozen=True, slots=True)
class Near(Asks):
    """Two sites are within a distance [m] of each other."""

    of: Request
    to: Request
    within: float
    unit: str = "m"

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("distance", frozenset((self.of, self.to))), high=self.within),)

    def margin(self, readings: Readings | Row) -> Values:
        return self.within - distance(readings.point(self.of), readings.point(self.to))


@dataclass(frozen=True, slots=True)
class Upright(Asks):
    """A body's z axis is within an angle [rad] of the vertical (`invert`: is tilted by more)."""

    up: Request
    within: float
    invert: bool = False
    unit: str = "rad"

    def intervals(self) -> tuple[Interval, ...]:
        number = ("lean", self.up)
        return (Interval(number, low=self.within) if self.invert else Interval(number, high=self.within),)

    def margin(self, readings: Readings | Row) -> Values:
        up = readings.point(self.up)[2]
        if type(up) is float:
            tilt: Values = float(np.arccos(min(max(up, -1.0), 1.0)))
        else:
            tilt = np.arccos(np.clip(up, -1.0, 1.0))
        return tilt - self.within if self.invert else self.within - tilt


@dataclass(frozen=True, slots=True)
class Untouched(Asks):
    """No contact force [N] above a trace between groups during the last control period."""

    forces: tuple[Request, ...]
    trace: float = TRACE
    unit: str = "N"

    def margin(self, readings: Readings | Row) -> Values:
        return self.trace - readings.peak_of(self.forces)


@dataclass(frozen=True, slots=True)
class Displaced(Asks):
    """A joint has travelled at least (or, `below`, at most) so far [m or rad]: a key is pressed (`act`), a pawl has caught."""

    joint: Request
    bound: float
    below: bool = False
    unit: str = "m"
    act: bool = False

    def intervals(self) -> tuple[Interval, ...]:
        number = ("travel", self.joint)
        if self.below:
            return Interval(number, high=self.bound), Interval(("joint", self.joint), -self.bound, self.bound)
        return (Interval(number, low=self.bound),)

    def margin(self, readings: Readings | Row) -> Values:
        travel: Values = abs(readings.first(self.joint))
        return self.bound - travel if self.below else travel - self.bound


@dataclass(frozen=True, slots=True)
class MovedAway(Asks):
    """A body lies further [m] from where it lay at the start."""

    position: Request
    more_than: float
    unit: str = "m"

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("moved", self.position), low=self.more_than),)

    def margin(self, readings: Readings | Row) -> Values:
        return distance(readings.point(self.position), readings.start_point(self.position)) - self.more_than


@dataclass(frozen=True, slots=True)
class Below(Asks):
    """A site is lower than a height [m] above the floor."""

    position: Request
    height: float
    unit: str = "m"

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("height", self.position), high=self.height),)

    def margin(self, readings: Readings | Row) -> Values:
        return self.height - readings.point(self.position)[2]


@dataclass(frozen=True, slots=True)
class Higher(Asks):
    """A body's origin is at least so much [m] higher than a site (`lower`: lower than it)."""

    position: Request
    place: Request
    by: float
    lower: bool = False
    unit: str = "m"

    def intervals(self) -> tuple[Interval, ...]:
        number = ("height over", self.position, self.place)
        return (Interval(number, high=-self.by) if self.lower else Interval(number, low=self.by),)

    def margin(self, readings: Readings | Row) -> Values:
        above = readings.point(self.position)[2] - readings.point(self.place)[2]
        return -above - self.by if self.lower else above - self.by


@dataclass(frozen=True, slots=True)
class Share(Asks):
    """The share of loose pieces inside an upright cylinder of a container's frame is at least (`below`: less than) a bound.

    Attributes:
        pieces: position requests of each piece, in the container's frame.
        centre: (3,) of the cylinder's floor in that frame [m].
    """

    pieces: tuple[Request, ...]
    centre: tuple[float, float, float]
    radius: float
    height: float
    bound: float
    below: bool = False
    unit: str = "%"

    def intervals(self) -> tuple[Interval, ...]:
        number = ("share", self.pieces, self.centre, self.radius, self.height)
        # less than the bound is meant, see `margin`
        return (Interval(number, high=self.bound - 1e-9) if self.below else Interval(number, low=self.bound),)

    def share(self, readings: Readings | Row) -> Values:
        """(...,) the share of the pieces that lie inside."""
        inside: Any = 0
        for piece in self.pieces:
            inside = inside + self.holds(readings.point(piece))
        return inside / len(self.pieces)

    def holds(self, at: Sequence[Values]) -> Any:
        """(...,) whether a point of the container's frame lies inside."""
        x, y, z = at[0] - self.centre[0], at[1] - self.centre[1], at[2] - self.centre[2]
        return (x * x + y * y <= self.radius**2) & (z >= -0.02) & (z <= self.height)

    def margin(self, readings: Readings | Row) -> Values:
        share = self.share(readings)
        # strictly less than the bound counts as spilt, so that one rule is the other's complement
        return (self.bound - share) - 1e-9 if self.below else share - self.bound


@dataclass(frozen=True, slots=True)
class Force(Asks):
    """A contact force [N] exceeds a limit, as a peak or as a mean over 20 ms."""

    forces: tuple[Request, ...]
    limit: float
    mean: bool = False
    unit: str = "N"

    def value(self, readings: Readings | Row) -> Values:
        return readings.mean_of(self.forces) if self.mean else readings.peak_of(self.forces)

    def margin(self, readings: Readings | Row) -> Values:
        return self.value(readings) - self.limit


def common_unit(parts: Sequence[Predicate]) -> str:
    """The unit of all of them; none where they have several."""
    units = {part.unit for part in parts}
    return units.pop() if len(units) == 1 else ""


@dataclass(frozen=True, slots=True)
class Several(Asks):
    """Predicates that are read together, in the unit that all of them have."""

    parts: tuple[Predicate, ...]
    unit: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", common_unit(self.parts))


@dataclass(frozen=True, slots=True)
class All(Several):
    """Every part holds. The margin's sign is right; its size is that of the part furthest from holding, in that part's unit."""

    def margin(self, readings: Readings | Row) -> Values:
        return least([part.margin(readings) for part in self.parts])


@dataclass(frozen=True, slots=True)
class AnyOf(Several):
    """At least one part holds."""

    def margin(self, readings: Readings | Row) -> Values:
        return most([part.margin(readings) for part in self.parts])


def leaves(predicate: Predicate) -> list[Predicate]:
    """The simple predicates inside one, in their order."""
    if isinstance(predicate, All | AnyOf):
        return [leaf for part in predicate.parts for leaf in leaves(part)]
    return [predicate]


def acts(predicate: Predicate) -> bool:
    """Whether something inside tells what happens: see `Predicate`."""
    return any(getattr(leaf, "act", False) for leaf in leaves(predicate))


def lasting(predicate: Predicate) -> Predicate | None:
    """What of a predicate can hold on: without its acts; None where nothing is left, or an act alone is enough for it."""
    if not acts(predicate):
        return predicate
    if not isinstance(predicate, All | AnyOf):
        return None
    parts = [lasting(part) for part in predicate.parts]
    kept = tuple(part for part in parts if part is not None)
    if not kept or (isinstance(predicate, AnyOf) and len(kept) < len(parts)):
        return None
    return kept[0] if len(kept) == 1 else type(predicate)(kept)


def conjuncts(predicate: Predicate) -> list[Predicate]:
    """What shall hold at once inside one, in its order: simple predicates, and those of which one is enough."""
    if isinstance(predicate, All):
        return [inner for part in predicate.parts for inner in conjuncts(part)]
    return [predicate]


def progress(parts: Sequence[Predicate], readings: Readings | Row, before: Iterable[Values]) -> Values:
    """How much of the way from the start to holding has been made: the mean of what shall all hold, the best of what may.

    What held at the start counts as far as the rest has come: a thing that nobody holds yet is no progress, and taking it
    into the hand is no step back.

    Args:
        parts: the `conjuncts` of what shall hold.
        readings: now, leading shape (...,).
        before: margin of each of its `leaves` at the start, broadcastable to that shape.

    Returns:
        (...,) in 0..1; one where all hold.
    """
    left = iter(before)
    todo: Values = 0.0  # summed over what did not hold at the start
    kept: Values = 0.0  # over what did
    n_kept: Values = 0.0
    for part in parts:
        if type(part) is AnyOf:
            todo = todo + most([progress(conjuncts(choice), readings, left) for choice in part.parts])
        else:
            margin = next(left)
            way, held = _way(part.margin(readings), margin), _held(margin)
            todo, kept, n_kept = todo + way * (1.0 - held), kept + way * held, n_kept + held
    n_todo = len(parts) - n_kept
    if type(n_todo) is float:
        rest = todo / n_todo if n_todo > 0.0 else 1.0
    else:
        rest = np.where(n_todo > 0.0, todo / np.maximum(n_todo, 1.0), 1.0)
    return (todo + kept * rest) / len(parts)


def _held(before: Values) -> Values:
    """(...,) 1 where something held with this margin, else 0."""
    if type(before) is float:
        return 1.0 if before >= 0.0 else 0.0
    return np.where(before >= 0.0, 1.0, 0.0)


def _way(now: Values, before: Values) -> Values:
    """(...,) 0..1 how far a margin has come from what it was to zero."""
    if type(now) is float:  # negative: how far it was from holding
        return 1.0 if now >= 0 else max(1.0 - now / (before if before < -1e-6 else -1e-6), 0.0)
    way = np.minimum(before, -1e-6)
    return np.where(now >= 0, 1.0, np.maximum(1.0 - now / way, 0.0))
