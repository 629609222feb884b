"""Writes serving_tray.xml: a tray with rounded corners, a raised rim and marks where things belong.

Run from anywhere: `python assets/objects/serving_tray/generate.py`.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
from shiliu.assets.shapes import numbers, prop_defaults

LENGTH, WIDTH, CORNER = 0.400, 0.300, 0.040  # m, along y, along x, radius
FLOOR, RIM, BAR = 0.005, 0.020, 0.005  # m, thickness, height of the rim's top, radius of its bar
MASS = 0.60  # kg
PLACES = {
    "plate_place": (0.0, 0.075, 0.068),
    "cup_place": (0.0, -0.115, 0.045),
}  # x, y, radius


def outline(inset, corners=7):
    """Points (n, 2) round the tray, `inset` [m] within its edge."""
    points = []
    for sx, sy, start in ((1, 1, 0.0), (-1, 1, 0.5), (-1, -1, 1.0), (1, -1, 1.5)):
        middle = np.array([sx * (WIDTH / 2 - CORNER), sy * (LENGTH / 2 - CORNER)])
        for t in np.linspace(0, 0.5, corners):
            a = np.pi * (start + t)
            points.append(middle + (CORNER - inset) * np.array([np.cos(a), np.sin(a)]))
    return np.array(points)


def shell():
    """Vertices (m, 3) [m] and faces (k, 3) of floor, sloping rim and its underside."""
    rings = [
        (outline(0.012), 0.0),
        (outline(0.010), 0.0015),
        (outline(0.0), RIM - 0.003),
        (outline(0.0), RIM),
        (outline(0.005), RIM),
        (outline(0.014), FLOOR),
    ]
    n = len(rings[0][0])
    vertices = [(x, y, z) for ring, z in rings for x, y in ring]
    faces = []
    for i in range(len(rings) - 1):
        for j in range(n):
            a, b, c, d = i * n + j, i * n + (j + 1) % n, (i + 1) * n + j, (i + 1) * n + (j + 1) % n
            faces += [(a, b, d), (a, d, c)]
    vertices += [(0, 0, 0.0), (0, 0, FLOOR)]
    for j in range(n):
        k = (j + 1) % n
        faces += [(len(vertices) - 2, k, j), (len(vertices) - 1, (len(rings) - 1) * n + j, (len(rings) - 1) * n + k)]
    return np.array(vertices), np.array(faces)


def main():
    vertices, faces = shell()
    line = outline(BAR, 4)
    line = np.vstack([line, line[:1]])
    bars = [
        f'      <geom name="rim_{i}" class="collision" type="capsule" '
        f'fromto="{numbers((*a, RIM - BAR, *b, RIM - BAR))}" size="{BAR:g}"/>'
        for i, (a, b) in enumerate(pairwise(line))
        if np.linalg.norm(b - a) > 0.03
    ]
    marks = []
    for name, (x, y, radius) in PLACES.items():
        for z, r, material in ((0.0003, radius, "mark"), (0.0005, radius - 0.004, "mat")) if radius else ():
            shape = f'type="cylinder" pos="{x} {y} {FLOOR + z:g}" size="{r:g} 0.0004"'
            marks.append(f'      <geom class="visual" {shape} material="{material}"/>')
        marks.append(f'      <site name="{name}" pos="{x} {y} {FLOOR}"/>')
    mat, floor = (numbers((WIDTH / 2 - inset, LENGTH / 2 - inset)) for inset in (0.024, 0.012))
    defaults = prop_defaults("tray", 0.7)
    text = f"""<!-- written by generate.py; change the drawing there -->
<mujoco model="serving_tray">
  <compiler angle="radian" autolimits="true"/>

{defaults}

  <asset>
    <material name="tray" rgba="0.30 0.33 0.36 1" specular="0.3" shininess="0.5"/>
    <material name="mat" rgba="0.46 0.50 0.53 1" specular="0.05"/>
    <material name="mark" rgba="0.66 0.70 0.72 1" specular="0.05"/>
    <mesh name="tray" smoothnormal="false" inertia="shell"
      vertex="{numbers(vertices.ravel())}"
      face="{" ".join(map(str, faces.ravel()))}"/>
  </asset>

  <worldbody>
    <!-- origin in the middle of the underside; x away from who stands before it -->
    <body name="serving_tray" childclass="tray">
      <freejoint name="serving_tray_free"/>
      <inertial pos="0 0 0.006" mass="{MASS}" diaginertia="8.0e-3 4.5e-3 1.25e-2"/>
      <geom name="tray" class="visual" type="mesh" mesh="tray" material="tray"/>
      <geom class="visual" type="box" pos="0 0 {FLOOR:g}" size="{mat} 0.0004" material="mat"/>
      <geom name="floor" class="collision" type="box" pos="0 0 {FLOOR / 2:g}" size="{floor} {FLOOR / 2:g}"/>
{chr(10).join(bars)}
{chr(10).join(marks)}
      <site name="base" pos="0 0 0"/>
    </body>
  </worldbody>
</mujoco>
"""
    (Path(__file__).parent / "serving_tray.xml").write_text(text)


if __name__ == "__main__":
    main()
