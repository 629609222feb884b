"""Writes snack_bag.xml, front.obj and label_*.png: a pillow bag of crisps, whose two sides give way like the air in it.

Run from anywhere: `python assets/objects/snack_bag/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

import numpy as np
from shiliu.assets.bags import film, side
from shiliu.assets.frame import Part
from shiliu.assets.groceries import Wares, shown, written
from shiliu.assets.shapes import box_inertia, mesh, numbers, prop_defaults

FOLDER = Path(__file__).parent
FLAT, HEIGHT, DEPTH, CRIMP = 0.180, 0.260, 0.060, 0.012  # m: width of the flat film, upright, filled; height of a seam
FULL = 0.158  # m, width of the filled bag at its middle: half of what goes round stays 180 mm
MASS, SIDE = 0.090, 0.015  # kg, of all and of either side
CORE = 0.050  # m, half width of what stays as it is between the sides
CRUSHED = 0.30 * FULL / 2  # m by which either side has given way where the bag counts as crushed
STIFFNESS = round(25.0 / CRUSHED)  # N/m of either side: 25 N, the most that the facts let a hand press, crush it
DAMPING = 4.0  # Ns/m
WARES = (
    Wares("原味薯片", "POTATO CRISPS", "90 g", (214, 160, 20), "0.94 0.74 0.16 1", "脆响"),
    Wares("番茄薯片", "TOMATO CRISPS", "90 g", (200, 40, 36), "0.86 0.24 0.18 1", "脆响"),
    Wares("海苔薯片", "SEAWEED CRISPS", "90 g", (40, 120, 72), "0.24 0.56 0.34 1", "脆响"),
)


def skin(rows: int = 14, columns: int = 14):
    """Front and back of a film bag between its two seams: points (rows, columns, 3) of the front, for x < 0 [m]."""
    v, u = np.linspace(0, 1, rows + 1), np.linspace(-1, 1, columns + 1)
    filled = np.sin(np.pi * v) ** 0.45
    half = FLAT / 2 - (FLAT - FULL) / 2 * filled
    bulge = DEPTH / 2 * filled[:, None] * np.sqrt(np.clip(1 - np.abs(u) ** 2.4, 0, None))[None, :]
    wrinkle = 0.0012 * np.sin(9 * np.pi * u)[None, :] * (1 - filled)[:, None]
    y, z = -half[:, None] * u[None, :], CRIMP + v[:, None] * (HEIGHT - 2 * CRIMP) + 0 * u[None, :]
    return np.stack([-(bulge + wrinkle + 0.0005), y, z], axis=-1), u, v


def front(file: Path) -> None:
    """The label on the front, as an OBJ that follows the film."""
    points, u, v = skin()
    rows, columns = points.shape[:2]
    lines = ["# written by generate.py"]
    lines += [f"v {x - 0.0006:.5f} {y:.5f} {z:.5f}" for x, y, z in points.reshape(-1, 3)]
    lines += [f"vt {(b + 1) / 2:.4f} {a:.4f}" for a in v for b in u]
    for i in range(rows - 1):
        for j in range(columns - 1):
            a, b, c, d = (r * columns + s + 1 for r, s in ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)))
            lines += [f"f {a}/{a} {b}/{b} {c}/{c}", f"f {a}/{a} {c}/{c} {d}/{d}"]
    file.write_text("\n".join(lines) + "\n")


textures = written(WARES, FOLDER, (720, 944))
front(FOLDER / "front.obj")
points, *_ = skin()
half = (FULL / 2 - CORE) / 2
inertia = box_inertia(MASS, (DEPTH, FULL, HEIGHT), 14)
seams = "\n".join(
    shown(WARES, "fill", f'type="box" pos="0 0 {z:g}" size="0.0008 {FLAT / 2:g} {CRIMP / 2:g}"', name)
    for name, z in (("foot", CRIMP / 2), ("head", HEIGHT - CRIMP / 2))
)
core = numbers((DEPTH / 2 - 0.004, CORE, HEIGHT / 2))
sides = "\n".join(
    side(name, sign, numbers((0, sign * (CORE + half), HEIGHT / 2)), SIDE, "6e-05 6e-05 1e-05", 0.9 * CORE, STIFFNESS, DAMPING,
         f"0.018 {half:g} 0.095")
    for name, sign in (("left", 1), ("right", -1))
)  # fmt: skip
part = Part(__file__, prop_defaults("bag", 0.5), free=True)
part.looks = f"""
{textures}
    <mesh name="front" file="front.obj" inertia="shell"/>
{mesh("film", film(points, points * [-1.0, 1.0, 1.0]))}
"""
part.body = f"""
      <!-- estimate: fuller in its middle than a box -->
      <inertial pos="0 0 {0.46 * HEIGHT:g}" mass="{MASS - 2 * SIDE:g}" diaginertia="{inertia[0]:.3g} {inertia[1]:.3g} {inertia[2]:.3g}"/>
{shown(WARES, "fill", 'type="mesh" mesh="film"')}
{seams}
{shown(WARES, "label", 'type="mesh" mesh="front"')}
      <!-- what stands and meets neighbours: soft, as the crisps in it -->
      <geom name="core" class="collision" type="box" pos="0 0 {HEIGHT / 2:g}" size="{core}" solref="0.02 1"/>
      <site name="base" pos="0 0 0"/>
      <site name="middle" pos="0 0 0.185" quat="0 0 0 1"/>
      <!-- where the tcp of an open claw comes: pads 158 mm apart are 35 mm nearer to the palm than closed ones -->
      <site name="body" pos="0.022 0 0.185" quat="0 0 0 1"/>
      <site name="label" pos="{-DEPTH / 2:g} 0 {HEIGHT / 2:g}" quat="0 0 0 1"/>
      <site name="top" pos="0 0 {HEIGHT:g}"/>
{sides}
"""
part.write("in the middle of the foot; its front faces -x")
