"""Writes parcel_carton.xml, waybill.png and waybill.obj: a small taped carton with a waybill on its upper side.

Run from anywhere: `python assets/objects/parcel_carton/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from shiliu.assets.frame import Part
from shiliu.assets.panels import pictures
from shiliu.assets.parcels import ROUTES, laid, waybill
from shiliu.assets.shapes import box_inertia, prop_defaults

HERE = Path(__file__).parent
LONG, WIDE, HIGH, MASS = 0.200, 0.150, 0.100, 0.80  # m along x, y, z; kg

waybill(HERE / "waybill.png", ROUTES[1], seed=2)
laid(HERE / "waybill.obj", 0.102, 0.068)
inertia = box_inertia(MASS, (LONG, WIDE, HIGH))
shape = f'type="box" pos="0 0 {HIGH / 2:g}" size="{LONG / 2:g} {WIDE / 2:g} {HIGH / 2:g}"'
part = Part(__file__, prop_defaults("carton", 0.45), free=True)
part.looks = f"""
    <material name="board" rgba="0.72 0.54 0.35 1" specular="0.05"/>
    <material name="seam" rgba="0.50 0.36 0.22 1" specular="0.05"/>
    <material name="tape" rgba="0.86 0.74 0.52 1" specular="0.5" shininess="0.6"/>
{pictures("waybill")}
"""
part.body = f"""
      <inertial pos="0 0 {HIGH / 2:g}" mass="{MASS:g}" diaginertia="{inertia[0]:.4g} {inertia[1]:.4g} {inertia[2]:.4g}"/>
      <geom class="visual" {shape} material="board"/>
      <geom class="visual" type="box" pos="0 0 {HIGH / 2:g}" size="{LONG / 2 + 0.0003:g} 0.024 {HIGH / 2 + 0.0003:g}" material="tape"/>
      <geom class="visual" type="box" pos="0 0 {HIGH + 0.0003:g}" size="{LONG / 2:g} 0.0006 0.0003" material="seam"/>
      <geom class="visual" type="box" pos="0 0 {HIGH * 0.75:g}" size="{LONG / 2 + 0.0005:g} 0.026 0.001" material="seam"/>
      <geom class="visual" type="mesh" mesh="waybill" material="waybill" pos="-0.02 0 {HIGH + 0.0008:g}"/>
      <geom name="box" class="collision" {shape}/>
      <site name="base" pos="0 0 0"/>
      <site name="middle" pos="0 0 {0.70 * HIGH:g}"/>
      <site name="grip" pos="-0.045 0 {0.98 * HIGH:g}"/>
      <site name="label" pos="-0.02 0 {HIGH:g}"/>
"""
part.write("in the middle of its underside; x along its length")
