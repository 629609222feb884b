"""Writes peas.xml, carrot_dice.xml and corn.xml: twelve loose pieces each, for a bowl and a pan.

Run from anywhere: `python assets/objects/peas/generate.py`. Peas and carrot touch as spheres, corn as capsules: the cheapest shapes
that there are, because the count is what a simulation in real time bears (README).
"""

from pathlib import Path

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.shapes import numbers

COUNT = 12
RING, MIDDLE = 0.0245, 0.0092  # m, radii of the circles in which they begin: nine round three
AIR = 0.00003  # m, below them at the start
CAPSULE = 'type="capsule" size="0.0052 0.0022"'

# part: half the size [m], height of the middle of one that lies [m],
# mass of a piece [kg], what a collision geom is, what there is to look at, materials
KINDS = {
    "peas": (0.0065, 0.0065, 0.0022, 'type="sphere" size="0.0065"', None, ("pea", "0.42 0.66 0.20 1")),
    "carrot_dice": (0.0070, 0.0070, 0.0025, 'type="sphere" size="0.007"', 3 * (0.0053,), ("carrot", "0.92 0.45 0.10 1")),
    "corn": (0.0074, 0.0052, 0.0021, CAPSULE, (0.0052, 0.0048, 0.0074), ("corn", "0.96 0.80 0.22 1")),
}


def places(low):
    """(12, 4) [m, rad] over the floor that they lie on, and how each is turned: nine round three."""
    rows = [
        (radius, 2 * np.pi * k / n + first) for radius, n, first in ((RING, 9, 0.0), (MIDDLE, 3, 0.3)) for k in range(n)
    ]
    return [(radius * np.cos(a), radius * np.sin(a), low + AIR, a) for radius, a in rows]


def lies(turn):
    """The attribute that lays a capsule down along its circle: its z axis level, at a right angle to the way from the middle."""
    half = (turn + np.pi / 2) / 2
    c, s, r = np.cos(half), np.sin(half), np.sqrt(0.5)
    return f' quat="{numbers((r * c, -r * s, r * c, r * s))}"'


for name, (half, low, mass, touch, look, (material, rgba)) in KINDS.items():
    bodies = []
    for i, (x, y, z, turn) in enumerate(places(low)):
        laid = lies(turn) if "capsule" in touch else ""
        shown = f'type="mesh" mesh="{material}"' if look else f'type="sphere" size="{half:g}"'
        bodies.append(f"""    <body name="grain_{i}" childclass="{name}" pos="{numbers((x, y, z))}"{laid}>
      <freejoint name="grain_{i}_free"/>
      <geom name="grain_{i}" class="collision"/>
      <geom name="look_{i}" class="visual" {shown} material="{material}"/>
    </body>""")
    asset = f'    <mesh name="{material}" builtin="supersphere" params="14 0.45 0.45" scale="{numbers(look)}"/>' if look else ""
    rolling = {"peas": 0.0008, "carrot_dice": 0.0015, "corn": 0.0010}[name]  # m: what is cut rolls badly
    part = Part(
        Path(__file__).parents[1] / name,
        f"""
  <default>
    <default class="{name}">
      <default class="visual">
        <geom group="2" contype="0" conaffinity="0" density="0"/>
      </default>
      <!-- priority: a wet piece slides alike on glaze, steel and its like; condim 6: rolling friction brings it to rest -->
      <default class="collision">
        <geom group="3" contype="2" conaffinity="7" priority="1" condim="6" friction="0.35 0.002 {rolling:g}" solref="0.01 1"
          {touch} mass="{mass:g}"/>
      </default>
    </default>
  </default>
""",
        what="numbers",
        by="assets/objects/peas/generate.py",
    )
    part.note = "the part's frame is the middle of the floor that they lie on: the site `inside` of a bowl"
    part.before = "\n".join(bodies)
    part.looks = f"""
    <material name="{material}" rgba="{rgba}" specular="0.35" shininess="0.4"/>
{asset}
"""
    part.write()
