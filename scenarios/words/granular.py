"""Words of loose pieces of several classes: mixed, strayed.

How well they are mixed is Lacey's index (P. M. C. Lacey, Developments in the theory of particle mixing, J. Appl. Chem. 4, 1954): with
`s2` the variance of a class's share over samples, `s0` that of what is wholly apart and `sr` that of a random mixture,
`M = (s0 - s2) / (s0 - sr)`. It is 0 where the classes lie apart and 1, give or take, where they lie at random.

The samples are square cells of the vessel's floor, and hold as many pieces as lie there. With N pieces in k cells, n_i in cell i, and a
class's share P, each piece counted alike:

    s2 = sum_i n_i (p_i - P)^2 / N,    s0 = P (1 - P),    sr = P (1 - P) (k - 1) / (N - 1)

The last is what drawing without replacement gives on average. For several classes the three are summed over the classes. Cells without
a piece are no samples. What lies one over the other in a cell counts as mixed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..reading.names import Names
from ..sensing.predicate import Predicate, Share, Values
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.yaml_reader import Node
from .container import container, pieces_of
from .word import Word, Words

FEW = 2  # pieces, below which nothing is a mixture


def lacey(cells: Sequence[Sequence[Values]]) -> Values:
    """(...,) the index of pieces counted by cell and class: `cells[i][c]`, each (...,); 0 where there is nothing to mix.

    It is bounded to 0 below: fewer pieces than cells tell nothing.
    """
    classes = len(cells[0])
    totals: list[Values] = [0.0] * classes
    squares: list[Values] = [0.0] * classes
    filled: Values = 0.0
    for cell in cells:
        n: Values = 0.0
        for count in cell:
            n = n + count
        one = type(n) is float
        filled = filled + (float(n > 0) if one else (n > 0).astype(float))
        some = max(n, 1.0) if one else np.maximum(n, 1.0)
        for c, count in enumerate(cell):
            totals[c] = totals[c] + count
            squares[c] = squares[c] + count * count / some
    whole: Values = 0.0
    for total in totals:
        whole = whole + total
    one = type(whole) is float
    pieces = max(whole, 1.0) if one else np.maximum(whole, 1.0)
    apart: Values = 0.0
    spread: Values = 0.0
    for total, square in zip(totals, squares):
        share = total / pieces
        apart = apart + share * (1.0 - share)
        spread = spread + (square / pieces - share * share)
    rest = max(pieces - 1.0, 1.0) if one else np.maximum(pieces - 1.0, 1.0)
    chance = 1.0 - (filled - 1.0) / rest
    tells = (whole >= FEW) & (apart > 1e-9) & (chance > 1e-9)
    if one:
        return max((1.0 - spread / apart) / chance, 0.0) if tells else 0.0
    return np.where(
        tells, np.maximum((1.0 - spread / np.where(tells, apart, 1.0)) / np.where(tells, chance, 1.0), 0.0), 0.0
    )


@dataclass(frozen=True)
class Mixed:
    """Lacey's index of several classes of pieces inside a container is at least a bound.

    Attributes:
        classes: position requests of the pieces of each class, in the container's frame.
        inside: where a piece is in the container, and which counts.
        cell: [m] side of a cell.
    """

    classes: tuple[tuple[Request, ...], ...]
    inside: Share
    cell: float
    at_least: float
    unit: str = "1"

    def requests(self) -> list[Request]:
        return [piece for pieces in self.classes for piece in pieces]

    def index(self, readings: Readings | Row) -> Values:
        """(...,) Lacey's index."""
        half = math.ceil(self.inside.radius / self.cell)
        side = 2 * half
        if isinstance(readings, Row):
            counted = [[0.0] * len(self.classes) for _ in range(side * side)]
            for c, pieces in enumerate(self.classes):
                for piece in pieces:
                    at = readings.point(piece)
                    if self.inside.holds(at):
                        counted[self._cell(at, half)][c] += 1.0
            return lacey(counted)
        cells = np.arange(side * side)
        grid: list[Values] = []
        for pieces in self.classes:
            count: Values = 0.0
            for piece in pieces:
                place = readings.point(piece)
                count = count + ((self._cell(place, half)[..., None] == cells) & self.inside.holds(place)[..., None])
            grid.append(count)
        return lacey([[count[..., i] for count in grid] for i in range(side * side)])

    def _cell(self, at: Values, half: int) -> Values:
        """Number of the cell that a point is over; one beyond the container's sides belongs to the last."""
        x, y = (at[0] - self.inside.centre[0]) / self.cell, (at[1] - self.inside.centre[1]) / self.cell
        if type(x) is float:
            column, row = (min(max(math.floor(v) + half, 0), 2 * half - 1) for v in (x, y))
            return column * 2 * half + row
        column, row = (np.clip(np.floor(v) + half, 0, 2 * half - 1).astype(int) for v in (x, y))
        return column * 2 * half + row

    def margin(self, readings: Readings | Row) -> Values:
        return self.index(readings) - self.at_least


