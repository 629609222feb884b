"""Writes parcel_pouch.xml, waybill.png and waybill.obj: a soft poly mailer whose two long sides give way like the clothes in it.

Run from anywhere: `python assets/objects/parcel_pouch/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

import numpy as np
from shiliu.assets.bags import film, side
from shiliu.assets.frame import Part
from shiliu.assets.panels import pictures
from shiliu.assets.parcels import ROUTES, laid, waybill
from shiliu.assets.shapes import box_inertia, mesh, prop_defaults

HERE = Path(__file__).parent
LONG, FLAT, THICK, SEAM = 0.250, 0.180, 0.050, 0.014  # m: along x, width of the flat film along y, filled; a seam at either end
FULL = 0.164  # m, width of the filled pouch: half of what goes round an ellipse of that and THICK is 180 mm
MASS, SIDE = 0.50, 0.02  # kg, of all and of either side
CORE = 0.050  # m, half width of what stays as it is between the sides
STIFFNESS, DAMPING = 900.0, 6.0  # N/m and Ns/m of either side
TRAVEL = 0.030  # m, by which a side can give way


def filled_film(rows: int = 16, columns: int = 14):
    """The filled film between its two seams, as one shell that lies on its underside."""
    v, u = np.linspace(0.0, 1.0, rows + 1), np.linspace(-1.0, 1.0, columns + 1)
    filled = np.sin(np.pi * v) ** 0.40
    half = FLAT / 2 - (FLAT - FULL) / 2 * filled
    bulge = THICK / 2 * filled[:, None] * np.sqrt(np.clip(1 - np.abs(u) ** 2.2, 0, None))[None, :]
    wrinkle = 0.0022 * np.sin(7 * np.pi * u)[None, :] * ((1 - filled) + 0.25)[:, None]
    x = -LONG / 2 + SEAM + v[:, None] * (LONG - 2 * SEAM) + 0 * u[None, :]
    y = half[:, None] * u[None, :]
    up = np.stack([x, y, THICK / 2 + bulge + wrinkle * (bulge > 1e-6)], axis=-1)
    down = np.stack([x, y, THICK / 2 - bulge], axis=-1)
    return film(up, down, True)


waybill(HERE / "waybill.png", ROUTES[0], seed=1)
laid(HERE / "waybill.obj", 0.102, 0.068)
core = MASS - 2 * SIDE
inertia = box_inertia(core, (LONG, FULL, THICK), 14)
ends = "\n".join(
    f'      <geom class="visual" type="box" pos="{s * (LONG / 2 - SEAM / 2):g} 0 {THICK / 2:g}"'
    f' size="{SEAM / 2 + 0.002:g} {FLAT / 2 - 0.002:g} 0.0008" material="film"/>'
    for s in (1, -1)
)
half = (FULL / 2 - CORE) / 2
sides = "\n".join(
    side(name, sign, f"0 {sign * (CORE + half):g} {THICK / 2:g}", SIDE, "7e-05 7e-05 1e-05", TRAVEL, STIFFNESS, DAMPING,
         f"0.085 {half:g} {THICK / 2 - 0.003:g}")
    for name, sign in (("left", 1), ("right", -1))
)  # fmt: skip
part = Part(__file__, prop_defaults("pouch", 0.45), free=True)
part.looks = f"""
    <material name="film" rgba="0.30 0.34 0.40 1" specular="0.5" shininess="0.5"/>
{pictures("waybill")}{mesh("film", filled_film())}
"""
part.body = f"""
      <!-- estimate: fuller in its middle than a box -->
      <inertial pos="0 0 {THICK / 2:g}" mass="{core:g}" diaginertia="{inertia[0]:.4g} {inertia[1]:.4g} {inertia[2]:.4g}"/>
      <geom class="visual" type="mesh" mesh="film" material="film"/>
{ends}
      <geom class="visual" type="mesh" mesh="waybill" material="waybill" pos="-0.01 0 {THICK + 0.0035:g}"/>
      <geom name="core" class="collision" type="box" pos="0 0 {THICK / 2:g}" size="0.105 {CORE:g} {THICK / 2:g}" solref="0.02 1"/>
      <site name="base" pos="0 0 0"/>
      <site name="middle" pos="0 0 0.042"/>
      <site name="label" pos="-0.01 0 {THICK:g}"/>
{sides}
"""
part.write("in the middle of its underside; x along its length")
