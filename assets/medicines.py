"""What the medicines' `generate.py` share: labels that look alike, bands and plates that show them, a pill bottle with a screw cap.

Needs Pillow and a font with Chinese characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from shiliu.assets.frame import Part

from .shapes import FOOT, feet, mesh, numbers, prop_defaults, revolve
from .signs import font

SEGMENTS = 48
THICKNESS = 0.0004  # m by which a label stands out
WIDE = 2.6  # rad of a bottle's round that the label covers
BAND = np.linspace(-WIDE / 2, WIDE / 2, 33)


@dataclass(frozen=True)
class Label:
    """One medicine's label.

    Attributes:
        chinese, english: its name; dose: what one tablet holds.
        colour: of the band; look-alikes share it.
    """

    chinese: str
    english: str
    dose: str
    colour: tuple[int, int, int]

    def picture(self, file: Path, width: int, height: int, lines: Sequence[str]) -> None:
        """Name in large Chinese characters, in `lines`, the English name and the dose below; a coloured band above."""
        image = Image.new("RGB", (width, height), (250, 250, 246))
        draw = ImageDraw.Draw(image)
        band, foot = round(0.11 * height), round(0.27 * height)
        draw.rectangle([0, 0, width, band], fill=self.colour)
        draw.rectangle([0, height - round(0.03 * height), width, height], fill=self.colour)
        rows = len(lines)
        tall = (height - band - foot) / rows
        size = round(min(tall * 1.02, 0.60 * width / max(len(line) for line in lines)))
        for i, line in enumerate(lines):
            draw.text((width / 2, band + (i + 0.5) * tall), line, font=font(size), fill=(16, 18, 22), anchor="mm")
        small = min(round(0.10 * height), round(1.10 * width / max(len(self.english), 1)))
        draw.text((width / 2, height - 0.70 * foot), self.english, font=font(small), fill=(16, 18, 22), anchor="mm")
        draw.text((width / 2, height - 0.30 * foot), self.dose, font=font(small), fill=self.colour, anchor="mm")
        image.quantize(32).save(file, optimize=True)


def band_shape(
    file: Path, radius: float, low: float, high: float, angle: np.ndarray = BAND, thick: float = THICKNESS
) -> None:
    """An OBJ piece of a cylinder [m] round z, its middle at +x, that shows a picture upright from outside.

    Args:
        low, high: its edges [m]; angle: where it begins, its corners, where it ends [rad]; thick: by which it stands out [m].
    """
    count = len(angle) - 1
    lines = ["# written by generate.py"]
    for a in angle:
        for r, z in ((radius, low), (radius, high), (radius - thick, low), (radius - thick, high)):
            lines.append(f"v {r * np.cos(a):.5f} {r * np.sin(a):.5f} {z:.4f}")
    for i in range(count + 1):
        u = f"{i / count:.4f}"
        lines += [f"vt {u} {v}" for v in (0, 1, 0, 1)]
    for i in range(count):
        k = 4 * i + 1
        for a, b, c, d in ((k, k + 4, k + 5, k + 1), (k + 6, k + 2, k + 3, k + 7)):
            lines += [f"f {a}/{a} {b}/{b} {c}/{c}", f"f {a}/{a} {c}/{c} {d}/{d}"]
    file.write_text("\n".join(lines) + "\n")


def bottle(folder: Path, radius: float, height: float, mass: float, colour: str, labels: Sequence[Label]) -> None:
    """Write a pill bottle: `<folder>.xml`, a picture for each of its labels, the band that shows them.

    Args:
        radius, height: outside, cap included [m]; mass: with what is in it [kg]; colour: of the plastic.
        labels: the parameter `label` of its sheet says which one it wears; the first where nothing is said.
    """
    cap = 0.21 * height
    body = height - cap
    low, high = 0.05 * height, body - 0.06 * height
    band_shape(folder / "label.obj", radius + THICKNESS, low, high)
    wide, tall = 3.0e4 * radius * WIDE / 3.0, 1.0e4 * (high - low)
    for i, label in enumerate(labels):
        text = label.chinese
        half = (len(text) + 1) // 2
        lines = (text,) if len(text) < 4 else (text[:half], text[half:])
        label.picture(folder / f"label_{i}.png", round(wide), round(tall), lines)
    wall = np.array(
        [
            (0.0, 0.001),
            (0.80 * radius, 0.001),
            (0.86 * radius, 0.0),
            (0.97 * radius, 0.002),
            (radius, 0.006),
            (radius, body - 0.008),
            (0.93 * radius, body - 0.002),
            (0.84 * radius, body),
            (0.0, body),
        ]
    )
    lid = np.array(
        [
            (0.0, body - 0.001),
            (0.88 * radius, body - 0.001),
            (0.90 * radius, body + 0.002),
            (0.90 * radius, height - 0.003),
            (0.86 * radius, height),
            (0.0, height),
        ]
    )
    ridges = "\n".join(
        f'      <geom class="visual" type="capsule" fromto="{numbers((x, y, body + 0.004, x, y, height - 0.005))}" '
        'size="0.0007" material="cap"/>'
        for x, y in ((0.9 * radius * np.cos(a), 0.9 * radius * np.sin(a)) for a in 2 * np.pi * np.arange(24) / 24)
    )
    shown = "\n".join(
        f'      <geom name="label_{i}" class="visual" type="mesh" mesh="label" material="label_{i}" rgba="1 1 1 {int(i == 0)}"/>'
        for i in range(len(labels))
    )
    textures = "\n".join(
        f'    <texture name="label_{i}" type="2d" file="label_{i}.png"/>\n'
        f'    <material name="label_{i}" texture="label_{i}" specular="0.15" shininess="0.2" emission="0.1"/>'
        for i in range(len(labels))
    )
    across, upright = mass * (radius**2 / 4 + height**2 / 12), mass * radius**2 / 2
    part = Part(folder, prop_defaults("pill_bottle", 0.6, FOOT), free=True)
    part.looks = f"""
{textures}
    <material name="plastic" rgba="{colour}" specular="0.5" shininess="0.6"/>
    <material name="cap" rgba="0.96 0.96 0.95 1" specular="0.3" shininess="0.4"/>
    <mesh name="label" file="label.obj" inertia="shell"/>
{mesh("wall", revolve(wall, SEGMENTS))}
{mesh("lid", revolve(lid, SEGMENTS))}
"""
    part.body = f"""
      <!-- estimate: a solid cylinder of even density, its middle a little low -->
      <inertial pos="0 0 {0.45 * height:g}" mass="{mass:g}" diaginertia="{across:.3g} {across:.3g} {upright:.3g}"/>
      <geom name="wall" class="visual" type="mesh" mesh="wall" material="plastic"/>
      <geom name="lid" class="visual" type="mesh" mesh="lid" material="cap"/>
{ridges}
{shown}
{feet(0.82 * radius, 0.0015)}
      <geom name="body" class="collision" type="cylinder" pos="0 0 {(body + 0.003) / 2:g}" size="{radius:g} {(body - 0.003) / 2:g}"/>
      <geom name="cap" class="collision" type="cylinder" pos="0 0 {body + cap / 2:g}" size="{0.9 * radius:g} {cap / 2:g}"/>
      <site name="base" pos="0 0 0"/>
      <site name="body" pos="0 0 {0.58 * height:g}"/>
      <site name="label" pos="{radius:g} 0 {(low + high) / 2:g}"/>
      <site name="top" pos="0 0 {height:g}"/>
"""
    part.write("in the middle of the foot; the label faces +x")
