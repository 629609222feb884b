"""Writes bottle_065.xml, label.obj and label.png: a drinking-water bottle with a wide mouth, open.

Run from anywhere: `python assets/objects/bottle_065/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from shiliu.assets.frame import Part, textured
from shiliu.assets.medicines import band_shape
from shiliu.assets.shapes import FOOT, feet, mesh, numbers, prop_defaults, revolve
from shiliu.assets.signs import font
from shiliu.assets.tableware import GROUND, water

FOLDER = Path(__file__).parent
MASS = 0.13  # kg, empty
RADIUS, HEIGHT, SHOULDER, NECK = 0.0325, 0.225, 0.150, 0.185  # m, outside; where the shoulder begins and ends
BORE, MOUTH, FLOOR, WALL = 0.0305, 0.0150, 0.003, 0.002  # m, inside
FILL = 4.0e-4  # m3 at the start
DENSITY, GRAVITY = 1000.0, 9.81
# Half profile (radius, height) in m: middle of the outer base, up the wall, round the lip, down the bore.
PROFILE = np.array([
    (0.0, 0.0040), (0.0200, 0.0040), (0.0240, 0.0), (0.0290, 0.0), (0.0318, 0.0030), (0.0325, 0.0080),
    (0.0325, 0.0440), (0.0318, 0.0470), (0.0318, 0.1130), (0.0325, 0.1160), (0.0325, 0.1500), (0.0305, 0.1620),
    (0.0250, 0.1760), (0.0190, 0.1850), (0.0175, 0.1900), (0.0175, 0.1960), (0.0200, 0.1975), (0.0200, 0.2000),
    (0.0175, 0.2015), (0.0175, 0.2060), (0.0182, 0.2070), (0.0175, 0.2080), (0.0175, 0.2130), (0.0182, 0.2140),
    (0.0175, 0.2150), (0.0175, 0.2235), (0.0168, 0.2250), (0.0157, 0.2250), (0.0150, 0.2235), (0.0150, 0.1880),
    (0.0235, 0.1740), (0.0288, 0.1600), (0.0305, 0.1480), (0.0305, 0.0080), (0.0280, 0.0050), (0.0, 0.0050),
])  # fmt: skip
SEGMENTS = 36
SIDES = 12  # boxes of the body that is touched, with flats of 17 mm for the pads
LABEL = (0.0500, 0.1100)  # m, lower and upper edge


def label_picture(width=1024, height=300):
    """The label all round: name of the water twice, so that one is seen from anywhere."""
    image = Image.new("RGB", (width, height), (236, 246, 252))
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, width, 34], fill=(20, 104, 176))
    draw.rectangle([0, height - 34, width, height], fill=(20, 104, 176))
    for x in (0, width // 2):
        wave = [(x + i, 232 + 10 * np.sin(2 * np.pi * i / 128)) for i in range(0, width // 2 + 1, 4)]
        draw.line(wave, fill=(92, 176, 224), width=10)
        draw.text((x + 256, 118), "饮用水", font=font(118), fill=(16, 78, 148), anchor="mm")
        draw.text((x + 256, 206), "DRINKING WATER  450 ml", font=font(32), fill=(40, 96, 150), anchor="mm")
    image.quantize(48).save(FOLDER / "label.png", optimize=True)


label_picture()
band_shape(FOLDER / "label.obj", 0.0323, *LABEL, np.linspace(0, 2 * np.pi, 65), 0.0012)
area = np.pi * BORE**2
level = FILL / area
walls = []
for i in range(SIDES):
    a = 2 * np.pi * i / SIDES
    half = (SHOULDER - 0.003) / 2
    pos = numbers(((RADIUS - WALL / 2) * np.cos(a), (RADIUS - WALL / 2) * np.sin(a), 0.003 + half))
    size = numbers((WALL / 2, RADIUS * np.tan(np.pi / SIDES), half))
    quat = numbers((np.cos(a / 2), 0, 0, np.sin(a / 2)))
    walls.append(f'      <geom name="wall_{i}" class="collision" type="box" pos="{pos}" quat="{quat}" size="{size}"/>')
more, tail = water("bottle", FLOOR, level, BORE - 0.0008, "-0.001 0.2", 0.2, FILL * DENSITY * GRAVITY, 10)
part = Part(__file__, prop_defaults("bottle", 0.6, FOOT), free=True)
part.before = GROUND
part.looks = f"""
{textured("label", 'specular="0.2" shininess="0.3"')}
    <material name="plastic" rgba="0.70 0.86 0.95 0.62" specular="0.9" shininess="0.9" reflectance="0.05"/>
    <material name="water" rgba="0.45 0.68 0.82 0.75" specular="0.9" shininess="0.9"/>
    <mesh name="label" file="label.obj" inertia="shell"/>
{mesh("bottle", revolve(PROFILE, SEGMENTS))}
"""
part.body = f"""
      <!-- estimate: a wall of even thickness -->
      <inertial pos="0 0 0.098" mass="{MASS - 0.001:g}" diaginertia="6.3e-4 6.3e-4 1.15e-4"/>
      <geom name="label" class="visual" type="mesh" mesh="label" material="label"/>
      <geom name="bottle" class="visual" type="mesh" mesh="bottle" material="plastic"/>
{feet(0.026, 0.002)}
{chr(10).join(walls)}
      <geom name="shoulder" class="collision" type="cylinder" pos="0 0 0.1665" size="0.0265 0.0165"/>
      <geom name="neck" class="collision" type="cylinder" pos="0 0 {(NECK + HEIGHT) / 2:g}" size="0.0178 {(HEIGHT - NECK) / 2:g}"/>
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {FLOOR:g}"/>
      <site name="mouth" pos="0 0 {HEIGHT:g}"/>
      <site name="body" pos="0 0 0.082" quat="0 0 0 1"/>
      <site name="weight" pos="0 0 0.070"/>
{more}"""
part.tail = tail
part.write("in the middle of the foot, at the table's level")
print(f"per m3 of water: level {1 / area:.4f} m, weight {DENSITY * GRAVITY:.1f} N")
