"""Writes folding_carton.xml: a carton of 250 x 180 x 120 mm with four flaps on springs and a strip of tape of five segments.

Run from anywhere: `python assets/objects/folding_carton/generate.py`. Its label needs Pillow and a font with Chinese characters.
"""

from math import cos, pi, sin
from pathlib import Path

from shiliu.assets.frame import Part, textured
from shiliu.assets.shapes import box_inertia, prop_defaults
from shiliu.assets.signs import sticker

FOLDER = Path(__file__).parent
DEPTH, LENGTH, HEIGHT, WALL = 0.180, 0.250, 0.120, 0.004  # m along x, along y, upwards; of a wall
MASS, FLAP = 0.096, 0.006  # kg: of the box, of each flap
OPEN, FOLDED = 135.0, 30.0  # deg: how far a new flap stands open; to where it springs back once it has been folded by 90 deg
STIFFNESS, HELD = 0.02, 0.07  # Nm/rad of a flap's crease; Nm with which the tape holds each of the two that it joins
# name: hinge (x, y, z below the top), way from the hinge into the box, its length, half its width, axis that opens it
FLAPS = {
    "left": ((0.0, LENGTH / 2, 0.008), (0, -1), 0.088, 0.052, (-1, 0, 0)),
    "right": ((0.0, -LENGTH / 2, 0.008), (0, 1), 0.088, 0.052, (1, 0, 0)),
    "front": ((-DEPTH / 2, 0.0, 0.004), (1, 0), 0.084, 0.122, (0, -1, 0)),
    "back": ((DEPTH / 2, 0.0, 0.000), (-1, 0), 0.104, 0.122, (0, 1, 0)),
}
SEGMENTS, SEGMENT = 5, 0.030  # of the tape, m along y: 150 mm together


def tape() -> str:
    """The tape on the edge of the back flap: segments that give way by 1 mm, pressed with 4 N at first and 6 N at the end."""
    out = []
    for k in range(SEGMENTS):
        y = (k - (SEGMENTS - 1) / 2) * SEGMENT
        out.append(f"""
        <body name="tape_{k + 1}" pos="-0.092 {y:g} 0.0035">
          <joint name="tape_{k + 1}" type="slide" axis="0 0 -1" range="0 0.001" stiffness="2000" springref="-0.002" damping="4"
            armature="0.01" solreflimit="0.005 1" solimplimit="0.99 0.999 0.0005"/>
          <inertial pos="0 0 0" mass="0.0004" diaginertia="2e-8 2e-8 2e-8"/>
          <geom name="tape_{k + 1}" class="tape" type="box" size="0.010 {SEGMENT / 2 - 0.0002:g} 0.001"/>
          <geom class="visual" type="box" size="0.010 {SEGMENT / 2:g} 0.001" material="tape"/>
          <site name="tape_{k + 1}" pos="0 0 0.001"/>
        </body>""")
    return "".join(out)


def flap(name: str) -> str:
    (x, y, down), (dx, dy), long, half, axis = FLAPS[name]
    turn = OPEN * pi / 360
    quat = " ".join(f"{v:.6g}" for v in (cos(turn), *(sin(turn) * a for a in axis)))
    middle = f"{dx * long / 2:g} {dy * long / 2:g} 0"
    size = f"{long / 2:g} {half:g} 0.0015" if dx else f"{half:g} {long / 2:g} 0.0015"
    # site: on the outer face, z out of it: near the edge, that of the front flap where a hand leaves room for the back one
    far = 0.6 if name == "front" else 0.92
    site = f'<site name="{name}" pos="{dx * far * long:g} {dy * far * long:g} 0.0015"/>'
    sides = (half * 2, long)
    a, b = (sides[1], sides[0]) if dx else sides
    inertia = f"{FLAP / 12 * b * b:.3g} {FLAP / 12 * a * a:.3g} {0.99 * FLAP / 12 * (a * a + b * b):.3g}"
    return f"""
      <body name="flap_{name}" pos="{x:g} {y:g} {HEIGHT - down:g}" quat="{quat}">
        <joint name="flap_{name}" type="hinge" axis="{axis[0]} {axis[1]} {axis[2]}" ref="{OPEN * pi / 180:.6g}" range="0 2.5"
          stiffness="{STIFFNESS:g}" springref="{OPEN * pi / 180:.6g}" damping="0.0012" armature="2e-5"
          solreflimit="0.006 1" solimplimit="0.95 0.99 0.002"/>
        <inertial pos="{middle}" mass="{FLAP:g}" diaginertia="{inertia}"/>
        <geom name="flap_{name}" class="collision" type="box" pos="{middle}" size="{size}"/>
        <geom class="visual" type="box" pos="{middle}" size="{size}" material="board"/>
        {site}{tape() if name == "back" else ""}
      </body>"""

