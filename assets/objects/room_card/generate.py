"""Writes room_card.xml and its pictures: a room card in its key folder of card stock, standing on its long edge.

Run from anywhere: `python assets/objects/room_card/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.panels import picture, pictures, sign
from shiliu.assets.shapes import box_inertia, prop_defaults

HERE = Path(__file__).parent
WIDE, TALL, THICK, MASS = 0.090, 0.058, 0.003, 0.014  # m, kg: of the folder with the card in it
CARD = (0.0856, 0.054, 0.0008)  # m, ISO/IEC 7810 ID-1; 6 g of the mass
HOLD = 0.043  # m, height at which it is held: fingers clear of what its foot stands in
DOWN = np.deg2rad(30.0)  # by which the fingers point down as they take it: over the walls of what it stands in, and into a pocket later
FACES = ("front", "back")

lines = [("十六酒店", 0.30), ("HOTEL SHILIU", 0.12), ("1608  房卡 ROOM CARD", 0.13)]
sign(HERE, "front", (WIDE, TALL), 0.0003, lines, (232, 206, 150), (38, 34, 52), sharp=2)
sign(HERE, "back", (WIDE, TALL), 0.0003, [("欢迎入住", 0.24), ("WELCOME", 0.14)], (38, 34, 52), (236, 226, 206), sharp=2)
sides = box_inertia(MASS, (THICK, WIDE, TALL))
box = f'type="box" pos="0 0 {TALL / 2:g}" size="{THICK / 2:g} {WIDE / 2:g} {TALL / 2:g}"'
w, v = np.array([np.cos(DOWN / 2), np.sin(DOWN / 2)]) / np.sqrt(2.0)
back = picture("back", (THICK / 2, 0, TALL / 2)).replace("/>", ' quat="0 0 0 1"/>')
part = Part(__file__, prop_defaults("room_card", 0.6), free=True)
part.looks = f"""
    <material name="stock" rgba="0.93 0.89 0.81 1" specular="0.1"/>
{pictures(*FACES)}
"""
part.body = f"""
      <inertial pos="0 0 {TALL / 2:g}" mass="{MASS:g}" diaginertia="{sides[0]:.3g} {sides[1]:.3g} {sides[2]:.3g}"/>
      <geom class="visual" {box} material="stock"/>
{picture("front", (-THICK / 2 - 0.0003, 0, TALL / 2))}{back}      <geom name="folder" class="collision" {box}/>
      <site name="base" pos="0 0 0"/>
      <site name="middle" pos="0 0 {TALL / 2:g}"/>
      <!-- in the upper part of either short edge, x into the card and 30 deg down, y across it; on its front, x out of it -->
      <site name="right_edge" pos="0 {-WIDE / 2 + 0.012:g} {HOLD:g}" quat="{w:.8f} {-v:.8f} {v:.8f} {w:.8f}"/>
      <site name="left_edge" pos="0 {WIDE / 2 - 0.012:g} {HOLD:g}" quat="{w:.8f} {v:.8f} {v:.8f} {-w:.8f}"/>
      <site name="behind" pos="{THICK / 2 + 0.05:g} 0 {TALL / 2:g}"/>
      <site name="face" pos="{-THICK / 2 - 0.05:g} 0 {TALL / 2:g}" quat="0 0 0 1"/>
"""
part.write("in the middle of the edge that it stands on; its front faces -x")
