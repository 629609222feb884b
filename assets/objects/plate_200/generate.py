"""Writes plate_200.xml: a deep plate of revolution as one mesh to look at, rings of boxes to touch.

Run from anywhere: `python assets/objects/plate_200/generate.py`. The numbers below are the plate's drawing.
"""

import numpy as np
from shiliu.assets.frame import write
from shiliu.assets.shapes import FOOT, numbers, prop_defaults, revolve, revolve_ring, ring_of_boxes

MASS, FLOOR = 0.42, 0.006  # kg, m: inner floor above the table
# Half profile (radius, height) in m: middle of the outer base, round the rim, to the inner floor.
PROFILE = np.array(
    [
        (0.0, 0.0025), (0.0600, 0.0025), (0.0610, 0.0), (0.0650, 0.0), (0.0665, 0.0020), (0.0760, 0.0045),
        (0.0860, 0.0100), (0.0920, 0.0170), (0.0955, 0.0250), (0.0990, 0.0385), (0.1000, 0.0410), (0.0993, 0.0420),
        (0.0975, 0.0418), (0.0958, 0.0390), (0.0918, 0.0260), (0.0880, 0.0190), (0.0830, 0.0140), (0.0740, 0.0085),
        (0.0640, 0.0060), (0.0, 0.0060),
    ]
)  # fmt: skip
STRIPE = [(0.0931, 0.0300), (0.0943, 0.0340), (0.0935, 0.0340), (0.0923, 0.0300)]
SEGMENTS, BASE_RADIUS = 56, 0.063
# rings of boxes: count, outer (radius, height) below and above, thickness; the upper one is what a claw pinches
RINGS = {
    "rim": (16, (0.0938, 0.0200), (0.0998, 0.0420), 0.0042),
    "wall": (12, (0.0650, 0.0020), (0.0930, 0.0210), 0.0050),
}

vertices, faces = revolve(PROFILE, SEGMENTS)
stripe, stripe_faces = revolve_ring(STRIPE, SEGMENTS)
around = 2 * np.pi * (np.arange(4) + 0.5) / 4
feet = [
    f'      <geom name="foot_{i}" class="foot" pos="{numbers(pos)}" size="0.003"/>'
    for i, pos in enumerate((BASE_RADIUS * np.cos(a), BASE_RADIUS * np.sin(a), 0.003) for a in around)
]
rim, r = 0.0419, 0.0978
write(
    __file__,
    prop_defaults("plate", 0.6, FOOT),
    f"""
    <material name="glaze" rgba="0.93 0.95 0.95 1" specular="0.6" shininess="0.8" reflectance="0.03"/>
    <material name="stripe" rgba="0.20 0.42 0.44 1" specular="0.5" shininess="0.7"/>
    <mesh name="plate" smoothnormal="true" inertia="shell"
      vertex="{numbers(vertices.ravel())}"
      face="{" ".join(map(str, faces.ravel()))}"/>
    <mesh name="stripe" inertia="shell"
      vertex="{numbers(stripe.ravel())}"
      face="{" ".join(map(str, stripe_faces.ravel()))}"/>
""",
    f"""
      <!-- a disc of its mass, two fifths of it in the wall -->
      <inertial pos="0 0 0.014" mass="{MASS}" diaginertia="1.06e-3 1.06e-3 2.0e-3"/>
      <geom name="plate" class="visual" type="mesh" mesh="plate" material="glaze"/>
      <geom name="stripe" class="visual" type="mesh" mesh="stripe" material="stripe"/>
{chr(10).join(feet)}
      <geom name="bottom" class="collision" type="cylinder" pos="0 0 {(FLOOR + 0.003) / 2:g}" size="0.066 {(FLOOR - 0.003) / 2:g}"/>
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
