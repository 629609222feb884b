"""Writes spatula_330.xml: a straight stirring spatula, one mesh a piece to look at, boxes to touch.

Run from anywhere: `python assets/objects/spatula_330/generate.py`.
"""

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.shapes import mesh, prop_defaults

MASS, LONG = 0.12, 0.330  # kg, m
# (height over the blade's end, half width, half thickness) [m], from the end up
OUTLINE = np.array(
    [
        (0.0, 0.026, 0.0012), (0.003, 0.031, 0.0016), (0.010, 0.033, 0.0022), (0.050, 0.032, 0.0024),
        (0.072, 0.028, 0.0026), (0.088, 0.017, 0.0034),
        (0.098, 0.0085, 0.0050), (0.112, 0.0065, 0.0058), (0.180, 0.0065, 0.0060), (0.205, 0.0085, 0.0068), (0.250, 0.0100, 0.0078),
        (0.300, 0.0105, 0.0080), (0.322, 0.0095, 0.0075), (0.330, 0.0055, 0.0045),
    ]
)  # fmt: skip
AROUND = 20
HOLD = 0.245  # m over the end, where a hand takes it


def surface(rows):
    """A flat bar of superellipse sections, along z: vertices (m, 3) [m], faces (k, 3)."""
    angle = 2 * np.pi * np.arange(AROUND) / AROUND
    c, s = np.cos(angle), np.sin(angle)
    flat = np.sign(c) * np.abs(c) ** 0.6, np.sign(s) * np.abs(s) ** 0.6
    vertices = [(thick * y, wide * x, z) for z, wide, thick in rows for x, y in zip(*flat)]
    faces = []
    for i in range(len(rows) - 1):
        for j in range(AROUND):
            a, b = i * AROUND + j, i * AROUND + (j + 1) % AROUND
            faces += [(a, b + AROUND, b), (a, a + AROUND, b + AROUND)]
    low, high, last = len(vertices), len(vertices) + 1, (len(rows) - 1) * AROUND
    vertices += [(0, 0, rows[0][0]), (0, 0, rows[-1][0])]
    for j in range(AROUND):
        k = (j + 1) % AROUND
        faces += [(low, j, k), (high, last + k, last + j)]
    return np.array(vertices), np.array(faces)


blade, shaft = surface(OUTLINE[:9]), surface(OUTLINE[8:])
part = Part(
    __file__, prop_defaults("spatula", 0.45, ("grip", 'type="box" friction="0.8 0.005 0.0001"'), site=0.003), free=True
)
part.looks = f"""
    <material name="nylon" rgba="0.13 0.14 0.15 1" specular="0.3" shininess="0.4"/>
    <material name="wood" rgba="0.66 0.46 0.28 1" specular="0.2" shininess="0.3"/>
{mesh("blade", blade)}
{mesh("shaft", shaft)}
"""
part.body = f"""
      <inertial pos="0 0 0.170" mass="{MASS:g}" diaginertia="1.1e-3 1.1e-3 3.0e-5"/>
      <geom name="look_blade" class="visual" type="mesh" mesh="blade" material="nylon"/>
      <geom name="look_shaft" class="visual" type="mesh" mesh="shaft" material="wood"/>
      <geom name="blade" class="collision" type="box" pos="0 0 0.042" size="0.0022 0.032 0.042"/>
      <geom name="neck" class="collision" type="box" pos="0 0 0.140" size="0.0058 0.0065 0.056"/>
      <geom name="handle" class="grip" pos="0 0 0.262" size="0.0078 0.0100 0.066"/>
      <site name="base" pos="0 0 0"/>
      <site name="tip" pos="0 0 0"/>
      <!-- x against the hand that comes: along the edge of the blade, so that a tool leant about the fingers stays flat on its edge -->
      <site name="handle" pos="0 0 {HOLD:g}" quat="0.707107 0 0 -0.707107"/>
"""
part.write("at the middle of the blade's end; z along the handle, the blade's face along x")
