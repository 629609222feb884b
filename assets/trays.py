"""What the trays' `generate.py` share: floor, rim and marks of a tray with rounded corners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .frame import Part
from .shapes import Mesh, mesh, numbers, prop_defaults, rounded


@dataclass(frozen=True)
class Tray:
    """The drawing of a tray.

    Attributes:
        length, width, corner: along y, along x, radius of a corner [m].
        floor, rim, bar: thickness, height of the rim's top, radius of its bar [m].
        places: site -> x, y and radius of its mark [m]; no mark where that is 0.
    """

    length: float
    width: float
    corner: float
    floor: float
    rim: float
    bar: float
    places: Mapping[str, tuple[float, float, float]]

    def outline(self, inset: float, corners: int = 7) -> np.ndarray:
        """Points (n, 2) round the tray, `inset` [m] within its edge."""
        return rounded(self.width, self.length, self.corner, self.corner - inset, corners)

    def shell(self) -> Mesh:
        """Floor, sloping rim and its underside: vertices (m, 3) [m] and faces (k, 3)."""
        rings = [
            (self.outline(0.012), 0.0),
            (self.outline(0.010), 0.0015),
            (self.outline(0.0), self.rim - 0.003),
            (self.outline(0.0), self.rim),
            (self.outline(0.005), self.rim),
            (self.outline(0.014), self.floor),
        ]
        n = len(rings[0][0])
        vertices = [(x, y, z) for ring, z in rings for x, y in ring]
        faces = []
        for i in range(len(rings) - 1):
            for j in range(n):
                a, b, c, d = i * n + j, i * n + (j + 1) % n, (i + 1) * n + j, (i + 1) * n + (j + 1) % n
                faces += [(a, b, d), (a, d, c)]
        vertices += [(0, 0, 0.0), (0, 0, self.floor)]
        last = (len(rings) - 1) * n
        for j in range(n):
            k = (j + 1) % n
            faces += [(len(vertices) - 2, k, j), (len(vertices) - 1, last + j, last + k)]
        return np.array(vertices), np.array(faces)

    def bars(self) -> list[str]:
        """Collision capsules `rim_0` ... along the rim."""
        line = self.outline(self.bar, 4)
        line, z = np.vstack([line, line[:1]]), self.rim - self.bar
        return [
            f'      <geom name="rim_{i}" class="collision" type="capsule" '
            f'fromto="{numbers((*a, z, *b, z))}" size="{self.bar:g}"/>'
            for i, (a, b) in enumerate(pairwise(line))
            if np.linalg.norm(b - a) > 0.03
        ]

    def marks(self) -> list[str]:
        """Each place as a site, with a ring round it where it has a radius."""
        found = []
        for name, (x, y, radius) in self.places.items():
            for z, r, material in ((0.0003, radius, "mark"), (0.0005, radius - 0.004, "mat")) if radius else ():
                shape = f'type="cylinder" pos="{x} {y} {self.floor + z:g}" size="{r:g} 0.0004"'
                found.append(f'      <geom class="visual" {shape} material="{material}"/>')
            found.append(f'      <site name="{name}" pos="{x} {y} {self.floor}"/>')
        return found

    def write(self, at: str, tray: str, mat: str, mark: str, mass: float, inertia: str, origin: str) -> None:
        """Writes the MJCF beside the `generate.py` that stands `at`.

        Args:
            tray, mat, mark: (red, green, blue) of each, as MJCF writes them; mass [kg]; inertia: its moments [kg m2]; origin: where it is.
        """
        inner, floor = (numbers((self.width / 2 - inset, self.length / 2 - inset)) for inset in (0.024, 0.012))
        part = Part(at, prop_defaults("tray", 0.7), free=True)
        part.looks = f"""
    <material name="tray" rgba="{tray} 1" specular="0.3" shininess="0.5"/>
    <material name="mat" rgba="{mat} 1" specular="0.05"/>
    <material name="mark" rgba="{mark} 1" specular="0.05"/>
{mesh("tray", self.shell(), False)}
"""
        part.body = f"""
      <inertial pos="0 0 0.006" mass="{mass}" diaginertia="{inertia}"/>
      <geom name="tray" class="visual" type="mesh" mesh="tray" material="tray"/>
      <geom class="visual" type="box" pos="0 0 {self.floor:g}" size="{inner} 0.0004" material="mat"/>
      <geom name="floor" class="collision" type="box" pos="0 0 {self.floor / 2:g}" size="{floor} {self.floor / 2:g}"/>
{chr(10).join(self.bars())}
{chr(10).join(self.marks())}
      <site name="base" pos="0 0 0"/>
"""
        part.write(origin)
