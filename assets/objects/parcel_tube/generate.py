"""Writes parcel_tube.xml, waybill.png and waybill.obj: a cardboard tube with square caps, so that it does not roll, and a waybill round it.

Run from anywhere: `python assets/objects/parcel_tube/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from shiliu.assets.frame import Part
from shiliu.assets.panels import pictures
from shiliu.assets.parcels import ROUTES, waybill, wound
from shiliu.assets.shapes import prop_defaults

HERE = Path(__file__).parent
LONG, RADIUS, MASS = 0.350, 0.030, 0.30  # m, kg
CAP = 0.015  # m, length of a cap

waybill(HERE / "waybill.png", ROUTES[2], seed=3)
wound(HERE / "waybill.obj", RADIUS + 0.0004, 0.072, 3.2)
inertia = [MASS * RADIUS**2 * 0.9, *2 * [MASS * (RADIUS**2 / 2 + LONG**2 / 12)]]
body = f'type="cylinder" fromto="{-LONG / 2 + 0.002:g} 0 {RADIUS:g} {LONG / 2 - 0.002:g} 0 {RADIUS:g}" size="{RADIUS:g}"'
caps, seen = "", ""
for word, s in (("front", -1), ("back", 1)):
    at = f'pos="{s * (LONG / 2 - CAP / 2):g} 0 {RADIUS:g}" size="{CAP / 2:g} {RADIUS:g} {RADIUS:g}"'
    caps += f'      <geom name="cap_{word}" class="collision" type="box" {at}/>\n'
    seen += f'      <geom class="visual" type="box" {at} material="cap"/>\n'
part = Part(__file__, prop_defaults("tube", 0.45), free=True)
part.looks = f"""
    <material name="board" rgba="0.78 0.66 0.48 1" specular="0.1"/>
    <material name="cap" rgba="0.93 0.93 0.90 1" specular="0.3" shininess="0.4"/>
{pictures("waybill")}
"""
part.body = f"""
      <inertial pos="0 0 {RADIUS:g}" mass="{MASS:g}" diaginertia="{inertia[0]:.4g} {inertia[1]:.4g} {inertia[2]:.4g}"/>
      <geom class="visual" {body} material="board"/>
{seen}\
      <geom class="visual" type="mesh" mesh="waybill" material="waybill" pos="-0.09 0 {RADIUS:g}"/>
      <geom name="tube" class="collision" {body}/>
{caps}\
      <site name="base" pos="0 0 0"/>
      <site name="middle" pos="0 0 {RADIUS:g}"/>
      <site name="grip" pos="-0.05 0 0.039"/>
      <site name="label" pos="-0.09 0 {2 * RADIUS:g}"/>
"""
part.write("in the middle of its underside; x along its length")
