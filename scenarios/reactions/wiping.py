"""Stains in a scene: the rule by which a cloth that is rubbed over a field takes a stain off, declared in the YAML.

```yaml
stains:
  spill: {upon: mat, cloth: cloth, force: [3 N, 20 N], speed: 20 mm/s}
```

After each control step it looks where the cloth's sole lies, how hard it bears on what is below and how fast it goes. Cells
under it are clean from then on where the force lies within the bounds and the speed is not less. A cloth that is pressed
too lightly glides over. One that is pressed too hard takes nothing off either; where it goes over dirty cells it squeezes what lies
there out on all sides, and the cells within `RING` around the sole are dirty from then on (both bounds are the scenario's own numbers).

The cells live in `ctrl`, packed (`stain.py`), as all that reacts remembers: so they are in `mjSTATE_INTEGRATION`, in what is
saved and restored, and in a replay to the bit, and nothing else has to know of them. 2,100 cells are 66 numbers, which cost
a physics step 2 to 3 %. Cells in `userdata` would cost nothing there, but be a second kind of memory beside `ctrl` in
every place that starts, steps, saves and reacts.

A stain is a flat field of square cells, each dirty or clean. They are kept packed, 32 to a number: what reacts remembers in `ctrl`,
the engine takes a command above 1e10 for an error, and a float64 holds any whole number below that exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..parts.titles import check_title
from ..reading.names import Names
from ..sensing.reaction import Reaction
from ..sensing.requests import Readings, Request
from ..sheet.quantity import parse_quantity
from ..sheet.yaml_reader import Node
from ..words.stain import FORCE, LEFT, RUBBED, SPREAD, STRIPE, TOTAL, memory_name

BEARS = 1.0  # N, from which a cloth that goes counts as rubbed: its own weight is 0.6 N
RING = 0.010  # m, how far around the sole it is smeared [E]
CELLS = 11  # where in its part of `ctrl` the cells begin
BITS = 32  # cells to a number
SPOTS = 7  # that a stain is made of
ROUND = (0.055, 0.13)  # m, least and largest radius of a spot


@dataclass(frozen=True)
class Sole:
    """What of a cloth rubs.

    Attributes:
        half: half its sides along x and y [m] by default.
        grows: value of a draw with which the one along x grows, and its default, if any.
    """

    place: Request
    along: Request
    velocity: Request
    half: tuple[float, float]
    grows: tuple[str, float] | None = None


@dataclass(frozen=True)
class Stain(Reaction):
    """The rule of one stain; see `reaction.Reaction`.

    Attributes:
        part: of the field; place, axis: its middle and its x axis.
        bears: force [N] of the cloth on what has the field.
        low, high: [N] within which a cell is cleaned; speed: [m/s] from which.
        period: [s] of a control step.
    """

    name: str
    part: str
    grid: Grid
    place: Request
    axis: Request
    sole: Sole
    bears: Request
    low: float
    high: float
    speed: float
    period: float

    @property
    def actuators(self) -> tuple[str, ...]:
        words = (LEFT, TOTAL, RUBBED, FORCE, *STRIPE, "half_x", "half_y", SPREAD)
        cells = (f"cells_{k}" for k in range(self.grid.numbers))
        return tuple(memory_name(self.name, word) for word in (*words, *cells))

    def requests(self) -> list[Request]:
        sole = self.sole
        return [self.place, self.axis, sole.place, sole.along, sole.velocity, self.bears]

    def start(self, values: Mapping[str, float]) -> np.ndarray:
        dirty = self.grid.stain(values[f"{self.part}.pattern"], values[f"{self.part}.area"])
        area = float(dirty.sum()) * self.grid.cell**2
        (x, y), grows = self.sole.half, self.sole.grows
        half = (x if grows is None else x * values[grows[0]] / grows[1], y)
        stripe, packed = self.grid.worst_stripe(dirty[None])[0], self.grid.pack(dirty[None])[0]
        return np.concatenate([[area, area, 0.0, 0.0], stripe, half, [0.0], packed])

    def react(self, readings: Readings, ctrl: np.ndarray) -> np.ndarray:
        velocity = np.stack(readings.point(self.sole.velocity)[:2], axis=-1)
        fast = np.hypot(velocity[..., 0], velocity[..., 1]) >= self.speed
        # straight down, at the end of the control period: what is rubbed drags level, which presses on nothing
        force = np.abs(readings.point(self.bears)[2])
        rubs = fast & (force >= BEARS)
        if not rubs.any():
            return ctrl
        after = ctrl.copy()
        after[:, 2] += rubs * self.period
        after[:, 3] += np.where(rubs, force * self.period, 0.0)
        rows = np.flatnonzero(fast & (force >= self.low))
        if not len(rows):
            return after
        field = np.stack(readings.point(self.place)[:2], axis=-1)[rows]
        x = np.stack(readings.point(self.axis)[:2], axis=-1)[rows]
        at = np.stack(readings.point(self.sole.place)[:2], axis=-1)[rows] - field
        along = np.stack(readings.point(self.sole.along)[:2], axis=-1)[rows]
        along = along / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
        y = np.stack([-x[:, 1], x[:, 0]], axis=-1)
        # in the field's own frame
        at, along = (np.stack([(way * x).sum(axis=1), (way * y).sum(axis=1)], axis=-1) for way in (at, along))
        dirty, half = self.grid.unpack(ctrl[rows, CELLS:]), ctrl[rows, 8:10]
        under, hard = self.grid.under(at, along, half), force[rows] > self.high
        left = dirty & (~under | hard[:, None])
        if hard.any():
            smears = hard & (dirty & under).any(axis=1)
            left |= smears[:, None] & self.grid.under(at, along, half + RING) & ~under
            after[rows, 10] += (left & ~dirty).sum(axis=1) * self.grid.cell**2
        after[rows, 0] = left.sum(axis=1) * self.grid.cell**2
        after[rows, 4:8] = self.grid.worst_stripe(left)
        after[rows, CELLS:] = self.grid.pack(left)
        return after

    def dirty(self, ctrl: np.ndarray) -> np.ndarray:
        """(cells,) bool of its own part of `ctrl`."""
        return self.grid.unpack(ctrl[None, CELLS:])[0]


def read_stains(node: Node, names: Names, period: float) -> list[Stain]:
    """The stains of a scenario with control steps of so many seconds; what is wrong is reported."""
    found = []
    for name, child in node.items():
        child.mapping(required=("upon", "cloth", "force", "speed"), optional=("title",))
        check_title(child)
        field, sole = _field(child.child("upon"), names), _sole(child.child("cloth"), names)
        bounds = [item.quantity("force", low=0.0) for item in child.child("force").each()]
        speed = child.child("speed").quantity("speed", low=0.0)
        if len(bounds) != 2 or bounds[0] > bounds[1]:
            child.child("force").note("the force has a least and a largest value, such as [3 N, 20 N].")
            continue
        if field is None or sole is None:
            continue
        part, grid, site = field
        cloth, below = (names.element(child.child(key), "body") for key in ("cloth", "upon"))
        bears = Request("contact_force", f"tree:{cloth}", f"tree:{below}")
        place, axis = Request("site_position", site), Request("site_x", site)
        found.append(Stain(name, part, grid, place, axis, sole, bears, bounds[0], bounds[1], speed, period))
    return found


def _field(node: Node, names: Names) -> tuple[str, Grid, str] | None:
    """Part, cells and middle of the field that a node names; None and a note where it has none."""
    instance = node.word()
    entry = names.parts[instance].interface.get("field", {}) if instance in names.parts else {}
    if "cells" not in entry:
        node.note(f"{instance!r} has no field: its part's sheet has no `cells` at the word 'field'.")
        return None
    length, width, side = (parse_quantity(entry["cells"][key], "length") for key in ("length", "width", "side"))
    return instance, Grid(round(width / side), round(length / side), side), f"{instance}/{entry['site']}"


def _sole(node: Node, names: Names) -> Sole | None:
    """What rubs of the cloth that a node names; None and a note where nothing does."""
    instance = node.word()
    entry = names.parts[instance].interface.get("sole", {}) if instance in names.parts else {}
    if "rubs" not in entry:
        node.note(f"{instance!r} does not rub: its part's sheet has no `rubs` at the word 'sole'.")
        return None
    site, rubs = f"{instance}/{entry['site']}", entry["rubs"]
    half = (parse_quantity(rubs["width"], "length") / 2, parse_quantity(rubs["length"], "length") / 2)
    grows = None
    if "grows_with" in rubs:
        grows = (f"{instance}.{rubs['grows_with']}", names.parts[instance].params[rubs["grows_with"]].default)
    place, along, speed = (Request(kind, site) for kind in ("site_position", "site_x", "site_velocity"))
    return Sole(place, along, speed, half, grows)


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
