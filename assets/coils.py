"""What the coils' and the pegs' `generate.py` share: a wound ring with ties, sticky spots and two flying leads; a peg with its letter.

The picture of the class needs Pillow.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from shiliu.assets.frame import Part

from .shapes import FOOT, Mesh, fixture_defaults, mesh, numbers, prop_defaults, revolve, revolve_ring

SEGMENTS = 28  # of what is seen
BOXES = 12  # of what is touched: one faces +y, where a pad lies flat
FEET, SPOTS = 6, 6
FOOT_RADIUS, SPOT_RADIUS = 0.002, 0.002  # m
RAISED = 0.0004  # m by which the boxes stand over the table: the feet carry
SUNK = 0.0003  # m by which a spot lies under the upper face: it never carries
REACH = 0.002  # m from a spot at which it still pulls
STICK = 6.0  # N, all spots of a coil together
LEAD, PIECES, LEAD_RADIUS = 0.080, 3, 0.0005  # m, -, m
COPPER = 8960.0  # kg/m3
BEND, DAMPING, ARMATURE = 0.02, 4e-4, 1e-6  # Nm/rad, Nms/rad, kg m2 of each joint of a lead


@dataclass(frozen=True)
class Coil:
    """One size of coil.

    Attributes:
        name: of the part; letter: of its class.
        outside, inside, height: [m] diameters and height; mass: [kg] with its leads.
        stands, sticks: [m] radius of its feet, and of the sticky spots of its upper face.
        grasp: [m] height of the site at which it is taken.
        colour: of the ties.
    """

    name: str
    letter: str
    outside: float
    inside: float
    height: float
    mass: float
    stands: float
    sticks: float
    grasp: float
    colour: str


S = Coil("coil_060", "S", 0.060, 0.030, 0.020, 0.15, 0.0275, 0.0275, 0.0240, "0.78 0.12 0.10 1")
M = Coil("coil_090", "M", 0.090, 0.050, 0.025, 0.35, 0.0425, 0.0275, 0.016, "0.95 0.72 0.08 1")
L = Coil("coil_130", "L", 0.130, 0.080, 0.030, 0.70, 0.0525, 0.0425, 0.008, "0.10 0.32 0.72 1")


def _winding(coil: Coil) -> Mesh:
    """The ring as it is seen: rounded, with a ridge for each layer of turns."""
    ri, ro, h = coil.inside / 2, coil.outside / 2, coil.height
    turns, deep, corner = round(h / 0.0025), 0.0004, 0.003
    z = np.linspace(corner, h - corner, 2 * turns + 1)
    wave = deep * np.abs(np.sin(np.linspace(0, np.pi * turns, len(z))))
    bends = np.linspace(0, np.pi / 2, 5)[1:-1]

    def corner_of(r: float, up: float, start: float) -> list[tuple[float, float]]:
        return [(r + corner * np.cos(start + b), up + corner * np.sin(start + b)) for b in bends]

    section = [(ro - deep + w, up) for up, w in zip(z, wave)]
    section += corner_of(ro - deep - corner, h - corner, 0.0)
    layers = round((ro - ri - 2 * corner) / 0.0025)
    r = np.linspace(ro - deep - corner, ri + deep + corner, 2 * layers + 1)
    bump = deep * np.abs(np.sin(np.linspace(0, np.pi * layers, len(r))))
    section += [(radius, h - deep + b) for radius, b in zip(r, bump)]
    section += corner_of(ri + deep + corner, h - corner, np.pi / 2)
    section += [(ri + deep - w, up) for up, w in zip(z[::-1], wave[::-1])]
    section += corner_of(ri + deep + corner, corner, np.pi)
    section += corner_of(ro - deep - corner, corner, 1.5 * np.pi)
    return revolve_ring([section], SEGMENTS)


def _boxes(coil: Coil) -> list[str]:
    ri, ro, h = coil.inside / 2, coil.outside / 2, coil.height
    middle, half = (ri + ro) / 2, ro * np.tan(np.pi / BOXES)
    size = ((ro - ri) / 2, half, (h - RAISED) / 2)
    return [
        f'      <geom name="wall_{i}" class="collision" type="box" '
        f'pos="{numbers((middle * np.cos(a), middle * np.sin(a), (h + RAISED) / 2))}" '
        f'quat="{numbers((np.cos(a / 2), 0, 0, np.sin(a / 2)))}" size="{numbers(size)}"/>'
        for i, a in enumerate(2 * np.pi * np.arange(BOXES) / BOXES)
    ]


def _ties(coil: Coil) -> list[str]:
    """Bands round the winding at four places, in the colour of the class."""
    ri, ro, h = coil.inside / 2, coil.outside / 2, coil.height
    lines = []
    for a in np.pi * (0.25 + 0.5 * np.arange(4)):
        quat, (c, s) = numbers((np.cos(a / 2), 0, 0, np.sin(a / 2))), (np.cos(a), np.sin(a))
        for r, z, size in (
            (ro + 0.0001, h / 2, (0.0004, 0.004, h / 2 - 0.0015)),
            (ri - 0.0001, h / 2, (0.0004, 0.004, h / 2 - 0.0015)),
            ((ri + ro) / 2, h - 0.00005, ((ro - ri) / 2 - 0.0015, 0.004, 0.0004)),
        ):
            at = numbers((r * c, r * s, z))
            lines.append(
                f'      <geom class="visual" type="box" pos="{at}" quat="{quat}" size="{numbers(size)}" material="tie"/>'
            )
    return lines


def _lead(coil: Coil, number: int, side: int) -> list[str]:
    """A chain of pieces from the near side of the winding, level, aslant away from it; two hinges at the foot of each."""
    each, mass = LEAD / PIECES, COPPER * np.pi * LEAD_RADIUS**2 * LEAD / PIECES
    turn = side * np.deg2rad(105.0)  # from x; straight along the winding's side would be 90 deg
    root = (-(coil.outside / 2 + 0.0012), side * 0.003, coil.height - 0.004)
    across = mass * each**2 / 12
    lines, deep = [], 6
    for i in range(PIECES):
        name = f"lead_{number}_{i + 1}"
        place = (
            f'pos="{numbers(root)}" quat="{numbers((np.cos(turn / 2), 0, 0, np.sin(turn / 2)))}"'
            if i == 0
            else f'pos="{each:.6g} 0 0"'
        )
        pad = " " * (deep + 2 * i)
        lines += [
            f'{pad}<body name="{name}" {place}>',
            f'{pad}  <joint name="{name}_aside" class="lead" axis="0 0 1"/>',
            f'{pad}  <joint name="{name}_up" class="lead" axis="0 1 0"/>',
            f'{pad}  <inertial pos="{each / 2:.6g} 0 0" mass="{mass:.4g}" diaginertia="{across / 100:.3g} {across:.4g} {across:.4g}"/>',
            f'{pad}  <geom name="{name}" class="lead" fromto="0 0 0 {each:.6g} 0 0"/>',
            f'{pad}  <geom class="visual" type="capsule" fromto="0 0 0 {each:.6g} 0 0" size="0.0007" material="lead"/>',
        ]
        if i:
            lines.append(f'{pad}  <site name="lead_{number}_bend_{i}" pos="0 0 0"/>')
    tip = " " * (deep + 2 * PIECES)
    tinned = f'fromto="{each - 0.012:.6g} 0 0 {each + 0.0005:.6g} 0 0" size="0.0009" material="tinned"'
    lines.append(f'{tip}<geom class="visual" type="capsule" {tinned}/>')
    lines.append(f'{tip}<site name="lead_{number}_tip" pos="{each:.6g} 0 0"/>')
    lines += [" " * (deep + 2 * i) + "</body>" for i in reversed(range(PIECES))]
    ahead = (root[0] + 0.05 * np.cos(turn), root[1] + 0.05 * np.sin(turn), root[2])
    lines.append(f'      <site name="lead_{number}_root" pos="{numbers(root)}"/>')
    lines.append(f'      <site name="lead_{number}_ahead" pos="{numbers(ahead)}"/>')
    return lines


def _defaults(name: str) -> str:
    """The classes of a prop, whose collision shapes meet spots (bit 8), too; of spots, and of leads with their hinges."""
    spot = f'type="sphere" size="{SPOT_RADIUS:g}" contype="8" conaffinity="0" gap="{REACH:g}"'
    lead = f'type="capsule" size="{LEAD_RADIUS:g}" conaffinity="3" condim="3" friction="0.3 0.003 0.0001"'
    hinge = f'<joint type="hinge" range="-2.6 2.6" stiffness="{BEND:g}" damping="{DAMPING:g}" armature="{ARMATURE:g}"/>'
    return prop_defaults(name, 0.5, FOOT, ("spot", spot), ("lead", lead, hinge), meets=15)


def coil(folder: Path, made: Coil) -> None:
    """Write a coil's MJCF into its folder."""
    ri, ro, h = made.inside / 2, made.outside / 2, made.height
    mass = made.mass - 2 * COPPER * np.pi * LEAD_RADIUS**2 * LEAD
    upright, flat = mass / 2 * (ri**2 + ro**2), mass / 12 * (3 * (ri**2 + ro**2) + h**2)
    steps = 2 * np.pi * np.arange(FEET) / FEET
    feet = [
        f'      <geom name="foot_{i}" class="foot" '
        f'pos="{numbers((made.stands * np.cos(a), made.stands * np.sin(a), FOOT_RADIUS))}" size="{FOOT_RADIUS:g}"/>'
        for i, a in enumerate(steps)
    ]
    spots, pulls = [], []
    for i, a in enumerate(steps + np.pi / SPOTS):
        at = (made.sticks * np.cos(a), made.sticks * np.sin(a), h - SUNK - SPOT_RADIUS)
        spots.append(f'      <body name="spot_{i}" pos="{numbers(at)}"><geom name="spot_{i}" class="spot"/></body>')
        pulls.append(
            f'    <general name="stick_{i}" body="spot_{i}" gainprm="0" biastype="affine" biasprm="{STICK / SPOTS:g} 0 0"/>'
        )
    new = "\n"
    part = Part(folder, _defaults(made.name), free=True, what="numbers")
    part.looks = f"""
    <material name="winding" rgba="0.72 0.40 0.20 1" specular="0.8" shininess="0.6"/>
    <material name="tie" rgba="{made.colour}" specular="0.2" shininess="0.3"/>
    <material name="lead" rgba="0.76 0.45 0.24 1" specular="0.6" shininess="0.5"/>
    <material name="tinned" rgba="0.82 0.83 0.85 1" specular="0.8" shininess="0.7"/>
{mesh("winding", _winding(made))}
"""
    part.body = f"""
      <inertial pos="0 0 {h / 2:g}" mass="{mass:.6g}" diaginertia="{numbers((flat, flat, upright), 8)}"/>
{new.join(_boxes(made))}
{new.join(feet)}
      <geom class="visual" type="mesh" mesh="winding" material="winding"/>
{new.join(_ties(made))}
      <!-- sticky spots of the upper face: they pull at another coil that lies on them (bit 8), and touch nothing else -->
{new.join(spots)}
{new.join(_lead(made, 1, 1))}
{new.join(_lead(made, 2, -1))}
      <site name="base" pos="0 0 0"/>
      <site name="middle" pos="0 0 {h / 2:g}"/>
      <!-- fingers 45 deg down towards it stay with their tips over what lies below, and the palm off the winding -->
      <site name="grasp" pos="0 0 {made.grasp:g}"/>
      <site name="top" pos="0 0 {h:g}"/>
"""
    part.tail = f"""
  <contact>
    <exclude body1="lead_1_1" body2="lead_2_1"/>
  </contact>

  <actuator>
    <!-- what a spot pulls with, as long as the other coil is within {1e3 * REACH:g} mm of it; no command moves it -->
{new.join(pulls)}
  </actuator>
"""
    part.write("in the middle of its underside, z along its axis; the leads leave its side at -x")


