"""Writes mug_080.xml: a coffee mug, one mesh to look at, a ring of boxes and capsules to touch.

Run from anywhere: `python assets/objects/mug_080/generate.py`. The numbers below are the mug's drawing.
"""

from itertools import pairwise

import numpy as np
from shiliu.assets.frame import write
from shiliu.assets.shapes import FOOT, mesh, numbers, prop_defaults, revolve, revolve_ring, ring_of_boxes, smooth, tube

MASS = 0.33  # kg
RADIUS, HEIGHT = 0.0400, 0.095  # m, outside
FLOOR = 0.007  # m, inner floor above the table
# Half profile (radius, height) in m: middle of the outer base, round the lip, to the inner floor.
PROFILE = np.array(
    [
        (0.0, 0.0025), (0.0320, 0.0025), (0.0330, 0.0), (0.0360, 0.0), (0.0385, 0.0018), (0.0396, 0.0060), (0.0400, 0.0200),
        (0.0400, 0.0920), (0.0394, 0.0942), (0.0380, 0.0950), (0.0366, 0.0942), (0.0360, 0.0920), (0.0360, 0.0160),
        (0.0345, 0.0095), (0.0310, 0.0070), (0.0, 0.0070),
    ]
)  # fmt: skip
BAND = [(0.0398, 0.0120), (0.0403, 0.0120), (0.0403, 0.0330), (0.0398, 0.0330)]
SEGMENTS = 48
SIDES = 12  # boxes of the wall that is touched; flats of 20 mm, the width of a claw's pad
GRIP = 0.0055  # m, radius of the handle's bar
# Middle line of the handle in the x-z plane [m]
HANDLE = np.array(
    [
        (0.0370, 0.0790),
        (0.0550, 0.0800),
        (0.0660, 0.0720),
        (0.0690, 0.0560),
        (0.0650, 0.0380),
        (0.0530, 0.0260),
        (0.0370, 0.0240),
    ]
)

walls = ring_of_boxes("wall", SIDES, (RADIUS, 0.002), (RADIUS, HEIGHT), 2 * 0.0020)
feet = [
    f'      <geom name="foot_{i}" class="foot" pos="{numbers((0.033 * np.cos(a), 0.033 * np.sin(a), 0.002))}" size="0.002"/>'
    for i, a in enumerate(2 * np.pi * (np.arange(4) + 0.5) / 4)
]
bars = [
    f'      <geom name="handle_{i}" class="grip" fromto="{numbers((a[0], 0, a[1], b[0], 0, b[1]))}" size="{GRIP:g}"/>'
    for i, (a, b) in enumerate(pairwise(HANDLE))
]
defaults = prop_defaults("mug", 0.6, FOOT, ("grip", 'type="capsule" friction="0.8 0.005 0.0001"'))
write(
    __file__,
    defaults,
    f"""
    <material name="china" rgba="0.90 0.91 0.92 1" specular="0.5" shininess="0.7" reflectance="0.02"/>
    <material name="band" rgba="0.28 0.36 0.52 1" specular="0.5" shininess="0.7"/>
{mesh("cup", revolve(PROFILE, SEGMENTS))}
{mesh("band", revolve_ring(BAND, SEGMENTS), False)}
{mesh("handle", tube(smooth(HANDLE, 6), GRIP))}
""",
    f"""
      <!-- estimate: two thirds of it in the wall, the handle 35 g -->
      <inertial pos="0.006 0 0.045" mass="{MASS:g}" diaginertia="5.0e-4 5.4e-4 4.2e-4"/>
      <geom name="cup" class="visual" type="mesh" mesh="cup" material="china"/>
      <geom name="band" class="visual" type="mesh" mesh="band" material="band"/>
      <geom name="handle" class="visual" type="mesh" mesh="handle" material="china"/>
{chr(10).join(feet)}
{chr(10).join(walls)}
{chr(10).join(bars)}
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {FLOOR:g}"/>
      <site name="mouth" pos="0 0 {HEIGHT:g}"/>
      <site name="body" pos="0 0 0.050" quat="0 0 0 1"/>
      <site name="handle" pos="0.069 0 0.052"/>
""",
    origin="in the middle of the foot, at the table's level; the handle points along x",
    free=True,
)
