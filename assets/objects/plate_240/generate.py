"""Writes plate_240.xml: a deep plate of revolution as one mesh to look at, rings of boxes to touch.

Run from anywhere: `python assets/objects/plate_240/generate.py`. The numbers below are the plate's drawing.
"""

import numpy as np
from shiliu.assets.frame import write
from shiliu.assets.shapes import FOOT, backing, numbers, prop_defaults, revolve, revolve_ring, ring_of_boxes

MASS, FLOOR = 0.55, 0.006  # kg, m: inner floor above the table
# Half profile (radius, height) in m: middle of the outer base, round the rim, to the inner floor.
PROFILE = np.array(
    [
        (0.0, 0.0025), (0.0760, 0.0025), (0.0770, 0.0), (0.0810, 0.0), (0.0825, 0.0020), (0.0940, 0.0045),
        (0.1050, 0.0100), (0.1115, 0.0170), (0.1152, 0.0250), (0.1190, 0.0385), (0.1200, 0.0410), (0.1193, 0.0420),
        (0.1175, 0.0418), (0.1158, 0.0390), (0.1115, 0.0260), (0.1075, 0.0190), (0.1020, 0.0140), (0.0920, 0.0085),
        (0.0800, 0.0060), (0.0, 0.0060),
    ]
)  # fmt: skip
STRIPE = [(0.1128, 0.0300), (0.1141, 0.0340), (0.1133, 0.0340), (0.1120, 0.0300)]
SEGMENTS, BASE_RADIUS = 64, 0.079
# rings of boxes: count, outer (radius, height) below and above, thickness; the upper one is what a claw pinches
RINGS = {
    "rim": (20, (0.1136, 0.0200), (0.1198, 0.0420), 0.0042),
    "wall": (16, (0.0820, 0.0020), (0.1130, 0.0210), 0.0050),
}

vertices, faces = revolve(PROFILE, SEGMENTS)
stripe, stripe_faces = revolve_ring(STRIPE, SEGMENTS)
around = 2 * np.pi * (np.arange(4) + 0.5) / 4
feet = [
    f'      <geom name="foot_{i}" class="foot" pos="{numbers(pos)}" size="0.003"/>'
    for i, pos in enumerate((BASE_RADIUS * np.cos(a), BASE_RADIUS * np.sin(a), 0.003) for a in around)
]
rim, r = 0.0419, 0.1178
write(
    __file__,
    prop_defaults("plate", 0.6, FOOT),
    f"""
    <material name="glaze" rgba="0.93 0.95 0.95 1" specular="0.6" shininess="0.8" reflectance="0.03"/>
    <material name="stripe" rgba="0.16 0.32 0.55 1" specular="0.5" shininess="0.7"/>
    <mesh name="plate" smoothnormal="true" inertia="shell"
      vertex="{numbers(vertices.ravel())}"
      face="{" ".join(map(str, faces.ravel()))}"/>
    <mesh name="stripe" inertia="shell"
      vertex="{numbers(stripe.ravel())}"
      face="{" ".join(map(str, stripe_faces.ravel()))}"/>
""",
    f"""
      <!-- a disc of its mass, two fifths of it in the wall -->
      <inertial pos="0 0 0.014" mass="{MASS}" diaginertia="2.0e-3 2.0e-3 3.8e-3"/>
      <geom name="plate" class="visual" type="mesh" mesh="plate" material="glaze"/>
      <geom name="stripe" class="visual" type="mesh" mesh="stripe" material="stripe"/>
{chr(10).join(feet)}
{backing(0.083, FLOOR)}
{chr(10).join(line for name, ring in RINGS.items() for line in ring_of_boxes(name, *ring))}
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {FLOOR:g}"/>
      <site name="rim_near" pos="-{r} 0 {rim}" quat="0 0 0 1"/>
      <site name="rim_far" pos="{r} 0 {rim}"/>
      <site name="rim_left" pos="0 {r} {rim}" quat="0.707107 0 0 0.707107"/>
      <site name="rim_right" pos="0 -{r} {rim}" quat="0.707107 0 0 -0.707107"/>
""",
    origin="in the middle of the foot ring, at the table's level",
    free=True,
)
