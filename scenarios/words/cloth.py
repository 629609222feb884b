"""Words of cloth: spread, footprint, layered, uppermost, smooth, laid_on, hangs, twisted, apart, corners_met.

All are measured on the places of the vertices of a flex (`scenarios/cloth/cloth.py`). A folded cloth is seen as panels, the pieces
between its fold lines: a towel that was folded in half and in thirds has 3 x 2 of them, and they lie on each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cloth.cloth import Cloth, cloth_of
from ..reading.names import Names
from ..sensing.predicate import Interval, Predicate, Values, distance
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import BODY, LENGTH, PLACE, SHARE, Word, Words, made, quantity

_FINE = np.deg2rad(0.25)  # of the search for the box: beside the best by half of it, a strip of 750 mm is 2 mm too wide
_DIRECTIONS = 360
_STRIDE = 12  # of the first, coarse look
_COS, _SIN = np.cos(_FINE * np.arange(_DIRECTIONS)), np.sin(_FINE * np.arange(_DIRECTIONS))


def places(cloth: Cloth, readings: Readings | Row) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three (..., n) coordinates of the vertices [m]."""
    columns = readings.layout.columns(cloth.requests)
    if isinstance(readings, Row):
        value = np.array([readings.value[i] for i in columns.tolist()])
    else:
        value = readings.value.take(columns, axis=-1)
    x, y, z = (np.ascontiguousarray(value[..., i::3]) for i in range(3))
    return x, y, z


def _plain(value: np.ndarray, readings: Readings | Row) -> Values:
    """A float for a row, the array for many."""
    return float(value) if isinstance(readings, Row) else value


def _extent(x: np.ndarray, y: np.ndarray, cos: Any, sin: Any) -> tuple[np.ndarray, np.ndarray]:
    along, across = x * cos + y * sin, y * cos - x * sin
    return along.max(axis=-1) - along.min(axis=-1), across.max(axis=-1) - across.min(axis=-1)


