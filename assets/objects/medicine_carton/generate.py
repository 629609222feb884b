"""Writes medicine_carton.xml, front.obj and front.png: a folding carton of 120 x 60 x 20 mm that stands on its long edge.

Run from anywhere: `python assets/objects/medicine_carton/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from shiliu.assets.frame import Part, textured
from shiliu.assets.medicines import Label
from shiliu.assets.shapes import box_inertia, prop_defaults
from shiliu.assets.signs import plate

FOLDER = Path(__file__).parent
LENGTH, DEPTH, HEIGHT, MASS = 0.120, 0.020, 0.060, 0.030  # m along y, along x, upwards; kg
LABEL = Label("阿奇霉素片", "AZITHROMYCIN TABLETS", "0.25 g x 6", (26, 92, 170))

LABEL.picture(FOLDER / "front.png", 720, 360, ("阿奇霉素片",))
plate(FOLDER / "front.obj", LENGTH - 0.001, HEIGHT - 0.001, 0.0004)
box = f'type="box" pos="0 0 {HEIGHT / 2:g}" size="{DEPTH / 2:g} {LENGTH / 2:g} {HEIGHT / 2:g}"'
sides = box_inertia(MASS, (DEPTH, LENGTH, HEIGHT))
part = Part(__file__, prop_defaults("carton", 0.5), free=True)
part.looks = f"""
{textured("front", 'specular="0.1" shininess="0.2"')}
    <material name="board" rgba="0.97 0.97 0.95 1" specular="0.1" shininess="0.2"/>
    <material name="flap" rgba="0.10 0.36 0.67 1" specular="0.1" shininess="0.2"/>
    <mesh name="front" file="front.obj" inertia="shell"/>
"""
part.body = f"""
      <inertial pos="0 0 {HEIGHT / 2:g}" mass="{MASS:g}" diaginertia="{sides[0]:.3g} {sides[1]:.3g} {sides[2]:.3g}"/>
      <geom class="visual" {box} material="board"/>
      <geom class="visual" type="box" pos="0 {LENGTH / 2:g} {HEIGHT / 2:g}" size="0.0085 0.0004 0.0285" material="flap"/>
      <geom class="visual" type="box" pos="0 {-LENGTH / 2:g} {HEIGHT / 2:g}" size="0.0085 0.0004 0.0285" material="flap"/>
      <geom class="visual" type="mesh" mesh="front" material="front" pos="{-DEPTH / 2 - 0.0003:g} 0 {HEIGHT / 2:g}"/>
      <geom name="box" class="collision" {box}/>
      <site name="base" pos="0 0 0"/>
      <site name="body" pos="0 0 {0.6 * HEIGHT:g}" quat="0 0 0 1"/>
"""
part.write("in the middle of the edge that it stands on; its front faces -x")
