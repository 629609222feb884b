"""Writes label.png and label.obj: what it is, on its upper face.

Run from anywhere: `python assets/objects/sample_box/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from shiliu.assets.signs import sticker

HERE = Path(__file__).parent

sticker(HERE, "label", (0.034, 0.050), [("赠品", 0.32), ("SAMPLE", 0.15)], (250, 250, 250), (40, 110, 180))
