"""Writes can_carton.xml and side.png: the opened carton of twelve drink cans, its front torn off along the perforation.

Run from anywhere: `python assets/objects/can_carton/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from PIL import Image, ImageDraw
from shiliu.assets.frame import Part, textured
from shiliu.assets.shapes import box_inertia, numbers, prop_defaults
from shiliu.assets.signs import font, plate

FOLDER = Path(__file__).parent
LONG, DEEP, HIGH = 0.272, 0.206, 0.120  # m, outside: along y, along x, upright; inside room for 4 x 3 cans of 66.2 mm
BOARD, FRONT = 0.002, 0.045  # m: half of a double wall; height of what is left of the front
CAN = 0.0665  # m, from can to can
MASS = 0.16  # kg
KRAFT = (196, 152, 100)


def picture():
    image = Image.new("RGB", (840, 360), KRAFT)
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 250, 840, 330], fill=(176, 24, 38))
    draw.text((420, 110), "十六 酸梅汤", font=font(120), fill=(120, 24, 30), anchor="mm")
    draw.text((420, 205), "SOUR PLUM DRINK", font=font(52), fill=(120, 24, 30), anchor="mm")
    draw.text((420, 290), "330 mL × 12", font=font(54), fill=(250, 244, 230), anchor="mm")
    image.quantize(24).save(FOLDER / "side.png", optimize=True)


def wall(name: str, low: tuple[float, float, float], high: tuple[float, float, float]) -> str:
    pos = numbers((a + b) / 2 for a, b in zip(low, high))
    size = numbers((b - a) / 2 for a, b in zip(low, high))
    return (
        f'      <geom class="visual" type="box" pos="{pos}" size="{size}" material="board"/>\n'
        f'      <geom name="{name}" class="collision" type="box" pos="{pos}" size="{size}"/>'
    )


picture()
plate(FOLDER / "side.obj", LONG - 0.01, HIGH - 0.01, 0.0004)
x, y, t = DEEP / 2, LONG / 2, 2 * BOARD
rows = [
    wall("floor", (-x, -y, 0), (x, y, t)),
    wall("back", (x - t, -y, t), (x, y, HIGH)),
    wall("left", (-x + t, y - t, t), (x - t, y, HIGH)),
    wall("right", (-x + t, -y, t), (x - t, -y + t, HIGH)),
    wall("front", (-x, -y, t), (-x + t, y, FRONT)),
]
sites = [
    f'      <site name="place_{r}_{c}" pos="{numbers(((r - 2) * CAN, (2.5 - c) * CAN, t))}"/>'
    for r in (1, 2, 3)
    for c in (1, 2, 3, 4)
]
inertia = box_inertia(MASS, (DEEP, LONG, HIGH), 9)
part = Part(__file__, prop_defaults("carton", 0.5), free=True)
part.looks = f"""
{textured("side", 'specular="0.05"')}
    <material name="board" rgba="0.77 0.60 0.39 1" specular="0.05"/>
    <mesh name="side" file="side.obj" inertia="shell"/>
"""
part.body = f"""
      <inertial pos="0.02 0 0.04" mass="{MASS:g}" diaginertia="{inertia[0]:.3g} {inertia[1]:.3g} {inertia[2]:.3g}"/>
{chr(10).join(rows)}
      <geom class="visual" type="mesh" mesh="side" material="side" pos="{x - t - 0.0006:g} 0 {HIGH / 2 + 0.004:g}"/>
      <geom class="visual" type="mesh" mesh="side" material="side" pos="{x + 0.0006:g} 0 {HIGH / 2:g}" quat="0 0 0 1"/>
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {t:g}"/>
      <!-- where its cans stand: row from the front, column from the left -->
{chr(10).join(sites)}
"""
part.write("in the middle of the foot; its torn front to -x")
