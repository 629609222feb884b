"""Writes handwheel.xml: a handwheel on a valve's stem that turns against the friction of its packing.

Run from anywhere: `python assets/mechanisms/handwheel/generate.py`.
"""

from itertools import pairwise

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.panels import clock, rod, solid
from shiliu.assets.shapes import numbers, prop_defaults

# m: of the rim's middle line and its tube: 120 mm outside; how far before the bonnet
RIM, TUBE, OUT = (0.053, 0.007, 0.055)
COUNT, SPOKES = 24, 4
TORQUE, TURNS = 1.5, 1.9 * np.pi  # Nm; rad from shut to open

ring = np.linspace(0.0, 2 * np.pi, COUNT + 1)
rim = "".join(
    solid(
        f'type="capsule" fromto="{numbers((-OUT, *clock(RIM, a), -OUT, *clock(RIM, b)))}" size="{TUBE:g}"',
        "red",
        f"rim_{i}",
    )
    for i, (a, b) in enumerate(pairwise(ring))
)
spokes = "".join(
    solid(
        f'type="capsule" fromto="{numbers((-OUT + 0.004, *clock(0.012, a), -OUT, *clock(RIM, a)))}" size="0.0045"',
        "red",
        f"spoke_{i}",
    )
    for i, a in enumerate(np.arange(SPOKES) * 2 * np.pi / SPOKES + np.pi / 4)
)
stem = rod((-OUT - 0.006, 0, 0), (-OUT + 0.012, 0, 0), 0.014, "red", "hub")
stem += rod((-OUT + 0.010, 0, 0), (-0.018, 0, 0), 0.007, "steel")
stem += rod((-OUT - 0.0068, 0, 0), (-OUT - 0.005, 0, 0), 0.006, "steel")
turns, mark = numbers((-TURNS, 0.2), 4), numbers((-OUT - TUBE + 0.001, *clock(RIM, 0.0)))
part = Part(__file__, prop_defaults("handwheel", 0.7), what="numbers")
part.before = "    <!-- x into the valve, y to the left of who stands before it, z up; origin on the bonnet's face, on the stem's axis -->"
part.looks = """
    <material name="red" rgba="0.80 0.13 0.10 1" specular="0.5" shininess="0.6"/>
    <material name="steel" rgba="0.62 0.64 0.66 1" specular="0.8" shininess="0.7"/>
    <material name="white" rgba="0.95 0.95 0.95 1"/>
"""
part.body = f"""
      <inertial pos="-0.01 0 0" mass="0.3" diaginertia="1e-4 1e-4 1e-4"/>
{rod((-0.018, 0, 0), (0, 0, 0), 0.014, "steel", "gland")}      <body name="wheel">
        <!-- clockwise, as who turns it sees it, is positive and shuts it -->
        <joint name="wheel_turn" type="hinge" axis="1 0 0" range="{turns}" frictionloss="{TORQUE:g}" damping="0.05"
          solreffriction="0.01 1" solimpfriction="0.99 0.999 0.001"
          armature="5e-3" solreflimit="0.01 1"/>
        <inertial pos="{-OUT:g} 0 0" mass="0.35" diaginertia="8e-4 4.2e-4 4.2e-4"/>
{rim}{spokes}{stem}        <geom class="visual" type="sphere" pos="{mark}" size="0.003" material="white"/>
        <!-- middle of the rim's front edge, x out; it turns with the wheel -->
        <site name="wheel" pos="{-OUT - TUBE:g} 0 0" quat="0 0 0 1"/>
      </body>
"""
part.tail = """
  <contact>
    <exclude body1="handwheel" body2="wheel"/>
  </contact>
"""
part.write()
