"""Writes salt_shaker.xml: a glass shaker with a steel cap, meshes of revolution to look at, cylinders to touch.

Run from anywhere: `python assets/objects/salt_shaker/generate.py`.
"""

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.shapes import FOOT, feet, mesh, numbers, prop_defaults, revolve

MASS = 0.12  # kg, with its salt
GLASS = np.array([
    (0.0, 0.001), (0.0195, 0.001), (0.0215, 0.0), (0.0222, 0.0015), (0.0225, 0.006), (0.0225, 0.058),
    (0.0215, 0.064), (0.0195, 0.067), (0.0, 0.067),
])  # fmt: skip
SALT = np.array([(0.0, 0.004), (0.0200, 0.004), (0.0205, 0.007), (0.0205, 0.044), (0.0, 0.0475)])
CAP = np.array([
    (0.0, 0.064), (0.0215, 0.064), (0.0220, 0.066), (0.0215, 0.079), (0.0190, 0.0855), (0.0130, 0.0890),
    (0.0060, 0.0900), (0.0, 0.0900),
])  # fmt: skip

holes = [(0.0, 0.0)] + [(0.0065 * np.cos(a), 0.0065 * np.sin(a)) for a in 2 * np.pi * np.arange(6) / 6]
dots = [
    f'      <geom class="visual" type="cylinder" pos="{numbers((x, y, 0.0897))}" size="0.0009 0.0004" material="hole"/>'
    for x, y in holes
]
part = Part(__file__, prop_defaults("shaker", 0.6, FOOT), free=True)
part.looks = f"""
    <material name="salt" rgba="0.97 0.97 0.96 1" specular="0.1" shininess="0.1"/>
    <material name="glass" rgba="0.80 0.88 0.90 0.35" specular="0.9" shininess="0.9" reflectance="0.05"/>
    <material name="steel" rgba="0.75 0.76 0.78 1" specular="0.9" shininess="0.8" reflectance="0.1"/>
    <material name="hole" rgba="0.05 0.05 0.05 1"/>
{mesh("salt", revolve(SALT, 32))}
{mesh("glass", revolve(GLASS, 32))}
{mesh("cap", revolve(CAP, 32))}
"""
part.body = f"""
      <inertial pos="0 0 0.040" mass="{MASS:g}" diaginertia="9.0e-5 9.0e-5 3.2e-5"/>
      <geom name="look_salt" class="visual" type="mesh" mesh="salt" material="salt"/>
      <geom name="look_cap" class="visual" type="mesh" mesh="cap" material="steel"/>
      <geom name="look_glass" class="visual" type="mesh" mesh="glass" material="glass"/>
{chr(10).join(dots)}
{feet(0.018, 0.002)}
      <geom name="body" class="collision" type="cylinder" pos="0 0 0.046" size="0.0225 0.044"/>
      <site name="base" pos="0 0 0"/>
      <site name="body" pos="0 0 0.050" quat="0 0 0 1"/>
      <!-- z out of it -->
      <site name="holes" pos="0 0 0.090"/>
"""
part.write("in the middle of the foot, at the table's level")
