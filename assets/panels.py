"""What the `generate.py` of switch gear share: boxes and rods as MJCF, a round gauge, a sprung ball that runs over pins.

Everything here has x into the panel, y to the left of who stands before it, z up. Pictures need Pillow and a font with Chinese characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from . import signs
from .shapes import numbers, prop_defaults
from .signs import Colour, font

STIFFNESS = 1000.0  # N/m of the spring of a ball that runs over pins
SWEEP = np.deg2rad(270.0)  # of a gauge's needle from zero to full scale, clockwise from the lower left


def box(low: Sequence[float], high: Sequence[float], material: str = "", name: str = "", more: str = "") -> str:
    """A box between two corners [m]; one with a name is to be touched, one with a material is seen, and it may be both."""
    at, half = (np.array(low) + high) / 2, (np.array(high) - low) / 2
    return solid(f'type="box" pos="{numbers(at)}" size="{numbers(np.abs(half))}"', material, name, more)


def rod(
    start: Sequence[float], end: Sequence[float], radius: float, material: str = "", name: str = "", more: str = ""
) -> str:
    """A cylinder from one point to another [m]."""
    shape = f'type="cylinder" fromto="{numbers((*start, *end))}" size="{radius:g}"'
    return solid(shape, material, name, more)


def solid(shape: str, material: str = "", name: str = "", more: str = "") -> str:
    """The lines of a shape that is seen (`material`), touched (`name`), or both; `more` are attributes of the one that is touched."""
    lines = ""
    if name:
        lines += f'      <geom name="{name}" class="collision" {shape}{" " + more if more else ""}/>\n'
    if material:
        lines += f'      <geom class="visual" {shape} material="{material}"/>\n'
    return lines


def picture(name: str, at: Sequence[float]) -> str:
    """A plate of `signs.plate` that shows its picture to who stands before the panel; its mesh and its material are called like it."""
    return f"      {signs.picture(name, at)}\n"


def pictures(*names: str) -> str:
    """Texture, material and mesh of each picture."""
    lines = ""
    for name in names:
        lines += f'    <texture name="{name}" type="2d" file="{name}.png"/>\n'
        lines += f'    <material name="{name}" texture="{name}" specular="0.1" emission="0.12"/>\n'
        lines += f'    <mesh name="{name}" file="{name}.obj" inertia="shell"/>\n'
    return lines


@dataclass(frozen=True)
class Cam:
    """Pins on a circle that turns, and a sprung ball outside them that falls between two neighbours: what makes a knob click.

    Attributes:
        circle: radius of the pins' middles; pin, ball: radii [m]; half: angle from a valley to its pins [rad].
    """

    circle: float
    pin: float
    ball: float
    half: float

    @property
    def valley(self) -> float:
        """How far from the axis the ball's middle lies between two pins [m]."""
        return self.circle * np.cos(self.half) + self._up

    @property
    def climb(self) -> float:
        """By how much the ball rises for a radian as it leaves the valley [m/rad]."""
        return self.circle * np.sin(self.half) * (1.0 + self.circle * np.cos(self.half) / self._up)

    @property
    def _up(self) -> float:
        return float(np.sqrt((self.pin + self.ball) ** 2 - (self.circle * np.sin(self.half)) ** 2))

    def pins(self, angles: Sequence[float], start: float, end: float) -> str:
        """Capsules `pin_0` ... along x at angles from the vertical, clockwise [rad]."""
        lines = ""
        for i, angle in enumerate(angles):
            y, z = -self.circle * np.sin(angle), self.circle * np.cos(angle)
            lines += f'        <geom name="pin_{i}" class="cam" fromto="{numbers((start, y, z, end, y, z), 6)}" size="{self.pin:g}"/>\n'
        return lines

    def body(self, x: float, torque: float) -> str:
        """The ball above the axis, on its spring.

        Args:
            x: where it runs on the pins [m]; torque: that the spring alone asks for to leave a valley [Nm].
        """
        rest = -torque / self.climb / STIFFNESS
        return f"""\
      <body name="detent" pos="{x:g} 0 {self.valley:.6g}">
        <joint name="detent_slide" type="slide" axis="0 0 1" range="-0.0005 0.004" stiffness="{STIFFNESS:g}"
          springref="{rest:.6g}" damping="100" armature="0.05" solreflimit="0.01 1"/>
        <inertial pos="0 0 0.004" mass="0.002" diaginertia="2e-8 2e-8 2e-8"/>
        <geom name="ball" class="cam" type="sphere" size="{self.ball:g}"/>
      </body>
"""

    @staticmethod
    def defaults(name: str) -> str:
        """The `default` element of a knob on a cam: a prop's, and what neither is seen nor met but by the ball."""
        cam = (
            '      <default class="cam">\n        <geom type="capsule" group="4" contype="0" conaffinity="0" density="0"'
            ' rgba="0.7 0.7 0.72 1"/>\n      </default>\n'
        )
        return prop_defaults(name, 0.7).replace("      <site group", cam + "      <site group")

    @staticmethod
    def contact(base: str, turned: str, pins: int) -> str:
        """The `contact` element: the ball meets the pins, and nothing else of the knob meets itself."""
        pairs = "".join(
            f'    <pair name="detent_{i}" geom1="pin_{i}" geom2="ball" condim="1" solref="0.005 1" solimp="0.99 0.999 0.0005"/>\n'
            for i in range(pins)
        )
        return f"""\
  <contact>
    <exclude body1="{base}" body2="{turned}"/>
    <exclude body1="{base}" body2="detent"/>
    <exclude body1="{turned}" body2="detent"/>
{pairs}  </contact>
"""


