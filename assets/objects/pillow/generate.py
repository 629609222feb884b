"""Writes pillow.xml: a stuffed pillow whose one end is a soft hem that hands take.

Run from anywhere: `python assets/objects/pillow/generate.py`.
"""

import numpy as np
from shiliu.assets.cloths import skin
from shiliu.assets.frame import Part
from shiliu.assets.shapes import box_inertia, mesh, numbers, prop_defaults

LONG, WIDE, HIGH, MASS = 0.700, 0.450, 0.120, 0.8  # m: along y, along x, height; kg
HEM = (0.190, 0.030, 0.011)  # m: half sizes of the hem along x, along y, of its thickness
SEAM = HIGH / 2  # m, height of the seam


def cushion():
    """Upper and lower side, thin at the seam, full in the middle, corners drawn out: vertices (m, 3) [m] and faces (k, 3)."""
    n, m = 17, 23
    u, v = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-1, 1, m), indexing="ij")
    full = ((1 - u**4) * (1 - v**4)) ** 0.55
    pull = 1 - 0.035 * ((1 - u**2) * v**4 + (1 - v**2) * u**4)
    crease = 0.0025 * np.sin(9 * u + 3 * v) * (1 - full) * full * 4
    x, y, h = WIDE / 2 * u * pull, LONG / 2 * v * pull, (HIGH / 2 - 0.004) * full + crease
    upper, lower = np.stack([x, y, SEAM + 0.004 + h], -1), np.stack([x, y, SEAM - 0.004 - h], -1)
    return skin(upper, lower)


x, y, z = WIDE / 2, LONG / 2, HIGH / 2
body = MASS - 0.03
inertia = box_inertia(body, (x, y, z), 4.2)
root = -y + 2 * HEM[1]  # where the hem begins
part = Part(__file__, prop_defaults("pillow", 0.5), free=True, what="numbers")
part.looks = f"""
    <material name="case" rgba="0.80 0.87 0.92 1" specular="0.02" shininess="0.05"/>
    <material name="hem" rgba="0.58 0.72 0.82 1" specular="0.02" shininess="0.05"/>
{mesh("cushion", cushion())}
    <mesh name="hem" builtin="supersphere" params="40 .35 .3" scale="{numbers((HEM[0] + 0.015, HEM[1] + 0.004, HEM[2] + 0.002))}"/>
"""
part.body = f"""
      <inertial pos="0 0 {z:g}" mass="{body:g}" diaginertia="{numbers(inertia, 6)}"/>
      <!-- stuffing: gives way under what presses on it -->
      <geom name="cushion" class="collision" type="box" pos="0 0.0275 0.055" size="{x - 0.04:g} {y - 0.065:g} 0.055"
        condim="3" solref="0.02 1" solimp="0.9 0.98 0.004"/>
      <geom class="visual" type="mesh" mesh="cushion" material="case"/>
      <site name="base" pos="0 0 0"/>
      <site name="top" pos="0 0 {HIGH:g}"/>
      <!-- the hem is stuffed little: it bends where it begins, as cloth does -->
      <body name="hem" pos="0 {root:g} {SEAM:g}">
        <inertial pos="0 {-HEM[1]:g} 0" mass="0.03" diaginertia="1e-5 2.3e-4 2.3e-4"/>
        <joint name="bend" type="hinge" axis="1 0 0" range="-0.9 0.9" stiffness="0.15" damping="0.01" armature="5e-5"/>
        <geom name="hem" class="collision" type="box" pos="0 {-HEM[1]:g} 0" size="{numbers(HEM)}"
          friction="0.8 0.005 0.0001" solref="0.01 1"/>
        <geom class="visual" type="mesh" mesh="hem" pos="0 {-HEM[1]:g} 0" material="hem"/>
        <!-- where it is pinched: x axis into the pillow, pads close along y -->
        <site name="hem_left" pos="-0.150 {-HEM[1] - 0.006:g} 0" quat="0.5 0.5 0.5 0.5"/>
        <site name="hem_right" pos="0.150 {-HEM[1] - 0.006:g} 0" quat="0.5 0.5 0.5 0.5"/>
      </body>
"""
part.write("in the middle of its underside; y along its length, the hem at -y")
