"""Writes meal_tray.xml: a tray with rounded corners, a raised rim and marks where things belong.

Run from anywhere: `python assets/objects/meal_tray/generate.py`.
"""

from shiliu.assets.frame import write
from shiliu.assets.shapes import numbers, prop_defaults
from shiliu.assets.trays import Tray

LENGTH, WIDTH, CORNER = 0.450, 0.320, 0.045  # m, along y, along x, radius
FLOOR, RIM, BAR = 0.005, 0.020, 0.005  # m, thickness, height of the rim's top, radius of its bar
MASS = 0.55  # kg
PLACES = {
    "bowl_place": (-0.030, -0.085, 0.085),
    "spoon_place": (-0.030, 0.045, 0.0),
    "cup_place": (0.055, 0.135, 0.045),
}  # x, y, radius
TRAY = Tray(LENGTH, WIDTH, CORNER, FLOOR, RIM, BAR, PLACES)

vertices, faces = TRAY.shell()
mat, floor = (numbers((WIDTH / 2 - inset, LENGTH / 2 - inset)) for inset in (0.024, 0.012))
defaults = prop_defaults("tray", 0.7)
write(
    __file__,
    defaults,
    f"""
    <material name="tray" rgba="0.55 0.36 0.24 1" specular="0.3" shininess="0.5"/>
    <material name="mat" rgba="0.93 0.87 0.74 1" specular="0.05"/>
    <material name="mark" rgba="0.80 0.52 0.34 1" specular="0.05"/>
    <mesh name="tray" smoothnormal="false" inertia="shell"
      vertex="{numbers(vertices.ravel())}"
      face="{" ".join(map(str, faces.ravel()))}"/>
""",
    f"""
      <inertial pos="0 0 0.006" mass="{MASS}" diaginertia="9.3e-3 4.8e-3 1.4e-2"/>
      <geom name="tray" class="visual" type="mesh" mesh="tray" material="tray"/>
      <geom class="visual" type="box" pos="0 0 {FLOOR:g}" size="{mat} 0.0004" material="mat"/>
      <geom name="floor" class="collision" type="box" pos="0 0 {FLOOR / 2:g}" size="{floor} {FLOOR / 2:g}"/>
{chr(10).join(TRAY.bars())}
{chr(10).join(TRAY.marks())}
      <site name="base" pos="0 0 0"/>
""",
    origin="in the middle of the underside; the person sits beyond +x",
    free=True,
)
