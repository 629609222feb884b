"""Writes card_stand.xml: a stand of clear acrylic on a reception desk, in whose slot a room card stands.

Run from anywhere: `python assets/objects/card_stand/generate.py`.
"""

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.panels import box
from shiliu.assets.shapes import prop_defaults

FOOT, MASS = (0.044, 0.066, 0.006), 0.35  # m, along x, y, z; kg
POST = (0.020, 0.050, 0.036)  # m: of the column that carries the slot, so that a hand has room over the desk
SLOT, WALL, DEEP = 0.0046, 0.012, 0.016  # m: width of the slot, thickness and height of its walls

a, b, c = FOOT
sides = [MASS / 12 * (p * p + q * q) for p, q in ((b, 0.05), (a, 0.05), (a, b))]
text = box((-a / 2, -b / 2, 0), (a / 2, b / 2, c), "base", "foot")
text += box((-POST[0] / 2, -POST[1] / 2, c), (POST[0] / 2, POST[1] / 2, c + POST[2] - 0.006), "base", "post")
c += POST[2]
text += box((-SLOT / 2 - WALL, -b / 2, c - 0.006), (SLOT / 2 + WALL, b / 2, c), "base", "rest")
for word, sign in (("near", -1.0), ("far", 1.0)):
    x = np.array([sign * SLOT / 2, sign * (SLOT / 2 + WALL)])
    text += box((x.min(), -b / 2, c), (x.max(), b / 2, c + DEEP), "clear", word)
part = Part(__file__, prop_defaults("card_stand", 0.5), free=True)
part.looks = """
    <material name="base" rgba="0.72 0.58 0.34 1" specular="0.8" shininess="0.7"/>
    <material name="clear" rgba="0.86 0.92 0.95 0.45" specular="0.9" shininess="0.9"/>
"""
part.body = f"""
      <inertial pos="0 0 0.018" mass="{MASS:g}" diaginertia="{sides[0]:.3g} {sides[1]:.3g} {sides[2]:.3g}"/>
{text}      <site name="base" pos="0 0 0"/>
      <!-- on the bottom of the slot -->
      <site name="slot" pos="0 0 {FOOT[2] + POST[2]:g}"/>
"""
part.write("in the middle of the foot; who takes the card stands at -x")
