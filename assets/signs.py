"""What every training cell has on its walls and floor: a board or a doorplate with its number, a sheet with the steps, epoxy with flakes.

Used by the rooms' `generate.py`. Needs Pillow and a font with Chinese characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .shapes import numbers

FONT = "NotoSansCJK-Bold.ttc"  # index 2 holds the simplified Chinese forms
BLUE = (24, 78, 140)
Colour = tuple[int, int, int]
Words = tuple[str, int, Colour]  # what is written, how high [px], in which colour


def font(size: int) -> ImageFont.FreeTypeFont:
    """The letters of every sign, Chinese ones among them; size in pixels."""
    return ImageFont.truetype(FONT, size, index=2)


def board(file: Path, number: str, name: tuple[str, str], category: tuple[str, str]) -> None:
    """A cell's number and name, 1.2 x 0.3 m; name and category in Chinese and in English."""
    width, height = 1200, 300
    image = Image.new("RGB", (width, height), BLUE)
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, 300, height], fill=(244, 246, 248))
    draw.text((150, 148), number, font=font(200), fill=BLUE, anchor="mm")
    draw.text((350, 108), name[0], font=font(126), fill=(250, 250, 250), anchor="lm")
    draw.text((354, 232), name[1], font=font(66), fill=(178, 208, 240), anchor="lm")
    draw.text((1168, 88), category[0], font=font(44), fill=(178, 208, 240), anchor="rm")
    draw.text((1168, 140), category[1], font=font(30), fill=(178, 208, 240), anchor="rm")
    image.quantize(64).save(file, optimize=True)


def doorplate(
    file: Path, number: Words, lines: tuple[Words, Words], paper: Colour, field: Colour, colours: int = 32
) -> None:
    """A room's number in a field of its own, and its name in Chinese and in English beside it; 1000 x 280 px."""
    image = Image.new("RGB", (1000, 280), paper)
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, 250, 280], fill=field)
    for at, anchor, (words, size, ink) in zip(((125, 136), (290, 100), (294, 208)), ("mm", "lm", "lm"), (number, *lines)):
        draw.text(at, words, font=font(size), fill=ink, anchor=anchor)
    image.quantize(colours).save(file, optimize=True)


def steps(file: Path, lines: Sequence[tuple[str, str]]) -> None:
    """A sheet on the wall with the task's steps in Chinese and in English, A2 upright."""
    width, height = 420, 594
    image = Image.new("RGB", (width, height), (250, 250, 248))
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, width, 84], fill=BLUE)
    draw.text((28, 42), "作业步骤  STEPS", font=font(38), fill=(255, 255, 255), anchor="lm")
    for i, (chinese, english) in enumerate(lines):
        y = 140 + i * 92
        draw.ellipse([28, y - 26, 80, y + 26], fill=(246, 190, 40))
        draw.text((54, y - 2), str(i + 1), font=font(34), fill=(30, 30, 30), anchor="mm")
        draw.text((104, y - 2), chinese, font=font(42), fill=(30, 34, 40), anchor="lm")
        draw.text((206, y), english, font=font(25), fill=(90, 96, 104), anchor="lm")
    image.quantize(64).save(file, optimize=True)


def cell(
    folder: Path, number: str, name: tuple[str, str], category: tuple[str, str], lines: Sequence[tuple[str, str]], more: str = ""
) -> None:
    """Board and sheet of steps as `board<more>.png` and `card<more>.png`, and the plates that show them."""
    board(folder / f"board{more}.png", number, name, category)
    plate(folder / "board.obj", 1.2, 0.3)
    steps(folder / f"card{more}.png", lines)
    plate(folder / "card.obj", 0.420, 0.594, 0.004)


def epoxy(file: Path, seed: int, grey: int, tint: tuple[int, int, int]) -> None:
    """Epoxy floor with fine flakes, of a mean grey and a tint; it tiles."""
    size, rng = 384, np.random.default_rng(seed)
    flakes = (rng.random((size, size)) < 0.02) * rng.normal(0, 26, (size, size))
    value = grey + flakes
    image = Image.fromarray(np.clip(np.stack([value + t for t in tint], -1), 0, 255).astype(np.uint8))
    image.filter(ImageFilter.GaussianBlur(0.8)).quantize(32, dither=Image.Dither.NONE).save(file, optimize=True)