inner = HEIGHT / 2
walls = {
    "floor": ((0, 0, WALL / 2), (DEPTH / 2, LENGTH / 2, WALL / 2)),
    "near": ((-DEPTH / 2 + WALL / 2, 0, inner - 0.006), (WALL / 2, LENGTH / 2, inner - 0.006)),
    "far": ((DEPTH / 2 - WALL / 2, 0, inner - 0.004), (WALL / 2, LENGTH / 2, inner - 0.004)),
    "left": ((0, LENGTH / 2 - WALL / 2, inner - 0.008), (DEPTH / 2 - WALL, WALL / 2, inner - 0.008)),
    "right": ((0, -LENGTH / 2 + WALL / 2, inner - 0.008), (DEPTH / 2 - WALL, WALL / 2, inner - 0.008)),
}
# as hands come from the other side
left, right = (f"{cos(pi / 6):.6g} 0 0 {sign * sin(pi / 6):.6g}" for sign in (1, -1))
shapes = ""
for name, (pos, size) in walls.items():
    place = f'pos="{pos[0]:g} {pos[1]:g} {pos[2]:g}" size="{size[0]:g} {size[1]:g} {size[2]:g}"'
    shapes += f"""
      <geom name="{name}" class="collision" type="box" {place}/>
      <geom class="visual" type="box" {place} material="board"/>"""
sides = box_inertia(MASS, (DEPTH, LENGTH, HEIGHT), 6)
excludes = "".join(f'\n    <exclude body1="folding_carton" body2="flap_{name}"/>' for name in FLAPS)
excludes += "".join(f'\n    <exclude body1="flap_back" body2="tape_{k + 1}"/>' for k in range(SEGMENTS))
excludes += "".join(
    f'\n    <exclude body1="flap_{name}" body2="tape_{k + 1}"/>'
    for name in ("front", "left", "right")
    for k in range(SEGMENTS)
)
excludes += "".join(f'\n    <exclude body1="folding_carton" body2="tape_{k + 1}"/>' for k in range(SEGMENTS))
set_by = STIFFNESS * (OPEN - FOLDED) * pi / 180
motors = "".join(
    f'\n    <general name="crease_{name}" joint="flap_{name}" gainprm="1" gear="{-set_by:.5g}" ctrlrange="0 1"/>'
    for name in FLAPS
)
motors += "".join(
    f'\n    <general name="tape_{name}" joint="flap_{name}" gainprm="1" gear="{-HELD:g}" ctrlrange="0 1"/>'
    for name in ("front", "back")
)
shapes += f"""
      <geom class="visual" type="mesh" mesh="label" pos="{-DEPTH / 2 - 0.0005:g} -0.03 0.055"
        quat="0.707107 0 -0.707107 0" material="label"/>"""
part = Part(
    __file__,
    prop_defaults("carton_board", 0.3, ("tape", 'friction="0.25 0.003 0.0001" priority="1"')),
    free=True,
    what="numbers",
)
part.looks = f"""
{textured("label", 'specular="0.1"')}
    <mesh name="label" file="label.obj" inertia="shell"/>
    <material name="board" rgba="0.72 0.55 0.36 1" specular="0.05" shininess="0.1"/>
    <material name="tape" rgba="0.86 0.80 0.62 1" specular="0.5" shininess="0.6"/>
    <material name="print" rgba="0.25 0.20 0.15 1" specular="0.05"/>
"""
part.body = f"""
      <inertial pos="0 0 {0.4 * HEIGHT:g}" mass="{MASS:g}" diaginertia="{sides[0]:.3g} {sides[1]:.3g} {sides[2]:.3g}"/>{shapes}
      <geom class="visual" type="box" pos="{-DEPTH / 2 - 0.0003:g} 0.07 0.05" size="0.0003 0.03 0.02" material="print"/>
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {WALL:g}"/>
      <site name="mouth" pos="0 0 {HEIGHT:g}"/>
      <site name="place_cushion" pos="0 0.01 {WALL:g}" quat="{left}"/>
      <site name="place_product" pos="0.018 0.045 {WALL + 0.060:g}" quat="{right}"/>
      <site name="place_accessory" pos="-0.022 -0.032 {WALL + 0.040:g}" quat="{left}"/>
      <!-- from where it is let fall onto the cushion -->
      <site name="over_accessory" pos="-0.022 -0.032 0.080" quat="{left}"/>{"".join(flap(name) for name in FLAPS)}
"""
part.tail = f"""
  <contact>{excludes}
  </contact>

  <!-- commanded by rules alone: a crease that has been folded, tape that sticks -->
  <actuator>{motors}
  </actuator>
"""
part.write("in the middle of its underside; x along its depth, y along its length")
sticker(FOLDER, "label", (0.110, 0.052), [("小心轻放", 0.44), ("HANDLE WITH CARE", 0.22)], (60, 40, 24), (184, 140, 92))
