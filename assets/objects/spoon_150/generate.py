"""Writes spoon_150.xml: a table spoon with an arched handle, one mesh to look at, capsules and boxes to touch.

Run from anywhere: `python assets/objects/spoon_150/generate.py`.
"""

from itertools import pairwise

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.shapes import mesh, numbers, prop_defaults

MASS = 0.030  # kg
# Middle line from the bowl's tip to the handle's end, (x, z) in m, with half width (y) and half thickness
LINE = np.array([
    (0.0720, 0.0100, 0.0030, 0.0008), (0.0690, 0.0078, 0.0100, 0.0008), (0.0600, 0.0046, 0.0160, 0.0008),
    (0.0480, 0.0020, 0.0185, 0.0008), (0.0360, 0.0030, 0.0170, 0.0008), (0.0250, 0.0075, 0.0110, 0.0010),
    (0.0180, 0.0110, 0.0055, 0.0016), (0.0050, 0.0155, 0.0045, 0.0020), (-0.0150, 0.0180, 0.0050, 0.0020),
    (-0.0400, 0.0170, 0.0062, 0.0020), (-0.0600, 0.0120, 0.0072, 0.0020), (-0.0740, 0.0050, 0.0074, 0.0020),
    (-0.0780, 0.0026, 0.0050, 0.0018),
])  # fmt: skip
AROUND = 16


def surface(line):
    """Flattened tube round the middle line, hollow where the bowl is: vertices (m, 3) [m], faces (k, 3)."""
    angle = 2 * np.pi * np.arange(AROUND) / AROUND
    vertices, faces = [], []
    for x, z, wide, thick in line:
        for a in angle:
            y = wide * np.cos(a)
            sag = 0.0  # the bowl's sides rise above its middle line
            if x > 0.02:
                sag = 0.0055 * (y / 0.0185) ** 2
            vertices.append((x, y, z + sag + thick * np.sin(a)))
    for i in range(len(line) - 1):
        for j in range(AROUND):
            a, b = i * AROUND + j, i * AROUND + (j + 1) % AROUND
            faces += [(a, b, b + AROUND), (a, b + AROUND, a + AROUND)]
    last = (len(line) - 1) * AROUND
    vertices += [(line[0, 0] + 0.001, 0, line[0, 1]), (line[-1, 0] - 0.001, 0, line[-1, 1])]
    for j in range(AROUND):
        k = (j + 1) % AROUND
        faces += [(last + AROUND, k, j), (last + AROUND + 1, last + j, last + k)]
    return np.array(vertices), np.array(faces)


vertices, faces = surface(LINE)
bars = []
for i, (a, b) in enumerate(pairwise(LINE[6:])):
    middle, away = (a + b) / 2, b - a
    half = np.hypot(away[0], away[1]) / 2
    lean = np.arctan2(away[1], -away[0])  # about y
    quat = numbers((np.cos(lean / 2), 0, np.sin(lean / 2), 0))
    bars.append(
        f'      <geom name="handle_{i}" class="collision" type="box" pos="{numbers((middle[0], 0, middle[1]))}" quat="{quat}" '
        f'size="{numbers((half, middle[2], 0.002))}"/>'
    )
defaults = prop_defaults("spoon", 0.5, site=0.003)
part = Part(__file__, defaults, free=True)
part.looks = f"""
    <material name="steel" rgba="0.78 0.79 0.80 1" specular="0.9" shininess="0.8" reflectance="0.15"/>
{mesh("spoon", (vertices, faces))}
"""
part.body = f"""
      <inertial pos="0.006 0 0.010" mass="{MASS}" diaginertia="1.2e-6 5.6e-5 5.6e-5"/>
      <geom name="spoon" class="visual" type="mesh" mesh="spoon" material="steel"/>
      <!-- it stands on its bowl and on the end of its handle -->
      <geom name="bowl" class="collision" type="ellipsoid" pos="0.047 0 0.0075" size="0.024 0.018 0.0065"/>
{chr(10).join(bars)}
      <site name="base" pos="0 0 0"/>
      <site name="handle" pos="-0.015 0 0.018"/>
"""
part.write("on the table under the handle's arch; the bowl points along x")