def plate(file: Path, width: float, height: float, thickness: float = 0.012) -> None:
    """An OBJ plate [m] facing -x at x = 0 that shows a whole picture upright, the picture's left at +y."""
    y, z = np.array([1, -1, -1, 1]) * width / 2, np.array([-1, -1, 1, 1]) * height / 2
    corners = np.concatenate([np.c_[np.zeros(4), y, z], np.c_[np.full(4, thickness), y, z]])
    lines = ["# written by generate.py"] + [f"v {a:.4f} {b:.4f} {c:.4f}" for a, b, c in corners]
    lines += ["vt 0 0", "vt 1 0", "vt 1 1", "vt 0 1"] * 2
    for face in [(1, 2, 3, 4), (8, 7, 6, 5), (5, 6, 2, 1), (6, 7, 3, 2), (7, 8, 4, 3), (8, 5, 1, 4)]:
        for a, b, c in [(face[0], face[1], face[2]), (face[0], face[2], face[3])]:
            lines.append(f"f {a}/{a} {b}/{b} {c}/{c}")
    file.write_text("\n".join(lines) + "\n")


def picture(name: str, pos: Iterable[float]) -> str:
    """The geom of a `plate` whose mesh and whose material are called alike."""
    return f'<geom class="visual" type="mesh" mesh="{name}" material="{name}" pos="{numbers(pos)}"/>'


def flat(file: Path, corners: Sequence[tuple[float, float, float, int, int]], both: bool = False) -> None:
    """An OBJ of four corners (x, y, z [m], u, v) that shows a picture to who sees them counterclockwise, or from both sides."""
    lines = [f"v {x} {y} {z}" for x, y, z, _, _ in corners] + [f"vt {u} {v}" for *_, u, v in corners]
    lines += ["f 1/1 3/3 2/2", "f 1/1 4/4 3/3"] if both else []
    file.write_text("\n".join([*lines, "f 1/1 2/2 3/3", "f 1/1 3/3 4/4"]) + "\n")


def label(
    file: Path, pixels: Sequence[int], lines: Sequence[tuple[str, float]], ink: Colour, paper: Colour, edge: int, tall: float
) -> None:
    """Words one below the other, each so high as a share of the picture.

    Args:
        edge: where a frame runs [px], 0 without one; tall: how high the letters are as a share of their line.
    """
    width, height = pixels
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    if edge:
        draw.rectangle([edge, edge, width - 1 - edge, height - 1 - edge], outline=ink, width=max(2, height // 40))
    gap = (1.0 - sum(share for _, share in lines)) / (len(lines) + 1)
    at = 0.0
    for words, share in lines:
        at += gap + share / 2
        draw.text((width / 2, at * height), words, fill=ink, font=font(round(tall * share * height)), anchor="mm")
        at += share / 2
    image.quantize(16).save(file, optimize=True)


def sticker(
    folder: Path, name: str, size: tuple[float, float], lines: Sequence[tuple[str, float]], ink: Colour, paper: Colour
) -> None:
    """A label as `<name>.png` and a flat `<name>.obj`: text runs from the left (+y) to the right, its upper edge is at +x.

    Args:
        size: width and height [m]; lines: words, and how high they are as a share of the label.
    """
    label(folder / f"{name}.png", tuple(round(4000 * side) for side in size), lines, ink, paper, 3, 0.9)
    x, y = size[1] / 2, size[0] / 2
    flat(folder / f"{name}.obj", ((-x, y, 0, 0, 0), (-x, -y, 0, 1, 0), (x, -y, 0, 1, 1), (x, y, 0, 0, 1)))


def sky(width: int, height: int, top: Colour, low: Colour) -> Image.Image:
    """What a window shows before anything stands in it: one colour that goes over into another."""
    ramp = np.linspace(0, 1, height)[:, None, None]
    tone = (1 - ramp) * np.array(top) + ramp * np.array(low)
    return Image.fromarray(np.broadcast_to(tone, (height, width, 3)).astype(np.uint8))
