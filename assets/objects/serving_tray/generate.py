"""Writes serving_tray.xml: a tray with rounded corners, a raised rim and marks where things belong.

Run from anywhere: `python assets/objects/serving_tray/generate.py`.
"""

from shiliu.assets.frame import write
from shiliu.assets.shapes import numbers, prop_defaults
from shiliu.assets.trays import Tray

LENGTH, WIDTH, CORNER = 0.400, 0.300, 0.040  # m, along y, along x, radius
FLOOR, RIM, BAR = 0.005, 0.020, 0.005  # m, thickness, height of the rim's top, radius of its bar
MASS = 0.60  # kg
PLACES = {
    "plate_place": (0.0, 0.075, 0.068),
    "cup_place": (0.0, -0.115, 0.045),
}  # x, y, radius
TRAY = Tray(LENGTH, WIDTH, CORNER, FLOOR, RIM, BAR, PLACES)

vertices, faces = TRAY.shell()
mat, floor = (numbers((WIDTH / 2 - inset, LENGTH / 2 - inset)) for inset in (0.024, 0.012))
defaults = prop_defaults("tray", 0.7)
write(
    __file__,
    defaults,
    f"""
    <material name="tray" rgba="0.30 0.33 0.36 1" specular="0.3" shininess="0.5"/>
    <material name="mat" rgba="0.46 0.50 0.53 1" specular="0.05"/>
    <material name="mark" rgba="0.66 0.70 0.72 1" specular="0.05"/>
    <mesh name="tray" smoothnormal="false" inertia="shell"
      vertex="{numbers(vertices.ravel())}"
      face="{" ".join(map(str, faces.ravel()))}"/>
""",
    f"""
      <inertial pos="0 0 0.006" mass="{MASS}" diaginertia="8.02e-3 4.52e-3 1.25e-2"/>
      <geom name="tray" class="visual" type="mesh" mesh="tray" material="tray"/>
      <geom class="visual" type="box" pos="0 0 {FLOOR:g}" size="{mat} 0.0004" material="mat"/>
      <geom name="floor" class="collision" type="box" pos="0 0 {FLOOR / 2:g}" size="{floor} {FLOOR / 2:g}"/>
{chr(10).join(TRAY.bars())}
{chr(10).join(TRAY.marks())}
      <site name="base" pos="0 0 0"/>
""",
    origin="in the middle of the underside; x away from who stands before it",
    free=True,
)
