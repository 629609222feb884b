"""Dishes and cups: bodies of revolution to look at, rings of boxes to touch, points to stand on.

Each `generate.py` holds the numbers of one piece.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .frame import Part
from .shapes import (
    FOOT,
    backing,
    feet,
    mesh,
    numbers,
    prop_defaults,
    revolve,
    revolve_ring,
    ring_of_boxes,
    smooth,
    tube,
)

Section = Sequence[tuple[float, float]]  # (radius, height) of each corner [m]


@dataclass(frozen=True)
class Dish:
    """The drawing of a plate or a bowl [m, kg].

    Attributes:
        word: what it is; profile: half a section, from the middle of the outer base round the rim to the inner floor.
        segments: corners of each circle; bands: closed sections proud of the glaze, called `band`.
        glaze, colour: materials of body and bands, all but their names.
        inertial: lines of its inertial element; note: a comment before its feet.
        floor: height of the inner one; foot: radius of the ring of feet.
        bottom: radius of the floor that is touched; below: or of one that goes on below it (`shapes.backing`).
        rings: of boxes: count, outer (radius, height) below and above, thickness; the upper one is what a claw pinches.
        rim: radius and height at which it is pinched.
    """

    word: str
    profile: np.ndarray
    segments: int
    band: str
    bands: Sequence[Section]
    glaze: str
    colour: str
    inertial: str
    floor: float
    foot: float
    rings: Mapping[str, tuple]
    rim: tuple[float, float]
    note: str = ""
    bottom: float = 0.0
    below: float = 0.0

    def write(self, at: str) -> None:
        """Writes the MJCF beside the `generate.py` that stands `at`."""
        r, rim = self.rim
        touched = [line for name, ring in self.rings.items() for line in ring_of_boxes(name, *ring)]
        part = Part(at, prop_defaults(self.word, 0.6, FOOT), free=True)
        part.looks = f"""
    <material name="glaze" {self.glaze}/>
    <material name="{self.colour.split()[0]}" {self.colour.split(maxsplit=1)[1]}/>
{mesh(self.word, revolve(self.profile, self.segments))}
{mesh(self.band, revolve_ring(self.bands, self.segments), None)}
"""
        part.body = f"""
{self.inertial.strip(chr(10))}
      <geom name="{self.word}" class="visual" type="mesh" mesh="{self.word}" material="glaze"/>
      <geom name="{self.band}" class="visual" type="mesh" mesh="{self.band}" material="{self.colour.split()[0]}"/>
{self.note}{feet(self.foot, 0.003)}
{self._floor()}
{chr(10).join(touched)}
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {self.floor:g}"/>
      <site name="rim_near" pos="-{r} 0 {rim}" quat="0 0 0 1"/>
      <site name="rim_far" pos="{r} 0 {rim}"/>
      <site name="rim_left" pos="0 {r} {rim}" quat="0.707107 0 0 0.707107"/>
      <site name="rim_right" pos="0 -{r} {rim}" quat="0.707107 0 0 -0.707107"/>
