"""Writes labels.png and label_plate.obj: the names of the slots on the tray's near edge.

Run from anywhere: `python assets/objects/kit_tray/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from PIL import Image, ImageDraw
from shiliu.assets.signs import flat, font

HERE = Path(__file__).parent
SIZE = (1440, 120)  # pixels, for 480 x 40 mm
LABELS = ((0.29, "C 插头"), (0.50, "B 支架"), (0.645, "A 卡扣"))  # share of the width from the left

image = Image.new("RGB", SIZE, (245, 245, 242))
draw = ImageDraw.Draw(image)
for share, text in LABELS:
    draw.text((share * SIZE[0], SIZE[1] / 2), text, fill=(20, 24, 30), font=font(62), anchor="mm")
image.quantize(16).save(HERE / "labels.png", optimize=True)
# a plate in the plane of the tray, x away from the reader: text runs from the left (+y) to the right
x, y = 0.02, 0.24
flat(HERE / "label_plate.obj", ((-x, y, 0, 0, 0), (-x, -y, 0, 1, 0), (x, -y, 0, 1, 1), (x, y, 0, 0, 1)))
