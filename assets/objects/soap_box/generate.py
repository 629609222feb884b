"""Writes label.png and label.obj: what is in it, on its upper face.

Run from anywhere: `python assets/objects/soap_box/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from shiliu.assets.signs import sticker

HERE = Path(__file__).parent

sticker(HERE, "label", (0.050, 0.070), [("香皂", 0.34), ("SOAP", 0.2), ("110 g", 0.14)], (150, 40, 80), (250, 226, 232))
