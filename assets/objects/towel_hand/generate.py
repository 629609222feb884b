"""Writes towel_hand.xml, part.yaml's corner words excepted, and terry.png: a terry towel with a woven border at either end.

Run from anywhere: `python assets/objects/towel_hand/generate.py`. Needs Pillow.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from shiliu.assets.cloths import sheet

LENGTH, WIDTH = 0.75, 0.35  # m
COUNT = (25, 13)  # vertices along length and width: halves and thirds end on a row of them
MASS = 0.11  # kg
RADIUS = 0.003  # m, half of the thickness with which layers lie on each other
PIXELS = (750, 350)


def terry() -> Image.Image:
    """Loops of cotton, white, with two blue bands woven flat near either end and a hem round the edge."""
    rng = np.random.default_rng(11)
    wide, high = PIXELS
    x, y = np.meshgrid(np.arange(wide), np.arange(high))
    loops = 0.5 + 0.5 * np.sin(2 * np.pi * x / 5.0 + rng.normal(0, 0.5, (high, wide))) * np.sin(2 * np.pi * y / 5.0)
    shade = 0.90 + 0.08 * loops + rng.normal(0, 0.015, (high, wide))
    image = shade[..., None] * np.array([246, 243, 236.0])
    end = np.minimum(x, wide - 1 - x)
    for first, last, colour in ((62, 92, (64, 116, 168)), (100, 108, (64, 116, 168)), (46, 54, (64, 116, 168))):
        band = (end >= first) & (end < last)
        weave = 0.93 + 0.07 * ((x + y) % 4 < 2)
        image[band] = (weave[..., None] * np.array(colour, float))[band]
    hem = (end < 8) | (np.minimum(y, high - 1 - y) < 6)
    image[hem] = 0.93 * np.array([240, 237, 230.0])
    return Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))


here = Path(__file__).parent
terry().reduce(2).quantize(16).save(here / "terry.png", optimize=True)
nx, ny = COUNT
spacing = f"{LENGTH / (nx - 1):.8g} {WIDTH / (ny - 1):.8g} 0.01"
more = f'\n        spacing="{spacing}" pos="0 0 {RADIUS:g}" material="terry"'
note = "the part's frame is the middle of the underside of the towel as it lies flat; x along its length"
sheet(__file__, "towel", "terry", f'type="grid" dim="2" count="{nx} {ny} 1"', RADIUS, MASS, more, note)