def box(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The smallest upright-walled box round points seen from above.

    Args:
        x, y: (..., n) [m].

    Returns:
        longer and shorter side (...,) [m]; cosine and sine (..., 1) of a direction along one of its sides.
    """
    best = np.zeros(x.shape[:-1], int)
    least = np.full(x.shape[:-1], np.inf)

    def look(index: np.ndarray) -> None:
        nonlocal best, least
        a, b = _extent(x, y, _COS[index][..., None], _SIN[index][..., None])
        area = a * b
        best = np.where(area < least, index, best)
        least = np.minimum(area, least)

    for k in range(0, _DIRECTIONS, _STRIDE):
        look(np.full(best.shape, k))
    middle = best
    for k in range(1 - _STRIDE, _STRIDE):
        look((middle + k) % _DIRECTIONS)
    cos, sin = _COS[best][..., None], _SIN[best][..., None]
    a, b = _extent(x, y, cos, sin)
    return np.maximum(a, b), np.minimum(a, b), cos, sin


def panels_of(cloth: Cloth, counts: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Indices of the vertices of each panel, for `counts` panels along x and y; a vertex on a fold line belongs to both sides."""
    low, size = cloth.flat.min(axis=0), cloth.size
    share = (cloth.flat - low) / size * counts
    found = []
    for i in range(counts[0]):
        for j in range(counts[1]):
            at = share - (i, j)
            found.append(np.flatnonzero(((at > -1e-6) & (at < 1.0 + 1e-6)).all(axis=1)))
    return tuple(found)


def _signed(cloth: Cloth, x: np.ndarray, y: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(..., m) area [m^2] of triangles seen from above, negative where their other face is up."""
    a, b, c = (triangles[:, i] for i in range(3))
    px, py = x[..., a], y[..., a]
    cross = (x[..., b] - px) * (y[..., c] - py) - (y[..., b] - py) * (x[..., c] - px)
    return np.ascontiguousarray(0.5 * cross)


def open_share(cloth: Cloth, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(...,) share of a cloth that lies open, one face up: its signed area seen from above against that when flat.

    Args:
        x, y: (..., n) of its vertices [m].
    """
    return np.abs(_signed(cloth, x, y, cloth.triangles).sum(axis=-1)) / cloth.area


@dataclass(frozen=True)
class _OfCloth:
    cloth: Cloth

    def requests(self) -> list[Request]:
        return list(self.cloth.requests)


@dataclass(frozen=True)
class Spread(_OfCloth):
    """At least this share of the cloth lies open, one face up: its signed area seen from above against that when flat."""

    at_least: float
    unit: str = "%"

    def share(self, readings: Readings | Row) -> Values:
        x, y, _ = places(self.cloth, readings)
        return _plain(open_share(self.cloth, x, y), readings)

    def margin(self, readings: Readings | Row) -> Values:
        return self.share(readings) - self.at_least


@dataclass(frozen=True)
class Footprint(_OfCloth):
    """The box round the cloth, seen from above, has the sides of a target within a share."""

    length: float
    width: float
    within: float
    unit: str = "%"

    def margin(self, readings: Readings | Row) -> Values:
        x, y, _ = places(self.cloth, readings)
        long, short, _, _ = box(x, y)
        first, second = max(self.length, self.width), min(self.length, self.width)
        off = np.maximum(np.abs(long / first - 1.0), np.abs(short / second - 1.0))
        return _plain(self.within - off, readings)


@dataclass(frozen=True)
class Layered(_OfCloth):
    """Panels lie on each other: none ends further [m] inside the box round the whole than allowed, on any of its sides."""

    panels: tuple[np.ndarray, ...]
    within: float
    unit: str = "m"

    def margin(self, readings: Readings | Row) -> Values:
        x, y, _ = places(self.cloth, readings)
        _, _, cos, sin = box(x, y)
        worst: Any = 0.0
        for side in (x * cos + y * sin, y * cos - x * sin):
            low, high = side.min(axis=-1), side.max(axis=-1)
            for panel in self.panels:
                part = side[..., panel]
                worst = np.maximum(worst, np.maximum(high - part.max(axis=-1), part.min(axis=-1) - low))
        return _plain(self.within - worst, readings)


@dataclass(frozen=True)
class Uppermost(_OfCloth):
    """One panel lies on all others: on average it is higher [m] than each of them by so much."""

    panels: tuple[np.ndarray, ...]  # the first of them is the upper one
    by: float
    unit: str = "m"

    def margin(self, readings: Readings | Row) -> Values:
        _, _, z = places(self.cloth, readings)
        upper, *others = (z[..., panel].mean(axis=-1) for panel in self.panels)
        return _plain(upper - np.max(others, axis=0) - self.by, readings)


@dataclass(frozen=True)
class Smooth(_OfCloth):
    """Nothing stands up higher [m] above what so many layers are thick."""

    layers: int
    within: float
    unit: str = "m"

    def margin(self, readings: Readings | Row) -> Values:
        _, _, z = places(self.cloth, readings)
        flat = (self.layers - 1) * 2.0 * self.cloth.radius
        return _plain(self.within - (z.max(axis=-1) - z.min(axis=-1) - flat), readings)


@dataclass(frozen=True)
class LaidOn(_OfCloth):
    """The middle of the box is above a place, and the lowest layer lies at its height, both within a distance [m]."""

    place: Request
    within: float
    unit: str = "m"

    def requests(self) -> list[Request]:
        return [*self.cloth.requests, self.place]

    def margin(self, readings: Readings | Row) -> Values:
        x, y, z = places(self.cloth, readings)
        _, _, cos, sin = box(x, y)
        px, py, pz = (np.asarray(v)[..., None] for v in readings.point(self.place))
        along, across = (x - px) * cos + (y - py) * sin, (y - py) * cos - (x - px) * sin
        a = 0.5 * (along.max(axis=-1) + along.min(axis=-1))
        b = 0.5 * (across.max(axis=-1) + across.min(axis=-1))
        low = np.abs(z.min(axis=-1) - self.cloth.radius - pz[..., 0])
        return _plain(self.within - np.maximum(np.sqrt(a * a + b * b), low), readings)


@dataclass(frozen=True)
class Hangs(_OfCloth):
    """Some of the cloth hangs further [m] below a place than a bound, or none of it does: over the edge of a table."""

    place: Request
    bound: float
    further: bool = True
    unit: str = "m"

    def requests(self) -> list[Request]:
        return [*self.cloth.requests, self.place]

    def intervals(self) -> tuple[Interval, ...]:
        number = ("hanging below", self.cloth.part, self.place)
        return (Interval(number, low=self.bound) if self.further else Interval(number, high=self.bound - 1e-9),)

    def margin(self, readings: Readings | Row) -> Values:
        _, _, z = places(self.cloth, readings)
        beyond = np.asarray(readings.point(self.place)[2]) - z.min(axis=-1) - self.bound
        # to hang exactly as far counts as further, so that one rule is the other's complement
        return _plain(beyond if self.further else -beyond - 1e-9, readings)


@dataclass(frozen=True)
class Twisted(_OfCloth):
    """Of pieces side by side some show the one face and some the other, each by more than a share of its area."""

    pieces: tuple[np.ndarray, ...]  # triangles (m, 3) of each
    areas: tuple[float, ...]
    more_than: float
    unit: str = "%"

    def margin(self, readings: Readings | Row) -> Values:
        x, y, _ = places(self.cloth, readings)
        most: Any = -np.inf
        least: Any = np.inf
        for triangles, area in zip(self.pieces, self.areas):
            share = _signed(self.cloth, x, y, triangles).sum(axis=-1) / area
            most, least = np.maximum(most, share), np.minimum(least, share)
        return _plain(np.minimum(most, -least) - self.more_than, readings)


@dataclass(frozen=True)
class Apart(Asks):
    """Two places are further [m] from each other than allowed."""

    of: Request
    other: Request
    more_than: float
    unit: str = "m"

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("distance", frozenset((self.of, self.other))), low=self.more_than),)

    def margin(self, readings: Readings | Row) -> Values:
        return distance(readings.point(self.of), readings.point(self.other)) - self.more_than


