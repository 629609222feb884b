"""Writes stacking_crate.xml, label.png and label.obj: a returnable crate of 600 x 400 mm with a grip hole in each short side.

Run from anywhere: `python assets/objects/stacking_crate/generate.py`. Needs Pillow.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from shiliu.assets.frame import Part, textured
from shiliu.assets.shapes import prop_defaults, span
from shiliu.assets.signs import flat

HERE = Path(__file__).parent
X, Y, H = 0.198, 0.297, 0.1475  # half sizes of the outside, height [m]
INX, INY = 0.182, 0.272  # half sizes of the inside
STEP, PLAY = 0.015, 0.002  # how far a crate sinks into the one below, with play to each side
HOLE, LOW, BAR = 0.060, 0.0835, 0.1235  # half length of a grip hole, its lower and upper edge
FLOOR = 0.018  # top of the bottom plate
EDGE = 0.0065  # radius of the rounded edge of the foot


def touched():
    """What meets other things: bottom plate and rounded foot, walls whose lower edge rests on a rim, short walls round the holes."""
    fx, fy = INX - PLAY, INY - PLAY
    rows = [span((-fx + EDGE, -fy + EDGE, 0), (fx - EDGE, fy - EDGE, FLOOR), "floor")]
    for name, sx, sy in (("near", -1, 0), ("far", 1, 0), ("left", 0, 1), ("right", 0, -1)):
        a = (sx * (fx - EDGE) or -fx + EDGE, sy * (fy - EDGE) or -fy + EDGE)
        b = (sx * (fx - EDGE) or fx - EDGE, sy * (fy - EDGE) or fy - EDGE)
        z = EDGE + 0.001
        rows.append(
            f'<geom name="foot_{name}" class="collision" type="capsule" size="{EDGE}" '
            f'fromto="{a[0]:.5g} {a[1]:.5g} {z} {b[0]:.5g} {b[1]:.5g} {z}"/>'
        )
    rows.append(span((-X, -Y, STEP), (-INX, Y, H), "wall_near"))
    rows.append(span((INX, -Y, STEP), (X, Y, H), "wall_far"))
    for name, s in (("left", 1), ("right", -1)):
        low, high = sorted((s * INY, s * Y))
        rows.append(span((-INX, low, STEP), (INX, high, LOW), f"wall_{name}"))
        rows.append(span((-INX, low, LOW), (-HOLE, high, BAR), f"post_{name}_near"))
        rows.append(span((HOLE, low, LOW), (INX, high, BAR), f"post_{name}_far"))
        rows.append(span((-INX, low, BAR), (INX, high, H), f"bar_{name}"))
    return rows


def seen():
    """Thin walls with ribs and a broad rim, drawn apart from what is touched."""
    rows = [span((-0.180, -0.270, 0.0), (0.180, 0.270, FLOOR), look="inside")]
    rows.append(span((0.005 - X, 0.006 - Y, FLOOR - 0.003), (X - 0.005, Y - 0.006, FLOOR - 0.0006), look="inside"))
    t = 0.004
    for s in (-1, 1):
        low, high = sorted((s * (X - 0.003), s * (X - 0.003 - t)))
        rows.append(span((low, -Y, STEP), (high, Y, H), look="wall"))
        low, high = sorted((s * X, s * INX))
        rows.append(span((low, -Y, H - 0.010), (high, Y, H), look="rim"))
        rows.append(span((low, -Y, STEP), (high, Y, STEP + 0.008), look="rim"))
        for y in (-0.285, -0.19, -0.095, 0.095, 0.19, 0.285):
            rows.append(span((low, y - 0.003, STEP), (high, y + 0.003, H), look="rim"))
        low, high = sorted((s * INY, s * Y))
        thin = sorted((s * (Y - 0.004), s * (Y - 0.004 - t)))
        rows.append(span((-INX, thin[0], STEP), (INX, thin[1], LOW), look="wall"))
        rows.append(span((-INX, thin[0], LOW), (-HOLE, thin[1], BAR), look="wall"))
        rows.append(span((HOLE, thin[0], LOW), (INX, thin[1], BAR), look="wall"))
        rows.append(span((-X, low, BAR), (X, high, H), look="rim"))
        rows.append(span((-HOLE - 0.008, low, LOW - 0.008), (HOLE + 0.008, high, LOW), look="rim"))
        rows.append(span((-X, low, STEP), (X, high, STEP + 0.008), look="rim"))
        for x in (-0.19, -0.125, -HOLE - 0.005, HOLE + 0.005, 0.125, 0.19):
            rows.append(span((x - 0.005, low, STEP), (x + 0.005, high, H), look="rim"))
    return rows


part = Part(__file__, prop_defaults("stacking_crate", 0.3, site=0.005, boxes=True), free=True)
part.looks = f"""
{textured("label", 'specular="0.1"')}
    <material name="wall" rgba="0.10 0.26 0.55 1" specular="0.35" shininess="0.4"/>
    <material name="rim" rgba="0.14 0.33 0.66 1" specular="0.45" shininess="0.5"/>
    <material name="inside" rgba="0.08 0.20 0.44 1" specular="0.2" shininess="0.3"/>
    <mesh name="label" file="label.obj" inertia="shell"/>
