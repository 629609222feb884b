"""Words of things that stand side by side: in_row, sorted_by_height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from ..reading.names import Names
from ..sensing.predicate import All, Predicate, Upright, Values, least
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import Word, Words

LEVEL = 0.01  # m, that a foot may be over or below the row's board: one that leans by 8 degrees stands on an edge
ALIKE = 0.003  # m, heights that are nearer than this have no order
FREE = 1.0  # m, the margin of a pair that has no order


@dataclass(frozen=True)
class Line:
    """A row's own frame in the frame in which it has one pose (`Names.frame_of`): where it begins, and its axes as columns."""

    pos: tuple[float, float, float]
    axes: tuple[tuple[float, float, float], ...]

    def along(self, at: Sequence[Values], axis: int) -> Values:
        """(...,) [m] how far a point lies from the row's beginning along one of its axes."""
        a = self.axes[axis]
        return (at[0] - self.pos[0]) * a[0] + (at[1] - self.pos[1]) * a[1] + (at[2] - self.pos[2]) * a[2]


@dataclass(frozen=True)
class InLine(Asks):
    """Feet of things stand on a row's board, near its front line, and no neighbours are further apart than a gap [m].

    Attributes:
        feet: positions in the frame in which the row has one pose; the row runs along its y axis, its z axis is up.
        depth: from the row's line, to the front and to the back; gap: from the middle of a foot to that of the next one.
    """

    feet: tuple[Request, ...]
    row: Line
    depth: float
    gap: float
    unit: str = "m"

    def margin(self, readings: Readings | Row) -> Values:
        at = [readings.point(foot) for foot in self.feet]
        found = [self.depth - abs(self.row.along(p, 0)) for p in at] + [LEVEL - abs(self.row.along(p, 2)) for p in at]
        beside: Any = [self.row.along(p, 1) for p in at]
        if type(beside[0]) is float:
            found += [self.gap - (b - a) for a, b in pairwise(sorted(beside))]
        else:
            ordered = np.sort(np.stack(beside, axis=-1), axis=-1)
            found += [self.gap - (ordered[..., k + 1] - ordered[..., k]) for k in range(len(beside) - 1)]
        return least(found)


@dataclass(frozen=True)
class SortedByHeight(Asks):
    """Of any two things the taller one stands further along a row's y axis: to the left of who stands before it [m].

    Attributes:
        tops: positions of their tops in the frame in which the row has one pose.
    """

    tops: tuple[Request, ...]
    row: Line
    unit: str = "m"

    def margin(self, readings: Readings | Row) -> Values:
        at = [readings.point(top) for top in self.tops]
        seen = [(self.row.along(p, 1), self.row.along(p, 2)) for p in at]
        return least([_order(a, b) for a, b in combinations(seen, 2)])


def _order(one: tuple[Values, Values], other: tuple[Values, Values]) -> Values:
    """(...,) [m] by how much the taller of two things stands to the left of the other one."""
    beside, taller = one[0] - other[0], one[1] - other[1]
    if type(beside) is float:
        return FREE if abs(taller) < ALIKE else (beside if taller > 0.0 else -beside)
    return np.where(np.abs(taller) < ALIKE, FREE, np.where(taller > 0.0, beside, -beside))


def _sites(node: Node, names: Names) -> list[str]:
    found = [names.element(child, "site") for child in node.each()]
    if len(found) < 2:
        node.note("a row has two things or more, such as [first.foot, second.foot].")
    return [site for site in found if site is not None]


def _row(node: Node, names: Names) -> tuple[str, Line] | None:
    """The frame in which a row's site has one pose, and the row's frame in it."""
    site = names.element(node, "site")
    if site is None:
        return None
    frame, pose = names.frame_of(site)
    at, x, y, z = ((float(a), float(b), float(c)) for a, b, c in (pose.pos, *pose.matrix.T))
    return frame, Line(at, (x, y, z))


def _in_row(node: Node, names: Names) -> Predicate | None:
    """`in_row: {of: [first.foot, book.foot], along: shelf.row_middle, tilt: 8 deg, depth: 30 mm, gap: 70 mm}`."""
    node.mapping(required=("of", "along", "tilt", "depth", "gap"))
    feet, row = _sites(node.child("of"), names), _row(node.child("along"), names)
    tilt = node.child("tilt").quantity("angle", low=0.0)
    depth, gap = (node.child(key).quantity("length", low=0.0) for key in ("depth", "gap"))
    if row is None or len(feet) < 2:
        return None
    stand = [Upright(Request("body_up", names.spec.site(foot).parent.name), tilt) for foot in feet]
    places = tuple(Request("site_position", foot, row[0]) for foot in feet)
    return All((*stand, InLine(places, row[1], depth, gap)))


def _sorted(node: Node, names: Names) -> Predicate | None:
    """`sorted_by_height: {of: [first.top, book.top], along: shelf.row_middle}`."""
    node.mapping(required=("of", "along"))
    tops, row = _sites(node.child("of"), names), _row(node.child("along"), names)
    if row is None or len(tops) < 2:
        return None
    return SortedByHeight(tuple(Request("site_position", top, row[0]) for top in tops), row[1])


WORDS: Words = {
    "in_row": Word(_in_row, "upright in a row", "成排立放"),
    "sorted_by_height": Word(_sorted, "sorted by height", "按高矮排列"),
}
