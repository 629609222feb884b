"""Predicates: pure functions of readings, on any leading shape.

Each says with a signed margin how far it is from ceasing (or beginning) to hold, in its own unit; it holds where the
margin is not negative. The same object serves environment, replay and report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .sensing import Readings, Request


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(...,) Euclidean distance of points (..., 3)."""
    difference = a - b
    return np.sqrt(np.einsum("...k,...k->...", difference, difference))


class Predicate(Protocol):
    """What every predicate offers.

    `unit` is the unit of the margin; `target` names the element that a hand has to come near, for reward shaping.
    """

    @property
    def unit(self) -> str: ...

    def requests(self) -> list[Request]: ...

    def margin(self, readings: Readings) -> np.ndarray:
        """(...,) signed distance to the bound; >= 0 where the predicate holds."""
        ...


@dataclass(frozen=True)
class Angle:
    """A joint is above or below an angle [rad]."""

    joint: Request
    bound: float
    above: bool
    unit: str = "rad"

    def requests(self) -> list[Request]:
        return [self.joint]

    def margin(self, readings: Readings) -> np.ndarray:
        angle = readings.of(self.joint)[..., 0]
        return angle - self.bound if self.above else self.bound - angle


@dataclass(frozen=True)
class Near:
    """Two sites are within a distance [m] of each other."""

    of: Request
    to: Request
    within: float
    unit: str = "m"

    def requests(self) -> list[Request]:
        return [self.of, self.to]

    def margin(self, readings: Readings) -> np.ndarray:
        return self.within - distance(readings.of(self.of), readings.of(self.to))


@dataclass(frozen=True)
class Upright:
    """A body's z axis is within an angle [rad] of the vertical (`invert`: is tilted by more)."""

    up: Request
    within: float
    invert: bool = False
    unit: str = "rad"

    def requests(self) -> list[Request]:
        return [self.up]

    def margin(self, readings: Readings) -> np.ndarray:
        tilt = np.arccos(np.clip(readings.of(self.up)[..., 2], -1.0, 1.0))
        return tilt - self.within if self.invert else self.within - tilt


@dataclass(frozen=True)
class Untouched:
    """No contact force [N] above a trace between groups during the last control period."""

    forces: tuple[Request, ...]
    trace: float = 0.05  # N, below it a contact is numerical
    unit: str = "N"

    def requests(self) -> list[Request]:
        return list(self.forces)

    def margin(self, readings: Readings) -> np.ndarray:
        return self.trace - readings.peak_of(self.forces)


@dataclass(frozen=True)
class Displaced:
    """A joint has travelled at least (or, `below`, at most) so far [m or rad]: a key is pressed, a pawl has caught."""

    joint: Request
    bound: float
    below: bool = False
    unit: str = "m"

    def requests(self) -> list[Request]:
        return [self.joint]

    def margin(self, readings: Readings) -> np.ndarray:
        travel = np.abs(readings.of(self.joint)[..., 0])
        return self.bound - travel if self.below else travel - self.bound


@dataclass(frozen=True)
class Moved:
    """A body lies further [m] from where it lay at the start."""

    position: Request
    more_than: float
    unit: str = "m"

    def requests(self) -> list[Request]:
        return [self.position]

    def margin(self, readings: Readings) -> np.ndarray:
        return distance(readings.of(self.position), readings.start_of(self.position)) - self.more_than


@dataclass(frozen=True)
class Below:
    """A site is lower than a height [m] above the floor."""

    position: Request
    height: float
    unit: str = "m"

    def requests(self) -> list[Request]:
        return [self.position]

    def margin(self, readings: Readings) -> np.ndarray:
        return self.height - readings.of(self.position)[..., 2]


@dataclass(frozen=True)
class Share:
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

    def requests(self) -> list[Request]:
        return list(self.pieces)

    def share(self, readings: Readings) -> np.ndarray:
        """(...,) the share of the pieces that lie inside."""
        at = readings.value[..., readings.layout.columns(self.pieces)]
        at = at.reshape(*at.shape[:-1], len(self.pieces), 3) - np.asarray(self.centre)
        aside = at[..., 0] ** 2 + at[..., 1] ** 2 <= self.radius**2
        return (aside & (at[..., 2] >= -0.02) & (at[..., 2] <= self.height)).mean(axis=-1)

    def margin(self, readings: Readings) -> np.ndarray:
        share = self.share(readings)
        # strictly less than the bound counts as spilt, so that one rule is the other's complement
        return (self.bound - share) - 1e-9 if self.below else share - self.bound


@dataclass(frozen=True)
class Force:
    """A contact force [N] exceeds a limit, as a peak or as a mean over 20 ms."""

    forces: tuple[Request, ...]
    limit: float
    mean: bool = False
    unit: str = "N"

    def requests(self) -> list[Request]:
        return list(self.forces)

    def value(self, readings: Readings) -> np.ndarray:
        return readings.mean_of(self.forces) if self.mean else readings.peak_of(self.forces)

    def margin(self, readings: Readings) -> np.ndarray:
        return self.value(readings) - self.limit


@dataclass(frozen=True)
class All:
    """Every part holds. The margin's sign is right; its size is that of the part furthest from holding, in that part's unit."""

    parts: tuple[Predicate, ...]
    unit: str = ""

    def requests(self) -> list[Request]:
        return [request for part in self.parts for request in part.requests()]

    def margin(self, readings: Readings) -> np.ndarray:
        return np.min([part.margin(readings) for part in self.parts], axis=0)


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Predicate, ...]
    unit: str = ""

    def requests(self) -> list[Request]:
        return [request for part in self.parts for request in part.requests()]

    def margin(self, readings: Readings) -> np.ndarray:
        return np.max([part.margin(readings) for part in self.parts], axis=0)


def leaves(predicate: Predicate) -> list[Predicate]:
    """The simple predicates inside one, in their order."""
    if isinstance(predicate, All | AnyOf):
        return [leaf for part in predicate.parts for leaf in leaves(part)]
    return [predicate]


def progress(predicate: Predicate, readings: Readings, before: list[np.ndarray]) -> np.ndarray:
    """How much of the way from the start to holding has been made, averaged over the simple predicates.

    Args:
        predicate: what shall hold.
        readings: now, leading shape (...,).
        before: margin of each of its `leaves` at the start, broadcastable to that shape.

    Returns:
        (...,) in 0..1; one where the predicate holds.
    """
    done: np.ndarray | float = 0.0
    parts = leaves(predicate)
    for leaf, margin in zip(parts, before):
        now = leaf.margin(readings)
        way = np.minimum(margin, -1e-6)  # negative: how far it was from holding
        done = done + np.where(now >= 0, 1.0, np.maximum(1.0 - now / way, 0.0))
    return np.asarray(done) / len(parts)
