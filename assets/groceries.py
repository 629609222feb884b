"""What the groceries' `generate.py` share: labels of what is for sale, bands that show them, a round bottle with a cap.

Their front is to -x, where who takes them stands. Needs Pillow and a font with Chinese characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from shiliu.assets.frame import Part

from .medicines import band_shape
from .shapes import FOOT, feet, mesh, numbers, prop_defaults, revolve
from .signs import Colour, font

SEGMENTS = 48
THICKNESS = 0.0004  # m by which a label stands out
BOXES = (  # what stands in folding boxes on the shelves
    ("早餐麦片", "CEREAL", "400 g", (206, 52, 44)),
    ("苏打饼干", "CRACKERS", "400 g", (30, 104, 178)),
    ("即食燕麦", "OATMEAL", "400 g", (58, 132, 66)),
)
PAPER = (252, 251, 246)
INK = (28, 30, 34)
CAP_RIDGES = 24


@dataclass(frozen=True)
class Wares:
    """One kind of wares (a stock keeping unit) as its label tells it.

    Attributes:
        chinese, english: what it is; brand: who makes it; amount: what is in it.
        colour: of its brand; fill: of what shows through or of the pack, r g b a as MJCF writes it.
    """

    chinese: str
    english: str
    amount: str
    colour: Colour
    fill: str
    brand: str = "石榴"

    def label(self, file: Path, width: int, height: int, front: float = 0.80) -> None:
        """A front: the brand in a band above, the name large, the English name and the amount below, over a share of the width."""
        image = Image.new("RGB", (width, height), PAPER)
        draw = ImageDraw.Draw(image)
        band, foot = round(0.26 * height), round(0.16 * height)
        draw.rectangle([0, 0, width, band], fill=self.colour)
        draw.rectangle([0, height - foot, width, height], fill=self.colour)
        pale = tuple((2 * 255 + c) // 3 for c in self.colour)
        draw.ellipse([0.10 * width, 0.22 * height, 0.90 * width, 1.05 * height], fill=pale)
        draw.rectangle([0, 0, width, band], fill=self.colour)
        draw.rectangle([0, height - foot, width, height], fill=self.colour)
        middle = width / 2
        size = round(min(0.30 * height, front * width / len(self.chinese)))
        small = round(min(0.13 * height, 1.75 * front * width / len(self.english)))
        draw.text((middle, band / 2), self.brand, font=font(round(0.68 * band)), fill=PAPER, anchor="mm")
        draw.text((middle, 0.46 * height), self.chinese, font=font(size), fill=INK, anchor="mm")
        draw.text((middle, 0.71 * height), self.english, font=font(small), fill=self.colour, anchor="mm")
        draw.text((middle, height - foot / 2), self.amount, font=font(round(0.66 * foot)), fill=PAPER, anchor="mm")
        image.quantize(48).save(file, optimize=True)


def boxed() -> tuple[Wares, ...]:
    """The wares in folding boxes."""
    return tuple(
        Wares(name, english, amount, colour, " ".join(f"{c / 255:.2f}" for c in colour) + " 1", "麦田")
        for name, english, amount, colour in BOXES
    )


@dataclass(frozen=True)
class Bottle:
    """Shape of a round bottle, heights over its foot [m].

    Attributes:
        radius, height: outside, cap included; shoulder, neck: where the shoulder begins and ends; throat, cap: radius of the neck
            and of the cap; label: lower and upper edge; grip: where a hand holds it; mass: with what is in it [kg].
        waist: by which the wall draws in beside the label.
    """

    radius: float
    height: float
    shoulder: float
    neck: float
    throat: float
    cap: float
    label: tuple[float, float]
    grip: float
    mass: float
    waist: float = 0.0


def written(choices: Sequence[Wares], folder: Path, size: tuple[int, int], front: float = 0.80) -> str:
    """Write a picture for each kind; give the textures and materials that show them. `front` is as in `Wares.label`."""
    lines = []
    for i, wares in enumerate(choices):
        wares.label(folder / f"label_{i}.png", *size, front)
        lines += [
            f'    <texture name="label_{i}" type="2d" file="label_{i}.png"/>',
            f'    <material name="label_{i}" texture="label_{i}" specular="0.15" shininess="0.2" emission="0.1"/>',
            f'    <material name="fill_{i}" rgba="{wares.fill}" specular="0.6" shininess="0.7"/>',
        ]
    return "\n".join(lines)


def shown(choices: Sequence[Wares], what: str, shape: str, name: str = "") -> str:
    """A geom for each kind, of which the first is seen, of the material `what`; `name` where it is called otherwise than that."""
    lines = []
    for i, wares in enumerate(choices):
        *colour, alpha = wares.fill.split() if what == "fill" else "1 1 1 1".split()
        rgba = " ".join([*colour, alpha if i == 0 else "0"])
        lines.append(
            f'      <geom name="{name or what}_{i}" class="visual" {shape} material="{what}_{i}" rgba="{rgba}"/>'
        )
    return "\n".join(lines)


def bottle(folder: Path, shape: Bottle, choices: Sequence[Wares], lid: str) -> None:
    """Write `<folder>.xml`, a picture for each kind, and the band that shows them; the parameter `sku` of its sheet says which it is."""
    r, h = shape.radius, shape.height
    band_shape(folder / "label.obj", r + THICKNESS, *shape.label)
    low, high = shape.label
    across_px = round(2.6e4 * r)
    textures = written(choices, folder, (across_px, round(1.0e4 * (high - low))), front=0.56)
    top = shape.neck + 0.012  # where the cap begins
    outline = np.array(
        [
            (0.0, 0.004),
            (0.62 * r, 0.004),
            (0.74 * r, 0.0),
            (0.90 * r, 0.0),
            (0.98 * r, 0.004),
            (r, 0.010),
            (r, low - 0.012),
            (r - shape.waist, low - 0.006),
            (r, low),
            (r, high),
            (r - shape.waist, high + 0.006),
            (r, high + 0.012),
            (r, shape.shoulder),
            (0.94 * r, shape.shoulder + 0.25 * (shape.neck - shape.shoulder)),
            (shape.throat + 0.28 * (r - shape.throat), shape.shoulder + 0.78 * (shape.neck - shape.shoulder)),
            (shape.throat, shape.neck),
            (shape.throat, top),
            (0.0, top),
        ]
    )
    cap = np.array(
        [
            (0.0, top - 0.001),
            (0.96 * shape.cap, top - 0.001),
            (shape.cap, top + 0.002),
            (shape.cap, h - 0.002),
            (0.92 * shape.cap, h),
            (0.0, h),
        ]
    )
    ridges = "\n".join(
        f'      <geom class="visual" type="capsule" fromto="{numbers((x, y, top + 0.003, x, y, h - 0.003))}" size="0.0006" material="cap"/>'
        for x, y in (
            (shape.cap * np.cos(a), shape.cap * np.sin(a)) for a in 2 * np.pi * np.arange(CAP_RIDGES) / CAP_RIDGES
        )
    )
    across, upright = shape.mass * (r**2 / 4 + h**2 / 12), shape.mass * r**2 / 2
    fills = shown(choices, "fill", 'type="mesh" mesh="wall"')
    s, n = shape.shoulder, shape.neck
    parts = (("body", r, 0.003, s), ("shoulder", 0.5 * (r + shape.throat), s, n), ("neck", shape.cap, n, h))
    solid = "\n".join(
        f'      <geom name="{word}" class="collision" type="cylinder" pos="0 0 {(a + b) / 2:g}" size="{wide:g} {(b - a) / 2:g}"/>'
        for word, wide, a, b in parts
    )
    part = Part(folder, prop_defaults("bottle", 0.5, FOOT), free=True)
    part.looks = f"""
{textures}
    <material name="cap" rgba="{lid}" specular="0.3" shininess="0.4"/>
    <mesh name="label" file="label.obj" inertia="shell"/>
{mesh("wall", revolve(outline, SEGMENTS))}
{mesh("cap", revolve(cap, SEGMENTS))}
"""
    part.body = f"""
      <!-- estimate: a solid cylinder of even density, its middle a little low -->
      <inertial pos="0 0 {0.46 * h:g}" mass="{shape.mass:g}" diaginertia="{across:.3g} {across:.3g} {upright:.3g}"/>
{fills}
      <geom name="lid" class="visual" type="mesh" mesh="cap" material="cap"/>
{ridges}
{shown(choices, "label", 'type="mesh" mesh="label" quat="0 0 0 1"')}
{feet(0.82 * r, 0.002)}
{solid}
      <site name="base" pos="0 0 0"/>
      <site name="body" pos="0 0 {shape.grip:g}" quat="0 0 0 1"/>
      <site name="label" pos="{-r:g} 0 {(low + high) / 2:g}" quat="0 0 0 1"/>
      <site name="top" pos="0 0 {h:g}"/>
"""
    part.write("in the middle of the foot; the label faces -x")
