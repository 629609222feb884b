"""Writes shopping_basket.xml: a plastic hand basket with two handles laid down on its rim.

Run from anywhere: `python assets/objects/shopping_basket/generate.py`.
"""

from itertools import pairwise

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.shapes import box_inertia, numbers, prop_defaults, seen

LONG, WIDE, HIGH = 0.440, 0.300, 0.220  # m, outside at the rim, along y and along x; upright
TAPER, WALL, FLOOR = 0.024, 0.0025, 0.004  # m: by which a wall leans in at the foot; half a wall; half the floor
RIM = 0.009  # m, by which the rim stands out, and half as high
MASS = 0.70  # kg


def at(u: float, sx: int, sy: int, z: float) -> tuple[float, float, float]:
    """A point of a wall's outside: u from -1 to 1 along it, at a height."""
    inset = RIM + WALL + TAPER * (1 - z / HIGH)
    half_x, half_y = WIDE / 2 - inset, LONG / 2 - inset
    return (sx * half_x, u * half_y, z) if sx else (u * half_x, sy * half_y, z)


def lattice() -> list[str]:
    """Ribs and bands of the walls, as moulded baskets have them."""
    lines = []
    for sx, sy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        count = 13 if sx else 9
        for u in np.linspace(-1, 1, count):
            ends = numbers((*at(u, sx, sy, 0.008), *at(u, sx, sy, HIGH - 0.012)), 4)
            lines.append(seen("capsule", "plastic", fromto=ends, size="0.0026"))
        for z in (0.012, 0.060, 0.110, 0.160):
            ends = numbers((*at(-1, sx, sy, z), *at(1, sx, sy, z)), 4)
            lines.append(seen("capsule", "plastic", fromto=ends, size="0.0030"))
    return lines


def walls() -> list[str]:
    lean = float(np.arctan2(TAPER, HIGH))
    lines = []
    for i, (sx, sy) in enumerate(((1, 0), (-1, 0), (0, 1), (0, -1))):
        reach = (WIDE if sx else LONG) / 2 - RIM - WALL - TAPER / 2
        along = (LONG if sx else WIDE) / 2 - RIM - TAPER / 2
        half = (WALL, along, HIGH / 2 - 0.008) if sx else (along, WALL, HIGH / 2 - 0.008)
        euler = (0, sx * lean, 0) if sx else (-sy * lean, 0, 0)
        lines.append(
            f'<geom name="wall_{i}" class="collision" type="box" pos="{numbers((sx * reach, sy * reach, HIGH / 2))}" '
            f'euler="{numbers(euler)}" size="{numbers(half)}"/>'
        )
        out = (WIDE if sx else LONG) / 2 - RIM
        size = (RIM, LONG / 2, RIM) if sx else (WIDE / 2 - 2 * RIM, RIM, RIM)
        place = numbers((sx * out, sy * out, HIGH - RIM))
        lines.append(f'<geom name="rim_{i}" class="collision" type="box" pos="{place}" size="{numbers(size)}"/>')
        lines.append(seen("box", "plastic", pos=place, size=numbers(size)))
    return lines


def handles() -> list[str]:
    """Two bails that lie on the rim, one along either long side."""
    lines = []
    for s in (-1, 1):
        x, y, z = s * (WIDE / 2 - 0.012), LONG / 2 - 0.030, HIGH + 0.004
        corners = ((s * 0.014, -y, z), (x, -y, z), (x, y, z), (s * 0.014, y, z))
        for a, b in pairwise(corners):
            lines.append(seen("capsule", "handle", fromto=numbers((*a, *b)), size="0.006"))
        grip = numbers((x, -0.055, z, x, 0.055, z))
        lines.append(seen("capsule", "grip", fromto=grip, size="0.0085"))
        name = "near" if s < 0 else "far"
        lines.append(f'<geom name="handle_{name}" class="collision" type="capsule" fromto="{grip}" size="0.0085"/>')
    return lines


floor = numbers((WIDE / 2 - RIM - TAPER, LONG / 2 - RIM - TAPER, FLOOR))
inertia = box_inertia(MASS, (WIDE, LONG, HIGH), 9)
ribs = [
    seen(
        "box",
        "plastic",
        pos=numbers((0, y, 2 * FLOOR + 0.001)),
        size=numbers((WIDE / 2 - RIM - TAPER, 0.003, 0.0012)),
    )
    for y in np.linspace(-0.16, 0.16, 9)
]
part = Part(__file__, prop_defaults("basket", 0.4), free=True)
part.looks = """
    <material name="plastic" rgba="0.80 0.10 0.12 1" specular="0.3" shininess="0.4"/>
    <material name="handle" rgba="0.16 0.17 0.19 1" specular="0.4" shininess="0.5"/>
    <material name="grip" rgba="0.24 0.25 0.28 1" specular="0.1"/>
    <material name="panel" rgba="0.72 0.08 0.10 1" specular="0.2" shininess="0.3"/>
"""
part.body = f"""
      <!-- estimate: most of it in walls and rim -->
      <inertial pos="0 0 {0.45 * HIGH:g}" mass="{MASS:g}" diaginertia="{inertia[0]:.3g} {inertia[1]:.3g} {inertia[2]:.3g}"/>
      <geom name="floor" class="collision" type="box" pos="0 0 {FLOOR:g}" size="{floor}"/>
      {seen("box", "panel", pos=f"0 0 {FLOOR:g}", size=floor)}
{chr(10).join("      " + row for row in ribs + walls() + lattice() + handles())}
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {2 * FLOOR:g}"/>
      <site name="mouth" pos="0 0 {HIGH:g}"/>
      <!-- across the rim of either end, where two hands take it -->
      <site name="grip_left" pos="0 {LONG / 2 - RIM:g} {HIGH - RIM:g}"/>
      <site name="grip_right" pos="0 {RIM - LONG / 2:g} {HIGH - RIM:g}"/>
      <!-- the rim of its near side, x out of it -->
      <site name="near_side" pos="{-WIDE / 2:g} 0 {HIGH - RIM:g}" quat="0 0 0 1"/>
"""
part.write("in the middle of the foot; y along its length")
