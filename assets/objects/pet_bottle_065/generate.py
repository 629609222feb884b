"""Writes pet_bottle_065.xml, label.obj and label_*.png: a closed drink bottle of 500 ml that is one of three kinds.

Run from anywhere: `python assets/objects/pet_bottle_065/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from shiliu.assets.groceries import Bottle, Wares, bottle

WARES = (
    Wares("矿泉水", "MINERAL WATER", "500 ml", (28, 112, 188), "0.72 0.88 0.96 0.55"),
    Wares("绿茶", "GREEN TEA", "500 ml", (46, 128, 58), "0.62 0.66 0.22 0.80"),
    Wares("橙汁", "ORANGE JUICE", "500 ml", (226, 112, 18), "0.96 0.62 0.12 0.92"),
)
SHAPE = Bottle(0.0325, 0.225, 0.158, 0.192, 0.0135, 0.0150, (0.070, 0.125), 0.145, 0.53, waist=0.0012)

bottle(Path(__file__).parent, SHAPE, WARES, "0.96 0.96 0.97 1")
