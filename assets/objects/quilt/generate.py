"""Writes quilt.xml and its picture: a quilt as one sliding body with a rumpled corner that a hand takes.

Run from anywhere: `python assets/objects/quilt/generate.py`. Needs Pillow.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from shiliu.assets.cloths import ridge
from shiliu.assets.frame import Part, textured
from shiliu.assets.shapes import box_inertia, mesh, numbers, prop_defaults

HERE = Path(__file__).parent
LONG, WIDE, THICK, MASS = 1.180, 1.060, 0.036, 2.0  # m: along x (the bed), along y, of the layers; kg
CREASE = (0.055, 0.012, 0.026)  # m: half its length along y, half its thickness along x, half its height
INSET = 0.075  # m, of the crease from the corner, either way
PATCH = 0.106  # m, side of a quilted square


def cover():
    """Upper side with puffed squares and a round edge, as OBJ with texture coordinates; it is open below."""
    n, m = 38, 34
    x, y = np.linspace(-LONG / 2, LONG / 2, n), np.linspace(-WIDE / 2, WIDE / 2, m)
    u, v = np.meshgrid(x, y, indexing="ij")
    near = np.minimum(LONG / 2 - np.abs(u), WIDE / 2 - np.abs(v))
    edge = np.clip(near / 0.035, 0, 1)
    puff = np.abs(np.sin(np.pi * (u + LONG / 2) / PATCH) * np.sin(np.pi * (v + WIDE / 2) / PATCH)) ** 0.5
    away = np.hypot(u - LONG / 2 + INSET, v + WIDE / 2 - INSET)
    z = (
        0.002
        + (THICK - 0.008) * np.sqrt(edge * (2 - edge))
        + 0.008 * puff * edge
        + 0.012 * np.exp(-((away / 0.05) ** 2))
    )
    lines = ["# written by generate.py"]
    lines += [f"v {a:.4g} {b:.4g} {c:.3g}" for a, b, c in zip(u.ravel(), v.ravel(), z.ravel())]
    lines += [f"vt {a / LONG + 0.5:.3g} {b / WIDE + 0.5:.3g}" for a, b in zip(u.ravel(), v.ravel())]
    for i in range(n - 1):
        for j in range(m - 1):
            a = i * m + j + 1
            lines.append("f " + " ".join(f"{k}/{k}" for k in (a, a + m, a + m + 1, a + 1)))
    (HERE / "cover.obj").write_text("\n".join(lines) + "\n")


def picture(size=800):
    """Small leaves on green, a white band turned over at the head's end."""
    rng = np.random.default_rng(8)
    image = Image.new("RGB", (size, size), (134, 166, 148))
    draw = ImageDraw.Draw(image)
    for _ in range(420):
        x, y, r = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(7, 13)
        colour = (112, 148, 128) if rng.random() < 0.5 else (168, 194, 172)
        draw.ellipse([x - r, y - r / 2.2, x + r, y + r / 2.2], fill=colour)
    draw.rectangle([size * 0.86, 0, size, size], fill=(238, 238, 230))
    draw.line([size * 0.86, 0, size * 0.86, size], fill=(96, 130, 110), width=5)
    image.quantize(24).save(HERE / "leaves.png", optimize=True)


def crease():
    """The rumpled corner, gathered along y: vertices (m, 3) [m] and faces (k, 3)."""
    vertices, faces = ridge(CREASE, 16, (1.1, 0.25), (4, False))
    return vertices[:, [1, 0, 2]], faces[:, [0, 2, 1]]


cover()
picture()
length, thick, high = CREASE
half = (LONG / 2 - 0.01, WIDE / 2 - 0.01, THICK / 2 - 0.003)
slab = MASS - 0.06
inertia = box_inertia(slab, (LONG, WIDE, THICK))
at = (LONG / 2 - INSET, -WIDE / 2 + INSET)
part = Part(__file__, prop_defaults("quilt", 0.5), free=True, what="numbers")
part.looks = f"""
{textured("leaves", 'specular="0.02" shininess="0.05"')}
    <material name="white" rgba="0.93 0.93 0.90 1" specular="0.02" shininess="0.05"/>
    <mesh name="cover" file="cover.obj" inertia="shell" smoothnormal="true"/>
{mesh("crease", crease())}
"""
part.body = f"""
      <inertial pos="0 0 {THICK / 2:g}" mass="{slab:g}" diaginertia="{numbers(inertia, 5)}"/>
      <geom name="slab" class="collision" type="box" pos="0 0 {half[2]:g}" size="{numbers(half)}" condim="3" solref="0.02 1"/>
      <geom class="visual" type="mesh" mesh="cover" material="leaves"/>
      <site name="base" pos="0 0 0"/>
      <site name="top" pos="0 0 {THICK - 0.006:g}"/>
      <site name="corner" pos="{LONG / 2:g} {-WIDE / 2:g} 0"/>
      <!-- filling and cover bend where they are gathered: the quilt stays on the bed however its fold is held -->
      <body name="crease" pos="{at[0]:g} {at[1]:g} {THICK - 0.004:g}">
        <inertial pos="0 0 {high:g}" mass="0.06" diaginertia="6e-5 1.5e-5 7e-5"/>
        <joint name="bend_x" type="hinge" axis="1 0 0" range="-0.7 0.7" stiffness="0.10" damping="0.006" armature="3e-5"/>
        <joint name="bend_y" type="hinge" axis="0 1 0" range="-0.7 0.7" stiffness="0.10" damping="0.006" armature="3e-5"/>
        <geom class="visual" type="mesh" mesh="crease" material="white" pos="0 0 -0.006"/>
        <geom name="crease" class="collision" type="box" pos="0 0 {high:g}" size="{thick:g} {length:g} {high:g}"
          friction="0.8 0.005 0.0001" solref="0.01 1"/>
        <!-- x axis along the fold -->
        <site name="crease" pos="0 0 {high + 0.006:g}" quat="0.70711 0 0 0.70711"/>
      </body>
"""
part.write("in the middle of its underside; x along the bed to the head, the rumpled corner at +x, -y")