"""
part.body = f"""
      <inertial pos="0 0 0.062" mass="1.8" diaginertia="0.0776 0.0412 0.1098"/>
{chr(10).join(f"      {row}" for row in touched() + seen())}
      <geom class="visual" type="mesh" mesh="label" material="label"/>
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 0.018"/>
      <!-- the middle of the rim's opening, at the height at which the base of the next crate comes to lie -->
      <site name="stack" pos="0 0 0.1325"/>
      <site name="front" pos="-0.198 0 0.075"/>
      <site name="corner_near_left" pos="-0.198 0.297 0.015"/>
      <site name="corner_near_right" pos="-0.198 -0.297 0.015"/>
      <site name="corner_far_left" pos="0.198 0.297 0.015"/>
      <site name="corner_far_right" pos="0.198 -0.297 0.015"/>
      <!-- the bar over each hole: x into the crate, y up, along which the pads close -->
      <site name="grip_left" pos="0 0.2845 0.1355" xyaxes="0 -1 0 0 0 1"/>
      <site name="grip_right" pos="0 -0.2845 0.1355" xyaxes="0 1 0 0 0 1"/>
      <!-- the same bars as pads take them that close across the wall: y along which they close -->
      <site name="rim_left" pos="0 0.2845 0.1355"/>
      <site name="rim_right" pos="0 -0.2845 0.1355"/>
"""
part.write("in the middle of the underside; x away from who carries it, y to the left along its long side, z up")
image = Image.new("RGB", (640, 320), (246, 246, 243))
draw = ImageDraw.Draw(image)
draw.rectangle((6, 6, 633, 313), outline=(20, 24, 30), width=4)
draw.text((320, 75), "KLT 6147", fill=(20, 24, 30), font=ImageFont.load_default(110), anchor="mm")
draw.text((320, 165), "600 x 400   max 6 kg", fill=(20, 24, 30), font=ImageFont.load_default(54), anchor="mm")
for i, width in enumerate((6, 3, 9, 3, 6, 6, 3, 12, 3, 6, 9, 3, 6, 3, 9, 6, 3, 6, 12, 3)):
    draw.rectangle((80 + 24 * i, 210, 80 + 24 * i + width, 295), fill=(20, 24, 30))
image.quantize(16).save(HERE / "label.png", optimize=True)
x, half, low, high = -X - 0.0006, 0.075, 0.042, 0.117
corners = ((x, half, low, 0, 0), (x, -half, low, 1, 0), (x, -half, high, 1, 1), (x, half, high, 0, 1))
flat(HERE / "label.obj", corners, both=True)