@dataclass(frozen=True)
class CornersMet(Asks):
    """Of each pair of places the one lies over the other, seen from above, within a distance [m]; the worst pair counts."""

    pairs: tuple[tuple[Request, Request], ...]
    within: float
    unit: str = "m"

    def intervals(self) -> tuple[Interval, ...]:
        return tuple(Interval(("level distance", frozenset(pair)), high=self.within) for pair in self.pairs)

    def margin(self, readings: Readings | Row) -> Values:
        off: Any = 0.0
        for one, other in self.pairs:
            (ax, ay, _), (bx, by, _) = (readings.point(place) for place in (one, other))
            off = np.maximum(off, np.sqrt((ax - bx) ** 2 + (ay - by) ** 2))
        return _plain(self.within - off, readings)


def pieces_of(cloth: Cloth, counts: Sequence[int]) -> tuple[tuple[np.ndarray, ...], tuple[float, ...]]:
    """Triangles of each panel, and its area [m^2] when flat."""
    low, size = cloth.flat.min(axis=0), cloth.size
    middles = cloth.flat[cloth.triangles].mean(axis=1)
    at = np.minimum(((middles - low) / size * counts).astype(int), np.array(counts) - 1)
    pieces, areas = [], []
    for i in range(counts[0]):
        for j in range(counts[1]):
            triangles = cloth.triangles[(at == (i, j)).all(axis=1)]
            area = _signed(cloth, cloth.flat[:, 0], cloth.flat[:, 1], triangles)
            pieces.append(triangles)
            areas.append(float(np.abs(area).sum()))
    return tuple(pieces), tuple(areas)


def _cloth(node: Node, names: Names) -> Cloth | None:
    instance = node.word()
    if instance not in names.parts:
        names.split(node)
        return None
    cloth = cloth_of(names.spec, instance)
    if cloth is None:
        node.note(f"{instance!r} is no cloth: its part has no two-dimensional flex.")
    return cloth