@dataclass(frozen=True)
class Strayed(Asks):
    """More than a share of loose pieces is in none of some containers, and lower than a site: it has been spilt.

    Attributes:
        homes: a `Share` of each container; heights: position of each piece in the world; under: the site.
    """

    homes: tuple[Share, ...]
    heights: tuple[Request, ...]
    under: Request
    more_than: float
    unit: str = "%"

    def share(self, readings: Readings | Row) -> Values:
        """(...,) the share of the pieces that has been spilt."""
        low = readings.point(self.under)[2]
        out: Values = 0
        for i, piece in enumerate(self.heights):
            lost = readings.point(piece)[2] < low
            for home in self.homes:
                inside = home.holds(readings.point(home.pieces[i]))
                lost = lost & (not inside if isinstance(inside, bool) else ~inside)
            out = out + lost
        return out / len(self.heights)

    def margin(self, readings: Readings | Row) -> Values:
        return self.share(readings) - self.more_than - 1e-9  # more than the bound


def _mixed(node: Node, names: Names) -> Predicate | None:
    """`mixed: {of: [peas, carrot], inside: pan, cell: 50 mm, at_least: 0.7}`."""
    node.mapping(required=("of", "inside", "cell", "at_least"))
    of = node.child("of")
    classes = [names.pieces(child) for child in of.each()] if isinstance(of.value, list) else []
    if len(classes) < 2:
        of.note("a mixture has two classes of pieces or more, such as [peas, carrot].")
    cell = node.child("cell").quantity("length", low=0.0)
    at_least = node.child("at_least").number()
    if not 0.0 <= at_least <= 1.0:
        node.child("at_least").note(f"an index of mixing lies between 0 and 1, not at {at_least:g}.")
    if cell <= 0.0:
        node.child("cell").note("the side of a cell must be longer than 0 mm, such as 10 mm.")
        return None
    inside = container(node.child("inside"), names, [piece for pieces in classes for piece in pieces])
    if inside is None or len(classes) < 2 or not all(classes):
        return None
    first, rows = 0, list[tuple[Request, ...]]()
    for pieces in classes:
        rows.append(inside.pieces[first : first + len(pieces)])
        first += len(pieces)
    return Mixed(tuple(rows), inside, cell, at_least)


def _strayed(node: Node, names: Names) -> Predicate | None:
    """`strayed: {of: [peas, carrot], from: [bowl, pan], under: hob.no_touch, more_than: 5 %}`."""
    node.mapping(required=("of", "from", "under", "more_than"))
    pieces = pieces_of(node.child("of"), names)
    homes = [container(child, names, pieces) for child in node.child("from").each()]
    under = names.element(node.child("under"), "site")
    more_than = node.child("more_than").quantity("share", low=0.0, high=1.0)
    found = tuple(home for home in homes if home is not None)
    if under is None or not pieces or not found or len(found) < len(homes):
        return None
    heights = tuple(Request("body_position", piece) for piece in pieces)
    return Strayed(found, heights, Request("site_position", under), more_than)


WORDS: Words = {
    "mixed": Word(_mixed, "mixing index", "混合度"),
    "strayed": Word(_strayed, "strayed", "散落"),
}
