"""Writes t_shirt.xml and jersey.png: a short-sleeved shirt as one sheet of cloth, symmetrical about its length.

Run from anywhere: `python assets/objects/t_shirt/generate.py`. Needs Pillow.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from shiliu.assets.cloths import sheet
from shiliu.assets.shapes import numbers

LENGTH, WIDTH = 0.70, 0.52  # m, from collar to hem, and from sleeve to sleeve
CELLS = (24, 18)  # along length and width
BODY = 6  # cells from the middle to a side seam: 347 mm wide
SLEEVE = 6  # cells of the length that a sleeve takes: 175 mm
NECK = 2  # cells that the neck, a V, is deep and wide to either side
DROP = 0.30  # by which a sleeve slopes down from the shoulder, against its length
SHOULDER = 0.08  # and the shoulder from the neck
MASS = 0.16  # kg
RADIUS = 0.003  # m, half of the thickness with which layers lie on each other
PIXELS = (560, 416)


def outline() -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) vertices [m], x from the hem to the collar, and (m, 3) triangles, counter-clockwise."""
    nx, ny = CELLS
    kept, halved = np.zeros((2, nx, ny), bool)  # cells, and those whose upper inner half the neck takes
    for i in range(nx):
        for j in range(ny):
            beside = min(abs(j - ny // 2), abs(j + 1 - ny // 2))  # cells between it and the middle
            from_top = nx - 1 - i
            sleeve = beside < ny // 2 and from_top < SLEEVE
            kept[i, j] = (beside < BODY or sleeve) and from_top + beside >= NECK - 1
            halved[i, j] = from_top + beside == NECK - 1
    ids = -np.ones((nx + 1, ny + 1), int)
    places, triangles = [], []
    for i in range(nx + 1):
        for j in range(ny + 1):
            if kept[max(i - 1, 0) : i + 1, max(j - 1, 0) : j + 1].any():
                ids[i, j] = len(places)
                places.append((i * LENGTH / nx - LENGTH / 2, j * WIDTH / ny - WIDTH / 2))
    for i, j in zip(*np.nonzero(kept)):
        a, b, c, d = ids[i, j], ids[i + 1, j], ids[i + 1, j + 1], ids[i, j + 1]
        # diagonals in the mirror on the two sides, so that the halves lie on each other
        if j < ny // 2:
            triangles += [(a, b, d)] if halved[i, j] else [(a, b, d), (b, c, d)]
        else:
            triangles += [(a, c, d)] if halved[i, j] else [(a, b, c), (a, c, d)]
    used, flat = np.unique(np.array(triangles), return_inverse=True)  # where the neck takes half a cell a corner is left over
    at, triangles = np.array(places)[used], flat.reshape(-1, 3)
    side = BODY * WIDTH / ny
    aside = np.abs(at[:, 1])
    sunk = SHOULDER * np.minimum(aside, side) + DROP * np.maximum(aside - side, 0.0)
    near_top = np.clip((at[:, 0] + LENGTH / 2) / LENGTH * 2.0 - 0.6, 0.0, 1.0)  # nothing sinks below the waist
    at[:, 0] -= sunk * near_top
    return at, triangles


def jersey() -> Image.Image:
    """Blue heather, a chest print of sixteen dots, ribs at collar, sleeves and hem."""
    rng = np.random.default_rng(16)
    wide, high = PIXELS
    grain = rng.normal(0.0, 1.0, (high, wide))
    knit = 0.5 + 0.5 * np.sin(2 * np.pi * np.arange(high)[:, None] / 4.0)
    shade = 0.93 + 0.03 * knit + 0.015 * grain
    image = Image.fromarray(np.clip(shade[..., None] * np.array([92, 132, 176.0]), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    rib, light = (58, 90, 130), (236, 240, 244)
    middle = high // 2
    draw.rectangle([0, 0, 13, high], fill=rib)  # hem
    deep, aside = wide * NECK / CELLS[0], high * NECK / CELLS[1]
    draw.line([wide, middle - aside, wide - deep, middle, wide, middle + aside], fill=rib, width=26, joint="curve")
    sleeve = round(wide * SLEEVE / CELLS[0])
    for low, top in ((0, 11), (high - 12, high)):
        draw.rectangle([wide - sleeve - 6, low, wide, top], fill=rib)
    for row in range(4):  # sixteen, on the chest
        for column in range(4):
            x, y = wide - 200 + 21 * row, middle - 31 + 21 * column
            draw.ellipse([x - 6, y - 6, x + 6, y + 6], fill=light)
    return image.filter(ImageFilter.GaussianBlur(0.6))


here = Path(__file__).parent
jersey().reduce(2).quantize(16).save(here / "jersey.png", optimize=True)
at, triangles = outline()
flat = np.column_stack([at, np.zeros(len(at))])
texture = np.column_stack([at[:, 0] / LENGTH + 0.5, at[:, 1] / WIDTH + 0.5])
more = f""" pos="0 0 {RADIUS:g}" material="jersey"
        point="{numbers(flat.ravel())}"
        texcoord="{numbers(texture.ravel())}"
        element="{" ".join(str(k) for k in triangles.ravel())}\""""
note = "the part's frame is the middle of the underside of the shirt as it lies flat; x from hem to collar"
sheet(__file__, "shirt", "jersey", 'type="direct" dim="2"', RADIUS, MASS, more, note)
for word, (x, y) in {"hem_left": (-1, 1), "hem_right": (-1, -1), "sleeve_left": (1, 1), "sleeve_right": (1, -1)}.items():
    far = at * (x, 3.0 * y)  # the tip of a sleeve lies furthest out
    print(f"{word}: cloth_{int(np.argmax(far.sum(axis=1)))}")