def clock(radius: float, angle: float) -> tuple[float, float]:
    """y and z [m] of a point on a circle, at an angle from the vertical, clockwise for who looks along x [rad]."""
    return -radius * float(np.sin(angle)), radius * float(np.cos(angle))


def dial(file: Path, unit: str, full: float, step: float, words: str, red: float, size: int = 384) -> None:
    """The face of a round gauge: numbers from zero to full scale over 270 degrees, ten strokes between two, a red field from `red` on."""
    image = Image.new("RGB", (size, size), (250, 250, 246))
    draw, c = ImageDraw.Draw(image), size / 2

    def at(share: float, radius: float) -> tuple[float, float]:
        y, z = clock(radius * c, (share - 0.5) * SWEEP)
        return c - y, c - z

    start = -90.0 + np.rad2deg(red / full - 0.5) * SWEEP
    draw.arc([0.13 * c, 0.13 * c, 1.87 * c, 1.87 * c], start, 45.0, fill=(206, 40, 34), width=round(0.07 * c))
    count = round(full / step)
    for i in range(count * 10 + 1):
        share = i / (count * 10)
        long = 0.72 if i % 10 == 0 else 0.77 if i % 5 == 0 else 0.82
        draw.line(
            [at(share, long), at(share, 0.88)], fill=(20, 22, 26), width=max(1, size // (80 if i % 10 == 0 else 190))
        )
    for i in range(count + 1):
        draw.text(at(i / count, 0.56), f"{i * step:g}", font=font(size // 11), fill=(20, 22, 26), anchor="mm")
    draw.text((c, 1.36 * c), unit, font=font(size // 11), fill=(20, 22, 26), anchor="mm")
    draw.text((c, 1.60 * c), words, font=font(size // 15), fill=(60, 64, 70), anchor="mm")
    image.quantize(48).save(file, optimize=True)


def gauge(name: str, diameter: float, at: Sequence[float], share: float) -> str:
    """A gauge whose face is the picture `<name>_dial`, with a body `<name>_needle` that is turned about x and a site `<name>`.

    Args:
        diameter: of its case [m]; at: of the face's middle [m]; share: of full scale that it shows.
    """
    r, (x, y, z) = diameter / 2, at
    half = (share - 0.5) * SWEEP / 2
    case = rod((x - 0.012, y, z), (x + 0.030, y, z), r, "case", f"{name}_case")
    ring = "".join(
        solid(
            f'type="capsule" fromto="{numbers((x - 0.012, *_on(y, z, r - 0.003, a), x - 0.012, *_on(y, z, r - 0.003, b)))}" size="0.0032"',
            "bezel",
        )
        for a, b in pairwise(RING)
    )
    return (
        case
        + ring
        + picture(f"{name}_dial", (x - 0.0125, y, z))
        + f'      <site name="{name}" pos="{numbers((x - 0.013, y, z))}" quat="0 0 0 1"/>\n'
        + f'      <site name="{name}_ahead" pos="{numbers((x - 0.113, y, z))}" quat="0 0 0 1"/>\n'
        + f'      <body name="{name}_needle" pos="{numbers((x - 0.0145, y, z))}" quat="{numbers((np.cos(half), np.sin(half), 0, 0), 7)}">\n'
        + f'        <geom class="visual" type="box" pos="0 0 {0.33 * r:g}" size="0.0005 {0.022 * r:g} {0.47 * r:g}" material="needle"/>\n'
        + f'        <geom class="visual" type="cylinder" fromto="-0.001 0 0 0.001 0 0" size="{0.09 * r:g}" material="needle"/>\n'
        + f'        <site name="{name}_tip" pos="0 0 {0.78 * r:g}"/>\n'
        + "      </body>\n"
    )


RING = np.linspace(0.0, 2.0 * np.pi, 25)


def _on(y: float, z: float, radius: float, angle: float) -> tuple[float, float]:
    across, up = clock(radius, angle)
    return y + across, z + up


def sign(
    folder: Path,
    name: str,
    size: tuple[float, float],
    thick: float,
    lines: Sequence[tuple[str, float]],
    ink: Colour,
    paper: Colour,
    edge: bool = True,
    sharp: float = 1.0,
) -> None:
    """A label as `<name>.png` on a plate `<name>.obj`: words one below the other, each so high as a share of the label.

    Args:
        size: width and height [m]; thick: the plate [m]; sharp: by which it has more pixels than 2400 a metre.
    """
    signs.plate(folder / f"{name}.obj", *size, thick)
    pixels = [max(48, round(2400 * sharp * side)) for side in size]
    signs.label(folder / f"{name}.png", pixels, lines, ink, paper, 2 if edge else 0, 0.86)


def warning(file: Path, words: tuple[str, str], size: int = 256) -> None:
    """The yellow triangle with a flash, and words below it in Chinese and in English; as high as 1.25 times its width."""
    image = Image.new("RGB", (size, size * 5 // 4), (250, 250, 248))
    draw, u = ImageDraw.Draw(image), size / 100
    draw.polygon([(50 * u, 6 * u), (96 * u, 84 * u), (4 * u, 84 * u)], fill=(20, 20, 20))
    draw.polygon([(50 * u, 14 * u), (89 * u, 80 * u), (11 * u, 80 * u)], fill=(250, 200, 20))
    draw.polygon(
        [(55 * u, 26 * u), (36 * u, 54 * u), (48 * u, 54 * u), (42 * u, 76 * u), (64 * u, 45 * u), (52 * u, 45 * u)],
        fill=(20, 20, 20),
    )
    draw.text((50 * u, 98 * u), words[0], font=font(round(15 * u)), fill=(20, 20, 20), anchor="mm")
    draw.text((50 * u, 115 * u), words[1], font=font(round(8 * u)), fill=(60, 60, 60), anchor="mm")
    image.quantize(16).save(file, optimize=True)


def magnet(part: str, force: float, at: float, reach: float) -> str:
    """The elements of a catch that holds the leaf `door` of a part, and keeps its two bodies from meeting each other.

    Args:
        force: at the handle on the shut door [N]; at: from the hinge to the handle [m]; reach: of gap there over which it pulls [m].
    """
    torque = force * at
    return f"""\
  <contact>
    <exclude body1="{part}" body2="door"/>
  </contact>

  <actuator>
    <!-- the magnet catch, as in mechanisms/magnet_catch: {force:g} N at the handle on the shut door, falling evenly to nothing
         over {1e3 * reach:g} mm of gap there, never pushing; no command moves it -->
    <general name="magnet" joint="door_hinge" gainprm="0" biastype="affine"
      biasprm="{-torque:.6g} {torque / (reach / at):.6g} 0" forcerange="{-torque:.6g} 0"/>
  </actuator>"""