"""
        part.write("in the middle of the foot ring, at the table's level")

    def _floor(self) -> str:
        if self.below:
            return backing(self.below, self.floor)
        middle, half = (self.floor + 0.003) / 2, (self.floor - 0.003) / 2
        return f'      <geom name="bottom" class="collision" type="cylinder" pos="0 0 {middle:g}" size="{self.bottom} {half:g}"/>'


@dataclass(frozen=True)
class Cup:
    """The drawing of a cup with a handle [m, kg].

    Attributes:
        word: what it is; radius, height: outside; wall: thickness of what is touched; floor: height of the inner one.
        profile: half a section, from the middle of the outer base round the lip to the inner floor; band: a section proud of it.
        foot: radius of the ring of feet; china, colour: of body and band, (red, green, blue) as MJCF writes them.
        handle: (n, 2) middle line of it, in the x-z plane; inertial: line of its inertial element, with a comment before it.
        body, grip: heights at which body and handle are taken; the handle's with its x.
    """

    word: str
    radius: float
    height: float
    wall: float
    floor: float
    profile: np.ndarray
    band: Section
    foot: float
    china: str
    colour: str
    handle: np.ndarray
    inertial: str
    body: str
    grip: str

    def write(self, at: str, looks: str = "", more: str = "", before: str = "", tail: str = "") -> None:
        """Writes the MJCF beside the `generate.py` that stands `at`; `looks`, `more`: lines of its assets and of its body."""
        sides, bar = 12, 0.0055  # flats of 20 mm, the width of a claw's pad; radius of the handle's bar [m]
        walls = ring_of_boxes("wall", sides, (self.radius, 0.002), (self.radius, self.height), self.wall)
        bars = [
            f'      <geom name="handle_{i}" class="grip" fromto="{numbers((a[0], 0, a[1], b[0], 0, b[1]))}" size="{bar:g}"/>'
            for i, (a, b) in enumerate(pairwise(self.handle))
        ]
        part = Part(
            at, prop_defaults(self.word, 0.6, FOOT, ("grip", 'type="capsule" friction="0.8 0.005 0.0001"')), free=True
        )
        part.before = before
        part.looks = f"""
    <material name="china" rgba="{self.china} 1" specular="0.5" shininess="0.7" reflectance="0.02"/>
    <material name="band" rgba="{self.colour} 1" specular="0.5" shininess="0.7"/>
{looks}{mesh("cup", revolve(self.profile, 36))}
{mesh("band", revolve_ring([self.band], 36), False)}
{mesh("handle", tube(smooth(self.handle, 6), bar))}
"""
        part.body = f"""
{self.inertial.strip(chr(10))}
      <geom name="cup" class="visual" type="mesh" mesh="cup" material="china"/>
      <geom name="band" class="visual" type="mesh" mesh="band" material="band"/>
      <geom name="handle" class="visual" type="mesh" mesh="handle" material="china"/>
{feet(self.foot, 0.002)}
{chr(10).join(walls)}
{chr(10).join(bars)}
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {self.floor:g}"/>
      <site name="mouth" pos="0 0 {self.height:g}"/>
      <site name="body" pos="0 0 {self.body}" quat="0 0 0 1"/>
      <site name="handle" pos="{self.grip}"/>
{more}"""
        part.tail = tail
        part.write("in the middle of the foot, at the table's level; the handle points along x")


GROUND = """
    <!-- stays where the part was put: only its z axis matters, for the water's weight -->
    <site name="ground" group="4" size="0.002"/>
"""


def water(vessel: str, floor: float, level: float, bore: float, travel: str, most: float, weight: float, loads: float) -> tuple[str, str]:
    """What a vessel has that is poured from or into: lines of its body, and the actuators, which rules move.

    Args:
        vessel: what it is; floor: where the surface lies at level 0 [m]; level: at the start [m]; bore: radius of the surface [m].
        travel: range of the level, as MJCF writes it; most: of the level's command [m].
        weight: of the water at the start [N]; loads: of the weight's command [N].
    """
    ref, rest = (f' ref="{level:.6f}"', f"{50 * level:.6f}") if level else ("", "0")
    at = f"{floor + level:.6f}" if level else f"{floor:g}"
    more = f"""\
      <!-- the water's surface: its travel is a gauge of what the {vessel} holds, which a rule moves; it carries no load -->
      <body name="water" pos="0 0 {at}" gravcomp="1">
        <inertial pos="0 0 0" mass="0.001" diaginertia="4e-7 4e-7 8e-7"/>
        <joint name="water_level" type="slide" axis="0 0 1"{ref} range="{travel}" damping="0.45"/>
        <geom name="surface" class="visual" type="cylinder" size="{bore:g} 0.0006" material="water"/>
      </body>
"""
    load = '\n      biasprm="' + f'{weight:.6f} 0 0" ctrlrange="-{loads:g} {loads:g}"/>'
    if not level:
        load = f' biasprm="0 0 0"\n      ctrlrange="-{loads:g} {loads:g}"/>'
    tail = f"""
  <actuator>
    <!-- both are what a rule changes since the start: the level [m], and what the water weighs, straight down [N] -->
    <general name="water_level" joint="water_level" gainprm="50" biastype="affine" biasprm="{rest} -50 0"
      ctrlrange="-{most:g} {most:g}"/>
    <general name="water_weight" site="weight" refsite="ground" gear="0 0 -1 0 0 0" biastype="affine"{load}
  </actuator>
"""
    return more, tail
