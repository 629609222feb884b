"""Writes food_box.xml, front.obj and label_*.png: a folding box of 130 x 60 x 190 mm that stands upright and is one of three kinds.

Run from anywhere: `python assets/objects/food_box/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from shiliu.assets.frame import Part
from shiliu.assets.groceries import boxed, shown, written
from shiliu.assets.shapes import box_inertia, prop_defaults
from shiliu.assets.signs import plate

FOLDER = Path(__file__).parent
DEPTH, WIDTH, HEIGHT, MASS = 0.060, 0.130, 0.190, 0.400  # m along x, along y, upwards; kg

wares = boxed()
textures = written(wares, FOLDER, (520, 760))
plate(FOLDER / "front.obj", WIDTH - 0.001, HEIGHT - 0.001, 0.0004)
box = f'type="box" pos="0 0 {HEIGHT / 2:g}" size="{DEPTH / 2:g} {WIDTH / 2:g} {HEIGHT / 2:g}"'
inertia = box_inertia(MASS, (DEPTH, WIDTH, HEIGHT))
part = Part(__file__, prop_defaults("box", 0.5), free=True)
part.looks = f"""
{textures}
    <material name="flap" rgba="0.90 0.86 0.78 1" specular="0.1"/>
    <mesh name="front" file="front.obj" inertia="shell"/>
"""
part.body = f"""
      <!-- even density -->
      <inertial pos="0 0 {HEIGHT / 2:g}" mass="{MASS:g}" diaginertia="{inertia[0]:.3g} {inertia[1]:.3g} {inertia[2]:.3g}"/>
{shown(wares, "fill", box)}
      <geom class="visual" type="box" pos="0 0 {HEIGHT:g}" size="{DEPTH / 2 - 0.001:g} {WIDTH / 2 - 0.001:g} 0.0004" material="flap"/>
{shown(wares, "label", f'type="mesh" mesh="front" pos="{-DEPTH / 2 - 0.0003:g} 0 {HEIGHT / 2:g}"')}
      <geom name="box" class="collision" {box}/>
      <site name="base" pos="0 0 0"/>
      <site name="body" pos="0 0 0.110" quat="0 0 0 1"/>
      <site name="label" pos="{-DEPTH / 2:g} 0 {HEIGHT / 2:g}" quat="0 0 0 1"/>
      <site name="top" pos="0 0 {HEIGHT:g}"/>
"""
part.write("in the middle of the foot; its front faces -x")
