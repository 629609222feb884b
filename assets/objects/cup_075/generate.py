"""Writes cup_075.xml: a drinking cup with a large handle, one mesh to look at, a ring of boxes and capsules to touch.

Run from anywhere: `python assets/objects/cup_075/generate.py`. The numbers below are the cup's drawing.
"""

from itertools import pairwise

import numpy as np
from shiliu.assets.frame import write
from shiliu.assets.shapes import FOOT, mesh, numbers, prop_defaults, revolve, revolve_ring, ring_of_boxes, smooth, tube

MASS = 0.22  # kg
RADIUS, HEIGHT = 0.0375, 0.090  # m, outside
INNER, FLOOR = 0.0340, 0.006  # m, bore, and inner floor above the table
# Half profile (radius, height) in m: middle of the outer base, round the lip, to the inner floor.
PROFILE = np.array(
    [
        (0.0, 0.0025),
        (0.0290, 0.0025),
        (0.0300, 0.0),
        (0.0330, 0.0),
        (0.0355, 0.0018),
        (0.0368, 0.0060),
        (0.0372, 0.0200),
        (0.0375, 0.0600),
        (0.0375, 0.0870),
        (0.0370, 0.0890),
        (0.0358, 0.0900),
        (0.0346, 0.0890),
        (0.0340, 0.0870),
        (0.0340, 0.0150),
        (0.0325, 0.0085),
        (0.0290, 0.0060),
        (0.0, 0.0060),
    ]
)
BAND = [(0.0372, 0.0680), (0.0378, 0.0680), (0.0378, 0.0750), (0.0372, 0.0750)]
SEGMENTS = 48
SIDES = 12  # boxes of the wall that is touched; flats of 20 mm, the width of a claw's pad
GRIP = 0.0055  # m, radius of the handle's bar
# Middle line of the handle in the x-z plane [m]: room for three fingers of a hand that is not sure of itself
HANDLE = np.array(
    [(0.0345, 0.0740), (0.0560, 0.0765), (0.0720, 0.0720), (0.0800, 0.0600), (0.0800, 0.0380), (0.0720, 0.0250),
     (0.0560, 0.0190), (0.0345, 0.0200)]
)  # fmt: skip

walls = ring_of_boxes("wall", SIDES, (RADIUS, 0.002), (RADIUS, HEIGHT), 2 * 0.00175)
feet = [
    f'      <geom name="foot_{i}" class="foot" pos="{numbers((0.030 * np.cos(a), 0.030 * np.sin(a), 0.002))}" size="0.002"/>'
    for i, a in enumerate(2 * np.pi * (np.arange(4) + 0.5) / 4)
]
bars = [
    f'      <geom name="handle_{i}" class="grip" fromto="{numbers((a[0], 0, a[1], b[0], 0, b[1]))}" size="{GRIP:g}"/>'
    for i, (a, b) in enumerate(pairwise(HANDLE))
]
defaults = prop_defaults("cup", 0.6, FOOT, ("grip", 'type="capsule" friction="0.8 0.005 0.0001"'))
write(
    __file__,
    defaults,
    f"""
    <material name="china" rgba="0.96 0.93 0.86 1" specular="0.5" shininess="0.7" reflectance="0.02"/>
    <material name="band" rgba="0.90 0.52 0.24 1" specular="0.5" shininess="0.7"/>
    <material name="water" rgba="0.62 0.80 0.88 0.55" specular="0.9" shininess="0.9" reflectance="0.1"/>
{mesh("cup", revolve(PROFILE, SEGMENTS))}
{mesh("band", revolve_ring(BAND, SEGMENTS), False)}
{mesh("handle", tube(smooth(HANDLE, 6), GRIP))}
""",
    f"""
      <!-- estimate: two thirds of it in the wall, the handle 40 g -->
      <inertial pos="0.0085 0 0.043" mass="{MASS - 0.001:g}" diaginertia="3.0e-4 3.4e-4 2.6e-4"/>
      <geom name="cup" class="visual" type="mesh" mesh="cup" material="china"/>
      <geom name="band" class="visual" type="mesh" mesh="band" material="band"/>
      <geom name="handle" class="visual" type="mesh" mesh="handle" material="china"/>
{chr(10).join(feet)}
{chr(10).join(walls)}
{chr(10).join(bars)}
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {FLOOR:g}"/>
      <site name="mouth" pos="0 0 {HEIGHT:g}"/>
      <site name="body" pos="0 0 0.046" quat="0 0 0 1"/>
      <site name="handle" pos="0.080 0 0.049"/>
      <site name="weight" pos="0 0 0.026"/>
      <!-- the water's surface: its travel is a gauge of what the cup holds, which a rule moves; it carries no load -->
      <body name="water" pos="0 0 {FLOOR - 0.001:g}" gravcomp="1">
        <inertial pos="0 0 0" mass="0.001" diaginertia="4e-7 4e-7 8e-7"/>
        <joint name="water_level" type="slide" axis="0 0 1" range="-0.001 {HEIGHT - FLOOR:g}" damping="0.45"/>
        <geom name="surface" class="visual" type="cylinder" size="{INNER - 0.0003:g} 0.0006" material="water"/>
      </body>
""",
    origin="in the middle of the foot, at the table's level; the handle points along x",
    free=True,
    before="""
    <!-- stays where the part was put: only its z axis matters, for the water's weight -->
    <site name="ground" group="4" size="0.002"/>
""",
    tail="""
  <actuator>
    <!-- both are what a rule changes since the start: the level [m], and what the water weighs, straight down [N] -->
    <general name="water_level" joint="water_level" gainprm="50" biastype="affine" biasprm="0 -50 0"
      ctrlrange="-0.1 0.1"/>
    <general name="water_weight" site="weight" refsite="ground" gear="0 0 -1 0 0 0" biastype="affine" biasprm="0 0 0"
      ctrlrange="-4 4"/>
  </actuator>
""",
)