def letter(file: Path, made: Coil) -> None:
    """The class on a peg's foot: letter and outer diameter on the colour of the ties."""
    image = Image.new("RGB", (256, 128), tuple(round(255 * float(c)) for c in made.colour.split()[:3]))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle([6, 6, 249, 121], 18, outline=(250, 250, 250), width=5)
    draw.text((72, 62), made.letter, font=ImageFont.load_default(96), fill=(255, 255, 255), anchor="mm")
    draw.text((180, 62), f"ø{1e3 * made.outside:.0f}", font=ImageFont.load_default(52), fill=(255, 255, 255), anchor="mm")
    image.quantize(32).save(file, optimize=True)


def plate(file: Path, width: float, height: float) -> None:
    """An OBJ rectangle [m] that shows a picture to -x, upright."""
    w, h = width / 2, height / 2
    corners = ((w, h, 0, 1), (-w, h, 1, 1), (-w, -h, 1, 0), (w, -h, 0, 0))  # seen from -x, +y is to the left
    lines = ["# written by generate.py", *(f"v {x:.4f} {y:.4f} {z:.4f}" for x in (0.0, 0.0004) for y, z, _, _ in corners)]
    lines += [f"vt {u} {v}" for _, _, u, v in corners] * 2
    lines += [f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in ((3, 2, 1), (4, 3, 1), (5, 6, 7), (5, 7, 8))]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def peg(folder: Path, name: str, made: Coil, diameter: float, height: float = 0.055, seat: float = 0.012) -> None:
    """Write a peg for one size of coil: a foot that carries the coil, a post with a round head, and a plate with the class."""
    foot, post, lead_in = made.outside / 2 + 0.008, diameter / 2, min(0.4 * diameter, 0.016)
    half = (height - lead_in) / 2
    letter(folder / "letter.png", made)
    plate(folder / "letter.obj", 0.056, 0.028)
    profile = np.array(
        [(0.0, seat), (post, seat)]
        + [(post * np.cos(a), height + seat - lead_in + lead_in * np.sin(a)) for a in np.linspace(0, np.pi / 2, 9)[:-1]]
        + [(0.0, height + seat)]
    )
    round_foot = np.array([(0.0, 0.0), (foot, 0.0), (foot, seat - 0.002), (foot - 0.002, seat), (0.0, seat)])
    part = Part(folder, fixture_defaults(name, 0.3), what="numbers")
    part.looks = f"""
    <texture name="letter" type="2d" file="letter.png"/>
    <material name="letter" texture="letter" specular="0.2" shininess="0.3"/>
    <material name="class" rgba="{made.colour}" specular="0.4" shininess="0.5"/>
    <material name="post" rgba="0.80 0.81 0.83 1" specular="0.9" shininess="0.8"/>
    <mesh name="letter" file="letter.obj" inertia="shell"/>
{mesh("post", revolve(profile, 32))}
{mesh("foot", revolve(round_foot, 40), smoothed=False)}
"""
    part.body = f"""
      <geom name="foot" class="collision" type="cylinder" pos="0 0 {seat / 2:g}" size="{foot:g} {seat / 2:g}" mass="1"/>
      <geom name="post" class="collision" type="cylinder" pos="0 0 {seat + half:g}" size="{post:g} {half:g}" mass="1"/>
      <geom name="head" class="collision" type="ellipsoid" pos="0 0 {seat + 2 * half:g}" size="{post:g} {post:g} {lead_in:g}" mass="0.1"/>
      <geom class="visual" type="mesh" mesh="post" material="post"/>
      <geom class="visual" type="mesh" mesh="foot" material="class"/>
      <geom class="visual" type="mesh" mesh="letter" material="letter" pos="{-(foot + 0.006):g} 0 0.0165"/>
      <geom class="visual" type="box" pos="{-(foot + 0.003):g} 0 0.0160" size="0.0028 0.029 0.016" material="class"/>
      <site name="base" pos="0 0 0"/>
      <site name="seat" pos="0 0 {seat:g}"/>
      <site name="head" pos="0 0 {seat + height:g}"/>
"""
    part.write("on the table under the post; the plate with the class stands before it, at -x")
