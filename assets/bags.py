"""What the `generate.py` of soft bags share: a film of two sides, and the two edges that give way when a hand closes on them."""

from __future__ import annotations

import numpy as np

from .shapes import Mesh


def film(front: np.ndarray, back: np.ndarray, flip: bool = False) -> Mesh:
    """Two sides of points (rows, columns, 3) [m] as one shell: vertices (m, 3), faces (k, 3); flip: where the front runs the other way."""
    rows, columns, _ = front.shape
    faces, count = [], rows * columns
    for i in range(rows - 1):
        for j in range(columns - 1):
            a, b, c, d = (r * columns + s for r, s in ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)))
            b, d = (d, b) if flip else (b, d)
            faces += [(a, b, c), (a, c, d), (a + count, c + count, b + count), (a + count, d + count, c + count)]
    return np.concatenate([front.reshape(-1, 3), back.reshape(-1, 3)]), np.array(faces)


def side(
    name: str, sign: int, at: str, mass: float, inertia: str, travel: float, stiffness: float, damping: float, size: str
) -> str:
    """The body of one side, what a pad meets, on a slide towards the middle.

    Args:
        sign: of its y; at: its middle; mass [kg] and inertia of it; travel [m], stiffness [N/m] and damping [Ns/m] of its slide;
            size: half sizes of its box, as MJCF writes them.
    """
    return f"""\
      <body name="side_{name}">
        <inertial pos="{at}" mass="{mass:g}" diaginertia="{inertia}"/>
        <joint name="squeeze_{name}" type="slide" axis="0 {-sign} 0" range="0 {travel:g}" stiffness="{stiffness:g}"
          damping="{damping:g}"/>
        <geom name="side_{name}" class="collision" type="box" pos="{at}" size="{size}"/>
      </body>"""
