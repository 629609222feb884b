"""Word of what lies over a body: covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..reading.names import Names
from ..sensing.predicate import Values
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.yaml_reader import Node
from .word import LENGTH, SHARE, Word, Words, made


@dataclass(frozen=True)
class Covered(Asks):
    """Of a grid of points so large a share has a site of the covering over it, no further aside than a length [m], seen from above.

    Attributes:
        points: places of the grid; cover: places of the covering.
        aside: [m], half of what a site of the covering stands for; at_least: the share.
    """

    points: tuple[Request, ...]
    cover: tuple[Request, ...]
    aside: float
    at_least: float
    unit: str = "%"

    def share(self, readings: Readings | Row) -> Any:
        """(...,) of the points that are covered."""
        point, cover = (
            np.array([[np.asarray(x) for x in readings.point(one)] for one in row]) for row in (self.points, self.cover)
        )
        way = cover[None, :] - point[:, None]  # (points, cover, 3, ...)
        over = (way[:, :, 0] ** 2 + way[:, :, 1] ** 2 <= self.aside**2) & (way[:, :, 2] > 0.0)
        return over.any(axis=1).mean(axis=0)

    def margin(self, readings: Readings | Row) -> Values:
        margin: Values = self.share(readings) - self.at_least
        return margin if np.ndim(margin) else float(margin)


def _grid(node: Node, names: Names) -> tuple[Request, ...]:
    """The places that a word of a part's interface lists as its `sites`."""
    found = names.split(node)
    if found is None:
        return ()
    prefix, _, entry = found
    if "sites" not in entry:
        node.note(f"{node.value!r} lists no sites in its part's sheet.")
        return ()
    return tuple(Request("site_position", f"{prefix}{name}") for name in entry["sites"])


# covered: {of: bed.body, by: blanket.strips, aside: 75 mm, at_least: 85 %}
WORDS: Words = {"covered": Word(made(Covered, of=_grid, by=_grid, aside=LENGTH, at_least=SHARE), "share covered", "已盖住的比例")}