def _counts(node: Node) -> tuple[int, int]:
    found = [child.integer(low=1) for child in node.each()]
    if len(found) != 2:
        node.note("panels are counted along the length and along the width, such as [3, 2].")
        return (1, 1)
    return found[0], found[1]


def _layered(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "panels", "within"))
    cloth, counts = _cloth(node.child("of"), names), _counts(node.child("panels"))
    within = node.child("within").quantity("length", low=0.0)
    if cloth is None:
        return None
    panels = panels_of(cloth, counts)
    if min(map(len, panels)) < 3:
        node.child("panels").note("the cloth's mesh is too coarse for so many panels.")
        return None
    return Layered(cloth, panels, within)


def _uppermost(node: Node, names: Names) -> Predicate | None:
    """`uppermost: {of: towel, panels: [1, 2], corner: towel.corner_3, by: 3 mm}`: the panel that has this corner."""
    node.mapping(required=("of", "panels", "corner", "by"))
    cloth, counts = _cloth(node.child("of"), names), _counts(node.child("panels"))
    corner, by = names.element(node.child("corner"), "body"), node.child("by").quantity("length", low=0.0)
    if cloth is None or corner is None:
        return None
    panels = panels_of(cloth, counts)
    upper = [panel for panel in panels if corner in [cloth.vertices[i] for i in panel]]
    if len(upper) != 1 or len(panels) < 2:
        node.child("corner").note("this is no corner of the cloth, or it has one panel alone.")
        return None
    return Uppermost(cloth, (upper[0], *(panel for panel in panels if panel is not upper[0])), by)


def _hangs(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("of", "below"), optional=("more_than", "at_most"))
    cloth, place = _cloth(node.child("of"), names), names.element(node.child("below"), "site")
    further = "more_than" in node.value
    if further == ("at_most" in node.value):
        node.note("what hangs is either more_than a length or at_most one.")
        return None
    bound = node.child("more_than" if further else "at_most").quantity("length", low=0.0)
    return None if cloth is None or place is None else Hangs(cloth, Request("site_position", place), bound, further)


def _corners_met(node: Node, names: Names) -> Predicate | None:
    node.mapping(required=("pairs", "within"))
    within = node.child("within").quantity("length", low=0.0)
    pairs = []
    for child in node.child("pairs").each():
        found = [names.element(place, "body") for place in child.each()]
        if len(found) != 2:
            child.note("a pair is two places, such as [towel.corner_1, towel.corner_3].")
        elif found[0] is not None and found[1] is not None:
            pairs.append((Request("body_position", found[0]), Request("body_position", found[1])))
    return CornersMet(tuple(pairs), within) if pairs else None


def _twisted(cloth: Cloth, counts: tuple[int, int], share: float) -> Twisted:
    return Twisted(cloth, *pieces_of(cloth, counts), share)


_SIDE = quantity("length", low=1e-3)
WORDS: Words = {
    "spread": Word(made(Spread, of=_cloth, at_least=SHARE), "spread", "摊开"),
    "footprint": Word(made(Footprint, of=_cloth, length=_SIDE, width=_SIDE, within=quantity("share")), "footprint", "轮廓"),
    "layered": Word(_layered, "layered", "叠层"),
    "uppermost": Word(_uppermost, "uppermost", "在最上层"),
    "smooth": Word(made(Smooth, of=_cloth, layers=lambda node, names: node.integer(low=1), within=LENGTH), "smooth", "平整"),
    "laid_on": Word(made(LaidOn, of=_cloth, upon=PLACE, within=LENGTH), "laid on", "放在其上"),
    "hangs": Word(_hangs, "hangs over", "垂下"),
    "twisted": Word(made(_twisted, of=_cloth, panels=lambda node, names: _counts(node), more_than=SHARE), "twisted", "扭转"),
    "apart": Word(made(Apart, of=BODY, to=BODY, more_than=LENGTH), "distance", "距离", {"more_than": True}),
    "corners_met": Word(_corners_met, "corners met", "角对齐"),
}
