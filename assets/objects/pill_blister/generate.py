"""Writes pill_blister.xml: a blister of ten tablets, 100 x 45 x 6 mm, that lies on its foil.

Run from anywhere: `python assets/objects/pill_blister/generate.py`.
"""

from itertools import product

from shiliu.assets.frame import Part
from shiliu.assets.shapes import box_inertia, prop_defaults

LENGTH, WIDTH, HEIGHT, MASS = 0.100, 0.045, 0.006, 0.012  # m along y, along x, upwards; kg

places = list(product((-0.010, 0.010), (-0.036, -0.018, 0.0, 0.018, 0.036)))
tablets = "\n".join(
    f'      <geom class="visual" type="ellipsoid" pos="{x:g} {y:g} 0.0018" size="0.0068 0.0068 0.0042" material="tablet"/>'
    for x, y in places
)
inertia = box_inertia(MASS, (WIDTH, LENGTH, HEIGHT))
part = Part(__file__, prop_defaults("blister", 0.4), free=True)
part.looks = """
    <material name="foil" rgba="0.78 0.79 0.81 1" specular="0.9" shininess="0.8"/>
    <material name="tablet" rgba="0.94 0.72 0.58 1" specular="0.6" shininess="0.7"/>
"""
part.body = f"""
      <inertial pos="0 0 {HEIGHT / 2:g}" mass="{MASS:g}" diaginertia="{inertia[0]:.3g} {inertia[1]:.3g} {inertia[2]:.3g}"/>
      <geom class="visual" type="box" pos="0 0 0.0007" size="{WIDTH / 2:g} {LENGTH / 2:g} 0.0006" material="foil"/>
{tablets}
      <geom name="box" class="collision" type="box" pos="0 0 {HEIGHT / 2:g}" size="{WIDTH / 2:g} {LENGTH / 2:g} {HEIGHT / 2:g}"/>
      <site name="base" pos="0 0 0"/>
      <site name="top" pos="0 0 {HEIGHT:g}"/>
"""
part.write("in the middle of its underside")
