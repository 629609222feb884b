"""A number as a display writes it: lit segments, added to a scene that is about to be drawn."""

from __future__ import annotations

import mujoco
import numpy as np

LIT = np.array([0.45, 1.0, 0.62, 1.0], np.float32)
# of a digit: a top, b and c right, d bottom, e and f left, g middle
SEGMENTS = {
    "0": "abcdef",
    "1": "bc",
    "2": "abged",
    "3": "abgcd",
    "4": "fgbc",
    "5": "afgcd",
    "6": "afgedc",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
    "-": "g",
}
# middle and half size of each, in a cell from -1 to 1 both ways
PLACES = {
    "a": ((0.0, 0.88), (0.50, 0.13)),
    "b": ((0.62, 0.45), (0.20, 0.36)),
    "c": ((0.62, -0.45), (0.20, 0.36)),
    "d": ((0.0, -0.88), (0.50, 0.13)),
    "e": ((-0.62, -0.45), (0.20, 0.36)),
    "f": ((-0.62, 0.45), (0.20, 0.36)),
    "g": ((0.0, 0.0), (0.50, 0.13)),
}
DOT = ((0.95, -0.88), (0.12, 0.10))
CELLS = 4  # digits of a field; a longer number is written smaller
THICK = 0.0004  # m, half of a segment


def draw_number(into: mujoco.MjvScene, text: str, at: np.ndarray, turn: np.ndarray, half: np.ndarray) -> None:
    """Add a number to a scene, from the right as on a scale.

    Args:
        text: digits, `-` and a dot.
        at: (3,) [m] middle of the field; turn: (3, 3) its axes, x in the direction of reading, y up, z to the reader.
        half: (2,) [m] half its width and height.
    """
    cells: list[tuple[str, bool]] = []
    for letter in text:
        if letter == "." and cells:
            cells[-1] = (cells[-1][0], True)
        else:
            cells.append((letter, False))
    count = max(CELLS, len(cells))
    size = np.array([half[0] / count, half[1]])
    for k, (letter, dot) in enumerate(reversed(cells)):
        middle = np.array([half[0] - (2 * k + 1) * size[0], 0.0])
        for place, extent in [*(PLACES[one] for one in SEGMENTS.get(letter, "")), *([DOT] if dot else [])]:
            if into.ngeom == into.maxgeom:
                return
            x, y = middle + 0.85 * size * place
            shape = np.array([*(0.85 * size * extent), THICK])
            geom = into.geoms[into.ngeom]
            mujoco.mjv_initGeom(geom, mujoco.mjtGeom.mjGEOM_BOX, shape, at + turn @ [x, y, THICK], turn.ravel(), LIT)
            geom.emission = 1.0
            into.ngeom += 1
