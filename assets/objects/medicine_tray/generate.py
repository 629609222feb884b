"""Writes medicine_tray.xml: a small tray for medicines with a rim and a target circle of 60 mm.

Run from anywhere: `python assets/objects/medicine_tray/generate.py`.
"""

from shiliu.assets.frame import write
from shiliu.assets.shapes import numbers, prop_defaults
from shiliu.assets.trays import Tray

LENGTH, WIDTH, CORNER = 0.350, 0.250, 0.035  # m, along y, along x, radius
FLOOR, RIM, BAR = 0.004, 0.016, 0.004  # m, thickness, height of the rim's top, radius of its bar
MASS = 0.35  # kg
PLACES = {"circle": (-0.085, 0.0, 0.030)}  # x, y, radius [m]
TRAY = Tray(LENGTH, WIDTH, CORNER, FLOOR, RIM, BAR, PLACES)

vertices, faces = TRAY.shell()
mat, floor = (numbers((WIDTH / 2 - inset, LENGTH / 2 - inset)) for inset in (0.024, 0.012))
defaults = prop_defaults("tray", 0.7)
write(
    __file__,
    defaults,
    f"""
    <material name="tray" rgba="0.86 0.89 0.92 1" specular="0.3" shininess="0.5"/>
    <material name="mat" rgba="0.95 0.96 0.97 1" specular="0.05"/>
    <material name="mark" rgba="0.16 0.50 0.72 1" specular="0.05"/>
    <mesh name="tray" smoothnormal="false" inertia="shell"
      vertex="{numbers(vertices.ravel())}"
      face="{" ".join(map(str, faces.ravel()))}"/>
""",
    f"""
      <inertial pos="0 0 0.006" mass="{MASS}" diaginertia="3.6e-3 1.9e-3 5.4e-3"/>
      <geom name="tray" class="visual" type="mesh" mesh="tray" material="tray"/>
      <geom class="visual" type="box" pos="0 0 {FLOOR:g}" size="{mat} 0.0004" material="mat"/>
      <geom name="floor" class="collision" type="box" pos="0 0 {FLOOR / 2:g}" size="{floor} {FLOOR / 2:g}"/>
{chr(10).join(TRAY.bars())}
{chr(10).join(TRAY.marks())}
      <site name="base" pos="0 0 0"/>
""",
    origin="in the middle of the underside",
    free=True,
)
