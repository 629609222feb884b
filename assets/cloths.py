"""What the `generate.py` of cloths share: a sheet of the engine's cloth, alone with its physics."""

from __future__ import annotations

import numpy as np

from .frame import Part
from .shapes import Mesh


def sheet(at: str, name: str, look: str, shape: str, radius: float, mass: float, more: str, note: str) -> None:
    """Writes the MJCF beside the `generate.py` that stands `at`.

    Args:
        name: of its class; look: its picture `<look>.png` and material; shape: attributes of the `flexcomp` that say how it lies.
        radius: half of the thickness with which layers lie on each other [m]; mass [kg]; more: further attributes.
        note: where the part's frame is.
    """
    part = Part(
        at,
        f"""
  <default>
    <default class="{name}">
      <site group="4" size="0.006" rgba="0.2 0.9 0.3 0.6"/>
    </default>
  </default>
""",
        what="numbers",
    )
    part.option = '  <option integrator="discrete" solver="CG" iterations="40" timestep="0.002083333"/>\n'
    part.note = note
    part.looks = f"""
    <texture name="{look}" type="2d" file="{look}.png"/>
    <material name="{look}" texture="{look}" specular="0.02" shininess="0.05"/>
"""
    part.body = f"""
      <site name="base" pos="0 0 0"/>
      <flexcomp name="cloth" {shape} radius="{radius:g}" mass="{mass:g}"{more}>
        <contact contype="2" conaffinity="7" condim="3" friction="0.6 0.003 0.0001" solref="-200000 -600"
          selfcollide="auto"/>
        <elasticity young="1e5" poisson="0.2" thickness="2e-3" damping="4e-3" elastic2d="both"/>
      </flexcomp>
"""
    part.write()


def ridge(size: tuple[float, float, float], along: int, spread: tuple[float, float], pleats: tuple[int, bool]) -> Mesh:
    """A standing fold of cloth, gathered along x from z = 0 up: vertices (m, 3) [m] and faces (k, 3).

    Args:
        size: half its length, half its thickness, half its height [m]; along: rings upwards.
        spread: by which share it is wider at its foot, and how that falls; pleats: how many, and whether they grow upwards.
    """
    length, thick, high = size
    around, vertices, faces = 28, [], []
    wide, fall = spread
    count, grow = pleats
    for share in np.linspace(0, 1, along):
        broad = 1.0 + wide * (1 - share) ** 3 - fall * share**4
        for angle in 2 * np.pi * np.arange(around) / around:
            c, s = np.cos(angle), np.sin(angle)
            pleat = 1 + 0.10 * np.sin(count * angle + 3 * share) * (0.4 + share if grow else 1.0)
            across = thick * broad * pleat * np.sign(s) * abs(s) ** 0.8
            vertices.append((length * broad * np.sign(c) * abs(c) ** 0.6, across, 2 * high * share))
    for i in range(along - 1):
        for j in range(around):
            k = (j + 1) % around
            p, q, r, s = i * around + j, i * around + k, (i + 1) * around + j, (i + 1) * around + k
            faces += [(p, q, s), (p, s, r)]
    top = len(vertices)
    vertices += [(0, 0, 2 * high + 0.002), (0, 0, 0)]
    for j in range(around):
        k = (j + 1) % around
        faces += [(top, (along - 1) * around + j, (along - 1) * around + k), (top + 1, k, j)]
    return np.array(vertices), np.array(faces)


def skin(upper: np.ndarray, lower: np.ndarray) -> Mesh:
    """A closed skin of two grids of points (n, m, 3) [m] that share their edge's outline: vertices (2 n m, 3), faces (k, 3)."""
    n, m, _ = upper.shape
    faces = []
    for i in range(n - 1):
        for j in range(m - 1):
            a, b, c, d = i * m + j, (i + 1) * m + j, (i + 1) * m + j + 1, i * m + j + 1
            faces += [(a, b, c), (a, c, d)]
            a, b, c, d = (k + n * m for k in (a, b, c, d))
            faces += [(a, c, b), (a, d, c)]
    edge = [(i, 0) for i in range(n)] + [(n - 1, j) for j in range(1, m)]
    edge += [(i, m - 1) for i in range(n - 2, -1, -1)] + [(0, j) for j in range(m - 2, 0, -1)]
    for (i, j), (k, q) in zip(edge, edge[1:] + edge[:1]):
        a, b = i * m + j, k * m + q
        faces += [(a, a + n * m, b), (b, a + n * m, b + n * m)]
    return np.vstack([upper.reshape(-1, 3), lower.reshape(-1, 3)]), np.array(faces)
