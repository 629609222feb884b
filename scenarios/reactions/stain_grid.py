"""A stain on a flat field of square cells: how it begins, which cells a cloth takes off, what is left and where.

A cell is dirty or clean. The cells of a field are kept packed, 32 to a number: what reacts remembers in `ctrl`, the engine
takes a command above 1e10 for an error, and a float64 holds any whole number below that exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BITS = 32  # cells to a number
SPOTS = 7  # that a stain is made of
ROUND = (0.055, 0.13)  # m, least and largest radius of a spot


@dataclass(frozen=True)
class Grid:
    """A field of cells.

    Attributes:
        rows, columns: cells along the field's x and y axis.
        cell: [m] side of one.
    """

    rows: int
    columns: int
    cell: float

    @property
    def cells(self) -> int:
        return self.rows * self.columns

    @property
    def numbers(self) -> int:
        """How many numbers keep the field."""
        return -(-self.cells // BITS)

    def middles(self) -> np.ndarray:
        """(cells, 2) x and y of each cell's middle [m] from the field's middle, row by row."""
        x = (np.arange(self.rows) - (self.rows - 1) / 2) * self.cell
        y = (np.arange(self.columns) - (self.columns - 1) / 2) * self.cell
        return np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)

    def pack(self, dirty: np.ndarray) -> np.ndarray:
        """(n, numbers) float64 of (n, cells) bool."""
        padded = np.zeros((len(dirty), self.numbers * BITS), bool)
        padded[:, : self.cells] = dirty
        return np.packbits(padded, axis=1, bitorder="little").view("<u4").astype(float)

    def unpack(self, numbers: np.ndarray) -> np.ndarray:
        """(n, cells) bool of (n, numbers) float64."""
        whole = np.ascontiguousarray(numbers.astype("<u4"))
        return np.unpackbits(whole.view(np.uint8), axis=1, count=self.cells, bitorder="little").astype(bool)

    def stain(self, pattern: float, area: float) -> np.ndarray:
        """(cells,) bool: the dirty cells at the start.

        Args:
            pattern: 0..1, which of ever so many stains; equal numbers give equal cells.
            area: 0..1 share of the cells that are dirty, to a cell.
        """
        rng = np.random.default_rng(round(pattern * 1e6))
        half = np.array([self.rows, self.columns]) * self.cell / 2
        at, radius = rng.uniform(-half, half, (SPOTS, 2)), rng.uniform(*ROUND, SPOTS)
        away = np.linalg.norm(self.middles()[:, None] - at, axis=2) / radius
        depth = np.exp(-(away**2)).sum(axis=1)
        dirty = np.zeros(self.cells, bool)
        dirty[np.argsort(-depth, kind="stable")[: round(area * self.cells)]] = True
        return dirty

    def under(self, at: np.ndarray, along: np.ndarray, half: np.ndarray) -> np.ndarray:
        """(n, cells) which cells' middles lie under a rectangle.

        Args:
            at: (n, 2) its middle [m] from the field's middle; along: (n, 2) unit vector of its x axis.
            half: (n, 2) half its sides [m].
        """
        way = self.middles()[None] - at[:, None]
        x = way[..., 0] * along[:, None, 0] + way[..., 1] * along[:, None, 1]
        y = way[..., 1] * along[:, None, 0] - way[..., 0] * along[:, None, 1]
        return (np.abs(x) <= half[:, None, 0]) & (np.abs(y) <= half[:, None, 1])

    def worst_stripe(self, dirty: np.ndarray) -> np.ndarray:
        """(n, 4) where most is left: x of the row with the most dirty cells, y of the first and the last of them [m], how many.

        All four are zero where nothing is left.
        """
        field = dirty.reshape(-1, self.rows, self.columns)
        counts = field.sum(axis=2)
        worst = np.argmax(counts, axis=1)
        each = np.arange(len(field))
        row, most = field[each, worst], counts[each, worst]
        first, last = np.argmax(row, axis=1), self.columns - 1 - np.argmax(row[:, ::-1], axis=1)
        x = (worst - (self.rows - 1) / 2) * self.cell
        y = (np.stack([first, last], axis=1) - (self.columns - 1) / 2) * self.cell
        return np.where(most[:, None] > 0, np.column_stack([x, y, most]), 0.0)
