"""Writes bottle_holder.xml: a bottle holder with a pocket for the room card on its front, as room service carries it.

Run from anywhere: `python assets/objects/bottle_holder/generate.py`.
"""

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.panels import box, solid
from shiliu.assets.shapes import mesh, numbers, prop_defaults, revolve_ring, ring_of_boxes

INNER, WALL, TALL, FLOOR, MASS = 0.0355, 0.0025, 0.110, 0.004, 0.20  # m, kg
POCKET, GAP, SHEET = 0.052, 0.006, 0.0015  # m: x of its back face, width, thickness of its plates
LOW, WIDE = 0.036, 0.098  # m: height of its bottom, inner width
COVERED = (-0.006, 0.049)  # m: y of its plates; the other part is free for the fingers that bring the card
FRONT, BACK, LIP = 0.030, 0.050, 0.006  # m: heights of the front plate, the back plate and the lips over the bottom


def pocket() -> str:
    a, b, w = POCKET, POCKET + GAP, WIDE / 2
    low, high = COVERED
    text = box((a - SHEET, -w - SHEET, LOW - 0.003), (b + SHEET, w + SHEET, LOW), "body", "bottom")
    text += box((a - SHEET, low, LOW), (a, high, LOW + BACK), "clear", "back_plate")
    text += box((b, low, LOW), (b + SHEET, high, LOW + FRONT), "clear", "front_plate")
    text += box((a - SHEET, -w, LOW), (a, low, LOW + LIP), "body", "back_lip")
    text += box((b, -w, LOW), (b + SHEET, low, LOW + LIP), "body", "front_lip")
    text += box((a, w, LOW), (b, w + SHEET, LOW + FRONT), "body", "end_left")
    text += box((a, -w - SHEET, LOW), (b, -w, LOW + LIP), "body", "end_right")
    # the mouth widens: the front plate leans out above
    lean, long = np.deg2rad(35.0), 0.010
    at = (b + SHEET / 2 + long / 2 * np.sin(lean), (low + high) / 2, LOW + FRONT + long / 2 * np.cos(lean))
    shape = f'type="box" pos="{numbers(at)}" size="{numbers((SHEET / 2, (high - low) / 2, long / 2))}" euler="0 {lean:.5g} 0"'
    text += solid(shape, "clear", "flare")
    for y in (0.0, 0.022):  # two webs between the cup and the pocket
        text += box((0.0365, y - 0.002, LOW - 0.003), (a - SHEET, y + 0.002, LOW + 0.040), "body", f"web_{round(1e3 * y)}")
    return text


outer = INNER + WALL
section = [(INNER, FLOOR), (INNER, TALL), (outer, TALL), (outer, 0.002), (outer - 0.002, 0.0), (0.001, 0.0), (0.001, FLOOR)]
walls = "\n".join(ring_of_boxes("wall", 16, (outer, FLOOR), (outer, TALL), WALL))
sides = [MASS * (3 * outer**2 + TALL**2) / 12, MASS * (3 * outer**2 + TALL**2) / 12 + 3e-5, MASS * outer**2 * 0.7]
part = Part(__file__, prop_defaults("bottle_holder", 0.6), free=True)
part.looks = f"""
    <material name="body" rgba="0.16 0.17 0.21 1" specular="0.4" shininess="0.5"/>
    <material name="clear" rgba="0.84 0.90 0.94 0.40" specular="0.9" shininess="0.9"/>
{mesh("cup", revolve_ring([section], 48))}
"""
part.body = f"""
      <inertial pos="0.010 0 0.045" mass="{MASS:g}" diaginertia="{sides[0]:.3g} {sides[1]:.3g} {sides[2]:.3g}"/>
      <geom class="visual" type="mesh" mesh="cup" material="body"/>
      <geom name="floor" class="collision" type="cylinder" pos="0 0 {FLOOR / 2:g}" size="{outer:g} {FLOOR / 2:g}"/>
{walls}
{pocket()}      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {FLOOR:g}"/>
      <site name="body" pos="0 0 0.068" quat="0 0 0 1"/>
      <!-- on the pocket's bottom, z out of it; and before the pocket, to say where it faces -->
      <site name="pocket" pos="{numbers((POCKET + GAP / 2, 0, LOW))}"/>
      <site name="ahead" pos="0.15 0 0"/>
"""
part.write("in the middle of the foot; the pocket faces +x")
