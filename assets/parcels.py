"""What the parcels' `generate.py` share: a waybill with the number of its route, flat or wound round a tube.

Its text runs from +y to -y with its upper edge at +x, so that whoever stands before the belt's end reads it upright. Needs Pillow and a
font with Chinese characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .signs import Colour, flat, font

INK = (22, 22, 24)
PAPER = (252, 252, 250)


@dataclass(frozen=True)
class Route:
    """Where a parcel goes: the number that stands on its waybill and on the chute, the city, the colour of the chute's board."""

    number: str
    city: tuple[str, str]
    colour: Colour


ROUTES = (
    Route("1", ("北京", "BEIJING"), (196, 44, 40)),
    Route("2", ("上海", "SHANGHAI"), (28, 96, 178)),
    Route("3", ("广州", "GUANGZHOU"), (40, 132, 70)),
)


def waybill(file: Path, route: Route, seed: int, size: tuple[int, int] = (600, 400)) -> None:
    """The picture of a waybill: route and city large, a bar code, lines of small print."""
    width, height = size
    image, rng = Image.new("RGB", size, PAPER), np.random.default_rng(seed)
    draw = ImageDraw.Draw(image)
    draw.rectangle([4, 4, width - 5, height - 5], outline=INK, width=5)
    draw.rectangle([4, 4, 0.30 * width, 0.56 * height], fill=INK)
    draw.text((0.155 * width, 0.29 * height), route.number, font=font(round(0.50 * height)), fill=PAPER, anchor="mm")
    draw.text((0.65 * width, 0.19 * height), route.city[0], font=font(round(0.27 * height)), fill=INK, anchor="mm")
    draw.text((0.65 * width, 0.44 * height), route.city[1], font=font(round(0.13 * height)), fill=INK, anchor="mm")
    draw.line([4, 0.56 * height, width - 5, 0.56 * height], fill=INK, width=4)
    at = 0.06 * width
    while at < 0.94 * width:
        bar, gap = rng.integers(1, 5, 2) * 0.004 * width
        draw.rectangle([at, 0.61 * height, min(at + bar, 0.95 * width), 0.84 * height], fill=INK)
        at += bar + gap
    draw.text((width / 2, 0.91 * height), "SL 4021 7765 9" + route.number, font=font(round(0.075 * height)), fill=INK, anchor="mm")
    image.quantize(8).save(file, optimize=True)


def laid(file: Path, width: float, height: float) -> None:
    """A flat OBJ that shows a waybill: width along y, height along x [m], face up."""
    x, y = height / 2, width / 2
    flat(file, ((-x, y, 0, 0, 0), (-x, -y, 0, 1, 0), (x, -y, 0, 1, 1), (x, y, 0, 0, 1)))


def wound(file: Path, radius: float, length: float, turn: float, pieces: int = 16) -> None:
    """An OBJ that shows a waybill on top of a tube along x.

    Args:
        radius: of the paper [m]; length: along the tube [m]; turn: from its one edge to the other [rad].
    """
    lines = ["# written by generate.py"]
    for share in np.linspace(0.0, 1.0, pieces + 1):
        angle = (0.5 - share) * turn
        y, z = radius * np.sin(angle), radius * np.cos(angle)
        lines += [f"v {x:.5f} {y:.5f} {z:.5f}" for x in (-length / 2, length / 2)]
    lines += [f"vt {share:.4f} {v}" for share in np.linspace(0.0, 1.0, pieces + 1) for v in (0, 1)]
    for i in range(pieces):
        a, b, c, d = (2 * i + k for k in (1, 3, 4, 2))
        lines += [f"f {a}/{a} {b}/{b} {c}/{c}", f"f {a}/{a} {c}/{c} {d}/{d}"]
    file.write_text("\n".join(lines) + "\n")
