"""Writes tin_box.xml, its lid's picture: a biscuit tin with rounded corners that fits into a drawer.

Run from anywhere: `python assets/objects/tin_box/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from shiliu.assets.frame import Part, textured
from shiliu.assets.shapes import FOOT, box_inertia, mesh, numbers, prop_defaults
from shiliu.assets.signs import font

HERE = Path(__file__).parent
LENGTH, WIDTH, HEIGHT, CORNER, MASS = 0.130, 0.085, 0.060, 0.014, 0.22  # m, m, m, m, kg
LID = 0.016  # m


def ring(grown: float, count: int = 6) -> np.ndarray:
    """(n, 2) points round the tin, `grown` [m] beyond it; x along its width, y along its length."""
    points = []
    for sx, sy, start in ((1, 1, 0.0), (-1, 1, 0.5), (-1, -1, 1.0), (1, -1, 1.5)):
        middle = np.array([sx * (WIDTH / 2 - CORNER), sy * (LENGTH / 2 - CORNER)])
        for a in np.pi * (start + np.linspace(0, 0.5, count)):
            points.append(middle + (CORNER + grown) * np.array([np.cos(a), np.sin(a)]))
    return np.array(points)


def shell(rings):
    """A closed skin through rings of (points grown by, height): vertices (m, 3) [m] and faces (k, 3)."""
    vertices, n = [], len(ring(0.0))
    for grown, z in rings:
        vertices += [(x, y, z) for x, y in ring(grown)]
    faces = []
    for i in range(len(rings) - 1):
        for j in range(n):
            a, b, c, d = i * n + j, i * n + (j + 1) % n, (i + 1) * n + j, (i + 1) * n + (j + 1) % n
            faces += [(a, b, d), (a, d, c)]
    last = (len(rings) - 1) * n
    vertices += [(0, 0, rings[0][1]), (0, 0, rings[-1][1])]
    for j in range(n):
        k = (j + 1) % n
        faces += [(len(vertices) - 2, k, j), (len(vertices) - 1, last + j, last + k)]
    return np.array(vertices), np.array(faces)


def picture(width=390, height=255):
    """The lid from above."""
    image = Image.new("RGB", (width, height), (30, 84, 96))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle([14, 14, width - 15, height - 15], 34, outline=(232, 206, 140), width=5)
    draw.text((width / 2, 98), "曲奇饼干", font=font(72), fill=(246, 232, 196), anchor="mm")
    draw.text((width / 2, 176), "BUTTER COOKIES", font=font(32), fill=(232, 206, 140), anchor="mm")
    image.quantize(16).save(HERE / "lid.png", optimize=True)
    w, h = WIDTH / 2 - 0.007, LENGTH / 2 - 0.007
    corners = ((w, h, 0, 0), (w, -h, 1, 0), (-w, -h, 1, 1), (-w, h, 0, 1))  # read from the front, at +x
    z = 0.0004
    lines = ["# written by generate.py", *(f"v {-x:.4f} {y:.4f} {k}" for k in (z, -z) for x, y, _, _ in corners)]
    lines += [f"vt {u} {v}" for _, _, u, v in corners] * 2
    lines += [f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in ((1, 2, 3), (1, 3, 4), (7, 6, 5), (8, 7, 5))]
    (HERE / "lid.obj").write_text("\n".join(lines) + "\n")


picture()
body = shell([(-0.003, 0.0), (0.0, 0.003), (0.0, HEIGHT - LID)])
lid = shell(
    [
        (0.001, HEIGHT - LID),
        (0.001, HEIGHT - 0.002),
        (-0.001, HEIGHT - 0.0002),
        (-0.004, HEIGHT - 0.0002),
        (-0.005, HEIGHT - 0.001),
    ]
)
x, y, h = WIDTH / 2, LENGTH / 2, HEIGHT / 2
ixx, iyy, izz = box_inertia(MASS, (x, y, h), 3)
feet = "\n".join(
    f'      <geom name="foot_{i}" class="foot" pos="{sx * (x - CORNER):g} {sy * (y - CORNER):g} 0.003" size="0.003"/>'
    for i, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1)))
)
part = Part(__file__, prop_defaults("tin_box", 0.45, FOOT), free=True, what="numbers")
part.looks = f"""
{textured("lid", 'specular="0.5" shininess="0.6"')}
    <material name="tin" rgba="0.12 0.33 0.38 1" specular="0.6" shininess="0.7"/>
    <material name="rim" rgba="0.16 0.40 0.45 1" specular="0.7" shininess="0.7"/>
    <mesh name="lid" file="lid.obj" inertia="shell"/>
{mesh("body", body)}
{mesh("cap", lid)}
"""
part.body = f"""
      <inertial pos="0 0 {h:g}" mass="{MASS:g}" diaginertia="{numbers((ixx, iyy, izz), 7)}"/>
      <geom name="wall" class="collision" type="box" pos="0 0 {h + 0.001:g}" size="{numbers((x, y, h - 0.001))}"/>
{feet}
      <geom class="visual" type="mesh" mesh="body" material="tin"/>
      <geom class="visual" type="mesh" mesh="cap" material="rim"/>
      <geom class="visual" type="mesh" mesh="lid" material="lid" pos="0 0 {HEIGHT:g}"/>
      <site name="base" pos="0 0 0"/>
      <!-- pads close across its width -->
      <site name="middle" pos="0 0 {HEIGHT - 0.022:g}" quat="0.70711 0 0 0.70711"/>
      <site name="top" pos="0 0 {HEIGHT:g}"/>
"""
part.write("in the middle of its underside; x along its width, y along its length")
